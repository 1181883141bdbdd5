package io.nydus4j.build;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.linux.file.ZeroMemory;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.BootstrapPlan;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.v5.V5BootstrapWriter;
import io.nydus4j.rafs.v6.V6BootstrapWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Makes bootstraps of either version. */
final class BootstrapWriters {
    private BootstrapWriters() {}

    /**
     * Returns the bytes of a bootstrap.
     *
     * @param arena         owns them
     * @param prefetchNodes what the prefetch table lists
     * @throws IOException if the format cannot hold the image
     */
    static MemorySegment write(
            Arena arena,
            RafsVersion version,
            ImageTree tree,
            List<BlobInfo> blobs,
            List<Node> prefetchNodes,
            BootstrapOptions options)
            throws IOException {
        try {
            BootstrapPlan plan = switch (version) {
                case V5 -> V5BootstrapWriter.plan(tree, blobs, prefetchNodes, options);
                case V6 -> V6BootstrapWriter.plan(tree, blobs, prefetchNodes, options);
            };
            MemorySegment bootstrap = ZeroMemory.allocate(arena, plan.size());
            plan.write(bootstrap);
            return bootstrap;
        } catch (IllegalArgumentException e) {
            throw new IOException("the image does not fit its format: " + e.getMessage(), e);
        }
    }
}
