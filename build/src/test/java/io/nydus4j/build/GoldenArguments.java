package io.nydus4j.build;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.build.layer.WhiteoutSpec;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.RafsVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * The arguments that a golden image of a directory or an archive was made with.
 *
 * @param archive the source archive, or the archive of the source tree
 * @param words   the options
 */
record GoldenArguments(Path archive, List<String> words) {
    private static final List<byte[]> HINTS =
            List.of("/sizes".getBytes(StandardCharsets.US_ASCII), "/dup/three".getBytes(StandardCharsets.US_ASCII));

    /** Reads those of the image called {@code name}. */
    static GoldenArguments read(String name) throws IOException {
        String line = Files.readString(GoldenImage.root().resolve(name).resolve("args"));
        List<String> words = Arrays.asList(line.replaceAll("#.*", "").strip().split(" +", -1));
        String archive = words.stream()
                .filter(word -> word.endsWith(".tar") || word.endsWith(".tar.gz"))
                .findFirst()
                .orElseThrow();
        // Around the options: the command, and the archive, perhaps with the word "unpacked".
        return new GoldenArguments(GoldenImage.root().resolve(archive), words.subList(1, words.indexOf(archive)));
    }

    boolean inlined() {
        return words.contains("--blob-inline-meta");
    }

    /** Returns options to build the same image from {@code source} into {@code output}. */
    CreateOptions options(Path source, Path output, int threads) {
        CreateOptions.Builder builder =
                CreateOptions.builder(source).blobDirectory(output).threads(threads);
        if (!inlined()) {
            builder.bootstrapFile(output.resolve("boot"));
        }
        Deque<String> rest = new ArrayDeque<>(words);
        while (!rest.isEmpty()) {
            apply(builder, rest.pop(), rest);
        }
        return builder.build();
    }

    private static void apply(CreateOptions.Builder builder, String word, Deque<String> rest) {
        switch (word) {
            case "-t" -> builder.type(ConversionType.ofText(rest.pop()).orElseThrow());
            case "-v" -> builder.version(rest.pop().equals("5") ? RafsVersion.V5 : RafsVersion.V6);
            case "--compressor" -> builder.compression(compression(rest.pop()));
            case "--digester" ->
                builder.digestAlgorithm(rest.pop().equals("sha256") ? DigestAlgorithm.SHA256 : DigestAlgorithm.BLAKE3);
            case "--chunk-size" -> builder.chunkSize(Integer.decode(rest.pop()));
            case "--batch-size" -> builder.batchSize(Integer.decode(rest.pop()));
            case "--features" -> builder.blobToc(rest.pop().equals("blob-toc"));
            case "--whiteout-spec" ->
                builder.whiteoutSpec(WhiteoutSpec.ofText(rest.pop()).orElseThrow());
            case "--prefetch-policy" -> builder.prefetch(PrefetchPolicy.parse(rest.pop()), HINTS);
            case "--blob-inline-meta" -> builder.inlineMeta(true);
            case "--aligned-chunk" -> builder.alignedChunks(true);
            case "--chunk-dict" -> builder.chunkDictionary(golden(rest.pop()));
            case "--parent-bootstrap" -> builder.parentBootstrap(golden(rest.pop()));
            case "--repeatable" -> builder.explicitUidGid(false);
            case "--encrypt" -> builder.cipher(CipherAlgorithm.AES_128_XTS);
            default -> throw new IllegalArgumentException(word);
        }
    }

    /** Returns the file of another golden image, which is named behind an at sign. */
    private static Path golden(String word) {
        return GoldenImage.root().resolve(word.substring(word.indexOf('@') + 1));
    }

    private static Compression compression(String text) {
        for (Compression compression : Compression.values()) {
            if (compression.text().equals(text)) {
                return compression;
            }
        }
        throw new IllegalArgumentException(text);
    }
}
