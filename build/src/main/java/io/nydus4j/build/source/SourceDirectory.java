package io.nydus4j.build.source;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.rafs.tree.Node;
import java.util.Arrays;

/**
 * Opens what lies below a directory by its node in the tree, however deep and whatever its name.
 *
 * <p>Safe for use by several threads. It opens by path from the root, so a walk needs no more than one descriptor at a time; whoever
 * opens compares the identity of what was opened with that of the node, for someone may change the tree meanwhile.
 */
final class SourceDirectory implements AutoCloseable {
    /** Longest path that the kernel takes in one piece, in bytes. */
    private static final int LONGEST_PATH = 4095;

    private static final int LISTED = OpenFlags.READ_ONLY | OpenFlags.DIRECTORY | OpenFlags.NO_FOLLOW;
    /** Not to wait at a FIFO that took the place of a file. */
    private static final int READ = OpenFlags.READ_ONLY | OpenFlags.NO_FOLLOW | OpenFlags.NON_BLOCKING;

    private final Descriptor root;

    /** Takes over {@code root}, an open directory. */
    SourceDirectory(Descriptor root) {
        this.root = root;
    }

    Descriptor root() {
        return root;
    }

    /** Opens a directory of the tree, to be closed by the caller. */
    Descriptor openDirectory(Node directory) throws ErrnoException {
        if (directory.parent() == null) {
            return PosixFiles.open(root, new byte[] {'.'}, LISTED, 0);
        }
        return open(directory.path(), LISTED);
    }

    /** Opens a file for reading below its open directory, to be closed by the caller. */
    static Descriptor openFile(Descriptor directory, byte[] name) throws ErrnoException {
        return PosixFiles.open(directory, name, READ, 0);
    }

    private Descriptor open(byte[] path, int flags) throws ErrnoException {
        if (path.length - 1 <= LONGEST_PATH) {
            return PosixFiles.open(root, Arrays.copyOfRange(path, 1, path.length), flags, 0);
        }
        Descriptor current = root;
        int start = 1;
        try {
            while (path.length - start > LONGEST_PATH) {
                int end = start + LONGEST_PATH;
                while (path[end] != '/') {
                    end--;
                }
                Descriptor next = PosixFiles.openDirectory(current, Arrays.copyOfRange(path, start, end));
                if (current != root) {
                    current.close();
                }
                current = next;
                start = end + 1;
            }
            return PosixFiles.open(current, Arrays.copyOfRange(path, start, path.length), flags, 0);
        } finally {
            if (current != root) {
                current.close();
            }
        }
    }

    @Override
    public void close() throws ErrnoException {
        root.close();
    }
}
