package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.cli.image.NydusImage;
import io.nydus4j.cli.nydus.Nydus;
import io.nydus4j.cli.nydusctl.Nydusctl;
import io.nydus4j.linux.file.NativePath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Paths on the command line that are not text, in a locale that knows ASCII alone. */
class RawPathTest {
    /** An e with an accent in UTF-8, and a byte that is never UTF-8. */
    private static final String NAME = "d\\303\\251\\377";

    @TempDir
    Path folder;

    /** Runs a main class, its arguments as the shell's printf makes them. */
    private String run(Class<?> main, String... arguments) throws IOException, InterruptedException {
        StringBuilder script = new StringBuilder("cd '" + folder + "' && LC_ALL=C exec '")
                .append(Path.of(System.getProperty("java.home"), "bin", "java"))
                .append("' -XX:TieredStopAtLevel=1 -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -cp '")
                .append(System.getProperty("java.class.path"))
                .append("' ")
                .append(main.getName());
        for (String argument : arguments) {
            script.append(" \"$(printf -- '").append(argument).append("')\"");
        }
        Process process = new ProcessBuilder("sh", "-c", script.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    private Path raw(String... names) {
        Path path = folder;
        for (String name : names) {
            byte[] bytes = name.replace("\\303\\251\\377", "\u00c3\u00a9\u00ff").getBytes(StandardCharsets.ISO_8859_1);
            path = path.resolve(NativePath.path(bytes));
        }
        return path;
    }

    @Test
    void imagesAreBuiltCheckedAndUnpackedWhateverTheirNames() throws Exception {
        Files.createDirectories(raw(NAME + "-in"));
        Files.createDirectories(raw(NAME + "-out"));
        Files.writeString(raw(NAME + "-in", "file"), "hello");
        Files.writeString(
                raw(NAME + "-config"),
                "{\"version\":2,\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\"" + folder + "\"}}}");
        run(
                NydusImage.class,
                "create",
                "-D",
                NAME + "-out",
                "-C",
                NAME + "-config",
                "-B",
                NAME + "-boot",
                NAME + "-in");
        assertThat(raw(NAME + "-boot")).isRegularFile();
        assertThat(run(NydusImage.class, "check", "--data", "-D", NAME + "-out", NAME + "-boot"))
                .contains("RAFS filesystem metadata is valid");
        run(NydusImage.class, "unpack", "-D", NAME + "-out", "--output", NAME + "-tar", NAME + "-boot");
        assertThat(raw(NAME + "-tar")).isRegularFile();
    }

    @Test
    void cachesAreListedWhereverTheyAre() throws Exception {
        Files.createDirectories(raw(NAME + "-cache"));
        Files.createFile(raw(NAME + "-cache", "0123.blob.data"));
        assertThat(run(Nydusctl.class, "cache", "list", NAME + "-cache")).contains("0123");
    }

    @Test
    void aDaemonIsReachedWhateverItsSocketIsCalled() throws Exception {
        Path socket = raw(NAME + "-api");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            Thread answering = Thread.ofPlatform().start(() -> answer(server, "{\"state\":\"RUNNING\"}"));
            assertThat(run(Nydusctl.class, "--raw", "-S", NAME + "-api", "info"))
                    .contains("RUNNING");
            answering.join();
        }
    }

    private static void answer(ServerSocketChannel server, String body) {
        try (SocketChannel client = server.accept()) {
            client.read(ByteBuffer.allocate(4096));
            String answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
                    + body.length() + "\r\n\r\n" + body;
            client.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.US_ASCII)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void nydusBuildsIntoAFolderOfAnyName() throws Exception {
        Files.createDirectories(raw(NAME + "-in"));
        run(Nydus.class, "build", NAME + "-in", NAME + "-image");
        assertThat(raw(NAME + "-image", "image.boot")).isRegularFile();
    }
}
