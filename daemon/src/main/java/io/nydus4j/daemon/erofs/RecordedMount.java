package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.state.MountRecord;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.DeviceNumbers;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.mount.MountEntry;
import io.nydus4j.linux.mount.MountTable;
import io.nydus4j.linux.mount.Mounts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A mount as a daemon that died wrote it down.
 *
 * @param target     the directory
 * @param type       its type, as mount tables have it
 * @param device     number of its device; 0 if the daemon died when it was about to mount, or just had
 * @param isComplete whether it needs no process
 */
public record RecordedMount(Path target, String type, long device, boolean isComplete) {
    /**
     * Returns the mounts of a daemon, what was mounted last first.
     *
     * @param root the daemon's mount point
     */
    public static List<RecordedMount> of(Path root, ErofsState dead) {
        String type = dead.store().isPresent() ? ComposefsMounted.TYPE : ErofsMounted.TYPE;
        List<RecordedMount> mounts = new ArrayList<>();
        List<MountRecord> records = dead.mounts().mounts();
        for (int i = records.size() - 1; i >= 0; i--) {
            long device = i < dead.devices().size() ? dead.devices().get(i) : 0;
            mounts.add(new RecordedMount(
                    target(root, records.get(i).mountPoint()),
                    type,
                    device,
                    device != 0 && dead.complete().contains(device)));
        }
        return mounts;
    }

    /** Returns the directory on which a daemon mounts what has a mount point in its name space. */
    public static Path target(Path root, String mountPoint) {
        return root.resolve(mountPoint.substring(1)).normalize();
    }

    /** Tells whether it is what the directory shows: what an unmount there would take away. Touches no mount. */
    public boolean isShown() throws IOException {
        Optional<MountEntry> top = MountTable.find(NativePath.bytes(target));
        return top.isPresent()
                && top.get().type().equals(type)
                && (device == 0 || DeviceNumbers.of(top.get().major(), top.get().minor()) == device);
    }

    /** Takes it out of sight; it must be {@link #isShown shown}. Who has a file of it open goes on to use it. */
    public void takeAway() throws IOException {
        Mounts.detach(NativePath.bytes(target));
    }

    /** Returns its file system; empty if the daemon never mounted it. To be called before it is {@link #takeAway taken away}. */
    Optional<Superblock> superblock(PreContentGroup group) throws IOException {
        if (device != 0) {
            return Optional.of(new Superblock(group, device, type));
        }
        return isShown() ? Optional.of(Superblock.note(group, NativePath.bytes(target), type)) : Optional.empty();
    }
}
