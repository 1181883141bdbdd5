package io.nydus4j.linux.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class ZeroMemoryTest {
    private static final long SIZE = (5 << 20) + 1;

    @Test
    void isZeroAndKeepsWhatIsWrittenUntilItsArenaIsClosed() throws ErrnoException {
        MemorySegment memory;
        try (Arena arena = Arena.ofShared()) {
            memory = ZeroMemory.allocate(arena, SIZE);
            assertThat(memory.byteSize()).isEqualTo(SIZE);
            assertThat(memory.mismatch(MemorySegment.ofArray(new byte[(int) SIZE])))
                    .isEqualTo(-1);
            memory.fill((byte) 7);
            assertThat(memory.get(ValueLayout.JAVA_BYTE, SIZE - 1)).isEqualTo((byte) 7);
        }
        assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesMoreThanThereIsAddressSpaceFor() {
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> ZeroMemory.allocate(arena, 1L << 60))
                    .isInstanceOfSatisfying(
                            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM));
        }
    }
}
