package io.nydus4j.build.tar;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.linux.RawBytes;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar archive once, in order, with bounded memory: POSIX, GNU, star and the old form, with long names, extended headers and sparse
 * files.
 *
 * <p>An archive of which only the end is missing is whole: one that stops behind the data of its last member, with or without the padding
 * and the end mark. What comes behind the mark is read and ignored. {@link #warnings()} tells. Any other damage is a
 * {@link RafsFormatException} that names the member. Not safe for use by several threads.
 */
public final class TarReader implements AutoCloseable {
    private static final int UNIT = TarHeader.SIZE;
    private static final int SCRATCH_SIZE = 64 << 10;

    private final ArchiveInput input;
    private final ArchiveLimits limits;
    private final MemberHeaders headers;
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(SCRATCH_SIZE);

    private long members;
    private boolean ended;
    private @Nullable TarMember current;
    /** Bytes of the current member's data that were not read yet. */
    private long storedLeft;
    /** Bytes to fill up the last unit of the current member. */
    private int padding;
    /** Position in the current file, holes counted. */
    private long filePosition;

    private int piece;

    /** Starts to read {@code input}, which is closed with this. */
    public TarReader(ArchiveInput input, ArchiveLimits limits) {
        this.input = input;
        this.limits = limits;
        this.headers = new MemberHeaders(input, limits);
    }

    /**
     * Returns the next member, or null at the end. What was not read of the one before is skipped.
     *
     * @throws RafsFormatException if the archive is broken or passes a limit
     * @throws IOException         if the source cannot be read
     */
    public @Nullable TarMember next() throws IOException {
        skipData();
        if (ended) {
            return null;
        }
        TarMember member = headers.next();
        current = member;
        if (member == null) {
            ended = true;
            headers.drain();
            return null;
        }
        if (++members > limits.members()) {
            throw broken(member, "is one more than the limit of " + limits.members() + " members");
        }
        storedLeft = member.storedSize();
        padding = (int) (-storedLeft & UNIT - 1);
        filePosition = 0;
        piece = 0;
        return member;
    }

    /**
     * Reads data of the current member, holes filled with zeros.
     *
     * @param target has room for at least one byte
     * @return the number of bytes, or -1 at the end of the member
     * @throws RafsFormatException if the archive ends before the member does
     */
    public int read(ByteBuffer target) throws IOException {
        TarMember member = current;
        if (member == null) {
            return -1;
        }
        Optional<SparseMap> sparse = member.sparse();
        if (sparse.isEmpty()) {
            return readStored(member, target, storedLeft);
        }
        SparseMap map = sparse.get();
        while (piece < map.count() && filePosition == map.offset(piece) + map.length(piece)) {
            piece++;
        }
        boolean last = piece == map.count();
        if (last || filePosition < map.offset(piece)) {
            return readHole(target, (last ? map.size() : map.offset(piece)) - filePosition);
        }
        return readStored(member, target, map.offset(piece) + map.length(piece) - filePosition);
    }

    private int readHole(ByteBuffer target, long left) {
        if (left == 0) {
            return -1;
        }
        int count = (int) Math.min(target.remaining(), left);
        MemorySegment.ofBuffer(target).asSlice(0, count).fill((byte) 0);
        target.position(target.position() + count);
        filePosition += count;
        return count;
    }

    private int readStored(TarMember member, ByteBuffer target, long left) throws IOException {
        if (left == 0) {
            return -1;
        }
        int limit = target.limit();
        target.limit(target.position() + (int) Math.min(target.remaining(), left));
        int count = read(member, target);
        target.limit(limit);
        if (count < 0) {
            throw broken(
                    member,
                    "the archive ends where %d of its %d bytes are missing".formatted(storedLeft, member.storedSize()));
        }
        storedLeft -= count;
        filePosition += count;
        return count;
    }

    private int read(TarMember member, ByteBuffer target) throws IOException {
        try {
            return input.read(target);
        } catch (RafsFormatException e) {
            throw new RafsFormatException(name(member), member.headerPosition(), String.valueOf(e.getMessage()), e);
        }
    }

    private void skipData() throws IOException {
        TarMember member = current;
        if (member == null) {
            return;
        }
        skipRest();
        while (padding > 0) {
            int count = read(member, scratch.clear().limit(padding));
            padding = count < 0 ? 0 : padding - count;
        }
        current = null;
    }

    /**
     * Passes over what has not been read of the current member's data, as it is in the archive.
     *
     * @throws RafsFormatException if the archive ends before
     */
    public void skipRest() throws IOException {
        TarMember member = current;
        while (member != null && storedLeft > 0) {
            readStored(member, scratch.clear(), storedLeft);
        }
    }

    /** Returns the current member; null before the first and behind the last. */
    public @Nullable TarMember member() {
        return current;
    }

    /** Returns what was not as it should be and did no harm, for a person to read; complete at the end. */
    public Optional<String> warnings() {
        return headers.warnings();
    }

    /** Returns how many plain bytes of the archive have been read. */
    public long position() {
        return input.position();
    }

    private static String name(TarMember member) {
        return "tar entry " + RawBytes.printable(member.entry().name());
    }

    private static RafsFormatException broken(TarMember member, String problem) {
        return new RafsFormatException(name(member), member.headerPosition(), problem);
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
