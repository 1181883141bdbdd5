/** nydusd as a library: mounts, FUSE and EROFS front ends, HTTP API, metrics. */
module io.nydus4j.daemon {
    requires transitive io.nydus4j.blob;
    requires transitive io.nydus4j.rafs;
    requires transitive io.nydus4j.storage;
    requires transitive io.nydus4j.linux;
    requires jdk.jfr;
    requires tools.jackson.core;
    requires static org.jspecify;

    exports io.nydus4j.daemon;
    exports io.nydus4j.daemon.api;
    exports io.nydus4j.daemon.state;
    exports io.nydus4j.daemon.upgrade;
    exports io.nydus4j.daemon.vfs;
}
