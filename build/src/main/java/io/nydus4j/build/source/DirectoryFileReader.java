package io.nydus4j.build.source;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Reads files of a directory tree. Keeps the directory of the last file open, and the last file while its end has not been read: files
 * mostly come in the order of the tree.
 */
final class DirectoryFileReader implements FileReader {
    private final SourceDirectory source;

    private @Nullable Node directoryNode;
    private @Nullable Descriptor directory;
    private @Nullable Node fileNode;
    private @Nullable Descriptor file;

    DirectoryFileReader(SourceDirectory source) {
        this.source = source;
    }

    @Override
    public void read(Node node, long offset, MemorySegment target) throws IOException {
        try {
            Descriptor open = open(node);
            long done = 0;
            while (done < target.byteSize()) {
                long count = open.readAt(offset + done, target.asSlice(done));
                if (count < 0) {
                    throw changed(node, offset + done);
                }
                done += count;
            }
            check(node, open.status());
            if (offset + done == node.size()) {
                closeFile();
            }
        } catch (ErrnoException e) {
            throw SourceErrors.refused("read node file", node, e);
        }
    }

    private Descriptor open(Node node) throws ErrnoException {
        Descriptor open = file;
        if (open != null && node == fileNode) {
            return open;
        }
        closeFile();
        Descriptor opened = SourceDirectory.openFile(directoryOf(node), node.name());
        file = opened;
        fileNode = node;
        return opened;
    }

    private Descriptor directoryOf(Node node) throws ErrnoException {
        Node parent = node.parent();
        if (parent == null) {
            throw new IllegalArgumentException("the root is no file");
        }
        Descriptor open = directory;
        if (open != null && parent == directoryNode) {
            return open;
        }
        closeDirectory();
        Descriptor opened = source.openDirectory(parent);
        directory = opened;
        directoryNode = parent;
        return opened;
    }

    /** Makes sure that the bytes just read are those of the file that the tree knows, of the length that it knows. */
    private static void check(Node node, FileStatus status) throws IOException {
        SourceId id = node.sourceId();
        if (status.ino() != id.inode() || status.dev() != id.device() || !status.isRegular()) {
            throw SourceErrors.broken(node, "another file took its place during the build");
        }
        if (status.size() != node.size()) {
            throw changed(node, status.size());
        }
    }

    private static IOException changed(Node node, long found) {
        return SourceErrors.broken(
                node, "its size changed during the build, from " + node.size() + " to " + found + " bytes");
    }

    private void closeFile() throws ErrnoException {
        Descriptor open = file;
        file = null;
        fileNode = null;
        if (open != null) {
            open.close();
        }
    }

    private void closeDirectory() throws ErrnoException {
        Descriptor open = directory;
        directory = null;
        directoryNode = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void close() throws ErrnoException {
        try {
            closeFile();
        } finally {
            closeDirectory();
        }
    }
}
