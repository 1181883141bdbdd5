package io.nydus4j.build.write;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.linux.crypto.NativeSha256;
import java.lang.foreign.MemorySegment;

/** The SHA-256 of what is long. Not safe for use by several threads. */
public sealed interface StreamSha256 {
    /**
     * Starts one: by OpenSSL where the machine has it, which takes a quarter of the processor time less (Java's code wants a copy on the
     * heap, and must be compiled first), by Java elsewhere.
     */
    static StreamSha256 start() {
        return NativeSha256.create().<StreamSha256>map(ByOpenssl::new).orElseGet(ByJava::new);
    }

    /** Returns the digest of all bytes of a segment, on or off the heap. */
    static Digest of(MemorySegment data) {
        StreamSha256 sha256 = start();
        sha256.update(data);
        return sha256.soFar();
    }

    /** Feeds all bytes of a segment, on or off the heap; it is not kept. */
    void update(MemorySegment data);

    /** Returns the digest of everything fed so far, and goes on. */
    Digest soFar();

    /** By the machine's OpenSSL. */
    record ByOpenssl(NativeSha256 hasher) implements StreamSha256 {
        @Override
        public void update(MemorySegment data) {
            hasher.update(data);
        }

        @Override
        public Digest soFar() {
            return Digest.of(hasher.soFar());
        }
    }

    /** By the JDK. */
    record ByJava(Sha256 hasher) implements StreamSha256 {
        ByJava() {
            this(new Sha256());
        }

        @Override
        public void update(MemorySegment data) {
            hasher.update(data);
        }

        @Override
        public Digest soFar() {
            return hasher.soFar();
        }
    }
}
