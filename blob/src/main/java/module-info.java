/** The data blob: digests, codecs, chunk information, batch, zran, TOC. Pure functions on memory. */
module io.nydus4j.blob {
    requires aircompressor.v3;
    requires static org.jspecify;

    exports io.nydus4j.blob;
}
