package io.nydus4j.daemon.overlay;

import java.util.Optional;

/**
 * Where an overlay is mounted.
 *
 * @param index     index among the mounts, 1 to 255
 * @param atRoot    whether it is mounted on the root of the whole mount
 * @param inherited whether a predecessor served it
 * @param journal   path of the file by which a successor knows the nodes, if there is to be one
 */
@SuppressWarnings("ArrayRecordComponent") // compared nowhere
public record OverlayPlace(int index, boolean atRoot, boolean inherited, Optional<byte[]> journal) {}
