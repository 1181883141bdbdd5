package io.nydus4j.daemon;

import io.nydus4j.daemon.metrics.FileSystemCounters;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The counters of file systems by mount point. They outlive their mounts, as the reference has it, until the mount point is used again
 * or {@value #MOST} others came after. Safe for use by several threads.
 */
final class MountCounters {
    /** More than there can be mounts at once. */
    private static final int MOST = 512;

    /** Guarded by this. */
    private final Map<String, FileSystemCounters> byMountPoint = new LinkedHashMap<>();

    /** Adds the counters of a new mount. */
    synchronized void add(FileSystemCounters counters) {
        byMountPoint.remove(counters.id());
        byMountPoint.put(counters.id(), counters);
        if (byMountPoint.size() > MOST) {
            Iterator<String> oldest = byMountPoint.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
    }

    /** Returns the counters of a mount point, or, without one, those of the only one. */
    synchronized Optional<FileSystemCounters> find(Optional<String> mountPoint) {
        if (mountPoint.isPresent()) {
            return Optional.ofNullable(byMountPoint.get(mountPoint.get()));
        }
        return byMountPoint.size() == 1
                ? Optional.of(byMountPoint.values().iterator().next())
                : Optional.empty();
    }
}
