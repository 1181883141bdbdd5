package io.nydus4j.daemon;

import io.nydus4j.daemon.erofs.ErofsHandOver;
import io.nydus4j.daemon.erofs.ErofsState;
import io.nydus4j.daemon.erofs.FillService;
import io.nydus4j.daemon.erofs.KernelMount;
import io.nydus4j.daemon.erofs.ObjectFills;
import io.nydus4j.daemon.erofs.RecordedMount;
import io.nydus4j.daemon.state.MountRecord;
import io.nydus4j.daemon.state.MountTable;
import io.nydus4j.daemon.upgrade.RunFolder;
import io.nydus4j.daemon.upgrade.ServiceManagerHolder;
import io.nydus4j.daemon.vfs.VfsState;
import io.nydus4j.linux.fanotify.PreContentGroup;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/**
 * Lets the kernel serve a daemon's images by itself: each is mounted on the daemon's mount point or a directory below it, and read by the
 * kernel from files, which are filled just before: of the cache, by EROFS, or of an object store, by an overlay. Safe for use by several threads.
 *
 * <p>Nobody may be left alone with a file that is not complete: while a mount is in use and lacks data, {@link #settle} does not return,
 * and if the process dies, readers wait for a successor, which takes over what is left in the run folder.
 */
final class ErofsFrontEnd {
    private static final Logger LOG = System.getLogger(ErofsFrontEnd.class.getName());
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final long NOT_MOUNTED = 0;

    private final Path root;
    private final ErofsHandOver handOver;
    private final KernelShow show;
    private final Optional<Path> store;
    private final MountTable inherited;
    /** Numbers of the devices of what was inherited. */
    private final List<Long> devices;

    private final boolean adopted;
    private final boolean guarded;
    /** All that the kernel may read, what was unmounted and is still in use, too. */
    private final List<KernelImage> images = new CopyOnWriteArrayList<>();

    private boolean adopting;
    /** Devices of mounts that need no process, as they were written down last. */
    private Set<Long> complete = Set.of();

    private volatile boolean settled;
    private volatile boolean stopped;

    private ErofsFrontEnd(
            Path root,
            ErofsHandOver handOver,
            KernelShow show,
            Optional<Path> store,
            Optional<ErofsState> inherited,
            boolean guarded) {
        this.root = root;
        this.handOver = handOver;
        this.show = show;
        this.store = store;
        this.inherited =
                inherited.map(ErofsState::mounts).orElse(new MountTable(List.of(), new VfsState(List.of(), 1)));
        this.devices = inherited.map(ErofsState::devices).orElse(List.of());
        this.adopted = inherited.isPresent();
        this.adopting = adopted;
        this.guarded = guarded;
    }

    /** Returns the run folder of a daemon: the one that was chosen, or the usual one. */
    static RunFolder runFolder(DaemonOptions options, Path root) throws IOException {
        return RunFolder.open(options.runFolder().orElseGet(() -> RunFolder.usual(Path.of("/run"), root)));
    }

    /**
     * Takes over from a predecessor that died, or begins anew. Where nobody held readers back since a predecessor died, its mounts may
     * have shown holes: they are taken away.
     *
     * @param root           the daemon's mount point, without symbolic links
     * @param store          the object store that all images share; empty if each has its data for itself
     * @param orphanPatience how long the mounts wait for a successor until they are unmounted; empty if they wait for good
     * @throws IOException if the kernel cannot hold readers back, this process may not, or the predecessor is alive or served otherwise
     */
    static ErofsFrontEnd open(Path root, RunFolder folder, Optional<Path> store, Optional<Duration> orphanPatience)
            throws IOException {
        if (orphanPatience.isPresent() && ServiceManagerHolder.isOffered(System.getenv())) {
            throw MountFailure.rules("mounts are not unmounted when nobody follows their daemon: the service manager"
                    + " ends all processes of a service, and keeps readers waiting itself");
        }
        ErofsHandOver handOver = ErofsHandOver.in(folder);
        Optional<ErofsState> left = handOver.state();
        if (left.isPresent() && left.get().daemon().isAlive()) {
            throw new IOException("process " + left.get().daemon().id() + " serves " + root);
        }
        Optional<PreContentGroup> group = Optional.empty();
        if (left.isPresent()) {
            checkSame(left.get(), store);
            group = handOver.take();
        }
        if (group.isPresent()) {
            guard(handOver, group.get(), root, orphanPatience);
            KernelShow show = over(group.get(), handOver, store);
            return new ErofsFrontEnd(root, handOver, show, store, left, orphanPatience.isPresent());
        }
        handOver.relieve();
        if (left.isPresent()) {
            takeAway(root, left.get());
            handOver.forget();
        }
        KernelShow show = start(handOver, store);
        try {
            ErofsFrontEnd frontEnd =
                    new ErofsFrontEnd(root, handOver, show, store, Optional.empty(), orphanPatience.isPresent());
            frontEnd.save(Optional.empty());
            handOver.hold(show.readers());
            guard(handOver, show.readers().group(), root, orphanPatience);
            return frontEnd;
        } catch (IOException | RuntimeException e) {
            show.readers().close();
            handOver.forget();
            throw e;
        }
    }

    private static void guard(
            ErofsHandOver handOver, PreContentGroup group, Path root, Optional<Duration> orphanPatience)
            throws IOException {
        if (orphanPatience.isPresent()) {
            handOver.guard(group, root, orphanPatience.get());
        } else {
            handOver.relieve();
        }
    }

    /** Refuses to follow a daemon that had its data elsewhere: its readers would never be answered. */
    private static void checkSame(ErofsState left, Optional<Path> store) throws IOException {
        if (!left.store().equals(store)) {
            throw MountFailure.rules("a daemon that died served this mount point "
                    + left.store()
                            .map(place -> "from the object store " + place)
                            .orElse("without an object store")
                    + ": start the next one in the same way");
        }
    }

    private static KernelShow start(ErofsHandOver handOver, Optional<Path> store) throws IOException {
        return store.isPresent()
                ? new KernelShow.Composefs(ObjectFills.start(handOver.journal(), store.get(), handOver.folder()))
                : new KernelShow.Erofs(FillService.start(handOver.journal()));
    }

    private static KernelShow over(PreContentGroup group, ErofsHandOver handOver, Optional<Path> store)
            throws IOException {
        return store.isPresent()
                ? new KernelShow.Composefs(ObjectFills.over(group, handOver.journal(), store.get(), handOver.folder()))
                : new KernelShow.Erofs(FillService.over(group, handOver.journal()));
    }

    private static void takeAway(Path root, ErofsState dead) throws IOException {
        for (RecordedMount mount : RecordedMount.of(root, dead)) {
            if (mount.isShown()) {
                LOG.log(Level.WARNING, "{0} lost its daemon and its holder: it is mounted anew", mount.target());
                mount.takeAway();
            }
        }
    }

    /** Tells whether a predecessor's mounts are taken over. */
    boolean isAdopted() {
        return adopted;
    }

    /** Returns what a predecessor had mounted that still is. */
    MountTable inherited() throws IOException {
        List<MountRecord> still = new ArrayList<>();
        for (int i = 0; i < inherited.mounts().size(); i++) {
            MountRecord mount = inherited.mounts().get(i);
            if (KernelMount.isMounted(show.type(), RecordedMount.target(root, mount.mountPoint())) && !isUnseen(i)) {
                still.add(mount);
            }
        }
        return new MountTable(still, inherited.vfs());
    }

    private boolean isUnseen(int index) throws IOException {
        long device = index < devices.size() ? devices.get(index) : NOT_MOUNTED;
        Path target = RecordedMount.target(root, inherited.mounts().get(index).mountPoint());
        return device != NOT_MOUNTED && KernelMount.isUnseen(show.readers().group(), show.type(), target, device);
    }

    /** Returns what a predecessor had mounted that can be seen no more, but is in use; by the numbers of the devices. */
    Map<Long, MountRecord> unseen() throws IOException {
        Map<Long, MountRecord> unseen = new LinkedHashMap<>();
        for (int i = 0; i < inherited.mounts().size(); i++) {
            if (isUnseen(i)) {
                unseen.put(devices.get(i), inherited.mounts().get(i));
            }
        }
        return unseen;
    }

    /**
     * Goes on with an image that is {@link #unseen}.
     *
     * @param image belongs to the result
     */
    KernelImage keep(ServedImage image, long device) throws IOException {
        Path target = RecordedMount.target(root, image.mountPoint());
        return shown(image, show.attachUnseen(image, target, device));
    }

    /** Answers readers from now on, once all that was inherited has been {@link #show shown}. */
    void resume() throws IOException {
        if (adopting) {
            adopting = false;
            save(Optional.empty());
            show.readers().begin();
        }
    }

    /**
     * Has the kernel show an image, or goes on with one that it does show since a predecessor's time.
     *
     * @param image belongs to the result
     * @throws IOException if the kernel cannot show this image
     */
    KernelImage show(ServedImage image) throws IOException {
        KernelRules.check(image);
        Path target = RecordedMount.target(root, image.mountPoint());
        KernelMount mounted;
        if (adopting) {
            mounted = show.attach(image, target);
        } else {
            if (!target.equals(root)) {
                Files.createDirectories(target);
            }
            save(Optional.of(image.record()));
            mounted = show.mount(image, target);
        }
        return shown(image, mounted);
    }

    private KernelImage shown(ServedImage image, KernelMount mounted) throws IOException {
        KernelImage shown = new KernelImage(image, mounted, this::closed);
        images.add(shown);
        if (!adopting) { // until all is taken over, what the predecessor wrote down counts
            save(Optional.empty());
        }
        return shown;
    }

    private void closed(KernelImage image) {
        images.remove(image);
        if (!settled && !stopped && !adopting) {
            try {
                save(Optional.empty());
            } catch (IOException e) {
                LOG.log(Level.WARNING, "the list of mounts is old: " + e.getMessage());
            }
        }
    }

    /** Writes down what a successor must know; of an image that is about to be mounted before it is. */
    private synchronized void save(Optional<MountRecord> next) throws IOException {
        List<MountRecord> records = new ArrayList<>();
        List<Long> devices = new ArrayList<>();
        for (KernelImage image : images) {
            records.add(image.record());
            devices.add(image.mounted().device());
        }
        if (next.isPresent()) {
            records.add(next.get());
            devices.add(NOT_MOUNTED);
        }
        complete = complete();
        handOver.save(new MountTable(records, new VfsState(List.of(), 1)), devices, complete, store);
    }

    private Set<Long> complete() {
        if (!guarded) {
            return Set.of();
        }
        return images.stream()
                .map(KernelImage::mounted)
                .filter(KernelMount::isDetached)
                .map(KernelMount::device)
                .collect(Collectors.toSet());
    }

    /** Writes down which mounts need no process, for a guard to leave those alone. */
    synchronized void noteComplete() throws IOException {
        if (!settled && !stopped && !complete().equals(complete)) {
            save(Optional.empty());
        }
    }

    /** Returns the images that the kernel shows or that somebody still uses. */
    List<KernelImage> images() {
        return images;
    }

    /** Tells whether there are images, and the kernel asks for nothing of them any more. */
    boolean isDetached() {
        return !images.isEmpty()
                && images.stream().allMatch(image -> image.mounted().isDetached());
    }

    /** Says that all mounts are {@link #isDetached detached} and stay. */
    void detach() {
        settled = true;
    }

    /**
     * Unmounts all images; where one is in use, it waits until it is free or all its data is here, which it fetches: then the mount stays,
     * and needs no process.
     */
    void settle() throws IOException {
        boolean said = false;
        while (true) {
            List<KernelImage> used = new ArrayList<>();
            for (KernelImage image : images.reversed()) {
                image.withdraw();
                if (!image.needsNothing()) {
                    used.add(image);
                }
            }
            if (used.isEmpty()) {
                settled = true;
                return;
            }
            if (!said) {
                LOG.log(
                        Level.WARNING,
                        "{0} is in use: this process stays until it is free or all its data is here",
                        root);
                said = true;
            }
            used.forEach(KernelImage::fillAll);
            try {
                Thread.sleep(LOOK);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return; // the holder keeps readers back
            }
        }
    }

    /** Tells whether the end of this process harms nobody. */
    boolean isSettled() {
        return settled;
    }

    /** Stops answering; who reads then waits for a successor, if somebody holds the group. */
    void stop() throws IOException {
        stopped = true;
        if (!settled) {
            show.readers().leave();
        }
        // While this process still has answers: what is being fetched may have to ask to write to a marked file.
        for (KernelImage image : images) {
            if (!settled || image.mounted().isGone()) {
                image.close();
            }
        }
        show.readers().close();
        if (!settled) {
            handOver.leave();
        }
    }

    /** Leaves nothing to a successor. */
    void forget() throws IOException {
        handOver.forget();
    }
}
