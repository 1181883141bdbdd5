package io.nydus4j.build.tar;

import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Ends a decompression bomb with an error. Not safe for use by several threads. */
final class BoundedInput implements ArchiveInput {
    private final ArchiveInput plain;
    private final StoredInput stored;
    private final ArchiveLimits limits;

    /** Takes over {@code plain}, which reads {@code stored} or is the same. */
    BoundedInput(ArchiveInput plain, StoredInput stored, ArchiveLimits limits) {
        this.plain = plain;
        this.stored = stored;
        this.limits = limits;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        int count = plain.read(target);
        long position = plain.position();
        if (position > limits.plainBytes()) {
            throw new RafsFormatException(
                    "archive", -1, "has more than " + limits.plainBytes() + " plain bytes, which is the limit");
        }
        if (position > limits.freeBytes() && position / limits.ratio() > stored.position()) {
            throw new RafsFormatException(
                    "archive",
                    -1,
                    "%d compressed bytes became %d, more than the limit of %d for each"
                            .formatted(stored.position(), position, limits.ratio()));
        }
        return count;
    }

    @Override
    public long position() {
        return plain.position();
    }

    @Override
    public void close() throws IOException {
        plain.close();
    }
}
