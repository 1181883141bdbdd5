package io.nydus4j.daemon;

import io.nydus4j.daemon.api.BackendMetrics;
import io.nydus4j.daemon.api.BlobCacheMetrics;
import io.nydus4j.daemon.api.SuperblockInfo;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.CacheKind;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.device.BlobStore;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Optional;

/** Turns what is known of images and their stores into the messages of the API. */
final class ImageReports {
    private ImageReports() {}

    /** Tells whether a configuration keeps nothing in files. */
    static boolean isInMemory(StorageConfiguration configuration) {
        return configuration.cache().flatMap(CacheConfiguration::kind).orElse(CacheKind.DUMMY) == CacheKind.DUMMY;
    }

    /** Returns a time, in UTC, as {@code 2026-01-02 03:04:05.678 +00:00:00}, the fraction without trailing zeros. */
    static String time(Instant instant) {
        ZonedDateTime time = instant.atZone(ZoneOffset.UTC);
        String fraction = String.format("%09d", time.getNano());
        int end = fraction.length();
        while (end > 1 && fraction.charAt(end - 1) == '0') {
            end--;
        }
        return String.format(
                "%04d-%02d-%02d %02d:%02d:%02d.%s +00:00:00",
                time.getYear(),
                time.getMonthValue(),
                time.getDayOfMonth(),
                time.getHour(),
                time.getMinute(),
                time.getSecond(),
                fraction.substring(0, end));
    }

    /** Returns a superblock as the API tells it. */
    static SuperblockInfo superblock(Superblock block) {
        return new SuperblockInfo(
                Integer.toUnsignedLong(block.magic()),
                block.version().number(),
                block.superblockSize(),
                block.chunkSize(),
                block.inodesCount(),
                block.flags().bits(),
                Integer.toUnsignedLong(block.inodeTableEntries()),
                block.inodeTableOffset(),
                block.blobTableSize(),
                block.blobTableOffset(),
                block.extendedBlobTableOffset(),
                Integer.toUnsignedLong(block.extendedBlobTableEntries()),
                Integer.toUnsignedLong(block.blobDeviceTableCount()),
                block.blobDeviceTableOffset(),
                block.prefetchTableOffset(),
                Integer.toUnsignedLong(block.prefetchTableEntries()),
                block.metaBlockAddress(),
                Integer.toUnsignedLong(block.rootNid()),
                block.chunkTableOffset(),
                block.chunkTableSize());
    }

    /** Returns the backend's counters. */
    static BackendMetrics backend(BlobStore store) {
        BackendCounters.Snapshot counts = store.backendCounters().snapshot();
        return new BackendMetrics(
                counts.backendType(),
                counts.readCount(),
                counts.readErrors(),
                counts.readAmountTotal(),
                counts.readCumulativeLatencyMillisTotal(),
                numbers(counts.readCumulativeLatencyMillisDist()),
                numbers(counts.readCountBlockSizeDist()),
                counts.readLatencySizesDist().stream()
                        .map(ImageReports::numbers)
                        .toArray(long[][]::new));
    }

    private static long[] numbers(List<Long> values) {
        return values.stream().mapToLong(Long::longValue).toArray();
    }

    /** Returns the cache's counters; a cache in memory has none. */
    static Optional<BlobCacheMetrics> cache(BlobStore store) {
        if (isInMemory(store.configuration())) {
            return Optional.empty();
        }
        CacheCounters.Snapshot counts = store.cacheCounters().snapshot();
        return Optional.of(new BlobCacheMetrics(
                counts.underlyingFiles().stream().toList(),
                counts.storePath(),
                counts.partialHits(),
                counts.wholeHits(),
                counts.total(),
                counts.entriesCount(),
                counts.prefetchDataAmount(),
                counts.prefetchRequestsCount(),
                counts.prefetchWorkers(),
                counts.prefetchUnmergedChunks(),
                counts.prefetchCumulativeTimeMillis(),
                counts.prefetchBeginTimeSecs(),
                counts.prefetchBeginTimeMillis(),
                counts.prefetchEndTimeSecs(),
                counts.prefetchEndTimeMillis(),
                counts.bufferedBackendSize(),
                store.isComplete()));
    }
}
