package io.nydus4j.build.write;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The files of this process that are being written under a name that nobody asked for. Those still here when the process is told to end
 * are deleted, so that an interrupted build leaves nothing. Safe for use by several threads.
 */
final class UnfinishedFiles {
    private static final UnfinishedFiles OF_PROCESS = new UnfinishedFiles();

    /** Null once the process ends. Guarded by this. */
    private @Nullable Set<Path> paths = new HashSet<>();

    private boolean hooked;

    private UnfinishedFiles() {}

    static UnfinishedFiles ofProcess() {
        return OF_PROCESS;
    }

    /**
     * Takes note of a file that is about to be made.
     *
     * @throws IOException if the process is ending, so that the file must not be made
     */
    synchronized void add(Path path) throws IOException {
        Set<Path> current = paths;
        if (current == null) {
            throw new IOException("interrupted");
        }
        if (!hooked) {
            Runtime.getRuntime().addShutdownHook(new Thread(this::deleteAll, "unfinished-files"));
            hooked = true;
        }
        current.add(path);
    }

    /** Forgets a file that was deleted, or that got its name. */
    synchronized void remove(Path path) {
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
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
