package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.build.stargz.StargzContents;
import io.nydus4j.build.stargz.StargzLayout;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.Xattr;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Builds images from the small tables of contents whose results are known, and compares nodes, chunks and blobs: with what should come
 * out where the reference errs, else with what it makes.
 */
final class StargzSeedTest {
    private static final long PAGE = 4096;

    /** Cases whose failure has another text here: the chunk is refused before its length is cut to 32 bits. */
    private static final Set<String> OTHER_TEXT = Set.of("error-file-4g");

    @TempDir
    private Path work;

    static Stream<String> cases() throws IOException {
        try (Stream<Path> folders = Files.list(GoldenImage.root().resolve("stargz-seed"))) {
            return folders
                    .filter(Files::isDirectory)
                    .map(folder -> String.valueOf(folder.getFileName()))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    /** A case. */
    private record Case(String name, byte[] toc, JsonTree options, JsonTree expected, boolean intended) {
        static Case read(String name) throws IOException {
            Path folder = GoldenImage.root().resolve("stargz-seed").resolve(name);
            JsonTree all = JsonTree.read(folder.resolve("expected.json"));
            Path toc = name.equals("estargz-real")
                    ? GoldenImage.root().resolve("estargz/stargz.index.json")
                    : folder.resolve("toc.json");
            boolean intended = all.has("intended");
            return new Case(
                    name,
                    withoutDevices(Files.readAllBytes(toc)),
                    all.get("options"),
                    all.get(intended ? "intended" : "seed"),
                    intended);
        }

        /** The cases expect that devices are left out, which is not so any more; what has another type is. */
        private static byte[] withoutDevices(byte[] toc) {
            return new String(toc, StandardCharsets.ISO_8859_1)
                    .replaceAll("\"type\": *\"(char|block|fifo)\"", "\"type\": \"$1 left out\"")
                    .getBytes(StandardCharsets.ISO_8859_1);
        }

        int chunkSize() {
            return (int) options.number("chunkSize");
        }

        StargzContents.Result read(boolean version6) throws IOException {
            StargzLayout layout = new StargzLayout(
                    options.text("blobId"),
                    options.number("archiveSize"),
                    Compression.GZIP,
                    chunkSize(),
                    version6,
                    version6,
                    options.truth("explicitUidGid"),
                    0);
            StargzContents.Result result = StargzContents.read(new ByteArrayInputStream(toc), layout);
            result.tree().number();
            return result;
        }

        boolean hasContentDigests() {
            return new String(toc, StandardCharsets.ISO_8859_1).contains("\"chunkDigest\"");
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tableGivesTheNodesAndChunks(String name) throws IOException {
        Case given = Case.read(name);
        for (boolean version6 : new boolean[] {false, true}) {
            if (given.expected.has("error")) {
                String text = given.intended || !given.expected.has("text") || OTHER_TEXT.contains(name)
                        ? ""
                        : given.expected.text("text");
                assertThatThrownBy(() -> given.read(version6))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(text);
            } else {
                StargzContents.Result result = given.read(version6);
                assertThat(nodes(result)).isEqualTo(expectedNodes(given.expected));
                assertThat(chunks(result, given)).isEqualTo(expectedChunks(given, version6));
                assertThat(result.blob().uncompressedSize()).isEqualTo(uncompressedSize(given.expected, version6));
                assertThat(result.blob().compressedSize())
                        .isEqualTo(given.expected.get("blob").number("compressedSize"));
            }
        }
    }

    private static long uncompressedSize(JsonTree expected, boolean version6) {
        JsonTree blob = expected.get("blob");
        return version6 ? blob.number("uncompressedSizeV6") + PAGE - 1 & -PAGE : blob.number("uncompressedSizeV5");
    }

    private static List<String> expectedNodes(JsonTree expected) {
        List<String> lines = new ArrayList<>();
        for (JsonTree node : expected.get("nodes").elements()) {
            boolean directory = node.text("type").equals("dir");
            Map<String, String> xattrs = new TreeMap<>();
            if (node.has("xattrs")) {
                node.get("xattrs").members().forEach((key, value) -> xattrs.put(key, value.text()));
            }
            lines.add("%s %s %d:%d size %d index %d ino %d links %d target %s chunks %s xattrs %s link %s"
                    .formatted(
                            node.text("path"),
                            node.text("mode").replaceFirst("^0+", ""),
                            node.number("uid"),
                            node.number("gid"),
                            directory ? 0 : node.number("size"),
                            node.number("index"),
                            node.number("ino"),
                            node.number("nlink"),
                            node.has("target") ? node.text("target") : "",
                            node.has("chunks")
                                    ? node.get("chunks").elements().stream()
                                            .map(chunk -> (int) chunk.number())
                                            .toList()
                                    : List.of(),
                            xattrs,
                            node.has("hardlinkEntry")));
        }
        return lines;
    }

    private static List<String> nodes(StargzContents.Result result) {
        List<String> lines = new ArrayList<>();
        for (Node node : result.tree().nodes()) {
            Map<String, String> xattrs = new TreeMap<>();
            for (Xattr xattr : node.xattrs()) {
                xattrs.put(text(xattr.name()), Base64.getEncoder().encodeToString(xattr.value()));
            }
            byte[] target = node.symlinkTarget();
            lines.add("%s %o %d:%d size %d index %d ino %d links %d target %s chunks %s xattrs %s link %s"
                    .formatted(
                            text(node.path()),
                            node.mode(),
                            Integer.toUnsignedLong(node.uid()),
                            Integer.toUnsignedLong(node.gid()),
                            node.isDirectory() ? 0 : node.size(),
                            node.index(),
                            node.ino(),
                            node.linkCount(),
                            target == null ? "" : text(target),
                            Stream.of(node.chunks()).map(ChunkRecord::index).toList(),
                            xattrs,
                            node.hardLinkFlag()));
            assertThat(node.mtimeSeconds()).isZero();
            assertThat(node.rdev()).isEqualTo(-1);
        }
        return lines;
    }

    private static List<String> expectedChunks(Case given, boolean version6) {
        List<String> lines = new ArrayList<>();
        for (JsonTree chunk : given.expected.get("chunks").elements()) {
            String id = chunk.has("chunkDigest") ? chunk.text("chunkDigest") : chunk.has("id") ? chunk.text("id") : "";
            lines.add("%d file %d plain %d at %d stored %d at %d id %s"
                    .formatted(
                            chunk.number("index"),
                            chunk.number("fileOffset"),
                            chunk.number("uncompressedSize"),
                            chunk.number(version6 ? "uncompressedOffsetV6" : "uncompressedOffsetV5"),
                            chunk.number("compressedSize"),
                            chunk.number("compressedOffset"),
                            isSeedId(given) || chunk.has("chunkDigest") ? id : ""));
        }
        return lines;
    }

    /** Tells whether ids in the case are those of entries, not of bytes. */
    private static boolean isSeedId(Case given) {
        return !given.hasContentDigests() && !given.intended;
    }

    private static List<String> chunks(StargzContents.Result result, Case given) {
        boolean ids = isSeedId(given) || given.name.equals("estargz-real");
        return result.blob().chunks().stream()
                .map(chunk -> "%d file %d plain %d at %d stored %d at %d id %s"
                        .formatted(
                                chunk.index(),
                                chunk.fileOffset(),
                                chunk.uncompressedSize(),
                                chunk.uncompressedOffset(),
                                chunk.compressedSize(),
                                chunk.compressedOffset(),
                                ids ? chunk.digest().toString() : ""))
                .toList();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void imageTellsThem(String name) throws IOException {
        Case given = Case.read(name);
        if (given.expected.has("error")) {
            return;
        }
        for (RafsVersion version : RafsVersion.values()) {
            Path boot = build(given, version);
            try (Rafs image = Rafs.load(boot, LoadOptions.DEFAULT)) {
                List<BlobInfo> blobs = image.blobs();
                JsonTree blob = given.expected.get("blob");
                assertThat(blobs).hasSize(blob.number("chunkCount") == 0 ? 0 : 1);
                if (!blobs.isEmpty()) {
                    BlobInfo info = blobs.getFirst();
                    assertThat(info.id()).isEqualTo(given.options.text("blobId"));
                    assertThat((long) info.chunkCount()).isEqualTo(blob.number("chunkCount"));
                    assertThat(info.compressedSize()).isEqualTo(blob.number("compressedSize"));
                    assertThat(info.uncompressedSize())
                            .isEqualTo(uncompressedSize(given.expected, version == RafsVersion.V6));
                    assertThat(info.compression()).isEqualTo(Compression.GZIP);
                    assertThat(info.features().bits()).isEqualTo(version == RafsVersion.V6 ? 0x4000_0001 : 0x4000_0000);
                    assertThat(info.chunkSize()).isEqualTo(given.chunkSize());
                }
                assertThat(image.superblock().chunkSize()).isEqualTo(given.chunkSize());
                compareInodes(image, given, version);
            }
        }
    }

    private Path build(Case given, RafsVersion version) throws IOException {
        Path toc = Files.write(work.resolve("toc.json"), given.toc);
        Path boot = work.resolve("boot-" + version.text());
        CreateOptions options = CreateOptions.builder(toc)
                .type(ConversionType.ESTARGZTOC_REF)
                .version(version)
                .chunkSize(given.chunkSize())
                .explicitUidGid(given.options.truth("explicitUidGid"))
                .blobId(given.options.text("blobId"))
                .blobDataSize(given.options.number("archiveSize"))
                .bootstrapFile(boot)
                .build();
        new CreateImage(options, ProgressListener.NONE).run();
        return boot;
    }

    private static void compareInodes(Rafs image, Case given, RafsVersion version) throws IOException {
        Map<String, Inode> inodes = new HashMap<>();
        BootstrapWalk.walkDirectory(image, image.rootIno(), Optional.empty(), (inode, walk) -> {
            inodes.put(text(walk.path()), inode);
            return true;
        });
        List<JsonTree> nodes = given.expected.get("nodes").elements();
        assertThat(inodes).hasSize(nodes.size());
        for (JsonTree node : nodes) {
            Inode inode = inodes.get(node.text("path"));
            assertThat(inode).as(node.text("path")).isNotNull();
            boolean directory = node.text("type").equals("dir");
            long size = !directory ? node.number("size") : version == RafsVersion.V6 ? node.number("sizeV6") : 0;
            assertThat(inode.size()).as(node.text("path")).isEqualTo(size);
            assertThat(inode.linkCount()).as(node.text("path")).isEqualTo((int) node.number("nlink"));
            int chunks = node.has("chunks") ? node.get("chunks").elements().size() : 0;
            assertThat(inode.isRegular() ? inode.chunkCount() : 0)
                    .as(node.text("path"))
                    .isEqualTo(chunks);
            for (int i = 0; i < chunks; i++) {
                assertThat((long) inode.chunk(i).index())
                        .isEqualTo(node.get("chunks").elements().get(i).number());
            }
            if (version == RafsVersion.V5 && node.has("digestV5") && isSeedId(given)) {
                assertThat(inode.digest()).as(node.text("path")).hasToString(node.text("digestV5"));
            }
        }
    }
}
