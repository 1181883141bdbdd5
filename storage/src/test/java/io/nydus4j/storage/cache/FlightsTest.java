package io.nydus4j.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Who goes on through a blob finds what is next; who does not gets no more than a request. */
final class FlightsTest {
    private static final int CHUNKS = 400;
    private static final int SIZE = 64 << 10;
    /** A request takes 16 chunks. */
    private static final FetchWindow WINDOW = FetchWindow.of(16 * SIZE);

    private final BitSet ready = new BitSet();
    private final BitSet kept = new BitSet();
    private final BitSet unchecked = new BitSet();
    /** From here on the disk does not tell what is kept. */
    private int broken = CHUNKS;

    private final ChunkIndex index = index();
    private final Flights flights = new Flights();
    private final Flights.Chunks chunks = new Flights.Chunks() {
        @Override
        public ChunkIndex index() {
            return index;
        }

        @Override
        public boolean isReady(int position) {
            return ready.get(position);
        }

        @Override
        public boolean isKept(int position) {
            if (position >= broken) {
                throw new InternalError("a fault in a mapped file"); // as the JVM does
            }
            return kept.get(position);
        }

        @Override
        public boolean canCheck(int position) {
            return !unchecked.get(position);
        }
    };

    private static ChunkIndex index() {
        List<ChunkRecord> records = new ArrayList<>();
        for (int i = 0; i < CHUNKS; i++) {
            long offset = (long) i * SIZE;
            records.add(new ChunkRecord(
                    new Digest(i, 1, 2, 3), 0, ChunkFlags.HAS_CRC32, SIZE, SIZE, offset, offset, offset, i, 0));
        }
        BlobInfo blob = BlobInfo.builder()
                .id(new Digest(1, 2, 3, 4).toString())
                .chunkSize(SIZE)
                .chunkCount(CHUNKS)
                .compressedSize((long) CHUNKS * SIZE)
                .uncompressedSize((long) CHUNKS * SIZE)
                .build();
        try {
            return RecordIndex.of(blob, records);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Asks for a chunk, and lets all flights land; returns what was begun ahead, as numbers of chunks. */
    private List<Integer> read(int position, FetchWindow window) throws IOException {
        Flights.Next next = flights.next(chunks, position, position, window, Flight.Kind.DEMAND);
        for (Flight flight : next.begun()) {
            IntStream.rangeClosed(flight.first(), flight.last())
                    .filter(flight::claims)
                    .forEach(ready::set);
            flights.end(flight);
        }
        return next.ahead().stream()
                .map(flight -> flight.last() - flight.first() + 1)
                .toList();
    }

    @Test
    void moreIsFetchedAheadTheFartherAReaderGoes() throws IOException {
        List<List<Integer>> ahead = new ArrayList<>();
        for (int position = ready.nextClearBit(0); position < CHUNKS; position = ready.nextClearBit(position)) {
            ahead.add(read(position, WINDOW));
        }
        // Half a MiB, one, two, and then four requests each time, the last of them shorter.
        assertThat(ahead)
                .startsWith(List.of(), List.of(8), List.of(16), List.of(16, 16), List.of(16, 16, 16, 16))
                .hasSize(8);
        assertThat(ready.cardinality()).isEqualTo(CHUNKS);
    }

    @Test
    void whoComesToWhatWasFetchedAheadGetsMore() throws IOException {
        assertThat(read(0, WINDOW)).isEmpty();
        assertThat(flights.reaches(0)).as("nothing is ahead yet").isFalse();
        assertThat(read(16, WINDOW)).containsExactly(8); // 32 to 39
        assertThat(flights.reaches(31L * SIZE)).isFalse();
        assertThat(flights.reaches(40L * SIZE)).isFalse();
        assertThat(flights.reaches(33L * SIZE)).isTrue();
        assertThat(flights.reaches(33L * SIZE)).as("told once").isFalse();

        assertThat(flights.goOn(chunks, WINDOW)).singleElement().satisfies(flight -> {
            assertThat(flight.kind()).isEqualTo(Flight.Kind.AHEAD);
            assertThat(flight.first()).isEqualTo(40);
            assertThat(flight.last()).isEqualTo(55);
            flights.end(flight);
        });
        assertThat(flights.reaches(40L * SIZE)).isTrue();
    }

    @Test
    void planThatFailsLeavesNoFlightThatNobodyEnds() throws IOException {
        broken = 32;
        assertThatThrownBy(() -> flights.next(chunks, 0, 40, WINDOW, Flight.Kind.DEMAND))
                .isInstanceOf(InternalError.class);
        broken = CHUNKS;
        assertThat(flights.next(chunks, 0, 40, WINDOW, Flight.Kind.DEMAND).awaited())
                .isNull();
    }

    @Test
    void nothingMoreIsFetchedAheadOnceClosed() throws IOException {
        read(0, WINDOW);
        read(16, WINDOW);
        flights.close();
        assertThat(flights.reaches(32L * SIZE)).isTrue();
        assertThat(flights.goOn(chunks, WINDOW)).isEmpty();
    }

    @Test
    void readersHereAndThereGetOneRequestEach() throws IOException {
        for (int position : new int[] {300, 0, 200, 100, 50}) {
            assertThat(read(position, WINDOW)).isEmpty();
        }
        assertThat(ready.cardinality()).isEqualTo(5 * 16);
    }

    @Test
    void aheadOfAReaderKeptChunksAreCheckedAndNotFetched() throws IOException {
        kept.set(0, 24);
        assertThat(read(0, WINDOW)).isEmpty();
        Flights.Next next = flights.next(chunks, 1, 1, WINDOW, Flight.Kind.DEMAND);
        assertThat(next.ahead()).singleElement().satisfies(flight -> {
            assertThat(flight.kind()).isEqualTo(Flight.Kind.CHECK);
            assertThat(flight.first()).isEqualTo(2);
            assertThat(flight.last()).isEqualTo(9);
        });
    }

    @Test
    void nothingIsFetchedAheadThatCannotBeCheckedOrIsUnderWay() throws IOException {
        unchecked.set(32, CHUNKS);
        assertThat(read(0, WINDOW)).isEmpty();
        assertThat(read(16, WINDOW)).isEmpty();
        unchecked.clear();
        Flights.Next other = flights.next(chunks, 48, 48, WINDOW, Flight.Kind.DEMAND);
        assertThat(other.own()).hasSize(1);
        assertThat(read(32, WINDOW)).isEmpty();
    }

    @Test
    void smallCachesAreNotFilledByWhatNobodyAskedFor() throws IOException {
        FetchWindow window = WINDOW.within(CHUNKS * SIZE / 10); // a request is to fill a 32nd of it
        assertThat(read(0, window)).isEmpty();
        assertThat(read(ready.nextClearBit(0), window)).hasSizeLessThanOrEqualTo(1);
        assertThat(ready.cardinality()).isLessThanOrEqualTo(3);
    }
}
