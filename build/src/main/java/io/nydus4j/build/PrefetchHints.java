package io.nydus4j.build;

import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.tree.PrefetchPatterns;
import java.io.ByteArrayOutputStream;
import java.util.List;

/** Reads the list of files to fetch first that an operation was given. */
final class PrefetchHints {
    private static final System.Logger LOG = System.getLogger(PrefetchHints.class.getName());

    private PrefetchHints() {}

    /**
     * Returns the patterns that the lines spell, none if the policy wants none. What is wrong with a line is logged.
     *
     * @param lines absolute paths as bytes
     */
    static PrefetchPatterns patterns(PrefetchPolicy policy, List<byte[]> lines) {
        if (policy == PrefetchPolicy.NONE) {
            return PrefetchPatterns.NONE;
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (byte[] line : lines) {
            text.writeBytes(line);
            text.write('\n');
        }
        PrefetchPatterns patterns = PrefetchPatterns.parse(text.toByteArray());
        patterns.warnings().forEach(warning -> LOG.log(System.Logger.Level.WARNING, warning));
        return patterns;
    }
}
