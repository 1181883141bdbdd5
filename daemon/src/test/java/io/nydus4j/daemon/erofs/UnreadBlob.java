package io.nydus4j.daemon.erofs;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.storage.DataOrigin;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/** A blob of which nothing is ready, and that a test says more of. */
abstract class UnreadBlob implements LazyBlob {
    @Override
    public BlobInfo info() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isReady(long offset, long length) {
        return false;
    }

    @Override
    public Pin ensure(long offset, long length) throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public DataOrigin read(long offset, ByteBuffer target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<MemorySegment> mapping() {
        return Optional.empty();
    }

    @Override
    public Optional<Path> file() {
        return Optional.empty();
    }

    @Override
    public boolean isComplete() {
        return false;
    }

    @Override
    public void close() {}
}
