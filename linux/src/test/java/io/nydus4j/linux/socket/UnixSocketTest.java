package io.nydus4j.linux.socket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    private Path folder;

    private static Descriptor file(String content) throws IOException {
        Descriptor file = Descriptor.inMemory("test");
        file.write(content.getBytes(UTF_8), 0, content.length());
        return file;
    }

    private static String content(Descriptor file) throws IOException {
        byte[] bytes = new byte[100];
        return new String(bytes, 0, Math.max(0, file.readAt(0, bytes, 0, bytes.length)), UTF_8);
    }

    private static long openDescriptors() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }

    @Test
    void carriesDescriptorsBesideBytes() throws IOException {
        List<UnixSocket> pair = UnixSocket.pair();
        try (UnixSocket left = pair.get(0);
                UnixSocket right = pair.get(1);
                Descriptor one = file("one");
                Descriptor two = file("two")) {
            left.send("hello".getBytes(UTF_8), List.of(one, two));
            UnixSocket.Message message = right.receive(1000);
            assertThat(message.bytes()).isEqualTo("hello".getBytes(UTF_8));
            assertThat(message.descriptors()).hasSize(2);
            assertThat(content(message.descriptors().get(0))).isEqualTo("one");
            assertThat(content(message.descriptors().get(1))).isEqualTo("two");
            assertThat(message.descriptors().get(0).number()).isNotEqualTo(one.number());
            for (Descriptor received : message.descriptors()) {
                received.close();
            }
            assertThat(right.awaitInput(Duration.ofMillis(10))).isFalse();
            assertThatThrownBy(() -> left.send(new byte[0], List.of(one))).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void carriesAsManyDescriptorsAsTheKernelAllows() throws IOException {
        long before = openDescriptors();
        List<UnixSocket> pair = UnixSocket.pair();
        try (UnixSocket left = pair.get(0);
                UnixSocket right = pair.get(1);
                Descriptor one = file("one")) {
            List<Descriptor> many = new ArrayList<>();
            for (int i = 0; i < UnixSocket.MAX_DESCRIPTORS; i++) {
                many.add(one);
            }
            left.send(new byte[1], many);
            List<Descriptor> received = right.receive(1).descriptors();
            assertThat(received).hasSize(UnixSocket.MAX_DESCRIPTORS);
            for (Descriptor descriptor : received) {
                descriptor.close();
            }
        }
        assertThat(openDescriptors()).isEqualTo(before);
    }

    @Test
    void carriesLongMessagesInParts() throws Exception {
        byte[] bytes = new byte[1_000_000];
        new Random(3).nextBytes(bytes);
        Path path = folder.resolve("x".repeat(100)).resolve("socket"); // past the 107 bytes of an address
        Files.createDirectory(path.getParent());
        try (UnixSocket server = UnixSocket.listen(NativePath.bytes(path), 1)) {
            Thread sender = Thread.ofPlatform().start(() -> {
                try (UnixSocket client = UnixSocket.connect(NativePath.bytes(path));
                        Descriptor file = file("with the first byte")) {
                    client.send(bytes, List.of(file));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(server.awaitInput(SOON)).isTrue();
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            List<Descriptor> descriptors = new ArrayList<>();
            try (UnixSocket connection = server.accept()) {
                for (UnixSocket.Message message = connection.receive(65_536);
                        message.bytes().length > 0;
                        message = connection.receive(65_536)) {
                    received.writeBytes(message.bytes());
                    descriptors.addAll(message.descriptors());
                }
            }
            sender.join();
            assertThat(received.toByteArray()).isEqualTo(bytes);
            assertThat(content(descriptors.getFirst())).isEqualTo("with the first byte");
            descriptors.getFirst().close();
        }
    }

    @Test
    void refusesAPathWhereNobodyListens() {
        assertThatThrownBy(() -> UnixSocket.connect(NativePath.bytes(folder.resolve("none"))))
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }

    @Test
    void countsEvents() throws IOException {
        try (EventCounter counter = EventCounter.create()) {
            assertThat(counter.take()).isZero();
            assertThat(Readiness.awaitInput(counter.descriptor(), Duration.ZERO))
                    .isFalse();
            counter.add(2);
            counter.add(3);
            assertThat(Readiness.awaitInput(counter.descriptor(), SOON)).isTrue();
            assertThat(counter.take()).isEqualTo(5);
        }
    }
}
