package io.nydus4j.build.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.rafs.tree.Xattr;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes single members and looks at their bytes. */
final class TarWriterTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarWriter tar = new TarWriter(segment -> bytes.writeBytes(segment.toArray(ValueLayout.JAVA_BYTE)));

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static TarEntry entry(
            TarType type, byte[] name, int uid, long size, long seconds, int nanos, Xattr... xattrs) {
        return new TarEntry(
                type,
                name,
                new byte[0],
                0100755,
                uid,
                7,
                ascii("me"),
                ascii("us"),
                size,
                seconds,
                nanos,
                0,
                0,
                List.of(xattrs));
    }

    private String text(int from, int to) {
        return new String(Arrays.copyOfRange(bytes.toByteArray(), from, to), StandardCharsets.ISO_8859_1);
    }

    @Test
    void shortMemberHasAHeaderAlone() throws IOException {
        tar.begin(entry(TarType.REGULAR, ascii("dir/file"), 1000, 3, 1_600_000_000, 0));
        tar.data(MemorySegment.ofArray(ascii("abc")));
        tar.finish();
        assertThat(bytes.size()).isEqualTo(4 * 512);
        assertThat(text(0, 9)).isEqualTo("dir/file\0");
        assertThat(text(100, 148))
                .isEqualTo("0000755\0" + "0001750\0" + "0000007\0" + "00000000003\0" + "13727410000\0");
        assertThat(text(156, 157)).isEqualTo("0");
        assertThat(text(257, 265)).isEqualTo("ustar\00000");
        assertThat(text(265, 270)).isEqualTo("me\0\0\0");
        assertThat(text(297, 300)).isEqualTo("us\0");
        assertThat(text(329, 345)).isEqualTo("0000000\0" + "0000000\0");
        assertThat(text(512, 516)).isEqualTo("abc\0");
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += i >= 148 && i < 156 ? ' ' : bytes.toByteArray()[i] & 0xFF;
        }
        assertThat(text(148, 156)).isEqualTo("%06o\0 ".formatted(sum));
    }

    @ParameterizedTest
    @CsvSource({"100, false", "101, true", "65535, true"})
    void nameThatDoesNotFitGetsARecord(int length, boolean pax) throws IOException {
        byte[] name = ascii("n".repeat(length));
        tar.begin(entry(TarType.DIRECTORY, name, 0, 0, 0, 0));
        assertThat(text(156, 157)).isEqualTo(pax ? "x" : "5");
        if (pax) {
            String record = " path=" + "n".repeat(length) + "\n";
            assertThat(text(512, bytes.size())).contains(record);
            assertThat(text(0, 100)).isEqualTo("PaxHeaders.0/" + "n".repeat(87));
            assertThat(text(bytes.size() - 512, bytes.size() - 412)).isEqualTo("n".repeat(100));
        }
    }

    @Test
    void nameIsCutBetweenCharacters() throws IOException {
        byte[] name = ("n" + "ü".repeat(60)).getBytes(StandardCharsets.UTF_8);
        tar.begin(entry(TarType.DIRECTORY, name, 0, 0, 0, 0));
        byte[] last = Arrays.copyOfRange(bytes.toByteArray(), bytes.size() - 512, bytes.size() - 412);
        assertThat(last).isEqualTo(Arrays.copyOf(Arrays.copyOf(name, 99), 100));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 60, 70, 71, 72, 73, 74, 75, 80, 960, 970, 971, 972, 973, 974, 975, 9970, 9975, 65536})
    void lengthOfARecordCountsItself(int valueLength) throws IOException {
        byte[] value = new byte[valueLength];
        Arrays.fill(value, (byte) '\n');
        tar.begin(entry(TarType.DIRECTORY, ascii("d"), 0, 0, 0, 0, new Xattr(ascii("user.k"), value)));
        int space = text(512, 530).indexOf(' ');
        int length = Integer.parseInt(text(512, 512 + space));
        String record = text(512, 512 + length);
        assertThat(record).isEqualTo(length + " SCHILY.xattr.user.k=" + "\n".repeat(valueLength) + "\n");
        assertThat(text(124, 136)).isEqualTo("%011o\0".formatted(length));
        assertThat(bytes.size()).isEqualTo(512 + (length + 511) / 512 * 512 + 512);
    }

    @ParameterizedTest
    @CsvSource({
        "5, 500000000, 5.5",
        "1600000802, 6351038, 1600000802.006351038",
        "-1, 500000000, -0.5",
        "-3, 1, -2.999999999"
    })
    void nanosecondsGoIntoARecord(long seconds, int nanos, String time) throws IOException {
        tar.begin(entry(TarType.FIFO, ascii("f"), 0, 0, seconds, nanos));
        assertThat(text(512, 1024)).contains(" mtime=" + time + "\n");
    }

    @Test
    void recordsComeInTheOrderOfTheirKeys() throws IOException {
        byte[] name = ascii("p".repeat(120));
        tar.begin(entry(
                TarType.DIRECTORY,
                name,
                0,
                0,
                1,
                1,
                new Xattr(ascii("user.b"), ascii("2")),
                new Xattr(ascii("user.a"), ascii("1"))));
        String records = text(512, 1024);
        assertThat(records.indexOf("xattr.user.a")).isBetween(0, records.indexOf("xattr.user.b"));
        assertThat(records.indexOf("xattr.user.b")).isLessThan(records.indexOf(" mtime="));
        assertThat(records.indexOf(" mtime=")).isLessThan(records.indexOf(" path="));
    }

    @Test
    void largeNumbersAreBinary() throws IOException {
        tar.begin(entry(TarType.REGULAR, ascii("f"), -2, 1L << 33, -5, 0));
        byte[] header = bytes.toByteArray();
        assertThat(Arrays.copyOfRange(header, 108, 116)).containsExactly(0x80, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFE);
        assertThat(Arrays.copyOfRange(header, 124, 136)).containsExactly(0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0);
        assertThat(Arrays.copyOfRange(header, 136, 148))
                .containsExactly(0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFB);
    }

    @Test
    void refusesMoreOrLessDataThanAnnounced() throws IOException {
        tar.begin(entry(TarType.REGULAR, ascii("f"), 0, 3, 0, 0));
        assertThatThrownBy(() -> tar.data(MemorySegment.ofArray(new byte[4])))
                .isInstanceOf(IllegalStateException.class);
        tar.data(MemorySegment.ofArray(new byte[2]));
        assertThatThrownBy(() -> tar.begin(entry(TarType.FIFO, ascii("g"), 0, 0, 0, 0)))
                .isInstanceOf(IllegalStateException.class);
    }
}
