package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.crypt.AesXts;
import io.nydus4j.blob.digest.Blake3;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.GoldenTree;
import io.nydus4j.storage.TestBackend;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.Secret;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Caches whose data is encrypted on the disk. */
final class EncryptedCacheTest {
    private static final String KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    private static final String OTHER_KEY = "f0" + KEY.substring(2);
    private static final int BLOCK = 4096;

    private static final GoldenTree TREE = GoldenTree.full();

    private static Path blobs;

    @TempDir
    Path work;

    private TestBackend backend;

    @BeforeAll
    static void linkBlobs(@TempDir Path shared) throws IOException {
        blobs = GoldenBlobs.linkAll(shared.resolve("blobs"));
    }

    @BeforeEach
    void makeBackend() {
        backend = new TestBackend(blobs);
    }

    private StorageConfiguration configuration(String key, boolean convergent, boolean compressed, long budget) {
        FileCacheSettings files =
                new FileCacheSettings(work.toString(), false, true, convergent, new Secret(key), budget, 0);
        return TestStores.of(blobs, TestStores.cache(files, compressed, false, PrefetchConfiguration.ABSENT));
    }

    private void assertReadsAll(String image, StorageConfiguration configuration) throws IOException {
        try (Bootstrap bootstrap = GoldenBlobs.load(image);
                BlobDevice device = BlobDevice.open(bootstrap, configuration, backend)) {
            assertThat(device.blob(0).mapping()).as("plain bytes in a file").isEmpty();
            backend.forget();
            TREE.assertReadsAll(bootstrap, device);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v6-zstd-4k", "v6-batch", "v6-encrypt", "v6-zstd-1m"})
    void everyFileIsReadAndReadAgainWithoutTheBackend(String image) throws IOException {
        assertReadsAll(image, configuration(KEY, false, false, 0));
        assertThat(backend.requests()).isNotEmpty();
        assertReadsAll(image, configuration(KEY, false, false, 0));
        assertThat(backend.requests()).isEmpty();
    }

    @Test
    void everyBlockOnTheDiskIsEncryptedByItself() throws IOException {
        Path data;
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-none-4k")) {
            data = work.resolve(bootstrap.blobs().getFirst().effectiveId() + ".blob.data");
        }
        assertReadsAll("v6-none-4k", configuration(KEY, false, false, 0));
        byte[] encrypted = Files.readAllBytes(data);
        Files.delete(data);
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-none-4k");
                BlobDevice device = BlobDevice.open(
                        bootstrap, TestStores.of(blobs, CacheConfiguration.inFiles(work.toString())), backend)) {
            device.blob(0).read(0, ByteBuffer.allocate((int) device.blob(0).size()));
        }
        byte[] plain = Files.readAllBytes(data);
        assertThat(encrypted).hasSameSizeAs(plain);
        AesXts cipher = new AesXts(HexFormat.of().parseHex(KEY));
        for (int block = 0; block < plain.length; block += BLOCK) {
            byte[] expected = new byte[BLOCK];
            cipher.encrypt(new byte[AesXts.BLOCK], plain, block, expected, 0, BLOCK);
            assertThat(Arrays.copyOfRange(encrypted, block, block + BLOCK))
                    .as("block at " + block)
                    .isEqualTo(expected);
        }
    }

    @Test
    void everyChunkIsEncryptedByItsDigest() throws IOException {
        assertReadsAll("v6-toc", configuration("", true, false, 0));
        assertThat(backend.requests()).isNotEmpty();
        assertReadsAll("v6-toc", configuration("", true, false, 0));
        assertThat(backend.requests()).isEmpty();
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-toc")) {
            byte[] encrypted =
                    Files.readAllBytes(work.resolve(bootstrap.blobs().getFirst().effectiveId() + ".blob.data"));
            for (Map.Entry<String, Inode> file : GoldenBlobs.files(bootstrap).entrySet()) {
                Inode inode = file.getValue();
                for (int i = 0; i < inode.chunkCount(); i++) {
                    byte[] blocks = new byte[inode.chunkLength(i) + BLOCK - 1 & -BLOCK];
                    System.arraycopy(
                            TREE.files().get(file.getKey()),
                            (int) inode.chunkFileOffset(i),
                            blocks,
                            0,
                            inode.chunkLength(i));
                    byte[] digest =
                            new Blake3().digest(blocks, 0, inode.chunkLength(i)).toBytes();
                    AesXts cipher = new AesXts(digest);
                    for (int block = 0; block < blocks.length; block += BLOCK) {
                        cipher.encrypt(new byte[AesXts.BLOCK], blocks, block, blocks, block, BLOCK);
                    }
                    int start = (int) inode.chunkBlobOffset(i);
                    assertThat(Arrays.copyOfRange(encrypted, start, start + blocks.length))
                            .as("chunk " + i + " of " + file.getKey())
                            .isEqualTo(blocks);
                }
            }
        }
    }

    @Test
    void dataUnderAnotherKeyOrNoneIsNotBelieved() throws IOException {
        assertReadsAll("v6-zstd-4k", configuration(KEY, false, false, 0));
        assertReadsAll("v6-zstd-4k", configuration(OTHER_KEY, false, false, 0));
        assertThat(backend.requests()).isNotEmpty();
    }

    @Test
    void encryptedCacheMayHaveABudget() throws IOException {
        assertReadsAll("v6-zstd-4k", configuration(KEY, false, false, 300_000));
    }

    @Test
    void whatCannotBeEncryptedIsRefused() throws IOException {
        for (String key : List.of("", "abc", "zz" + KEY.substring(2), KEY + "00", "00".repeat(32))) {
            assertRefused("v6-zstd-4k", configuration(key, false, false, 0), "invalid configuration");
        }
        // Without digests in the blob every chunk would have the same key, which everybody knows.
        assertRefused(
                "v6-zstd-4k", configuration(KEY, true, false, 0), "cannot have a cache with convergent encryption");
        assertRefused("v5-lz4-4k", configuration(KEY, true, false, 0), "cannot have an encrypted cache");
        assertRefused("v6-zstd-4k", configuration(KEY, false, true, 0), "a cache of stored bytes cannot be encrypted");
        assertRefused("v5-lz4-4k", configuration(KEY, false, false, 0), "cannot have an encrypted cache");
    }

    private void assertRefused(String image, StorageConfiguration configuration, String problem) throws IOException {
        try (Bootstrap bootstrap = GoldenBlobs.load(image)) {
            assertThatThrownBy(() ->
                            BlobDevice.open(bootstrap, configuration, backend).close())
                    .hasMessageContaining(problem);
        }
    }
}
