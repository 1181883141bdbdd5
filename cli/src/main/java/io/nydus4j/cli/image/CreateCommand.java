package io.nydus4j.cli.image;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.build.BuildResult;
import io.nydus4j.build.ConversionType;
import io.nydus4j.build.CreateImage;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.build.layer.WhiteoutSpec;
import io.nydus4j.cli.Terminal;
import io.nydus4j.cli.Version;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Numbers;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.progress.BuildProgress;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.storage.BlobBackend;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** {@code nydus-image create}: builds an image. */
final class CreateCommand implements Command {
    private static final System.Logger LOG = System.getLogger(CreateCommand.class.getName());
    private static final List<String> TYPES = List.of(
            "directory",
            "dir-rafs",
            "estargz-rafs",
            "estargz-ref",
            "estargztoc-ref",
            "tar-rafs",
            "tar-tarfs",
            "targz-rafs",
            "targz-ref",
            "stargz_index");
    /** A hint list is text that a person or a tool wrote; anything larger is a mistake. */
    private static final int MAX_HINT_BYTES = 64 << 20;

    /** What the makers of eStargz layers use unless they are told. */
    private static final int TOC_CHUNK_SIZE = 0x40_0000;

    private final PrintStream err;
    private final Syntax syntax = Syntax.command("create", "Builds an image from a directory or an archive.")
            .positional(
                    "SOURCE",
                    1,
                    1,
                    "The directory, the archive or the table of contents: a file, a FIFO or /dev/stdin.")
            .choice("-t --type --source-type", "dir-rafs", TYPES, "What the source is and what becomes of it.")
            .value("-B --bootstrap", "The file that takes the image's metadata.")
            .value("-D --blob-dir", "The directory that takes metadata and data, files named by their digests.")
            .value("-b --blob", "The file or FIFO that takes the image's data.")
            .value("--external-blob", "The file that takes the metadata of external files if metadata is inlined.")
            .flag("--blob-inline-meta --inline-bootstrap", "Appends the metadata to the data.")
            .value("--blob-id", "The id of the data blob; without, its SHA-256.")
            .value("--blob-data-size", "The size of the eStargz archive, in hexadecimal.")
            .hidden("--blob-offset")
            .value(
                    "--chunk-size",
                    "Bytes of a chunk: a power of two from 0x1000 to 0x1000000. Default: 0x100000, of layers 0x400000.")
            .valueOr("--batch-size", "0", "Bytes up to which small files are compressed together (v6); 0 for not.")
            .choice("--compressor", "zstd", List.of("none", "lz4_block", "zstd"), "How data is compressed.")
            .choice("--digester", "blake3", List.of("blake3", "sha256"), "How data is identified.")
            .value("-C --config", "Configuration for reading parents and dictionaries.")
            .choice("-v --fs-version", "6", List.of("5", "6"), "The version of the format.")
            .choice(
                    "--features",
                    "",
                    List.of("blob-toc"),
                    "Extra features: a table of contents at the blob's end (v6).")
            .value("--chunk-dict", "A bootstrap whose chunks need not be stored again: [bootstrap=]PATH.")
            .value("--parent-bootstrap", "The bootstrap of the layers below.")
            .flag("--aligned-chunk", "Starts each chunk at a multiple of 4096 (v5; v6 always does).")
            .flag("--repeatable", "Leaves owners out, so that the same files give the same image whoever owns them.")
            .hiddenFlag("--disable-check")
            .choice("--whiteout-spec", "oci", List.of("oci", "overlayfs", "none"), "What marks a file as removed.")
            .choice(
                    "--prefetch-policy",
                    "none",
                    List.of("fs", "blob", "none"),
                    "What becomes of the list of files to fetch first, one path a line on standard input.")
            .value("-J --output-json", "The file that takes the result as JSON.")
            .flag("-E --encrypt", "Encrypts the data (v6).")
            .value("--blob-cache-dir", "The directory that takes cache files instead of a blob.")
            .value("--attributes", "The file that says which files are external.")
            .value("--threads", "Threads that digest and compress. Default: the number of processors.")
            .conflict("--blob-inline-meta", "--bootstrap", "--blob-id", "--blob-cache-dir")
            .conflict("--blob-cache-dir", "--blob", "--blob-dir", "--compressor")
            .requiredIf("--blob-id", arguments -> arguments.has("--type") && isToc(arguments))
            .requiredUnless("--bootstrap", "--blob-dir", "--blob-inline-meta")
            .requiredUnless("--blob", "--type", "--blob-dir")
            .requiredUnless("--external-blob", "--type", "--blob-dir")
            .examples(
                    "nydus-image create -t dir-rafs -B image.boot -b image.blob rootfs/",
                    "zcat layer.tar.gz | nydus-image create -t tar-rafs -D images/ /dev/stdin",
                    "nydus-image create -D images/ --compressor lz4_block --chunk-size 0x10000 rootfs/",
                    "nydus-image create -t stargz_index -B image.boot --blob-id 5c18... layer.esgz",
                    "echo /usr/bin | nydus-image create -D images/ --prefetch-policy fs rootfs/");

    CreateCommand(PrintStream err) {
        this.err = err;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        CreateOptions.Builder builder = options(arguments);
        noteOtherChoices(arguments, builder.build().type());
        BuildResult result;
        Optional<BlobBackend> blobs = blobs(arguments);
        try (BuildProgress progress = new BuildProgress(err, Terminal.isInteractive())) {
            blobs.ifPresent(builder::blobs);
            result = new CreateImage(builder.build(), progress).run();
        } finally {
            blobs.ifPresent(BlobBackend::close);
        }
        LOG.log(Level.INFO, "successfully built RAFS filesystem: \n" + summary(result));
        if (arguments.has("--output-json")) {
            OutputJson.write(arguments.path("--output-json").orElseThrow(), result.toJson(Version.tool()));
        }
        return 0;
    }

    private static boolean isToc(Arguments arguments) {
        return ConversionType.ofText(arguments.text("--type")).orElse(null) == ConversionType.ESTARGZTOC_REF;
    }

    /** Says which choices of the user's do not count. */
    private static void noteOtherChoices(Arguments arguments, ConversionType type) {
        if (!type.isFixed()) {
            return;
        }
        String compressor = arguments.text("--compressor");
        String only = type.isReference() ? "GZip" : "`None`";
        if (arguments.has("--compressor") && !(compressor.equals("none") && !type.isReference())) {
            LOG.log(
                    Level.INFO,
                    "only %s is supported for conversion type %s, use %s instead of %s"
                            .formatted(only, type.text(), only, compressor));
        }
        String digester = arguments.text("--digester");
        if (arguments.has("--digester") && !digester.equals("sha256")) {
            LOG.log(
                    Level.INFO,
                    "only SHA256 is supported for conversion type %s, use SHA256 instead of %s"
                            .formatted(type.text(), digester));
        }
    }

    /** Opens where a parent's blobs are, if the command line says so. */
    private static Optional<BlobBackend> blobs(Arguments arguments) throws IOException {
        Optional<BlobBackend> configured = ImageArguments.configured(arguments);
        return configured.isEmpty() && arguments.has("--blob-dir")
                ? Optional.of(ImageArguments.directory(arguments.text("--blob-dir")))
                : configured;
    }

    private CreateOptions.Builder options(Arguments arguments) throws IOException {
        ConversionType type =
                ConversionType.ofText(arguments.text("--type")).orElseThrow(IllegalArgumentException::new);
        CreateOptions.Builder options = CreateOptions.builder(
                        arguments.positionalPaths().getFirst())
                .type(type)
                .blobId(arguments.optional("--blob-id").orElse(""))
                .version(arguments.text("--fs-version").equals("5") ? RafsVersion.V5 : RafsVersion.V6)
                .compression(compression(arguments.text("--compressor")))
                .digestAlgorithm(
                        arguments.text("--digester").equals("sha256") ? DigestAlgorithm.SHA256 : DigestAlgorithm.BLAKE3)
                .cipher(arguments.flag("--encrypt") ? CipherAlgorithm.AES_128_XTS : CipherAlgorithm.NONE)
                .explicitUidGid(!arguments.flag("--repeatable"))
                .alignedChunks(arguments.flag("--aligned-chunk"))
                .blobToc(arguments.has("--features"))
                .inlineMeta(arguments.flag("--blob-inline-meta"))
                .whiteoutSpec(WhiteoutSpec.ofText(arguments.text("--whiteout-spec"))
                        .orElseThrow(IllegalArgumentException::new));
        arguments
                .optional("--blob-offset")
                .ifPresent(text -> options.blobOffset(Numbers.decimal(text, "invalid blob offset " + text)));
        PrefetchPolicy policy = PrefetchPolicy.parse(arguments.text("--prefetch-policy"));
        if (policy != PrefetchPolicy.NONE) {
            options.prefetch(policy, hints(System.in));
        }
        if (type == ConversionType.ESTARGZTOC_REF) {
            options.chunkSize(TOC_CHUNK_SIZE);
        }
        arguments
                .optional("--chunk-size")
                .ifPresent(text -> options.chunkSize(Numbers.size(text, "invalid chunk size " + text)));
        arguments
                .optional("--batch-size")
                .ifPresent(text -> options.batchSize(Numbers.size(text, "invalid batch size " + text)));
        arguments
                .optional("--blob-data-size")
                .ifPresent(text -> options.blobDataSize(Numbers.hexadecimal(text, "invalid blob data size " + text)));
        arguments
                .optional("--threads")
                .ifPresent(text -> options.threads(Numbers.size(text, "invalid number of threads " + text)));
        outputs(arguments, options);
        arguments.optional("--chunk-dict").ifPresent(text -> options.chunkDictionary(dictionary(text)));
        arguments
                .optional("--parent-bootstrap")
                .filter(text -> !text.isEmpty())
                .ifPresent(text -> options.parentBootstrap(NativePath.path(text)));
        arguments.path("--attributes").ifPresent(options::attributes);
        return options;
    }

    private static void outputs(Arguments arguments, CreateOptions.Builder options) throws IOException {
        if (arguments.has("--blob-dir")) {
            Path directory = arguments.path("--blob-dir").orElseThrow();
            if (!Files.isDirectory(directory)) {
                throw new IOException("directory to store blobs does not exist: " + directory);
            }
            options.blobDirectory(directory);
        }
        arguments.path("--blob").ifPresent(options::blobFile);
        if (arguments.has("--bootstrap")) {
            options.bootstrapFile(arguments.path("--bootstrap").orElseThrow());
        } else if (arguments.has("--blob-dir") && !arguments.flag("--blob-inline-meta")) {
            options.bootstrapDirectory(arguments.path("--blob-dir").orElseThrow());
        }
        arguments.path("--external-blob").ifPresent(options::externalBlobFile);
        if (arguments.has("--blob-cache-dir")) {
            Path directory = arguments.path("--blob-cache-dir").orElseThrow();
            if (!Files.isDirectory(directory)) {
                throw new IOException("directory to store blob cache does not exist: " + directory);
            }
            options.blobCacheDirectory(directory);
        }
    }

    /**
     * Returns the bootstrap that a value of {@code --chunk-dict} names.
     *
     * @throws IllegalArgumentException if it names another kind of dictionary
     */
    static Path dictionary(String text) {
        int equals = text.indexOf('=');
        if (equals < 0) {
            return NativePath.path(text);
        }
        if (!text.startsWith("bootstrap=")) {
            throw new IllegalArgumentException("invalid chunk dict type " + text.substring(0, equals));
        }
        return NativePath.path(text.substring(equals + 1));
    }

    private static Compression compression(String text) {
        return switch (text) {
            case "none" -> Compression.NONE;
            case "lz4_block" -> Compression.LZ4_BLOCK;
            default -> Compression.ZSTD;
        };
    }

    /** Reads the hint list as bytes, a line each: names need not be text. */
    static List<byte[]> hints(InputStream in) throws IOException {
        List<byte[]> lines = new ArrayList<>();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        byte[] all = in.readNBytes(MAX_HINT_BYTES + 1);
        if (all.length > MAX_HINT_BYTES) {
            throw new IOException("the list of files to prefetch is larger than " + MAX_HINT_BYTES + " bytes");
        }
        for (byte b : all) {
            if (b == '\n') {
                lines.add(line.toByteArray());
                line.reset();
            } else {
                line.write(b);
            }
        }
        if (line.size() > 0) {
            lines.add(line.toByteArray());
        }
        return lines;
    }

    private static String summary(BuildResult result) {
        String text = "meta blob path: %s%ndata blob size: 0x%x%ndata blobs: %s"
                .formatted(
                        result.bootstrap().map(Path::toString).orElse("<none>"),
                        result.lastBlobSize(),
                        quoted(result.blobs()));
        if (result.externalBlobs().isEmpty()) {
            return text;
        }
        return text
                + "%nexternal meta blob path: %s%nexternal data blobs: %s"
                        .formatted(
                                result.externalBootstrap().map(Path::toString).orElse("<none>"),
                                quoted(result.externalBlobs()));
    }

    private static String quoted(List<String> ids) {
        return ids.stream()
                .map(id -> String.format(Locale.ROOT, "\"%s\"", id))
                .collect(Collectors.joining(", ", "[", "]"));
    }
}
