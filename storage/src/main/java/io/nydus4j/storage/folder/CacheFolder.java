package io.nydus4j.storage.folder;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.storage.cache.ChunkMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Lists the blobs in the folder of a cache. Reads names, sizes and chunk maps; changes nothing. */
public final class CacheFolder {
    private static final int SECTOR = 512;
    private static final Pattern NAME =
            Pattern.compile("([^.].*?)\\.(blob\\.(data|raw|meta|digest|toc)|blob\\.(data|raw)"
                    + Pattern.quote(ChunkMap.SUFFIX)
                    + "|image\\.boot)");

    private CacheFolder() {}

    /**
     * Returns the blobs, by id. Files that are none of a cache's are left out, as are those of a blob that has no data file.
     *
     * @throws IOException if the folder cannot be read
     */
    public static List<CacheEntry> list(Path folder) throws IOException {
        Map<String, List<Path>> byBlob = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                Matcher matcher = NAME.matcher(String.valueOf(file.getFileName()));
                if (matcher.matches() && Files.isRegularFile(file)) {
                    byBlob.computeIfAbsent(matcher.group(1), _ -> new ArrayList<>())
                            .add(file);
                }
            }
        }
        List<CacheEntry> entries = new ArrayList<>();
        for (Map.Entry<String, List<Path>> blob : byBlob.entrySet()) {
            if (blob.getValue().stream().anyMatch(CacheFolder::isData)) {
                entries.add(entry(blob.getKey(), blob.getValue()));
            }
        }
        return entries;
    }

    private static boolean isData(Path file) {
        return file.toString().endsWith(".blob.data") || file.toString().endsWith(".blob.raw");
    }

    private static CacheEntry entry(String blobId, List<Path> files) throws IOException {
        long size = 0;
        long used = 0;
        Instant changed = Instant.EPOCH;
        OptionalInt chunks = OptionalInt.empty();
        boolean complete = false;
        String problem = "";
        for (Path file : files) {
            used += diskBytes(file);
            Instant time = Files.getLastModifiedTime(file).toInstant();
            changed = time.isAfter(changed) ? time : changed;
            if (isData(file)) {
                size = Math.max(size, Files.size(file));
            } else if (file.toString().endsWith(ChunkMap.SUFFIX)) {
                try {
                    ChunkMap.Snapshot map = ChunkMap.read(file);
                    chunks = OptionalInt.of(map.ready().cardinality());
                    complete = map.complete();
                } catch (RafsFormatException e) {
                    problem = String.valueOf(e.getMessage());
                }
            }
        }
        return new CacheEntry(blobId, files, size, used, chunks, complete, changed, problem);
    }

    private static long diskBytes(Path file) throws IOException {
        return PosixFiles.status(Descriptor.WORKING_DIRECTORY, NativePath.bytes(file))
                        .blocks()
                * SECTOR;
    }
}
