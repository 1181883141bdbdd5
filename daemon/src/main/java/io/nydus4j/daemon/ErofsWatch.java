package io.nydus4j.daemon;

import io.nydus4j.linux.mount.MountEntry;
import io.nydus4j.linux.mount.MountTable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** Looks what becomes of EROFS mounts, which the kernel does not tell: whether somebody unmounts them, and whether they are complete. */
final class ErofsWatch {
    private static final Logger LOG = System.getLogger(ErofsWatch.class.getName());
    private static final Duration LOOK = Duration.ofMillis(250);
    /** How many times it looks until it looks at all data, which takes longer. */
    private static final int LOOKS_AT_DATA = 8;

    private final ErofsFrontEnd frontEnd;
    private final Mounts mounts;
    private final DaemonOptions options;
    private final Consumer<DaemonEnd> end;
    private volatile boolean stopped;

    private ErofsWatch(ErofsFrontEnd frontEnd, Mounts mounts, DaemonOptions options, Consumer<DaemonEnd> end) {
        this.frontEnd = frontEnd;
        this.mounts = mounts;
        this.options = options;
        this.end = end;
    }

    /**
     * Starts to look.
     *
     * @param end told when the daemon's work is over for what was seen
     */
    static ErofsWatch start(ErofsFrontEnd frontEnd, Mounts mounts, DaemonOptions options, Consumer<DaemonEnd> end) {
        ErofsWatch watch = new ErofsWatch(frontEnd, mounts, options, end);
        Thread.ofVirtual().name("nydus-erofs-watch").start(watch::run);
        return watch;
    }

    private void run() {
        for (long looks = 1; !stopped; looks++) {
            try {
                look();
                if (looks % LOOKS_AT_DATA == 0) {
                    frontEnd.noteComplete();
                }
                Thread.sleep(LOOK);
            } catch (IOException e) {
                LOG.log(Level.WARNING, "cannot look after mounts: " + e.getMessage());
                return;
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void look() throws IOException {
        List<MountEntry> table = MountTable.read();
        boolean gone = false;
        for (ServedFileSystem fileSystem : mounts.list()) {
            if (fileSystem instanceof KernelImage image
                    && !stopped
                    && !image.mounted().isAmong(table)) {
                mounts.vanished(image);
                gone = true;
            }
        }
        if (gone && mounts.list().isEmpty() && options.image().isPresent()) {
            LOG.log(Level.INFO, "the last mount was unmounted");
            end.accept(DaemonEnd.UNMOUNTED);
        } else if (options.detachWhenComplete() && frontEnd.isDetached()) {
            LOG.log(Level.INFO, "all data is here: the mounts need no process any more");
            frontEnd.detach();
            end.accept(DaemonEnd.DETACHED);
        }
    }

    /** Stops to look. */
    void stop() {
        stopped = true;
    }
}
