package io.nydus4j.daemon.vfs;

import java.util.List;
import java.util.Set;

/**
 * What the kernel knows of a {@link Vfs} beside its mounts: a successor needs it to give the same numbers the same meaning.
 *
 * @param directories the directories above mounts but the root, parents first
 * @param nextIndex   the index from which on the next mount looks for a free one
 * @param knownIndexes indexes of which the kernel may know nodes, mounted or not
 */
public record VfsState(List<Directory> directories, int nextIndex, Set<Integer> knownIndexes) {
    /** Copies the collections. */
    public VfsState {
        directories = List.copyOf(directories);
        knownIndexes = Set.copyOf(knownIndexes);
    }

    /** Makes a state of which the kernel knows nothing. */
    public VfsState(List<Directory> directories, int nextIndex) {
        this(directories, nextIndex, Set.of());
    }

    /**
     * A directory above mounts.
     *
     * @param ino    its number
     * @param parent number of the directory it is in
     * @param name   its name there
     */
    public record Directory(long ino, long parent, String name) {}
}
