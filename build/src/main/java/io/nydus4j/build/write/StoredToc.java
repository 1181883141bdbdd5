package io.nydus4j.build.write;

import io.nydus4j.blob.Digest;

/**
 * What an image keeps of its blob's table of contents.
 *
 * @param size   bytes of the table and its tar header
 * @param digest SHA-256 of those
 */
public record StoredToc(int size, Digest digest) {}
