package io.nydus4j.storage;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The blobs of all golden images in one folder, and the images themselves. */
public final class GoldenBlobs {
    private GoldenBlobs() {}

    /** Links every golden blob, by its id, into {@code folder}. */
    public static Path linkAll(Path folder) throws IOException {
        Files.createDirectories(folder);
        try (Stream<Path> files = Files.walk(GoldenImage.root(), 2)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = file.getFileName().toString();
                Path link = folder.resolve(name);
                if (name.matches("[0-9a-f]{64}") && !Files.exists(link)) {
                    Files.createSymbolicLink(link, file);
                }
            }
        }
        // The data of images that leave an archive where it is.
        for (String archive : new String[] {"tree.tar", "tree.tar.gz"}) {
            Path file = GoldenImage.root().resolve(archive);
            Path link = folder.resolve(sha256(file));
            if (!Files.exists(link)) {
                Files.createSymbolicLink(link, file);
            }
        }
        return folder;
    }

    private static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** Loads the bootstrap of a golden image. */
    public static Bootstrap load(String image) throws IOException {
        return Rafs.load(GoldenImage.bootstrap(image), LoadOptions.DEFAULT);
    }

    /** Returns the regular files of an image by path. */
    public static Map<String, Inode> files(Bootstrap bootstrap) throws IOException {
        Map<String, Inode> files = new TreeMap<>();
        BootstrapWalk.preOrder(bootstrap, (inode, walk) -> {
            if (inode.isRegular()) {
                files.put(new String(walk.path(), StandardCharsets.UTF_8), inode);
            }
        });
        return files;
    }
}
