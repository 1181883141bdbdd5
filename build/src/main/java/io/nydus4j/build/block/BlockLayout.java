package io.nydus4j.build.block;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.RafsVersion;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Where the parts of an image lie on its block device: the bootstrap at the start, each data blob's uncompressed address space at the
 * block that the bootstrap's device table says, zeros elsewhere.
 *
 * @param blockSize  bytes of a block: 4096, or 512 for an image of tar files
 * @param metaBlocks blocks of the bootstrap
 * @param extents    the blobs in the order of their places
 * @param blocks     blocks of the device
 */
public record BlockLayout(int blockSize, long metaBlocks, List<Extent> extents, long blocks) {
    private static final int SMALL_BLOCK = 512;
    private static final int BLOCK = 4096;
    private static final long MOST_BLOCKS = 0xFFFF_FFFFL;

    /**
     * A data blob on the device.
     *
     * @param blobIndex  index in the blob table
     * @param firstBlock where it starts, in blocks
     * @param blocks     its length in blocks
     */
    public record Extent(int blobIndex, long firstBlock, long blocks) {
        long end() {
            return firstBlock + blocks;
        }
    }

    /**
     * Lays out an image.
     *
     * @throws RafsFormatException if it is no v6 image, or its device table makes no sense
     */
    public static BlockLayout of(Bootstrap image) throws RafsFormatException {
        if (image.superblock().version() != RafsVersion.V6) {
            throw new RafsFormatException("superblock", 0, "expected RAFS v6: v5 images cannot be block devices");
        }
        boolean tarfs = image.superblock().tarfs();
        int blockSize = tarfs ? SMALL_BLOCK : BLOCK;
        long metaBlocks = Math.ceilDiv(image.byteSize(), BLOCK) * (BLOCK / blockSize);
        List<Extent> extents = new ArrayList<>();
        for (BlobInfo blob : image.blobs()) {
            if (blob.features().has(BlobFeatures.TARFS) != tarfs) {
                throw broken(blob, "expected " + (tarfs ? "a tar file" : "no tar file") + " as the superblock says");
            }
            long first = image.mappedBlockAddress(blob.index());
            if (first == 0) {
                throw broken(blob, "has no place on a block device");
            }
            extents.add(new Extent(blob.index(), first, blob.deviceBlocks(blockSize, tarfs)));
        }
        extents.sort(Comparator.comparingLong(Extent::firstBlock));
        long end = metaBlocks;
        for (Extent extent : extents) {
            BlobInfo blob = image.blobs().get(extent.blobIndex);
            if (extent.firstBlock < end) {
                throw broken(blob, "starts at block " + extent.firstBlock + ", which is taken up to " + end);
            }
            if (extent.end() > MOST_BLOCKS) {
                throw broken(blob, "ends at block " + extent.end() + ", past the last possible one");
            }
            end = extent.end();
        }
        return new BlockLayout(blockSize, metaBlocks, List.copyOf(extents), end);
    }

    private static RafsFormatException broken(BlobInfo blob, String problem) {
        return new RafsFormatException("blob " + blob.index() + " (" + blob.effectiveId() + ")", -1, problem);
    }

    /** Returns the size of the device in bytes. */
    public long byteSize() {
        return blocks * blockSize;
    }
}
