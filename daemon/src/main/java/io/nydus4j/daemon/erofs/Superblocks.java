package io.nydus4j.daemon.erofs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * EROFS file systems that the kernel has in use, whether they can be seen somewhere or not, by the names that it gives them. The names
 * say nothing of what is mounted, so a set holds those that may be meant.
 */
final class Superblocks {
    private static final Path FOLDER = Path.of("/sys/fs/erofs");
    private static final String FEATURES = "features";

    private final Set<String> names;

    private Superblocks(Set<String> names) {
        this.names = names;
    }

    /** Returns all that are in use now; none where the kernel does not tell. */
    static Superblocks now() throws IOException {
        try (Stream<Path> entries = Files.list(FOLDER)) {
            return new Superblocks(entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> !name.equals(FEATURES))
                    .collect(Collectors.toSet()));
        } catch (NoSuchFileException e) {
            return new Superblocks(Set.of());
        }
    }

    /** Returns these but for some. */
    Superblocks without(Superblocks others) {
        Set<String> rest = new HashSet<>(names);
        rest.removeAll(others.names);
        return new Superblocks(rest);
    }

    /** Tells whether none of them is in use any more. */
    boolean areGone() throws IOException {
        return now().names.stream().noneMatch(names::contains);
    }
}
