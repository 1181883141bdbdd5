package io.nydus4j.rafs;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Gathers vectors by the stored id of their blob, to make fewer and larger requests. Mirrors {@code BlobIoMerge} of the reference. Not
 * safe for use by several threads.
 */
public final class IoMerge {
    private final Map<String, IoVector> vectors = new LinkedHashMap<>();
    private @Nullable IoVector current;

    /** Makes a state without vectors. */
    public IoMerge() {}

    /** Joins a vector to the one of its blob; an empty one changes nothing. */
    public void append(IoVector vector) {
        if (vector.isEmpty()) {
            return;
        }
        IoVector existing = vectors.putIfAbsent(vector.blob().id(), vector);
        if (existing != null) {
            existing.append(vector);
        }
        current = existing == null ? vector : existing;
    }

    /** Returns the vector of the blob that was appended to last, or null if there is none. */
    public @Nullable IoVector current() {
        return current;
    }

    /** Removes all vectors and returns them. */
    public List<IoVector> drain() {
        List<IoVector> drained = new ArrayList<>(vectors.values());
        vectors.clear();
        current = null;
        return drained;
    }
}
