package io.nydus4j.rafs.tree;

/**
 * An extended attribute. The arrays are not copied; nobody changes them.
 *
 * @param name  full name with its prefix, such as {@code user.key}, up to 255 bytes
 * @param value up to 65,536 bytes
 */
public record Xattr(byte[] name, byte[] value) {}
