/** Sources to images: build, check, inspect, unpack. */
module io.nydus4j.build {
    requires transitive io.nydus4j.blob;
    requires transitive io.nydus4j.rafs;
    requires transitive io.nydus4j.storage;
    requires io.nydus4j.linux;
    requires java.sql;
    requires org.xerial.sqlitejdbc;
    requires tools.jackson.core;
    requires static org.jspecify;

    exports io.nydus4j.build;
    exports io.nydus4j.build.layer;
    exports io.nydus4j.build.tar;
}
