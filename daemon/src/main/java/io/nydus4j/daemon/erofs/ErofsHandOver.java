package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.state.MountTable;
import io.nydus4j.daemon.upgrade.DescriptorHolder;
import io.nydus4j.daemon.upgrade.ProcessMark;
import io.nydus4j.daemon.upgrade.RunFolder;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.Descriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What keeps readers of half-filled files waiting while one daemon is gone and the next is not there yet: a holder of the fanotify
 * group's descriptor, the journal of who waits, and what is mounted. Without a holder the kernel would let them read holes.
 */
public final class ErofsHandOver {
    private static final String STATE = "erofs.json";
    private static final String JOURNAL = "erofs.journal";
    private static final String GROUP = "fanotify";

    private final RunFolder folder;
    private final DescriptorHolder holder;

    private ErofsHandOver(RunFolder folder, DescriptorHolder holder) {
        this.folder = folder;
        this.holder = holder;
    }

    /** Makes one whose files are in a folder. */
    public static ErofsHandOver in(RunFolder folder) {
        return new ErofsHandOver(folder, DescriptorHolder.in(folder, System.getenv()));
    }

    /** Returns where the journal is. */
    public Path journal() {
        return folder.path().resolve(JOURNAL);
    }

    /** Tells whether a folder is that of a daemon that lets EROFS serve, or did until it died. */
    public static boolean isUsed(RunFolder folder) throws IOException {
        return folder.read(STATE).isPresent();
    }

    /** Tells the same of the path of a folder, which need not be there. */
    static boolean isUsed(Path folder) {
        return Files.exists(folder.resolve(STATE));
    }

    /** Returns the folder. */
    public Path folder() {
        return folder.path();
    }

    /** Returns what was saved last; empty if nothing was. */
    public Optional<ErofsState> state() throws IOException {
        Optional<byte[]> document = folder.read(STATE);
        return document.isPresent() ? Optional.of(ErofsState.parse(document.get())) : Optional.empty();
    }

    /** Takes the group that a predecessor left; empty if nobody holds one. */
    public Optional<PreContentGroup> take() throws IOException {
        Map<String, Descriptor> taken = new HashMap<>(holder.take());
        Descriptor group = taken.remove(GROUP);
        for (Descriptor other : taken.values()) {
            other.close();
        }
        return Optional.ofNullable(group).map(PreContentGroup::adopt);
    }

    /** Has the group of a service held from now on. */
    public void hold(ReaderService service) throws IOException {
        holder.hold(Map.of(GROUP, service.group().descriptor()));
    }

    /**
     * Writes what a successor must know. Calls must not overlap.
     *
     * @param devices numbers of the mounts' devices
     * @param store   where the mounts' objects are; empty if they have none
     */
    public void save(MountTable mounts, List<Long> devices, Optional<Path> store) throws IOException {
        folder.write(STATE, new ErofsState(ProcessMark.current(), mounts, devices, store).toJson());
    }

    /** Leaves nothing to a successor; nobody reads the mounts any more, or nothing is missing there. */
    public void forget() throws IOException {
        holder.release();
        folder.remove(STATE);
        folder.remove(JOURNAL);
    }
}
