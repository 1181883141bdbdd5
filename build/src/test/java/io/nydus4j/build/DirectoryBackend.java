package io.nydus4j.build;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Blobs as files of a directory. */
final class DirectoryBackend implements BlobBackend {
    private final Path directory;
    private final List<FileChannel> channels = new CopyOnWriteArrayList<>();

    DirectoryBackend(Path directory) {
        this.directory = directory;
    }

    @Override
    public String description() {
        return "test " + directory;
    }

    @Override
    public PositionalSource open(String blobId) throws BackendException {
        try {
            FileChannel channel = FileChannel.open(directory.resolve(blobId));
            channels.add(channel);
            return PositionalSource.of(channel);
        } catch (IOException e) {
            throw new BackendException(description(), "blob " + blobId, e.toString(), false);
        }
    }

    @Override
    public void close() {
        for (FileChannel channel : channels) {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
