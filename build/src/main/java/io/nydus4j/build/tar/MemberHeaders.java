package io.nydus4j.build.tar;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.linux.RawBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Reads the headers of members: the block itself, and before it long names and extended headers. Finds the end of the archive. Not safe for
 * use by several threads.
 */
final class MemberHeaders {
    private static final int UNIT = TarHeader.SIZE;
    private static final long MAX_ID = 0xFFFF_FFFFL;
    /** Few bytes of a global header become many where there are many members; nobody but an attacker has xattrs there. */
    private static final long MOST_INHERITED = 64 << 20;

    private static final byte[] NOTHING = {};

    private final ArchiveInput input;
    private final ArchiveLimits limits;
    private final PaxAttributes global;
    private final SparseHeaders sparse;
    private final byte[] block = new byte[UNIT];
    /** A block that is not a header. */
    private final byte[] other = new byte[UNIT];

    private final HeaderBlock header = new HeaderBlock(block);
    private final List<String> warnings = new ArrayList<>();

    private byte[] lastName = NOTHING;
    private long globalBytes;
    /** Bytes of xattrs that all members so far have from global headers. */
    private long inheritedBytes;

    private long plainBytes;

    // What has been read of the next member.
    private long start;
    private @Nullable PaxAttributes local;
    private byte @Nullable [] longName;
    private byte @Nullable [] longLink;

    MemberHeaders(ArchiveInput input, ArchiveLimits limits) {
        this.input = input;
        this.limits = limits;
        this.global = new PaxAttributes(null, limits.sparseSegments());
        this.sparse = new SparseHeaders(this, limits);
    }

    /** Reads up to the data of the next member; returns null at the end. */
    @Nullable
    TarMember next() throws IOException {
        start = input.position();
        local = null;
        longName = null;
        longLink = null;
        while (readHeader()) {
            switch (header.typeFlag()) {
                case 'x', 'X' -> readLocal();
                case 'g' -> readGlobal();
                case 'L' -> longName = readName(longName, "long name");
                case 'K' -> longLink = readName(longLink, "long link name");
                // The label of a volume.
                case 'V' -> skip(size());
                default -> {
                    return member();
                }
            }
            if (local == null && longName == null && longLink == null) {
                start = input.position();
            }
        }
        if (local != null || longName != null || longLink != null) {
            throw broken("the archive ends behind an extended header, before the member that it describes");
        }
        return null;
    }

    /** Reads a header block that is not zero; returns false at the end of the archive. */
    private boolean readHeader() throws IOException {
        boolean zeros = false;
        while (true) {
            int count = readBlock(block);
            boolean zero = header.isZero(count);
            if (count < UNIT) {
                if (!zero) {
                    throw broken("the archive ends within a header, of which %d of %d bytes are missing"
                            .formatted(UNIT - count, UNIT));
                }
                warnings.add("the mark at the end of the archive is missing");
                return false;
            }
            if (!zero) {
                if (!header.hasRightChecksum()) {
                    throw broken("archive header checksum mismatch");
                }
                return true;
            }
            if (zeros) {
                return false;
            }
            zeros = true;
        }
    }

    /** Fills a block; returns how many of its bytes there are. */
    private int readBlock(byte[] target) throws IOException {
        ByteBuffer room = ByteBuffer.wrap(target);
        try {
            while (room.hasRemaining() && input.read(room) >= 0) {
                // Until it is full or the archive ends.
            }
        } catch (RafsFormatException e) {
            throw broken(String.valueOf(e.getMessage()));
        }
        return room.position();
    }

    private void readLocal() throws IOException {
        if (local != null) {
            throw broken("two extended headers for one member");
        }
        PaxAttributes attributes = new PaxAttributes(global, limits.sparseSegments());
        parse(attributes, readAll(size(), limits.extendedBytes(), "extended header"));
        local = attributes;
    }

    private void readGlobal() throws IOException {
        globalBytes += size();
        byte[] records = readAll(size(), limits.extendedBytes(), "extended header");
        if (globalBytes > limits.extendedBytes()) {
            throw broken("its global headers are larger than the limit of " + limits.extendedBytes() + " bytes");
        }
        parse(global, records);
    }

    private void parse(PaxAttributes attributes, byte[] records) throws RafsFormatException {
        try {
            attributes.parse(records);
        } catch (IllegalArgumentException e) {
            throw broken(e);
        }
    }

    private byte[] readName(byte @Nullable [] before, String what) throws IOException {
        if (before != null) {
            throw broken("two headers with a " + what + " for one member");
        }
        byte[] text = readAll(size(), limits.nameBytes() + 1, what);
        int end = 0;
        while (end < text.length && text[end] != 0) {
            end++;
        }
        return Arrays.copyOf(text, end);
    }

    private byte[] readAll(long size, int limit, String what) throws IOException {
        if (size > limit) {
            throw broken("a %s of %d bytes is longer than the limit of %d".formatted(what, size, limit));
        }
        // In units, so that a size that lies takes no memory.
        byte[] data = new byte[(int) Math.min(size, 64 << 10)];
        int done = 0;
        while (done < size) {
            int count = (int) Math.min(UNIT, size - done);
            if (done + count > data.length) {
                data = Arrays.copyOf(data, (int) Math.min(size, 2L * data.length));
            }
            System.arraycopy(needBlock(), 0, data, done, count);
            done += count;
        }
        return data;
    }

    private void skip(long size) throws IOException {
        for (long done = 0; done < size; done += UNIT) {
            needBlock();
        }
    }

    /** Returns the next block, which must be there; it is valid until the next call. */
    byte[] needBlock() throws IOException {
        if (readBlock(other) < UNIT) {
            throw broken("the archive ends within the headers of a member");
        }
        return other;
    }

    /** Returns the size in the header. */
    private long size() throws RafsFormatException {
        OptionalLong size = header.size();
        if (size.isEmpty() || size.getAsLong() < 0) {
            throw broken("its size is no number, negative or too large");
        }
        return size.getAsLong();
    }

    private TarMember member() throws IOException {
        PaxAttributes pax = local == null ? global : local;
        byte[] name = longName == null ? header.name() : longName;
        byte[] linkName = longLink == null ? header.linkName() : longLink;
        try {
            if (longName == null) {
                name = pax.value("path").orElse(name);
            }
            name = pax.value("GNU.sparse.name").orElse(name);
            if (longLink == null) {
                linkName = pax.value("linkpath").orElse(linkName);
            }
            lastName = name;
            checkName(name);
            checkName(linkName);
            TarType type = type(name);
            boolean hasData = type == TarType.REGULAR;
            long size = pax.number("size").orElse(size());
            Optional<SparseMap> map = hasData ? sparse.map(header, block, pax, size) : Optional.empty();
            long headerUnits = sparse.unitsInData();
            long stored = hasData ? size - headerUnits * UNIT : 0;
            long length = map.map(SparseMap::size).orElse(stored);
            if (map.isPresent() && map.get().dataSize() != stored) {
                throw broken("its sparse pieces have %d bytes, and it has %d"
                        .formatted(map.get().dataSize(), stored));
            }
            plainBytes = Math.addExact(plainBytes, length);
            if (plainBytes > limits.plainBytes()) {
                throw broken("with its %d bytes the archive has more than the limit of %d"
                        .formatted(length, limits.plainBytes()));
            }
            inheritedBytes += global.xattrBytes();
            if (inheritedBytes > MOST_INHERITED) {
                throw broken("the xattrs that members have from global headers take more than " + MOST_INHERITED
                        + " bytes in all, which is the limit");
            }
            TarEntry entry = new TarEntry(
                    type,
                    name,
                    linkName,
                    (int) orBroken(header.mode(), "mode") & 07777,
                    owner("uid", pax, header.uid()),
                    owner("gid", pax, header.gid()),
                    pax.value("uname").orElse(header.userName()),
                    pax.value("gname").orElse(header.groupName()),
                    length,
                    header.mtime().orElse(0),
                    0,
                    device(type, header.deviceMajor()),
                    device(type, header.deviceMinor()),
                    pax.xattrs());
            return new TarMember(entry, start, input.position(), stored, map);
        } catch (IllegalArgumentException e) {
            throw broken(e);
        } catch (ArithmeticException e) {
            throw broken("its size makes that of the archive too large");
        }
    }

    private void checkName(byte[] name) throws RafsFormatException {
        if (name.length > limits.nameBytes()) {
            throw broken(
                    "a name of %d bytes is longer than the limit of %d".formatted(name.length, limits.nameBytes()));
        }
        for (byte letter : name) {
            if (letter == 0) {
                throw broken("a name holds a NUL");
            }
        }
    }

    private TarType type(byte[] name) throws RafsFormatException {
        return switch (header.typeFlag()) {
            // Old programs have no type for directories.
            case 0, '0', '7' -> name.length > 0 && name[name.length - 1] == '/' ? TarType.DIRECTORY : TarType.REGULAR;
            case 'S' -> TarType.REGULAR;
            case '1' -> TarType.HARD_LINK;
            case '2' -> TarType.SYMLINK;
            case '3' -> TarType.CHARACTER_DEVICE;
            case '4' -> TarType.BLOCK_DEVICE;
            case '5' -> TarType.DIRECTORY;
            case '6' -> TarType.FIFO;
            default -> throw broken("unsupported tar entry type " + RawBytes.printable(new byte[] {header.typeFlag()}));
        };
    }

    private int owner(String key, PaxAttributes pax, OptionalLong inHeader) throws RafsFormatException {
        long id = pax.number(key).orElse(inHeader.orElse(0));
        if (id < 0 || id > MAX_ID) {
            throw broken(key + " " + Long.toUnsignedString(id) + " is out of range");
        }
        return (int) id;
    }

    private int device(TarType type, OptionalLong number) throws RafsFormatException {
        if (type != TarType.CHARACTER_DEVICE && type != TarType.BLOCK_DEVICE && type != TarType.FIFO) {
            return 0;
        }
        long value = orBroken(number, "device number");
        if (value > MAX_ID) {
            throw broken("device number " + value + " is out of range");
        }
        return (int) value;
    }

    private long orBroken(OptionalLong number, String what) throws RafsFormatException {
        if (number.isEmpty() || number.getAsLong() < 0) {
            throw broken("its " + what + " is no number");
        }
        return number.getAsLong();
    }

    private RafsFormatException broken(IllegalArgumentException cause) {
        return new RafsFormatException(place(), start, String.valueOf(cause.getMessage()), cause);
    }

    private RafsFormatException broken(String problem) {
        return new RafsFormatException(place(), start, problem);
    }

    /** Names the member whose header is being read as well as that is possible. */
    private String place() {
        byte[] name = longName == null ? header.name() : longName;
        if (local != null) {
            name = local.value("path").orElse(name);
        }
        boolean known = header.hasRightChecksum() && name.length > 0;
        if (known) {
            return "tar entry " + RawBytes.printable(name);
        }
        return lastName.length == 0 ? "tar header" : "tar header behind entry " + RawBytes.printable(lastName);
    }

    /** Reads the input to its end. */
    void drain() throws IOException {
        ByteBuffer rest = ByteBuffer.allocateDirect(64 << 10);
        long ignored = 0;
        try {
            for (int count = input.read(rest); count >= 0; count = input.read(rest.clear())) {
                for (int i = 0; ignored == 0 && i < count; i++) {
                    ignored |= rest.get(i);
                }
            }
        } catch (RafsFormatException e) {
            throw broken(String.valueOf(e.getMessage()));
        }
        if (ignored != 0) {
            warnings.add("what follows the end of the archive is ignored");
        }
    }

    /** Returns what was not as it should be, complete after {@link #drain}. */
    Optional<String> warnings() {
        return warnings.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", warnings));
    }
}
