package io.nydus4j.build;

import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.Xattr;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Recognises whiteouts. Mirrors {@code Node::whiteout_type} of the reference. */
final class Whiteouts {
    private static final byte[] PREFIX = ".wh.".getBytes(StandardCharsets.US_ASCII);
    private static final Xattr OPAQUE = new Xattr(
            "trusted.overlay.opaque".getBytes(StandardCharsets.US_ASCII), "y".getBytes(StandardCharsets.US_ASCII));

    private Whiteouts() {}

    /**
     * Tells whether a name has no place in an image without layers below: it removes something, or says that a directory is opaque. An
     * overlayfs directory that is opaque itself has content of its own, so it is not meant.
     */
    static boolean isOnlyWhiteout(Node node, WhiteoutSpec spec) {
        return switch (spec) {
            case OCI -> startsWithPrefix(node.name());
            case OVERLAYFS -> FileMode.type(node.mode()) == FileMode.CHARACTER_DEVICE && node.rdev() == 0;
            case NONE -> false;
        };
    }

    private static boolean startsWithPrefix(byte[] name) {
        return name.length >= PREFIX.length && Arrays.equals(name, 0, PREFIX.length, PREFIX, 0, PREFIX.length);
    }

    /** Tells whether an overlayfs directory hides all that lies below it in lower layers. */
    static boolean isOpaqueDirectory(Node node) {
        return node.isDirectory() && node.xattrs().contains(OPAQUE);
    }
}
