package io.nydus4j.rafs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks the words for modes, versions and policies. */
final class RafsModeTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "directed", "Direct", "Cached", "direct "})
    void otherWordsAreNoMode(String text) {
        assertThatThrownBy(() -> RafsMode.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("rafs mode should be direct or cached");
    }

    @ParameterizedTest
    @EnumSource
    void modeIsReadFromTheWordItPrints(RafsMode mode) {
        assertThat(RafsMode.parse(mode.toString())).isEqualTo(mode);
    }

    @Test
    void modesPrintTheReferencesWords() {
        assertThat(RafsMode.DIRECT).hasToString("direct");
        assertThat(RafsMode.CACHED).hasToString("cached");
    }

    @Test
    void versionsHaveTheirNumbers() {
        assertThat(RafsVersion.ofNumber(0x500)).isEqualTo(RafsVersion.V5);
        assertThat(RafsVersion.ofNumber(0x600)).isEqualTo(RafsVersion.V6);
        assertThat(RafsVersion.V5.text()).isEqualTo("5");
        assertThat(RafsVersion.V6.text()).isEqualTo("6");
        assertThatThrownBy(() -> RafsVersion.ofNumber(0x400))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("invalid RAFS version number 1024");
    }

    @Test
    void prefetchPoliciesHaveTheirWords() {
        assertThat(PrefetchPolicy.parse("none")).isEqualTo(PrefetchPolicy.NONE);
        assertThat(PrefetchPolicy.parse("fs")).isEqualTo(PrefetchPolicy.FS);
        assertThat(PrefetchPolicy.parse("blob")).isEqualTo(PrefetchPolicy.BLOB);
        assertThatThrownBy(() -> PrefetchPolicy.parse("FS")).hasMessage("invalid prefetch policy");
    }
}
