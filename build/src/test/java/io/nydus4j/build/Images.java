package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.backend.BackendFactory;
import io.nydus4j.storage.config.LocalFsSettings;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What images hold, told in a form that can be compared. */
final class Images {
    private static final Path GOLDEN = Path.of(System.getProperty("nydus4j.testdata"), "golden");

    private Images() {}

    /** Builds an image into {@code folder}; returns its bootstrap there. */
    static Path build(CreateOptions.Builder options, Path folder) throws IOException {
        CreateOptions all = options.blobDirectory(folder)
                .bootstrapFile(folder.resolve("boot"))
                .build();
        return new CreateImage(all, ProgressListener.NONE).run().bootstrap().orElseThrow();
    }

    /** Copies a golden image into {@code folder}, its blobs under the names by which they are looked for. */
    static Path copyGolden(String image, Path folder) throws IOException {
        Path blobs = Files.createDirectories(folder);
        try (Stream<Path> files = Files.list(GOLDEN.resolve(image))) {
            for (Path file : files.toList()) {
                Files.copy(file, blobs.resolve(file.getFileName()));
            }
        }
        try (Rafs rafs = Rafs.load(blobs.resolve("boot"), LoadOptions.DEFAULT)) {
            for (var blob : rafs.blobs()) {
                Path file = blobs.resolve(blob.effectiveId());
                if (!Files.exists(file)) {
                    Files.copy(GOLDEN.resolve(archive(image, blob.effectiveId())), file);
                }
            }
        }
        return blobs.resolve("boot");
    }

    /** Asserts that a folder has the bootstrap and the blobs of a golden image, byte for byte; returns their names. */
    static Set<String> assertHasGolden(String image, Path folder) throws IOException {
        Set<String> names = new TreeSet<>();
        try (Stream<Path> files = Files.list(GOLDEN.resolve(image))) {
            for (Path golden : files.toList()) {
                String name = String.valueOf(golden.getFileName());
                if (name.equals("boot") || name.matches("[0-9a-f]{64}")) {
                    names.add(name);
                    assertThat(folder.resolve(name)).hasSameBinaryContentAs(golden);
                }
            }
        }
        return names;
    }

    private static String archive(String image, String blobId) throws IOException {
        for (String other : List.of("tar-v6-zstd", "tar-v5-lz4", "upper-v6", "upper-v5")) {
            if (Files.exists(GOLDEN.resolve(other).resolve(blobId))) {
                return other + "/" + blobId;
            }
        }
        return image.startsWith("targz") ? "tree.tar.gz" : "tree.tar";
    }

    /** Opens a directory of blobs as the commands do, which images of tar files need. */
    static BlobBackend localBackend(Path directory) throws IOException {
        LocalFsSettings settings = new LocalFsSettings("", directory.toString(), List.of());
        return BackendFactory.open(settings, new BackendCounters(settings.kind()));
    }

    /** Returns a line for each name of an image: attributes, xattrs and content. */
    static Map<String, String> content(Path bootstrap, Path blobs) throws IOException {
        Map<String, String> content = new TreeMap<>();
        try (DirectoryBackend backend = new DirectoryBackend(blobs);
                Rafs rafs = Rafs.load(bootstrap, LoadOptions.DEFAULT);
                BlobDevice device = BlobDevice.open(rafs, backend)) {
            BootstrapWalk.walkDirectory(rafs, rafs.rootIno(), Optional.empty(), (inode, walk) -> {
                String path = new String(walk.path(), StandardCharsets.ISO_8859_1);
                content.put(path, line(device, inode));
                return true;
            });
        }
        return content;
    }

    private static String line(BlobDevice device, Inode inode) throws IOException {
        List<String> xattrs = new ArrayList<>();
        inode.forEachXattr((name, value) ->
                xattrs.add(new String(name, StandardCharsets.ISO_8859_1) + "=" + Arrays.toString(value)));
        String line = "%o %d:%d %d %d.%d %d %s "
                .formatted(
                        inode.mode(),
                        Integer.toUnsignedLong(inode.uid()),
                        Integer.toUnsignedLong(inode.gid()),
                        inode.linkCount(),
                        inode.mtimeSeconds(),
                        inode.mtimeNanos(),
                        inode.rdev(),
                        xattrs.stream().sorted().toList());
        if (inode.isSymlink()) {
            return line + new String(inode.symlinkTarget(), StandardCharsets.ISO_8859_1);
        }
        if (!inode.isRegular()) {
            return line;
        }
        ByteBuffer content = ByteBuffer.allocate((int) inode.size());
        while (content.hasRemaining() && device.read(inode, content.position(), content) > 0) {}
        return line + content.position() + " " + Arrays.hashCode(content.array());
    }
}
