package io.nydus4j.linux.crypto;

import io.nydus4j.linux.libc.OpensslSha;
import io.nydus4j.linux.libc.Scratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * SHA-256 in pieces by the machine's OpenSSL. It takes native memory as it is, and is quick from the first byte, where Java's is
 * interpreted until it is compiled. Not safe for use by several threads.
 */
public final class NativeSha256 {
    private static final int SIZE = 32;

    /** An example of FIPS 180-4, of two blocks. */
    private static final String EXAMPLE = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

    private static final String EXAMPLE_DIGEST = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";

    /** What is there and computes what it should. */
    private static final Optional<OpensslSha> OPENSSL = OpensslSha.INSTANCE.filter(NativeSha256::isRight);

    private final OpensslSha openssl;
    private final MemorySegment context = Arena.ofAuto().allocate(OpensslSha.CONTEXT_SIZE, Long.BYTES);

    private NativeSha256(OpensslSha openssl) {
        this.openssl = openssl;
        try (Scratch scratch = Scratch.take()) {
            check(openssl.init(scratch, context.address()));
        }
    }

    /** Makes a hasher that has seen no input; empty if the machine has no OpenSSL that this class knows. */
    public static Optional<NativeSha256> create() {
        return OPENSSL.map(NativeSha256::new);
    }

    private static boolean isRight(OpensslSha openssl) {
        NativeSha256 hasher = new NativeSha256(openssl);
        hasher.update(MemorySegment.ofArray(EXAMPLE.getBytes(StandardCharsets.US_ASCII)));
        return Arrays.equals(hasher.soFar(), HexFormat.of().parseHex(EXAMPLE_DIGEST));
    }

    /** Feeds all bytes of a segment, on or off the heap; it is not kept. */
    public void update(MemorySegment data) {
        try (Scratch scratch = Scratch.take()) {
            if (data.isNative()) {
                update(scratch, data.address(), data.byteSize());
            } else {
                for (long done = 0; done < data.byteSize(); done += Scratch.DATA_SIZE) {
                    long part = Math.min(Scratch.DATA_SIZE, data.byteSize() - done);
                    MemorySegment.copy(data, done, scratch.memory(), scratch.dataOffset(), part);
                    update(scratch, scratch.data(), part);
                }
            }
        } finally {
            Reference.reachabilityFence(data);
        }
    }

    private void update(Scratch scratch, long address, long length) {
        check(openssl.update(scratch, context.address(), address, length));
    }

    /** Returns the 32 bytes of the digest of everything fed so far, and goes on. */
    public byte[] soFar() {
        try (Scratch scratch = Scratch.take()) {
            // Finishing spoils the state, so a copy is finished.
            MemorySegment.copy(context, 0, scratch.memory(), scratch.structOffset(), OpensslSha.CONTEXT_SIZE);
            check(openssl.finish(scratch, scratch.data(), scratch.struct()));
            return scratch.memory().asSlice(scratch.dataOffset(), SIZE).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static void check(boolean success) {
        if (!success) {
            throw new IllegalStateException("OpenSSL's SHA-256 failed");
        }
    }
}
