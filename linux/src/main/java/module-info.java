/** The only native calls of the project, through the Foreign Function and Memory API. */
module io.nydus4j.linux {
    requires static org.jspecify;

    exports io.nydus4j.linux;
    exports io.nydus4j.linux.crypto;
    exports io.nydus4j.linux.fanotify;
    exports io.nydus4j.linux.file;
    exports io.nydus4j.linux.fuse;
    exports io.nydus4j.linux.mount;
    exports io.nydus4j.linux.socket;
}
