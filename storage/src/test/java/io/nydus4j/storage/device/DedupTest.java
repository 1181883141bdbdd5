package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.CacheSurroundings;
import io.nydus4j.storage.DataOrigin;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.GoldenTree;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.TestBackend;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.cache.CachedBlob;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.dedup.DedupStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Caches that take chunks from each other. The images hold one tree, so their chunks of one size and digest are the same. */
@Timeout(60)
final class DedupTest {
    private static final String ONE = "v6-lz4-4k";
    private static final String OTHER = "v6-zstd-4k";

    private static final GoldenTree TREE = GoldenTree.full();

    private static Path blobs;

    @TempDir
    Path folder;

    private TestBackend backend;

    @BeforeAll
    static void linkBlobs(@TempDir Path shared) throws IOException {
        blobs = GoldenBlobs.linkAll(shared.resolve("blobs"));
    }

    @BeforeEach
    void makeBackend() {
        backend = new TestBackend(blobs);
    }

    private Path database() {
        return folder.resolve("cas.db");
    }

    private Path work(String image) {
        return folder.resolve(image);
    }

    private StorageConfiguration configuration(String image, boolean compressed) {
        return TestStores.of(blobs, work(image), compressed, false, 0, PrefetchConfiguration.ABSENT);
    }

    @FunctionalInterface
    private interface Use {
        void use(Bootstrap bootstrap, BlobDevice device) throws IOException;
    }

    /** Does something with an image whose cache shares; what it tells is written down when this returns. */
    private void with(String image, boolean compressed, Use use) throws IOException {
        try (DedupStore store = DedupStore.open(database()).orElseThrow();
                Bootstrap bootstrap = GoldenBlobs.load(image);
                BlobDevice device = BlobDevice.open(
                        bootstrap,
                        configuration(image, compressed),
                        backend,
                        new CacheSurroundings(Optional.of(store), false))) {
            backend.forget();
            use.use(bootstrap, device);
        }
    }

    private void assertReadsAll(String image) throws IOException {
        with(image, false, TREE::assertReadsAll);
    }

    private long requestedBytes() {
        return backend.requests().stream()
                .mapToLong(TestBackend.Request::length)
                .sum();
    }

    private Path dataFile(String image) throws IOException {
        try (Stream<Path> files = Files.list(work(image))) {
            return files.filter(file -> file.toString().endsWith(".blob.data"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static void empty(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    Files.delete(file);
                }
            }
        }
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private long chunksOf(Path file) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database());
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(
                        "SELECT count(*) FROM Chunks JOIN Blobs ON Chunks.BlobId = Blobs.BlobId WHERE FilePath = '"
                                + file + "'")) {
            return result.getLong(1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "v6-lz4-4k, v6-zstd-4k",
        "v5-lz4-4k, v6-zstd-4k",
        "v6-none-4k, v5-lz4-4k",
        "v6-toc, v6-encrypt",
        "v5-none-sha256, v6-sha256"
    })
    void whatAnotherBlobHasIsNotFetched(String one, String other) throws IOException {
        assertReadsAll(one);
        assertThat(requestedBytes()).isPositive();
        assertReadsAll(other);
        assertThat(requestedBytes()).isZero();
        // It has a copy of its own.
        Files.delete(dataFile(one));
        assertReadsAll(other);
        assertThat(requestedBytes()).isZero();
    }

    @Test
    void onlyWhatNobodyHasIsFetched() throws IOException {
        long[] halfOfIt = new long[1];
        with(ONE, false, (bootstrap, device) -> {
            int half = (int) device.blob(0).size() / 2;
            device.blob(0).read(0, ByteBuffer.allocate(half));
        });
        with(OTHER, false, (bootstrap, device) -> {
            TREE.assertReadsAll(bootstrap, device);
            halfOfIt[0] = requestedBytes();
        });
        Files.delete(database());
        empty(work(OTHER));
        assertReadsAll(OTHER);
        assertThat(halfOfIt[0]).as("bytes requested").isBetween(1L, requestedBytes() * 2 / 3);
    }

    @Test
    void whatIsPrefetchedIsTakenFromOthersToo() throws IOException {
        assertReadsAll(ONE);
        with(OTHER, false, (bootstrap, device) -> {
            ((CachedBlob) device.blob(0)).prefetch(0, device.blob(0).size());
            assertThat(device.blob(0).isReady(0, device.blob(0).size())).isTrue();
        });
        assertThat(requestedBytes()).isZero();
    }

    @Test
    void whatWasTakenSaysSo() throws IOException {
        with(ONE, false, (bootstrap, device) -> device.blob(0).read(0, ByteBuffer.allocate(40_000)));
        with(OTHER, false, (bootstrap, device) -> {
            LazyBlob blob = device.blob(0);
            assertThat(blob.read(0, ByteBuffer.allocate(4096))).isEqualTo(DataOrigin.SHARED);
            assertThat(blob.read(0, ByteBuffer.allocate(4096))).isEqualTo(DataOrigin.READY);
            assertThat(blob.read(blob.size() - 4096, ByteBuffer.allocate(4096))).isEqualTo(DataOrigin.BACKEND);
        });
    }

    @Test
    void damagedChunksAreFetchedInsteadAndForgotten() throws Exception {
        assertReadsAll(ONE);
        Path data = dataFile(ONE);
        assertThat(chunksOf(data)).isPositive();
        byte[] bytes = Files.readAllBytes(data);
        for (int i = 0; i < bytes.length; i += 512) {
            bytes[i] ^= 1;
        }
        Files.write(data, bytes);
        assertReadsAll(OTHER);
        assertThat(requestedBytes()).isPositive();
        assertThat(chunksOf(data)).isZero();
        assertThat(chunksOf(dataFile(OTHER))).isPositive();
    }

    @Test
    void missingFilesAreForgotten() throws Exception {
        assertReadsAll(ONE);
        Path data = dataFile(ONE);
        Files.delete(data);
        assertReadsAll(OTHER);
        assertThat(requestedBytes()).isPositive();
        assertThat(chunksOf(data)).isZero();
    }

    @Test
    void cutFilesGiveWhatTheyHave() throws Exception {
        assertReadsAll(ONE);
        Path data = dataFile(ONE);
        try (FileChannel channel = FileChannel.open(data, StandardOpenOption.WRITE)) {
            channel.truncate(Files.size(data) / 2 + 17);
        }
        with(OTHER, false, (bootstrap, device) -> {
            TREE.assertReadsAll(bootstrap, device);
            assertThat(device.store().cacheCounters().fetchedBytes()).isPositive();
        });
        assertThat(chunksOf(data)).isPositive();
    }

    @Test
    void placesThatAreNoCacheFilesAreLeftAlone() throws Exception {
        assertReadsAll(ONE);
        Path data = dataFile(ONE);
        Path pipe = folder.resolve("pipe.blob.data");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        Path directory = Files.createDirectory(folder.resolve("directory.blob.data"));
        Path link = Files.createSymbolicLink(folder.resolve("link.blob.data"), data);
        Path other = Files.copy(data, folder.resolve("other-name"));
        for (Object place : new Object[] {pipe, directory, link, other, "/dev/zero", "/dev/zero.blob.data", ""}) {
            empty(work(OTHER));
            execute("UPDATE Blobs SET FilePath = '" + place + "' WHERE BlobId = 1");
            assertReadsAll(OTHER);
            assertThat(requestedBytes()).as("with the place " + place).isPositive();
            execute("DELETE FROM Chunks");
            execute("DELETE FROM Blobs");
            execute("INSERT INTO Blobs VALUES (1, '" + data + "')");
        }
    }

    @ParameterizedTest
    @CsvSource({"-1", "-9223372036854775808", "9223372036854775807", "1048576000", "1"})
    void wrongOffsetsGiveNothing(long offset) throws Exception {
        assertReadsAll(ONE);
        execute("UPDATE Chunks SET ChunkOffset = " + offset);
        assertReadsAll(OTHER);
        assertThat(requestedBytes()).isPositive();
    }

    /** The file changes while chunks are taken from it. */
    @Test
    void changingFilesNeverGiveWrongBytes() throws Exception {
        assertReadsAll(ONE);
        Path data = dataFile(ONE);
        byte[] right = Files.readAllBytes(data);
        AtomicBoolean stop = new AtomicBoolean();
        Random random = new Random(5);
        Thread changing = Thread.ofPlatform().start(() -> {
            try (FileChannel channel = FileChannel.open(data, StandardOpenOption.WRITE)) {
                while (!stop.get()) {
                    int at = random.nextInt(right.length);
                    channel.write(ByteBuffer.wrap(new byte[] {(byte) ~right[at]}), at);
                    channel.write(ByteBuffer.wrap(right, at, 1), at);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        try {
            for (int i = 0; i < 3; i++) {
                assertReadsAll(OTHER);
                empty(work(OTHER));
            }
        } finally {
            stop.set(true);
            changing.join();
        }
    }

    @Test
    void cachesOfStoredBytesShareNothing() throws Exception {
        assertReadsAll(ONE);
        with(OTHER, true, TREE::assertReadsAll);
        assertThat(requestedBytes()).isPositive();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database());
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT count(*) FROM Blobs")) {
            assertThat(result.getLong(1)).isEqualTo(1);
        }
    }
}
