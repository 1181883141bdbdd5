package io.nydus4j.storage.dedup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.linux.file.NativePath;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The database of the deduplication store. */
final class DedupStoreTest {
    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("cas.db");
    }

    /** Writes what waits. */
    private void with(Use use) throws IOException, SQLException {
        try (DedupStore store = DedupStore.open(file()).orElseThrow()) {
            use.use(store);
        }
    }

    @FunctionalInterface
    private interface Use {
        void use(DedupStore store) throws IOException, SQLException;
    }

    private void execute(String... statements) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file());
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private List<String> query(String sql) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file());
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                StringBuilder row = new StringBuilder();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.append(i == 1 ? "" : "|").append(result.getString(i));
                }
                rows.add(row.toString());
            }
        }
        return rows;
    }

    @Test
    void namesAChunkByAlgorithmAndDigest() {
        Digest digest = Digest.parse("0123456789abcdef".repeat(4));
        assertThat(DedupStore.chunkId(DigestAlgorithm.BLAKE3, digest)).isEqualTo("Blake3:" + digest);
        assertThat(DedupStore.chunkId(DigestAlgorithm.SHA256, digest)).isEqualTo("Sha256:" + digest);
    }

    @Test
    void rowsAreThoseOfTheReference() throws Exception {
        with(store -> {
            store.add("Blake3:aa", new ChunkPlace("/c/one.blob.data", 4096));
            store.add("Blake3:bb", new ChunkPlace("/c/one.blob.data", 0));
            store.add("Blake3:aa", new ChunkPlace("/c/two.blob.data", 8192));
            store.add("Blake3:aa", new ChunkPlace("/c/two.blob.data", 8192));
        });
        assertThat(query("SELECT FilePath FROM Blobs ORDER BY BlobId"))
                .containsExactly("/c/one.blob.data", "/c/two.blob.data");
        assertThat(query("SELECT ChunkId, ChunkOffset, BlobId FROM Chunks ORDER BY rowid"))
                .containsExactly("Blake3:aa|4096|1", "Blake3:bb|0|1", "Blake3:aa|8192|2");
        assertThat(query("PRAGMA journal_mode")).containsExactly("wal");
    }

    /** The statements are those by which the reference makes its tables. */
    @Test
    void takesADatabaseOfTheReference() throws Exception {
        execute(
                "PRAGMA journal_mode = WAL",
                "CREATE TABLE IF NOT EXISTS Blobs (BlobId INTEGER PRIMARY KEY, FilePath TEXT NOT NULL UNIQUE)",
                "CREATE TABLE IF NOT EXISTS Chunks (ChunkId TEXT NOT NULL, ChunkOffset INTEGER, BlobId INTEGER,"
                        + " UNIQUE(ChunkId, BlobId) ON CONFLICT IGNORE, FOREIGN KEY(BlobId) REFERENCES Blobs(BlobId))",
                "CREATE INDEX IF NOT EXISTS ChunkIndex ON Chunks(ChunkId)",
                "INSERT INTO Blobs VALUES (7, '/c/seven.blob.data'), (3, '/c/three.blob.data')",
                "INSERT INTO Chunks VALUES ('Sha256:cc', 12288, 7), ('Sha256:cc', 4096, 3)");
        with(store -> {
            assertThat(store.find("Sha256:cc", ""))
                    .containsExactly(
                            new ChunkPlace("/c/three.blob.data", 4096), new ChunkPlace("/c/seven.blob.data", 12288));
            assertThat(store.find("Sha256:cc", "/c/three.blob.data"))
                    .containsExactly(new ChunkPlace("/c/seven.blob.data", 12288));
            assertThat(store.find("Sha256:dd", "")).isEmpty();
            store.forget("Sha256:cc", "/c/seven.blob.data");
        });
        assertThat(query("SELECT ChunkOffset, BlobId FROM Chunks")).containsExactly("4096|3");
    }

    @Test
    void forgetsFilesThatAreGone() throws Exception {
        Path kept = Files.createFile(folder.resolve("kept.blob.data"));
        with(store -> {
            store.add("Blake3:aa", new ChunkPlace("/nowhere/gone.blob.data", 0));
            store.add("Blake3:aa", new ChunkPlace(kept.toString(), 0));
            store.add("Blake3:bb", new ChunkPlace(kept + "/below.blob.data", 0));
            store.forgetMissingFiles();
        });
        assertThat(query("SELECT FilePath FROM Blobs")).containsExactly(kept.toString());
        assertThat(query("SELECT ChunkId FROM Chunks")).containsExactly("Blake3:aa");
    }

    @Test
    void twoStoresAtOnceLoseNothing() throws Exception {
        try (DedupStore one = DedupStore.open(file()).orElseThrow();
                DedupStore two = DedupStore.open(file()).orElseThrow()) {
            for (int i = 0; i < 2000; i++) {
                one.add("Blake3:a" + i, new ChunkPlace("/c/one.blob.data", i));
                two.add("Blake3:b" + i, new ChunkPlace("/c/two.blob.data", i));
            }
        }
        assertThat(query("SELECT count(*) FROM Chunks")).containsExactly("4000");
    }

    @Test
    void goesOnWithoutADatabaseThatIsNone() throws Exception {
        byte[] rubbish =
                "this is no database, whatever its name may say".repeat(100).getBytes(StandardCharsets.US_ASCII);
        Files.write(file(), rubbish);
        assertThat(DedupStore.open(file())).isEmpty();
        assertThat(file()).hasBinaryContent(rubbish);
    }

    @Test
    void goesOnWithoutADatabaseWithOtherTables() throws Exception {
        execute("CREATE TABLE Chunks (id INTEGER)", "CREATE TABLE Blobs (id INTEGER)");
        assertThat(DedupStore.open(file())).isEmpty();
    }

    @Test
    void goesOnWhenTheDatabaseIsDamagedWhileItIsUsed() throws Exception {
        with(store -> {
            for (int i = 0; i < 500; i++) {
                store.add("Blake3:a" + i, new ChunkPlace("/c/one.blob.data", i));
            }
        });
        with(store -> {
            try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
                for (long at = 100; at < channel.size(); at += 4) {
                    channel.write(ByteBuffer.wrap(new byte[] {-1, 77, -1, 3}), at);
                }
            }
            for (int i = 0; i < 500; i++) {
                assertThat(store.find("Blake3:a" + i, "")).hasSizeLessThanOrEqualTo(1);
                store.add("Blake3:c" + i, new ChunkPlace("/c/two.blob.data", i));
            }
        });
    }

    @Test
    void refusesNamesThatTheDriverWouldTakeForOthers() {
        for (Path path : List.of(folder.resolve("what?.db"), NativePath.path(folder + "/caf\udce9.db"))) {
            assertThatThrownBy(() -> DedupStore.open(path))
                    .hasMessageContaining("must be text without a question mark");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void saysWhyThereCanBeNoDatabase() {
        assertThatThrownBy(() -> DedupStore.open(folder.resolve("missing/cas.db")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot use the deduplication database " + folder.resolve("missing/cas.db"));
    }
}
