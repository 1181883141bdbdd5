package io.nydus4j.cli.nydus;

import io.nydus4j.cli.progress.Sizes;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.RafsPaths;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.LocalFsSettings;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.device.BlobDevice;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Locale;

/** Shows what the library reads of an image, and fetches for it, where nothing can be mounted. */
final class LibraryDemo {
    private static final int BUFFER = 64 << 10;

    private LibraryDemo() {}

    /** Reads a few files through the library, then compares all of them with {@code source}. */
    static void run(Path source, ImageFolder image, Path cache, PrintStream out) throws IOException {
        long stored = DemoCommand.imageBytes(image);
        try (Rafs rafs = Rafs.load(image.bootstrap(), LoadOptions.DEFAULT);
                BlobDevice device = BlobDevice.open(rafs, configuration(image, cache))) {
            long read = 0;
            List<Path> files = DemoCommand.someFiles(source);
            for (Path file : files) {
                Inode inode = inode(rafs, source, file);
                ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(BUFFER, inode.size()));
                device.read(inode, 0, buffer);
                read += buffer.position();
            }
            out.printf(
                    Locale.ROOT,
                    "3. read     %s from %d files through the library; %s of %s fetched so far (%.1f %%)%n",
                    Sizes.text(read),
                    files.size(),
                    Sizes.text(fetched(device)),
                    Sizes.text(stored),
                    100.0 * fetched(device) / Math.max(stored, 1));
            long[] count = new long[2];
            Files.walkFileTree(source, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    if (attributes.isRegularFile()) {
                        count[1] += compare(rafs, device, source, file);
                        count[0]++;
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
            out.printf(
                    Locale.ROOT,
                    "4. compare  %,d files equal their source (%s); %s fetched in all%n",
                    count[0],
                    Sizes.text(count[1]),
                    Sizes.text(fetched(device)));
        }
    }

    private static Inode inode(Rafs rafs, Path source, Path file) throws IOException {
        byte[] path = ("/" + source.relativize(file)).getBytes(StandardCharsets.UTF_8);
        Inode inode = RafsPaths.inodeFromPath(rafs, path);
        if (inode == null) {
            throw new IOException(file + " is not in the image");
        }
        return inode;
    }

    private static StorageConfiguration configuration(ImageFolder image, Path cache) throws IOException {
        Files.createDirectories(cache);
        return StorageConfiguration.of(
                new LocalFsSettings("", image.blobs().toString(), List.of()),
                CacheConfiguration.inFiles(cache.toString()));
    }

    private static long fetched(BlobDevice device) {
        return device.store().backendCounters().snapshot().readAmountTotal();
    }

    private static long compare(Rafs rafs, BlobDevice device, Path source, Path file) throws IOException {
        Inode inode = inode(rafs, source, file);
        ByteBuffer expected = ByteBuffer.allocateDirect(BUFFER);
        ByteBuffer found = ByteBuffer.allocateDirect(BUFFER);
        try (FileChannel channel = FileChannel.open(file)) {
            if (channel.size() != inode.size()) {
                throw new IOException(file + " differs from its copy in the image: size");
            }
            for (long offset = 0; offset < inode.size(); offset += BUFFER) {
                int length = (int) Math.min(BUFFER, inode.size() - offset);
                expected.clear().limit(length);
                found.clear().limit(length);
                while (expected.hasRemaining()) {
                    if (channel.read(expected) < 0) {
                        throw new EOFException(file + " became shorter");
                    }
                }
                device.read(inode, offset, found);
                if (expected.flip().mismatch(found.flip()) >= 0) {
                    throw new IOException(file + " differs from its copy in the image: content");
                }
            }
        }
        return inode.size();
    }
}
