package io.nydus4j.build.layer;

import java.util.Optional;

/** How a layer says that something below is removed. Mirrors {@code WhiteoutSpec} of the reference. */
public enum WhiteoutSpec {
    /** Names that start with {@code .wh.}; {@code .wh..wh..opq} hides all that lies below its directory. */
    OCI("oci"),
    /** Character devices 0:0; the xattr {@code trusted.overlay.opaque} hides all that lies below its directory. */
    OVERLAYFS("overlayfs"),
    /** Nothing is a whiteout. */
    NONE("none");

    private final String text;

    WhiteoutSpec(String text) {
        this.text = text;
    }

    /** Returns the word for this specification in options. */
    public String text() {
        return text;
    }

    /** Returns the specification that {@code word} names; empty if there is none. */
    public static Optional<WhiteoutSpec> ofText(String word) {
        for (WhiteoutSpec spec : values()) {
            if (spec.text.equals(word)) {
                return Optional.of(spec);
            }
        }
        return Optional.empty();
    }
}
