package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DirectoryListing;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.mount.ErofsMount;
import io.nydus4j.linux.mount.Mounts;
import io.nydus4j.linux.mount.OverlayMount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;

/**
 * A directory with the content of images' files, each once, under the {@linkplain ContentName name of the content}. It belongs to one
 * daemon at a time. Where an object is says whether it is whole, which no crash can make wrong:
 *
 * <pre>
 *   lazy/NAME   a sparse file of full size whose bytes may not be there; the kernel asks before anybody opens it
 *   fill/NAME   the same file, to be opened by who fills it, about which the kernel does not ask
 *   whole/NAME  a file whose bytes are all on the disk: moved here from lazy/ then, so that the kernel asks no more
 *   metadata/   where names and attributes are mounted for a moment, until they are part of an overlay
 *   lock        locked by the daemon
 *   owner       run folder of the daemon
 * </pre>
 * Objects stay until somebody removes them. Safe for use by several threads, but each object is changed by one at a time.
 */
final class ObjectStore implements AutoCloseable {
    private static final int OWNER_ONLY = 0600;
    private static final long LEAVE_PATIENCE_MILLIS = 2000;
    private static final long PAUSE_MILLIS = 20;

    private final Path root;
    private final Descriptor lock;
    private final Descriptor lazy;
    private final Descriptor fill;
    private final Descriptor whole;

    private ObjectStore(Path root, Descriptor lock, Descriptor lazy, Descriptor fill, Descriptor whole) {
        this.root = root;
        this.lock = lock;
        this.lazy = lazy;
        this.fill = fill;
        this.whole = whole;
    }

    /**
     * Opens a store, made if it is not there.
     *
     * @param runFolder where this daemon's successor looks for what it needs
     * @throws IOException if another daemon has it, or readers of one that died wait for that one's successor
     */
    static ObjectStore open(Path root, Path runFolder) throws IOException {
        if (!Files.isDirectory(root)) {
            Files.createDirectories(
                    root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        Descriptor lock = PosixFiles.open(
                Descriptor.WORKING_DIRECTORY,
                NativePath.bytes(root.resolve("lock")),
                OpenFlags.READ_WRITE | OpenFlags.CREATE | OpenFlags.CLOSE_ON_EXEC,
                OWNER_ONLY);
        try {
            if (!isLocked(lock)) {
                throw new IOException("the object store " + root
                        + " belongs to another daemon; one daemon can mount any number of images of it");
            }
            own(root, runFolder);
            ObjectStore store = new ObjectStore(
                    root, lock, directory(root, "lazy"), directory(root, "fill"), directory(root, "whole"));
            directory(root, "metadata").close();
            store.hideMetadata();
            return store;
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static boolean isLocked(Descriptor lock) throws ErrnoException {
        long end = System.nanoTime() + LEAVE_PATIENCE_MILLIS * 1_000_000;
        while (!lock.tryLock(true)) { // one that was killed may still be there
            if (System.nanoTime() > end) {
                return false;
            }
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    private static void own(Path root, Path runFolder) throws IOException {
        Path owner = root.resolve("owner");
        if (Files.exists(owner)) {
            Path last = Path.of(Files.readString(owner, StandardCharsets.UTF_8));
            if (!last.equals(runFolder) && ErofsHandOver.isUsed(last)) {
                throw new IOException("readers may still wait for a daemon of the object store " + root
                        + " that died: start it again with the run folder " + last + " first");
            }
        }
        Files.writeString(owner, runFolder.toString(), StandardCharsets.UTF_8);
    }

    private static Descriptor directory(Path root, String name) throws IOException {
        Path path = root.resolve(name);
        if (!Files.isDirectory(path)) {
            Files.createDirectory(path);
        }
        return PosixFiles.openDirectory(Descriptor.WORKING_DIRECTORY, NativePath.bytes(path));
    }

    Path path() {
        return root;
    }

    /** Returns the directory whose files the kernel must ask about. */
    Descriptor lazy() {
        return lazy;
    }

    /**
     * Has a place for an object.
     *
     * @param name of the content
     * @param size of the content, in bytes
     * @return the file that is to be filled; empty if it is whole
     * @throws IOException if there is a file of another size in its place, or none can be made
     */
    Optional<FileId> place(String name, long size) throws IOException {
        byte[] bytes = RawBytes.bytes(name);
        Optional<FileStatus> kept = PosixFiles.statusIfPresent(whole, bytes);
        if (kept.isPresent()) {
            checkSize(kept.get(), root.resolve("whole").resolve(name), size);
            return Optional.empty();
        }
        Optional<FileStatus> known = PosixFiles.statusIfPresent(lazy, bytes);
        Optional<FileStatus> writable = PosixFiles.statusIfPresent(fill, bytes);
        if (known.isPresent()) {
            checkSize(known.get(), root.resolve("lazy").resolve(name), size);
            FileId id = FileId.of(known.get());
            if (writable.isEmpty() || !FileId.of(writable.get()).equals(id)) {
                if (writable.isPresent()) {
                    PosixFiles.remove(fill, bytes);
                }
                PosixFiles.makeLink(lazy, bytes, fill, bytes);
            }
            return Optional.of(id);
        }
        if (writable.isPresent()) { // left by a crash
            PosixFiles.remove(fill, bytes);
        }
        try (Descriptor file = PosixFiles.open(
                fill,
                bytes,
                OpenFlags.WRITE_ONLY | OpenFlags.CREATE | OpenFlags.EXCLUSIVE | OpenFlags.CLOSE_ON_EXEC,
                OWNER_ONLY)) {
            file.truncate(size);
            PosixFiles.makeLink(fill, bytes, lazy, bytes);
            return Optional.of(FileId.of(file.status()));
        }
    }

    private static void checkSize(FileStatus status, Path path, long size) throws IOException {
        if (!status.isRegular() || status.size() != size) {
            throw new IOException(path + " is no file of " + size + " bytes, as its name says; remove it");
        }
    }

    /** Tells whether a file is that of an object that is whole. Looks at all of them. */
    synchronized boolean isWhole(FileId id) throws IOException {
        if (whole.status().dev() != id.device()) {
            return false;
        }
        return DirectoryListing.list(whole).stream().anyMatch(entry -> entry.ino() == id.inode());
    }

    /** Opens an object that is not whole, to fill it. */
    Descriptor writer(StoreObject object) throws IOException {
        Descriptor file = PosixFiles.open(
                fill,
                RawBytes.bytes(object.name()),
                OpenFlags.READ_WRITE | OpenFlags.NO_FOLLOW | OpenFlags.CLOSE_ON_EXEC,
                0);
        try {
            if (!FileId.of(file.status()).equals(object.id())) {
                throw new IOException(
                        "somebody replaced " + root.resolve("fill").resolve(object.name()));
            }
            return file;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Keeps an object that is filled: puts its bytes on the disk, and then has it among those that are whole. */
    void keep(StoreObject object) throws IOException {
        byte[] name = RawBytes.bytes(object.name());
        try (Descriptor file = writer(object)) {
            file.syncData();
        }
        PosixFiles.rename(lazy, name, whole, name);
        PosixFiles.remove(fill, name);
    }

    /**
     * Has the kernel show names and attributes of a file system with the content that is in this store, or comes here.
     *
     * @param metadata file of an EROFS without data
     * @param target   directory to mount on, as raw bytes
     */
    synchronized void mount(Path metadata, byte[] target) throws IOException {
        byte[] place = NativePath.bytes(root.resolve("metadata"));
        ErofsMount.mount(NativePath.bytes(metadata), List.of(), place);
        try {
            // In this order: what is not found among the lazy ones may just have been moved to the others.
            OverlayMount.mount(
                    place,
                    List.of(NativePath.bytes(root.resolve("lazy")), NativePath.bytes(root.resolve("whole"))),
                    target);
        } finally {
            hideMetadata();
        }
    }

    /** Takes metadata out of sight, which overlays go on to use. */
    private void hideMetadata() throws IOException {
        Path place = root.resolve("metadata");
        while (KernelMount.isMounted(ErofsMounted.TYPE, place)) {
            try {
                Mounts.detach(NativePath.bytes(place));
            } catch (ErrnoException e) {
                if (e.errno() != Errno.EINVAL) { // not a mount any more
                    throw e;
                }
            }
        }
    }

    @Override
    public void close() throws ErrnoException {
        lazy.close();
        fill.close();
        whole.close();
        lock.close();
    }
}
