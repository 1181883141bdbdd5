package io.nydus4j.cli;

import io.nydus4j.daemon.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small disk for caches: a file system in a file, which can be filled and freed again while it is in use. Needs root. */
final class SmallDisk implements AutoCloseable {
    private final Path folder;
    private boolean mayBeFull;

    /**
     * Makes a disk and mounts it.
     *
     * @param folder takes the file and the mount point
     */
    SmallDisk(Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        Shell.out(
                folder,
                "mkdir disk; truncate -s 48M disk.img; mkfs.ext4 -q -m 0 -O ^has_journal disk.img; mount -o loop"
                        + " disk.img disk");
    }

    /** Returns the folder that lies on the disk. */
    Path path() {
        return folder.resolve("disk");
    }

    /** Says whether it may be full from now on; frees it if not. */
    synchronized void mayBeFull(boolean may) throws IOException {
        mayBeFull = may;
        if (!may) {
            free();
        }
    }

    /** Fills the disk, if that may be; returns whether it is full now. */
    synchronized boolean fill() throws IOException, InterruptedException {
        if (mayBeFull) {
            Shell.out(
                    path(),
                    "fallocate -l $(($(stat -f -c '%a * %S' .))) filler 2>/dev/null;"
                            + " dd if=/dev/zero of=rest bs=4k status=none 2>/dev/null; true");
        }
        return mayBeFull;
    }

    /** Frees the disk. */
    synchronized void free() throws IOException {
        Files.deleteIfExists(path().resolve("filler"));
        Files.deleteIfExists(path().resolve("rest"));
    }

    @Override
    public void close() throws IOException {
        try {
            Shell.out(folder, "umount disk; rm disk.img");
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
