package io.nydus4j.daemon;

import io.nydus4j.daemon.api.BackendMetrics;
import io.nydus4j.daemon.api.BlobCacheMetrics;
import io.nydus4j.daemon.api.MountedBackend;
import io.nydus4j.daemon.api.SuperblockInfo;
import io.nydus4j.daemon.fuse.ImageOptions;
import io.nydus4j.daemon.fuse.RafsFuseHandler;
import io.nydus4j.daemon.metrics.EventLog;
import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.linux.file.ProcessIdentity;
import io.nydus4j.rafs.RafsPaths;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.CacheKind;
import io.nydus4j.storage.config.RafsConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An image that is being served: its metadata, its data, what is counted of it. */
final class ServedImage implements AutoCloseable {
    /** Index of the only image among the mounts. */
    private static final int INDEX = 1;

    private final ImageSource source;
    private final String mountPoint;
    private final Instant mounted;
    private final Rafs rafs;
    private final BlobDevice device;
    private final FileSystemCounters counters;
    private final RafsFuseHandler handler;

    private ServedImage(
            ImageSource source, String mountPoint, Instant mounted, Rafs rafs, BlobDevice device, EventLog events) {
        this.source = source;
        this.mountPoint = mountPoint;
        this.mounted = mounted;
        this.rafs = rafs;
        this.device = device;
        RafsConfiguration behaviour = source.configuration().rafs().orElse(RafsConfiguration.DEFAULT);
        this.counters = new FileSystemCounters(
                mountPoint, behaviour.iostatsFiles(), behaviour.accessPattern(), behaviour.latestReadFiles());
        this.handler = new RafsFuseHandler(
                rafs,
                device.blobs(),
                new ImageOptions(
                        INDEX,
                        behaviour.enableXattr(),
                        ProcessIdentity.effectiveUser(),
                        ProcessIdentity.effectiveGroup(),
                        mounted.getEpochSecond()),
                counters,
                events);
    }

    /**
     * Opens an image. May block on the network.
     *
     * @param mountPoint where in the daemon's name space
     * @throws IOException if the image or its configuration cannot be used
     */
    static ServedImage open(ImageSource source, String mountPoint, EventLog events) throws IOException {
        StorageConfiguration configuration = source.configuration();
        configuration.requireRafs();
        configuration.requireCache();
        Rafs rafs = load(source);
        try {
            checkCache(rafs, configuration);
            BlobDevice device = BlobDevice.open(rafs, configuration);
            return new ServedImage(source, mountPoint, Instant.now(), rafs, device, events);
        } catch (IOException | RuntimeException e) {
            rafs.close();
            throw e;
        }
    }

    private static Rafs load(ImageSource source) throws IOException {
        StorageConfiguration configuration = source.configuration();
        boolean validate = configuration.rafs().map(RafsConfiguration::validate).orElse(false);
        LoadOptions options = LoadOptions.DEFAULT.withValidateDigests(validate);
        if (configuration.backend().isEmpty()) {
            return Rafs.load(source.bootstrap(), options);
        }
        try (InlinedBootstrap inlined = InlinedBootstrap.of(configuration, source.bootstrap())) {
            return Rafs.load(source.bootstrap(), options.withInlinedBlobs(inlined));
        }
    }

    /** Refuses what the reference refuses, so that a configuration works with both or with neither. */
    private static void checkCache(Rafs rafs, StorageConfiguration configuration) throws IOException {
        if (rafs.superblock().version() != RafsVersion.V6) {
            return;
        }
        if (isInMemory(configuration)) {
            throw new IOException("Rafs v6 must have local blobcache configured");
        }
        if (configuration.rafs().map(RafsConfiguration::validate).orElse(false)) {
            throw new IOException("Rafs v6 doesn't support integrity validation yet");
        }
    }

    private static boolean isInMemory(StorageConfiguration configuration) {
        return configuration.cache().flatMap(CacheConfiguration::kind).orElse(CacheKind.DUMMY) == CacheKind.DUMMY;
    }

    /** Starts to fetch what will be needed; returns at once. */
    void startPrefetch() throws IOException {
        Optional<List<String>> files = source.prefetchFiles();
        if (files.isEmpty()) {
            device.startPrefetch(Optional.empty(), false);
            return;
        }
        List<Long> inos = new ArrayList<>();
        for (String file : files.get()) {
            RafsPaths.inoFromPath(rafs, file.getBytes(StandardCharsets.UTF_8)).ifPresent(inos::add);
        }
        device.startPrefetch(Optional.of(inos), files.get().equals(List.of("/")));
    }

    RafsFuseHandler handler() {
        return handler;
    }

    FileSystemCounters counters() {
        return counters;
    }

    Rafs rafs() {
        return rafs;
    }

    /** Returns the id of the configuration, by which the cache's counters are found. */
    String configurationId() {
        return source.configuration().id();
    }

    /** Returns what the API tells of this image. */
    MountedBackend description() {
        return new MountedBackend(
                MountedBackend.RAFS,
                mountPoint,
                time(mounted.atZone(ZoneOffset.UTC)),
                Optional.of(source.configuration().withoutSecrets().toJson()));
    }

    /** Returns a time as {@code 2026-01-02 03:04:05.678 +00:00:00}, the fraction without trailing zeros. */
    static String time(ZonedDateTime time) {
        String fraction = String.format("%09d", time.getNano());
        int end = fraction.length();
        while (end > 1 && fraction.charAt(end - 1) == '0') {
            end--;
        }
        return String.format(
                "%04d-%02d-%02d %02d:%02d:%02d.%s +00:00:00",
                time.getYear(),
                time.getMonthValue(),
                time.getDayOfMonth(),
                time.getHour(),
                time.getMinute(),
                time.getSecond(),
                fraction.substring(0, end));
    }

    /** Returns the superblock as the API tells it. */
    SuperblockInfo superblock() {
        Superblock block = rafs.superblock();
        return new SuperblockInfo(
                Integer.toUnsignedLong(block.magic()),
                block.version().number(),
                block.superblockSize(),
                block.chunkSize(),
                block.inodesCount(),
                block.flags().bits(),
                Integer.toUnsignedLong(block.inodeTableEntries()),
                block.inodeTableOffset(),
                block.blobTableSize(),
                block.blobTableOffset(),
                block.extendedBlobTableOffset(),
                Integer.toUnsignedLong(block.extendedBlobTableEntries()),
                Integer.toUnsignedLong(block.blobDeviceTableCount()),
                block.blobDeviceTableOffset(),
                block.prefetchTableOffset(),
                Integer.toUnsignedLong(block.prefetchTableEntries()),
                block.metaBlockAddress(),
                Integer.toUnsignedLong(block.rootNid()),
                block.chunkTableOffset(),
                block.chunkTableSize());
    }

    /** Returns the backend's counters. */
    BackendMetrics backendMetrics() {
        BackendCounters.Snapshot counts = device.store().backendCounters().snapshot();
        return new BackendMetrics(
                counts.backendType(),
                counts.readCount(),
                counts.readErrors(),
                counts.readAmountTotal(),
                counts.readCumulativeLatencyMillisTotal(),
                numbers(counts.readCumulativeLatencyMillisDist()),
                numbers(counts.readCountBlockSizeDist()),
                counts.readLatencySizesDist().stream().map(ServedImage::numbers).toArray(long[][]::new));
    }

    private static long[] numbers(List<Long> values) {
        return values.stream().mapToLong(Long::longValue).toArray();
    }

    /** Returns the cache's counters; a cache in memory has none. */
    Optional<BlobCacheMetrics> cacheMetrics() {
        if (isInMemory(source.configuration())) {
            return Optional.empty();
        }
        CacheCounters.Snapshot counts = device.store().cacheCounters().snapshot();
        return Optional.of(new BlobCacheMetrics(
                counts.underlyingFiles().stream().toList(),
                counts.storePath(),
                counts.partialHits(),
                counts.wholeHits(),
                counts.total(),
                counts.entriesCount(),
                counts.prefetchDataAmount(),
                counts.prefetchRequestsCount(),
                counts.prefetchWorkers(),
                counts.prefetchUnmergedChunks(),
                counts.prefetchCumulativeTimeMillis(),
                counts.prefetchBeginTimeSecs(),
                counts.prefetchBeginTimeMillis(),
                counts.prefetchEndTimeSecs(),
                counts.prefetchEndTimeMillis(),
                counts.bufferedBackendSize(),
                counts.dataAllReady()));
    }

    @Override
    public void close() {
        device.close();
        rafs.close();
    }
}
