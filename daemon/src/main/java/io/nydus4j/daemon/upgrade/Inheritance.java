package io.nydus4j.daemon.upgrade;

import io.nydus4j.linux.file.Descriptor;

/**
 * What a predecessor left.
 *
 * @param state  what it knew
 * @param device a duplicate of its descriptor of {@code /dev/fuse}, for the receiver to close
 */
public record Inheritance(SessionState state, Descriptor device) {}
