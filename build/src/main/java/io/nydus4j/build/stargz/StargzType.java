package io.nydus4j.build.stargz;

import io.nydus4j.rafs.FileMode;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What an entry of a table of contents stands for. */
enum StargzType {
    DIRECTORY("dir", FileMode.DIRECTORY),
    REGULAR("reg", FileMode.REGULAR),
    SYMLINK("symlink", FileMode.SYMLINK),
    HARD_LINK("hardlink", FileMode.REGULAR),
    CHARACTER_DEVICE("char", FileMode.CHARACTER_DEVICE),
    BLOCK_DEVICE("block", FileMode.BLOCK_DEVICE),
    FIFO("fifo", FileMode.FIFO),
    /** More data of a regular file; never a name of its own. */
    CHUNK("chunk", 0);

    private static final Map<String, StargzType> BY_TEXT = new HashMap<>();

    static {
        for (StargzType type : values()) {
            BY_TEXT.put(type.text, type);
        }
    }

    private final String text;
    private final int fileType;

    StargzType(String text, int fileType) {
        this.text = text;
        this.fileType = fileType;
    }

    /** Returns the type that a table of contents calls {@code text}; empty if there is none. */
    static Optional<StargzType> ofText(String text) {
        return Optional.ofNullable(BY_TEXT.get(text));
    }

    /** Returns the type bits of the mode. */
    int fileType() {
        return fileType;
    }

    /** Tells whether entries of this type have a device number. */
    boolean isSpecial() {
        return this == CHARACTER_DEVICE || this == BLOCK_DEVICE || this == FIFO;
    }
}
