package io.nydus4j.build.stargz;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A file with a table of contents: the JSON text itself, or a layer that ends with one. To be closed. Not safe for use by several threads.
 */
public final class StargzSource implements AutoCloseable {
    private final InputStream json;
    private final Optional<LayerTail> layer;
    private final Optional<FileChannel> channel;

    private StargzSource(InputStream json, Optional<LayerTail> layer, Optional<FileChannel> channel) {
        this.json = json;
        this.layer = layer;
        this.channel = channel;
    }

    /**
     * Opens a file: a layer if it has the footer of one, else a text. What is no regular file is a text.
     *
     * @throws RafsFormatException if it is a layer whose footer contradicts it
     */
    public static StargzSource open(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            return new StargzSource(Files.newInputStream(path), Optional.empty(), Optional.empty());
        }
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            PositionalSource source = PositionalSource.of(channel);
            Optional<LayerTail> layer = LayerTail.find(source);
            InputStream json =
                    layer.isPresent() ? layer.get().open(source) : new SourceRange(source, 0, channel.size());
            return new StargzSource(json, layer, Optional.of(channel));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Returns the text of the table of contents; to be read once. */
    public InputStream json() {
        return json;
    }

    /** Returns the layer that the table lies in; empty if the source is a mere text. */
    public Optional<Layer> layer() {
        return layer.map(tail -> new Layer(tail.compression(), tail.dataSize()));
    }

    /**
     * A layer.
     *
     * @param compression how its data is compressed
     * @param dataSize    where the table of contents starts, behind all data, in bytes
     */
    public record Layer(Compression compression, long dataSize) {}

    @Override
    public void close() throws IOException {
        json.close();
        if (channel.isPresent()) {
            channel.get().close();
        }
    }
}
