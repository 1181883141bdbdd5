package io.nydus4j.rafs.load;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.blob.toc.InlinedBootstrap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Takes the bootstrap out of a data blob that it is inlined in. */
public final class BootstrapExtraction {
    /** No bootstrap is larger: 4 GiB. */
    private static final long MAX_SIZE = 1L << 32;

    private static final int BUFFER = 1 << 16;

    private BootstrapExtraction() {}

    /**
     * Extracts a blob's bootstrap into a file. May block on the network.
     *
     * <p>A file that is there already is kept if the blob's table of contents has a digest and the file has the same; otherwise the
     * new content replaces it at once and completely.
     *
     * @param blob   the data blob
     * @param target takes the bootstrap; its folder exists
     * @throws RafsFormatException if the blob has no bootstrap, or a broken one
     * @throws IOException         if reading or writing fails; {@code target} is as before
     */
    public static void extract(PositionalSource blob, Path target) throws IOException {
        InlinedBootstrap bootstrap = InlinedBootstrap.find(blob)
                .orElseThrow(() -> new RafsFormatException("inlined bootstrap", -1, "the blob has none"));
        if (bootstrap.uncompressedSize() > MAX_SIZE) {
            throw new RafsFormatException(
                    "inlined bootstrap",
                    bootstrap.compressedOffset(),
                    "expected at most " + MAX_SIZE + " bytes, found " + bootstrap.uncompressedSize());
        }
        if (!bootstrap.digest().isZero() && isThere(target, bootstrap)) {
            return;
        }
        Path folder = target.toAbsolutePath().getParent();
        Path work = Files.createTempFile(folder, workPrefix(target), ".toc_downloading");
        try {
            try (FileChannel channel = FileChannel.open(work, StandardOpenOption.WRITE)) {
                bootstrap.copyTo(blob, channel);
                channel.force(true);
            }
            Files.move(work, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(work);
        }
    }

    private static String workPrefix(Path target) {
        String name = String.valueOf(target.getFileName());
        int dot = name.lastIndexOf('.');
        return (dot > 0 ? name.substring(0, dot) : name) + ".";
    }

    private static boolean isThere(Path target, InlinedBootstrap bootstrap) throws IOException {
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.READ)) {
            return channel.size() == bootstrap.uncompressedSize()
                    && digest(channel).equals(bootstrap.digest());
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static Digest digest(FileChannel channel) throws IOException {
        Sha256 sha256 = new Sha256();
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        while (channel.read(buffer) >= 0) {
            sha256.update(buffer.flip());
            buffer.clear();
        }
        return sha256.digest();
    }
}
