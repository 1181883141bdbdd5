package io.nydus4j.storage;

/** Where the bytes of a range were when somebody asked for them; the later, the longer the way. */
public enum DataOrigin {
    /** Here and verified. */
    READY,
    /** In the cache, but they had to be checked or decoded first. */
    LOCAL,
    /** In the cache of another blob, and copied from there. */
    SHARED,
    /** In the backend: the caller waited while they were fetched, for it or for somebody else who asked at the same time. */
    BACKEND;

    /** Stands for all pins that hold nothing, of ranges with this origin. */
    private final Pin unheld = new Pin() {
        @Override
        public DataOrigin origin() {
            return DataOrigin.this;
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    };

    /** Returns a pin of a range with this origin that holds nothing: where nothing is ever evicted. Allocates nothing. */
    public Pin pin() {
        return unheld;
    }

    /** Returns the origin of a range of which one part has this origin and another that one. */
    public DataOrigin and(DataOrigin other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
