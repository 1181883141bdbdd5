package io.nydus4j.storage;

import io.nydus4j.blob.GoldenImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** The regular files of the golden archives, by path: what every image must read as. Read by commons-compress. */
public final class GoldenTree {
    private static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";

    private GoldenTree() {}

    /**
     * Returns the contents of the files in some archives, the later laid over the earlier by OCI rules.
     *
     * @param names archives, such as {@code tree.tar}
     */
    public static Map<String, byte[]> of(String... names) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        boolean first = true;
        for (String name : names) {
            add(files, name, !first);
            first = false;
        }
        return files;
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
