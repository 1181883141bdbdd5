package io.nydus4j.daemon.state;

import java.util.Optional;

/** What kind of file system is mounted. */
public enum FileSystemType {
    /** A RAFS image. */
    RAFS("rafs"),
    /** A directory of the host. */
    PASSTHROUGH("passthrough_fs");

    private final String word;

    FileSystemType(String word) {
        this.word = word;
    }

    /** Returns the word by which requests and documents call it. */
    public String word() {
        return word;
    }

    /** Returns the type that a word names; the reference knows three words for directories of the host. */
    public static Optional<FileSystemType> of(String word) {
        return switch (word) {
            case "rafs" -> Optional.of(RAFS);
            case "passthrough", "passthroughfs", "passthrough_fs" -> Optional.of(PASSTHROUGH);
            default -> Optional.empty();
        };
    }
}
