package io.nydus4j.daemon.upgrade;

import io.nydus4j.linux.file.NativePath;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * A folder with what a daemon leaves to its successor as files. They may hold secrets: the folder and all in it are for their owner
 * alone. A file is replaced as a whole, so whenever the process dies there is the old one or the new one.
 *
 * <p>Files survive the process, not the machine, whose end no mount survives either; so nothing is synced to disk.
 */
public final class RunFolder {
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path path;

    private RunFolder(Path path) {
        this.path = path;
    }

    /** Opens a folder, made with those above it if it is not there. */
    public static RunFolder open(Path path) throws IOException {
        Path place = path.toAbsolutePath();
        if (!Files.isDirectory(place)) {
            Path parent = place.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.createDirectory(place, OWNER_FOLDER);
        }
        return new RunFolder(place);
    }

    /**
     * Returns the usual folder for what is mounted on a directory.
     *
     * @param runtime    folder for the files of running programs, such as {@code /run}
     * @param mountPoint the directory; it is not looked at
     */
    public static Path usual(Path runtime, Path mountPoint) {
        String name = NativePath.path(
                        NativePath.bytes(mountPoint.toAbsolutePath().normalize()))
                .toString()
                .replace("%", "%25")
                .replace('/', '%');
        return runtime.resolve("nydus4j").resolve(name.length() > 200 ? name.substring(name.length() - 200) : name);
    }

    /** Returns where it is. */
    public Path path() {
        return path;
    }

    /** Returns what a file holds; empty if there is no such file. */
    public Optional<byte[]> read(String name) throws IOException {
        try {
            return Optional.of(Files.readAllBytes(path.resolve(name)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Writes a file in the place of the one before. Calls for one name must not overlap. */
    public void write(String name, byte[] bytes) throws IOException {
        Path next = path.resolve("." + name + ".new");
        Files.deleteIfExists(next);
        try (FileChannel channel =
                FileChannel.open(next, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNER_FILE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }
        Files.move(next, path.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Removes a file; does nothing if there is none. */
    public void remove(String name) throws IOException {
        Files.deleteIfExists(path.resolve(name));
    }
}
