package io.nydus4j.build.external;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * The part of an image whose data lies in external storage: external files, and the directories that lead to them.
 *
 * <p>Other than with the reference, files beside external ones stay in the main image. Not safe for use by several threads.
 */
public final class ExternalTree {
    private final Attributes attributes;
    private final DigestAlgorithm digestAlgorithm;
    private final Node root;
    /** Blobs by index; their chunk counts grow. */
    private final Map<Integer, Blob> blobs = new TreeMap<>();

    private OptionalInt chunkSize = OptionalInt.empty();

    /** A blob in external storage. */
    private static final class Blob {
        private final ExternalFile first;
        private int chunks;

        Blob(ExternalFile first) {
            this.first = first;
        }
    }

    private ExternalTree(Attributes attributes, DigestAlgorithm digestAlgorithm, Node mainRoot) {
        this.attributes = attributes;
        this.digestAlgorithm = digestAlgorithm;
        this.root = copy(mainRoot);
    }

    /**
     * Takes the external files out of a tree. Directories of the tree stay, even if nothing is left in them.
     *
     * @param main            root of the tree; changed
     * @param digestAlgorithm the image's
     * @throws IOException if the attributes of an external file make no sense
     */
    public static ExternalTree takeFrom(Node main, Attributes attributes, DigestAlgorithm digestAlgorithm)
            throws IOException {
        ExternalTree tree = new ExternalTree(attributes, digestAlgorithm, main);
        if (attributes.hasExternal()) {
            tree.take(main);
        }
        return tree;
    }

    private static Node copy(Node directory) {
        Node copy = directory.parent() == null
                ? Node.root(directory.mode(), directory.sourceId())
                : new Node(directory.name(), directory.mode(), directory.sourceId());
        copy.setOwner(directory.uid(), directory.gid());
        copy.setMtime(directory.mtimeSeconds(), directory.mtimeNanos());
        copy.setRdev(directory.rdev());
        copy.setXattrsInOrder(directory.xattrs());
        return copy;
    }

    private void take(Node main) throws IOException {
        List<Node> directories = new ArrayList<>(List.of(main));
        while (!directories.isEmpty()) {
            Node directory = directories.removeLast();
            for (Node child : List.copyOf(directory.children())) {
                if (child.isDirectory()) {
                    directories.add(child);
                } else if (attributes.isExternal(child.path())) {
                    byte[] path = child.path();
                    Node place = place(directory);
                    directory.remove(child.name());
                    if (child.isRegular()) {
                        setChunks(child, path);
                    }
                    place.put(child);
                }
            }
        }
    }

    /** Returns the directory that stands for one of the main tree, made with all that lead to it. */
    private Node place(Node directory) {
        Node above = directory.parent();
        if (above == null) {
            return root;
        }
        Node parent = place(above);
        Node known = parent.child(directory.name());
        if (known != null) {
            return known;
        }
        Node copy = copy(directory);
        parent.put(copy);
        return copy;
    }

    private void setChunks(Node file, byte[] path) throws IOException {
        if (file.size() == 0) {
            ExternalFile.fileSize(attributes, path).ifPresent(file::setSize);
        }
        ExternalFile external = ExternalFile.of(attributes, path);
        if (chunkSize.isPresent() && chunkSize.getAsInt() != external.chunkSize()) {
            throw new IOException("external file " + RawBytes.text(path) + " has chunks of " + external.chunkSize()
                    + " bytes, others have " + chunkSize.getAsInt());
        }
        chunkSize = OptionalInt.of(external.chunkSize());
        Blob blob = blobs.computeIfAbsent(external.blobIndex(), _ -> new Blob(external));
        if (!blob.first.blobId().equals(external.blobId())) {
            throw new IOException("external file " + RawBytes.text(path) + ": blob " + external.blobIndex() + " is "
                    + blob.first.blobId() + " for others");
        }
        if (external.offset() > Long.MAX_VALUE - file.size()) {
            throw new IOException("external file " + RawBytes.text(path) + ": its " + file.size() + " bytes at "
                    + external.offset() + " end behind the last possible offset");
        }
        long count = Math.ceilDiv(file.size(), external.chunkSize());
        if (count > external.crcs().size()) {
            throw new IOException("invalid crc index " + external.crcs().size() + " for file " + RawBytes.text(path));
        }
        ChunkRecord[] chunks = new ChunkRecord[(int) count];
        for (int i = 0; i < count; i++) {
            long fileOffset = (long) i * external.chunkSize();
            int length = (int) Math.min(external.chunkSize(), file.size() - fileOffset);
            chunks[i] = new ChunkRecord(
                    Digest.ZERO,
                    external.blobIndex(),
                    ChunkFlags.HAS_CRC32,
                    length,
                    length,
                    external.offset() + fileOffset,
                    external.offset() + fileOffset,
                    fileOffset,
                    blob.chunks++,
                    external.crcs().get(i));
        }
        file.setChunks(chunks);
    }

    /** Returns the root. */
    public Node root() {
        return root;
    }

    /** Returns the size of a whole chunk, if there are any. */
    public OptionalInt chunkSize() {
        return chunkSize;
    }

    /**
     * Returns the blobs by index.
     *
     * @throws IOException if no file tells of one of them
     */
    public List<BlobInfo> blobs() throws IOException {
        List<BlobInfo> infos = new ArrayList<>();
        for (Map.Entry<Integer, Blob> entry : blobs.entrySet()) {
            if (entry.getKey() != infos.size()) {
                throw new IOException("no external file has blob_index " + infos.size());
            }
            Blob blob = entry.getValue();
            infos.add(BlobInfo.builder()
                    .id(blob.first.blobId())
                    .index(entry.getKey())
                    .chunkSize(blob.first.chunkSize())
                    .chunkCount(blob.chunks)
                    .compression(Compression.NONE)
                    .digestAlgorithm(digestAlgorithm)
                    .features(new BlobFeatures(BlobFeatures.EXTERNAL | BlobFeatures.CAP_TAR_TOC))
                    .compressedSize(blob.first.blobSize())
                    .uncompressedSize(blob.first.blobSize())
                    // There is no chunk information; this is what an empty header says.
                    .chunkInfoCompression(Compression.LZ4_BLOCK)
                    .build());
        }
        return infos;
    }
}
