package io.nydus4j.linux.fuse;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.socket.UnixSocket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Requests of our own, put to a handler before those of the kernel, so that all code has run once when clients wait for it.
 *
 * <p>They look at directories from the root downwards and read the start of the first files there. Their answers go to a socket in
 * the place of the kernel.
 */
final class FuseRehearsal implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final int ROUNDS = 40;
    private static final int MAX_DIRECTORIES = 8;
    private static final int MAX_FILES = 4;
    private static final int SIZE = 4096;
    private static final int ANSWER_HEADER = 16;
    private static final int ENTRY = 128;
    private static final int ENTRY_MODE = 100;
    private static final int DIRENT = 24;
    private static final int TYPE_MASK = 0170000;
    private static final int DIRECTORY = 0040000;
    private static final int FILE = 0100000;
    private static final byte[] NAME = "?\0".getBytes(StandardCharsets.US_ASCII);

    private final UnixSocket kernel;
    private final FuseDevice device;
    private final LoopRest rest;
    private final FuseLoop loop;
    private long unique = 2;

    FuseRehearsal(FuseSession session, FuseConnection connection, FuseHandler handler) throws IOException {
        List<UnixSocket> pair = UnixSocket.pair();
        kernel = pair.getFirst();
        device = new FuseDevice(pair.get(1).descriptor(), connection);
        rest = new LoopRest(device.descriptor());
        loop = new FuseLoop(session, device, handler, rest);
    }

    /** Rehearses; a request that nobody answers ends it. */
    void run() throws IOException {
        Deque<Long> directories = new ArrayDeque<>(List.of(FuseRequest.ROOT_NODE_ID));
        Deque<Long> files = new ArrayDeque<>();
        List<Long> given = new ArrayList<>();
        for (int i = 0; i < MAX_DIRECTORIES && !directories.isEmpty() && files.size() < MAX_FILES; i++) {
            long directory = directories.remove();
            ask(FuseOpcode.OPENDIR, directory, new byte[8]);
            byte[] listing = ask(FuseOpcode.READDIRPLUS, directory, readArguments(0));
            collect(MemorySegment.ofArray(listing), directories, files, given);
        }
        for (int round = 0; round < ROUNDS; round++) {
            ask(FuseOpcode.GETATTR, FuseRequest.ROOT_NODE_ID, new byte[16]);
            ask(FuseOpcode.LOOKUP, FuseRequest.ROOT_NODE_ID, NAME);
            for (long file : files) {
                ask(FuseOpcode.GETATTR, file, new byte[16]);
                long handle = handle(ask(FuseOpcode.OPEN, file, new byte[8]));
                ask(FuseOpcode.READ, file, readArguments(handle));
                if (handle != 0) {
                    ask(FuseOpcode.RELEASE, file, readArguments(handle)); // longer than need be
                }
            }
        }
        for (long node : given) {
            put(FuseOpcode.FORGET, node, new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
        }
    }

    /** Returns the handle that an open gave, 0 if none. */
    private static long handle(byte[] opened) {
        return opened.length < Long.BYTES ? 0 : MemorySegment.ofArray(opened).get(JAVA_LONG.withByteAlignment(1), 0);
    }

    private static byte[] readArguments(long handle) {
        byte[] arguments = new byte[40];
        MemorySegment.ofArray(arguments).set(JAVA_LONG.withByteAlignment(1), 0, handle);
        MemorySegment.ofArray(arguments).set(JAVA_INT.withByteAlignment(1), 16, SIZE);
        return arguments;
    }

    private static void collect(MemorySegment listing, Deque<Long> directories, Deque<Long> files, List<Long> given) {
        long at = 0;
        while (at + ENTRY + DIRENT <= listing.byteSize()) {
            long node = listing.get(JAVA_LONG.withByteAlignment(1), at);
            int type = listing.get(JAVA_INT.withByteAlignment(1), at + ENTRY_MODE) & TYPE_MASK;
            int nameLength = listing.get(JAVA_INT.withByteAlignment(1), at + ENTRY + 16);
            if (node != 0) {
                given.add(node);
            }
            if (node != 0 && type == DIRECTORY) {
                directories.add(node);
            } else if (node != 0 && type == FILE) {
                files.add(node);
            }
            at += ENTRY + (DIRENT + nameLength + 7 & ~7);
        }
        while (files.size() > MAX_FILES) {
            files.removeLast();
        }
    }

    /** Puts one request to the handler and returns the payload of the answer. */
    private byte[] ask(int opcode, long node, byte[] arguments) throws IOException {
        put(opcode, node, arguments);
        if (!kernel.awaitInput(PATIENCE)) {
            throw new IOException("request of kind " + opcode + " got no answer");
        }
        byte[] answer = kernel.receive(64 << 10).bytes();
        byte[] payload = new byte[Math.max(0, answer.length - ANSWER_HEADER)];
        System.arraycopy(answer, answer.length - payload.length, payload, 0, payload.length);
        return payload;
    }

    /** Puts one request to the handler. */
    private void put(int opcode, long node, byte[] arguments) {
        MemorySegment in = loop.request().buffer();
        int length = FuseRequest.HEADER_SIZE + arguments.length;
        in.asSlice(0, length).fill((byte) 0);
        in.set(JAVA_INT, 0, length);
        in.set(JAVA_INT, 4, opcode);
        in.set(JAVA_LONG, 8, unique);
        in.set(JAVA_LONG, 16, node);
        MemorySegment.copy(arguments, 0, in, JAVA_BYTE, FuseRequest.HEADER_SIZE, arguments.length);
        unique += 2;
        loop.request().bind(length);
        loop.dispatch();
    }

    @Override
    public void close() throws ErrnoException {
        loop.close();
        rest.close();
        device.release();
        kernel.close();
    }
}
