/** Where bytes come from and where they rest: backends, caches, configuration. */
module io.nydus4j.storage {
    requires transitive io.nydus4j.blob;
    requires transitive io.nydus4j.rafs;
    requires io.nydus4j.linux;
    requires java.net.http;
    requires tools.jackson.core;
    requires org.tomlj;
    requires static org.jspecify;

    exports io.nydus4j.storage;
    exports io.nydus4j.storage.backend;
    exports io.nydus4j.storage.config;
    exports io.nydus4j.storage.device;
}
