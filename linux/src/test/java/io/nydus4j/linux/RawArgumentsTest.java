package io.nydus4j.linux;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RawArgumentsTest {
    private static final long SEED = 5;

    /** Prints its arguments in hex, for {@link #seesTheBytesThatWereTyped}. */
    public static void main(String[] arguments) {
        for (String argument : RawArguments.recover(arguments)) {
            System.out.println(HexFormat.of().formatHex(RawBytes.bytes(argument)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "C.UTF-8", "POSIX"})
    void seesTheBytesThatWereTyped(String locale) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String script = "LC_ALL=" + locale + " exec " + java + " -XX:TieredStopAtLevel=1 -cp '"
                + System.getProperty("java.class.path") + "' " + RawArgumentsTest.class.getName()
                + " plain \"$(printf 'h\\303\\251')\" \"$(printf 'x\\377y')\" '' \"$(printf '\\360\\237\\230\\200')\"";
        assertThat(Command.run("sh", "-c", script).text().split("\n", -1))
                .containsExactly("706c61696e", "68c3a9", "78ff79", "", "f09f9880");
    }

    @Test
    void keepsAnyBytesAsText() {
        Random random = new Random(SEED);
        for (int round = 0; round < 2000; round++) {
            byte[] bytes = new byte[random.nextInt(20)];
            random.nextBytes(bytes);
            assertThat(RawBytes.bytes(RawBytes.text(bytes)))
                    .as("seed %d, round %d", SEED, round)
                    .isEqualTo(bytes);
        }
        assertThat(RawBytes.text("h\u00e9\ud83d\ude00".getBytes(UTF_8))).isEqualTo("h\u00e9\ud83d\ude00");
    }

    @Test
    void leavesArgumentsThatAreNotTheProcesss() {
        byte[] commandLine = "java\0-cp\0x\0Main\0a\0h\u00e9\0".getBytes(ISO_8859_1);
        assertThat(RawArguments.recover(new String[] {"a", "h\ufffd"}, commandLine, US_ASCII))
                .containsExactly("a", "h\udce9");
        assertThat(RawArguments.recover(new String[] {"b", "h"}, commandLine, US_ASCII))
                .containsExactly("b", "h");
        assertThat(RawArguments.recover(new String[10], commandLine, US_ASCII)).hasSize(10);
    }

    @Test
    void namesErrors() {
        assertThat(Errno.name(2)).isEqualTo("ENOENT");
        assertThat(Errno.name(133)).isEqualTo("EHWPOISON");
        assertThat(Errno.name(41)).isEqualTo("errno 41");
        assertThat(Errno.name(-1)).isEqualTo("errno -1");
        assertThat(Errno.message(95)).isEqualTo("Operation not supported");
        assertThat(Errno.name(Errno.EOPNOTSUPP)).isEqualTo("EOPNOTSUPP");
    }
}
