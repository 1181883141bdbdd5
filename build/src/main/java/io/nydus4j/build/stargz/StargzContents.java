package io.nydus4j.build.stargz;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.build.write.BlobTable;
import io.nydus4j.build.write.ChunkDictionary;
import io.nydus4j.rafs.tree.ImageTree;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns a table of contents into the tree and the blob of an image, whose chunks lie in the layer itself. Mirrors the {@code StargzBuilder}
 * of the reference. The layer is never read.
 *
 * <p>Two kinds of layers cannot be images as they are, and are refused:
 * <ul>
 *   <li>Chunks of varying size, as containers/storage cuts zstd:chunked layers by content. Both versions of RAFS find the chunk of a
 *       place in a file by division, so all chunks of a file but its last have the image's chunk size, and a chunk must be decoded as
 *       a whole: there is none whose ends are not known.
 *   <li>Several files in one compressed piece ({@code innerOffset}, which eStargz has with a least chunk size). A chunk's record tells
 *       where the compressed data starts and not how much of what comes out belongs to others; batches and zran contexts could, but
 *       only in chunk information, of which a layer that stays as it is has none, and batches need exact stored sizes, which no table
 *       of contents tells.
 * </ul>
 */
public final class StargzContents {
    private static final System.Logger LOG = System.getLogger(StargzContents.class.getName());
    /** What the makers of layers put into them for themselves. */
    private static final Set<String> LEFT_OUT =
            Set.of("stargz.index.json", ".prefetch.landmark", ".no.prefetch.landmark");

    private static final int MAX_WARNINGS = 20;
    private static final String ADVICE =
            "an image needs the chunk size that the layer was made with; if that varies, only --type targz-rafs can"
                    + " make one";

    /** Memory that a name and a chunk take until the image is written, about, in bytes. */
    private static final int NAME_MEMORY = 450;

    private static final int CHUNK_MEMORY = 350;

    /**
     * What a table of contents tells.
     *
     * @param tree    the names, not numbered yet; files have their chunks
     * @param blob    the layer
     * @param entries number of entries in the table
     */
    public record Result(ImageTree tree, StargzBlob blob, long entries) {}

    private final StargzLayout layout;
    private final EntryIdentity identity;
    private final StargzTree tree;
    private final List<StargzChunk> chunks = new ArrayList<>();
    private final long memory = Runtime.getRuntime().maxMemory() / 10 * 9;
    private long used;
    private long entries;
    private int unknown;

    /** The entry before, if it was a name, and its data: chunks mostly follow their file. */
    private String lastName = "";

    private @Nullable StargzFile lastFile;

    private StargzContents(StargzLayout layout) {
        this.layout = layout;
        this.identity = new EntryIdentity(layout.blobId());
        this.tree = new StargzTree(new NodeAttributes(layout.explicitUidGid(), layout.layer()));
    }

    /**
     * Reads a table of contents.
     *
     * @param json the text; left open
     * @throws RafsFormatException if it breaks a rule; the message names the entry
     * @throws IOException         if it cannot be read
     */
    public static Result read(InputStream json, StargzLayout layout) throws IOException {
        return read(json, layout, ChunkDictionary.NONE, new BlobTable(List.of()));
    }

    /**
     * Reads a table of contents of which chunks may be known already.
     *
     * @param json       the text; left open
     * @param dictionary chunks that need not be read from the layer
     * @param table      gives the layer its index, if it is needed
     * @throws RafsFormatException if it breaks a rule; the message names the entry
     * @throws IOException         if it cannot be read
     */
    public static Result read(InputStream json, StargzLayout layout, ChunkDictionary dictionary, BlobTable table)
            throws IOException {
        StargzContents contents = new StargzContents(layout);
        StargzTocReader.read(json, contents::add);
        return contents.finish(new ChunkPlacement(layout, dictionary, table));
    }

    private void add(StargzEntry entry) throws RafsFormatException {
        entries++;
        Optional<StargzType> type = entry.type();
        if (type.isEmpty()) {
            warnOfUnknown(entry);
            return;
        }
        if (isLeftOut(entry)) {
            return;
        }
        if (Long.remainderUnsigned(entry.chunkOffset(), layout.chunkSize()) != 0) {
            throw entry.broken("stargz chunk offset (0x%x) is not aligned to 0x%x"
                    .formatted(entry.chunkOffset(), layout.chunkSize()));
        }
        if (type.get() == StargzType.CHUNK) {
            addChunk(entry);
            return;
        }
        use(NAME_MEMORY + 3L * entry.name().length(), entry);
        boolean regular = type.get() == StargzType.REGULAR;
        int length = regular ? headLength(entry) : 0;
        lastFile = tree.add(entry, type.get());
        lastName = entry.name();
        if (lastFile != null && length > 0) {
            lastFile.setOpen(isMultiple(entry));
            addData(lastFile, entry, length);
        }
    }

    /** Refuses a table that does not fit in memory, before the collector has no rest any more. */
    private void use(long bytes, StargzEntry entry) throws RafsFormatException {
        used += bytes;
        if (used > memory) {
            throw entry.broken("the table of contents is too large for the memory that Java may use (-Xmx), "
                    + (Runtime.getRuntime().maxMemory() >> 20) + " MiB");
        }
    }

    private void warnOfUnknown(StargzEntry entry) {
        if (++unknown <= MAX_WARNINGS) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "stargz: unsupported {0} with type {1}",
                    EntryLabel.printable(entry.name()),
                    EntryLabel.printable(entry.typeText()));
        }
    }

    private static boolean isLeftOut(StargzEntry entry) throws RafsFormatException {
        if (!entry.name().contains("landmark") && !entry.name().contains("stargz.index.json")) {
            return false;
        }
        List<String> path = StargzPath.components(entry.name(), entry.label());
        return path.size() == 1 && LEFT_OUT.contains(path.getFirst());
    }

    private static boolean isMultiple(StargzEntry entry) {
        return entry.chunkOffset() != 0 || entry.chunkSize() != 0;
    }

    /** Returns the length of a file's first chunk; 0 if the file is empty. */
    private int headLength(StargzEntry entry) throws RafsFormatException {
        if (!isMultiple(entry)) {
            return checkedLength(entry, entry.size(), "stargz chunk size");
        }
        boolean whole = entry.chunkOffset() == 0 && isRest(entry, entry.size());
        if (entry.chunkSize() != layout.chunkSize() && !whole) {
            throw entry.broken("stargz first chunk size is not 0x%x, but 0x%x: %s"
                    .formatted(layout.chunkSize(), entry.chunkSize(), ADVICE));
        }
        return (int) entry.chunkSize();
    }

    /** Tells whether an entry says of a last chunk, which may be short, how long it is; most writers leave that out. */
    private boolean isRest(StargzEntry entry, long size) {
        return Long.compareUnsigned(entry.chunkSize(), layout.chunkSize()) < 0
                && entry.chunkOffset() + entry.chunkSize() == size;
    }

    private int checkedLength(StargzEntry entry, long length, String what) throws RafsFormatException {
        if (Long.compareUnsigned(length, layout.chunkSize()) > 0) {
            throw entry.broken(
                    "%s 0x%x is bigger than chunk size 0x%x: %s".formatted(what, length, layout.chunkSize(), ADVICE));
        }
        return (int) length;
    }

    private void addChunk(StargzEntry entry) throws RafsFormatException {
        StargzFile file = fileOf(entry);
        int length;
        if (entry.chunkSize() != 0) {
            if (entry.chunkSize() != layout.chunkSize() && (file == null || !isRest(entry, file.size()))) {
                throw entry.broken("stargz chunk size is not 0x%x, but 0x%x: %s"
                        .formatted(layout.chunkSize(), entry.chunkSize(), ADVICE));
            }
            length = (int) entry.chunkSize();
        } else {
            if (file == null || !file.isOpen()) {
                throw entry.broken("stargz tailer chunk lacks of corresponding head chunk");
            }
            file.setOpen(false);
            if (Long.compareUnsigned(entry.chunkOffset(), file.size()) > 0) {
                throw entry.broken(
                        "stargz file size and sum of chunk size doesn't match: the last chunk starts at 0x%x, "
                                        .formatted(entry.chunkOffset())
                                + "the file ends at 0x%x".formatted(file.size()));
            }
            length = checkedLength(entry, file.size() - entry.chunkOffset(), "stargz: size of last chunk");
        }
        if (length == 0) {
            return;
        }
        if (file == null || file.isEmpty()) {
            throw entry.broken("stargz file chunk lacks of corresponding head regular file entry");
        }
        addData(file, entry, length);
    }

    private @Nullable StargzFile fileOf(StargzEntry chunk) throws RafsFormatException {
        if (lastFile != null && lastName.equals(chunk.name())) {
            return lastFile;
        }
        StargzName name = tree.find(chunk.name(), chunk.label());
        return name == null ? null : name.file();
    }

    private void addData(StargzFile file, StargzEntry entry, int length) throws RafsFormatException {
        if (!entry.chunkType().isEmpty() && !entry.chunkType().equals("data")) {
            throw entry.broken("chunks of type " + EntryLabel.printable(entry.chunkType()) + " are not supported");
        }
        use(CHUNK_MEMORY, entry);
        StargzChunk chunk = new StargzChunk(entry, file, length, identity);
        file.add(chunk);
        chunks.add(chunk);
    }

    private Result finish(ChunkPlacement placement) throws IOException {
        if (unknown > MAX_WARNINGS) {
            LOG.log(System.Logger.Level.WARNING, "stargz: {0} entries of unknown types in all", unknown);
        }
        List<StargzName> names = tree.names();
        for (StargzName name : names) {
            StargzFile file = name.file();
            if (file != null) {
                file.check();
                file.keep();
            }
        }
        List<StargzChunk> kept =
                chunks.stream().filter(chunk -> chunk.file().isKept()).toList();
        StargzBlob blob = placement.place(kept);
        for (StargzName name : names) {
            StargzFile file = name.file();
            if (file != null) {
                name.node().setChunks(file.records());
            }
        }
        HardLinks links = new HardLinks(tree);
        for (StargzName name : names) {
            if (name.link() != null) {
                HardLinks.share(name, links.target(name));
            }
        }
        return new Result(new ImageTree(tree.finish()), blob, entries);
    }
}
