package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The cache files that the kernel reads. Safe for use by several threads. */
final class MarkedFiles {
    private final PreContentGroup group;
    /** Guarded by this. */
    private final Map<FileId, MarkedFile> files = new HashMap<>();

    MarkedFiles(PreContentGroup group) {
        this.group = group;
    }

    /**
     * Has the kernel ask before it reads the file of a blob, if it opens it later; a complete one needs no asking.
     *
     * @param openedMarked whether the blob may have opened the file when it was marked already
     * @return which file it is
     * @throws IOException if there is no file, or it cannot be marked
     */
    FileId add(LazyBlob blob, ReadObserver observer, boolean openedMarked) throws IOException {
        Path path = blob.file()
                .orElseThrow(() -> new IOException(
                        "blob " + blob.info().effectiveId() + " has no file that the kernel could read"));
        Descriptor descriptor = PosixFiles.open(
                Descriptor.WORKING_DIRECTORY, NativePath.bytes(path), OpenFlags.READ_ONLY | OpenFlags.CLOSE_ON_EXEC, 0);
        boolean taken = false;
        try {
            FileId id = FileId.of(descriptor.status());
            synchronized (this) {
                MarkedFile known = files.get(id);
                if (known == null) {
                    MarkedFile file = new MarkedFile(group, descriptor, openedMarked);
                    file.add(new MarkedFile.Member(blob, observer));
                    files.put(id, file);
                    taken = true;
                } else {
                    known.add(new MarkedFile.Member(blob, observer));
                }
            }
            return id;
        } finally {
            if (!taken) {
                descriptor.close();
            }
        }
    }

    /** Returns a file that takes part. */
    synchronized @Nullable MarkedFile find(FileId id) {
        return files.get(id);
    }

    /** Returns the file of a blob that was added. */
    synchronized Optional<MarkedFile> of(LazyBlob blob) {
        return files.values().stream().filter(file -> file.isOf(blob)).findFirst();
    }

    /** Returns all files. */
    synchronized List<MarkedFile> all() {
        return new ArrayList<>(files.values());
    }

    /** Lets go of a blob; returns its file if that takes part no more. */
    Optional<FileId> remove(LazyBlob blob) {
        return takeOut(blob, MarkedFile::end);
    }

    /** Lets go of a blob; the kernel goes on asking whoever has the group. */
    void leave(LazyBlob blob) {
        takeOut(blob, MarkedFile::close);
    }

    private synchronized Optional<FileId> takeOut(LazyBlob blob, Consumer<MarkedFile> over) {
        for (Map.Entry<FileId, MarkedFile> entry : files.entrySet()) {
            if (entry.getValue().isOf(blob)) {
                FileId id = entry.getKey();
                if (!entry.getValue().remove(blob)) {
                    return Optional.empty();
                }
                over.accept(entry.getValue());
                files.remove(id);
                return Optional.of(id);
            }
        }
        return Optional.empty();
    }

    /** Looks which files the kernel must still ask about. */
    synchronized void look() {
        files.values().forEach(MarkedFile::look);
    }

    /** Closes all; the kernel goes on asking whoever has the group. */
    synchronized void close() {
        files.values().forEach(MarkedFile::close);
        files.clear();
    }
}
