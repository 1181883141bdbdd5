package io.nydus4j.storage.backend;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.config.LocalDiskSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Blobs in the partitions of a disk, or of the image of one.
 *
 * <p>A partition's blob id is its name and its own id as 32 hex digits; where its type is Microsoft's basic data, the name alone, which
 * cannot hold more than 36 characters of an id and so stands for all ids that begin with its first 32. Mirrors {@code LocalDisk} of
 * the reference.
 */
final class LocalDiskBackend implements BlobBackend {
    private static final int LEGACY_NAME = 32;

    private final LocalDiskSettings settings;
    private final BackendCounters counters;
    private final LocalFile disk;
    private final Map<String, PositionalSource> blobs = new HashMap<>();
    private boolean legacy;

    private LocalDiskBackend(LocalDiskSettings settings, BackendCounters counters, LocalFile disk) {
        this.settings = settings;
        this.counters = counters;
        this.disk = disk;
    }

    /**
     * Opens a disk and reads its table.
     *
     * @throws IOException if either cannot be done
     */
    static LocalDiskBackend open(LocalDiskSettings settings, BackendCounters counters) throws IOException {
        LocalFile disk = LocalFile.open(Path.of(settings.devicePath()), "localdisk " + settings.devicePath(), "");
        LocalDiskBackend backend = new LocalDiskBackend(settings, counters, disk);
        try {
            if (!settings.disableGpt()) {
                backend.readTable();
            }
            return backend;
        } catch (IOException e) {
            disk.close();
            throw e;
        }
    }

    private void readTable() throws IOException {
        for (GuidPartitions.Partition partition : GuidPartitions.read(disk)) {
            boolean named = partition.type().equals(GuidPartitions.MICROSOFT_BASIC_DATA);
            String id = named
                    ? partition.name()
                    : partition.name() + partition.id().toString().replace("-", "");
            legacy |= named;
            if (id.isEmpty()) {
                throw new IOException("a partition has no name");
            }
            Section section = new Section(disk, partition.offset(), partition.size());
            if (blobs.put(id, new CountedSource(section, counters)) != null) {
                throw new IOException("there are two partitions for blob " + id);
            }
        }
    }

    /** A part of another source. */
    private record Section(PositionalSource whole, long offset, long size) implements PositionalSource {
        @Override
        public int readAt(long position, ByteBuffer target) throws IOException {
            int room = Math.clamp(size - position, 0, target.remaining());
            ByteBuffer part = target.slice(target.position(), room);
            int read = room == 0 ? 0 : whole.readAt(offset + position, part);
            target.position(target.position() + read);
            return read;
        }
    }

    @Override
    public String description() {
        return "localdisk " + settings.devicePath();
    }

    @Override
    public PositionalSource open(String blobId) throws BackendException {
        PositionalSource blob = blobs.get(blobId);
        if (blob == null && legacy && blobId.length() > LEGACY_NAME) {
            blob = blobs.get(blobId.substring(0, LEGACY_NAME));
        }
        if (blob == null) {
            throw new BackendException(description(), "blob " + blobId, "there is no such partition", false);
        }
        return blob;
    }

    @Override
    public void close() {
        disk.close();
    }
}
