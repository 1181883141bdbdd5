package io.nydus4j.build;

import io.nydus4j.build.ImageStatistics.Count;
import io.nydus4j.build.json.JsonText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@link StatImages} counted.
 *
 * @param dedupEnabled  whether base images were compared with each other
 * @param targetEnabled whether there is a target
 * @param base          the base images
 * @param target        the target; all zero if there is none
 * @param sharing       what sharing chunks would save, by threshold; empty if base images were not compared
 */
public record StatResult(
        boolean dedupEnabled,
        boolean targetEnabled,
        ImageStatistics base,
        ImageStatistics target,
        List<SharingStatistics> sharing) {
    /** Bits of the smallest chunk size that is tried. */
    private static final int LEAST_CHUNK_BITS = 12;

    private static final String SHARING_TITLES =
            "Global Dedup Thresh:\tRaw Chunks:\tDedup Chunks:\tComp Content Size:\t"
                    + "Comp Base Size:\tComp Image Size:\tUncomp Content Size:\tUncomp Base Size\tUncomp Image Size\n";

    /** Returns the text of the result file that {@code --output-json} asks for, on one line. */
    public String toJson() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("dedup_enabled", dedupEnabled);
        fields.put("target_enabled", targetEnabled);
        fields.put("base_image", base.toFields());
        fields.put("target_image", target.toFields());
        return JsonText.compact(fields);
    }

    /** Returns the tables that {@code nydus-image stat} prints, each line with its newline. */
    public String toText() {
        StringBuilder text = new StringBuilder();
        if (targetEnabled) {
            text.append("Target Image Statistics:\n");
            append(text, target);
        }
        text.append("\n\nBase Image Statistics:\n");
        append(text, base);
        if (dedupEnabled) {
            text.append("\n\nChunk Deduplication Statistics:\n").append(SHARING_TITLES);
            sharing.forEach(row -> append(text, row));
        }
        return text.toString();
    }

    private static void append(StringBuilder text, ImageStatistics image) {
        text.append('\n');
        appendAligned(text, "Directories:", image.count(Count.DIRECTORIES));
        appendAligned(text, "Files:", image.count(Count.FILES));
        appendAligned(text, "Symlinks:", image.count(Count.SYMLINKS));
        appendAligned(text, "Chunks:", image.count(Count.CHUNKS));
        appendAligned(text, "File Size:", image.count(Count.FILE_SIZE));
        appendAligned(text, "Padding Size:", image.count(Count.PADDING_SIZE));
        appendAligned(text, "Uncompressed Size:", image.count(Count.UNCOMPRESSED_SIZE));
        appendAligned(text, "Compressed Size:", image.count(Count.COMPRESSED_SIZE));
        text.append("\nFile Size Bits:\t\tFile Count:\n");
        appendTable(text, 0, image.fileSizes());
        text.append("\nChunk Size Bits:\tChunk Count:\n");
        appendTable(text, LEAST_CHUNK_BITS, image.chunkSizes());
        text.append('\n');
        appendTabbed(text, "Raw Content Size:", image.count(Count.FILE_SIZE));
        appendTabbed(text, "Comp Content Size:", image.count(Count.COMPRESSED_SIZE));
        appendTabbed(text, "Raw Chunk Count:", image.count(Count.CHUNKS));
        appendTabbed(text, "Dedup Comp Size:", image.count(Count.DEDUP_COMPRESSED_SIZE));
        appendTabbed(text, "Dedup Uncomp Size:", image.count(Count.DEDUP_UNCOMPRESSED_SIZE));
        appendTabbed(text, "Dedup Chunk Count:", image.count(Count.DEDUP_CHUNKS));
        appendTabbed(text, "Owned Comp Size:", image.count(Count.OWN_COMPRESSED_SIZE));
        appendTabbed(text, "Owned Uncomp Size:", image.count(Count.OWN_UNCOMPRESSED_SIZE));
        appendTabbed(text, "Owned Chunk Count:", image.count(Count.OWN_CHUNKS));
        appendTabbed(text, "Referenced Comp Size:", image.count(Count.REFERENCED_COMPRESSED_SIZE));
        appendTabbed(text, "Referenced Uncomp Size:", image.count(Count.REFERENCED_UNCOMPRESSED_SIZE));
        appendTabbed(text, "Referenced Chunk Count:", image.count(Count.REFERENCED_CHUNKS));
    }

    private static void appendAligned(StringBuilder text, String label, long number) {
        text.append("%-24s%d%n".formatted(label, number));
    }

    private static void appendTabbed(StringBuilder text, String label, long number) {
        text.append(label).append('\t').append(number).append('\n');
    }

    private static void appendTable(StringBuilder text, int firstBits, List<Long> numbers) {
        for (int i = 0; i < numbers.size(); i++) {
            text.append(firstBits + i).append(":\t\t\t").append(numbers.get(i)).append('\n');
        }
    }

    private static void append(StringBuilder text, SharingStatistics row) {
        text.append("%-24d".formatted(row.threshold()));
        long[] numbers = {
            row.rawChunks(),
            row.dedupChunks(),
            row.compContentSize(),
            row.compBaseSize(),
            row.compImageSize(),
            row.uncompContentSize(),
            row.uncompBaseSize(),
            row.uncompImageSize()
        };
        for (long number : numbers) {
            text.append("0x%-14x".formatted(number));
        }
        text.append('\n');
    }
}
