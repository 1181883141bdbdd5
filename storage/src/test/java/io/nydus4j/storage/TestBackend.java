package io.nydus4j.storage;

import io.nydus4j.blob.PositionalSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A backend over files that records what it is asked for, and misbehaves as a test wishes. */
public final class TestBackend implements BlobBackend {
    private final Path folder;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private volatile Behaviour behaviour = (request, target) -> {};

    /** One read. */
    public record Request(String blobId, long offset, int length, byte[] content) {}

    /** What happens to a read after it was recorded. */
    @FunctionalInterface
    public interface Behaviour {
        /**
         * Does something to the answer, waits, or fails.
         *
         * @param answer the right bytes; what is left of it after this call, from its start to its limit, is given
         */
        void apply(Request request, ByteBuffer answer) throws IOException;
    }

    public TestBackend(Path folder) {
        this.folder = folder;
    }

    /** Sets how reads go from now on. */
    public void behave(Behaviour next) {
        behaviour = next;
    }

    /** Returns the reads since the last {@link #forget}. */
    public List<Request> requests() {
        return requests;
    }

    public void forget() {
        requests.clear();
    }

    @Override
    public String description() {
        return "test";
    }

    @Override
    public PositionalSource open(String blobId) throws BackendException {
        byte[] content;
        try {
            content = Files.readAllBytes(folder.resolve(blobId));
        } catch (IOException e) {
            throw (BackendException) new BackendException("test", blobId, "is not there", false).initCause(e);
        }
        return new PositionalSource() {
            @Override
            public long size() {
                return content.length;
            }

            @Override
            public int readAt(long position, ByteBuffer target) throws IOException {
                Request request = new Request(blobId, position, target.remaining(), content);
                requests.add(request);
                int count = (int) Math.clamp(content.length - position, 0L, target.remaining());
                byte[] bytes = new byte[count];
                System.arraycopy(content, (int) Math.min(position, content.length), bytes, 0, count);
                ByteBuffer answer = ByteBuffer.wrap(bytes);
                behaviour.apply(request, answer);
                int given = answer.limit();
                target.put(answer.position(0));
                return given;
            }
        };
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
