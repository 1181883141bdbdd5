package io.nydus4j.build;

import java.util.List;

/**
 * What {@link GenerateChunkDictionary} made.
 *
 * @param built             the dictionary
 * @param databaseSize      stored bytes of all chunks in the database
 * @param trainingSize      stored bytes of the chunks that it learned from
 * @param testSize          stored bytes of the chunks that it was tested with
 * @param remainingSize     stored bytes of those that the chosen chunks do not have
 * @param chosenSize        stored bytes of the chosen chunks
 * @param chunks            chunks of the dictionary
 * @param unclusteredImages images that have little in common with others
 * @param warnings          what is to be said of blobs that were left out
 */
public record ChunkDictionaryResult(
        BuildResult built,
        long databaseSize,
        long trainingSize,
        long testSize,
        long remainingSize,
        long chosenSize,
        int chunks,
        List<String> unclusteredImages,
        List<String> warnings) {}
