package io.nydus4j.storage.dedup;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.sqlite.JDBC;
import org.sqlite.SQLiteConfig;

/**
 * One connection to the SQLite database that says which cache file holds which chunk. Processes share the database, and may exchange it
 * with the reference, whose {@code CasDb} this mirrors:
 * <pre>
 *   Blobs   BlobId, FilePath               the cache files
 *   Chunks  ChunkId, ChunkOffset, BlobId   a chunk in one of them; ChunkId is the digest behind its algorithm: Blake3:0123...
 * </pre>
 * Nothing in it is a promise: files change, and rows may be wrong. For one thread at a time.
 */
final class DedupDatabase implements AutoCloseable {
    /** Places of one chunk that are tried. */
    private static final int MOST_PLACES = 4;

    private final Connection connection;
    private final PreparedStatement find;

    private DedupDatabase(Connection connection) throws SQLException {
        this.connection = connection;
        this.find = connection.prepareStatement("SELECT FilePath, ChunkOffset FROM Chunks INDEXED BY ChunkIndex"
                + " JOIN Blobs ON Chunks.BlobId = Blobs.BlobId WHERE ChunkId = ? AND FilePath <> ?"
                + " ORDER BY Blobs.BlobId LIMIT " + MOST_PLACES);
    }

    /**
     * Opens a database, and makes what is missing of it.
     *
     * @param patienceMillis for how long an operation waits for other processes, in milliseconds
     */
    static DedupDatabase open(Path file, int patienceMillis) throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(patienceMillis);
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        // What a crash of the machine takes away is copied or fetched once more.
        config.setSynchronous(SQLiteConfig.SynchronousMode.NORMAL);
        config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
        Connection connection = JDBC.createConnection("jdbc:sqlite:" + file, config.toProperties());
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    "CREATE TABLE IF NOT EXISTS Blobs (BlobId INTEGER PRIMARY KEY, FilePath TEXT NOT NULL UNIQUE)");
            statement.execute("CREATE TABLE IF NOT EXISTS Chunks (ChunkId TEXT NOT NULL, ChunkOffset INTEGER,"
                    + " BlobId INTEGER, UNIQUE(ChunkId, BlobId) ON CONFLICT IGNORE,"
                    + " FOREIGN KEY(BlobId) REFERENCES Blobs(BlobId))");
            statement.execute("CREATE INDEX IF NOT EXISTS ChunkIndex ON Chunks(ChunkId)");
            return new DedupDatabase(connection);
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** Returns where a chunk may be, outside of one file: first where it was noted first. */
    List<ChunkPlace> places(String chunkId, String except) throws SQLException {
        find.setString(1, chunkId);
        find.setString(2, except);
        List<ChunkPlace> places = new ArrayList<>();
        try (ResultSet rows = find.executeQuery()) {
            while (rows.next()) {
                String file = rows.getString(1);
                if (file != null) { // another hand may have made the tables
                    places.add(new ChunkPlace(file, rows.getLong(2)));
                }
            }
        }
        return places;
    }

    /** Makes changes that count all together, or not at all. */
    void change(List<? extends Change> changes) throws SQLException {
        connection.setAutoCommit(false);
        try {
            for (Change change : changes) {
                change(change);
            }
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private void change(Change change) throws SQLException {
        switch (change) {
            case Change.Add(String chunkId, ChunkPlace place) -> {
                execute("INSERT OR IGNORE INTO Blobs (FilePath) VALUES (?)", place.file());
                execute(
                        "INSERT OR IGNORE INTO Chunks (ChunkId, ChunkOffset, BlobId)"
                                + " SELECT ?, ?, BlobId FROM Blobs WHERE FilePath = ?",
                        chunkId,
                        place.offset(),
                        place.file());
            }
            case Change.Forget(String chunkId, String file) ->
                execute(
                        "DELETE FROM Chunks WHERE ChunkId = ?"
                                + " AND BlobId IN (SELECT BlobId FROM Blobs WHERE FilePath = ?)",
                        chunkId,
                        file);
            case Change.ForgetFiles(Predicate<String> gone) -> forgetFiles(gone);
        }
    }

    private void forgetFiles(Predicate<String> gone) throws SQLException {
        List<String> files = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT FilePath FROM Blobs")) {
            while (rows.next()) {
                String file = rows.getString(1);
                if (file != null) {
                    files.add(file);
                }
            }
        }
        for (String file : files) {
            if (gone.test(file)) {
                execute("DELETE FROM Chunks WHERE BlobId IN (SELECT BlobId FROM Blobs WHERE FilePath = ?)", file);
                execute("DELETE FROM Blobs WHERE FilePath = ?", file);
            }
        }
    }

    private void execute(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
