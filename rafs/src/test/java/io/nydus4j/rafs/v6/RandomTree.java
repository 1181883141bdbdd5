package io.nydus4j.rafs.v6;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import io.nydus4j.rafs.tree.Xattr;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A tree of names of every kind, from a seed. Files have chunks in three blobs, whose bytes nobody has. */
final class RandomTree {
    private static final String[] PREFIXES = {"user.", "trusted.", "security."};

    final Random random;
    final boolean tarfs;
    final int chunkSize;
    final ImageTree tree;
    /** Names are printable ASCII, and xattrs what any kernel lets everybody see. */
    final boolean plain;

    private final int blockSize;
    private final List<Node> directories = new ArrayList<>();
    private final List<Node> files = new ArrayList<>();
    private final List<ChunkRecord> known = new ArrayList<>();
    private final long[] blobEnds;
    private final int[] chunkCounts;
    private long sources = 1;

    RandomTree(long seed, int names, boolean tarfs, boolean plain) {
        this.random = new Random(seed);
        this.tarfs = tarfs;
        this.plain = plain;
        this.blockSize = tarfs ? 512 : 4096;
        this.chunkSize = 4096 << random.nextInt(3);
        this.blobEnds = new long[tarfs ? 2 : 3];
        this.chunkCounts = new int[blobEnds.length];
        Node root = Node.root(FileMode.DIRECTORY | 0755, new SourceId(0, 1, SourceId.NO_DEVICE));
        directories.add(root);
        while (names-- > 0) {
            add();
        }
        tree = new ImageTree(root);
        tree.number();
    }

    private void add() {
        int kind = random.nextInt(20);
        Node parent = directories.get(
                random.nextBoolean()
                        ? directories.size() - 1 - random.nextInt(Math.min(3, directories.size()))
                        : random.nextInt(directories.size()));
        byte[] name = name();
        if (parent.child(name) != null) {
            return;
        }
        if (kind == 0 && !files.isEmpty()) {
            parent.put(hardLink(name));
            return;
        }
        int type =
                kind < 3 ? FileMode.DIRECTORY : kind < 12 ? FileMode.REGULAR : kind < 16 ? FileMode.SYMLINK : special();
        Node node = new Node(name, type | random.nextInt(010000), new SourceId(0, ++sources, SourceId.NO_DEVICE));
        node.setOwner(random.nextInt(), random.nextInt(70_000));
        // Seconds before 1970 too; the kernel of 32-bit times is not of interest.
        node.setMtime(random.nextInt(), random.nextInt(1_000_000_000));
        if (random.nextInt(4) == 0) {
            node.setXattrs(xattrs(type));
        }
        switch (type) {
            case FileMode.DIRECTORY -> directories.add(node);
            case FileMode.REGULAR -> {
                fill(node);
                files.add(node);
            }
            case FileMode.SYMLINK -> node.setSymlinkTarget(target());
            case FileMode.CHARACTER_DEVICE, FileMode.BLOCK_DEVICE -> node.setRdev(random.nextInt());
            default -> {}
        }
        parent.put(node);
    }

    private int special() {
        int[] types = {FileMode.CHARACTER_DEVICE, FileMode.BLOCK_DEVICE, FileMode.FIFO, FileMode.SOCKET};
        return types[random.nextInt(types.length)];
    }

    private Node hardLink(byte[] name) {
        Node target = files.get(random.nextInt(files.size()));
        Node node = new Node(name, target.mode(), target.sourceId());
        node.setOwner(target.uid(), target.gid());
        node.setMtime(target.mtimeSeconds(), target.mtimeNanos());
        node.setSize(target.size());
        node.setXattrsInOrder(target.xattrs());
        node.setChunks(target.chunks());
        return node;
    }

    /** A name, some of which sort before {@code .} or between it and {@code ..}. */
    private byte[] name() {
        while (true) {
            byte[] name = new byte[1 + random.nextInt(random.nextInt(8) == 0 ? 255 : 12)];
            for (int i = 0; i < name.length; i++) {
                name[i] = (byte) (plain ? '!' + random.nextInt(94) : 1 + random.nextInt(255));
                if (name[i] == '/') {
                    name[i] = (byte) (plain ? '.' : 0xFF);
                }
            }
            if (random.nextInt(6) == 0) {
                name[0] = '.';
            }
            String text = new String(name, StandardCharsets.ISO_8859_1);
            if (!text.equals(".") && !text.equals("..")) {
                return name;
            }
        }
    }

    private byte[] target() {
        int[] bounds = {20, 600, 4095};
        byte[] target = new byte[1 + random.nextInt(bounds[random.nextInt(bounds.length)])];
        for (int i = 0; i < target.length; i++) {
            target[i] = (byte) ('a' + random.nextInt(26));
        }
        return target;
    }

    private List<Xattr> xattrs(int type) {
        List<Xattr> xattrs = new ArrayList<>();
        // Linux keeps user attributes of files and directories only.
        boolean user = type == FileMode.REGULAR || type == FileMode.DIRECTORY;
        for (int i = random.nextInt(4); i >= 0; i--) {
            String prefix = PREFIXES[(user ? 0 : 1) + random.nextInt(user ? 1 + (plain ? 0 : 2) : 2)];
            byte[] value = new byte[random.nextInt(random.nextInt(10) == 0 ? 3000 : 40)];
            random.nextBytes(value);
            String name = prefix + "k" + i + "x".repeat(random.nextInt(20));
            xattrs.add(new Xattr(name.getBytes(StandardCharsets.US_ASCII), value));
        }
        if (!plain && random.nextInt(5) == 0) {
            xattrs.add(new Xattr("system.posix_acl_access".getBytes(StandardCharsets.US_ASCII), new byte[44]));
            xattrs.add(new Xattr("system.posix_acl_default".getBytes(StandardCharsets.US_ASCII), new byte[28]));
        }
        return xattrs;
    }

    private void fill(Node node) {
        int size = random.nextInt(5) == 0 ? 0 : random.nextInt(random.nextInt(4) == 0 ? 12 * chunkSize : 2 * chunkSize);
        if (random.nextInt(10) == 0) {
            size = (size + chunkSize - 1) / chunkSize * chunkSize;
        }
        node.setSize(size);
        ChunkRecord[] chunks = new ChunkRecord[(size + chunkSize - 1) / chunkSize];
        int blob = random.nextInt(blobEnds.length);
        // Some files in one piece, others scattered over the blobs and with chunks that others have too.
        boolean scattered = !tarfs && random.nextBoolean();
        for (int i = 0; i < chunks.length; i++) {
            int length = Math.min(chunkSize, size - i * chunkSize);
            ChunkRecord old = scattered && !known.isEmpty() ? known.get(random.nextInt(known.size())) : null;
            if (old != null && old.uncompressedSize() == length) {
                chunks[i] = old.atFileOffset((long) i * chunkSize);
            } else {
                chunks[i] = chunk(scattered ? random.nextInt(blobEnds.length) : blob, length, (long) i * chunkSize);
                known.add(chunks[i]);
            }
        }
        node.setChunks(chunks);
    }

    private ChunkRecord chunk(int blob, int length, long fileOffset) {
        Digest digest = tarfs
                ? Digest.ZERO
                : new Digest(random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong());
        long start = blobEnds[blob];
        ChunkRecord chunk = new ChunkRecord(
                digest,
                blob,
                tarfs ? 0 : ChunkFlags.HAS_CRC32,
                length,
                length,
                start,
                start,
                fileOffset,
                chunkCounts[blob]++,
                tarfs ? 0 : random.nextInt());
        blobEnds[blob] = (start + length + blockSize - 1) / blockSize * blockSize;
        return chunk;
    }

    /** Returns the blobs: those that have no chunk get one block, for a blob has not nothing. */
    List<BlobInfo> blobs() {
        List<BlobInfo> blobs = new ArrayList<>();
        for (int i = 0; i < blobEnds.length; i++) {
            long size = Math.max(blobEnds[i], blockSize);
            int features = tarfs ? BlobFeatures.TARFS : BlobFeatures.ALIGNED;
            blobs.add(BlobInfo.builder()
                    .id(String.valueOf((char) ('a' + i)).repeat(64))
                    .index(i)
                    .chunkSize(chunkSize)
                    .chunkCount(chunkCounts[i])
                    .features(new BlobFeatures(features | BlobFeatures.CAP_TAR_TOC))
                    .compressedSize(size)
                    .uncompressedSize(size)
                    .chunkInfoUncompressedSize(tarfs ? 0 : 16L * chunkCounts[i])
                    .build());
        }
        return blobs;
    }

    BootstrapOptions options() {
        return new BootstrapOptions(
                chunkSize,
                Compression.NONE,
                tarfs ? DigestAlgorithm.SHA256 : DigestAlgorithm.BLAKE3,
                CipherAlgorithm.NONE,
                true,
                false,
                tarfs);
    }

    byte[] write() {
        return GoldenV6.write(V6BootstrapWriter.plan(tree, blobs(), List.of(tree.root()), options()));
    }
}
