package io.nydus4j.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * The regular files of a golden archive: what every image of it must read as. Read by commons-compress.
 *
 * @param files their contents by path
 */
public record GoldenTree(Map<String, byte[]> files) {
    /** What a read has room for beyond the end of a file. */
    private static final int BEYOND = 10;

    private static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";

    /** Returns the tree that {@link GoldenImage#OF_FULL most images} were made from. */
    public static GoldenTree full() {
        try {
            return of("full.tar");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns the files in some archives, the later laid over the earlier by OCI rules.
     *
     * @param names archives, such as {@code tree.tar}
     */
    public static GoldenTree of(String... names) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        boolean first = true;
        for (String name : names) {
            add(files, name, !first);
            first = false;
        }
        return new GoldenTree(files);
    }

    /** Asserts that a file of an image reads as the file at {@code path} here. */
    public void assertReads(BlobDevice device, String path, Inode inode) throws IOException {
        byte[] content = files.get(path);
        String name = path + " of " + device.store().id();
        assertThat(content).as(name).isNotNull();
        ByteBuffer target = ByteBuffer.allocate(content.length + BEYOND);
        assertThat(device.read(inode, 0, target)).as(name).isEqualTo(content.length);
        assertThat(Arrays.copyOf(target.array(), target.position())).as(name).isEqualTo(content);
    }

    /** Asserts that every file of an image reads as the one here. */
    public void assertReadsAll(Bootstrap bootstrap, BlobDevice device) throws IOException {
        for (Map.Entry<String, Inode> file : GoldenBlobs.files(bootstrap).entrySet()) {
            assertReads(device, file.getKey(), file.getValue());
        }
    }

    private static void add(Map<String, byte[]> files, String name, boolean upper) throws IOException {
        Map<String, byte[]> own = new TreeMap<>();
        try (InputStream file = Files.newInputStream(GoldenImage.root().resolve(name));
                TarArchiveInputStream tar = new TarArchiveInputStream(file, "UTF-8")) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                String path = path(entry.getName());
                String parent = path.substring(0, path.lastIndexOf('/') + 1);
                String last = path.substring(parent.length());
                if (upper && last.equals(OPAQUE)) {
                    files.keySet().removeIf(other -> other.startsWith(parent));
                } else if (upper && last.startsWith(WHITEOUT)) {
                    remove(files, parent + last.substring(WHITEOUT.length()));
                } else if (entry.isLink()) {
                    own.put(path, own.get(path(entry.getLinkName())));
                } else if (entry.getLinkFlag() == TarConstants.LF_NORMAL) {
                    remove(files, path);
                    own.put(path, tar.readAllBytes());
                } else if (!entry.isDirectory()) {
                    remove(files, path);
                }
            }
        }
        files.putAll(own);
    }

    private static void remove(Map<String, byte[]> files, String path) {
        files.keySet().removeIf(other -> other.equals(path) || other.startsWith(path + "/"));
    }

    private static String path(String name) {
        String path = name.startsWith("./") ? name.substring(1) : "/" + name;
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }
}
