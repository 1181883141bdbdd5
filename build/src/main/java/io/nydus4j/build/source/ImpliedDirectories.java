package io.nydus4j.build.source;

/**
 * Counts the directories of a layer that are only named in paths, where two bytes of text make one: no more than fit in memory. Not safe
 * for use by several threads.
 */
public final class ImpliedDirectories {
    private static final int MOST = 1 << 20;
    private static final int MEMORY = 1024;

    private final long most = Math.min(MOST, Runtime.getRuntime().maxMemory() / MEMORY);
    private int count;

    /** Counts one more; returns false if that is too many. */
    public boolean add() {
        return ++count <= most;
    }

    /** Says what is wrong with a layer that has too many. */
    public String problem() {
        return "more than " + most + " directories have no entry of their own";
    }
}
