package io.nydus4j.build.extract;

import io.nydus4j.build.write.StoppableWork;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongConsumer;

/** Writes all files of an image into a directory. */
public final class ImageExtraction {
    private static final int NEW_DIRECTORY = 0700;

    private ImageExtraction() {}

    /**
     * Fills a directory with the files of an image, and gives it the attributes of the image's root. After a failure it is as it was before,
     * also if the process is told to end meanwhile. An interrupt of the calling thread makes it stop.
     *
     * @param image     the image
     * @param data      the image's data
     * @param directory made if it is missing; otherwise empty. A symbolic link is followed
     * @param progress  hears how many bytes of data were written
     * @throws IOException if the image is broken, its data cannot be read, or a file cannot be made; the message names it
     */
    public static void extract(Bootstrap image, BlobDevice data, Path directory, LongConsumer progress)
            throws IOException {
        byte[] path = NativePath.bytes(directory);
        try (StoppableWork _ = StoppableWork.start()) {
            extract(image, data, directory, path, progress);
        }
    }

    private static void extract(Bootstrap image, BlobDevice data, Path directory, byte[] path, LongConsumer progress)
            throws IOException {
        boolean made = make(path, directory);
        try (Descriptor root = open(path, directory)) {
            if (!DirectoryContents.isEmpty(root)) {
                throw new IOException("directory \"" + directory + "\" is not empty");
            }
            boolean complete = false;
            try (TreeExtraction tree = new TreeExtraction(root, data, progress)) {
                BootstrapWalk.walkDirectory(image, image.rootIno(), Optional.empty(), (inode, walk) -> {
                    tree.add(inode, walk);
                    return true;
                });
                tree.finish();
                complete = true;
            } finally {
                if (!complete) {
                    DirectoryContents.remove(root);
                }
                if (!complete && made) {
                    PosixFiles.removeDirectory(Descriptor.WORKING_DIRECTORY, path);
                }
            }
        }
    }

    /** Makes the directory; returns false if it is there. */
    private static boolean make(byte[] path, Path directory) throws IOException {
        try {
            PosixFiles.makeDirectory(Descriptor.WORKING_DIRECTORY, path, NEW_DIRECTORY);
            return true;
        } catch (ErrnoException e) {
            if (e.errno() == Errno.EEXIST) {
                return false;
            }
            throw new IOException("failed to make directory \"" + directory + "\": " + Errno.message(e.errno()), e);
        }
    }

    private static Descriptor open(byte[] path, Path directory) throws IOException {
        try {
            return PosixFiles.open(Descriptor.WORKING_DIRECTORY, path, OpenFlags.READ_ONLY | OpenFlags.DIRECTORY, 0);
        } catch (ErrnoException e) {
            throw new IOException("failed to open directory \"" + directory + "\": " + Errno.message(e.errno()), e);
        }
    }
}
