package io.nydus4j.storage;

/** Keeps a range of a {@link LazyBlob} in its local file until closed. */
public interface Pin extends AutoCloseable {
    /** Holds nothing: stands for all pins of what was ready where nothing is ever evicted. */
    Pin NONE = () -> {};

    /** Tells where the range's bytes were when they were asked for. */
    default DataOrigin origin() {
        return DataOrigin.READY;
    }

    @Override
    void close();
}
