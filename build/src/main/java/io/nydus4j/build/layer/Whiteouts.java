package io.nydus4j.build.layer;

import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.Xattr;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Recognises whiteouts. Mirrors {@code Node::whiteout_type} of the reference, but takes names that are no text as well. */
public final class Whiteouts {
    private static final byte[] PREFIX = ".wh.".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] OPAQUE_MARKER = ".wh..wh..opq".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] OPAQUE_XATTR = "trusted.overlay.opaque".getBytes(StandardCharsets.US_ASCII);
    private static final Xattr OPAQUE = new Xattr(OPAQUE_XATTR, "y".getBytes(StandardCharsets.US_ASCII));

    /** What a name of a layer says of the layers below. */
    enum Kind {
        /** Nothing: it is there. */
        NONE,
        /** The name that {@link #victim} tells is not there. */
        REMOVAL,
        /** Nothing that the directory of this name has below is there. */
        OPAQUE_PARENT,
        /** Nothing that this directory has below is there. */
        OPAQUE_DIRECTORY
    }

    private Whiteouts() {}

    /**
     * Tells whether a name has no place in an image without layers below: it removes something, or says that a directory is opaque. An
     * overlayfs directory that is opaque itself has content of its own, so it is not meant.
     */
    public static boolean isOnlyWhiteout(Node node, WhiteoutSpec spec) {
        return switch (kind(node, spec)) {
            case REMOVAL, OPAQUE_PARENT -> true;
            case NONE, OPAQUE_DIRECTORY -> false;
        };
    }

    /** Returns what a name says of the layers below. */
    static Kind kind(Node node, WhiteoutSpec spec) {
        return switch (spec) {
            case OCI -> ociKind(node.name());
            case OVERLAYFS -> overlayfsKind(node);
            case NONE -> Kind.NONE;
        };
    }

    private static Kind ociKind(byte[] name) {
        if (name.length < PREFIX.length || !Arrays.equals(name, 0, PREFIX.length, PREFIX, 0, PREFIX.length)) {
            return Kind.NONE;
        }
        return Arrays.equals(name, OPAQUE_MARKER) ? Kind.OPAQUE_PARENT : Kind.REMOVAL;
    }

    private static Kind overlayfsKind(Node node) {
        if (FileMode.type(node.mode()) == FileMode.CHARACTER_DEVICE && node.rdev() == 0) {
            return Kind.REMOVAL;
        }
        return node.isDirectory() && node.xattrs().contains(OPAQUE) ? Kind.OPAQUE_DIRECTORY : Kind.NONE;
    }

    /** Returns the name that a {@link Kind#REMOVAL} removes. Names that follow each other remove names that do. */
    static byte[] victim(Node removal, WhiteoutSpec spec) {
        return spec == WhiteoutSpec.OCI
                ? Arrays.copyOfRange(removal.name(), PREFIX.length, removal.name().length)
                : removal.name();
    }

    /** Takes the mark of a {@link Kind#OPAQUE_DIRECTORY} away, which would hide what later layers lay over it. */
    static void unmark(Node directory) {
        List<Xattr> others = directory.xattrs().stream()
                .filter(xattr -> !Arrays.equals(xattr.name(), OPAQUE_XATTR))
                .toList();
        directory.setXattrsInOrder(others);
    }
}
