package io.nydus4j.rafs.v6;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.rafs.BootstrapPlan;
import io.nydus4j.rafs.tree.TwoAtATime;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A v6 bootstrap laid out: writes the tables, and has the inodes written by {@link V6Content}. */
final class V6Plan implements BootstrapPlan {
    private final long size;
    private final V6Superblock superblock;
    private final V6ExtendedSuperblock extended;
    private final List<V6Device> devices;
    private final List<BlobInfo> blobs;
    private final int[] prefetch;
    private final V6Content content;
    private final V6ChunkRecords chunks;

    V6Plan(
            long size,
            V6Superblock superblock,
            V6ExtendedSuperblock extended,
            List<V6Device> devices,
            List<BlobInfo> blobs,
            int[] prefetch,
            V6Content content,
            V6ChunkRecords chunks) {
        this.size = size;
        this.superblock = superblock;
        this.extended = extended;
        this.devices = devices;
        this.blobs = blobs;
        this.prefetch = prefetch;
        this.content = content;
        this.chunks = chunks;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void write(MemorySegment target) {
        if (target.byteSize() != size) {
            throw new IllegalArgumentException("expected " + size + " bytes of memory, found " + target.byteSize());
        }
        superblock.write(target);
        extended.write(target);
        for (int i = 0; i < blobs.size(); i++) {
            devices.get(i).write(target, V6Device.TABLE_OFFSET + (long) i * V6Device.SIZE);
            V6BlobEntry.write(blobs.get(i), target, extended.blobTableOffset() + (long) i * V6BlobEntry.SIZE);
        }
        for (int i = 0; i < prefetch.length; i++) {
            V6Constants.put32(target, extended.prefetchTableOffset() + (long) i * Integer.BYTES, prefetch[i]);
        }
        TwoAtATime.run(() -> content.write(target), () -> chunks.write(target, extended.chunkTableOffset()));
    }
}
