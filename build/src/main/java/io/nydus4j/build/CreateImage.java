package io.nydus4j.build;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.build.external.Attributes;
import io.nydus4j.build.layer.Whiteouts;
import io.nydus4j.build.source.DirectorySource;
import io.nydus4j.build.source.SourceRules;
import io.nydus4j.build.source.TarSource;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.rafs.tree.PrefetchPatterns;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.util.Optional;

/**
 * Builds an image: {@code nydus-image create}.
 *
 * <p>Nothing half-written stays behind: each file is written under another name beside its place, and gets its own name when the
 * whole build has succeeded. The same source and options give the same bytes with any number of threads.
 */
public final class CreateImage {
    private final CreateOptions options;
    private final ProgressListener listener;
    private final Optional<BlobKey> key;

    /**
     * Prepares a build; nothing is read yet.
     *
     * @param options  what to build
     * @param listener hears how far the build is
     */
    public CreateImage(CreateOptions options, ProgressListener listener) {
        this(
                options,
                listener,
                options.cipher() == CipherAlgorithm.AES_128_XTS ? Optional.of(BlobKey.random()) : Optional.empty());
    }

    /** Prepares a build whose key is given, so that it can be repeated. */
    CreateImage(CreateOptions options, ProgressListener listener, Optional<BlobKey> key) {
        this.options = options;
        this.listener = listener;
        this.key = key;
    }

    /**
     * Builds the image. May be called once. An interrupt of the calling thread makes it stop with an
     * {@link java.io.InterruptedIOException}.
     *
     * @throws IOException              if the source cannot be read or the image cannot be written; the message names the file
     * @throws IllegalArgumentException if the options are wrong, see {@link CreateOptions#validate()}
     */
    public BuildResult run() throws IOException {
        options.validate();
        checkPlaces();
        PrefetchPatterns patterns = PrefetchHints.patterns(options.prefetchPolicy(), options.prefetchHints());
        TraceRecorder trace = new TraceRecorder();
        if (options.type() == ConversionType.ESTARGZTOC_REF) {
            return runFromToc(patterns, trace);
        }
        try (Arena arena = Arena.ofShared();
                BuildOutputs outputs = new BuildOutputs()) {
            BuildResult result = trace.time("total_build", () -> run(patterns, trace, outputs, arena));
            return result.withTrace(trace.trace());
        }
    }

    private BuildResult run(PrefetchPatterns patterns, TraceRecorder trace, BuildOutputs outputs, Arena arena)
            throws IOException {
        BuildBase base = BuildBase.load(options, trace);
        if (options.type().isFixed()) {
            return new ReferenceBuild(options, rules(), base, listener, trace, outputs, arena).run(patterns);
        }
        BlobFormat format = new BlobFormat(options, key);
        ImageBuild build = new ImageBuild(options, format, base, listener, trace, outputs, arena);
        if (options.type() == ConversionType.DIR_RAFS) {
            try (DirectorySource source = DirectorySource.open(NativePath.bytes(options.source()), rules())) {
                return build.run(source, patterns);
            }
        }
        try (TarSource source = TarSource.open(options.source(), options.archiveLimits(), rules())) {
            return build.run(source, patterns);
        }
    }

    private BuildResult runFromToc(PrefetchPatterns patterns, TraceRecorder trace) throws IOException {
        try (Arena arena = Arena.ofShared();
                BuildOutputs outputs = new BuildOutputs()) {
            BuildResult result = trace.time(
                    "total_build",
                    () -> new StargzBuild(options, BuildBase.load(options, trace), listener, trace, outputs, arena)
                            .run(patterns));
            return result.withTrace(trace.trace());
        }
    }

    private void checkPlaces() throws IOException {
        if (options.attributes().isPresent()) {
            Attributes.read(options.attributes().get()); // archives have no use for it, but it must make sense
        }
        if (options.blobOutput().orElse(null) instanceof OutputPlace.OutputDirectory directory
                && !Files.exists(directory.path())) {
            throw new IOException("directory to store blobs does not exist: " + directory.path());
        }
        if (options.bootstrapOutput().orElse(null) instanceof OutputPlace.OutputDirectory directory
                && !Files.exists(directory.path())) {
            throw new IOException("Directory to store blobs does not exist: " + directory.path());
        }
        if (!Files.exists(options.source())) {
            throw new IOException("failed to access path \"" + options.source() + "\"");
        }
        boolean directory = Files.isDirectory(options.source());
        if (options.type() == ConversionType.DIR_RAFS && !directory) {
            throw new IOException("specified path must be a directory: \"" + options.source() + "\"");
        }
        if (options.type() != ConversionType.DIR_RAFS && directory) {
            throw new IOException(
                    "specified path must be a regular/fifo/char_device file: \"" + options.source() + "\"");
        }
    }

    private SourceRules rules() {
        // Whiteouts have something to remove only where there is a layer below.
        boolean layered = options.parentBootstrap().isPresent();
        return new SourceRules(
                options.version(),
                options.chunkSize(),
                options.explicitUidGid(),
                layered ? 1 : 0,
                node -> layered || !Whiteouts.isOnlyWhiteout(node, options.whiteoutSpec()));
    }
}
