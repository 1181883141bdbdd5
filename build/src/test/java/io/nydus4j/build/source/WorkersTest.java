package io.nydus4j.build.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class WorkersTest {
    @Test
    void whoIsInterruptedHearsOfItThoughAllHaveEnded() {
        Workers workers = new Workers();
        workers.start("ends", () -> {});
        workers.joinAnyway();
        Thread.currentThread().interrupt();
        assertThatThrownBy(workers::join).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }
}
