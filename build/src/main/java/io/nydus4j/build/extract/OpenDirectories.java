package io.nydus4j.build.extract;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.PosixFiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Opens directories below a root by their names, never through a symbolic link. Keeps the path of the last one open, as far as descriptors
 * allow: who walks a tree needs it for what comes next. Not safe for use by several threads.
 */
final class OpenDirectories implements AutoCloseable {
    /** Most descriptors at once, so that a deep tree does not use up those of the process. */
    private static final int MOST_OPEN = 64;

    private final Descriptor root;
    private final List<byte[]> names = new ArrayList<>();
    /** Descriptors of the same places; the oldest are closed and null when there are too many. */
    private final List<@Nullable Descriptor> descriptors = new ArrayList<>();

    /** Opens directories below {@code root}, which the caller closes. */
    OpenDirectories(Descriptor root) {
        this.root = root;
    }

    /**
     * Opens a directory.
     *
     * @param path names from the root on
     * @return the descriptor; valid until the next call
     */
    Descriptor open(List<byte[]> path) throws ErrnoException {
        int shared = 0;
        while (shared < Math.min(path.size(), names.size()) && Arrays.equals(path.get(shared), names.get(shared))) {
            shared++;
        }
        while (names.size() > shared) {
            close(descriptors.removeLast());
            names.removeLast();
        }
        int held = shared;
        while (held > 0 && descriptors.get(held - 1) == null) {
            held--;
        }
        Descriptor current = at(held);
        for (int i = held; i < path.size(); i++) {
            Descriptor next = PosixFiles.openDirectory(current, path.get(i));
            if (i < names.size()) {
                descriptors.set(i, next);
            } else {
                names.add(path.get(i));
                descriptors.add(next);
            }
            current = next;
            int old = i - MOST_OPEN;
            if (old >= 0) {
                close(descriptors.set(old, null));
            }
        }
        return current;
    }

    private Descriptor at(int depth) {
        Descriptor found = depth == 0 ? null : descriptors.get(depth - 1);
        return found == null ? root : found;
    }

    private static void close(@Nullable Descriptor descriptor) throws ErrnoException {
        if (descriptor != null) {
            descriptor.close();
        }
    }

    @Override
    public void close() throws ErrnoException {
        for (Descriptor descriptor : descriptors) {
            close(descriptor);
        }
        descriptors.clear();
        names.clear();
    }
}
