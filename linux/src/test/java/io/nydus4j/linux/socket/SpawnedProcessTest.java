package io.nydus4j.linux.socket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.Requirements;
import io.nydus4j.linux.file.Descriptor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SpawnedProcessTest {
    private static String content(Descriptor file) throws IOException {
        byte[] bytes = new byte[10_000];
        return new String(bytes, 0, Math.max(0, file.readAt(0, bytes, 0, bytes.length)), UTF_8);
    }

    @Test
    void givesChosenDescriptorsAndNoOthers() throws IOException {
        try (Descriptor output = Descriptor.inMemory("output");
                Descriptor three = Descriptor.inMemory("three");
                Descriptor seven = Descriptor.inMemory("seven")) {
            String script =
                    "echo 3 >&3; echo 7 >&7; echo $GIVEN; for i in 0 1 2 3 4 5 6 7 8 9 10 20 30; do [ -e /proc/$$/fd/$i ] && echo -n \"$i \"; done";
            SpawnedProcess process = SpawnedProcess.start(
                    List.of("sh", "-c", script),
                    Map.of("GIVEN", "a value"),
                    Map.of(1, output, 2, output, 3, three, 7, seven));
            process.waitFor();
            assertThat(content(three)).isEqualTo("3\n");
            assertThat(content(seven)).isEqualTo("7\n");
            assertThat(content(output)).isEqualTo("a value\n0 1 2 3 7 ");
        }
    }

    @Test
    void keepsTheNumbersApartWhereTheyCross() throws IOException {
        try (Descriptor one = Descriptor.inMemory("one");
                Descriptor two = Descriptor.inMemory("two")) {
            Map<Integer, Descriptor> crossed = Map.of(one.number(), two, two.number(), one);
            String script = "echo one >/proc/self/fd/" + two.number() + "; echo two >/proc/self/fd/" + one.number();
            assertThat(SpawnedProcess.start(List.of("sh", "-c", script), Map.of(), crossed)
                            .waitFor())
                    .isZero();
            assertThat(content(one)).isEqualTo("one\n");
            assertThat(content(two)).isEqualTo("two\n");
        }
    }

    @Test
    void tellsHowItEnded() throws IOException {
        assertThat(SpawnedProcess.start(List.of("sh", "-c", "exit 7"), Map.of(), Map.of())
                        .waitFor())
                .isEqualTo(7);
        SpawnedProcess sleeping = SpawnedProcess.start(List.of("sleep", "60"), Map.of(), Map.of());
        sleeping.signal(15);
        assertThat(sleeping.waitFor()).isEqualTo(128 + 15);
        assertThatThrownBy(() -> SpawnedProcess.start(List.of("no-such-program"), Map.of(), Map.of()))
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }

    @Test
    void keepsADescriptorThatASuccessorTakes() throws IOException {
        SpawnedProcess keeper;
        try (Descriptor kept = Descriptor.inMemory("kept")) {
            kept.write("state".getBytes(UTF_8), 0, 5);
            keeper = SpawnedProcess.start(List.of("sleep", "60"), Map.of(), Map.of(3, kept));
        }
        try (Descriptor watched = ProcessDescriptors.open(keeper.id());
                Descriptor taken = ProcessDescriptors.take(keeper.id(), 3)) {
            assertThat(content(taken)).isEqualTo("state");
            assertThat(Readiness.awaitInput(watched, Duration.ZERO)).isFalse();
            keeper.signal(9);
            assertThat(Readiness.awaitInput(watched, Duration.ofSeconds(10))).isTrue();
        } finally {
            assertThat(keeper.waitFor()).isEqualTo(128 + 9);
        }
    }

    @Test
    void tellsTheServiceManager() throws IOException {
        String name = "@nydus4j-test-" + ProcessHandle.current().pid();
        try (Descriptor output = Descriptor.inMemory("output");
                Descriptor stored = Descriptor.inMemory("stored")) {
            String script = "import socket,os,array\n"
                    + "s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);s.bind('\\0'+'" + name.substring(1) + "')\n"
                    + "os.write(1,b'ready\\n');m,fds,f,a=socket.recv_fds(s,100,5)\n"
                    + "os.write(1,m+b' '+str(len(fds)).encode()+b' '+os.readlink('/proc/self/fd/%d'%fds[0]).encode())";
            Requirements.program("python3");
            SpawnedProcess manager =
                    SpawnedProcess.start(List.of("python3", "-c", script), Map.of(), Map.of(1, output));
            while (content(output).isEmpty()) {
                Thread.onSpinWait();
            }
            ServiceNotification.send(name.getBytes(UTF_8), "FDSTORE=1", List.of(stored));
            assertThat(manager.waitFor()).isZero();
            assertThat(content(output)).startsWith("ready\nFDSTORE=1 1 /memfd:stored");
        }
    }
}
