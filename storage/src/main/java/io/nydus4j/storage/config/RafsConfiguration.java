package io.nydus4j.storage.config;

import java.util.Optional;

/**
 * The section of the file system.
 *
 * @param mode            {@code direct} or {@code cached}, which behave the same
 * @param batchSize       size that requests for missing data grow to, in bytes
 * @param validate        whether digests of metadata are checked
 * @param enableXattr     whether extended attributes are shown
 * @param iostatsFiles    whether operations are counted by file
 * @param accessPattern   whether first reads are recorded by file
 * @param latestReadFiles whether the files read of late are recorded
 * @param prefetch        what to prefetch
 */
public record RafsConfiguration(
        String mode,
        long batchSize,
        boolean validate,
        boolean enableXattr,
        boolean iostatsFiles,
        boolean accessPattern,
        boolean latestReadFiles,
        PrefetchConfiguration prefetch) {
    /** Largest size that requests may grow to, in bytes. */
    public static final long MAX_BATCH_SIZE = 0x1000_0000;

    /** The values of a document that says nothing. */
    public static final RafsConfiguration DEFAULT =
            new RafsConfiguration("direct", 1 << 20, false, false, false, false, false, PrefetchConfiguration.ABSENT);

    Optional<String> problem() {
        if (!mode.equals("direct") && !mode.equals("cached")) {
            return Optional.of("rafs: there is no mode '" + mode + "'; it is 'direct' or 'cached'");
        }
        if (Long.compareUnsigned(batchSize, MAX_BATCH_SIZE) > 0) {
            return Optional.of("rafs: batch_size is over " + MAX_BATCH_SIZE);
        }
        return prefetch.problem("rafs");
    }
}
