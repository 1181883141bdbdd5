package io.nydus4j.build.block;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.build.write.OutputFile;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** Writes an image to a block device, on several threads, and digests its blocks on the way if that is wanted. To be used once. */
public final class BlockCopy {
    /** Bytes that a thread copies at once: large against a chunk, for one that lies in two pieces is decoded twice. */
    private static final int PIECE = 8 << 20;

    private final BlockLayout layout;
    private final OutputFile output;
    private final LongConsumer progress;
    private final List<Piece> pieces = new ArrayList<>();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicLong done = new AtomicLong();
    /** Empty if blocks are not digested. */
    private final MemorySegment digests;

    /** Where bytes of the device come from. */
    @FunctionalInterface
    private interface Bytes {
        /** Fills {@code target} with the bytes from {@code offset} on. */
        void read(long offset, ByteBuffer target) throws IOException;
    }

    /** A range of the device, in bytes, and the same range of what lies there. */
    private record Piece(Bytes bytes, long offset, long place, int length) {}

    /**
     * Prepares to copy.
     *
     * @param bootstrap the image's metadata as stored
     * @param blobs     its data
     * @param digested  whether blocks are digested
     * @param arena     owns the digests
     * @param progress  hears how many bytes are copied, on any thread
     */
    public BlockCopy(
            BlockLayout layout,
            MemorySegment bootstrap,
            BlobDevice blobs,
            OutputFile output,
            boolean digested,
            Arena arena,
            LongConsumer progress)
            throws IOException {
        this.layout = layout;
        this.output = output;
        this.progress = progress;
        addPieces(
                (offset, target) ->
                        target.put(bootstrap.asSlice(offset, target.remaining()).asByteBuffer()),
                bootstrap.byteSize(),
                0);
        for (BlockLayout.Extent extent : layout.extents()) {
            LazyBlob blob = blobs.blob(extent.blobIndex());
            long length = Math.min(extent.blocks() * layout.blockSize(), blob.size());
            addPieces(blob::read, length, extent.firstBlock() * layout.blockSize());
        }
        digests = digested ? zeroBlocks(arena) : MemorySegment.NULL;
    }

    private void addPieces(Bytes bytes, long length, long place) {
        for (long offset = 0; offset < length; offset += PIECE) {
            pieces.add(new Piece(bytes, offset, place + offset, (int) Math.min(PIECE, length - offset)));
        }
    }

    /** Returns the digests of a device full of zeros. */
    private MemorySegment zeroBlocks(Arena arena) {
        MemorySegment zeros = arena.allocate(layout.blocks() * Digest.SIZE, Long.BYTES);
        Digest zeroBlock = new Sha256().digest(MemorySegment.ofArray(new byte[layout.blockSize()]));
        for (long at = 0; at < zeros.byteSize(); at += Digest.SIZE) {
            zeroBlock.write(zeros, at);
        }
        return zeros;
    }

    /** Returns the number of bytes that are copied; holes do not count. */
    public long bytesToCopy() {
        return pieces.stream().mapToLong(Piece::length).sum();
    }

    /**
     * Copies everything. May block on the network.
     *
     * @param threads number of threads, at least 1
     * @throws InterruptedIOException if the calling thread is interrupted
     * @throws IOException            if data cannot be had or written
     */
    public void run(int threads) throws IOException {
        try (ExecutorService workers = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                results.add(workers.submit(() -> {
                    copyPieces();
                    return null;
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
        } catch (InterruptedException e) {
            next.set(pieces.size());
            Thread.currentThread().interrupt();
            throw (InterruptedIOException) new InterruptedIOException("interrupted").initCause(e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        }
    }

    private void copyPieces() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
        Sha256 sha256 = new Sha256();
        try {
            for (int i = next.getAndIncrement(); i < pieces.size(); i = next.getAndIncrement()) {
                Piece piece = pieces.get(i);
                piece.bytes.read(piece.offset, buffer.clear().limit(piece.length));
                buffer.flip();
                if (digests.byteSize() > 0) {
                    digest(buffer, piece, sha256);
                }
                output.writeAt(piece.place, buffer);
                progress.accept(done.addAndGet(piece.length));
            }
        } catch (IOException | RuntimeException | Error e) {
            next.set(pieces.size());
            throw e;
        }
    }

    private void digest(ByteBuffer buffer, Piece piece, Sha256 sha256) {
        int blockSize = layout.blockSize();
        int whole = Math.ceilDiv(piece.length, blockSize) * blockSize;
        ByteBuffer padded = buffer.duplicate();
        padded.limit(whole);
        for (int i = piece.length; i < whole; i++) {
            padded.put(i, (byte) 0);
        }
        MemorySegment blocks = MemorySegment.ofBuffer(padded);
        long first = piece.place / blockSize;
        for (int i = 0; i < whole / blockSize; i++) {
            sha256.digest(blocks.asSlice((long) i * blockSize, blockSize)).write(digests, (first + i) * Digest.SIZE);
        }
    }

    /** Returns the digests of all blocks, if they were wanted, when everything is copied. */
    public MemorySegment digests() {
        return digests;
    }
}
