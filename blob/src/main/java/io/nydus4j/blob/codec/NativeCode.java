package io.nydus4j.blob.codec;

import java.util.function.BooleanSupplier;

/** Finds out whether a native codec works here, and says so once where it does not. */
final class NativeCode {
    private static final System.Logger LOG = System.getLogger(NativeCode.class.getName());

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
        return loaded;
    }
}
