/** The data blob: digests, codecs, chunk information, batch, zran, TOC. Pure functions on memory. */
module io.nydus4j.blob {
    requires aircompressor.v3;
    // The zstd streams of aircompressor stand on it, which only says that it may.
    requires jdk.unsupported;
    requires static org.jspecify;

    exports io.nydus4j.blob;
    exports io.nydus4j.blob.chunk to
            io.nydus4j.storage,
            io.nydus4j.build,
            io.nydus4j.bench;
    exports io.nydus4j.blob.codec to
            io.nydus4j.storage,
            io.nydus4j.build,
            io.nydus4j.bench;
    exports io.nydus4j.blob.crypt to
            io.nydus4j.storage,
            io.nydus4j.build;
    exports io.nydus4j.blob.digest to
            io.nydus4j.rafs,
            io.nydus4j.storage,
            io.nydus4j.build,
            io.nydus4j.daemon,
            io.nydus4j.oci,
            io.nydus4j.bench;
    exports io.nydus4j.blob.toc to
            io.nydus4j.rafs,
            io.nydus4j.storage,
            io.nydus4j.build;
    exports io.nydus4j.blob.zran to
            io.nydus4j.storage,
            io.nydus4j.build,
            io.nydus4j.bench;
}
