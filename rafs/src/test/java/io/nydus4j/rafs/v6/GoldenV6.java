package io.nydus4j.rafs.v6;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.BootstrapPlan;
import io.nydus4j.rafs.SuperblockFlags;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.TreeLoader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The reference's v6 images, and how to write one anew. */
final class GoldenV6 {
    static final List<String> NAMES = List.of(
            "dict-hit-v6",
            "dict-v6",
            "merge-v6",
            "plain-v6",
            "several-xattrs-v6",
            "tar-v6-zstd",
            "targz-ref",
            "targz-v6-zstd",
            "upper-v6",
            "v6-batch",
            "v6-encrypt",
            "v6-inline",
            "v6-lz4-4k",
            "v6-none-4k",
            "v6-overlayfs-whiteouts",
            "v6-prefetch-fs",
            "v6-repeatable",
            "v6-sha256",
            "v6-toc",
            "v6-zstd-1m",
            "v6-zstd-4k");

    private GoldenV6() {}

    static byte[] bytes(String name) throws IOException {
        return Files.readAllBytes(GoldenImage.bootstrap(name));
    }

    static V6Bootstrap open(String name) throws IOException {
        String file = GoldenImage.bootstrap(name).getFileName().toString();
        return open(bytes(name)).withPathId(file.replaceAll("\\..*", ""));
    }

    static V6Bootstrap open(byte[] bytes) throws IOException {
        return V6Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
    }

    /** Returns the options that lead to an image like {@code image}. */
    static BootstrapOptions options(Bootstrap image) {
        SuperblockFlags flags = image.superblock().flags();
        return new BootstrapOptions(
                image.superblock().chunkSize(),
                flags.compression(),
                flags.digestAlgorithm(),
                flags.cipher(),
                image.superblock().explicitUidGid(),
                image.superblock().hasXattrs(),
                image.superblock().tarfs());
    }

    /** Writes a tree with the blobs, the prefetch table and the options of {@code image}, which it was loaded from. */
    static byte[] rewrite(Bootstrap image, ImageTree tree) throws IOException {
        tree.number();
        Map<Long, Node> firsts = new HashMap<>();
        tree.nodes().forEach(node -> firsts.putIfAbsent(node.sourceId().inode(), node));
        List<Node> prefetch = image.prefetchTable().stream()
                .map(nid -> Objects.requireNonNull(firsts.get(nid)))
                .toList();
        return write(V6BootstrapWriter.plan(tree, image.blobs(), prefetch, options(image)));
    }

    static byte[] rewrite(Bootstrap image) throws IOException {
        return rewrite(image, TreeLoader.load(image, 0));
    }

    static byte[] write(BootstrapPlan plan) {
        byte[] bytes = new byte[Math.toIntExact(plan.size())];
        plan.write(MemorySegment.ofArray(bytes));
        return bytes;
    }
}
