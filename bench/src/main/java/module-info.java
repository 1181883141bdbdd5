/** JMH benchmarks and the side-by-side harness. */
module io.nydus4j.bench {
    requires io.nydus4j.blob;
    requires io.nydus4j.rafs;
    requires io.nydus4j.storage;
    requires io.nydus4j.build;
    requires io.nydus4j.linux;
    requires io.nydus4j.daemon;
    requires io.nydus4j.cli;
    requires java.management;
    requires jdk.management;
    requires jmh.core;
    requires static org.jspecify;
}
