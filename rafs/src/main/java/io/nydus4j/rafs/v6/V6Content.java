package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.v6.V6Constants.CHUNK_INDEX_SIZE;
import static io.nydus4j.rafs.v6.V6Constants.SLOT_SIZE;
import static io.nydus4j.rafs.v6.V6Constants.put32;
import static io.nydus4j.rafs.v6.V6Constants.put64;
import static io.nydus4j.rafs.v6.V6Constants.roundUp;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.rafs.tree.Node;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The metadata area of a bootstrap laid out: writes inodes and what hangs off them. All names of a file are written at one place, in
 * numbering order, so the last one's fields stay.
 */
final class V6Content {
    private static final byte[] NO_TARGET = {};
    /** The block of a chunk that is a hole. */
    private static final int NO_BLOCK = -1;

    private final List<Node> nodes;
    private final int[] nids;
    private final int[] contentBlocks;
    private final long meta;
    private final int blockSize;
    private final int blockBits;
    private final int chunkSize;
    private final boolean hollow;
    /** The inode that is being written; what {@link V6Inode} knows of is set anew in each, the rest is zero. */
    private final byte[] inode = new byte[V6Inode.EXTENDED_SIZE];

    private final MemorySegment inodeSegment = MemorySegment.ofArray(inode);

    /**
     * Takes the layout.
     *
     * @param nodes         all nodes in numbering order
     * @param nids          their nids, unsigned
     * @param contentBlocks blocks of the content of directories and links from the start of the area, unsigned
     * @param meta          start of the area in bytes
     * @param blockSize     bytes
     * @param chunkSize     bytes
     * @param hollow        whether each file is one hole
     */
    V6Content(
            List<Node> nodes,
            int[] nids,
            int[] contentBlocks,
            long meta,
            int blockSize,
            int chunkSize,
            boolean hollow) {
        this.nodes = nodes;
        this.nids = nids;
        this.contentBlocks = contentBlocks;
        this.meta = meta;
        this.blockSize = blockSize;
        this.blockBits = Integer.numberOfTrailingZeros(blockSize);
        this.chunkSize = chunkSize;
        this.hollow = hollow;
    }

    /** Returns the number of chunks of a file that is one hole. */
    static int hollowChunks(Node node) {
        return node.size() == 0 ? 0 : 1;
    }

    /** Returns the binary logarithm of the number of blocks that a chunk as large as a whole file has. */
    static int hollowBits(Node node, int blockSize) {
        int bits = node.size() == 0 ? 0 : Long.SIZE - Long.numberOfLeadingZeros(node.size() - 1);
        return Math.max(0, bits - Integer.numberOfTrailingZeros(blockSize));
    }

    /** Returns the target of a link; empty if it has none. */
    static byte[] target(Node node) {
        byte[] target = node.symlinkTarget();
        return target == null ? NO_TARGET : target;
    }

    /** Writes all inodes into the whole bootstrap {@code file}. */
    void write(MemorySegment file) {
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            if (node.isDirectory()) {
                writeDirectory(file, i, node);
            } else if (node.isRegular()) {
                writeFile(file, i, node);
            } else if (node.isSymlink()) {
                writeSymlink(file, i, node);
            } else {
                writeHead(file, i, node, V6Inode.FLAT_PLAIN, node.size(), node.rdev());
            }
        }
    }

    private long offset(int position) {
        return meta + Integer.toUnsignedLong(nids[position]) * SLOT_SIZE;
    }

    /** Writes inode and xattrs; returns where they end. */
    private long writeHead(MemorySegment file, int position, Node node, int layout, long size, int union) {
        long offset = offset(position);
        int xattrSize = V6Xattr.areaSize(node.xattrs());
        V6Inode.write(inode, layout, xattrSize, node.mode(), size, union, node.ino(), node.linkCount());
        V6Inode.writeOwner(inode, node.uid(), node.gid());
        V6Inode.writeMtime(inode, node.mtimeSeconds(), node.mtimeNanos());
        MemorySegment.copy(inodeSegment, 0, file, offset, V6Inode.EXTENDED_SIZE);
        if (xattrSize != 0) {
            V6Xattr.write(file, offset + V6Inode.EXTENDED_SIZE, node.xattrs());
        }
        return offset + V6Inode.EXTENDED_SIZE + xattrSize;
    }

    /** Writes inode and xattrs of a directory or link; returns where they end. */
    private long writeFlatHead(MemorySegment file, int position, Node node, boolean inline, long size) {
        int block = (int) (meta / blockSize) + contentBlocks[position];
        return writeHead(file, position, node, inline ? V6Inode.FLAT_INLINE : V6Inode.FLAT_PLAIN, size, block);
    }

    private boolean isInline(Node node, long size) {
        long tail = size % blockSize;
        return tail != 0 && V6Inode.EXTENDED_SIZE + V6Xattr.areaSize(node.xattrs()) + tail <= blockSize;
    }

    /** Returns where the whole blocks of the content start, in bytes. */
    private long contentOffset(int position) {
        return meta + Integer.toUnsignedLong(contentBlocks[position]) * blockSize;
    }

    private void writeSymlink(MemorySegment file, int position, Node node) {
        byte[] target = target(node);
        boolean inline = isInline(node, target.length);
        long end = writeFlatHead(file, position, node, inline, target.length);
        int whole = inline ? target.length - target.length % blockSize : target.length;
        MemorySegment.copy(target, 0, file, ValueLayout.JAVA_BYTE, contentOffset(position), whole);
        MemorySegment.copy(target, whole, file, ValueLayout.JAVA_BYTE, end, target.length - whole);
    }

    // --- directories

    private void writeDirectory(MemorySegment file, int position, Node node) {
        V6DirectoryBlocks blocks = new V6DirectoryBlocks(node);
        long size = blocks.size(blockSize);
        boolean inline = isInline(node, size);
        long end = writeFlatHead(file, position, node, inline, size);
        long start = contentOffset(position);
        for (int entry = 0; entry < blocks.count(); ) {
            int next = blocks.blockEnd(entry, blockSize);
            boolean last = next == blocks.count();
            writeBlock(file, inline && last ? end : start, blocks, entry, next);
            start += blockSize;
            entry = next;
        }
    }

    private void writeBlock(MemorySegment file, long start, V6DirectoryBlocks blocks, int first, int next) {
        byte[] block = new byte[blockSize];
        int name = (next - first) * V6Dirent.SIZE;
        for (int entry = first; entry < next; entry++) {
            Node node = blocks.node(entry);
            byte[] bytes = blocks.name(entry);
            long nid = Integer.toUnsignedLong(nids[node.index() - 1]);
            V6Dirent.write(block, (entry - first) * V6Dirent.SIZE, nid, name, node.mode());
            System.arraycopy(bytes, 0, block, name, bytes.length);
            name += bytes.length;
        }
        MemorySegment.copy(block, 0, file, ValueLayout.JAVA_BYTE, start, name);
    }

    // --- files

    private void writeFile(MemorySegment file, int position, Node node) {
        if (hollow) {
            int header = V6Inode.CHUNK_HEADER_INDEXES | hollowBits(node, blockSize);
            long end = writeHead(file, position, node, V6Inode.CHUNK_BASED, node.size(), header);
            if (hollowChunks(node) > 0) {
                long index = roundUp(end, CHUNK_INDEX_SIZE);
                put32(file, index, 0);
                put32(file, index + 4, NO_BLOCK);
            }
            return;
        }
        long end = writeHead(file, position, node, V6Inode.CHUNK_BASED, node.size(), chunkHeader(node));
        long index = roundUp(end, CHUNK_INDEX_SIZE);
        for (ChunkRecord chunk : node.chunks()) {
            put64(file, index, chunkIndex(chunk));
            index += CHUNK_INDEX_SIZE;
        }
    }

    /** Returns the 8 bytes of a chunk index, see {@link V6InodeView}. */
    private long chunkIndex(ChunkRecord chunk) {
        return (chunk.uncompressedOffset() >>> blockBits) << 32
                | (chunk.index() >>> 16 & 0xFFL) << 24
                | (chunk.blobIndex() + 1L) << 16
                | chunk.index() & 0xFFFF;
    }

    /**
     * Returns the chunk header of a file. A file in one piece gets chunks as large as itself, so that a kernel maps it at once; RAFS
     * looks at the superblock's chunk size only.
     */
    private int chunkHeader(Node node) {
        int bits = Integer.numberOfTrailingZeros(chunkSize) - blockBits;
        if (node.size() > chunkSize && isContinuous(node.chunks())) {
            int whole = Long.SIZE - Long.numberOfLeadingZeros(node.size() - 1) - blockBits;
            // A larger one could not be told; the indexes are all there.
            bits = whole <= V6Inode.MAX_CHUNK_BITS ? whole : bits;
        }
        return V6Inode.CHUNK_HEADER_INDEXES | bits;
    }

    private boolean isContinuous(ChunkRecord[] chunks) {
        for (int i = 1; i < chunks.length; i++) {
            if (chunks[i].blobIndex() != chunks[i - 1].blobIndex()
                    || chunks[i].uncompressedOffset() != chunks[i - 1].uncompressedOffset() + chunkSize) {
                return false;
            }
        }
        return true;
    }
}
