package io.nydus4j.linux.libc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The functions of OpenSSL's {@code openssl/sha.h} that are in use, where the machine has that library.
 *
 * <p>These are the plain ones, which work on memory of the caller. The ones for any algorithm ({@code openssl/evp.h}) run the same code, but read
 * OpenSSL's configuration first, which takes time and may be broken.
 */
public final class OpensslSha {
    /** Enough for {@code SHA256_CTX}, which has 112 bytes, in bytes. */
    public static final int CONTEXT_SIZE = 128;

    /** Of OpenSSL 3; the next may have another structure. */
    private static final String LIBRARY = "libcrypto.so.3";

    /** The library of this machine; empty if it has none, or one without these functions. */
    public static final Optional<OpensslSha> INSTANCE = load();

    private final MethodHandle init;
    private final MethodHandle update;
    private final MethodHandle finish;

    private OpensslSha(SymbolLookup library) {
        init = link(library, "SHA256_Init");
        update = link(library, "SHA256_Update");
        finish = link(library, "SHA256_Final");
    }

    private static Optional<OpensslSha> load() {
        try {
            return Optional.of(new OpensslSha(SymbolLookup.libraryLookup(LIBRARY, Arena.global())));
        } catch (IllegalArgumentException | UnsatisfiedLinkError e) {
            return Optional.empty(); // whoever asked does without
        }
    }

    private static MethodHandle link(SymbolLookup library, String function) {
        MemorySegment address = library.find(function)
                .orElseThrow(() -> new UnsatisfiedLinkError(LIBRARY + " has no function " + function));
        return Libc.link(address);
    }

    /** Calls {@code SHA256_Init}; tells whether that succeeded. */
    public boolean init(Scratch scratch, long context) {
        return (int) Libc.raw(init, scratch, context) == 1;
    }

    /** Calls {@code SHA256_Update}; tells whether that succeeded. */
    public boolean update(Scratch scratch, long context, long data, long length) {
        return (int) Libc.raw(update, scratch, context, data, length) == 1;
    }

    /** Calls {@code SHA256_Final}, which puts 32 bytes into {@code digest}; tells whether that succeeded. */
    public boolean finish(Scratch scratch, long digest, long context) {
        return (int) Libc.raw(finish, scratch, digest, context) == 1;
    }
}
