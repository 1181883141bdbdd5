package io.nydus4j.cli.image;

import io.nydus4j.build.ResultFile;
import java.io.IOException;
import java.nio.file.Path;

/** Writes result files. */
final class OutputJson {
    private OutputJson() {}

    /**
     * Writes {@code json} to {@code file}.
     *
     * @throws IOException if the file cannot be written
     */
    static void write(Path file, String json) throws IOException {
        try {
            ResultFile.write(file, json);
        } catch (IOException e) {
            throw new IOException("can not open output file " + file, e);
        }
    }
}
