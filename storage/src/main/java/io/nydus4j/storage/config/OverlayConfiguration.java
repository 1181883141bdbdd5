package io.nydus4j.storage.config;

/**
 * The section of a writable layer over the image.
 *
 * @param upperDirectory folder that takes what is written
 * @param workDirectory  folder for work in progress
 */
public record OverlayConfiguration(String upperDirectory, String workDirectory) {}
