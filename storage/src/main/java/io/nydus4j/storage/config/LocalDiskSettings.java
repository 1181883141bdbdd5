package io.nydus4j.storage.config;

import java.util.Optional;

/**
 * Blobs in the partitions of a disk.
 *
 * @param devicePath path of the block device or disk image
 * @param disableGpt whether the partition table is left unread
 */
public record LocalDiskSettings(String devicePath, boolean disableGpt) implements BackendSettings {
    @Override
    public String kind() {
        return "localdisk";
    }

    @Override
    public Optional<String> problem() {
        return devicePath.isEmpty() ? Optional.of("backend.localdisk: device_path is empty") : Optional.empty();
    }
}
