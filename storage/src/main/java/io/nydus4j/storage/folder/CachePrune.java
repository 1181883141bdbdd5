package io.nydus4j.storage.folder;

import io.nydus4j.storage.budget.FolderClaim;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Removes blobs from the folder of a cache, those that were not written to for longest first, never one that a process uses. */
public final class CachePrune {
    private CachePrune() {}

    /**
     * Chooses what can go.
     *
     * @param folder     folder of the cache
     * @param before     takes blobs that were last written to before that
     * @param keepBytes  takes blobs until no more than that is left on the disk; blobs in use count
     * @return the blobs, the oldest first
     * @throws IOException if the folder cannot be read
     */
    public static List<CacheEntry> choose(Path folder, Optional<Instant> before, OptionalLong keepBytes)
            throws IOException {
        List<CacheEntry> entries = new ArrayList<>(CacheFolder.list(folder));
        entries.sort(Comparator.comparing(CacheEntry::changed));
        Set<Path> used = CacheUsers.filesInUse(folder);
        long left = entries.stream().mapToLong(CacheEntry::usedBytes).sum();
        List<CacheEntry> chosen = new ArrayList<>();
        for (CacheEntry entry : entries) {
            boolean old = before.isPresent() && entry.changed().isBefore(before.get());
            boolean tooMuch = keepBytes.isPresent() && left > keepBytes.getAsLong();
            if ((old || tooMuch) && !isUsed(entry, used)) {
                chosen.add(entry);
                left -= entry.usedBytes();
            }
        }
        return chosen;
    }

    private static boolean isUsed(CacheEntry entry, Set<Path> used) throws IOException {
        for (Path file : entry.files()) {
            if (used.contains(file.toRealPath())) {
                return true;
            }
        }
        return false;
    }

    /**
     * Removes a blob: its chunk map first, so that no half of it can be taken for the whole.
     *
     * @throws IOException if a file cannot be removed
     */
    public static void remove(CacheEntry entry) throws IOException {
        List<Path> files = new ArrayList<>(entry.files());
        files.sort(Comparator.comparing((Path file) -> !file.toString().endsWith(".chunk_map")));
        try (FolderClaim _ = FolderClaim.asGuest(files.getFirst().resolveSibling("."), 0)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
    }
}
