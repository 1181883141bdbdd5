package io.nydus4j.daemon.api;

/** What a daemon is doing, as it tells. Mirrors {@code DaemonState} of the reference. */
public enum DaemonState {
    /** Started, serves nothing yet. */
    INIT,
    /** Serves. */
    RUNNING,
    /** Has all it needs to serve, but does not. */
    READY,
    /** Has ended. */
    STOPPED,
    /** Of a daemon that says something else. */
    UNKNOWN;

    /** Returns the state with this name, {@link #UNKNOWN} if there is none. */
    public static DaemonState of(String name) {
        for (DaemonState state : values()) {
            if (state.name().equals(name)) {
                return state;
            }
        }
        return UNKNOWN;
    }
}
