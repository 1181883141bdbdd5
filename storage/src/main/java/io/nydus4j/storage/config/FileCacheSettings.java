package io.nydus4j.storage.config;

/**
 * A cache in files.
 *
 * @param workDirectory              folder of the files, made when it is first used
 * @param disableIndexedMap          whether readiness of v5 chunks is kept in memory only
 * @param enableEncryption           whether cached data is encrypted
 * @param enableConvergentEncryption whether each chunk's digest is its key
 * @param encryptionKey              32 bytes as hex text
 * @param budgetBytes                what the folder may take on the disk, 0 for no limit; unknown to the reference
 * @param roomSeconds                how long readers wait while the disk takes nothing, 0 for not at all; unknown to the reference
 */
public record FileCacheSettings(
        String workDirectory,
        boolean disableIndexedMap,
        boolean enableEncryption,
        boolean enableConvergentEncryption,
        Secret encryptionKey,
        long budgetBytes,
        long roomSeconds) {
    /** How long readers wait for room on the disk unless a configuration says otherwise, in seconds. */
    public static final long USUAL_ROOM_SECONDS = 30;

    /** Returns settings with just a folder. */
    public static FileCacheSettings in(String workDirectory) {
        return new FileCacheSettings(workDirectory, false, false, false, Secret.NONE, 0, USUAL_ROOM_SECONDS);
    }

    /** Returns these settings with a budget in bytes. */
    public FileCacheSettings withBudget(long bytes) {
        return new FileCacheSettings(
                workDirectory,
                disableIndexedMap,
                enableEncryption,
                enableConvergentEncryption,
                encryptionKey,
                bytes,
                roomSeconds);
    }

    /** Returns these settings with another wait for room, in seconds. */
    public FileCacheSettings withRoomSeconds(long seconds) {
        return new FileCacheSettings(
                workDirectory,
                disableIndexedMap,
                enableEncryption,
                enableConvergentEncryption,
                encryptionKey,
                budgetBytes,
                seconds);
    }

    FileCacheSettings withoutSecrets() {
        return new FileCacheSettings(
                workDirectory,
                disableIndexedMap,
                enableEncryption,
                enableConvergentEncryption,
                Secret.NONE,
                budgetBytes,
                roomSeconds);
    }
}
