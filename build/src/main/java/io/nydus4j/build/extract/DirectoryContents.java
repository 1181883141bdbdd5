package io.nydus4j.build.extract;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DirectoryEntry;
import io.nydus4j.linux.file.DirectoryListing;
import io.nydus4j.linux.file.PosixFiles;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Looks at and removes what is in a directory. */
final class DirectoryContents {
    private static final int WRITABLE = 0700;

    private DirectoryContents() {}

    /** Tells whether there is nothing in a directory. */
    static boolean isEmpty(Descriptor directory) throws ErrnoException {
        return DirectoryListing.list(directory).isEmpty();
    }

    /** Removes all that is in a directory, however deep, and follows nothing. Nobody else may change it meanwhile. */
    static void remove(Descriptor directory) throws ErrnoException {
        // Each directory is moved to the top before it is emptied, so that neither paths nor descriptors grow with the
        // depth.
        Deque<byte[]> pending = new ArrayDeque<>();
        long moved = moveUp(directory, directory, pending, 0);
        while (!pending.isEmpty()) {
            byte[] name = pending.removeLast();
            PosixFiles.changeMode(directory, name, WRITABLE);
            try (Descriptor open = PosixFiles.openDirectory(directory, name)) {
                moved = moveUp(open, directory, pending, moved);
            }
            PosixFiles.removeDirectory(directory, name);
        }
    }

    /** Removes the files of a directory and moves its directories to the top under new names; returns how many were moved so far. */
    private static long moveUp(Descriptor directory, Descriptor top, Deque<byte[]> pending, long before)
            throws ErrnoException {
        long moved = before;
        List<DirectoryEntry> entries = DirectoryListing.list(directory);
        for (DirectoryEntry entry : entries) {
            if (!PosixFiles.status(directory, entry.name()).isDirectory()) {
                PosixFiles.remove(directory, entry.name());
                continue;
            }
            byte[] name = entry.name();
            if (directory != top) {
                PosixFiles.changeMode(directory, name, WRITABLE);
                do {
                    name = (".nydus4j-" + moved++).getBytes(StandardCharsets.US_ASCII);
                } while (PosixFiles.statusIfPresent(top, name).isPresent());
                PosixFiles.rename(directory, entry.name(), top, name);
            }
            pending.addLast(name);
        }
        return moved;
    }
}
