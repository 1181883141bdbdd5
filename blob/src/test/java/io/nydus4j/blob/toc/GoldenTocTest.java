package io.nydus4j.blob.toc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.digest.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads and rewrites the tables of contents of the reference's blobs. */
final class GoldenTocTest {
    private static PositionalSource source(byte[] blob) {
        return PositionalSource.of(MemorySegment.ofArray(blob));
    }

    @ParameterizedTest
    @ValueSource(strings = {"v6-toc", "v6-inline"})
    void tableIsRewrittenByteForByte(String name) throws IOException {
        byte[] blob = GoldenImage.read(name).blobBytes();
        Toc toc = Toc.find(source(blob)).orElseThrow();
        assertThat(toc.toBytes()).isEqualTo(Arrays.copyOfRange(blob, blob.length - toc.sizeBytes(), blob.length));
    }

    @ParameterizedTest
    @ValueSource(strings = {"v6-toc", "v6-inline"})
    void entriesDescribeThePartsOfTheBlob(String name) throws IOException {
        byte[] blob = GoldenImage.read(name).blobBytes();
        Toc toc = Toc.find(source(blob)).orElseThrow();
        Sha256 sha256 = new Sha256();
        TocEntry data = toc.entry(TocEntry.BLOB_DATA).orElseThrow();
        int dataEnd = (int) data.compressedSize();
        assertThat(sha256.digest(blob, 0, dataEnd + BlobTarHeader.SIZE))
                .as("the data's digest covers its tar header")
                .isEqualTo(data.digest());
        assertThat(Arrays.copyOfRange(blob, dataEnd, dataEnd + BlobTarHeader.SIZE))
                .isEqualTo(new BlobTarHeader(TocEntry.BLOB_DATA, dataEnd).toBytes());
        TocEntry header = toc.entry(TocEntry.CHUNK_INFO_HEADER).orElseThrow();
        assertThat(sha256.digest(blob, (int) header.compressedOffset(), (int) header.compressedSize()))
                .isEqualTo(header.digest());
        TocEntry digests = toc.entry(TocEntry.CHUNK_DIGESTS).orElseThrow();
        assertThat(sha256.digest(blob, (int) digests.compressedOffset(), (int) digests.compressedSize()))
                .isEqualTo(digests.digest());
    }

    @Test
    void tableOfKnownSizeIsCheckedAgainstItsDigest() throws IOException {
        GoldenImage image = GoldenImage.read("v6-toc");
        BlobInfo info = image.ownBlob();
        byte[] blob = image.blobBytes();
        assertThat(Toc.read(source(blob), info.tocSize(), info.tocDigest()))
                .isEqualTo(Toc.find(source(blob)).orElseThrow());
        assertThatThrownBy(() -> Toc.read(source(blob), info.tocSize(), new Digest(1, 2, 3, 4)))
                .isInstanceOf(BlobDigestException.class);
        assertThatThrownBy(() -> Toc.read(source(blob), info.tocSize() + 64, Digest.ZERO))
                .isInstanceOf(RafsFormatException.class);
        assertThatThrownBy(() -> Toc.read(source(blob), 1 << 20, Digest.ZERO)).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void blobWithoutTableHasNone() throws IOException {
        assertThat(Toc.find(source(GoldenImage.read("v6-zstd-1m").blobBytes()))).isEmpty();
        assertThat(InlinedBootstrap.find(source(GoldenImage.read("v6-zstd-1m").blobBytes())))
                .isEmpty();
        assertThat(Toc.find(source(new byte[0]))).isEmpty();
        assertThat(InlinedBootstrap.find(source(new byte[100]))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"v6-inline", "v5-inline"})
    void inlinedBootstrapIsTheOneThatTheReferenceExtracts(String name) throws IOException {
        Path boot = GoldenImage.bootstrap(name);
        byte[] expected = Files.readAllBytes(boot);
        byte[] blob = Files.readAllBytes(Path.of(boot.toString().replace(".image.boot", "")));
        InlinedBootstrap bootstrap = InlinedBootstrap.find(source(blob)).orElseThrow();
        assertThat(bootstrap.compression()).isEqualTo(name.equals("v6-inline") ? Compression.ZSTD : Compression.NONE);
        assertThat(bootstrap.read(source(blob), 1 << 20)).isEqualTo(expected);
        ByteArrayOutputStream copied = new ByteArrayOutputStream();
        bootstrap.copyTo(source(blob), Channels.newChannel(copied));
        assertThat(copied.toByteArray()).isEqualTo(expected);
    }

    @Test
    void bootstrapWithAnotherDigestOrSizeIsRefused() throws IOException {
        byte[] blob = GoldenImage.read("v6-inline").blobBytes();
        InlinedBootstrap right = InlinedBootstrap.find(source(blob)).orElseThrow();
        InlinedBootstrap otherDigest = new InlinedBootstrap(
                right.compression(),
                right.compressedOffset(),
                right.compressedSize(),
                right.uncompressedSize(),
                new Digest(1, 2, 3, 4));
        assertThatThrownBy(() -> otherDigest.read(source(blob), 1 << 20)).isInstanceOf(BlobDigestException.class);
        for (long difference : new long[] {-1, 1, -100_000, 100L << 20}) {
            InlinedBootstrap otherSize = new InlinedBootstrap(
                    right.compression(),
                    right.compressedOffset(),
                    right.compressedSize(),
                    right.uncompressedSize() + difference,
                    right.digest());
            assertThatThrownBy(() -> otherSize.copyTo(
                            source(blob), Channels.newChannel(ByteArrayOutputStream.nullOutputStream())))
                    .as("size off by %s", difference)
                    .isInstanceOf(RafsFormatException.class);
        }
        assertThatThrownBy(() -> right.read(source(blob), 1000)).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void largeBootstrapIsDecompressedInPieces() throws IOException {
        byte[] plain = new byte[(64 << 20) + 5];
        plain[plain.length - 1] = 1;
        Codec zstd = Codec.of(Compression.ZSTD);
        byte[] stored = new byte[zstd.maxCompressedLength(plain.length)];
        int length = zstd.compress(plain, 0, plain.length, stored, 0);
        Digest digest = new Sha256().digest(plain, 0, plain.length);
        InlinedBootstrap bootstrap = new InlinedBootstrap(Compression.ZSTD, 3, length, plain.length, digest);
        byte[] blob = new byte[length + 3];
        System.arraycopy(stored, 0, blob, 3, length);
        assertThat(Arrays.equals(bootstrap.read(source(blob), plain.length), plain))
                .isTrue();
    }

    @Test
    void bootstrapWhoseWindowNoMemoryHoldsIsRefused() throws IOException {
        // The magic number, no content size, a window of nearly 2^42 bytes (RFC 8878, 3.1.1.1.2), a raw block of one
        // byte.
        byte[] stored = HexFormat.of().parseHex("28b52ffd" + "00" + "ff" + "090000" + "78");
        InlinedBootstrap bootstrap = new InlinedBootstrap(
                Compression.ZSTD, 0, stored.length, 1, new Sha256().digest(new byte[] {'x'}, 0, 1));
        assertThatThrownBy(() -> bootstrap.read(source(stored), 1000)).isInstanceOf(RafsFormatException.class);
    }
}
