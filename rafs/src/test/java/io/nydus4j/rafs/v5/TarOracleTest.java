package io.nydus4j.rafs.v5;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.RafsPaths;
import io.nydus4j.rafs.ReadPlan;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares images with the archive of the tree that they were made from, read by commons-compress. */
final class TarOracleTest {
    private static final String XATTR = "SCHILY.xattr.";

    /** An entry of the archive and its content. */
    private record Source(TarArchiveEntry entry, byte[] content) {}

    private static Map<String, Source> archive(String name) throws IOException {
        Map<String, Source> sources = new HashMap<>();
        try (InputStream file = Files.newInputStream(GoldenImage.root().resolve(name));
                TarArchiveInputStream tar = new TarArchiveInputStream(file, "UTF-8")) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                String path = path(entry.getName());
                if (entry.isLink()) {
                    sources.put(path, sources.get(path(entry.getLinkName())));
                } else {
                    sources.put(path, new Source(entry, tar.readAllBytes()));
                }
            }
        }
        return sources;
    }

    private static String path(String name) {
        List<byte[]> components = RafsPaths.components(name.getBytes(StandardCharsets.UTF_8));
        return new String(RafsPaths.join(components), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({
        "v5-lz4-4k, full.tar, false",
        "v5-none-sha256, full.tar, false",
        "v5-zstd-aligned, full.tar, false",
        "v5-inline, full.tar, false",
        "plain-v5, tree.tar, false",
        "tar-v5-lz4, tree.tar, true"
    })
    void attributesAreThoseOfTheArchive(String image, String archive, boolean fromTar) throws IOException {
        Map<String, Source> sources = archive(archive);
        V5Bootstrap bootstrap = GoldenV5.open(image);
        List<String> seen = new ArrayList<>();
        BootstrapWalk.preOrder(bootstrap, (inode, walk) -> {
            String path = new String(walk.path(), StandardCharsets.UTF_8);
            seen.add(path);
            Source source = sources.get(path);
            if (!path.equals("/")) {
                assertThat(source).as(path).isNotNull();
                assertSame(path, inode, source.entry(), bootstrap.superblock().explicitUidGid(), fromTar);
            }
        });
        sources.putIfAbsent("/", new Source(new TarArchiveEntry("/"), new byte[0]));
        assertThat(seen).containsExactlyInAnyOrderElementsOf(sources.keySet());
    }

    private static void assertSame(
            String path, Inode inode, TarArchiveEntry entry, boolean explicitIds, boolean fromTar) {
        assertThat(inode.mode() & 07777).as(path).isEqualTo(entry.getMode() & 07777);
        assertThat(FileMode.type(inode.mode())).as(path).isEqualTo(type(entry));
        assertThat(Integer.toUnsignedLong(inode.uid())).as(path).isEqualTo(explicitIds ? entry.getLongUserId() : 0);
        assertThat(Integer.toUnsignedLong(inode.gid())).as(path).isEqualTo(explicitIds ? entry.getLongGroupId() : 0);
        Instant time = entry.getLastModifiedTime().toInstant();
        // The archive's headers have whole seconds; what is finer is an extension that the reference passes over.
        int nanos = fromTar ? 0 : time.getNano();
        assertThat(Instant.ofEpochSecond(inode.mtimeSeconds(), inode.mtimeNanos()))
                .as(path)
                .isEqualTo(Instant.ofEpochSecond(time.getEpochSecond(), nanos));
        if (inode.isRegular()) {
            assertThat(inode.size()).as(path).isEqualTo(entry.getSize());
        }
        if (entry.isCharacterDevice() || entry.isBlockDevice()) {
            assertThat(inode.rdev()).as(path).isEqualTo(device(entry.getDevMajor(), entry.getDevMinor()));
        }
        try {
            if (entry.isSymbolicLink()) {
                assertThat(new String(inode.symlinkTarget(), StandardCharsets.UTF_8))
                        .as(path)
                        .isEqualTo(entry.getLinkName());
            }
            assertXattrs(path, inode, entry.getExtraPaxHeaders());
        } catch (IOException e) {
            throw new AssertionError(path, e);
        }
    }

    /** Returns a device number in Linux' 32-bit encoding. */
    private static int device(int major, int minor) {
        return (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12);
    }

    private static int type(TarArchiveEntry entry) {
        return switch (entry.getLinkFlag()) {
            case TarConstants.LF_NORMAL -> FileMode.REGULAR;
            case TarConstants.LF_DIR -> FileMode.DIRECTORY;
            case TarConstants.LF_SYMLINK -> FileMode.SYMLINK;
            case TarConstants.LF_CHR -> FileMode.CHARACTER_DEVICE;
            case TarConstants.LF_BLK -> FileMode.BLOCK_DEVICE;
            case TarConstants.LF_FIFO -> FileMode.FIFO;
            default -> throw new AssertionError("unexpected type " + entry.getLinkFlag());
        };
    }

    private static void assertXattrs(String path, Inode inode, Map<String, String> headers) throws IOException {
        TreeSet<String> names = new TreeSet<>();
        for (byte[] name : inode.xattrNames()) {
            // The archive's reader forgets empty values.
            byte[] value = inode.xattr(name);
            if (value == null || value.length > 0) {
                names.add(new String(name, StandardCharsets.UTF_8));
            }
        }
        TreeSet<String> expected = new TreeSet<>();
        for (Map.Entry<String, String> header : headers.entrySet()) {
            if (header.getKey().startsWith(XATTR)) {
                String name = header.getKey().substring(XATTR.length());
                expected.add(name);
                byte[] value = inode.xattr(name.getBytes(StandardCharsets.UTF_8));
                // The archive's reader makes text of values; binary ones are decoded with replacements on both sides.
                assertThat(value).as(path).isNotNull();
                assertThat(new String(value, StandardCharsets.UTF_8)).as(path).isEqualTo(header.getValue());
            }
        }
        assertThat(names).as(path).isEqualTo(expected);
    }

    @Test
    void plannedReadsGiveTheContentOfTheArchive() throws IOException {
        Map<String, Source> sources = archive("full.tar");
        V5Bootstrap bootstrap = GoldenV5.open("v5-none-sha256");
        Path blob = GoldenImage.root()
                .resolve("v5-none-sha256")
                .resolve(bootstrap.blobs().getFirst().id());
        int[] files = new int[1];
        try (FileChannel channel = FileChannel.open(blob)) {
            BootstrapWalk.walkDirectory(bootstrap, bootstrap.rootIno(), Optional.empty(), (inode, walk) -> {
                if (inode.isRegular()) {
                    String path = new String(walk.path(), StandardCharsets.UTF_8);
                    byte[] content = sources.get(path).content();
                    assertThat(read(channel, inode, bootstrap.chunkSize(), 0, content.length))
                            .as(path)
                            .isEqualTo(content);
                    files[0]++;
                }
                return true;
            });
        }
        assertThat(files[0]).isGreaterThan(700);
    }

    private static byte[] read(FileChannel blob, Inode inode, int chunkSize, long offset, int length)
            throws IOException {
        ByteBuffer content = ByteBuffer.allocate(length);
        for (ReadPlan.Piece piece : ReadPlan.of(inode, chunkSize, offset, length)) {
            assertThat(piece.fileOffset()).isEqualTo(offset + content.position());
            ByteBuffer part = content.slice(content.position(), (int) piece.length());
            assertThat(blob.read(part, piece.blobOffset())).isEqualTo((int) piece.length());
            content.position(content.position() + (int) piece.length());
        }
        return content.array();
    }
}
