package io.nydus4j.storage.budget;

import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.PosixFiles;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** The blobs in the folder of a cache that no blob of this process uses, and what lies beside the data. For one thread at a time. */
final class IdleBlobs {
    private static final Logger LOGGER = System.getLogger(IdleBlobs.class.getName());
    private static final int SECTOR = 512;
    private static final long BLOCK = 4096;
    private static final String MAP = ".chunk_map";
    private static final List<String> DATA = List.of(".blob.data", ".blob.raw");
    /** What goes with a blob, in the order in which it goes: first what says that data is there. */
    private static final List<String> SUFFIXES = List.of(
            ".blob.data.chunk_map",
            ".blob.raw.chunk_map",
            ".blob.data",
            ".blob.raw",
            ".blob.meta",
            ".blob.digest",
            ".blob.toc");

    private final Path folder;
    private final Map<Path, Blob> blobs = new HashMap<>();
    private final Set<Path> open = new HashSet<>();
    /** What takes room beside data, in bytes. */
    private long beside;

    private record Blob(long usedBytes, long seconds) {}

    IdleBlobs(Path folder) throws IOException {
        this.folder = folder;
        for (Path file : files()) {
            if (isData(file)) {
                FileStatus status = status(file);
                blobs.put(file, new Blob(status.blocks() * SECTOR, status.mtimeSeconds()));
            }
        }
        measureBeside();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    private static boolean isData(Path file) {
        return DATA.stream().anyMatch(file.toString()::endsWith);
    }

    private static FileStatus status(Path file) throws IOException {
        return PosixFiles.status(Descriptor.WORKING_DIRECTORY, NativePath.bytes(file));
    }

    private void measureBeside() throws IOException {
        long sum = 0;
        for (Path file : files()) {
            if (!isData(file)) {
                FileStatus status = status(file);
                // Chunk maps are sparse at first, but fill in time.
                sum += Math.max(status.blocks() * SECTOR, status.size() + BLOCK - 1 & -BLOCK);
            }
        }
        beside = sum;
    }

    /** Looks anew at what lies beside the data. */
    void measureBesideOrKeep() {
        try {
            measureBeside();
        } catch (IOException e) {
            // A file went away meanwhile; the next time tells.
            LOGGER.log(Level.DEBUG, "Cannot tell what lies in " + folder, e);
        }
    }

    /**
     * Removes a data file that is sealed, and what says which data it holds: whoever reads it still has it, and it makes room for one that
     * data may be taken out of.
     */
    void removeIfSealed(Path file) throws IOException {
        if (Files.exists(file) && BudgetedFile.isSealed(status(file))) {
            Files.deleteIfExists(Path.of(file + MAP));
            Files.delete(file);
        }
    }

    /** Notes that a data file is in use. */
    void opened(Path file) {
        blobs.remove(file);
        open.add(file);
    }

    /** Notes that a data file is not in use any more. */
    void closed(Path file, long usedBytes) {
        open.remove(file);
        blobs.put(file, new Blob(usedBytes, System.currentTimeMillis() / 1000));
        measureBesideOrKeep();
    }

    long usedBytes() {
        return beside + blobs.values().stream().mapToLong(Blob::usedBytes).sum();
    }

    boolean isEmpty() {
        return blobs.isEmpty();
    }

    /** Removes the files of the blob that was used longest ago; returns the bytes of its data. */
    long removeOldest() {
        Path oldest = blobs.entrySet().stream()
                .min(Comparator.comparingLong(entry -> entry.getValue().seconds()))
                .orElseThrow()
                .getKey();
        Blob blob = blobs.remove(oldest);
        String name = oldest.getFileName().toString();
        String id = name.substring(0, name.lastIndexOf(".blob."));
        List<Path> gone = new ArrayList<>();
        for (String suffix : SUFFIXES) {
            Path file = folder.resolve(id + suffix);
            // The same blob may be in use in the other form, which needs the files beside the data, too.
            boolean used =
                    open.contains(folder.resolve(id + DATA.get(0))) || open.contains(folder.resolve(id + DATA.get(1)));
            if (!used || file.equals(oldest)) {
                gone.add(file);
            }
        }
        try {
            for (Path file : gone) {
                Files.deleteIfExists(file);
                blobs.remove(file);
            }
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "Cannot remove what a cache holds of an idle blob: " + e);
        }
        measureBesideOrKeep();
        return blob == null ? 0 : blob.usedBytes();
    }
}
