package io.nydus4j.blob.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.crypt.UnitCipher;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.blob.zran.ZranContext;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads and rewrites the blobs of the reference's images. */
final class GoldenChunksTest {
    static List<String> images() {
        return GoldenImage.NATIVE;
    }

    private static ChunkInfoTable table(GoldenImage image) throws IOException {
        return ChunkInfoLoader.load(image.ownBlob(), PositionalSource.of(MemorySegment.ofArray(image.blobBytes())));
    }

    /** Decodes each decoding unit once; keyed by its first chunk. */
    private static Map<Integer, MemorySegment> decodeAll(BlobInfo blob, ChunkInfoTable table, byte[] data)
            throws IOException {
        Map<Integer, MemorySegment> units = new HashMap<>();
        try (ChunkDecoder decoder = ChunkDecoder.of(blob)) {
            for (int i = 0; i < table.size(); i = table.unitEnd(i)) {
                MemorySegment plain = MemorySegment.ofArray(new byte[table.unitUncompressedSize(i)]);
                MemorySegment stored =
                        MemorySegment.ofArray(data).asSlice(table.unitOffset(i), table.unitCompressedSize(i));
                decoder.decodeUnit(table, i, stored, plain);
                units.put(i, plain);
            }
        }
        return units;
    }

    private static MemorySegment plain(ChunkInfoTable table, int index, Map<Integer, MemorySegment> units) {
        MemorySegment unit = units.get(table.unitStart(index));
        boolean member = table.isBatch(index) || table.isZran(index);
        return unit.asSlice(member ? table.offsetInContext(index) : 0, table.uncompressedSize(index));
    }

    /** A server would have to be asked once more, and whoever waits for the mount with it. */
    @Test
    void loadsTheArrayWithoutAskingForTheSizeOfTheBlob() throws IOException {
        GoldenImage image = GoldenImage.read("v6-zstd-4k");
        PositionalSource blob = PositionalSource.of(MemorySegment.ofArray(image.blobBytes()));
        PositionalSource unmeasured = new PositionalSource() {
            @Override
            public long size() {
                throw new AssertionError("asked for the size");
            }

            @Override
            public int readAt(long position, ByteBuffer target) throws IOException {
                return blob.readAt(position, target);
            }
        };
        assertThat(ChunkInfoLoader.load(image.ownBlob(), unmeasured).size())
                .isEqualTo(image.ownBlob().chunkCount());
    }

    @Test
    void refusesAnArrayThatTheBlobEndsWithin() throws IOException {
        GoldenImage image = GoldenImage.read("v6-zstd-4k");
        long end = image.ownBlob().chunkInfoOffset() + 10;
        MemorySegment cut = MemorySegment.ofArray(image.blobBytes()).asSlice(0, end);
        assertThatThrownBy(() -> ChunkInfoLoader.load(image.ownBlob(), PositionalSource.of(cut)))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("in a file of " + end);
    }

    @ParameterizedTest
    @MethodSource("images")
    void everyChunkHasTheDigestAndTheChecksumOfItsRecord(String name) throws IOException {
        GoldenImage image = GoldenImage.read(name);
        BlobInfo blob = image.ownBlob();
        ChunkInfoTable table = table(image);
        assertThat(table.size()).isEqualTo(blob.chunkCount());
        Map<Integer, MemorySegment> units = decodeAll(blob, table, image.blobBytes());
        ChunkVerifier verifier = new ChunkVerifier(blob.id(), blob.digestAlgorithm());
        int seen = 0;
        for (ChunkRecord chunk : image.chunks()) {
            if (chunk.blobIndex() != blob.index()) {
                continue;
            }
            int i = chunk.index();
            assertThat(table.uncompressedOffset(i)).as("chunk %s", i).isEqualTo(chunk.uncompressedOffset());
            assertThat(table.uncompressedSize(i)).as("chunk %s", i).isEqualTo(chunk.uncompressedSize());
            if (!table.isBatch(i)) {
                assertThat(table.compressedOffset(i)).as("chunk %s", i).isEqualTo(chunk.compressedOffset());
            }
            assertThat(table.compressedSize(i)).as("chunk %s", i).isEqualTo(chunk.compressedSize());
            MemorySegment plain = plain(table, i, units);
            assertThat(chunk.has(ChunkFlags.HAS_CRC32)).isTrue();
            verifier.checkCrc32(i, chunk.crc32(), plain);
            verifier.checkDigest(i, chunk.digest(), plain);
            boolean hasCrc = blob.features().has(BlobFeatures.CHUNK_INFO_V2) && !table.isBatch(i);
            assertThat(verifier.check(table, i, plain)).as("chunk %s", i).isEqualTo(hasCrc);
            seen++;
        }
        assertThat(seen).isEqualTo(table.size());
    }

    @ParameterizedTest
    @MethodSource("images")
    void compressingAgainGivesTheStoredBytes(String name) throws IOException {
        GoldenImage image = GoldenImage.read(name);
        BlobInfo blob = image.ownBlob();
        ChunkInfoTable table = table(image);
        byte[] data = image.blobBytes();
        Map<Integer, MemorySegment> units = decodeAll(blob, table, data);
        Codec codec = Codec.of(blob.compression());
        Optional<UnitCipher> cipher = UnitCipher.of(blob);
        for (int i = 0; i < table.size(); i = table.unitEnd(i)) {
            byte[] plain = units.get(i).toArray(ValueLayout.JAVA_BYTE);
            byte[] target = new byte[Math.max(codec.maxCompressedLength(plain.length), plain.length)];
            int length = codec.compress(plain, 0, plain.length, target, 0);
            byte[] stored = length == Codec.STORED ? plain : Arrays.copyOf(target, length);
            if (!table.isBatch(i)) {
                assertThat(table.isCompressed(i)).as("chunk %s", i).isEqualTo(length != Codec.STORED);
            }
            if (cipher.isPresent()) {
                byte[] encrypted = new byte[UnitCipher.encryptedSize(stored.length)];
                cipher.get().encrypt(stored, 0, stored.length, encrypted, 0);
                stored = encrypted;
            }
            int start = (int) table.unitOffset(i);
            assertThat(stored)
                    .as("chunk %s", i)
                    .isEqualTo(Arrays.copyOfRange(data, start, start + table.unitCompressedSize(i)));
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void chunkInformationIsWrittenAsTheReferenceWroteIt(String name) throws IOException {
        GoldenImage image = GoldenImage.read(name);
        assertRewrites(image, image.ownBlob().compression());
    }

    @Test
    void zranChunkInformationIsWrittenAsTheReferenceWroteIt() throws IOException {
        assertRewrites(GoldenImage.read("targz-ref"), Compression.ZSTD);
    }

    private static void assertRewrites(GoldenImage image, Compression compression) throws IOException {
        BlobInfo blob = image.ownBlob();
        ChunkInfoTable table = table(image);
        ChunkInfoWriter writer = new ChunkInfoWriter(blob.features());
        for (int i = 0; i < table.size(); i++) {
            assertThat(writer.add(table.chunk(i))).isEqualTo(i);
        }
        for (int i = 0; i < table.contextCount(); i++) {
            if (blob.features().has(BlobFeatures.ZRAN)) {
                ZranContext context = table.zran(i);
                writer.addZran(context, table.dictionary(context).toArray(ValueLayout.JAVA_BYTE));
            } else {
                writer.addBatch(table.batch(i));
            }
        }
        StoredChunkInfo info = writer.store(compression, blob.chunkInfoOffset(), UnitCipher.of(blob));
        byte[] data = image.blobBytes();
        int start = (int) blob.chunkInfoOffset();
        int end = start + (int) blob.chunkInfoCompressedSize();
        assertThat(info.stored()).isEqualTo(Arrays.copyOfRange(data, start, end));
        assertThat(info.storedHeader()).isEqualTo(Arrays.copyOfRange(data, end, end + ChunkInfoHeader.SIZE));
        assertThat(info.plain()).isEqualTo(table.array().toArray(ValueLayout.JAVA_BYTE));
    }

    @ParameterizedTest
    @MethodSource("images")
    void cachedFormReadsBackTheSame(String name) throws IOException {
        GoldenImage image = GoldenImage.read(name);
        ChunkInfoTable table = table(image);
        MemorySegment file = MemorySegment.ofArray(new byte[(int) ChunkInfoLoader.cachedSize(image.ownBlob())]);
        ChunkInfoLoader.writeCache(table, file);
        ChunkInfoTable cached = ChunkInfoLoader.fromCache(image.ownBlob(), file);
        assertThat(cached.header()).isEqualTo(table.header());
        assertThat(cached.array().mismatch(table.array())).isEqualTo(-1);
    }

    @Test
    void zranContextsDecodeToTheRecordedChunks() throws IOException {
        GoldenImage image = GoldenImage.read("targz-ref");
        byte[] archive = Files.readAllBytes(GoldenImage.root().resolve("tree.tar.gz"));
        assertThat(new Sha256().digest(archive, 0, archive.length))
                .isEqualTo(Digest.parse(image.ownBlob().id()));
        ChunkInfoTable table = table(image);
        Map<Integer, MemorySegment> units = decodeAll(image.ownBlob(), table, archive);
        ChunkVerifier verifier =
                new ChunkVerifier(image.ownBlob().id(), image.ownBlob().digestAlgorithm());
        assertThat(image.chunks()).hasSize(table.size());
        for (ChunkRecord chunk : image.chunks()) {
            verifier.checkDigest(chunk.index(), chunk.digest(), plain(table, chunk.index(), units));
        }
    }
}
