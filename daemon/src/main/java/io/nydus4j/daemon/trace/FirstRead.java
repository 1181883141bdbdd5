package io.nydus4j.daemon.trace;

/**
 * A read that was the first of some chunk of a file.
 *
 * @param atMicros   when it came, in microseconds since the trace began
 * @param pid        process that read; 0 where the kernel read ahead
 * @param process    its name, empty if it is not known
 * @param ino        number of the file in the image
 * @param offset     start in the file, in bytes
 * @param length     bytes of the answer
 * @param firstChunk index in the file of the first chunk that it touched
 * @param lastChunk  index of the last
 * @param source     where the bytes were
 * @param waitMicros how long it took to have them, in microseconds
 */
public record FirstRead(
        long atMicros,
        int pid,
        String process,
        long ino,
        long offset,
        long length,
        long firstChunk,
        long lastChunk,
        ReadSource source,
        long waitMicros) {}
