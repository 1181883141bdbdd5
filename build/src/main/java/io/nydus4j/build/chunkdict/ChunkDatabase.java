package io.nydus4j.build.chunkdict;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.sqlite.JDBC;

/**
 * The SQLite database of chunks and blobs of images, as the reference's tools make and read it. What is added counts when {@link #commit}
 * returns; without that nothing is changed. Not safe for use by several threads.
 */
public final class ChunkDatabase implements AutoCloseable {
    private static final String CHUNK_COLUMNS = "image_reference, version, chunk_blob_id, chunk_digest, chunk_crc32,"
            + " chunk_compressed_size, chunk_uncompressed_size, chunk_compressed_offset, chunk_uncompressed_offset";
    private static final String BLOB_COLUMNS = "blob_id, blob_compressed_size, blob_uncompressed_size,"
            + " blob_compressor, blob_meta_ci_compressed_size, blob_meta_ci_uncompressed_size, blob_meta_ci_offset";

    private final Connection connection;

    private ChunkDatabase(Connection connection) {
        this.connection = connection;
    }

    /**
     * Opens a database, made if absent, and makes its tables if they are absent.
     *
     * @param file path of the file; {@code :memory:} for a database that vanishes when it is closed
     * @return to be closed by the caller
     * @throws IOException if the file cannot be used, or is no such database
     */
    public static ChunkDatabase open(String file) throws IOException {
        if (file.indexOf('?') >= 0) {
            // SQLite's driver would cut the path there and make another file.
            throw new IOException("unable to open database file: " + file + ": its path has a question mark");
        }
        Connection connection;
        try {
            connection = JDBC.createConnection("jdbc:sqlite:" + file, new Properties());
        } catch (SQLException e) {
            throw new IOException("unable to open database file: " + file, e);
        }
        ChunkDatabase database = new ChunkDatabase(connection);
        try {
            database.makeTables();
            return database;
        } catch (SQLException e) {
            database.close();
            throw new IOException("Failed to create chunk table in " + file, e);
        }
    }

    private void makeTables() throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS chunk (id INTEGER PRIMARY KEY, image_reference TEXT,"
                    + " version TEXT, chunk_blob_id TEXT NOT NULL, chunk_digest TEXT, chunk_crc32 INT,"
                    + " chunk_compressed_size INT, chunk_uncompressed_size INT, chunk_compressed_offset INT,"
                    + " chunk_uncompressed_offset INT)");
            statement.execute("CREATE TABLE IF NOT EXISTS blob (id INTEGER PRIMARY KEY, blob_id TEXT NOT NULL,"
                    + " blob_compressed_size INT, blob_uncompressed_size INT, blob_compressor TEXT,"
                    + " blob_meta_ci_compressed_size INT, blob_meta_ci_uncompressed_size INT,"
                    + " blob_meta_ci_offset INT)");
        }
    }

    /** Adds chunks. */
    public void addChunks(List<ChunkRow> rows) throws IOException {
        String sql = "INSERT INTO chunk (" + CHUNK_COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (ChunkRow row : rows) {
                statement.setString(1, row.image());
                statement.setString(2, row.tag());
                statement.setString(3, row.blobId());
                statement.setString(4, row.digest());
                statement.setLong(5, row.crc32());
                statement.setLong(6, row.compressedSize());
                statement.setLong(7, row.uncompressedSize());
                statement.setLong(8, row.compressedOffset());
                statement.setLong(9, row.uncompressedOffset());
                statement.executeUpdate();
            }
        } catch (SQLException e) {
            throw new IOException("Failed to insert chunk", e);
        }
    }

    /** Adds blobs. */
    public void addBlobs(List<BlobRow> rows) throws IOException {
        String sql = "INSERT INTO blob (" + BLOB_COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (BlobRow row : rows) {
                statement.setString(1, row.id());
                statement.setLong(2, row.compressedSize());
                statement.setLong(3, row.uncompressedSize());
                statement.setString(4, row.compressor());
                statement.setLong(5, row.chunkInfoCompressedSize());
                statement.setLong(6, row.chunkInfoUncompressedSize());
                statement.setLong(7, row.chunkInfoOffset());
                statement.executeUpdate();
            }
        } catch (SQLException e) {
            throw new IOException("Failed to insert blob", e);
        }
    }

    /** Brings what was added to the disk. */
    public void commit() throws IOException {
        try {
            connection.commit();
        } catch (SQLException e) {
            throw new IOException("failed to write the database", e);
        }
    }

    /** Returns all chunks in the order in which they were added. */
    public List<ChunkRow> chunks() throws IOException {
        return chunks("SELECT " + CHUNK_COLUMNS + " FROM chunk ORDER BY id", Optional.empty());
    }

    /** Returns the chunks of a blob in the order in which they were added. */
    public List<ChunkRow> chunksOfBlob(String blobId) throws IOException {
        return chunks(
                "SELECT " + CHUNK_COLUMNS + " FROM chunk WHERE chunk_blob_id = ? ORDER BY id", Optional.of(blobId));
    }

    private List<ChunkRow> chunks(String sql, Optional<String> parameter) throws IOException {
        List<ChunkRow> rows = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            if (parameter.isPresent()) {
                statement.setString(1, parameter.get());
            }
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    rows.add(new ChunkRow(
                            text(result, 1),
                            text(result, 2),
                            text(result, 3),
                            text(result, 4),
                            result.getLong(5),
                            result.getLong(6),
                            result.getLong(7),
                            result.getLong(8),
                            result.getLong(9)));
                }
            }
        } catch (SQLException e) {
            throw new IOException("Failed to get chunks", e);
        }
        return rows;
    }

    private static String text(ResultSet result, int column) throws SQLException {
        String text = result.getString(column);
        return text == null ? "" : text;
    }

    /** Returns the first row of a blob. */
    public Optional<BlobRow> blob(String id) throws IOException {
        String sql = "SELECT " + BLOB_COLUMNS + " FROM blob WHERE blob_id = ? ORDER BY id LIMIT 1";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, id);
            try (ResultSet result = statement.executeQuery()) {
                return result.next()
                        ? Optional.of(new BlobRow(
                                text(result, 1),
                                result.getLong(2),
                                result.getLong(3),
                                text(result, 4),
                                result.getLong(5),
                                result.getLong(6),
                                result.getLong(7)))
                        : Optional.empty();
            }
        } catch (SQLException e) {
            throw new IOException("Failed to get blob", e);
        }
    }

    /** Closes the database; what was not committed is lost. */
    @Override
    public void close() throws IOException {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IOException("failed to close the database", e);
        }
    }
}
