package io.nydus4j.storage.cache;

import io.nydus4j.blob.crypt.AesXts;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Plain bytes at their uncompressed offsets, encrypted: {@code .blob.data}. Each block of {@value #BLOCK} bytes is a unit of
 * AES-128-XTS with a tweak of zeros, as in the reference; a chunk's last block is filled up with zeros. Chunks must start at whole
 * blocks. Each read decrypts.
 */
final class EncryptedChunkFile implements ChunkFile {
    /** Size of what is encrypted together, in bytes. */
    static final int BLOCK = 4096;

    private static final byte[] TWEAK = new byte[AesXts.BLOCK];

    private final FileChannel channel;
    private final byte[] key;
    /** Ciphers that nobody uses right now; each is for one thread at a time. */
    private final ConcurrentLinkedQueue<AesXts> idle = new ConcurrentLinkedQueue<>();

    /**
     * Takes a file.
     *
     * @param channel open for reading and writing; closed with this
     * @param key     {@value AesXts#KEY_SIZE} bytes whose halves differ; kept
     */
    EncryptedChunkFile(FileChannel channel, byte[] key) {
        this.channel = channel;
        this.key = key;
    }

    /** Returns the length of a file for so many plain bytes. */
    static long sizeFor(long plainSize) {
        return plainSize + BLOCK - 1 & -BLOCK;
    }

    @Override
    public void write(ChunkIndex index, int position, MemorySegment stored, MemorySegment plain) throws IOException {
        int length = index.length(position);
        byte[] blocks = new byte[(int) sizeFor(length)];
        MemorySegment.copy(plain, ValueLayout.JAVA_BYTE, 0, blocks, 0, length);
        AesXts cipher = take();
        for (int block = 0; block < blocks.length; block += BLOCK) {
            cipher.encrypt(TWEAK, blocks, block, blocks, block, BLOCK);
        }
        idle.add(cipher);
        ChunkFiles.write(channel, index.start(position), ByteBuffer.wrap(blocks));
    }

    @Override
    public MemorySegment read(ChunkIndex index, int position, DecodeWorker worker) throws IOException {
        int length = index.length(position);
        byte[] blocks = new byte[(int) sizeFor(length)];
        ChunkFiles.read(channel, index.start(position), ByteBuffer.wrap(blocks));
        AesXts cipher = take();
        for (int block = 0; block < blocks.length; block += BLOCK) {
            cipher.decrypt(TWEAK, blocks, block, blocks, block, BLOCK);
        }
        idle.add(cipher);
        MemorySegment plain = worker.plain(length);
        MemorySegment.copy(blocks, 0, plain, ValueLayout.JAVA_BYTE, 0, length);
        return plain;
    }

    private AesXts take() {
        AesXts cipher = idle.poll();
        return cipher == null ? new AesXts(key) : cipher;
    }

    @Override
    public Optional<MemorySegment> mapping() {
        return Optional.empty();
    }

    @Override
    public void force() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() {
        ChunkFiles.close(channel);
    }
}
