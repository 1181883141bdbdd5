package io.nydus4j.storage.http;

/**
 * A range of bytes.
 *
 * @param first offset of the first byte, at least 0
 * @param last  offset of the last byte, at least {@code first}
 */
public record ByteRange(long first, long last) {
    /** Refuses ranges that hold nothing. */
    public ByteRange {
        if (first < 0 || last < first) {
            throw new IllegalArgumentException("no range: " + first + "-" + last);
        }
    }

    /** Returns the number of bytes. */
    public long length() {
        return last - first + 1;
    }

    /** Returns the value of a {@code Range} header. */
    public String header() {
        return "bytes=" + this;
    }

    /** Returns the range as headers and messages have it. */
    @Override
    public String toString() {
        return first + "-" + last;
    }
}
