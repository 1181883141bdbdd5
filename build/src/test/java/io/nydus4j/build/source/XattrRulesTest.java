package io.nydus4j.build.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The xattrs that an image can hold. */
final class XattrRulesTest {
    @ParameterizedTest
    @CsvSource({
        "user.key, true",
        "user., true",
        "security.capability, true",
        "trusted.overlay.opaque, true",
        "system.posix_acl_access, true",
        "system.posix_acl_default, true",
        "system.nfs4_acl, false",
        "btrfs.compression, false",
        "user, false",
        "'', false"
    })
    void onlyKnownNameSpacesAreAllowed(String name, boolean allowed) {
        assertThat(XattrRules.isAllowed(name.getBytes(StandardCharsets.US_ASCII)))
                .isEqualTo(allowed);
    }

    @Test
    void namesOf255BytesAndValuesOf64KibibytesFit() {
        assertThat(XattrRules.fits(new byte[255], new byte[65536])).isTrue();
        assertThat(XattrRules.fits(new byte[256], new byte[0])).isFalse();
        assertThat(XattrRules.fits(new byte[1], new byte[65537])).isFalse();
    }
}
