package io.nydus4j.storage.config;

/**
 * A cache that the kernel keeps.
 *
 * @param workDirectory folder of metadata files, made when it is first used
 */
public record FsCacheSettings(String workDirectory) {}
