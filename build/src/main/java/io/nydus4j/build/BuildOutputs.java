package io.nydus4j.build;

import io.nydus4j.build.write.OutputFile;
import io.nydus4j.build.write.StreamSha256;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.NativePath;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files that a build writes, which get their names together at its end; without that, {@link #close} deletes them. Not safe for use by
 * several threads.
 */
final class BuildOutputs implements AutoCloseable {
    /** A file with the name it will have; empty if it is wanted nowhere after all. */
    private static final class Output {
        private final OutputFile file;
        private final boolean named;
        private Optional<String> name = Optional.empty();

        Output(OutputFile file, boolean named) {
            this.file = file;
            this.named = named;
        }
    }

    private final List<Output> outputs = new ArrayList<>();

    /** Starts a file. */
    OutputFile open(OutputPlace place) throws IOException {
        OutputFile file = switch (place) {
            case OutputPlace.OutputFile named -> OutputFile.at(named.path());
            case OutputPlace.OutputDirectory directory -> OutputFile.in(directory.path());
        };
        outputs.add(new Output(file, place instanceof OutputPlace.OutputFile));
        return file;
    }

    /** Sets the name of a file in a directory; without one it is dropped at the end. Does nothing for files that have a name. */
    void setName(OutputFile file, String name) {
        for (Output output : outputs) {
            if (output.file == file) {
                output.name = Optional.of(name);
            }
        }
    }

    /**
     * Writes a bootstrap; in a directory its SHA-256 names it.
     *
     * @return the path that it will have
     */
    Path putBootstrap(MemorySegment bootstrap, OutputPlace place) throws IOException {
        OutputFile file = open(place);
        file.write(bootstrap);
        if (place instanceof OutputPlace.OutputDirectory directory) {
            String name = StreamSha256.of(bootstrap).toString();
            setName(file, name);
            return directory.path().resolve(name);
        }
        return place.path();
    }

    /** Brings all files to the disk and gives them their names. */
    void commit() throws IOException {
        for (Output output : outputs) {
            if (output.named || output.name.isPresent()) {
                output.file.sync();
            }
        }
        for (Output output : outputs) {
            if (output.named) {
                output.file.commit();
            } else if (output.name.isPresent()) {
                output.file.commit(output.name.get());
            }
        }
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (Output output : outputs) {
            try {
                output.file.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** Returns {@code path} with its extension, if it has one, replaced. */
    static Path withExtension(Path path, String extension) {
        // Names need not be text.
        Path fileName = path.getFileName();
        String name = fileName == null ? "" : RawBytes.text(NativePath.bytes(fileName));
        int dot = name.lastIndexOf('.');
        return path.resolveSibling(NativePath.path((dot > 0 ? name.substring(0, dot) : name) + "." + extension));
    }
}
