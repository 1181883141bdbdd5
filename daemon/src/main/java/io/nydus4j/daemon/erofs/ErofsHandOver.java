package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.state.MountTable;
import io.nydus4j.daemon.upgrade.DescriptorHolder;
import io.nydus4j.daemon.upgrade.OrphanGuard;
import io.nydus4j.daemon.upgrade.ProcessMark;
import io.nydus4j.daemon.upgrade.RunFolder;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.Descriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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
    private final OrphanGuard guard;

    private ErofsHandOver(RunFolder folder, DescriptorHolder holder) {
        this.folder = folder;
        this.holder = holder;
        this.guard = new OrphanGuard(folder);
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

    /** Takes the group that a predecessor left, from whom holds it or from the guard; empty if nobody has it. */
    public Optional<PreContentGroup> take() throws IOException {
        Optional<Descriptor> group = held();
        if (group.isEmpty()) {
            group = guard.take();
            if (group.isPresent()) {
                hold(group.get()); // before the guard is ended
            }
        }
        return group.map(PreContentGroup::adopt);
    }

    private Optional<Descriptor> held() throws IOException {
        Map<String, Descriptor> taken = new HashMap<>(holder.take());
        Descriptor group = taken.remove(GROUP);
        for (Descriptor other : taken.values()) {
            other.close();
        }
        return Optional.ofNullable(group);
    }

    /** Has the group of a service held from now on. */
    public void hold(ReaderService service) throws IOException {
        hold(service.group().descriptor());
    }

    private void hold(Descriptor group) throws IOException {
        holder.hold(Map.of(GROUP, group));
    }

    /**
     * Starts a guard in the place of one that a predecessor left: it has the group, too, and if this daemon dies and nobody follows it, it ends the mounts and has those fail who read
     * them.
     *
     * @param group    stays open until {@link #leave} or {@link #forget}
     * @param root     the daemon's mount point, without symbolic links
     * @param patience how long it waits for a successor, in whole seconds
     */
    public void guard(PreContentGroup group, Path root, Duration patience) throws IOException {
        guard.start(group.descriptor(), patience, OrphanedMounts.command(folder, root, patience));
    }

    /** Ends the guard that a predecessor left, if there is one; this or {@link #guard} is to be called after {@link #take}. */
    public void relieve() throws IOException {
        guard.end();
    }

    /** Leaves all to a successor, or to the guard if there is none in time. */
    public void leave() {
        guard.leave();
    }

    /** Tells a guard whether another one lives, which sees to all. */
    boolean isGuardedByAnother() throws IOException {
        return guard.isAnother();
    }

    /**
     * Ends what a guard has taken care of: all but the guard itself, who says so at last.
     *
     * @param mountsStay whether some mounts stay, which a later daemon replaces
     */
    void bury(boolean mountsStay) throws IOException {
        Optional<Descriptor> group = held();
        if (group.isPresent()) {
            group.get().close();
        }
        holder.release();
        folder.remove(JOURNAL);
        if (!mountsStay) {
            folder.remove(STATE);
        }
        guard.forget();
    }

    /**
     * Writes what a successor must know. Calls must not overlap.
     *
     * @param devices  numbers of the mounts' devices
     * @param complete those of mounts that need no process
     * @param store    where the mounts' objects are; empty if they have none
     */
    public void save(MountTable mounts, List<Long> devices, Set<Long> complete, Optional<Path> store)
            throws IOException {
        folder.write(STATE, new ErofsState(ProcessMark.current(), mounts, devices, complete, store).toJson());
    }

    /** Leaves nothing to a successor; nobody reads the mounts any more, or nothing is missing there. */
    public void forget() throws IOException {
        guard.end();
        holder.release();
        folder.remove(STATE);
        folder.remove(JOURNAL);
    }
}
