package io.nydus4j.daemon.erofs;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.digest.ChunkDigester;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file of an image from whose chunks an object can be filled.
 *
 * @param image the image
 * @param ino   number of the file in it
 */
record ObjectSource(ImageObjects image, long ino) {
    /** Bytes that are read at a time, unless a chunk is longer. */
    private static final int STEP = 4 << 20;

    /**
     * Copies the file. Each chunk is compared with its digest, and all digests with the object's name: images of others share the object,
     * so it does not matter what this one's configuration trusts.
     *
     * @throws IOException if a part cannot be had, is not what it should be, or cannot be written
     */
    void copyTo(StoreObject object, Descriptor target) throws IOException {
        Bootstrap bootstrap = image.bootstrap();
        DigestAlgorithm algorithm = bootstrap.superblock().digestAlgorithm();
        Inode inode = bootstrap.inode(ino);
        ContentName name = new ContentName(algorithm, object.size());
        ChunkDigester digester = new ChunkDigester();
        long done = 0;
        int count = inode.chunkCount();
        for (int next = 0; next < count; ) {
            int first = next;
            LazyBlob blob = image.blobs().get(inode.chunkBlobIndex(first));
            long start = inode.chunkBlobOffset(first);
            int length = inode.chunkLength(next++);
            while (next < count && isNext(inode, next, inode.chunkBlobIndex(first), start + length, STEP - length)) {
                length += inode.chunkLength(next++);
            }
            byte[] bytes = new byte[length];
            blob.read(start, ByteBuffer.wrap(bytes));
            int at = 0;
            for (int i = first; i < next; i++) {
                ChunkRecord chunk = inode.chunk(i);
                Digest found = digester.digest(algorithm, bytes, at, inode.chunkLength(i));
                if (!found.equals(chunk.digest())) {
                    throw new IOException("chunk " + i + " of inode " + ino + " in blob "
                            + blob.info().effectiveId() + " has digest " + found + ", not " + chunk.digest());
                }
                name.add(found, inode.chunkLength(i));
                at += inode.chunkLength(i);
            }
            target.writeAt(done, bytes, 0, length);
            done += length;
        }
        String text = name.text();
        if (done != object.size() || !text.equals(object.name())) {
            throw new IOException("inode " + ino + " has " + done + " bytes named " + text + ", expected "
                    + object.size() + " named " + object.name());
        }
    }

    private static boolean isNext(Inode inode, int chunk, int blobIndex, long blobOffset, int room) throws IOException {
        return inode.chunkBlobIndex(chunk) == blobIndex
                && inode.chunkBlobOffset(chunk) == blobOffset
                && inode.chunkLength(chunk) <= room;
    }
}
