package io.nydus4j.linux.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptorTest {
    private static final long SEED = 99;
    private static final int LENGTH = 300_001;

    @TempDir
    private Path folder;

    private final byte[] content = new byte[LENGTH];

    private Descriptor open(String name) throws IOException {
        new Random(SEED).nextBytes(content);
        return PosixFiles.open(
                Descriptor.WORKING_DIRECTORY,
                NativePath.bytes(folder.resolve(name)),
                OpenFlags.CREATE | OpenFlags.READ_WRITE,
                0644);
    }

    @Test
    void readsWhatItWrote() throws IOException {
        try (Descriptor file = open("f");
                Arena arena = Arena.ofConfined()) {
            file.write(content, 0, 100);
            MemorySegment rest = arena.allocate(LENGTH - 100L);
            rest.copyFrom(MemorySegment.ofArray(content).asSlice(100));
            file.write(rest);
            assertThat(file.position()).isEqualTo(LENGTH);
            assertThat(Files.readAllBytes(folder.resolve("f"))).isEqualTo(content);

            byte[] read = new byte[LENGTH + 10];
            assertThat(file.readAt(0, read, 0, read.length)).isEqualTo(LENGTH);
            assertThat(Arrays.copyOf(read, LENGTH)).isEqualTo(content);
            assertThat(file.readAt(LENGTH, read, 0, 1)).isEqualTo(-1);
            file.position(LENGTH - 5);
            assertThat(file.read(read, 0, 10)).isEqualTo(5);
            assertThat(file.read(read, 0, 10)).isEqualTo(-1);
            MemorySegment memory = arena.allocate(LENGTH);
            file.readFullyAt(0, memory);
            assertThat(memory.mismatch(MemorySegment.ofArray(content))).isEqualTo(-1);
            assertThatThrownBy(() -> file.readAt(-1, read, 0, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> file.readFullyAt(1, memory)).isInstanceOf(EOFException.class);
            assertThat(file.status().size()).isEqualTo(LENGTH);
        }
    }

    @Test
    void punchesHolesThatReadAsZeros() throws IOException {
        try (Descriptor file = open("f")) {
            file.writeAt(0, content, 0, LENGTH);
            file.sync();
            long blocks = file.status().blocks();
            file.punchHole(65_536, 131_072);

            assertThat(file.status().size()).isEqualTo(LENGTH);
            assertThat(file.status().blocks()).isEqualTo(blocks - 131_072 / 512);
            assertThat(file.nextHole(0)).isEqualTo(65_536);
            assertThat(file.nextData(65_536)).isEqualTo(196_608);
            byte[] hole = new byte[131_072];
            file.readAt(65_536, hole, 0, hole.length);
            assertThat(hole).containsOnly(0);
            file.truncate(65_536);
            assertThat(file.nextData(65_536)).isEqualTo(-1);
            file.allocate(0, 1 << 20);
            assertThat(file.status().size()).isEqualTo(1 << 20);
        }
    }

    @Test
    void copiesInsideTheKernel() throws IOException {
        try (Descriptor from = open("from");
                Descriptor to = open("to")) {
            from.writeAt(0, content, 0, LENGTH);
            assertThat(from.copyTo(10, to, 5, LENGTH)).isEqualTo(LENGTH - 10);
            byte[] copied = Files.readAllBytes(folder.resolve("to"));
            assertThat(Arrays.copyOfRange(copied, 5, copied.length)).isEqualTo(Arrays.copyOfRange(content, 10, LENGTH));
            from.advise(0, 0, Descriptor.Advice.DONT_NEED);
            from.syncData();
        }
    }

    @Test
    void locksOutOtherOpensOfTheFile() throws IOException {
        try (Descriptor one = open("f");
                Descriptor two = open("f")) {
            assertThat(one.tryLock(true)).isTrue();
            assertThat(two.tryLock(true)).isFalse();
            one.unlock();
            assertThat(two.tryLock(false)).isTrue();
            one.lock(false);
        }
    }

    @Test
    void isClosedOnce() throws IOException {
        Descriptor file = Descriptor.inMemory("test");
        Descriptor second = file.duplicate();
        file.write("x".getBytes(UTF_8), 0, 1);
        file.close();
        file.close();
        assertThat(file.isOpen()).isFalse();
        assertThat(second.status().size()).isEqualTo(1);
        assertThat(Files.size(second.procPath())).isEqualTo(1);
        assertThatThrownBy(file::sync)
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
        int number = second.release();
        assertThat(second.isOpen()).isFalse();
        Descriptor.adopt(number).close();
        Descriptor.WORKING_DIRECTORY.close();
        assertThat(Descriptor.WORKING_DIRECTORY.number()).isEqualTo(-100);
    }
}
