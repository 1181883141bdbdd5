package io.nydus4j.cli.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command lines that the start-up cache of {@code nydus-image} is made from: what fails there teaches it nothing. */
class TrainingLinesTest {
    private static final String TOOL = "nydus-image: ";

    @TempDir
    Path folder;

    @Test
    void eachLineButTheUnknownCommandSucceeds() throws IOException {
        Path tree = Files.createDirectory(folder.resolve("tree"));
        Path out = Files.createDirectory(folder.resolve("out"));
        Files.writeString(tree.resolve("file"), "text");
        List<String> lines = Files.readAllLines(Path.of(System.getProperty("nydus4j.root"), "libexec", "training"));
        for (String line : lines) {
            if (!line.startsWith(TOOL) || line.endsWith(" no-such-command")) {
                continue;
            }
            String command = line.substring(TOOL.length())
                    .replace("%tree", tree.toString())
                    .replace("%out", out.toString());
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
            assertThat(NydusImage.run(stream, stream, command.split(" +")))
                    .as("%s: %s", command, said.toString(StandardCharsets.UTF_8))
                    .isZero();
        }
    }
}
