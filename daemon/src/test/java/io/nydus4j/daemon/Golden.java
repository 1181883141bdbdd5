package io.nydus4j.daemon;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An image of the reference, and the archive of the tree that it was made from.
 *
 * @param name    folder of the image
 * @param archive file with the tree
 */
public record Golden(String name, String archive) {
    private static final Path ROOT = Path.of(System.getProperty("nydus4j.testdata"), "golden");

    public static final List<Golden> ALL = Stream.of(
                    GoldenImage.OF_FULL.stream().map(name -> new Golden(name, "full.tar")),
                    GoldenImage.OF_TREE.stream().map(name -> new Golden(name, "tree.tar")),
                    Stream.of(
                            new Golden("several-xattrs-v5", "several-xattrs.tar"),
                            new Golden("several-xattrs-v6", "several-xattrs.tar"),
                            new Golden("dict-hit-v5", "mixed.tar"),
                            new Golden("dict-hit-v6", "mixed.tar")))
            .flatMap(images -> images)
            .toList();

    public static Golden of(String name) {
        return ALL.stream().filter(image -> image.name.equals(name)).findFirst().orElseThrow();
    }

    public boolean isV6() {
        return !name.contains("v5");
    }

    public Path folder() {
        return ROOT.resolve(name);
    }

    public Path archivePath() {
        return ROOT.resolve(archive);
    }

    /** Returns what is to be loaded: the bootstrap, or the blob that has it inlined. */
    public Path bootstrap() throws IOException {
        Path separate = folder().resolve("boot");
        return Files.exists(separate) ? separate : blobFiles().getFirst();
    }

    /** Returns what asks a daemon to mount the image, by a configuration as text. */
    public MountRequest request(String configuration) throws IOException {
        return new MountRequest(bootstrap().toString(), "rafs", configuration, Optional.empty());
    }

    /** Returns the same, with copies of the image's blobs and a cache in a folder that has neither yet. */
    MountRequest requestIn(Path directory) throws IOException {
        Path blobs = copyBlobs(directory.resolve("blobs"));
        return request(
                configuration(blobs, Optional.of(directory.resolve("cache"))).toJson());
    }

    /** Returns the data blobs beside the image, in no order. */
    public List<Path> blobFiles() throws IOException {
        try (Stream<Path> files = Files.list(folder())) {
            return files.filter(file -> file.getFileName().toString().matches("[0-9a-f]{64}"))
                    .toList();
        }
    }

    /** Puts all blobs of this image into a folder; those in other places by the names that the image knows. */
    public Path copyBlobs(Path target) throws IOException {
        Files.createDirectories(target);
        for (Path blob : blobFiles()) {
            Files.copy(blob, target.resolve(blob.getFileName()));
        }
        switch (name) {
            case "targz-ref" -> copyArchive("tree.tar.gz", target);
            case "tar-tarfs" -> copyArchive("tree.tar", target);
            case "dict-hit-v5", "dict-hit-v6" -> {
                for (Path blob : new Golden(name.endsWith("5") ? "tar-v5-lz4" : "tar-v6-zstd", archive).blobFiles()) {
                    Files.copy(blob, target.resolve(blob.getFileName()));
                }
            }
            default -> {}
        }
        return target;
    }

    /** Copies an archive under the id that the image's listing names for it. */
    private void copyArchive(String file, Path target) throws IOException {
        Path archiveFile = ROOT.resolve(file);
        String output = Files.readString(folder().resolve("output.json"));
        int start = output.indexOf('"', output.indexOf('[', output.indexOf("\"blobs\""))) + 1;
        Files.copy(archiveFile, target.resolve(output.substring(start, start + 64)));
    }

    /** Returns where {@link #bootstrap} is once the blobs were {@linkplain #copyBlobs copied}: a blob is loaded from there. */
    public Path bootstrapWith(Path blobs) throws IOException {
        Path bootstrap = bootstrap();
        return bootstrap.endsWith("boot") ? bootstrap : blobs.resolve(bootstrap.getFileName());
    }

    /** Unpacks the tree that this image was made from, unless that was done before; returns the folder. */
    public Path unpack(Path target) throws IOException, InterruptedException {
        if (!Files.exists(target)) {
            Files.createDirectory(target);
            Shell.out(
                    target,
                    "tar --xattrs --xattrs-include='*' --numeric-owner -xpf \"$1\"",
                    archivePath().toString());
        }
        return target;
    }

    /** Asserts that what is mounted is the unpacked tree, as this image keeps it. */
    public void assertShown(Path mounted, Path tree) throws IOException, InterruptedException {
        Listing.assertSame(Listing.attributes(mounted), adapt(Listing.attributes(tree)));
        Listing.assertSame(Listing.devices(mounted), Listing.devices(tree));
        Listing.assertSame(Listing.xattrs(mounted), Listing.xattrs(tree));
        Listing.assertSame(Listing.hardLinks(mounted), Listing.hardLinks(tree));
        Listing.assertSame(Listing.contents(mounted), Listing.contents(tree));
    }

    /** Returns a listing of attributes as this image keeps them. */
    public String adapt(String listing) {
        if (name.startsWith("tar")) {
            return listing.replaceAll("(mtime [0-9]+)\\.[0-9]+", "$1.0000000000"); // whole seconds from archives
        }
        return name.equals("v6-repeatable") ? listing.replaceAll("owner [0-9]+:[0-9]+", "owner 0:0") : listing;
    }

    /** Returns a configuration of blobs in one folder and a cache in another, or in memory. */
    public static StorageConfiguration configuration(Path blobs, Optional<Path> cache) throws IOException {
        return configuration(blobs, cache, "");
    }

    /** Returns a configuration with more members of the {@code rafs} section. */
    public static StorageConfiguration configuration(Path blobs, Optional<Path> cache, String rafs) throws IOException {
        String cacheText = cache.isPresent()
                ? "{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + cache.get() + "\"}}"
                : "{\"type\":\"dummycache\"}";
        return StorageConfiguration.parse(
                "{\"version\":2,\"id\":\"cfg-id\",\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\"" + blobs
                        + "\"}},\"cache\":" + cacheText + ",\"rafs\":{\"mode\":\"direct\"" + rafs + "}}");
    }

    /** Returns a configuration of an image that can be changed: blobs, cache, upper and work directory in a folder, by these names. */
    static StorageConfiguration writableConfiguration(Path directory) throws IOException {
        String overlay = ",\"overlay\":{\"upper_dir\":\"%s\",\"work_dir\":\"%s\"}"
                .formatted(directory.resolve("upper"), directory.resolve("work"));
        String text = configuration(directory.resolve("blobs"), Optional.of(directory.resolve("cache")))
                .toJson()
                .replaceFirst(",\"overlay\":null", "");
        return StorageConfiguration.parse(text.substring(0, text.lastIndexOf('}')) + overlay + "}");
    }

    @Override
    public String toString() {
        return name;
    }
}
