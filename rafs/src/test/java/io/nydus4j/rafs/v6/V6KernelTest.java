package io.nydus4j.rafs.v6;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.Xattr;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lets the kernel's EROFS read what was written: an implementation that knows nothing of RAFS. Needs root. */
@Tag("root")
final class V6KernelTest {
    /** Bytes of a blob that say where they are. */
    private static final int STAMP = 512;

    @TempDir
    Path work;

    private final List<String> loops = new ArrayList<>();
    private Path mountPoint = Path.of("/");
    private boolean mounted;

    @BeforeEach
    void needsErofs() throws IOException {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "not root: cannot mount");
        String known = Files.readString(Path.of("/proc/filesystems"));
        Assumptions.assumeTrue(known.contains("erofs"), "this kernel has no EROFS");
        Assumptions.assumeTrue(Files.exists(Path.of("/dev/loop-control")), "no loop devices");
        mountPoint = Files.createDirectory(work.resolve("mount"));
    }

    @AfterEach
    void detach() throws Exception {
        if (mounted) {
            run("umount", mountPoint.toString());
        }
        for (String loop : loops) {
            run("losetup", "-d", loop);
        }
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return output.strip();
    }

    private String loop(Path file) throws IOException, InterruptedException {
        String loop = run("losetup", "-f", "--show", "-r", file.toString());
        loops.add(loop);
        return loop;
    }

    private void mount(RandomTree random) throws IOException, InterruptedException {
        Path boot = Files.write(work.resolve("boot"), random.write());
        StringBuilder options = new StringBuilder("ro");
        for (BlobInfo blob : random.blobs()) {
            Path file = work.resolve("blob" + blob.index());
            Files.write(file, blobBytes(blob.index(), 0, Math.toIntExact(blob.uncompressedSize())));
            options.append(",device=").append(loop(file));
        }
        run("mount", "-t", "erofs", "-o", options.toString(), loop(boot), mountPoint.toString());
        mounted = true;
    }

    /** Returns a part of a blob: its index and the offset in every 512 bytes of it. */
    private static byte[] blobBytes(int blob, long offset, int length) {
        ByteBuffer bytes =
                ByteBuffer.allocate((length + STAMP - 1) / STAMP * STAMP).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < bytes.capacity(); i += STAMP) {
            bytes.putLong(i, offset + i).putInt(i + 8, blob + 1);
        }
        byte[] result = new byte[length];
        bytes.get(result);
        return result;
    }

    private static byte[] content(Node node) {
        ByteBuffer content = ByteBuffer.allocate((int) node.size());
        for (ChunkRecord chunk : node.chunks()) {
            content.put(blobBytes(chunk.blobIndex(), chunk.uncompressedOffset(), chunk.uncompressedSize()));
        }
        return content.array();
    }

    @ParameterizedTest
    @CsvSource({"1, 50, false", "2, 500, false", "3, 2500, false", "4, 50, true", "5, 500, true", "6, 2500, true"})
    void kernelSeesWhatWasWritten(long seed, int names, boolean tarfs) throws Exception {
        RandomTree random = new RandomTree(seed, names, tarfs, true);
        mount(random);
        for (Node node : random.tree.nodes()) {
            Path path = mountPoint.resolve(new String(node.path(), StandardCharsets.US_ASCII).substring(1));
            assertSame("seed " + seed + ", " + node, node, path);
        }
    }

    private static void assertSame(String what, Node node, Path path) throws IOException {
        Map<String, Object> attributes = Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS);
        assertThat(attributes.get("mode")).as(what).isEqualTo(node.mode());
        assertThat(attributes.get("uid")).as(what).isEqualTo(node.uid());
        assertThat(attributes.get("gid")).as(what).isEqualTo(node.gid());
        assertThat(attributes.get("nlink")).as(what).isEqualTo(node.linkCount());
        assertThat(attributes.get("lastModifiedTime"))
                .as(what)
                .isEqualTo(FileTime.from(Instant.ofEpochSecond(node.mtimeSeconds(), node.mtimeNanos())));
        if (node.isRegular()) {
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
                ByteBuffer content = ByteBuffer.allocate((int) node.size() + 1);
                while (file.read(content) > 0) {}
                byte[] found = Arrays.copyOf(content.array(), content.position());
                assertThat(found).as(what).isEqualTo(content(node));
            }
        } else if (node.isDirectory()) {
            try (Stream<Path> children = Files.list(path)) {
                assertThat(children.map(child -> child.getFileName().toString()))
                        .as(what)
                        .containsExactlyInAnyOrderElementsOf(node.children().stream()
                                .map(child -> new String(child.name(), StandardCharsets.US_ASCII))
                                .toList());
            }
        } else if (node.isSymlink()) {
            assertThat(Files.readSymbolicLink(path).toString())
                    .as(what)
                    .isEqualTo(new String(node.symlinkTarget(), StandardCharsets.US_ASCII));
        } else {
            // The kernel's number for programs is of 64 bits, but those that EROFS keeps lie at the same places.
            assertThat(((Long) attributes.get("rdev")).intValue()).as(what).isEqualTo(node.rdev());
        }
        if (node.isRegular() || node.isDirectory()) {
            assertUserXattrs(what, node, path);
        }
    }

    private static void assertUserXattrs(String what, Node node, Path path) throws IOException {
        UserDefinedFileAttributeView view =
                Files.getFileAttributeView(path, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        assertThat(view.list()).as(what).hasSameSizeAs(node.xattrs());
        for (Xattr xattr : node.xattrs()) {
            String name = new String(xattr.name(), StandardCharsets.US_ASCII).substring("user.".length());
            ByteBuffer value = ByteBuffer.allocate(view.size(name));
            view.read(name, value);
            assertThat(value.array()).as(what).isEqualTo(xattr.value());
        }
    }
}
