package io.nydus4j.daemon;

import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.http.FaultyServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * An image whose blobs are at a server.
 *
 * @param bootstrap its metadata
 * @param tree      the files that it was made from
 * @param server    has the blobs, and can be made to fail
 */
record RemoteImage(Path bootstrap, Path tree, FaultyServer server) implements AutoCloseable {
    /**
     * Starts a server with the blobs of an image.
     *
     * @param directory gets the image's tree
     */
    static RemoteImage of(Golden image, Path directory) throws IOException, InterruptedException {
        FaultyServer server = FaultyServer.start();
        List<Path> blobs = image.blobFiles();
        for (Path blob : blobs) {
            server.with(blob.getFileName().toString(), Files.readAllBytes(blob));
        }
        return new RemoteImage(image.bootstrap(), image.unpack(directory.resolve("tree")), server);
    }

    /**
     * Returns a configuration.
     *
     * @param cache  folder of the cache
     * @param budget what that may take, in bytes; 0 for as much as it needs
     */
    StorageConfiguration configuration(Path cache, long budget) throws IOException {
        return StorageConfiguration.parse(
                "{\"version\":2,\"id\":\"i\",\"backend\":{\"type\":\"http-proxy\",\"http-proxy\":{\"addr\":\""
                        + server.address() + "\",\"path\":\"blobs\",\"timeout\":30,\"connect_timeout\":5}},"
                        + "\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + cache
                        + "\",\"budget\":" + budget + "}},\"rafs\":{\"mode\":\"direct\",\"batch_size\":0}}");
    }

    @Override
    public void close() {
        server.close();
    }
}
