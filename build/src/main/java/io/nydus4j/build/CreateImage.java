package io.nydus4j.build;

import java.io.IOException;

/**
 * Builds an image: {@code nydus-image create}.
 *
 * <p>Nothing half-written stays behind: each file is written under another name beside its place, and gets its own name when the
 * whole build has succeeded. The same source and options give the same bytes with any number of threads.
 */
public final class CreateImage {
    private final CreateOptions options;
    private final ProgressListener listener;

    /**
     * Prepares a build; nothing is read yet.
     *
     * @param options  what to build
     * @param listener hears how far the build is
     */
    public CreateImage(CreateOptions options, ProgressListener listener) {
        this.options = options;
        this.listener = listener;
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
        listener.progress(ProgressListener.Step.SCAN, 0, -1);
        throw new IOException("not built yet");
    }
}
