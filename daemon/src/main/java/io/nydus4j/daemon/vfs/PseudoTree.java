package io.nydus4j.daemon.vfs;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * The directories above mounts, numbered in the order they were made, never removed. Changed by one thread at a time, read by any.
 * Mirrors {@code PseudoFs} of the reference.
 */
final class PseudoTree {
    private final PseudoDirectory root = PseudoDirectory.root();
    private final ConcurrentMap<Long, PseudoDirectory> byIno = new ConcurrentHashMap<>();
    private long nextIno = NodeNumbers.ROOT + 1;

    PseudoTree() {
        byIno.put(root.ino(), root);
    }

    PseudoDirectory root() {
        return root;
    }

    /** Returns the directory with a number, or null. */
    @Nullable
    PseudoDirectory directory(long ino) {
        return byIno.get(ino);
    }

    /** Returns the directory at a path, or null if there is none. */
    @Nullable
    PseudoDirectory find(VfsPath path) {
        PseudoDirectory directory = root;
        for (String name : path.names()) {
            directory = directory == null ? null : directory.child(name);
        }
        return directory;
    }

    /** Returns the directory at a path, made with those above it if need be. */
    PseudoDirectory make(VfsPath path) {
        PseudoDirectory directory = root;
        for (String name : path.names()) {
            PseudoDirectory child = directory.child(name);
            directory = child == null ? add(nextIno++, directory, name) : child;
        }
        return directory;
    }

    private PseudoDirectory add(long ino, PseudoDirectory parent, String name) {
        PseudoDirectory child = parent.add(ino, name);
        byIno.put(ino, child);
        return child;
    }

    /** Returns all directories but the root, parents first. */
    List<VfsState.Directory> entries() {
        List<VfsState.Directory> entries = new ArrayList<>();
        byIno.values().stream()
                .filter(directory -> directory != root)
                .sorted((a, b) -> Long.compare(a.ino(), b.ino()))
                .forEach(directory -> entries.add(new VfsState.Directory(
                        directory.ino(),
                        directory.parent().ino(),
                        new String(directory.name(), StandardCharsets.UTF_8))));
        return entries;
    }

    /**
     * Makes the directories of another process's tree, with their numbers, in place of all there are. The kernel must not know those.
     *
     * @throws IllegalArgumentException if a number is in use, or a parent is missing
     */
    void restore(List<VfsState.Directory> entries) {
        root.clear();
        byIno.keySet().removeIf(ino -> ino != root.ino());
        nextIno = NodeNumbers.ROOT + 1;
        Map<Long, PseudoDirectory> known = new HashMap<>(byIno);
        for (VfsState.Directory entry : entries) {
            PseudoDirectory parent = known.get(entry.parent());
            if (parent == null || known.containsKey(entry.ino()) || entry.ino() < NodeNumbers.ROOT) {
                throw new IllegalArgumentException(
                        "directory " + entry.ino() + " does not fit among those above mounts");
            }
            known.put(entry.ino(), add(entry.ino(), parent, entry.name()));
            nextIno = Math.max(nextIno, entry.ino() + 1);
        }
    }
}
