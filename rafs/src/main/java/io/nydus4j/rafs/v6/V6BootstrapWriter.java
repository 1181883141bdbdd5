package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.v6.V6Constants.BLOCK_SIZE;
import static io.nydus4j.rafs.v6.V6Constants.MAX_U32;
import static io.nydus4j.rafs.v6.V6Constants.SLOT_SIZE;
import static io.nydus4j.rafs.v6.V6Constants.TARFS_BLOCK_SIZE;
import static io.nydus4j.rafs.v6.V6Constants.roundUp;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.BootstrapPlan;
import io.nydus4j.rafs.SuperblockFlags;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.TwoAtATime;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Lays a tree out as a v6 bootstrap, place for place as the reference does. Beside the tree it takes 8 bytes for each name and the
 * references of all chunks twice.
 *
 * <p>One thing differs from what the reference writes: a link target of more than one block whose end is inlined, which only images
 * of tar files with their blocks of 512 bytes have, goes where a kernel looks for it.
 */
public final class V6BootstrapWriter {
    /** The gap at the start of the metadata area, so that no inode has nid 0; the root follows it. */
    private static final int META_GAP = BLOCK_SIZE;
    /** Greatest index of a chunk in its blob that a chunk index can hold. */
    private static final int MAX_CHUNK_INDEX = 0xFF_FFFF;

    /** Greatest length of a link target in bytes. */
    private static final int MAX_TARGET = 0xFFFF;

    private final List<Node> nodes;
    private final List<BlobInfo> blobs;
    private final BootstrapOptions options;
    /** Whether files get a size and a hole in place of data. */
    private final boolean hollow;

    private final int blockSize;
    private final V6MetaSpace space;
    /** Nid by index - 1, unsigned. */
    private final int[] nids;
    /** For directories and links: block of the content, from the start of the metadata area, by index - 1, unsigned. */
    private final int[] contentBlocks;

    private boolean hasXattrs;
    private V6ChunkRecords chunks = V6ChunkRecords.none();

    private V6BootstrapWriter(ImageTree tree, List<BlobInfo> blobs, BootstrapOptions options, boolean hollow) {
        this.nodes = tree.nodes();
        this.blobs = List.copyOf(blobs);
        this.options = options;
        this.hollow = hollow;
        this.blockSize = options.tarfs() ? TARFS_BLOCK_SIZE : BLOCK_SIZE;
        this.space = new V6MetaSpace(blockSize, META_GAP);
        this.nids = new int[nodes.size()];
        this.contentBlocks = new int[nodes.size()];
        this.hasXattrs = options.forceXattrFlag();
    }

    /**
     * Lays out a bootstrap.
     *
     * @param tree          all names; numbered here if it is not yet
     * @param blobs         the blobs that chunks name by index, as they are to be recorded
     * @param prefetchNodes nodes to be named in the prefetch table, in order; left out if there is no blob
     * @param options       chunk size, flags and mode
     * @return a plan that holds on to tree and blobs; its {@code write} may be called any number of times
     * @throws IllegalArgumentException if the format cannot hold what is given: a name, an xattr, a chunk or the number of blobs
     */
    public static BootstrapPlan plan(
            ImageTree tree, List<BlobInfo> blobs, List<Node> prefetchNodes, BootstrapOptions options) {
        if (tree.nodes().isEmpty()) {
            tree.number();
        }
        V6BootstrapWriter writer = new V6BootstrapWriter(tree, blobs, options, false);
        writer.checkBlobs();
        // Chunks that name no blob are refused by the first, whatever the second makes of them.
        TwoAtATime.run(() -> writer.place(tree.root()), writer::collectChunks);
        return writer.finish(prefetchNodes);
    }

    /**
     * Lays out a file system for a kernel that has names and attributes only: each file is a hole of its size, whatever its chunks. It is
     * no image: who reads it finds no chunks.
     *
     * @param tree    all names; numbered here if it is not yet
     * @param options as of the image that the tree is from
     * @return a plan, as {@link #plan} returns it
     * @throws IllegalArgumentException if the format cannot hold what is given: a name, an xattr, or a size
     */
    public static BootstrapPlan planHollow(ImageTree tree, BootstrapOptions options) {
        if (tree.nodes().isEmpty()) {
            tree.number();
        }
        V6BootstrapWriter writer = new V6BootstrapWriter(tree, List.of(), options, true);
        writer.place(tree.root());
        return writer.finish(List.of());
    }

    // --- checks

    private void checkBlobs() {
        check(
                V6ExtendedSuperblock.isChunkSize(options.chunkSize()),
                "chunk size " + options.chunkSize() + " is no power of two from 4096 to 16 MiB");
        check(
                blobs.size() <= V6Constants.MAX_BLOBS,
                blobs.size() + " blobs are too many, " + V6Constants.MAX_BLOBS + " is the most");
        for (int i = 0; i < blobs.size(); i++) {
            BlobInfo blob = blobs.get(i);
            int length = blob.id().getBytes(StandardCharsets.UTF_8).length;
            check(length != 0, "the id of blob " + i + " is empty");
            check(length <= V6BlobEntry.ID_SIZE, "the id of blob " + i + " is longer than 64 bytes: " + blob.id());
            check(blob.index() == i, "blob " + i + " has index " + blob.index());
            check(
                    blob.chunkSize() == options.chunkSize(),
                    "blob " + i + " has chunks of " + blob.chunkSize() + " bytes, the image of " + options.chunkSize());
        }
    }

    private void checkChunks(Node node) {
        if (hollow) {
            check(V6Content.hollowBits(node, blockSize) <= V6Inode.MAX_CHUNK_BITS, node + " is too large");
            return;
        }
        ChunkRecord[] chunks = node.chunks();
        long expected = Math.ceilDiv(node.size(), options.chunkSize());
        if (chunks.length != expected) {
            // Made only here: paths of all files would take longer than all else.
            throw new IllegalArgumentException(
                    "invalid chunk count " + chunks.length + " for " + node + " of " + node.size() + " bytes");
        }
        for (ChunkRecord chunk : chunks) {
            boolean good = chunk.blobIndex() >= 0
                    && chunk.blobIndex() < blobs.size()
                    && chunk.index() >= 0
                    && chunk.index() <= MAX_CHUNK_INDEX
                    && chunk.uncompressedOffset() >= 0
                    && chunk.uncompressedOffset() % blockSize == 0
                    && chunk.uncompressedOffset() / blockSize <= MAX_U32;
            if (!good) {
                throw new IllegalArgumentException("chunk " + chunk.index() + " of blob " + chunk.blobIndex() + " at "
                        + chunk.uncompressedOffset() + " in " + node + " cannot be addressed");
            }
        }
    }

    private static void check(boolean good, String problem) {
        if (!good) {
            throw new IllegalArgumentException(problem);
        }
    }

    // --- layout

    /** Places all nodes: a directory, then its children that are none, then the directories among them with all below. */
    private void place(Node root) {
        // An explicit stack, for directories may be deeper than a thread's stack.
        List<Node> pending = new ArrayList<>();
        pending.add(root);
        while (!pending.isEmpty()) {
            Node directory = pending.removeLast();
            placeDirectory(directory);
            List<Node> children = directory.children();
            for (Node child : children) {
                if (!child.isDirectory()) {
                    placeOther(child);
                }
            }
            for (int i = children.size() - 1; i >= 0; i--) {
                if (children.get(i).isDirectory()) {
                    pending.add(children.get(i));
                }
            }
        }
    }

    private void placeDirectory(Node directory) {
        V6DirectoryBlocks blocks = new V6DirectoryBlocks(directory);
        blocks.checkNames();
        space.flat(headSize(directory), blocks.size(blockSize));
        record(directory, space.contentOffset());
    }

    private void placeOther(Node node) {
        if (node.isRegular()) {
            placeFile(node);
        } else if (node.isSymlink()) {
            int length = V6Content.target(node).length;
            check(length <= MAX_TARGET, "symlink content size " + length + " of " + node + " is too big");
            space.flat(headSize(node), length);
            record(node, space.contentOffset());
        } else {
            space.special(headSize(node));
            record(node, 0);
        }
    }

    private void placeFile(Node node) {
        checkChunks(node);
        int headSize = headSize(node);
        if (node.ino() == node.index()) {
            space.file(headSize, hollow ? V6Content.hollowChunks(node) : node.chunks().length);
            record(node, 0);
            return;
        }
        // Each name of a file is written at the same place, so all must need the same room.
        Node first = nodes.get(node.ino() - 1);
        check(
                headSize == headSize(first) && node.chunks().length == first.chunks().length,
                node + " and " + first + " are links of one file but differ");
        nids[node.index() - 1] = nids[node.ino() - 1];
    }

    private int headSize(Node node) {
        int xattrSize;
        try {
            xattrSize = V6Xattr.areaSize(node.xattrs());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(node + ": " + e.getMessage(), e);
        }
        hasXattrs |= xattrSize != 0;
        return V6Inode.EXTENDED_SIZE + xattrSize;
    }

    private void record(Node node, long contentOffset) {
        check(space.end() / SLOT_SIZE <= MAX_U32, "the metadata of the image is too large");
        nids[node.index() - 1] = (int) (space.offset() / SLOT_SIZE);
        contentBlocks[node.index() - 1] = (int) (contentOffset / blockSize);
    }

    // --- tables

    private void collectChunks() {
        chunks = V6ChunkRecords.collect(nodes, blobs);
    }

    private V6Plan finish(List<Node> prefetchNodes) {
        int count = blobs.size();
        long blobTable = roundUp(V6Device.TABLE_OFFSET + (long) count * V6Device.SIZE, BLOCK_SIZE);
        long blobTableEnd = blobTable + (long) count * V6BlobEntry.SIZE;
        int[] prefetch = count == 0
                ? new int[0]
                : prefetchNodes.stream().mapToInt(this::nid).toArray();
        long prefetchSize = (long) prefetch.length * Integer.BYTES;
        check(prefetchSize <= MAX_U32, prefetch.length + " prefetch entries are too many");
        long meta = count == 0 ? 0 : roundUp(blobTableEnd + prefetchSize, BLOCK_SIZE);
        long chunkTable = roundUp(meta + space.end(), BLOCK_SIZE);
        long chunkTableSize = (long) chunks.count() * ChunkRecord.SIZE;
        long size = roundUp(chunkTable + chunkTableSize, BLOCK_SIZE);
        List<V6Device> devices = devices(size);
        V6Superblock superblock = new V6Superblock(
                options.tarfs() ? V6Superblock.TARFS_BLOCK_BITS : V6Superblock.BLOCK_BITS,
                nids[0],
                nodes.size(),
                devices.stream().mapToLong(V6Device::blocks).sum(),
                meta / blockSize,
                count);
        V6ExtendedSuperblock extended = new V6ExtendedSuperblock(
                flags(),
                blobTable,
                (long) count * V6BlobEntry.SIZE,
                options.chunkSize(),
                chunkTable,
                chunkTableSize,
                prefetch.length == 0 ? 0 : blobTableEnd,
                prefetchSize);
        V6Content content = new V6Content(nodes, nids, contentBlocks, meta, blockSize, options.chunkSize(), hollow);
        return new V6Plan(size, superblock, extended, devices, blobs, prefetch, content, chunks);
    }

    private int nid(Node node) {
        return nids[node.index() - 1];
    }

    private SuperblockFlags flags() {
        long bits = SuperblockFlags.bitOf(options.compression())
                | SuperblockFlags.bitOf(options.digestAlgorithm())
                | SuperblockFlags.bitOf(options.cipher());
        if (options.explicitUidGid()) {
            bits |= SuperblockFlags.EXPLICIT_UID_GID;
        }
        if (hasXattrs) {
            bits |= SuperblockFlags.HAS_XATTR;
        }
        if (options.tarfs()) {
            bits |= SuperblockFlags.TARTFS_MODE;
        }
        // Also true of an image without blobs.
        if (blobs.stream().allMatch(blob -> blob.features().has(BlobFeatures.INLINED_CHUNK_DIGEST))) {
            bits |= SuperblockFlags.INLINED_CHUNK_DIGEST;
        }
        return new SuperblockFlags(bits);
    }

    /** Places the blobs in the block space behind the bootstrap, which is device 0. */
    private List<V6Device> devices(long bootstrapSize) {
        List<V6Device> devices = new ArrayList<>(blobs.size());
        long position = bootstrapSize;
        long total = 0;
        for (BlobInfo blob : blobs) {
            // Readers do not take a blob without blocks.
            long blocks = Math.max(1, blob.deviceBlocks(blockSize, options.tarfs()));
            long mapped = roundUp(position, V6Constants.DEVICE_ALIGNMENT) / blockSize;
            total += blocks;
            check(
                    blocks <= MAX_U32 && mapped <= MAX_U32 && total <= MAX_U32,
                    "the image has too many data blocks: uncompressed blob size " + blob.uncompressedSize()
                            + " of blob " + blob.index() + " is too big");
            devices.add(new V6Device(blob.id(), blocks, mapped));
            position = mapped * blockSize + blob.uncompressedSize();
        }
        return devices;
    }
}
