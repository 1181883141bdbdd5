package io.nydus4j.build.write;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The files of this process that are being written, most of them under a name that nobody asked for. Those still here when the process is
 * told to end are deleted, so that interrupted work leaves nothing. Safe for use by several threads.
 */
public final class UnfinishedFiles {
    private static final System.Logger LOG = System.getLogger(UnfinishedFiles.class.getName());
    private static final UnfinishedFiles OF_PROCESS = new UnfinishedFiles();

    /** Null once the process ends. Guarded by this. */
    private @Nullable Set<Path> paths = new HashSet<>();

    private boolean hooked;

    private UnfinishedFiles() {}

    /** Makes a file. */
    @FunctionalInterface
    interface Maker<T> {
        /** Makes the file at {@code path}. */
        T make(Path path) throws IOException;
    }

    /** Returns those of this process. */
    public static UnfinishedFiles ofProcess() {
        return OF_PROCESS;
    }

    /**
     * Makes a file and takes note of it.
     *
     * @return what {@code maker} returns
     * @throws IOException if {@code maker} fails, or the process is ending, so that the file must not be made
     */
    synchronized <T> T make(Path path, Maker<T> maker) throws IOException {
        // Under the lock: a file that is made behind the end of the process would stay.
        add(path);
        try {
            return maker.make(path);
        } catch (IOException e) {
            remove(path);
            throw e;
        }
    }

    /**
     * Takes note of a file, or of a directory with nothing but files in it.
     *
     * @throws IOException if the process is ending, so that the file must not be made
     */
    public synchronized void add(Path path) throws IOException {
        Set<Path> current = paths;
        if (current == null) {
            throw new IOException("interrupted");
        }
        if (!hooked) {
            try {
                Runtime.getRuntime().addShutdownHook(new Thread(this::deleteAll, "unfinished-files"));
            } catch (IllegalStateException e) {
                throw new IOException("interrupted", e);
            }
            hooked = true;
        }
        current.add(path);
    }

    /** Forgets a file that was deleted, or that is complete. */
    public synchronized void remove(Path path) {
        Set<Path> current = paths;
        if (current != null) {
            current.remove(path);
        }
    }

    private synchronized void deleteAll() {
        Set<Path> current = paths;
        paths = null;
        if (current != null) {
            current.forEach(UnfinishedFiles::delete);
        }
    }

    private static void delete(Path path) {
        try {
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
                    for (Path file : files) {
                        Files.deleteIfExists(file);
                    }
                }
            }
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "failed to delete " + path, e);
        }
    }
}
