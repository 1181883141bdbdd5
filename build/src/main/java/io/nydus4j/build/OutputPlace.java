package io.nydus4j.build;

import java.nio.file.Path;

/** Where a produced file goes. Mirrors {@code ArtifactStorage} of the reference. */
public sealed interface OutputPlace {
    /** Returns the path of the file or the directory. */
    Path path();

    /**
     * A file of the caller's name, or an existing FIFO.
     *
     * @param path replaced when the build has succeeded; a FIFO is written as the build goes
     */
    record OutputFile(Path path) implements OutputPlace {}

    /**
     * A directory that takes files named by digest.
     *
     * @param path existing directory; a file of the same name and content that it has already is kept
     */
    record OutputDirectory(Path path) implements OutputPlace {}
}
