package io.nydus4j.build.external;

import io.nydus4j.linux.RawBytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Where the data of a file lies in external storage.
 *
 * @param blobIndex      index of its blob
 * @param blobId         id of its blob
 * @param chunkSize      bytes of a whole chunk
 * @param offset         where its data starts in the blob
 * @param blobSize       size of the blob
 * @param crcs           CRC-32C of each chunk
 */
record ExternalFile(int blobIndex, String blobId, int chunkSize, long offset, long blobSize, List<Integer> crcs) {
    private static final int ID_LENGTH = 64;
    private static final int MOST_BLOBS = 255;
    private static final int HEXADECIMAL = 16;

    /**
     * Reads the attributes of a file.
     *
     * @throws IOException if one is missing or makes no sense; the message names the file
     */
    static ExternalFile of(Attributes attributes, byte[] path) throws IOException {
        long blobIndex = decimal(attributes, path, "blob_index");
        if (blobIndex > MOST_BLOBS) {
            throw broken("blob_index", path);
        }
        String blobId = value(attributes, path, "blob_id");
        long chunkSize = size(attributes, path, "chunk_size");
        if (chunkSize < 0x1000 || chunkSize > 0x100_0000 || Long.bitCount(chunkSize) != 1) {
            throw broken("chunk_size", path);
        }
        long offset = decimal(attributes, path, "chunk_0_compressed_offset");
        long blobSize = decimal(attributes, path, "compressed_size");
        if (blobId.length() != ID_LENGTH) {
            throw new IOException("invalid blob id:" + blobId + ", length:" + blobId.length() + ", index:" + blobIndex);
        }
        return new ExternalFile((int) blobIndex, blobId, (int) chunkSize, offset, blobSize, crcs(attributes, path));
    }

    /**
     * Returns the size that stands for that of an empty file.
     *
     * @throws IOException if there is one and it makes no sense
     */
    static Optional<Long> fileSize(Attributes attributes, byte[] path) throws IOException {
        if (attributes.value(path, "file_size").isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(decimal(attributes, path, "file_size"));
        } catch (IOException e) {
            throw new IOException("failed to parse file_size for external file " + RawBytes.text(path), e);
        }
    }

    private static IOException broken(String key, byte[] path) {
        return new IOException("failed to parse " + key + " of external file " + RawBytes.text(path));
    }

    private static String value(Attributes attributes, byte[] path, String key) throws IOException {
        return attributes.value(path, key).orElseThrow(() -> broken(key, path));
    }

    private static long decimal(Attributes attributes, byte[] path, String key) throws IOException {
        try {
            long number = Long.parseLong(value(attributes, path, key));
            if (number < 0) {
                throw broken(key, path);
            }
            return number;
        } catch (NumberFormatException e) {
            throw new IOException(broken(key, path).getMessage(), e);
        }
    }

    /** Reads a size with an optional unit: decimal as {@code MB}, binary as {@code MiB}. */
    private static long size(Attributes attributes, byte[] path, String key) throws IOException {
        String text = value(attributes, path, key).toLowerCase(Locale.ROOT).strip();
        int digits = 0;
        while (digits < text.length() && Character.isDigit(text.charAt(digits))) {
            digits++;
        }
        long unit = switch (text.substring(digits).strip()) {
            case "", "b" -> 1;
            case "k", "kb" -> 1000;
            case "kib", "ki" -> 1 << 10;
            case "m", "mb" -> 1_000_000;
            case "mib", "mi" -> 1 << 20;
            default -> 0;
        };
        try {
            return unit == 0 ? 0 : Math.multiplyExact(Long.parseLong(text.substring(0, digits)), unit);
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IOException(broken(key, path).getMessage(), e);
        }
    }

    private static List<Integer> crcs(Attributes attributes, byte[] path) throws IOException {
        List<Integer> crcs = new ArrayList<>();
        String text = attributes.value(path, "crcs").orElse("");
        if (text.isEmpty()) {
            return crcs;
        }
        for (String crc : text.split(",", -1)) {
            String digits = crc.strip();
            try {
                crcs.add(Integer.parseUnsignedInt(digits.startsWith("0x") ? digits.substring(2) : digits, HEXADECIMAL));
            } catch (NumberFormatException e) {
                throw new IOException(broken("crcs", path).getMessage(), e);
            }
        }
        return crcs;
    }
}
