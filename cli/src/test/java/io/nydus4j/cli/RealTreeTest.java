package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.Compression;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.build.ProgressListener;
import io.nydus4j.build.UnpackImage;
import io.nydus4j.build.UnpackOptions;
import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.Listing;
import io.nydus4j.daemon.NydusDaemon;
import io.nydus4j.daemon.Shell;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.backend.BackendFactory;
import io.nydus4j.storage.config.LocalFsSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Builds images of part of this machine's own {@code /usr}, mounts them, unpacks them, and compares both with the source. One form of
 * each format runs always; all forms run in the long tests.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RealTreeTest {
    private static final boolean EVERYTHING = Boolean.getBoolean("nydus4j.soak");
    /** Entries taken from the machine. */
    private static final int ENTRIES = EVERYTHING ? 20_000 : 3_000;

    @TempDir
    static Path shared;

    private static Path tree;

    @TempDir
    Path directory;

    /** One way to build an image. */
    record Form(RafsVersion version, Compression compression, int chunkSize) {}

    static Stream<Form> forms() {
        if (!EVERYTHING) {
            return Stream.of(
                    new Form(RafsVersion.V5, Compression.LZ4_BLOCK, 0x1000),
                    new Form(RafsVersion.V6, Compression.ZSTD, 0x100000));
        }
        return Stream.of(RafsVersion.V5, RafsVersion.V6)
                .flatMap(version -> Stream.of(Compression.NONE, Compression.LZ4_BLOCK, Compression.ZSTD)
                        .flatMap(compression -> Stream.of(0x1000, 0x100000)
                                .map(chunkSize -> new Form(version, compression, chunkSize))));
    }

    @BeforeAll
    static void copyTree() throws Exception {
        FuseCondition.requireRootAndFuse();
        tree = Files.createDirectory(shared.resolve("tree"));
        // Without large files: the sample has many names rather than many bytes.
        Shell.out(tree, """
            (cd /usr && find bin lib share -xdev -size -2000k -print0 2>/dev/null | head -z -n "$1" \\
                | tar --null --no-recursion -T - --xattrs --xattrs-include='*' -cf -) \\
                | tar --xattrs --xattrs-include='*' --numeric-owner -xpf -
            mkdir odd
            printf 'latin' >"$(printf 'odd/caf\\351')"
            printf 'neither' >"$(printf 'odd/\\377\\376 \\n"')"
            ln "$(printf 'odd/caf\\351')" odd/again
            ln -s "$(printf 'caf\\351')" odd/link
            mknod odd/null c 1 3
            mknod odd/disk b 259 70000
            mkfifo odd/pipe
            setfattr -n user.binary -v 0x000aff3d odd/again
            setfattr -n user.empty odd/again
            setfattr -n trusted.kept -v yes odd
            chmod 6751 odd/again
            chown 70000:4000000000 odd/pipe
            touch -d '2001-02-03 04:05:06.123456789' odd/again
            """, Integer.toString(ENTRIES));
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
        Shell.run(directory, "rm -rf unpacked");
    }

    /** Links that point out of the folder would each be a warning. */
    @AfterAll
    static void deleteTree() throws Exception {
        Shell.run(shared, "rm -rf tree");
    }

    @ParameterizedTest
    @MethodSource("forms")
    void aMountAndAnArchiveShowTheSource(Form form) throws Exception {
        BuiltImage image = BuiltImage.in(
                directory,
                CreateOptions.builder(tree)
                        .version(form.version())
                        .compression(form.compression())
                        .chunkSize(form.chunkSize()));
        Path mountPoint = directory.resolve("mnt");
        try (NydusDaemon daemon = NydusDaemon.start(image.mounting().build())) {
            assertThat(daemon.state()).isNotNull();
            assertSame(mountPoint, tree);
            assertThat(Shell.out(mountPoint, "find . | wc -l").strip())
                    .isEqualTo(Shell.out(tree, "find . | wc -l").strip());
        }
        Path archive = directory.resolve("unpacked.tar");
        unpack(image.bootstrap(), image.blobs(), archive);
        Path unpacked = Files.createDirectory(directory.resolve("unpacked"));
        Shell.out(
                unpacked,
                "tar --xattrs --xattrs-include='*' --numeric-owner -xpf \"$1\" 2>/dev/null",
                archive.toString());
        Listing.assertSame(Listing.contents(unpacked), Listing.contents(tree));
        Listing.assertSame(Listing.devices(unpacked), Listing.devices(tree));
        Listing.assertSame(Listing.xattrs(unpacked), Listing.xattrs(tree));
        Listing.assertSame(Listing.hardLinks(unpacked), Listing.hardLinks(tree));
        Listing.assertSame(inSeconds(Listing.attributes(unpacked)), inSeconds(Listing.attributes(tree)));
    }

    private static void assertSame(Path seen, Path expected) throws IOException, InterruptedException {
        Listing.assertSame(Listing.attributes(seen), Listing.attributes(expected));
        Listing.assertSame(Listing.devices(seen), Listing.devices(expected));
        Listing.assertSame(Listing.xattrs(seen), Listing.xattrs(expected));
        Listing.assertSame(Listing.hardLinks(seen), Listing.hardLinks(expected));
        Listing.assertSame(Listing.contents(seen), Listing.contents(expected));
    }

    /** An archive keeps whole seconds. */
    private static String inSeconds(String listing) {
        return listing.replaceAll("(?m)(mtime -?[0-9]+)\\.[0-9]+", "$1");
    }

    private static void unpack(Path bootstrap, Path blobs, Path archive) throws IOException {
        try (BlobBackend backend = BackendFactory.open(
                new LocalFsSettings("", blobs.toString(), List.of()), new BackendCounters("localfs"))) {
            new UnpackImage(new UnpackOptions(bootstrap, backend, archive), ProgressListener.NONE).run();
        }
    }
}
