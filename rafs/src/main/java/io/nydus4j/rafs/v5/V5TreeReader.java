package io.nydus4j.rafs.v5;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Makes a tree of a v5 image, to build on it or to merge it. */
public final class V5TreeReader {
    private V5TreeReader() {}

    /**
     * Reads the whole tree.
     *
     * <p>Each name becomes a node, with its chunks, digest, size and blocks as stored; names of one file get equal source ids. Records
     * that overlap are refused, so that memory stays in proportion to the file.
     *
     * @param layer number of the layer that the source ids get
     * @return an unnumbered tree
     * @throws RafsFormatException if the image is broken
     */
    public static ImageTree read(V5Bootstrap bootstrap, int layer) throws RafsFormatException {
        long[] bytesLeft = {bootstrap.file().byteSize()};
        V5InodeView root = bootstrap.root();
        if (!root.isDirectory()) {
            throw new RafsFormatException("inode 1", root.recordOffset(), "the root is no directory");
        }
        Node rootNode = node(root, layer, bytesLeft);
        List<V5InodeView> directories = new ArrayList<>();
        List<Node> nodes = new ArrayList<>();
        directories.add(root);
        nodes.add(rootNode);
        while (!directories.isEmpty()) {
            V5InodeView directory = directories.removeLast();
            Node directoryNode = nodes.removeLast();
            List<Node> children = new ArrayList<>(directory.childCount());
            for (int i = 0; i < directory.childCount(); i++) {
                V5InodeView child = directory.childAt(i);
                Node node = node(child, layer, bytesLeft);
                if (i > 0 && Arrays.compareUnsigned(children.getLast().name(), node.name()) >= 0) {
                    throw new RafsFormatException(
                            "inode " + child.index(), child.recordOffset(), "its name does not follow the one before");
                }
                children.add(node);
                if (child.isDirectory()) {
                    directories.add(child);
                    nodes.add(node);
                }
            }
            directoryNode.setChildren(children);
        }
        return new ImageTree(rootNode);
    }

    private static Node node(V5InodeView inode, int layer, long[] bytesLeft) throws RafsFormatException {
        bytesLeft[0] -= inode.recordSize();
        if (bytesLeft[0] < 0) {
            throw new RafsFormatException("inode " + inode.index(), inode.recordOffset(), "its record overlaps others");
        }
        Node node = new Node(inode.name(), inode.mode(), new SourceId(layer, inode.ino(), SourceId.NO_DEVICE));
        node.setOwner(inode.uid(), inode.gid());
        node.setRdev(inode.rdev());
        node.setMtime(inode.mtimeSeconds(), inode.mtimeNanos());
        if (inode.isSymlink()) {
            node.setSymlinkTarget(inode.symlinkTarget());
        }
        node.setSize(inode.size());
        node.setBlocks(inode.blocks());
        node.setXattrsInOrder(inode.xattrs());
        node.setDigest(inode.digest());
        node.setHardLinkFlag(inode.hardLinkFlag());
        ChunkRecord[] chunks = new ChunkRecord[inode.chunkCount()];
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = inode.chunk(i);
        }
        node.setChunks(chunks);
        return node;
    }
}
