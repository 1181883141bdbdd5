package io.nydus4j.build.refer;

import io.nydus4j.blob.chunk.ChunkInfoWriter;
import io.nydus4j.build.tar.ArchiveInput;
import io.nydus4j.build.write.ChunkPlace;
import io.nydus4j.build.write.ChunkPlaces;

/** Tells where chunks lie in a plain archive. Not safe for use by several threads. */
final class PlainPlaces implements ChunkPlaces {
    private final ArchiveInput input;
    private long start;

    /** Watches {@code input}. */
    PlainPlaces(ArchiveInput input) {
        this.input = input;
    }

    @Override
    public void beginChunk(int nominalSize) {
        start = input.position();
    }

    @Override
    public ChunkPlace endChunk() {
        return ChunkPlace.plain(start, (int) (input.position() - start));
    }

    @Override
    public void addContexts(ChunkInfoWriter chunkInfo) {
        // Plain chunks need nothing.
    }
}
