package io.nydus4j.storage.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Challenges as servers write them. */
final class ChallengeTest {
    @Test
    void valuesKeepWhatTheyHold() {
        assertThat(
                        Challenge.parse(
                                "Bearer realm=\"https://a/token?x=y==\",service=\"a, \\\"b\\\"\",scope=\"repository:a/b:pull,push\""))
                .containsExactly(new Challenge(
                        "bearer",
                        Map.of(
                                "realm",
                                "https://a/token?x=y==",
                                "service",
                                "a, \"b\"",
                                "scope",
                                "repository:a/b:pull,push")));
    }

    @Test
    void severalChallengesAreToldApart() {
        assertThat(Challenge.parse("Negotiate, BASIC Realm=x , bearer realm = \"r\", error=invalid_token"))
                .isEqualTo(List.of(
                        new Challenge("negotiate", Map.of()),
                        new Challenge("basic", Map.of("realm", "x")),
                        new Challenge("bearer", Map.of("realm", "r", "error", "invalid_token"))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", ",", "=", "Bearer", "Bearer realm=", "Bearer realm=\"", "Bearer realm=\"\\", "\"", "a=b"
            })
    void nonsenseEnds(String header) {
        assertThat(Challenge.parse(header))
                .allSatisfy(challenge -> assertThat(challenge.scheme()).isNotEmpty());
    }
}
