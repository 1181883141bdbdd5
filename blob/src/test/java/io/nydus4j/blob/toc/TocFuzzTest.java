package io.nydus4j.blob.toc;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.Optional;

/** Tails of blobs from anywhere: only a format or digest error may come out. */
final class TocFuzzTest {
    /** Input: a whole blob. */
    @FuzzTest(maxDuration = "60s")
    void tail(byte[] blob) throws IOException {
        PositionalSource source = PositionalSource.of(MemorySegment.ofArray(blob));
        try {
            Toc.find(source);
            Toc.read(source, blob.length, Digest.ZERO);
        } catch (RafsFormatException expected) {
            // What a parser may throw.
        }
        try {
            Optional<InlinedBootstrap> bootstrap = InlinedBootstrap.find(source);
            if (bootstrap.isPresent() && bootstrap.get().uncompressedSize() < 1 << 20) {
                bootstrap.get().copyTo(source, Channels.newChannel(OutputStream.nullOutputStream()));
            }
        } catch (RafsFormatException | BlobDigestException expected) {
            // What a parser may throw.
        }
    }
}
