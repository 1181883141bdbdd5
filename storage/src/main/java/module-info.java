/** Where bytes come from and where they rest: backends, caches, configuration. */
module io.nydus4j.storage {
    requires transitive io.nydus4j.blob;
    requires transitive io.nydus4j.rafs;
    requires io.nydus4j.linux;
    requires tools.jackson.core;
    requires org.tomlj;
    requires org.apache.httpcomponents.client5.httpclient5;
    requires org.apache.httpcomponents.core5.httpcore5;
    // For the HTTP client, which cannot say so: it is no module itself.
    requires org.slf4j;
    requires java.security.jgss;
    requires java.sql;
    requires org.xerial.sqlitejdbc;
    requires jdk.net;
    requires static org.jspecify;

    exports io.nydus4j.storage;
    exports io.nydus4j.storage.backend;
    exports io.nydus4j.storage.config;
    exports io.nydus4j.storage.dedup;
    exports io.nydus4j.storage.device;
    exports io.nydus4j.storage.http;
    exports io.nydus4j.storage.registry;
    exports io.nydus4j.storage.folder;
}
