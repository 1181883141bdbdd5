package io.nydus4j.daemon.erofs;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.ReadPlan;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which files of an image lie where in its blobs: the chunk tables the other way round. Where several files share data, it is that of the
 * one that a walk of the image meets first. Immutable.
 */
final class BlobExtents {
    private static final Logger LOG = System.getLogger(BlobExtents.class.getName());

    /** By blob index, in the order of the blob; none overlaps another. */
    private final List<List<Extent>> blobs;

    /** Data of one file that lies together in a blob, in bytes. */
    private record Extent(long start, long length, long ino, long fileOffset) {
        long end() {
            return start + length;
        }

        private boolean isContinuedBy(long blobOffset, long offset) {
            return end() == blobOffset && fileOffset + length == offset;
        }
    }

    /**
     * A part of a file.
     *
     * @param ino    number of the file in the image
     * @param offset start in the file, in bytes
     * @param length bytes, at least 1
     */
    record Part(long ino, long offset, long length) {}

    private BlobExtents(List<List<Extent>> blobs) {
        this.blobs = blobs;
    }

    /** Looks through an image; files that are broken are left out. */
    static BlobExtents of(Bootstrap bootstrap, int blobCount) {
        List<List<Extent>> found = new ArrayList<>();
        for (int i = 0; i < blobCount; i++) {
            found.add(new ArrayList<>());
        }
        Set<Long> seen = new HashSet<>();
        try {
            BootstrapWalk.preOrderReadable(bootstrap, (inode, _) -> {
                if (inode.isRegular() && (!inode.isHardLink() || seen.add(inode.ino()))) {
                    add(bootstrap, inode, found);
                }
            });
        } catch (RafsFormatException e) {
            LOG.log(Level.WARNING, "not all files can be told by what is read of them: " + e.getMessage());
        }
        return new BlobExtents(found.stream().map(BlobExtents::apart).toList());
    }

    private static void add(Bootstrap bootstrap, Inode inode, List<List<Extent>> found) {
        long ino = inode.ino();
        int chunkSize = bootstrap.superblock().chunkSize();
        try {
            ReadPlan.forEach(inode, chunkSize, 0, inode.size(), (fileOffset, blobIndex, blobOffset, length) -> {
                if (blobIndex >= 0 && blobIndex < found.size()) {
                    add(found.get(blobIndex), new Extent(blobOffset, length, ino, fileOffset));
                }
            });
        } catch (RafsFormatException e) {
            LOG.log(Level.DEBUG, "file " + ino + " cannot be told by what is read of it: " + e.getMessage());
        }
    }

    private static void add(List<Extent> extents, Extent next) {
        if (!extents.isEmpty()) {
            Extent last = extents.getLast();
            if (last.ino == next.ino && last.isContinuedBy(next.start, next.fileOffset)) {
                extents.removeLast();
                extents.add(new Extent(last.start, last.length + next.length, last.ino, last.fileOffset));
                return;
            }
        }
        extents.add(next);
    }

    /** Sorts extents and takes from each what one before it has. */
    private static List<Extent> apart(List<Extent> extents) {
        extents.sort(Comparator.comparingLong(Extent::start)); // keeps those first that were found first
        List<Extent> apart = new ArrayList<>(extents.size());
        long end = 0;
        for (Extent extent : extents) {
            long covered = Math.clamp(end - extent.start, 0, extent.length);
            if (covered < extent.length) {
                apart.add(new Extent(
                        extent.start + covered, extent.length - covered, extent.ino, extent.fileOffset + covered));
                end = extent.end();
            }
        }
        return apart;
    }

    /** Returns the parts of files that lie in a range of a blob, in bytes. */
    List<Part> parts(int blobIndex, long offset, long length) {
        List<Extent> extents = blobs.get(blobIndex);
        int low = 0;
        int high = extents.size();
        while (low < high) { // the first that ends behind the start
            int middle = (low + high) >>> 1;
            if (extents.get(middle).end() <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        List<Part> parts = new ArrayList<>();
        for (int i = low; i < extents.size() && extents.get(i).start < offset + length; i++) {
            Extent extent = extents.get(i);
            long start = Math.max(extent.start, offset);
            long end = Math.min(extent.end(), offset + length);
            parts.add(new Part(extent.ino, extent.fileOffset + start - extent.start, end - start));
        }
        return parts;
    }
}
