package io.nydus4j.storage.cache;

import io.nydus4j.blob.crypt.AesXts;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;

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
    private final CacheEncryption.Ciphers ciphers;

    /**
     * Takes a file.
     *
     * @param channel open for reading and writing; closed with this
     * @param ciphers encrypt its chunks
     */
    EncryptedChunkFile(FileChannel channel, CacheEncryption.Ciphers ciphers) {
        this.channel = channel;
        this.ciphers = ciphers;
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
        AesXts cipher = ciphers.take(index.indexInBlob(position));
        for (int block = 0; block < blocks.length; block += BLOCK) {
            cipher.encrypt(TWEAK, blocks, block, blocks, block, BLOCK);
        }
        ciphers.giveBack(cipher);
        ChunkFiles.write(channel, index.start(position), ByteBuffer.wrap(blocks));
    }

    @Override
    public MemorySegment read(ChunkIndex index, int position, DecodeWorker worker) throws IOException {
        int length = index.length(position);
        byte[] blocks = new byte[(int) sizeFor(length)];
        ChunkFiles.read(channel, index.start(position), ByteBuffer.wrap(blocks));
        AesXts cipher = ciphers.take(index.indexInBlob(position));
        for (int block = 0; block < blocks.length; block += BLOCK) {
            cipher.decrypt(TWEAK, blocks, block, blocks, block, BLOCK);
        }
        ciphers.giveBack(cipher);
        MemorySegment plain = worker.plain(length);
        MemorySegment.copy(blocks, 0, plain, ValueLayout.JAVA_BYTE, 0, length);
        return plain;
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
