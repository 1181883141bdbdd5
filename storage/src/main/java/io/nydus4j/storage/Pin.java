package io.nydus4j.storage;

/** Keeps a range of a {@link LazyBlob} in its local file until closed. */
public interface Pin extends AutoCloseable {
    /** Holds nothing: stands for all pins where nothing is ever evicted. */
    Pin NONE = () -> {};

    @Override
    void close();
}
