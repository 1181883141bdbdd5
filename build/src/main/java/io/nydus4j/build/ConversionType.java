package io.nydus4j.build;

import java.util.Optional;

/** What a source is and what becomes of it. Mirrors {@code ConversionType} of the reference. */
public enum ConversionType {
    /** A directory tree becomes a native blob. */
    DIR_RAFS("dir-rafs", Optional.of("directory")),
    /** An eStargz archive becomes a native blob. */
    ESTARGZ_RAFS("estargz-rafs", Optional.empty()),
    /** An eStargz archive stays as it is, metadata goes beside it. */
    ESTARGZ_REF("estargz-ref", Optional.empty()),
    /** The table of contents of an eStargz archive becomes metadata. */
    ESTARGZTOC_REF("estargztoc-ref", Optional.of("stargz_index")),
    /** A tar archive becomes a native blob. */
    TAR_RAFS("tar-rafs", Optional.empty()),
    /** A tar archive stays as it is, addressed in blocks of 512 bytes. */
    TAR_TARFS("tar-tarfs", Optional.empty()),
    /** A gzip-compressed tar archive becomes a native blob. */
    TARGZ_RAFS("targz-rafs", Optional.empty()),
    /** A gzip-compressed tar archive stays as it is, metadata goes beside it. */
    TARGZ_REF("targz-ref", Optional.empty());

    private final String text;
    private final Optional<String> alias;

    ConversionType(String text, Optional<String> alias) {
        this.text = text;
        this.alias = alias;
    }

    /** Returns the word for this type in options and messages. */
    public String text() {
        return text;
    }

    /** Returns the other word for this type in options, if it has one. */
    public Optional<String> alias() {
        return alias;
    }

    /** Returns the type that {@code word} names, an alias too; empty if there is none. */
    public static Optional<ConversionType> ofText(String word) {
        for (ConversionType type : values()) {
            if (type.text.equals(word) || type.alias.filter(word::equals).isPresent()) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** Tells whether an image of this type is of v6 alone, and says how to compress and identify its chunks. */
    public boolean isFixed() {
        return isReference() || this == TAR_TARFS;
    }

    /** Tells whether chunks stay in the source archive, so that the image's blob only describes them. */
    public boolean isReference() {
        return this == ESTARGZ_REF || this == TARGZ_REF || this == ESTARGZTOC_REF;
    }
}
