package io.nydus4j.build.source;

import io.nydus4j.build.tar.ArchiveInputs;
import io.nydus4j.build.tar.ArchiveLimits;
import io.nydus4j.build.tar.TarMember;
import io.nydus4j.build.tar.TarReader;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * A tar archive as a source, plain or compressed by gzip or zstd: its names and its data come together, once and in order. Not safe for use
 * by several threads.
 */
public final class TarSource implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(TarSource.class.getName());
    /** Names of standard input, which is read as it is, for a socket cannot be opened again. */
    private static final Set<Path> STANDARD_INPUT =
            Set.of(Path.of("/dev/stdin"), Path.of("/dev/fd/0"), Path.of("/proc/self/fd/0"));

    /** Takes the data of files. */
    @FunctionalInterface
    public interface Files {
        /**
         * Takes the data of a file and gives it its chunks.
         *
         * @param file a regular file that is not empty, in its place in the tree
         * @param data gives its data; what is not read of it is skipped
         */
        void store(Node file, TarReader data) throws IOException;
    }

    private final TarReader reader;
    private final SourceRules rules;

    /**
     * Takes over a reader.
     *
     * @param rules how the archive becomes a tree; their filter is not used, for all names of an archive go into the image
     */
    public TarSource(TarReader reader, SourceRules rules) {
        this.reader = reader;
        this.rules = rules;
    }

    /**
     * Opens an archive, to be closed by the caller; waits for whoever writes if it is a FIFO.
     *
     * @param path   file, FIFO or device
     * @param limits what the archive may ask for
     * @param rules  how it becomes a tree; its filter is not used, for all names of an archive go into the image
     * @throws IOException if it cannot be opened, or is compressed in a way that is not supported
     */
    public static TarSource open(Path path, ArchiveLimits limits, SourceRules rules) throws IOException {
        FileChannel channel = openChannel(path);
        try {
            return new TarSource(new TarReader(ArchiveInputs.open(channel, limits), limits), rules);
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    /** Opens the bytes of an archive, to be closed by the caller; waits for whoever writes if it is a FIFO. */
    public static FileChannel openChannel(Path path) throws IOException {
        return STANDARD_INPUT.contains(path)
                ? new FileInputStream(FileDescriptor.in).getChannel()
                : FileChannel.open(path);
    }

    /**
     * Reads the whole archive. To be called once.
     *
     * @param files    takes the data
     * @param progress hears how many members were read
     * @return a tree that is not numbered yet
     * @throws InterruptedIOException if the calling thread is interrupted
     * @throws IOException            if the archive cannot be read, is broken or cannot become an image; the message names the member
     */
    public ImageTree read(Files files, LongConsumer progress) throws IOException {
        try {
            ArchiveTree tree = new ArchiveTree(rules);
            long members = 0;
            for (TarMember member = reader.next(); member != null; member = reader.next()) {
                Optional<Node> node = tree.add(member.entry());
                if (member.entry().size() > 0 && node.isPresent()) {
                    files.store(node.get(), reader);
                }
                progress.accept(++members);
            }
            reader.warnings()
                    .ifPresent(text -> LOG.log(System.Logger.Level.WARNING, "the archive is whole, but " + text));
            return tree.finish();
        } catch (ClosedByInterruptException e) {
            throw (InterruptedIOException) new InterruptedIOException("interrupted").initCause(e);
        }
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
