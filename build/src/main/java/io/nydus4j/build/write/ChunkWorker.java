package io.nydus4j.build.write;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.crypt.UnitCipher;
import io.nydus4j.blob.digest.ChunkDigester;
import io.nydus4j.blob.digest.Crc32c;
import io.nydus4j.build.source.FileReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/** Does the work on chunks that any thread may do: reading and digesting, compressing and encrypting. One for each thread. */
final class ChunkWorker {
    /** At least what a codec's bound adds to a small unit, in bytes, where it adds more to that than to the largest. */
    private static final int SMALL_UNIT_SLACK = 64;

    private final ChunkSettings settings;
    private final ChunkDigester digester = new ChunkDigester();
    private final Codec codec;
    private final Optional<UnitCipher> cipher;
    private byte[] clear = new byte[0];
    /** Where the chunks of a task end in its plain bytes, and their digests. */
    private int[] ends = new int[0];

    private Digest[] digests = new Digest[0];

    ChunkWorker(ChunkSettings settings) {
        this.settings = settings;
        this.codec = Codec.of(settings.compression());
        this.cipher = settings.cipher().map(UnitCipher::copy);
    }

    /** Reads the data of a task that is not there yet and computes digests and checksums. */
    void read(ChunkTask task, FileReader reader) throws IOException {
        for (ChunkTask.Piece piece : task.pieces()) {
            reader.read(piece.node(), piece.fileOffset(), task.plain(piece.offset(), piece.length()));
        }
        digest(task);
    }

    private void digest(ChunkTask task) {
        List<PendingChunk> chunks = task.chunks();
        if (ends.length < chunks.size()) {
            ends = new int[chunks.size()];
            digests = new Digest[chunks.size()];
        }
        for (int i = 0; i < chunks.size(); i++) {
            PendingChunk chunk = chunks.get(i);
            ends[i] = chunk.offset + chunk.length;
            chunk.crc32 = Crc32c.of(task.plain(chunk));
        }
        digester.digestAll(settings.digestAlgorithm(), task.plain(0, task.plainLength()), ends, chunks.size(), digests);
        for (int i = 0; i < chunks.size(); i++) {
            chunks.get(i).digest = digests[i];
        }
    }

    /** Compresses and encrypts what a task stores, one behind the other. */
    void pack(ChunkTask task) {
        if (settings.compression() == Compression.NONE && cipher.isEmpty() && task.storesAllChunks()) {
            task.chunks().forEach(chunk -> chunk.storedLength = chunk.length);
            task.storePlain();
            return;
        }
        for (Step step : task.steps()) {
            switch (step) {
                case Step.Store store -> {
                    PendingChunk chunk = store.chunk();
                    int length = pack(task.plain(chunk), task.packedRoom());
                    chunk.compressed = length >= 0;
                    chunk.storedLength = encrypt(length >= 0 ? length : chunk.length, task.packedRoom());
                    task.addPacked(chunk.storedLength);
                }
                case Step.Flush flush -> {
                    int length = pack(flush.batch().plain(), task.packedRoom());
                    int stored = length >= 0 ? length : flush.batch().length();
                    flush.batch().storedLength = encrypt(stored, task.packedRoom());
                    task.addPacked(flush.batch().storedLength);
                }
                case Step.Join _, Step.Repeat _, Step.Refer _, Step.Leave _ -> {}
            }
        }
    }

    /** Puts a unit into {@code target}; returns its length, or a negative number if it is there as it was. */
    private int pack(MemorySegment plain, MemorySegment target) {
        int length = settings.compression() == Compression.NONE ? Codec.STORED : codec.compress(plain, target);
        if (length == Codec.STORED) {
            target.copyFrom(plain);
        }
        return length;
    }

    private int encrypt(int length, MemorySegment target) {
        if (cipher.isEmpty()) {
            return length;
        }
        int size = UnitCipher.encryptedSize(length);
        if (clear.length < size) {
            clear = new byte[size];
        }
        MemorySegment.copy(target, ValueLayout.JAVA_BYTE, 0, clear, 0, length);
        int stored = cipher.get().encrypt(clear, 0, length, clear, 0);
        MemorySegment.copy(clear, 0, target, ValueLayout.JAVA_BYTE, 0, stored);
        return stored;
    }

    /**
     * Returns the room that the stored bytes of a task may take.
     *
     * @param plainLength plain bytes of a task at most
     * @param mostUnits   units of a task at most
     */
    static long packedRoom(ChunkSettings settings, int plainLength, int mostUnits) {
        int largestUnit = Math.max(settings.chunkSize(), settings.batchSize());
        // What is stored is no longer than what it stands for; only the unit at hand may need more while it is
        // compressed.
        long bound = Codec.of(settings.compression()).maxCompressedLength(largestUnit);
        long slack = Math.max(0, bound - largestUnit) + SMALL_UNIT_SLACK;
        // The first batch may hold chunks of earlier tasks; each encrypted unit may be padded.
        return plainLength + (long) settings.batchSize() + slack + (long) mostUnits * UnitCipher.PADDED_SIZE;
    }
}
