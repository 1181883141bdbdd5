package io.nydus4j.daemon;

import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.config.ConfigurationException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/**
 * Says at which stage an image could not be served. The message says why, for people; {@link #rendering} says it in the few words that
 * clients of the reference's API know.
 */
final class MountFailure extends IOException {
    private static final long serialVersionUID = 1L;

    /** What was being done. */
    enum Stage {
        CONFIGURATION("Failed to load config: "),
        METADATA("Failed to fill superBlock: "),
        DEVICE("Failed to create device: "),
        KERNEL("Failed to mount: "),
        RULES("Failed to configure device: "),
        NEW_METADATA("Failed to read metadata: "),
        SWAP("Failed to create swap backend: ");

        private final String words;

        Stage(String words) {
            this.words = words;
        }
    }

    private final Stage stage;
    private final String words;

    private MountFailure(Stage stage, String words, IOException cause) {
        super(cause.getMessage(), cause);
        this.stage = stage;
        this.words = words;
    }

    /** Describes a configuration that cannot be followed. */
    static MountFailure configuration(ConfigurationException cause) {
        return new MountFailure(Stage.CONFIGURATION, text(cause), cause);
    }

    /** Describes a bootstrap that cannot be used. */
    static MountFailure metadata(Stage stage, Path bootstrap, IOException cause) {
        return new MountFailure(stage, metadataWords(bootstrap, cause), cause);
    }

    private static String metadataWords(Path bootstrap, IOException cause) {
        if (cause instanceof NoSuchFileException || !Files.exists(bootstrap)) {
            return "No such file or directory (os error 2)";
        }
        if (Files.isDirectory(bootstrap)) {
            return "Is a directory (os error 21)";
        }
        return cause instanceof EOFException || isEmpty(bootstrap)
                ? "failed to fill whole buffer"
                : "invalid RAFS superblock";
    }

    private static boolean isEmpty(Path file) {
        try {
            return Files.size(file) == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** Describes data that cannot be served. */
    static MountFailure device(IOException cause) {
        String words = switch (cause) {
            case ConfigurationException configuration -> text(configuration);
            case BackendException _, NoSuchFileException _ -> "Input/output error (os error 5)";
            case NotDirectoryException _ -> "Not a directory (os error 20)";
            case java.nio.file.FileAlreadyExistsException _ -> "Not a directory (os error 20)";
            case java.nio.file.FileSystemException other
            when String.valueOf(other.getReason()).equals("Not a directory") -> "Not a directory (os error 20)";
            default -> "Invalid argument (os error 22)";
        };
        return new MountFailure(Stage.DEVICE, words, cause);
    }

    /** Describes an image that the kernel does not show; the reference has no such front end. */
    static MountFailure kernel(Exception cause) {
        IOException problem = cause instanceof IOException io ? io : new IOException(cause);
        return new MountFailure(Stage.KERNEL, text(problem), problem);
    }

    /** Tells whether it is the kernel that does not show the image, which may be served otherwise. */
    boolean isOfKernel() {
        return stage == Stage.KERNEL;
    }

    /** Describes a combination that the reference refuses. */
    static MountFailure rules(String problem) {
        return new MountFailure(Stage.RULES, problem, new IOException(problem));
    }

    /** Describes an image that cannot stand in the place of another. */
    static MountFailure swap(String problem) {
        return new MountFailure(Stage.SWAP, "Invalid argument (os error 22)", new IOException(problem));
    }

    private static String text(IOException cause) {
        return String.valueOf(cause.getMessage());
    }

    /** Returns the failure in the reference's words, with the stray backtick that ends them. */
    String rendering() {
        return "RAFS failed to handle request, " + stage.words + words + "`";
    }
}
