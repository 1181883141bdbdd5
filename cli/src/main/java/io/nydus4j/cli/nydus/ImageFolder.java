package io.nydus4j.cli.nydus;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The files of an image on this machine.
 *
 * @param bootstrap the metadata, or a blob that has it inlined
 * @param blobs     the directory of the data blobs
 */
record ImageFolder(Path bootstrap, Path blobs) {
    /** The name of the metadata in a folder that {@code nydus build} makes. */
    static final String BOOTSTRAP = "image.boot";

    /**
     * Finds the files of the image that the user names: a folder made by {@code nydus build}, a bootstrap, or a blob with inlined
     * metadata. Blobs lie beside the bootstrap unless said otherwise.
     *
     * @throws IOException if there is no such image
     */
    static ImageFolder find(Path image, Path blobs) throws IOException {
        Path real = image.toRealPath();
        Path bootstrap = Files.isDirectory(real) ? real.resolve(BOOTSTRAP) : real;
        if (!Files.isRegularFile(bootstrap)) {
            throw new IOException(
                    image + " holds no " + BOOTSTRAP + ": name a folder that `nydus build` made, or a bootstrap");
        }
        return new ImageFolder(
                bootstrap, blobs.toString().isEmpty() ? bootstrap.resolveSibling("") : blobs.toRealPath());
    }
}
