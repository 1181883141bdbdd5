package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.rafs.BootstrapPlan;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Metadata of an image for the kernel, copied or made, in a file without a name: it goes when neither this nor a mount needs it any more. */
final class MetadataCopy implements AutoCloseable {
    private static final int OWNER_ONLY = 0600;

    private final Descriptor file;

    private MetadataCopy(Descriptor file) {
        this.file = file;
    }

    /**
     * Copies.
     *
     * @param bootstrap what is copied
     * @param folder    on the file system that takes the copy
     */
    static MetadataCopy of(Path bootstrap, Path folder) throws IOException {
        Descriptor file = nameless(folder);
        try (FileChannel source = FileChannel.open(bootstrap);
                FileChannel target = FileChannel.open(file.procPath(), StandardOpenOption.WRITE)) {
            long size = source.size();
            for (long done = 0; done < size; ) {
                long copied = source.transferTo(done, size - done, target);
                if (copied <= 0) {
                    throw new IOException(bootstrap + " became shorter while it was copied");
                }
                done += copied;
            }
            return new MetadataCopy(file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Writes what was laid out.
     *
     * @param folder on the file system that takes it
     */
    static MetadataCopy of(BootstrapPlan plan, Path folder) throws IOException {
        Descriptor file = nameless(folder);
        try (FileChannel target = FileChannel.open(file.procPath(), StandardOpenOption.READ, StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined()) {
            plan.write(target.map(FileChannel.MapMode.READ_WRITE, 0, plan.size(), arena));
            return new MetadataCopy(file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static Descriptor nameless(Path folder) throws ErrnoException {
        return PosixFiles.open(
                Descriptor.WORKING_DIRECTORY,
                NativePath.bytes(folder),
                OpenFlags.TEMPORARY_FILE | OpenFlags.READ_WRITE,
                OWNER_ONLY);
    }

    /** Returns a path by which the kernel finds it while this is open. */
    Path path() {
        return file.procPath();
    }

    @Override
    public void close() throws ErrnoException {
        file.close();
    }
}
