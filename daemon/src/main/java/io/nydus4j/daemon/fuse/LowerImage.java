package io.nydus4j.daemon.fuse;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.fuse.FuseAttributes;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.FuseRequest;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * An image as the lower layer of an overlay: what it shows, by inode number. Whiteouts that the image itself has show nothing. Safe for use
 * by several threads.
 */
public final class LowerImage {
    private static final int PIECE = 1 << 20;
    /** What is written where not all of it is zeros. */
    private static final int BLOCK = 64 << 10;

    private final RafsFuseHandler handler;
    private final Bootstrap bootstrap;
    private final LazyBlob[] blobs;
    private final ImageRules rules;

    LowerImage(RafsFuseHandler handler, Bootstrap bootstrap, LazyBlob[] blobs, ImageRules rules) {
        this.handler = handler;
        this.bootstrap = bootstrap;
        this.blobs = blobs;
        this.rules = rules;
    }

    /** Returns the metadata. */
    public Bootstrap bootstrap() {
        return bootstrap;
    }

    /** Returns an inode. */
    public Inode inode(long ino) throws RafsFormatException {
        return bootstrap.inode(ino);
    }

    /** Returns what a name in a directory shows, or null. */
    public @Nullable Inode child(long directory, byte[] name) throws RafsFormatException {
        Inode child = bootstrap.inode(directory).child(name);
        return child == null || isWhiteout(child) ? null : child;
    }

    /** Tells whether an inode stands for nothing. */
    public static boolean isWhiteout(Inode inode) {
        return (inode.mode() & FileMode.TYPE_MASK) == FileMode.CHARACTER_DEVICE && inode.rdev() == 0;
    }

    /** Fills in attributes as a mount of the image shows them. */
    public FuseAttributes fill(Inode inode, FuseAttributes attributes) {
        return rules.fill(inode, attributes);
    }

    /** Returns the mode that a mount shows. */
    public int mode(Inode inode) {
        return rules.mode(inode);
    }

    /** Returns the owner that a mount shows. */
    public int uid(Inode inode) {
        return rules.uid(inode);
    }

    /** Returns the group that a mount shows. */
    public int gid(Inode inode) {
        return rules.gid(inode);
    }

    /** Answers a READ of a file. */
    public void read(long ino, FuseRequest request, FuseReply reply) {
        handler.read(ino, request, reply);
    }

    /** Answers a LSEEK in a file. */
    public void seek(long ino, FuseRequest request, FuseReply reply) throws RafsFormatException {
        RafsFuseHandler.seek(inode(ino), request, reply);
    }

    /**
     * Writes the start of a file's data into an empty file; runs of zeros become holes. May block on the network.
     *
     * @param length how much, in bytes, at most the size
     */
    public void copy(Inode inode, long length, Descriptor target) throws IOException {
        ReadPieces plan = new ReadPieces();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Math.max(1, Math.min(PIECE, length)));
            MemorySegment zeros = arena.allocate(BLOCK);
            for (long position = 0; position < length; position += PIECE) {
                int part = (int) Math.min(PIECE, length - position);
                plan.plan(inode, bootstrap.superblock().chunkSize(), position, part);
                plan.gather(blobs, buffer);
                write(buffer.asSlice(0, part), zeros, position, target);
            }
            target.truncate(length);
        }
    }

    private static void write(MemorySegment data, MemorySegment zeros, long position, Descriptor target)
            throws IOException {
        for (long at = 0; at < data.byteSize(); at += BLOCK) {
            MemorySegment block = data.asSlice(at, Math.min(BLOCK, data.byteSize() - at));
            if (block.mismatch(zeros.asSlice(0, block.byteSize())) >= 0) {
                target.writeAt(position + at, block);
            }
        }
    }
}
