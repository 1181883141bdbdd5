package io.nydus4j.daemon.api;

/** The operations that are counted, in the order of the counters. Mirrors {@code StatsFop} of the reference. */
public enum FileOperation {
    GETATTR("Getattr"),
    READLINK("Readlink"),
    OPEN("Open"),
    RELEASE("Release"),
    READ("Read"),
    STATFS("Statfs"),
    GETXATTR("Getxattr"),
    LISTXATTR("Listxattr"),
    OPENDIR("Opendir"),
    LOOKUP("Lookup"),
    READDIR("Readdir"),
    READDIRPLUS("Readdirplus"),
    ACCESS("Access"),
    FORGET("Forget"),
    BATCH_FORGET("BatchForget");

    private final String label;

    FileOperation(String label) {
        this.label = label;
    }

    /** Returns the name that tools print. */
    public String label() {
        return label;
    }
}
