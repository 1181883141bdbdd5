package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.upgrade.OrphanGuard;
import io.nydus4j.daemon.upgrade.RunFolder;
import io.nydus4j.daemon.upgrade.SmallJvm;
import io.nydus4j.linux.RawArguments;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.mount.MountTable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Ends mounts whose daemon died and was not followed in time; what an {@link OrphanGuard} runs. They are taken out of sight, and whoever
 * still reads them fails, for as long as there is anybody. Mounts whose data is all here stay: they need no process.
 *
 * <p>Whatever fails, the process does not end before nobody can read what has holes: the kernel would let readers pass. A daemon that comes
 * after all ends the process and goes on from there.
 */
public final class OrphanedMounts {
    private static final Logger LOG = System.getLogger(OrphanedMounts.class.getName());
    private static final Duration LOOK = Duration.ofMillis(250);

    private final ErofsHandOver handOver;
    private final Path root;
    private final Duration patience;
    private final PreContentGroup group;

    private OrphanedMounts(ErofsHandOver handOver, Path root, Duration patience, PreContentGroup group) {
        this.handOver = handOver;
        this.root = root;
        this.patience = patience;
        this.group = group;
    }

    /** Returns the command that does this, but for the last word. */
    static List<String> command(RunFolder folder, Path root, Duration patience) {
        return SmallJvm.command(
                OrphanedMounts.class,
                List.of(
                        RawBytes.text(NativePath.bytes(folder.path())),
                        RawBytes.text(NativePath.bytes(root)),
                        Long.toString(patience.toSeconds())));
    }

    /** Runs as a guard; the words are those of {@link #command} and one of {@link OrphanGuard}. */
    public static void main(String... args) throws IOException, InterruptedException {
        String[] words = RawArguments.recover(args);
        if (words[3].equals(OrphanGuard.READY)) {
            MountTable.read();
            try (PreContentGroup _ = PreContentGroup.open()) { // native calls work
                return;
            }
        }
        PreContentGroup group = PreContentGroup.adopt(Descriptor.adopt(OrphanGuard.KEPT_NUMBER));
        try {
            new OrphanedMounts(
                            ErofsHandOver.in(RunFolder.open(NativePath.path(words[0]))),
                            NativePath.path(words[1]),
                            Duration.ofSeconds(Long.parseLong(words[2])),
                            group)
                    .end();
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "mounts at " + words[1] + " cannot be ended; their readers wait for a daemon", e);
            Thread.sleep(Duration.ofSeconds(Long.MAX_VALUE));
        }
        System.exit(0);
    }

    /** Does all; returns when nobody needs the group any more. */
    private void end() throws IOException, InterruptedException {
        Optional<ErofsState> left = abandoned();
        if (left.isEmpty()) {
            return;
        }
        List<RecordedMount> mounts = RecordedMount.of(root, left.get());
        OrphanedReaders readers = OrphanedReaders.over(group, handOver.journal());
        List<Superblock> ended = new ArrayList<>();
        for (RecordedMount mount : mounts) {
            if (!mount.isComplete()) {
                mount.superblock(group).ifPresent(ended::add);
                takeAway(mount);
            }
        }
        readers.begin();
        while (isAnyInUse(ended)) {
            if (handOver.isGuardedByAnother()) {
                return;
            }
            Thread.sleep(LOOK);
        }
        readers.close();
        handOver.bury(mounts.stream().anyMatch(RecordedMount::isComplete));
    }

    /** Returns what a daemon left, once it is certain that nobody serves it; empty if nothing is left to this process. */
    private Optional<ErofsState> abandoned() throws IOException, InterruptedException {
        while (true) {
            Optional<ErofsState> left = handOver.state();
            if (left.isEmpty() || handOver.isGuardedByAnother()) {
                return Optional.empty();
            }
            if (!left.get().daemon().isAlive()) {
                return left;
            }
            Thread.sleep(patience); // a daemon that knows nothing of guards serves on
        }
    }

    private static void takeAway(RecordedMount mount) throws IOException {
        if (mount.isShown()) {
            LOG.log(
                    Level.WARNING,
                    "nobody followed the daemon of {0}: it is unmounted, and who still reads it fails",
                    mount.target());
            mount.takeAway();
        }
    }

    private static boolean isAnyInUse(List<Superblock> superblocks) throws IOException {
        for (Superblock superblock : superblocks) {
            if (superblock.isInUse()) {
                return true;
            }
        }
        return false;
    }
}
