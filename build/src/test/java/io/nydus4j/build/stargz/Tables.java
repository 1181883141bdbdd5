package io.nydus4j.build.stargz;

import io.nydus4j.blob.Compression;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Tables of contents for tests. */
final class Tables {
    /** Bytes of a whole chunk. */
    static final int CHUNK = 0x1000;

    static final long LAYER = 16 << 20;

    private Tables() {}

    /** Returns a table of these entries. */
    static byte[] table(String... entries) {
        return ("{\"version\":1,\"entries\":[" + String.join(",", entries) + "]}").getBytes(StandardCharsets.UTF_8);
    }

    /** Reads entries. */
    static List<StargzEntry> entries(String... entries) throws IOException {
        List<StargzEntry> read = new ArrayList<>();
        StargzTocReader.read(new ByteArrayInputStream(table(entries)), read::add);
        return read;
    }

    /** Reads a table for an image of version 6 of a layer of this size. */
    static StargzContents.Result readLayer(long size, String... entries) throws IOException {
        StargzLayout layout = new StargzLayout("blob", size, Compression.GZIP, CHUNK, true, true, true, 0);
        return StargzContents.read(new ByteArrayInputStream(table(entries)), layout);
    }

    /** Reads a table for an image of version 6 of a layer of 16 MiB. */
    static StargzContents.Result read(String... entries) throws IOException {
        return readLayer(LAYER, entries);
    }

    /** Returns a regular file's entry. */
    static String file(String name, long size, long offset, String... more) {
        return "{\"name\":\"" + name + "\",\"type\":\"reg\",\"mode\":420,\"size\":" + Long.toUnsignedString(size)
                + ",\"offset\":" + Long.toUnsignedString(offset) + rest(more) + "}";
    }

    /** Returns the entry of more data of a file. */
    static String chunk(String name, long chunkOffset, long offset, String... more) {
        return "{\"name\":\"" + name + "\",\"type\":\"chunk\",\"chunkOffset\":" + Long.toUnsignedString(chunkOffset)
                + ",\"offset\":" + Long.toUnsignedString(offset) + rest(more) + "}";
    }

    /** Returns an entry without data. */
    static String entry(String name, String type, String... more) {
        return "{\"name\":\"" + name + "\",\"type\":\"" + type + "\",\"mode\":493" + rest(more) + "}";
    }

    private static String rest(String... more) {
        return more.length == 0 ? "" : "," + String.join(",", more);
    }
}
