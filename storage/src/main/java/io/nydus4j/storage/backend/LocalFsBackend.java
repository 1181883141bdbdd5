package io.nydus4j.storage.backend;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.config.LocalFsSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Blobs in files of a folder, named by their ids, or one blob in one file.
 *
 * <p>A blob is looked for in the folder, then in each alternative, in order; the first file of its name that is not empty counts, else
 * the first empty one. Each is opened once and kept open, so it stays readable when its name goes.
 */
public final class LocalFsBackend implements BlobBackend {
    private final LocalFsSettings settings;
    private final BackendCounters counters;
    /** Guards {@code opened} and {@code closed}; held while a file is opened. */
    private final Object lock = new Object();

    private final Map<String, LocalFile> opened = new HashMap<>();
    private boolean closed;

    /**
     * Makes a backend; looks for nothing yet.
     *
     * @param settings where blobs are
     * @param counters counts what is read
     */
    public LocalFsBackend(LocalFsSettings settings, BackendCounters counters) {
        this.settings = settings;
        this.counters = counters;
    }

    @Override
    public String description() {
        return "localfs " + (settings.blobFile().isEmpty() ? settings.directory() : settings.blobFile());
    }

    @Override
    public PositionalSource open(String blobId) throws BackendException {
        synchronized (lock) {
            if (closed) {
                throw failure(blobId, "the backend is closed");
            }
            LocalFile file = opened.get(blobId);
            if (file == null) {
                Path path = find(blobId);
                try {
                    file = LocalFile.open(path, description(), blobId);
                } catch (IOException e) {
                    throw (BackendException) failure(blobId, "cannot open " + path + ": " + e.getMessage())
                            .initCause(e);
                }
                opened.put(blobId, file);
            }
            return new CountedSource(file, counters);
        }
    }

    /**
     * Returns the file that holds a blob.
     *
     * @throws BackendException if there is none
     */
    public Path find(String blobId) throws BackendException {
        try {
            if (!settings.blobFile().isEmpty()) {
                Path file = NativePath.path(settings.blobFile());
                if (Files.isRegularFile(file)) {
                    return file;
                }
                throw failure(blobId, "there is no file " + file);
            }
            if (blobId.isEmpty() || blobId.indexOf('/') >= 0 || blobId.equals(".") || blobId.equals("..")) {
                throw failure(blobId, "this cannot be the name of a file");
            }
            Path empty = null;
            for (Path file : candidates(blobId)) {
                if (!Files.isRegularFile(file)) {
                    continue;
                }
                if (file.toFile().length() > 0) {
                    return file;
                }
                empty = empty == null ? file : empty;
            }
            if (empty != null) {
                return empty;
            }
        } catch (InvalidPathException e) {
            throw failure(blobId, "invalid file path: " + e.getReason());
        }
        String others = settings.alternateDirectories().isEmpty()
                ? ""
                : ", nor in " + String.join(", ", settings.alternateDirectories());
        throw failure(blobId, "there is no such file in " + settings.directory() + others);
    }

    private List<Path> candidates(String blobId) {
        List<Path> files = new ArrayList<>();
        files.add(NativePath.path(settings.directory()).resolve(blobId));
        for (String directory : settings.alternateDirectories()) {
            files.add(NativePath.path(directory).resolve(blobId));
        }
        return files;
    }

    private BackendException failure(String blobId, String problem) {
        return new BackendException(description(), "blob " + blobId, problem, false);
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            opened.values().forEach(LocalFile::close);
            opened.clear();
        }
    }
}
