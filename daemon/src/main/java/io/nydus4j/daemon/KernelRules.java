package io.nydus4j.daemon;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.RafsVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What the kernel's EROFS wants of a daemon and of its images. */
final class KernelRules {
    private static final int MAGIC = 0xE0F5_E1E2;
    private static final int MAGIC_OFFSET = 1024;

    private KernelRules() {}

    /**
     * Returns what speaks against EROFS before anything was tried.
     *
     * @param sharing whether chunks are to be taken from the cache files of other blobs
     */
    static Optional<String> obstacle(DaemonOptions options, boolean sharing) {
        if (options.writable()
                || options.image()
                        .flatMap(image -> image.configuration().overlay())
                        .isPresent()) {
            return Optional.of("it serves for reading only");
        }
        if (options.sharedDirectory().isPresent()) {
            return Optional.of("it does not show directories of the host");
        }
        if (options.driver() == Driver.AUTO && options.image().isEmpty()) {
            return Optional.of("images that are mounted later may need it");
        }
        if (options.objectStore().isPresent() && options.traced()) {
            return Optional.of("reads of files that images share are not traced");
        }
        if (sharing) {
            // Who copies from a cache file that is held back would wait for this daemon, or for one that is dead.
            return Optional.of("chunks are to be taken from other caches");
        }
        return options.allowOther() ? Optional.empty() : Optional.of("only one user shall get in");
    }

    /**
     * Refuses an image that the kernel would not show as it is.
     *
     * @throws IOException with the reason
     */
    static void check(ServedImage image) throws IOException {
        Bootstrap metadata = image.metadata();
        if (metadata.superblock().version() != RafsVersion.V6) {
            throw new IOException("EROFS serves images of RAFS v6, this one is of "
                    + metadata.superblock().version());
        }
        if (metadata.superblock().tarfs()) {
            BootstrapWalk.preOrder(metadata, (inode, walk) -> {
                if (inode.isSymlink() && !inode.isTargetInPlace()) {
                    throw new RafsFormatException(
                            "symbolic link " + RawBytes.printable(walk.path()),
                            -1,
                            "its " + inode.size() + " bytes are not where EROFS looks for them, as in tarfs images of"
                                    + " the reference with links longer than a block of 512 bytes");
                }
            });
        }
    }

    /** Returns the file that is nothing but the image's metadata: what was named, or what was extracted from the blob. */
    static Path metadata(ImageSource source) throws IOException {
        if (Files.isRegularFile(source.bootstrap()) && isMetadata(source.bootstrap())) {
            return source.bootstrap().toAbsolutePath();
        }
        return InlinedBootstrap.place(source.configuration(), source.bootstrap())
                .orElseThrow(() -> new IOException(source.bootstrap() + " is no file that the kernel can mount"));
    }

    private static boolean isMetadata(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer word = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            return channel.read(word, MAGIC_OFFSET) == Integer.BYTES && word.getInt(0) == MAGIC;
        }
    }
}
