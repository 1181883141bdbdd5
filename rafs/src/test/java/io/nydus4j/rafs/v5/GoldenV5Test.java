package io.nydus4j.rafs.v5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.BootstrapListing;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.BootstrapPlan;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Reads and rewrites the bootstraps that the reference made. */
final class GoldenV5Test {
    static final List<String> NAMES = GoldenV5.NAMES;

    @ParameterizedTest
    @FieldSource("NAMES")
    void listingIsWhatTheReferencePrints(String name) throws IOException {
        String expected =
                Files.readString(GoldenImage.root().resolve(name).resolve("check.txt"), StandardCharsets.ISO_8859_1);
        StringJoiner lines = new StringJoiner("\n", "", "\n");
        try (Rafs rafs = Rafs.load(GoldenImage.bootstrap(name), LoadOptions.DEFAULT)) {
            BootstrapListing listing = new BootstrapListing(rafs);
            listing.inodes(lines::add);
            listing.blobs(lines::add);
        }
        String found = new String(lines.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        assertThat(found.lines()).containsExactlyElementsOf(expected.lines().toList());
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void inodesAndDigestsAreValid(String name) throws IOException {
        V5Bootstrap bootstrap = GoldenV5.open(name);
        bootstrap.validateInodes();
        bootstrap.validateDigests();
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void refusesImagesThatLackTheirLastBytes(String name) throws IOException {
        byte[] whole = GoldenV5.bytes(name);
        for (int cut : new int[] {1, 7, 8, 9, 80}) {
            MemorySegment file = MemorySegment.ofArray(whole).asSlice(0, whole.length - cut);
            assertThatThrownBy(() -> V5Bootstrap.open(file, () -> {}).validateInodes())
                    .as("cut by " + cut)
                    .isInstanceOf(RafsFormatException.class);
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void bootstrapIsRewrittenByteForByteFromItsTree(String name) throws IOException {
        V5Bootstrap bootstrap = GoldenV5.open(name);
        ImageTree tree = V5TreeReader.read(bootstrap, 0);
        tree.number();
        // All digests are computed again.
        tree.nodes().forEach(node -> node.setDigest(Digest.ZERO));
        assertThat(rewrite(bootstrap, tree)).isEqualTo(GoldenV5.bytes(name));
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void sizesAndBlocksAreThoseOfTheReference(String name) throws IOException {
        V5Bootstrap bootstrap = GoldenV5.open(name);
        ImageTree tree = V5TreeReader.read(bootstrap, 0);
        tree.number();
        tree.preOrder(node -> {
            node.setBlocks(-1);
            if (node.isDirectory()) {
                node.setSize(-1);
            }
        });
        V5Sizes.compute(tree);
        assertThat(rewrite(bootstrap, tree)).isEqualTo(GoldenV5.bytes(name));
    }

    private static byte[] rewrite(V5Bootstrap bootstrap, ImageTree tree) throws IOException {
        List<Node> prefetch = new ArrayList<>();
        for (long ino : bootstrap.prefetchTable()) {
            prefetch.add(tree.nodes().get((int) ino - 1));
        }
        Superblock superblock = bootstrap.superblock();
        BootstrapOptions options = new BootstrapOptions(
                superblock.chunkSize(),
                superblock.compression(),
                superblock.digestAlgorithm(),
                CipherAlgorithm.NONE,
                superblock.explicitUidGid(),
                superblock.hasXattrs(),
                false);
        BootstrapPlan plan = V5BootstrapWriter.plan(tree, bootstrap.blobs(), prefetch, options);
        byte[] bytes = new byte[(int) plan.size()];
        plan.write(MemorySegment.ofArray(bytes));
        return bytes;
    }

    @Test
    void prefetchTableListsTheInodesOfThePatterns() throws IOException {
        V5Bootstrap bootstrap = GoldenV5.open("v5-prefetch-fs");
        assertThat(bootstrap.prefetchTable())
                .containsExactly(
                        bootstrap
                                .root()
                                .child("sizes".getBytes(StandardCharsets.UTF_8))
                                .ino(),
                        bootstrap
                                .root()
                                .child("dup".getBytes(StandardCharsets.UTF_8))
                                .child("three".getBytes(StandardCharsets.UTF_8))
                                .ino());
        assertThat(GoldenV5.open("v5-prefetch-blob").prefetchTable()).isEmpty();
    }

    @Test
    void blobPolicyStoresHowMuchToPrefetch() throws IOException {
        assertThat(GoldenV5.open("v5-prefetch-blob").blobs().getFirst().prefetchSize())
                .isPositive();
        assertThat(GoldenV5.open("v5-prefetch-fs").blobs().getFirst().prefetchSize())
                .isZero();
    }
}
