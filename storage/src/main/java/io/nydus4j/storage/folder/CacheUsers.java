package io.nydus4j.storage.folder;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** Finds out which files of a folder some process has mapped or open. Sees what {@code /proc} shows: all if the user is root. */
final class CacheUsers {
    private static final Path PROC = Path.of("/proc");

    private CacheUsers() {}

    /** Returns the files of a folder that are in use. */
    static Set<Path> filesInUse(Path folder) throws IOException {
        Path real = folder.toRealPath();
        Set<Path> used = new HashSet<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                addMapped(process.resolve("maps"), real, used);
                addOpen(process.resolve("fd"), real, used);
            }
        }
        return used;
    }

    private static void addMapped(Path maps, Path folder, Set<Path> used) {
        String prefix = folder + "/";
        try {
            for (String line : Files.readAllLines(maps, StandardCharsets.ISO_8859_1)) {
                int start = line.indexOf('/');
                if (start >= 0 && line.startsWith(prefix, start)) {
                    used.add(Path.of(line.substring(start)));
                }
            }
        } catch (IOException e) {
            // The process has ended, or is another user's.
        }
    }

    private static void addOpen(Path descriptors, Path folder, Set<Path> used) {
        try (DirectoryStream<Path> links = Files.newDirectoryStream(descriptors)) {
            for (Path link : links) {
                Path target = Files.readSymbolicLink(link);
                if (folder.equals(target.getParent())) {
                    used.add(target);
                }
            }
        } catch (IOException e) {
            // The process or its descriptor is gone, or is another user's.
        }
    }
}
