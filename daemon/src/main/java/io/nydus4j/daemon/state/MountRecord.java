package io.nydus4j.daemon.state;

import io.nydus4j.daemon.api.MountRequest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A mount, with all that is needed to mount it again in another process under the same node ids.
 *
 * @param mountPoint    where in the daemon's name space, as the request had it
 * @param index         index among the mounts, 1 to 255; 0 while it has none
 * @param type          what is mounted
 * @param source        bootstrap of an image, or directory of the host
 * @param configuration configuration document as text, with its secrets; empty for a directory
 * @param prefetchFiles absolute paths to fetch first, instead of those that the image names
 * @param mounted       when it was mounted
 */
public record MountRecord(
        String mountPoint,
        int index,
        FileSystemType type,
        String source,
        String configuration,
        Optional<List<String>> prefetchFiles,
        Instant mounted) {
    /** Copies the list. */
    public MountRecord {
        prefetchFiles = prefetchFiles.map(List::copyOf);
    }

    /** Returns the request that would mount it. */
    public MountRequest request() {
        return new MountRequest(source, type.word(), configuration, prefetchFiles);
    }

    /** Does not show the configuration, for its secrets. */
    @Override
    public String toString() {
        return type.word() + " " + source + " at " + mountPoint + ", index " + index;
    }
}
