package io.nydus4j.build;

import io.nydus4j.build.write.OutputFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Files that say what came of some work. */
public final class ResultFile {
    private ResultFile() {}

    /**
     * Writes a whole file, or none: what is there stays as it is until the new one is complete.
     *
     * @throws IOException if it cannot be written
     */
    public static void write(Path file, String text) throws IOException {
        try (OutputFile output = OutputFile.at(file)) {
            output.write(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
            output.sync();
            output.commit();
        }
    }
}
