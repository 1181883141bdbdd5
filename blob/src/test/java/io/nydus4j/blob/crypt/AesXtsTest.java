package io.nydus4j.blob.crypt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.digest.Sha256;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares {@link AesXts} with vectors of OpenSSL. */
final class AesXtsTest {
    static List<String> vectors() throws IOException {
        return lines("xts.txt");
    }

    static List<String> longVectors() throws IOException {
        return lines("xts-long.txt");
    }

    private static List<String> lines(String resource) throws IOException {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(AesXtsTest.class.getResourceAsStream(resource)), StandardCharsets.US_ASCII))) {
            return lines.lines().filter(line -> !line.startsWith("#")).toList();
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void encryptsAndDecryptsAsOpenSslDoes(String vector) {
        byte[][] fields = Arrays.stream(vector.split(" ", -1))
                .map(HexFormat.of()::parseHex)
                .toArray(byte[][]::new);
        AesXts xts = new AesXts(fields[0]);
        byte[] plain = fields[2];
        byte[] encrypted = fields[3];
        byte[] target = new byte[plain.length + 3];
        xts.encrypt(fields[1], plain, 0, target, 2, plain.length);
        assertThat(Arrays.copyOfRange(target, 2, 2 + plain.length)).isEqualTo(encrypted);
        xts.decrypt(fields[1], target, 2, target, 2, plain.length);
        assertThat(Arrays.copyOfRange(target, 2, 2 + plain.length))
                .as("in place")
                .isEqualTo(plain);
    }

    @ParameterizedTest
    @MethodSource("longVectors")
    void encryptsLongUnitsAsOpenSslDoes(String vector) {
        String[] fields = vector.split(" ", -1);
        byte[] data = new byte[Integer.parseInt(fields[0])];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i % 251);
        }
        byte[] plain = data.clone();
        AesXts xts = new AesXts(counting(0, 32));
        xts.encrypt(counting(100, 16), data, 0, data, 0, data.length);
        assertThat(new Sha256().digest(data, 0, data.length)).isEqualTo(Digest.parse(fields[1]));
        xts.decrypt(counting(100, 16), data, 0, data, 0, data.length);
        assertThat(data).isEqualTo(plain);
    }

    private static byte[] counting(int first, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (first + i);
        }
        return bytes;
    }

    @Test
    void refusesKeysWithEqualHalvesAndMakesThemUsable() {
        byte[] zeros = new byte[32];
        assertThatThrownBy(() -> new AesXts(zeros)).isInstanceOf(IllegalArgumentException.class);
        byte[] usable = AesXts.usableKey(zeros);
        assertThat(Arrays.copyOf(usable, 16)).containsOnly(0xA5);
        assertThat(Arrays.copyOfRange(usable, 16, 32)).containsOnly(0);
        byte[] a5 = new byte[32];
        Arrays.fill(a5, (byte) 0xA5);
        assertThat(AesXts.usableKey(a5)[0]).isEqualTo((byte) 0x5A);
        assertThat(AesXts.usableKey(usable)).isSameAs(usable);
    }

    @Test
    void refusesUnitsShorterThanABlock() {
        AesXts xts = new AesXts(counting(0, 32));
        byte[] data = new byte[32];
        assertThatThrownBy(() -> xts.encrypt(new byte[16], data, 0, data, 0, 15))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> xts.encrypt(new byte[15], data, 0, data, 0, 16))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> xts.encrypt(new byte[16], data, 20, data, 0, 16))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
