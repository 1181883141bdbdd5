package io.nydus4j.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.storage.NoRoomException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Writes to disks that take nothing for a while, or for good. */
@Timeout(30)
final class PatientWritesTest {
    private static final Duration LONG = Duration.ofHours(1);

    private final AtomicLong free = new AtomicLong();
    private final AtomicInteger tries = new AtomicInteger();

    private PatientWrites patientFor(Duration patience) {
        return new PatientWrites("blob", patience, free::get);
    }

    private PatientWrites.Write failing(int failures) {
        tries.set(0);
        return () -> {
            if (tries.incrementAndGet() <= failures) {
                throw new IOException("No space left on device");
            }
        };
    }

    @Test
    void failureThatPassesIsNotSeen() throws IOException {
        try (PatientWrites writes = patientFor(LONG)) {
            writes.write(10, failing(3));
            assertThat(tries).hasValue(4);
        }
    }

    @Test
    void patienceIsSpentOnceOnAnOutage() throws IOException {
        try (PatientWrites writes = patientFor(Duration.ofMillis(150))) {
            assertThatThrownBy(() -> writes.write(10, failing(Integer.MAX_VALUE)))
                    .hasMessageContaining("No space");
            assertThat(tries).hasValueGreaterThan(1);
            assertThatThrownBy(() -> writes.write(5, failing(Integer.MAX_VALUE)))
                    .isInstanceOf(IOException.class);
            assertThat(tries).hasValue(1);
            writes.write(10, failing(0));
            writes.write(5, failing(1));
            assertThat(tries).as("another outage").hasValue(2);
        }
    }

    @Test
    void wantOfRoomIsToldOncePatienceHasEnded() throws IOException {
        try (PatientWrites writes = patientFor(Duration.ZERO)) {
            writes.checkRoom();
            assertThatThrownBy(() -> writes.write(10, failing(1))).isInstanceOf(NoRoomException.class);
            assertThatThrownBy(writes::checkRoom).isInstanceOf(NoRoomException.class);
            free.set(10);
            writes.checkRoom();
            writes.write(10, failing(0));
            free.set(0);
            writes.checkRoom();
        }
    }

    @Test
    void withoutPatienceAFailureIsAnErrorAtOnce() {
        try (PatientWrites writes = patientFor(Duration.ZERO)) {
            assertThatThrownBy(() -> writes.write(10, failing(1))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void closingEndsTheWait() throws Exception {
        PatientWrites writes = patientFor(LONG);
        Thread writer = Thread.ofVirtual().start(() -> {
            assertThatThrownBy(() -> writes.write(10, failing(Integer.MAX_VALUE)))
                    .isInstanceOf(IOException.class);
        });
        while (tries.get() == 0) {
            Thread.sleep(1);
        }
        writes.close();
        writer.join();
    }
}
