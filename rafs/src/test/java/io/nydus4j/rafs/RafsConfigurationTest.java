package io.nydus4j.rafs;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks which images go together, and what is said of those that do not. */
final class RafsConfigurationTest {
    /** Explicit ids, tarfs, BLAKE3, GZIP, AES-128-XTS. */
    private static final long FLAGS = 0x10 | 0x200 | 0x4 | 0x40 | 0x2000000;

    private static Superblock image(RafsVersion version, int chunkSize, long flags) {
        return SuperblockFlagsTest.superblock(version, chunkSize, flags);
    }

    private static final RafsConfiguration BASE = RafsConfiguration.of(image(RafsVersion.V5, 1024, FLAGS));

    @Test
    void imageGoesWithItself() {
        assertThatCode(() -> BASE.check(image(RafsVersion.V5, 1024, FLAGS))).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "V5; 2048; 0x2000254; Inconsistent configuration of chunk_size: 1024 vs 2048",
                "V5; 1024; 0x2000244; Using inconsistent explicit_uidgid setting true, target explicit_uidgid setting"
                        + " false",
                "V6; 1024; 0x1000254; Using inconsistent RAFS version V5, target RAFS version Ok(V6)",
                "V5; 1024; 0x2000258; RAFS v5 can not support different digest algorithm due to inode digest, Blake3 vs"
                        + " Sha256",
                "V5; 1024; 0x2000054; Using inconsistent RAFS TARFS mode",
                "V6; 2048; 0x0; Inconsistent configuration of chunk_size: 1024 vs 2048"
            })
    void differenceIsRefusedInTheReferencesWords(RafsVersion version, int chunkSize, String flags, String rest) {
        assertThatThrownBy(() -> BASE.check(image(version, chunkSize, Long.decode(flags))))
                .isInstanceOf(IOException.class)
                .hasMessage("Inconsistent RAFS Filesystem: " + rest);
    }

    @Test
    void compressionCipherAndXattrsDoNotCount() {
        assertThatCode(() -> BASE.check(image(RafsVersion.V5, 1024, 0x10 | 0x200 | 0x4 | 0x80 | 0x20)))
                .doesNotThrowAnyException();
    }

    @Test
    void imagesOfV6MayDifferInDigest() {
        RafsConfiguration v6 = RafsConfiguration.of(image(RafsVersion.V6, 1024, 0x4));
        assertThatCode(() -> v6.check(image(RafsVersion.V6, 1024, 0x8))).doesNotThrowAnyException();
    }
}
