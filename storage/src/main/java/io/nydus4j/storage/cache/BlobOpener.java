package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.chunk.ChunkInfoLoader;
import io.nydus4j.blob.chunk.ChunkInfoTable;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.CacheSurroundings;
import io.nydus4j.storage.backend.LocalFsBackend;
import io.nydus4j.storage.budget.CacheBudget;
import io.nydus4j.storage.budget.FolderClaim;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.CacheKind;
import io.nydus4j.storage.config.ConfigurationException;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.dedup.DedupStore;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Opens the blobs of one configuration: from its backend, in its cache. Safe for use by several threads. */
public final class BlobOpener implements AutoCloseable {
    private static final Logger LOGGER = System.getLogger(BlobOpener.class.getName());

    private final BlobBackend backend;
    private final CacheKind kind;
    private final Path folder;
    private final CacheOptions options;
    private final CacheCounters counters;
    /** Of a cache in files. */
    private final @Nullable FolderClaim claim;
    /** Of a cache that is encrypted. */
    private final Optional<CacheEncryption> encryption;
    /** For plain caches in files. */
    private final Optional<DedupStore> dedup;

    private BlobOpener(
            BlobBackend backend,
            CacheKind kind,
            Path folder,
            CacheOptions options,
            CacheCounters counters,
            @Nullable FolderClaim claim,
            Optional<CacheEncryption> encryption,
            Optional<DedupStore> dedup) {
        this.claim = claim;
        this.encryption = encryption;
        this.dedup = dedup;
        this.backend = backend;
        this.kind = kind;
        this.folder = folder;
        this.options = options;
        this.counters = counters;
    }

    /**
     * Makes an opener, and the cache's folder with it. May wait while another process takes data out of it.
     *
     * @param backend      where blobs come from; the caller closes it after all blobs
     * @param counters     counts for all blobs
     * @param surroundings what it has to do with others
     * @throws ConfigurationException if there is no cache section, or its cache is not supported
     * @throws IOException            if the folder cannot be made or locked
     */
    public static BlobOpener of(
            StorageConfiguration configuration,
            BlobBackend backend,
            CacheCounters counters,
            CacheSurroundings surroundings)
            throws IOException {
        CacheConfiguration cache = configuration.requireCache();
        CacheKind kind = cache.kind()
                .orElseThrow(() -> new ConfigurationException(
                        "invalid configuration", "cache: there is no cache type '" + cache.type() + "'"));
        Path folder = Path.of(folderOf(cache));
        FolderClaim claim = null;
        Optional<CacheEncryption> encryption = Optional.empty();
        switch (kind) {
            case DUMMY -> {}
            case FILE -> {
                encryption = CacheEncryption.of(cache);
                long budget =
                        cache.fileCache().map(FileCacheSettings::budgetBytes).orElse(0L);
                if (budget > 0 && cache.compressed()) {
                    throw new ConfigurationException(
                            "a cache of stored bytes cannot have a budget",
                            "cache: compressed and filecache.budget are set");
                }
                makeFolder(folder);
                claim = surroundings.guest() ? FolderClaim.asGuest(folder, budget) : FolderClaim.of(folder, budget);
            }
            case FSCACHE -> throw new ConfigurationException("fscache is not supported", "cache: type is 'fscache'");
        }
        Optional<DedupStore> dedup = surroundings.dedup();
        if (dedup.isPresent() && (kind != CacheKind.FILE || cache.compressed() || encryption.isPresent())) {
            LOGGER.log(Level.WARNING, "only a cache of plain files takes chunks from others, so this one does not");
            dedup = Optional.empty();
        }
        CacheOptions options = CacheOptions.of(configuration);
        // What another blob has is known by its digest alone.
        options = dedup.isPresent() ? options.withDigests() : options;
        return new BlobOpener(backend, kind, folder, options, counters, claim, encryption, dedup);
    }

    /** Returns the folder of a cache; empty if it has none. */
    public static String folderOf(CacheConfiguration cache) {
        return cache.kind().orElse(CacheKind.DUMMY) == CacheKind.FILE
                ? cache.fileCache().map(FileCacheSettings::workDirectory).orElse("")
                : "";
    }

    private static void makeFolder(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        try {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
            throw (IOException) new NotDirectoryException(folder.toString()).initCause(e);
        }
    }

    /**
     * Opens a blob. May block on the network.
     *
     * @param info    what the image says of it
     * @param records what the image says of its chunks
     * @return to be closed by the caller
     * @throws RafsFormatException if the image, the blob or a cache file is broken
     * @throws BackendException    if the blob cannot be had
     * @throws IOException         if a cache file cannot be used
     */
    public CachedBlob open(BlobInfo info, ChunkRecords records) throws IOException {
        String id = info.effectiveId();
        checkName(id);
        checkChunks(info);
        if (info.features().has(BlobFeatures.TARFS)) {
            return TarBlob.open(info, tarFile(id), counters);
        }
        if (info.features().has(BlobFeatures.EXTERNAL)) {
            throw new BackendException(backend.description(), "blob " + id, "external blobs are not supported", false);
        }
        PositionalSource source = backend.open(id);
        return switch (kind) {
            case DUMMY -> openInMemory(info, records, source);
            case FILE -> openFile(info, records, source);
            case FSCACHE -> throw new IllegalStateException("refused when the opener was made");
        };
    }

    private boolean loadsDigests(BlobInfo info) {
        return kind == CacheKind.FILE
                && (options.validate() || needsDigests())
                && info.chunkCount() > 0
                && info.features().has(BlobFeatures.INLINED_CHUNK_DIGEST);
    }

    private boolean needsDigests() {
        return encryption.isPresent() && encryption.get().needsDigests();
    }

    private static void checkName(String id) throws RafsFormatException {
        if (id.isEmpty() || id.indexOf('/') >= 0 || id.indexOf('\0') >= 0 || id.startsWith(".")) {
            throw new RafsFormatException("blob table", -1, "the blob id '" + id + "' cannot be a file name");
        }
    }

    /** Refuses numbers for which a chunk map takes more of the disk than any blob is worth. */
    private static void checkChunks(BlobInfo info) throws RafsFormatException {
        if (info.chunkCount() < 0 || info.chunkCount() > ChunkChecks.MAX_CHUNKS) {
            throw new RafsFormatException(
                    "blob table",
                    -1,
                    "blob " + info.id() + " has " + Integer.toUnsignedString(info.chunkCount())
                            + " chunks, expected at most " + ChunkChecks.MAX_CHUNKS);
        }
    }

    private Path tarFile(String id) throws IOException {
        Path cached = folder.resolve(id);
        if (kind == CacheKind.FILE && Files.isRegularFile(cached)) {
            return cached;
        }
        if (backend instanceof LocalFsBackend local) {
            return local.find(id);
        }
        throw new BackendException(
                backend.description(), "blob " + id, "a tarfs image needs its tar file as " + cached, false);
    }

    /** Returns the size of the uncompressed address space: as the image says, or if it does not, up to the last chunk. */
    private static long sizeOf(BlobInfo info, ChunkIndex index) {
        return info.uncompressedSize() != 0 || index.size() == 0
                ? info.uncompressedSize()
                : index.end(index.size() - 1);
    }

    private static long storedSizeOf(BlobInfo info, PositionalSource source) throws IOException {
        return info.compressedDataSize() != 0 ? info.compressedDataSize() : source.size();
    }

    private CachedBlob openInMemory(BlobInfo info, ChunkRecords image, PositionalSource source) throws IOException {
        ChunkInfoTable table = info.hasChunkInfo() ? ChunkInfoLoader.load(info, backend.open(info.metaId())) : null;
        List<ChunkRecord> records = image.get();
        ChunkIndex index = table != null ? new TableIndex(table, info) : RecordIndex.of(info, records);
        ChunkChecks checks = ChunkChecks.of(table, records, options.validate());
        DecodeWorkers workers = workersFor(info);
        UnitReader reader = new UnitReader(info, source, workers, counters);
        return new MemoryBlob(info, sizeOf(info, index), index, checks, workers, reader, options.validate(), counters);
    }

    /** Makes workers; a blob that nobody can decrypt is refused now. */
    private static DecodeWorkers workersFor(BlobInfo info) throws RafsFormatException {
        DecodeWorkers workers = new DecodeWorkers(info);
        workers.giveBack(workers.take());
        return workers;
    }

    private CachedBlob openFile(BlobInfo info, ChunkRecords image, PositionalSource source) throws IOException {
        Arena arena = Arena.ofShared();
        DecodeWorkers workers = null;
        ChunkFile file = null;
        ChunkMarks marks = null;
        Evictions evictions = null;
        try {
            ChunkInfoTable table = info.hasChunkInfo() ? loadTable(info, image, arena) : null;
            List<ChunkRecord> records = image.get();
            ChunkIndex index = table != null ? new TableIndex(table, info) : RecordIndex.of(info, records);
            ChunkChecks checks = ChunkChecks.of(table, records, options.validate());
            ChunkChecks digests = ChunkChecks.NONE;
            if (table != null && loadsDigests(info)) {
                digests = ChunkChecks.ofDigests(table, ChunkDigestFile.load(folder, info, backend.open(info.metaId())));
                checks = checks.and(digests);
            }
            workers = workersFor(info);
            long size = sizeOf(info, index);
            String id = info.effectiveId();
            Optional<CacheBudget> budget = claim == null ? Optional.empty() : claim.budget();
            if (budget.isPresent()) {
                // Before the file is opened, so that it is not removed as one that nobody uses.
                evictions = Evictions.of(
                        budget.get(), folder.resolve(id + PlainChunkFile.SUFFIX), Math.max(size, 1), index.padded());
            }
            ChunkFiles.Opened opened;
            ChunkSharing sharing = null;
            if (options.compressed()) {
                opened = ChunkFiles.open(folder.resolve(id + StoredChunkFile.SUFFIX), storedSizeOf(info, source));
                file = new StoredChunkFile(opened.channel());
            } else if (encryption.isPresent()) {
                checkAligned(info, index);
                CacheEncryption.Ciphers ciphers = encryption.get().ciphers(info, digests);
                opened = ChunkFiles.open(folder.resolve(id + PlainChunkFile.SUFFIX), EncryptedChunkFile.sizeFor(size));
                file = new EncryptedChunkFile(opened.channel(), ciphers);
            } else {
                Path path = folder.resolve(id + PlainChunkFile.SUFFIX);
                opened = ChunkFiles.open(path, size);
                PlainChunkFile plain = new PlainChunkFile(opened.channel(), size);
                file = plain;
                if (dedup.isPresent()) {
                    sharing = ChunkSharing.of(dedup.get(), info, path, plain, workers);
                }
            }
            marks = openMarks(info, index);
            if (opened.grown()) {
                marks.clearAll();
            }
            counters.fileOpened(id + PlainChunkFile.SUFFIX);
            UnitReader reader = new UnitReader(info, source, workers, counters);
            FileBlob.Parts parts = new FileBlob.Parts(
                    file,
                    folder.resolve(id + PlainChunkFile.SUFFIX),
                    marks,
                    workers,
                    reader,
                    arena,
                    evictions,
                    sharing);
            return new FileBlob(info, size, index, checks, parts, options, counters);
        } catch (IOException | RuntimeException e) {
            if (evictions != null) {
                evictions.close();
            }
            close(marks, file, workers);
            arena.close();
            throw e;
        }
    }

    private static void checkAligned(BlobInfo info, ChunkIndex index) throws ConfigurationException {
        if (!index.padded()) {
            throw new ConfigurationException(
                    "this image cannot have an encrypted cache",
                    "blob " + info.effectiveId() + ": chunks do not start at whole blocks");
        }
    }

    private ChunkInfoTable loadTable(BlobInfo info, ChunkRecords records, Arena arena) throws IOException {
        Path file = folder.resolve(info.effectiveId() + ChunkInfoFile.SUFFIX);
        return ChunkInfoFile.load(file, info, records, () -> backend.open(info.metaId()), arena);
    }

    private ChunkMarks openMarks(BlobInfo info, ChunkIndex index) throws IOException {
        boolean persistent = index instanceof TableIndex || options.persistMap();
        if (!persistent || info.chunkCount() == 0) {
            return new UnknownMarks();
        }
        String name = info.effectiveId() + PlainChunkFile.SUFFIX + ChunkMap.SUFFIX;
        return ChunkMap.open(folder.resolve(name), info.chunkCount());
    }

    private static void close(@Nullable ChunkMarks marks, @Nullable ChunkFile file, @Nullable DecodeWorkers workers) {
        if (marks != null) {
            marks.close();
        }
        if (file != null) {
            file.close();
        }
        if (workers != null) {
            workers.close();
        }
    }

    /** Lets go of the cache's folder; every blob is closed. */
    @Override
    public void close() {
        if (claim != null) {
            claim.close();
        }
    }

    /** Returns the counters of all blobs. */
    public CacheCounters counters() {
        return counters;
    }
}
