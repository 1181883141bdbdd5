package io.nydus4j.build.block;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.digest.Sha256;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The hash tree of dm-verity over a device: SHA-256 without a salt, hash pages of 4096 bytes, the top level first.
 *
 * <p>Level 1 has a digest for each data block; level {@code n + 1} has one for each page of level {@code n}; the last has one page, whose
 * digest is the root. A device of at most one block has no pages: the root is the digest of that block.
 */
public final class VerityTree {
    /** Bytes of a page of digests. */
    public static final int PAGE = 4096;

    private static final Digest ZERO_PAGE = new Sha256().digest(MemorySegment.ofArray(new byte[PAGE]));

    /** The levels, top first. */
    private final List<MemorySegment> levels;

    private final Digest root;

    private VerityTree(List<MemorySegment> levels, Digest root) {
        this.levels = levels;
        this.root = root;
    }

    /**
     * Builds the tree.
     *
     * @param digests       digest of each data block, {@value io.nydus4j.blob.Digest#SIZE} bytes each
     * @param referenceTree whether the unused rest of a page is filled with digests of zeros, as the reference does it, instead of with
     *                      zeros; {@code veritysetup verify} refuses the former
     * @param arena         owns the tree
     */
    public static VerityTree build(MemorySegment digests, boolean referenceTree, Arena arena) {
        Sha256 sha256 = new Sha256();
        List<MemorySegment> levels = new ArrayList<>();
        MemorySegment below = digests;
        while (below.byteSize() > Digest.SIZE) {
            MemorySegment level = arena.allocate(Math.ceilDiv(below.byteSize(), PAGE) * PAGE, Long.BYTES);
            MemorySegment.copy(below, 0, level, 0, below.byteSize());
            if (referenceTree) {
                for (long at = below.byteSize(); at < level.byteSize(); at += Digest.SIZE) {
                    ZERO_PAGE.write(level, at);
                }
            }
            levels.addFirst(level);
            below = arena.allocate(level.byteSize() / PAGE * Digest.SIZE, Long.BYTES);
            for (long page = 0; page < level.byteSize() / PAGE; page++) {
                sha256.digest(level.asSlice(page * PAGE, PAGE)).write(below, page * Digest.SIZE);
            }
        }
        return new VerityTree(List.copyOf(levels), below.byteSize() == 0 ? ZERO_PAGE : Digest.read(below, 0));
    }

    /** Returns the digest that stands for the whole device. */
    public Digest root() {
        return root;
    }

    /** Returns the pages as they are stored, level by level, the top first. */
    public List<MemorySegment> levels() {
        return levels;
    }
}
