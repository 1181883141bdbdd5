package io.nydus4j.daemon.overlay;

import java.time.Instant;

/**
 * Where an overlay is mounted.
 *
 * @param index     index among the mounts, 1 to 255
 * @param atRoot    whether it is mounted on the root of the whole mount
 * @param inherited whether a predecessor served it
 */
public record OverlayPlace(int index, boolean atRoot, boolean inherited) {
    private static final int SECOND_SHIFT = 20;

    /** Returns the number of the first node that is looked up; one that no predecessor used. */
    long first() {
        return inherited ? Instant.now().getEpochSecond() << SECOND_SHIFT : OverlayNodes.ROOT + 1;
    }
}
