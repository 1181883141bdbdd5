package io.nydus4j.rafs.v6;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapListing;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.TreeLoader;
import io.nydus4j.rafs.v5.V5Bootstrap;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Reads and rewrites the bootstraps that the reference made. */
final class GoldenV6Test {
    static final List<String> NAMES = GoldenV6.NAMES;

    private static final byte[] LONG_LINK = "very-long-link".getBytes(StandardCharsets.UTF_8);

    private static List<String> expectedListing(String name) throws IOException {
        return Files.readString(GoldenImage.root().resolve(name).resolve("check.txt"), StandardCharsets.ISO_8859_1)
                .lines()
                .toList();
    }

    private static List<String> listing(Bootstrap image) throws IOException {
        List<String> lines = new ArrayList<>();
        BootstrapListing listing = new BootstrapListing(image);
        listing.inodes(lines::add);
        listing.blobs(lines::add);
        String text = String.join("\n", lines);
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1)
                .lines()
                .toList();
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void listingIsWhatTheReferencePrints(String name) throws IOException {
        assertThat(listing(GoldenV6.open(name))).containsExactlyElementsOf(expectedListing(name));
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void imagesPassTheCheck(String name) throws IOException {
        V6Bootstrap image = GoldenV6.open(name);
        new BootstrapListing(image).check();
        assertThat(image.devices()).hasSameSizeAs(image.blobs());
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void bootstrapIsRewrittenByteForByteFromItsTree(String name) throws IOException {
        assertThat(GoldenV6.rewrite(GoldenV6.open(name))).isEqualTo(GoldenV6.bytes(name));
    }

    // --- images of tar files

    @Test
    void tarfsListingIsWhatTheReferencePrintsButForTheLinkThatItBreaks() throws IOException {
        List<String> found = listing(GoldenV6.open("tar-tarfs"));
        List<String> expected = new ArrayList<>(expectedListing("tar-tarfs"));
        String name = "\"/very-long-link\"";
        expected.replaceAll(line -> line.contains(name)
                ? found.stream()
                        .filter(other -> other.contains(name))
                        .findFirst()
                        .orElse("")
                : line);
        assertThat(found).containsExactlyElementsOf(expected);
    }

    @Test
    void linkThatTheReferenceWritesToTheWrongPlaceIsRecovered() throws IOException {
        Inode link = Objects.requireNonNull(GoldenV6.open("tar-tarfs").root().child(LONG_LINK));
        assertThat(new String(link.symlinkTarget(), StandardCharsets.UTF_8)).isEqualTo(longLinkOfArchive());
        assertThat(link.isTargetInPlace()).isFalse();
    }

    private static String longLinkOfArchive() throws IOException {
        try (InputStream file = Files.newInputStream(GoldenImage.root().resolve("tree.tar"));
                TarArchiveInputStream tar = new TarArchiveInputStream(file, "UTF-8")) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                if (entry.getName().endsWith("very-long-link")) {
                    return entry.getLinkName();
                }
            }
        }
        throw new AssertionError("the archive has no such link");
    }

    @Test
    void tarfsIsRewrittenByteForByteButForTheLinkThatTheReferenceBreaks() throws IOException {
        byte[] golden = GoldenV6.bytes("tar-tarfs");
        V6Bootstrap image = GoldenV6.open(golden);
        ImageTree tree = TreeLoader.load(image, 0);
        tree.number();
        // The synthesized records of files have no place in the file; the one in the table does.
        for (Node node : tree.nodes()) {
            ChunkRecord[] chunks = node.chunks().clone();
            Arrays.setAll(
                    chunks,
                    i -> chunks[i].atFileOffset((long) i * image.superblock().chunkSize()));
            node.setChunks(chunks);
        }
        byte[] found = GoldenV6.rewrite(image, tree);
        V6InodeView link =
                (V6InodeView) Objects.requireNonNull(GoldenV6.open(found).root().child(LONG_LINK));
        assertThat(new String(link.symlinkTarget(), StandardCharsets.UTF_8)).isEqualTo(longLinkOfArchive());
        int from = (int) link.offset() + V6Inode.EXTENDED_SIZE;
        int to = (int) link.blockStart(0) + (int) link.size();
        Arrays.fill(golden, from, to, (byte) 0);
        Arrays.fill(found, from, to, (byte) 0);
        assertThat(found).isEqualTo(golden);
    }

    // --- what else is known of the images

    /** A parent and a tar source together make the reference name the wrong blob for the upper layer's chunks. */
    @Test
    void chunksThatTheReferenceGaveTheWrongBlobAreListedButNotRead() throws IOException {
        V6Bootstrap image = GoldenV6.open("upper-on-v6");
        assertThat(listing(image)).containsExactlyElementsOf(expectedListing("upper-on-v6"));
        assertThat(new BootstrapListing(image).check()).isEqualTo(1);
        assertThatThrownBy(() -> TreeLoader.load(image, 0))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("its record in the chunk table has 15000 bytes at 0, not 9000 at 0");
    }

    @Test
    void superblockTellsWhatTheReferenceWrote() throws IOException {
        V6Bootstrap image = GoldenV6.open("v6-prefetch-fs");
        assertThat(image.superblock().chunkSize()).isEqualTo(0x4000);
        assertThat(image.superblock().blockSize()).isEqualTo(4096);
        assertThat(image.rootIno()).isEqualTo(128);
        assertThat(image.maxIno()).isEqualTo(0xFFFF_FFFFL * 4096 / 32);
        assertThat(image.superblock().flags())
                .hasToString("HASH_BLAKE3 | EXPLICIT_UID_GID | HAS_XATTR | COMPRESSION_ZSTD | ENCRYPTION_NONE");
        Inode sizes = Objects.requireNonNull(image.root().child("sizes".getBytes(StandardCharsets.UTF_8)));
        Inode dup = Objects.requireNonNull(image.root().child("dup".getBytes(StandardCharsets.UTF_8)));
        Inode three = Objects.requireNonNull(dup.child("three".getBytes(StandardCharsets.UTF_8)));
        assertThat(image.prefetchTable()).containsExactly(sizes.ino(), three.ino());
    }

    @Test
    void inlinedImageTakesItsBlobFromTheFileName() throws IOException {
        BlobInfo blob = GoldenV6.open("v6-inline").blobs().getFirst();
        assertThat(blob.id()).isEqualTo(BlobInfo.PLACEHOLDER_ID);
        assertThat(blob.effectiveId()).isEqualTo("c2563148381990ecb6035cf14e75f3114cca7da163791d968d8a968a24e588bc");
    }

    @Test
    void blobsAreMappedBehindTheBootstrap() throws IOException {
        V6Bootstrap image = GoldenV6.open("dict-hit-v6");
        assertThat(image.mappedBlockAddress(0)).isEqualTo(0x80000 / 4096);
        assertThat(image.devices().get(1).mappedBlock()).isEqualTo(image.mappedBlockAddress(1));
        assertThat(image.devices().get(1).blobId())
                .isEqualTo(image.blobs().get(1).id());
    }

    // --- v5 images of the same tree

    /** Returns what both versions tell of each name. */
    private static Map<String, String> facts(Bootstrap image, boolean chunks) throws IOException {
        Map<String, String> facts = new HashMap<>();
        BootstrapWalk.preOrder(image, (inode, walk) -> {
            StringBuilder text = new StringBuilder();
            text.append(Integer.toOctalString(inode.mode())).append(' ').append(inode.uid());
            text.append(' ').append(inode.gid()).append(' ').append(inode.linkCount());
            text.append(' ').append(inode.mtimeSeconds()).append('.').append(inode.mtimeNanos());
            if (!inode.isDirectory()) {
                // v5 images of archives have device numbers where there is no device.
                text.append(' ')
                        .append(inode.size())
                        .append(FileMode.isDevice(inode.mode()) ? " rdev " + inode.rdev() : "");
            }
            if (inode.isSymlink()) {
                text.append(" -> ").append(HexFormat.of().formatHex(inode.symlinkTarget()));
            }
            List<String> xattrs = new ArrayList<>();
            inode.forEachXattr((name, value) -> xattrs.add(
                    HexFormat.of().formatHex(name) + "=" + HexFormat.of().formatHex(value)));
            xattrs.sort(null);
            text.append(xattrs);
            for (int i = 0; chunks && i < inode.chunkCount(); i++) {
                text.append(' ').append(inode.chunk(i).digest());
                text.append(' ').append(inode.chunkLength(i));
            }
            facts.put(HexFormat.of().formatHex(walk.path()), text.toString());
        });
        return facts;
    }

    @ParameterizedTest
    @CsvSource({
        "v6-lz4-4k, v5-lz4-4k, true",
        "v6-zstd-4k, v5-lz4-4k, true",
        "v6-none-4k, v5-lz4-4k, true",
        "tar-v6-zstd, tar-v5-lz4, true",
        "targz-v6-zstd, tar-v5-lz4, true",
        "targz-ref, tar-v5-lz4, false",
        "v6-sha256, v5-none-sha256, true",
        "v6-inline, v5-inline, true",
        "merge-v6, merge-v5, true",
        "several-xattrs-v6, several-xattrs-v5, true"
    })
    void namesAttributesXattrsAndChunksAreThoseOfTheOtherVersion(String v6, String v5, boolean chunks)
            throws IOException {
        Path other = GoldenImage.bootstrap(v5);
        V5Bootstrap image = V5Bootstrap.open(MemorySegment.ofArray(Files.readAllBytes(other)), () -> {});
        assertThat(facts(GoldenV6.open(v6), chunks)).isEqualTo(facts(image, chunks));
    }
}
