package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What is seen below a folder, written down by other programs so that two can be compared. */
public final class Listing {
    private static final int SHOWN = 5;

    private Listing() {}

    /** Returns names, types, modes, owners, times, sizes, link counts and targets; for directories not what their file system decides. */
    public static String attributes(Path root) throws IOException, InterruptedException {
        return Shell.out(
                root,
                "find . -mindepth 1 ! -type d -printf '%P\\t%y %m %n owner %U:%G %s mtime %T@ %l\\0' | sort -z | tr '\\0' '\\n'; "
                        + "find . -mindepth 1 -type d -printf '%P\\t%y %m owner %U:%G mtime %T@\\0' | sort -z | tr '\\0' '\\n'");
    }

    /** Returns the numbers of devices. */
    public static String devices(Path root) throws IOException, InterruptedException {
        return Shell.out(root, "find . \\( -type b -o -type c \\) -print0 | sort -z | xargs -0r stat -c '%n %t:%T'");
    }

    /** Returns the digests of all files. */
    public static String contents(Path root) throws IOException, InterruptedException {
        return Shell.out(root, "find . -type f -print0 | sort -z | xargs -0r sha256sum");
    }

    /** Returns all xattrs, those of a file sorted by name. */
    public static String xattrs(Path root) throws IOException, InterruptedException {
        String dump = Shell.out(
                root,
                "find . -mindepth 1 -print0 | sort -z | xargs -0r getfattr -h -d -m - -e hex --absolute-names 2>/dev/null; true");
        return Arrays.stream(dump.split("\n\n"))
                .map(file -> file.lines().sorted().collect(Collectors.joining("\n")))
                .collect(Collectors.joining("\n\n"));
    }

    /** Returns the groups of names that are one file. */
    public static String hardLinks(Path root) throws IOException, InterruptedException {
        String names = Shell.out(root, "find . -type f -links +1 -printf '%i\\t%P\\0' | sort -z | tr '\\0' '\\n'");
        return names
                .lines()
                .collect(Collectors.groupingBy(
                        line -> line.substring(0, line.indexOf('\t')),
                        Collectors.mapping(line -> line.substring(line.indexOf('\t')), Collectors.joining(","))))
                .values()
                .stream()
                .sorted()
                .collect(Collectors.joining("\n"));
    }

    /** Compares two listings and shows a few lines that only one has. */
    public static void assertSame(String seen, String expected) {
        List<String> missing = expected.lines().collect(Collectors.toCollection(ArrayList::new));
        List<String> extra = new ArrayList<>();
        Set<String> known = Set.copyOf(missing);
        Set<String> found = seen.lines().collect(Collectors.toSet());
        seen.lines().filter(line -> !known.contains(line)).forEach(extra::add);
        missing.removeIf(found::contains);
        assertThat(extra.stream().limit(SHOWN))
                .as("lines that should not be there")
                .isEmpty();
        assertThat(missing.stream().limit(SHOWN)).as("lines that are missing").isEmpty();
        assertThat(seen.length()).isEqualTo(expected.length());
    }
}
