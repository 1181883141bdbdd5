package io.nydus4j.cli.nydus;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;

/** Compares two directory trees file by file: type, content, mode, owner, time, size, links. */
final class TreeComparison extends SimpleFileVisitor<Path> {
    private static final String[] ATTRIBUTES = {"mode", "uid", "gid", "size", "rdev", "lastModifiedTime"};

    private final Path expected;
    private final Path found;
    /** First names of files, by what tells files of one tree apart. */
    private final Map<Object, Path> expectedNames = new HashMap<>();

    private final Map<Object, Path> foundNames = new HashMap<>();
    private long files;
    private long bytes;

    private TreeComparison(Path expected, Path found) {
        this.expected = expected;
        this.found = found;
    }

    /**
     * Compares.
     *
     * @return how many files there are
     * @throws IOException if a file differs, the message says which and how; or one cannot be read
     */
    static TreeComparison compare(Path expected, Path found) throws IOException {
        TreeComparison comparison = new TreeComparison(expected, found);
        Files.walkFileTree(expected, comparison);
        return comparison;
    }

    /** Returns the number of files compared. */
    long files() {
        return files;
    }

    /** Returns the bytes compared. */
    long bytes() {
        return bytes;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
        compareAttributes(directory);
        if (!names(directory).equals(names(counterpart(directory)))) {
            throw different(directory, "names");
        }
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
        compareAttributes(file);
        compareLinks(file);
        files++;
        if (attributes.isSymbolicLink()) {
            if (!Files.readSymbolicLink(file).equals(Files.readSymbolicLink(counterpart(file)))) {
                throw different(file, "link target");
            }
        } else if (attributes.isRegularFile()) {
            if (Files.mismatch(file, counterpart(file)) >= 0) {
                throw different(file, "content");
            }
            bytes += attributes.size();
        }
        return FileVisitResult.CONTINUE;
    }

    private void compareAttributes(Path path) throws IOException {
        Map<String, Object> left = attributes(path);
        Map<String, Object> right = attributes(counterpart(path));
        boolean directory = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
        for (String name : ATTRIBUTES) {
            // File systems differ in the size of a directory; an image has no time for its root.
            boolean skipped =
                    directory && name.equals("size") || path.equals(expected) && name.equals("lastModifiedTime");
            if (!skipped && !Objects.equals(left.get(name), right.get(name))) {
                throw different(path, name + " " + left.get(name) + ", found " + right.get(name));
            }
        }
    }

    /** Compares which names are one file; a source may have further names elsewhere, so their number tells nothing. */
    private void compareLinks(Path file) throws IOException {
        Path left = firstName(expectedNames, file, file);
        Path right = firstName(foundNames, counterpart(file), file);
        if (!left.equals(right)) {
            throw different(file, "a hard link of " + left + ", found one of " + right);
        }
    }

    private static Path firstName(Map<Object, Path> names, Path file, Path name) throws IOException {
        Path known = names.putIfAbsent(Files.getAttribute(file, "unix:ino", LinkOption.NOFOLLOW_LINKS), name);
        return known == null ? name : known;
    }

    private static Map<String, Object> attributes(Path path) throws IOException {
        return Files.readAttributes(path, "unix:" + String.join(",", ATTRIBUTES), LinkOption.NOFOLLOW_LINKS);
    }

    private static TreeSet<String> names(Path directory) throws IOException {
        TreeSet<String> names = new TreeSet<>();
        try (var children = Files.newDirectoryStream(directory)) {
            children.forEach(child -> names.add(String.valueOf(child.getFileName())));
        }
        return names;
    }

    private Path counterpart(Path path) {
        return found.resolve(expected.relativize(path));
    }

    private static IOException different(Path path, String how) {
        return new IOException(path + " differs from its copy in the image: " + how);
    }
}
