package io.nydus4j.build.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.linux.ChildJvm;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OutputFileTest {
    @TempDir
    private Path folder;

    private static MemorySegment text(String text) {
        return MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void write(Path path, String text) throws IOException {
        try (OutputFile file = OutputFile.at(path)) {
            file.write(text(text));
            file.sync();
            file.commit();
        }
    }

    @Test
    void replacesDamagedFileOfTheSameName() throws IOException {
        Files.writeString(folder.resolve("digest"), "damaged");
        try (OutputFile file = OutputFile.in(folder)) {
            file.write(text("right"));
            file.sync();
            file.commit("digest");
        }
        assertThat(folder.resolve("digest")).hasContent("right");
        assertThat(folder.toFile().list()).containsExactly("digest");
    }

    @Test
    void followsLinksThatLeadToNothingYet() throws IOException {
        Files.createDirectory(folder.resolve("there"));
        Files.createSymbolicLink(folder.resolve("first"), Path.of("second"));
        Files.createSymbolicLink(folder.resolve("second"), Path.of("there/file"));
        write(folder.resolve("first"), "new");
        assertThat(folder.resolve("there/file")).hasContent("new");
        assertThat(Files.isSymbolicLink(folder.resolve("first"))).isTrue();
        assertThat(Files.isSymbolicLink(folder.resolve("second"))).isTrue();
    }

    @Test
    void refusesLinksThatLeadInACircle() throws IOException {
        Files.createSymbolicLink(folder.resolve("a"), Path.of("b"));
        Files.createSymbolicLink(folder.resolve("b"), Path.of("a"));
        assertThatThrownBy(() -> OutputFile.at(folder.resolve("a")))
                .isInstanceOf(IOException.class)
                .hasMessage("failed to open file " + folder.resolve("a") + ": Too many levels of symbolic links");
    }

    @Test
    void saysWhatIsNoFile() {
        assertThatThrownBy(() -> OutputFile.at(folder))
                .isInstanceOf(IOException.class)
                .hasMessage("failed to open file " + folder + ": Is a directory");
        assertThatThrownBy(() -> OutputFile.at(Path.of("")))
                .isInstanceOf(IOException.class)
                .hasMessage("failed to open file \"\": No such file or directory");
    }

    /** What a child process runs: writes a text between two others to standard output. */
    static final class Printing {
        private Printing() {}

        /**
         * Writes.
         *
         * @param arguments name of standard output
         */
        public static void main(String[] arguments) throws IOException {
            System.out.print("before ");
            System.out.flush();
            write(Path.of(arguments[0]), "between");
            System.out.print(" behind");
            System.out.flush();
        }
    }

    private List<String> child(String name) {
        return ChildJvm.command(Printing.class, name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/dev/fd/1", "/proc/self/fd/1", "LINK"})
    void writesStandardOutputThatIsAPipe(String name) throws IOException, InterruptedException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("/proc/self/fd/1"));
        Process process = new ProcessBuilder(child(name.replace("LINK", link.toString())))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("before between behind");
        assertThat(process.waitFor()).isZero();
        assertThat(Files.isSymbolicLink(link)).isTrue();
    }

    @Test
    void goesOnWhereStandardOutputIsAFile() throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("file"), "first ");
        Process process = new ProcessBuilder(child("/dev/fd/1"))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(file.toFile()))
                .start();
        assertThat(process.waitFor()).isZero();
        assertThat(file).hasContent("first before between behind");
    }
}
