package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.Compression;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Packs random trees with GNU tar in all its forms, builds the archives, and gets the trees back. */
final class ArchiveRoundTripTest {
    @TempDir
    private Path work;

    @BeforeAll
    static void requireRoot() throws IOException {
        Root.require();
    }

    @ParameterizedTest
    @CsvSource({
        "gnu, none",
        "gnu --sparse, gzip",
        "posix, zstd",
        "posix --sparse --sparse-version=0.0, none",
        "posix --sparse --sparse-version=0.1, members",
        "posix --sparse --sparse-version=1.0, none"
    })
    void treeComesBackFromItsArchive(String format, String compression) throws IOException, InterruptedException {
        long seed = new Random().nextLong();
        Path source = Files.createDirectory(work.resolve("source"));
        RandomTree.make(seed, source);
        Path archive = pack(source, format, compression);
        boolean xattrs = format.startsWith("posix");
        List<String> expected = Listing.ofDirectory(source).stream()
                .map(line -> line.replaceFirst("( time -?\\d+)\\.\\d{9}", "$1.000000000"))
                .map(line -> xattrs ? line : line.replaceFirst(" xattrs \\{.*} content", " xattrs {} content"))
                .toList();
        for (RafsVersion version : RafsVersion.values()) {
            Path output = Files.createDirectory(work.resolve("image" + version));
            CreateOptions options = CreateOptions.builder(archive)
                    .type(compression.equals("none") ? ConversionType.TAR_RAFS : ConversionType.TARGZ_RAFS)
                    .version(version)
                    .compression(Compression.LZ4_BLOCK)
                    .chunkSize(0x1000)
                    .blobDirectory(output)
                    .bootstrapFile(output.resolve("boot"))
                    .build();
            BuildResult built = new CreateImage(options, ProgressListener.NONE).run();
            try (DirectoryBackend blobs = new DirectoryBackend(output);
                    Rafs image = Rafs.load(built.bootstrap().orElseThrow(), LoadOptions.DEFAULT)) {
                assertThat(Listing.ofImage(image, blobs)).as("seed %d", seed).isEqualTo(expected);
                Path extracted = work.resolve("extracted" + version);
                UnpackOptions unpack = new UnpackOptions(
                        built.bootstrap().orElseThrow(), blobs, extracted, UnpackOptions.Form.DIRECTORY);
                new UnpackImage(unpack, ProgressListener.NONE).run();
                assertThat(Listing.ofDirectory(extracted)).as("seed %d", seed).isEqualTo(expected);
            }
        }
    }

    private Path pack(Path source, String format, String compression) throws IOException, InterruptedException {
        Path plain = work.resolve("archive.tar");
        List<String> command = new ArrayList<>(List.of("tar", "--format=" + format.split(" ", -1)[0]));
        command.addAll(Arrays.asList(format.split(" ", -1)).subList(1, format.split(" ", -1).length));
        if (format.startsWith("posix")) {
            command.addAll(List.of("--xattrs", "--xattrs-include=*"));
        }
        command.addAll(List.of("--numeric-owner", "-cf", plain.toString(), "-C", source.toString(), "."));
        Root.run(command);
        switch (compression) {
            case "none" -> {}
            case "gzip" -> Root.run("gzip", plain.toString());
            case "zstd" -> Root.run("zstd", "-q", plain.toString(), "-o", plain + ".gz");
            default ->
                Root.run(
                        "sh",
                        "-c",
                        "split -b 50000 '%s' '%s.part.' && gzip '%s'.part.* && cat '%s'.part.*.gz > '%s.gz'"
                                .formatted(plain, plain, plain, plain, plain));
        }
        return compression.equals("none") ? plain : Path.of(plain + ".gz");
    }

    /** GNU tar spells the letters out that a record's key cannot have. */
    @Test
    void namesOfXattrsComeBackFromGnuTarAndThroughIt() throws IOException, InterruptedException {
        Path source = Files.createDirectory(work.resolve("source"));
        Path file = Files.writeString(source.resolve("file"), "content");
        for (String name : List.of("a=b", "50%", "x%3Dy", "p%25", "=", "%=%25")) {
            Root.run("setfattr", "-n", "user." + name, "-v", "value of " + name, file.toString());
        }
        Path archive = pack(source, "posix", "none");
        Path output = Files.createDirectory(work.resolve("image"));
        Path bootstrap = Images.build(CreateOptions.builder(archive).type(ConversionType.TAR_RAFS), output);
        Path unpacked = work.resolve("unpacked.tar");
        Path direct = work.resolve("direct");
        try (DirectoryBackend blobs = new DirectoryBackend(output)) {
            for (var form : UnpackOptions.Form.values()) {
                Path target = form == UnpackOptions.Form.ARCHIVE ? unpacked : direct;
                new UnpackImage(new UnpackOptions(bootstrap, blobs, target, form), ProgressListener.NONE).run();
            }
        }
        Path extracted = Files.createDirectory(work.resolve("extracted"));
        Root.extract(unpacked, extracted);
        List<String> expected = xattrs(file);
        assertThat(expected).hasSize(6);
        assertThat(xattrs(direct.resolve("file"))).isEqualTo(expected);
        assertThat(xattrs(extracted.resolve("file"))).isEqualTo(expected);
    }

    private static List<String> xattrs(Path file) throws IOException, InterruptedException {
        return Root.run("getfattr", "--absolute-names", "-d", file.toString())
                .lines()
                .filter(line -> !line.startsWith("#") && !line.isEmpty())
                .toList();
    }
}
