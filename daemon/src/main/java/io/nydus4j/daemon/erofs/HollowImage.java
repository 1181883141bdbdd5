package io.nydus4j.daemon.erofs;

import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Digest;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.BootstrapPlan;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.TreeLoader;
import io.nydus4j.rafs.tree.Xattr;
import io.nydus4j.rafs.v6.V6BootstrapWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An image's names and attributes without its data, as the lowest layer of an overlay: each file leads by xattrs of the overlay's to its
 * content among the objects of a store. The format is that of composefs, without its digests of fs-verity.
 *
 * @param metadata an EROFS that is to be written
 * @param contents what its files lead to, each content once
 */
record HollowImage(BootstrapPlan metadata, List<Content> contents) {
    private static final byte[] METACOPY = RawBytes.bytes("trusted.overlay.metacopy");
    private static final byte[] REDIRECT = RawBytes.bytes("trusted.overlay.redirect");
    private static final byte[] OVERLAYS = RawBytes.bytes("trusted.overlay.");
    private static final byte[] ESCAPE = RawBytes.bytes("overlay.");

    /**
     * Content of files.
     *
     * @param name of the content
     * @param size in bytes
     * @param ino  number of a file in the image that has it
     */
    record Content(String name, long size, long ino) {}

    /**
     * Makes one.
     *
     * @throws IOException if an overlay could not show the image as it is, or it does not say what its files contain
     */
    static HollowImage of(Bootstrap bootstrap) throws IOException {
        Superblock superblock = bootstrap.superblock();
        ImageTree tree = TreeLoader.load(bootstrap, 0);
        Map<String, Content> contents = new LinkedHashMap<>();
        List<Node> nodes = new ArrayList<>();
        tree.preOrder(nodes::add);
        for (Node node : nodes) {
            if (FileMode.type(node.mode()) == FileMode.CHARACTER_DEVICE && node.rdev() == 0) {
                throw new IOException(
                        "not supported: " + printable(node) + " is a whiteout, which an overlay would not show");
            }
            List<Xattr> xattrs = new ArrayList<>();
            for (Xattr xattr : node.xattrs()) {
                xattrs.add(escaped(xattr));
            }
            if (node.isRegular() && node.size() > 0) {
                String name = name(node, superblock);
                contents.putIfAbsent(
                        name, new Content(name, node.size(), node.sourceId().inode()));
                xattrs.add(new Xattr(METACOPY, new byte[0]));
                xattrs.add(new Xattr(REDIRECT, RawBytes.bytes("/" + name)));
            }
            node.setXattrs(xattrs);
        }
        BootstrapOptions options = new BootstrapOptions(
                superblock.chunkSize(),
                superblock.compression(),
                superblock.digestAlgorithm(),
                CipherAlgorithm.NONE,
                true,
                false,
                false);
        try {
            return new HollowImage(V6BootstrapWriter.planHollow(tree, options), List.copyOf(contents.values()));
        } catch (IllegalArgumentException e) {
            throw new IOException("not supported: " + e.getMessage(), e);
        }
    }

    /** Returns an xattr as an overlay takes it for the image's and not for its own. */
    private static Xattr escaped(Xattr xattr) {
        byte[] name = xattr.name();
        if (name.length < OVERLAYS.length || !Arrays.equals(name, 0, OVERLAYS.length, OVERLAYS, 0, OVERLAYS.length)) {
            return xattr;
        }
        byte[] longer = Arrays.copyOf(OVERLAYS, ESCAPE.length + name.length);
        System.arraycopy(ESCAPE, 0, longer, OVERLAYS.length, ESCAPE.length);
        System.arraycopy(name, OVERLAYS.length, longer, OVERLAYS.length + ESCAPE.length, name.length - OVERLAYS.length);
        return new Xattr(longer, xattr.value());
    }

    private static String name(Node node, Superblock superblock) throws IOException {
        ContentName name = new ContentName(superblock.digestAlgorithm(), node.size());
        for (ChunkRecord chunk : node.chunks()) {
            boolean named = chunk.crc32() == ChunkRecord.NAMED && (chunk.flags() & ChunkFlags.HAS_CRC32) == 0;
            if (named || chunk.digest().equals(Digest.ZERO)) {
                throw new IOException(
                        "not supported: the image has no digest of what " + printable(node) + " contains");
            }
            name.add(chunk.digest(), chunk.uncompressedSize());
        }
        return name.text();
    }

    private static String printable(Node node) {
        return RawBytes.printable(node.path());
    }
}
