package io.nydus4j.rafs.v5;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.BootstrapPlan;
import io.nydus4j.rafs.SuperblockFlags;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.TwoAtATime;
import io.nydus4j.rafs.tree.Xattr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lays out and writes v5 bootstraps, byte for byte as the reference does.
 *
 * <p>The file has the superblock, the inode table, the prefetch table, the blob table, the extended blob table, and the inode records
 * depth first, a directory before its children. Beside the tree this takes 8 bytes for each name.
 */
public final class V5BootstrapWriter {
    /** Longest name that a reader accepts, in bytes. */
    private static final int MAX_NAME_SIZE = 256;

    private static final int MAX_SYMLINK_SIZE = 0xFFFF;
    private static final int MAX_XATTR_NAME_SIZE = 255;
    private static final int MAX_XATTR_VALUE_SIZE = 0x1_0000;

    /** Room that most records need, in bytes. */
    private static final int BUFFER_SIZE = 1024;

    private V5BootstrapWriter() {}

    /**
     * Lays out a bootstrap.
     *
     * <p>Computes the digests of all directories, and of the other nodes that have none yet; sizes and blocks must be there
     * ({@link V5Sizes}), as must the chunks.
     *
     * @param tree          a numbered tree
     * @param blobs         the data blobs, by blob index
     * @param prefetchNodes what the prefetch table lists, in its order; empty for no table
     * @param options       neither encrypted nor tarfs
     * @throws IllegalArgumentException if v5 cannot hold it: a name, link target or xattr is too long, a regular file's chunks do not
     *                                  fit its size, the bootstrap would pass 2 GiB, or the options ask for what v5 has not
     */
    public static BootstrapPlan plan(
            ImageTree tree, List<BlobInfo> blobs, List<Node> prefetchNodes, BootstrapOptions options) {
        if (options.cipher() != CipherAlgorithm.NONE || options.tarfs()) {
            throw new IllegalArgumentException("RAFS v5 has neither encryption nor tarfs mode");
        }
        List<V5BlobTable.Entry> blobTable = blobTable(blobs);
        long inodes = tree.nodes().size();
        long prefetchTable = V5Superblock.SIZE + V5InodeTable.size(inodes);
        long blobTableOffset = prefetchTable + V5PrefetchTable.size(prefetchNodes.size());
        long extendedTable = blobTableOffset + V5BlobTable.size(blobTable);
        long firstRecord = extendedTable + (long) V5ExtendedBlobEntry.SIZE * blobs.size();

        Layout layout = new Layout(options.chunkSize(), tree.nodes().size(), firstRecord);
        V5TreeDigests digests = new V5TreeDigests(tree.nodes(), options.digestAlgorithm());
        TwoAtATime.run(
                () -> {
                    layout.place(tree.root());
                    digests.addIndependent();
                },
                digests::addIndependent);
        digests.addOthers();
        long flags = SuperblockFlags.bitOf(options.compression())
                | SuperblockFlags.bitOf(options.digestAlgorithm())
                | (options.explicitUidGid() ? SuperblockFlags.EXPLICIT_UID_GID : 0)
                | (layout.xattrs || options.forceXattrFlag() ? SuperblockFlags.HAS_XATTR : 0);
        V5Superblock superblock = new V5Superblock(
                options.chunkSize(),
                new SuperblockFlags(flags),
                tree.inodeCount(),
                V5Superblock.SIZE,
                prefetchTable,
                blobTableOffset,
                (int) inodes,
                prefetchNodes.size(),
                (int) V5BlobTable.size(blobTable),
                blobs.size(),
                extendedTable);
        return new Plan(superblock, tree, List.copyOf(blobs), blobTable, List.copyOf(prefetchNodes), layout);
    }

    private static List<V5BlobTable.Entry> blobTable(List<BlobInfo> blobs) {
        List<V5BlobTable.Entry> table = new ArrayList<>(blobs.size());
        for (BlobInfo blob : blobs) {
            if (blob.id().isEmpty()) {
                throw new IllegalArgumentException("blob " + table.size() + " has no id");
            }
            if (blob.prefetchSize() >>> 32 != 0) {
                throw new IllegalArgumentException("blob " + blob.id() + " has " + blob.prefetchSize()
                        + " bytes to prefetch, more than 32 bits hold");
            }
            table.add(new V5BlobTable.Entry(0, (int) blob.prefetchSize(), blob.id()));
        }
        return table;
    }

    private static long recordSize(Node node) {
        byte[] target = node.symlinkTarget();
        return V5Inode.recordSize(
                node.name().length,
                target == null ? 0 : target.length,
                V5Xattrs.areaSize(node.xattrs()),
                node.isRegular() ? node.chunks().length : 0);
    }

    /** Places the records and checks that nodes fit the format. */
    private static final class Layout {
        private final int chunkSize;
        /** Where records start, by index - 1, in bytes; none passes 2 GiB. */
        private final int[] records;
        /** For directories: index of the first child, or where it would be, by index - 1. */
        private final int[] childIndexes;

        private long end;
        private boolean xattrs;

        Layout(int chunkSize, int names, long firstRecord) {
            this.chunkSize = chunkSize;
            this.records = new int[names];
            this.childIndexes = new int[names];
            this.end = firstRecord;
        }

        void place(Node root) {
            // Child indexes count on from directory to directory, in the order of this walk.
            int next = 2;
            List<Node> pending = new ArrayList<>();
            pending.add(root);
            while (!pending.isEmpty()) {
                Node node = pending.removeLast();
                add(node);
                if (!node.isDirectory()) {
                    continue;
                }
                childIndexes[node.index() - 1] = next;
                List<Node> children = node.children();
                next += children.size();
                for (int i = children.size() - 1; i >= 0; i--) {
                    pending.add(children.get(i));
                }
            }
        }

        private void add(Node node) {
            check(node);
            records[node.index() - 1] = (int) end;
            end += recordSize(node);
            if (end > V5Format.MAX_FILE_SIZE) {
                throw new IllegalArgumentException("the bootstrap passes 2 GiB, which no reader accepts");
            }
            xattrs |= !node.xattrs().isEmpty();
        }

        private void check(Node node) {
            int nameSize = node.name().length;
            if (nameSize == 0 || nameSize > MAX_NAME_SIZE) {
                throw tooLong(node, "name", nameSize, MAX_NAME_SIZE);
            }
            checkTarget(node, node.symlinkTarget());
            if (!node.xattrs().isEmpty()) {
                checkXattrs(node);
            }
            long chunks = node.isRegular() ? (node.size() + chunkSize - 1) / chunkSize : 0;
            if (chunks != node.chunks().length) {
                throw new IllegalArgumentException(
                        "invalid chunk count of " + node + ": expected " + chunks + ", found " + node.chunks().length);
            }
        }

        private static void checkXattrs(Node node) {
            for (Xattr xattr : node.xattrs()) {
                if (xattr.name().length > MAX_XATTR_NAME_SIZE) {
                    throw tooLong(node, "xattr name", xattr.name().length, MAX_XATTR_NAME_SIZE);
                }
                if (xattr.value().length > MAX_XATTR_VALUE_SIZE) {
                    throw tooLong(node, "xattr value", xattr.value().length, MAX_XATTR_VALUE_SIZE);
                }
            }
        }

        private static void checkTarget(Node node, byte @Nullable [] target) {
            if (target == null) {
                if (node.isSymlink()) {
                    throw new IllegalArgumentException(node + ": a symbolic link without a target");
                }
            } else if (target.length == 0 || target.length > MAX_SYMLINK_SIZE) {
                throw tooLong(node, "link target", target.length, MAX_SYMLINK_SIZE);
            }
        }

        private static IllegalArgumentException tooLong(Node node, String what, int size, int most) {
            return new IllegalArgumentException(
                    node + ": expected a " + what + " of at most " + most + " bytes, found " + size);
        }
    }

    /** A bootstrap laid out. */
    private record Plan(
            V5Superblock superblock,
            ImageTree tree,
            List<BlobInfo> blobs,
            List<V5BlobTable.Entry> blobTable,
            List<Node> prefetchNodes,
            Layout layout)
            implements BootstrapPlan {
        @Override
        public long size() {
            return layout.end;
        }

        @Override
        public void write(MemorySegment target) {
            superblock.write(target);
            V5PrefetchTable.write(
                    target,
                    superblock.prefetchTableOffset(),
                    prefetchNodes.stream().mapToInt(Node::ino).toArray());
            V5BlobTable.write(target, superblock.blobTableOffset(), blobTable);
            long position = superblock.extendedBlobTableOffset();
            for (BlobInfo blob : blobs) {
                new V5ExtendedBlobEntry(
                                blob.chunkCount(), blob.features(), blob.uncompressedSize(), blob.compressedSize())
                        .write(target, position);
                position += V5ExtendedBlobEntry.SIZE;
            }
            V5InodeTable table =
                    new V5InodeTable(target, superblock.inodeTableOffset(), superblock.inodeTableEntries());
            int half = tree.nodes().size() / 2;
            TwoAtATime.run(
                    () -> writeRecords(target, table, 0, half),
                    () -> writeRecords(target, table, half, tree.nodes().size()));
        }

        /** Writes the records of names, and their places into the inode table. */
        private void writeRecords(MemorySegment target, V5InodeTable table, int from, int to) {
            byte[] buffer = new byte[BUFFER_SIZE];
            byte[] zeros = new byte[BUFFER_SIZE];
            for (int i = from; i < to; i++) {
                Node node = tree.nodes().get(i);
                int size = Math.toIntExact(recordSize(node));
                byte[] record = size > BUFFER_SIZE ? new byte[size] : buffer;
                // The first compiler makes a slow loop of filling.
                System.arraycopy(zeros, 0, buffer, 0, Math.min(size, BUFFER_SIZE));
                writeRecord(record, node, layout.childIndexes[i]);
                table.set(i + 1, layout.records[i]);
                MemorySegment.copy(record, 0, target, ValueLayout.JAVA_BYTE, layout.records[i], size);
            }
        }

        /** Makes the record of a node at the start of {@code record}, which is zero where that goes. */
        private static void writeRecord(byte[] record, Node node, int childIndex) {
            int childCount = node.isDirectory() ? node.children().size() : node.chunks().length;
            V5Inode.write(record, node, childIndex, childCount);
            byte[] name = node.name();
            System.arraycopy(name, 0, record, V5Inode.SIZE, name.length);
            int part = V5Inode.SIZE + (int) V5Format.align(name.length);
            byte[] link = node.symlinkTarget();
            if (link != null) {
                System.arraycopy(link, 0, record, part, link.length);
                part += (int) V5Format.align(link.length);
            }
            if (!node.xattrs().isEmpty()) {
                V5Xattrs.write(MemorySegment.ofArray(record), part, node.xattrs());
                part += (int) V5Xattrs.areaSize(node.xattrs());
            }
            for (ChunkRecord chunk : node.chunks()) {
                chunk.write(record, part);
                part += ChunkRecord.SIZE;
            }
        }
    }
}
