package io.nydus4j.build.tar;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Finds where the data of sparse files belongs, in each of the forms that GNU tar has had: in the header and blocks behind it, in records of
 * an extended header (0.0: one for each number; 0.1: one for all), or before the data (1.0). Not safe for use by several threads.
 */
final class SparseHeaders {
    private static final int PIECE_SIZE = 24;
    private static final int FIELD_SIZE = 12;
    private static final int BLOCK_PIECES = 21;
    private static final int BLOCK_GOES_ON = 504;
    private static final int MAX_DIGITS = 20;

    private final MemberHeaders headers;
    private final ArchiveLimits limits;
    private int unitsInData;

    SparseHeaders(MemberHeaders headers, ArchiveLimits limits) {
        this.headers = headers;
        this.limits = limits;
    }

    /**
     * Returns the map of a regular file; reads the blocks that hold it. May throw {@link IllegalArgumentException} with a text on what is
     * wrong.
     *
     * @param size size that the archive gives the member
     * @return empty if the file is not sparse
     */
    Optional<SparseMap> map(HeaderBlock header, byte[] block, PaxAttributes pax, long size) throws IOException {
        unitsInData = 0;
        if (header.typeFlag() == 'S') {
            return Optional.of(ofHeader(header, block));
        }
        if (isOne(pax.value("GNU.sparse.major"))) {
            long realSize = need(pax, "GNU.sparse.realsize");
            return Optional.of(SparseMap.of(inData(size), realSize));
        }
        Optional<byte[]> list = pax.value("GNU.sparse.map");
        if (list.isPresent()) {
            return Optional.of(SparseMap.of(ofList(list.get()), need(pax, "GNU.sparse.size")));
        }
        if (pax.value("GNU.sparse.size").isPresent()) {
            return Optional.of(SparseMap.of(pax.sparsePieces(), need(pax, "GNU.sparse.size")));
        }
        return Optional.empty();
    }

    /** Returns how many units of the last member's data hold its map. */
    int unitsInData() {
        return unitsInData;
    }

    private static boolean isOne(Optional<byte[]> value) {
        return value.isPresent() && Arrays.equals(value.get(), new byte[] {'1'});
    }

    private static long need(PaxAttributes pax, String key) {
        return pax.number(key).orElseThrow(() -> new IllegalArgumentException("a sparse file without " + key));
    }

    private SparseMap ofHeader(HeaderBlock header, byte[] block) throws IOException {
        OptionalLong realSize = header.sparseSize();
        if (realSize.isEmpty()) {
            throw new IllegalArgumentException("the length of a sparse file is no number");
        }
        LongList pieces = new LongList(2 * limits.sparseSegments());
        addPieces(block, HeaderBlock.SPARSE_AT, HeaderBlock.SPARSE_COUNT, pieces);
        boolean goesOn = header.sparseGoesOn();
        while (goesOn) {
            byte[] more = headers.needBlock();
            addPieces(more, 0, BLOCK_PIECES, pieces);
            goesOn = more[BLOCK_GOES_ON] != 0;
        }
        return SparseMap.of(pieces.toArray(), realSize.getAsLong());
    }

    private static void addPieces(byte[] block, int start, int count, LongList pieces) {
        for (int at = start; at < start + count * PIECE_SIZE; at += PIECE_SIZE) {
            if (block[at] == 0) {
                return;
            }
            OptionalLong offset = HeaderBlock.number(block, at, FIELD_SIZE);
            OptionalLong length = HeaderBlock.number(block, at + FIELD_SIZE, FIELD_SIZE);
            if (offset.isEmpty() || length.isEmpty()) {
                throw new IllegalArgumentException("a piece of a sparse file has no number");
            }
            pieces.add(offset.getAsLong());
            pieces.add(length.getAsLong());
        }
    }

    private long[] ofList(byte[] list) {
        LongList pieces = new LongList(2 * limits.sparseSegments());
        int start = 0;
        for (int i = 0; i <= list.length; i++) {
            if (i == list.length || list[i] == ',') {
                pieces.add(PaxAttributes.decimal("GNU.sparse.map", list, start, i));
                start = i + 1;
            }
        }
        if ((pieces.size() & 1) != 0) {
            throw new IllegalArgumentException("GNU.sparse.map has an odd number of numbers");
        }
        return pieces.toArray();
    }

    /** Reads the map at the start of the data: lines of one decimal number each, the first being the number of pieces. */
    private long[] inData(long size) throws IOException {
        LongList numbers = new LongList(2 * limits.sparseSegments() + 1);
        byte[] digits = new byte[MAX_DIGITS];
        int length = 0;
        long wanted = 1;
        while (numbers.size() < wanted) {
            if (++unitsInData > size / TarHeader.SIZE) {
                throw new IllegalArgumentException("its data ends within the list of sparse pieces");
            }
            byte[] block = headers.needBlock();
            for (int i = 0; i < block.length && numbers.size() < wanted; i++) {
                if (block[i] != '\n') {
                    if (length == MAX_DIGITS) {
                        throw new IllegalArgumentException("a number in its list of sparse pieces is too long: "
                                + new String(digits, StandardCharsets.ISO_8859_1));
                    }
                    digits[length++] = block[i];
                    continue;
                }
                long number = PaxAttributes.decimal("its list of sparse pieces", digits, 0, length);
                length = 0;
                numbers.add(number);
                if (numbers.size() == 1) {
                    if (number > limits.sparseSegments()) {
                        throw new IllegalArgumentException("a sparse file of %d pieces has more than the limit of %d"
                                .formatted(number, limits.sparseSegments()));
                    }
                    wanted = 2 * number + 1;
                }
            }
        }
        long[] all = numbers.toArray();
        return Arrays.copyOfRange(all, 1, all.length);
    }
}
