package io.nydus4j.build.write;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Flushing behind the writer's back loses no failure. */
final class EarlyFlushTest {
    private static final long MUCH = 64 << 20;

    @TempDir
    private Path work;

    private FileChannel open() throws IOException {
        return FileChannel.open(work.resolve("file"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    @Test
    void finishReportsTheFailureOfAnEarlierFlush() throws IOException {
        FileChannel closed = open();
        closed.close();
        EarlyFlush flush = new EarlyFlush(closed);
        flush.written(MUCH);
        flush.written(2 * MUCH);
        assertThatThrownBy(flush::finish).isInstanceOf(IOException.class);
    }

    @Test
    void littleIsNotFlushed() throws IOException {
        FileChannel closed = open();
        closed.close();
        EarlyFlush flush = new EarlyFlush(closed);
        flush.written(MUCH - 1);
        assertThatCode(flush::finish).doesNotThrowAnyException();
    }

    @Test
    void littleIsFlushedWhenItIsAskedFor() throws IOException {
        FileChannel closed = open();
        closed.close();
        EarlyFlush flush = new EarlyFlush(closed);
        flush.start(1);
        assertThatThrownBy(flush::finish).isInstanceOf(IOException.class);
    }

    @Test
    void muchIsFlushed() throws IOException {
        try (FileChannel channel = open()) {
            EarlyFlush flush = new EarlyFlush(channel);
            flush.written(MUCH);
            assertThatCode(flush::finish).doesNotThrowAnyException();
        }
    }
}
