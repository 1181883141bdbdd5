package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.blob.toc.Toc;
import io.nydus4j.blob.toc.TocEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The cache files of a blob's table of contents, {@code .blob.toc}, and of the digests of its chunks that the table leads to,
 * {@code .blob.digest}. Exchanged with the reference.
 */
final class ChunkDigestFile {
    private static final String TOC_SUFFIX = ".blob.toc";
    private static final String DIGEST_SUFFIX = ".blob.digest";
    private static final String UNFINISHED_SUFFIX = ".toc_downloading";
    private static final int MAX_CACHED_TOC = 4096;

    private ChunkDigestFile() {}

    /**
     * Returns the digests of all chunks of a blob, one behind the other: from the cache if they are there and whole, else from the
     * backend. May block on the network.
     *
     * @param folder where the cache files are
     * @param info   what the image says of the blob, which carries digests
     * @param source the blob that holds them
     * @throws RafsFormatException if the blob is broken
     */
    static MemorySegment load(Path folder, BlobInfo info, PositionalSource source) throws IOException {
        String id = info.effectiveId();
        Toc toc = loadToc(folder.resolve(id + TOC_SUFFIX), info, source);
        TocEntry entry =
                toc.entry(TocEntry.CHUNK_DIGESTS).orElseThrow(() -> broken(info, "has no entry for chunk digests"));
        long size = (long) Digest.SIZE * info.chunkCount();
        if (entry.uncompressedSize() != size) {
            throw broken(info, "has " + entry.uncompressedSize() + " bytes of chunk digests, expected " + size);
        }
        Path file = folder.resolve(id + DIGEST_SUFFIX);
        if (Files.exists(file) && Files.size(file) == size) {
            byte[] cached = Files.readAllBytes(file);
            if (isRight(entry, cached)) {
                return MemorySegment.ofArray(cached);
            }
        }
        byte[] digests = extract(info, entry, source);
        replace(file, digests);
        return MemorySegment.ofArray(digests);
    }

    private static boolean isRight(TocEntry entry, byte[] content) {
        return entry.digest().isZero() || entry.digest().equals(new Sha256().digest(content, 0, content.length));
    }

    private static Toc loadToc(Path file, BlobInfo info, PositionalSource source) throws IOException {
        if (Files.exists(file) && Files.size(file) <= MAX_CACHED_TOC) {
            byte[] cached = Files.readAllBytes(file);
            boolean right =
                    info.tocDigest().isZero() || info.tocDigest().equals(new Sha256().digest(cached, 0, cached.length));
            if (right) {
                try {
                    return Toc.parse(MemorySegment.ofArray(cached));
                } catch (RafsFormatException e) {
                    // Its writer did not finish; it is fetched again.
                }
            }
        }
        Toc toc = info.tocSize() != 0
                ? Toc.read(source, info.tocSize(), info.tocDigest())
                : Toc.find(source).orElseThrow(() -> broken(info, "is not there"));
        replace(file, toc.toBytes());
        return toc;
    }

    private static byte[] extract(BlobInfo info, TocEntry entry, PositionalSource source) throws IOException {
        boolean compressed = entry.compression() != Compression.NONE;
        long most = compressed ? 2 * entry.uncompressedSize() : entry.uncompressedSize();
        if (entry.compressedSize() > most || !compressed && entry.compressedSize() != entry.uncompressedSize()) {
            throw broken(info, "stores " + entry.uncompressedSize() + " bytes of digests in " + entry.compressedSize());
        }
        byte[] stored = new byte[(int) entry.compressedSize()];
        source.readFully(entry.compressedOffset(), ByteBuffer.wrap(stored));
        byte[] digests = stored;
        if (compressed) {
            digests = new byte[(int) entry.uncompressedSize()];
            Codec.of(entry.compression()).decompress(MemorySegment.ofArray(stored), MemorySegment.ofArray(digests));
        }
        if (!isRight(entry, digests)) {
            throw new BlobDigestException(
                    "chunk digests of blob " + info.effectiveId(),
                    entry.digest().toString(),
                    new Sha256().digest(digests, 0, digests.length).toString());
        }
        return digests;
    }

    /** Puts a whole file in the place of what may be there. */
    private static void replace(Path file, byte[] content) throws IOException {
        String name = file.getFileName().toString();
        Path unfinished = file.resolveSibling(name.substring(0, name.lastIndexOf('.')) + UNFINISHED_SUFFIX);
        Files.write(unfinished, content);
        try {
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static RafsFormatException broken(BlobInfo info, String problem) {
        return new RafsFormatException("table of contents of blob " + info.effectiveId(), -1, problem);
    }
}
