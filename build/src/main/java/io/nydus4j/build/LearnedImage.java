package io.nydus4j.build;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.build.chunkdict.BlobRow;
import io.nydus4j.build.chunkdict.ChunkRow;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.TreeLoader;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a dictionary learns of one image.
 *
 * @param path       its bootstrap
 * @param superblock its superblock
 * @param blobs      its blobs, as a bootstrap apart from them lists them
 * @param rows       a row for each chunk of each file, depth first
 */
record LearnedImage(Path path, Superblock superblock, List<BlobInfo> blobs, List<ChunkRow> rows) {
    /**
     * Reads an image.
     *
     * @throws IOException if it is broken, or its folder does not tell its name and tag
     */
    static LearnedImage read(Path path, Optional<BlobBackend> blobs) throws IOException {
        try (Rafs rafs = blobs.isPresent()
                ? ImageLoading.load(path, blobs.get(), LoadOptions.DEFAULT)
                : Rafs.load(path, LoadOptions.DEFAULT)) {
            Path folder = path.getParent();
            if (folder == null || folder.getFileName() == null) {
                throw new IOException("Invalid Bootstrap directory name");
            }
            String[] words = folder.getFileName().toString().split(":", -1);
            if (words.length < 2) {
                throw new IOException("Invalid image name None: the folder of " + path + " is not named name:tag");
            }
            String image = words[words.length - 2];
            String tag = words[words.length - 1];
            List<BlobInfo> infos =
                    rafs.blobs().stream().map(RewrittenImage::apart).toList();
            List<ChunkRow> rows = new ArrayList<>();
            TreeLoader.load(rafs, 0).preOrder(node -> {
                for (ChunkRecord chunk : node.chunks()) {
                    rows.add(row(chunk, image, tag, infos.get(chunk.blobIndex()).id()));
                }
            });
            return new LearnedImage(path, rafs.superblock(), infos, rows);
        }
    }

    private static ChunkRow row(ChunkRecord chunk, String image, String tag, String blobId) {
        return new ChunkRow(
                image,
                tag,
                blobId,
                chunk.digest().toString(),
                chunk.has(ChunkFlags.HAS_CRC32) ? Integer.toUnsignedLong(chunk.crc32()) : 0,
                Integer.toUnsignedLong(chunk.compressedSize()),
                Integer.toUnsignedLong(chunk.uncompressedSize()),
                chunk.compressedOffset(),
                chunk.uncompressedOffset());
    }

    /** Returns a row for each blob. */
    List<BlobRow> blobRows() {
        return blobs.stream()
                .map(blob -> new BlobRow(
                        blob.id(),
                        blob.compressedSize(),
                        blob.uncompressedSize(),
                        blob.compression().text(),
                        blob.chunkInfoCompressedSize(),
                        blob.chunkInfoUncompressedSize(),
                        blob.chunkInfoOffset()))
                .toList();
    }
}
