package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.chunk.ChunkInfo;
import io.nydus4j.blob.chunk.ChunkInfoFlags;
import io.nydus4j.blob.chunk.ChunkInfoWriter;
import io.nydus4j.blob.chunk.StoredChunkInfo;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.build.stargz.StargzContents;
import io.nydus4j.build.stargz.StargzLayout;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.RafsVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds what is published about the reference's own sample of a table of contents. */
final class StargzSampleTest {
    private static final String BLOB_ID = "bd4eff3fe6f5a352457c076d2133583e43db895b4af08d717b3fbcaeca89834e";
    /** The reference's image with room for the chunk addresses, which its own layout forgets. */
    private static final String CORRECTED_BOOTSTRAP =
            "1d27a2cc64fe19c8c1e4796ac4a1ab275b8a1a6f42b197e12116703766ef31a2";

    private static final int CHUNK_SIZE = 0x10_0000;

    @TempDir
    private Path work;

    @Test
    void sampleGivesThePublishedBlobAndTheCorrectedBootstrap() throws IOException {
        StargzLayout layout = new StargzLayout("", 0x100_0000, Compression.GZIP, CHUNK_SIZE, true, true, true, 0);
        StargzContents.Result contents;
        try (InputStream toc = Files.newInputStream(GoldenImage.root().resolve("stargz-seed/sample/toc.json"))) {
            contents = StargzContents.read(toc, layout);
        }
        contents.tree().number();
        BlobFeatures features = new BlobFeatures(BlobFeatures.ALIGNED | BlobFeatures.CAP_TAR_TOC);
        ChunkInfoWriter writer = new ChunkInfoWriter(features);
        for (ChunkRecord chunk : contents.blob().chunks()) {
            writer.add(new ChunkInfo(
                    chunk.uncompressedOffset(),
                    chunk.uncompressedSize(),
                    chunk.compressedOffset(),
                    chunk.compressedSize(),
                    ChunkInfoFlags.COMPRESSED,
                    0));
        }
        StoredChunkInfo info = writer.store(Compression.ZSTD, 0, Optional.empty());
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        blob.write(info.stored());
        blob.write(info.storedHeader());
        assertThat(sha256(MemorySegment.ofArray(blob.toByteArray()))).isEqualTo(BLOB_ID);

        BlobInfo entry = BlobInfo.builder()
                .id(BLOB_ID)
                .chunkSize(CHUNK_SIZE)
                .chunkCount(2)
                .compression(Compression.GZIP)
                .digestAlgorithm(DigestAlgorithm.SHA256)
                .features(features)
                .compressedSize(blob.size())
                .uncompressedSize(contents.blob().uncompressedSize())
                .chunkInfoCompression(info.header().compression())
                .chunkInfoCompressedSize(info.header().compressedSize())
                .chunkInfoUncompressedSize(info.header().uncompressedSize())
                .build();
        BootstrapOptions options = new BootstrapOptions(
                CHUNK_SIZE, Compression.GZIP, DigestAlgorithm.SHA256, CipherAlgorithm.NONE, true, false, false);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment bootstrap =
                    BootstrapWriters.write(arena, RafsVersion.V6, contents.tree(), List.of(entry), List.of(), options);
            assertThat(bootstrap.byteSize()).isEqualTo(20480);
            assertThat(sha256(bootstrap)).isEqualTo(CORRECTED_BOOTSTRAP);
        }
    }

    @Test
    void directoriesAloneGiveTheReferencesBytes() throws IOException {
        Path toc = Files.writeString(
                work.resolve("toc"), "{\"version\":1,\"entries\":[{\"name\":\"a/\",\"type\":\"dir\",\"mode\":16877}]}");
        CreateOptions options = CreateOptions.builder(toc)
                .type(ConversionType.ESTARGZTOC_REF)
                .chunkSize(0x40_0000)
                .blobId("x")
                .blobDataSize(0x100)
                .bootstrapFile(work.resolve("boot"))
                .build();
        BuildResult result = new CreateImage(options, ProgressListener.NONE).run();
        assertThat(result.blobs()).isEmpty();
        assertThat(sha256(MemorySegment.ofArray(Files.readAllBytes(work.resolve("boot")))))
                .isEqualTo("849c7d6b2b080b7251f3e2578405cd33052e650b2253631369b245f42e89c332");
    }

    private static String sha256(MemorySegment bytes) {
        return new Sha256().digest(bytes).toString();
    }
}
