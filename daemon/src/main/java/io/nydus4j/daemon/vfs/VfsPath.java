package io.nydus4j.daemon.vfs;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An absolute path in the daemon's name space, resolved: {@code .} and empty names lead nowhere, {@code ..} leads to the parent, that of
 * the root to the root. Equal paths lead to the same place.
 *
 * @param names from the root downwards; empty for the root
 */
public record VfsPath(List<String> names) {
    /** Copies the list. */
    public VfsPath {
        names = List.copyOf(names);
    }

    /** Resolves a text; empty if it is not absolute. */
    public static Optional<VfsPath> of(String text) {
        if (!text.startsWith("/")) {
            return Optional.empty();
        }
        List<String> names = new ArrayList<>();
        for (String name : text.split("/", -1)) {
            switch (name) {
                case "", "." -> {}
                case ".." -> {
                    if (!names.isEmpty()) {
                        names.removeLast();
                    }
                }
                default -> names.add(name);
            }
        }
        return Optional.of(new VfsPath(names));
    }

    /** Tells whether this is the root. */
    public boolean isRoot() {
        return names.isEmpty();
    }

    @Override
    public String toString() {
        return "/" + String.join("/", names);
    }
}
