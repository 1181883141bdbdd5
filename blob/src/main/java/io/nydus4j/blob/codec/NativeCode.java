package io.nydus4j.blob.codec;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/** Finds out whether a native codec works here, and says so once where it does not. */
final class NativeCode {
    private static final System.Logger LOG = System.getLogger(NativeCode.class.getName());

    /** The property that says where the libraries unpack themselves; the launchers set it. */
    private static final String FOLDER = "aircompressor.tmpdir";

    private static final long LOADED_AFTER_MILLIS = 600_000;

    private NativeCode() {}

    /**
     * Tells whether the native code of a library can be used; call it once per library.
     *
     * @param library the library's name, for the warning
     * @param probe   tells whether it loaded
     */
    static boolean available(String library, BooleanSupplier probe) {
        boolean loaded;
        try {
            loaded = probe.getAsBoolean();
        } catch (LinkageError | IllegalCallerException e) {
            LOG.log(System.Logger.Level.DEBUG, "native " + library + " does not load", e);
            loaded = false;
        }
        if (!loaded) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "native {0} cannot be loaded: Java code takes its place, slower, and compressed sizes may differ",
                    library);
        }
        String folder = System.getProperty(FOLDER);
        if (folder != null) {
            removeLeftovers(Path.of(folder), library, System.currentTimeMillis());
        }
        return loaded;
    }

    /**
     * Removes what processes that were killed have left: a library unpacks itself into a file of its own, which Java takes away at the
     * end. Nobody needs it once it is loaded, so that an old one may go whoever made it.
     */
    static void removeLeftovers(Path folder, String library, long nowMillis) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                if (name.startsWith(library)
                        && name.endsWith(".tmp")
                        && Files.getLastModifiedTime(file).toMillis() < nowMillis - LOADED_AFTER_MILLIS) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.log(System.Logger.Level.DEBUG, "old files of native " + library + " stay", e);
        }
    }
}
