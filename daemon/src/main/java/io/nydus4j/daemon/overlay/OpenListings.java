package io.nydus4j.daemon.overlay;

import io.nydus4j.linux.file.Mode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What clients that have a directory open are being shown of it: one listing from start to end, so that a name has one place in it whatever
 * changes meanwhile. A cookie is the number of entries before. Safe for use by several threads.
 */
final class OpenListings {
    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};

    private final OverlayTree tree;
    private final ConcurrentMap<Long, List<OverlayTree.Entry>> listings = new ConcurrentHashMap<>();
    private final AtomicLong next;

    OpenListings(OverlayTree tree, long first) {
        this.tree = tree;
        next = new AtomicLong(first);
    }

    long open() {
        return next.getAndIncrement();
    }

    void release(long handle) {
        listings.remove(handle);
    }

    /** Returns the entries from a cookie on; {@code .} and {@code ..} are the first. */
    List<OverlayTree.Entry> from(OverlayNode directory, long handle, long cookie) throws IOException {
        @Nullable List<OverlayTree.Entry> listing = cookie == 0 ? null : listings.get(handle);
        if (listing == null) {
            listing = new ArrayList<>();
            listing.add(new OverlayTree.Entry(DOT, Mode.DIRECTORY, directory.number()));
            listing.add(new OverlayTree.Entry(DOT_DOT, Mode.DIRECTORY, directory.number()));
            listing.addAll(tree.list(directory));
            if (handle != 0) {
                listings.put(handle, listing);
            }
        }
        return listing.subList((int) Math.clamp(cookie, 0, (long) listing.size()), listing.size());
    }
}
