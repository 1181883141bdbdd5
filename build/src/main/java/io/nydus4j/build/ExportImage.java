package io.nydus4j.build;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.build.block.BlockCopy;
import io.nydus4j.build.block.BlockLayout;
import io.nydus4j.build.block.VerityTree;
import io.nydus4j.build.write.OutputFile;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.v6.V6Bootstrap;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Turns an image of v6 into one file that the kernel mounts as EROFS: {@code nydus-image export --block}.
 *
 * <p>Every chunk is verified. Nothing half-written stays behind, unless the output is a block device.
 */
public final class ExportImage {
    private final ExportOptions options;
    private final ProgressListener listener;

    /**
     * Prepares an export; nothing is read yet.
     *
     * @param options  what to export
     * @param listener hears how far the work is
     */
    public ExportImage(ExportOptions options, ProgressListener listener) {
        this.options = options;
        this.listener = listener;
    }

    /**
     * Exports the image. May block on the network.
     *
     * @throws IOException if the image is broken or of v5, a blob cannot be read, or the output cannot be written
     */
    public ExportResult run() throws IOException {
        try (Arena arena = Arena.ofShared();
                Rafs image = ImageLoading.load(options.bootstrap(), options.blobs(), LoadOptions.DEFAULT)) {
            BlockLayout layout = BlockLayout.of(image);
            if (!(image.current() instanceof V6Bootstrap bootstrap)) {
                throw new RafsFormatException("superblock", 0, "expected RAFS v6");
            }
            try (BlobDevice data = BlobDevice.open(image, options.blobs());
                    OutputFile output = OutputFile.at(options.output())) {
                if (layout.byteSize() > 0) { // the end of the last blob may be a hole
                    output.writeAt(layout.byteSize() - 1, ByteBuffer.allocate(1));
                }
                BlockCopy copy = newCopy(layout, bootstrap, data, output, arena);
                copy.run(options.threads());
                ExportResult result = options.verity()
                        ? writeTree(layout, copy.digests(), output, arena)
                        : new ExportResult(layout.blockSize(), layout.blocks(), 0, Optional.empty());
                output.sync();
                output.commit();
                return result;
            }
        }
    }

    private BlockCopy newCopy(
            BlockLayout layout, V6Bootstrap bootstrap, BlobDevice data, OutputFile output, Arena arena)
            throws IOException {
        long[] total = new long[1];
        BlockCopy copy = new BlockCopy(
                layout,
                bootstrap.file(),
                data,
                output,
                options.verity(),
                arena,
                bytes -> listener.progress(Step.EXPORT, bytes, total[0]));
        total[0] = copy.bytesToCopy();
        return copy;
    }

    private ExportResult writeTree(BlockLayout layout, MemorySegment digests, OutputFile output, Arena arena)
            throws IOException {
        VerityTree tree = VerityTree.build(digests, options.referenceTree(), arena);
        long hashOffset = Math.ceilDiv(layout.byteSize(), VerityTree.PAGE) * VerityTree.PAGE;
        long at = hashOffset;
        for (MemorySegment level : tree.levels()) {
            output.writeAt(at, level.asByteBuffer());
            at += level.byteSize();
        }
        if (at == hashOffset && at > layout.byteSize()) {
            output.writeAt(at - 1, ByteBuffer.allocate(1));
        }
        return new ExportResult(layout.blockSize(), layout.blocks(), hashOffset, Optional.of(tree.root()));
    }
}
