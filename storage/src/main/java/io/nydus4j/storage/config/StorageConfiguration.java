package io.nydus4j.storage.config;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A configuration document: where blobs come from, where they rest, and how the file system behaves.
 *
 * <p>Documents are JSON or TOML of version 2, or JSON of the older version 1, which is turned into version 2. Immutable; two equal
 * documents mean the same backend and cache. {@link #toString()} shows no secrets. Mirrors {@code ConfigV2} of the reference.
 *
 * @param version          2
 * @param id               name of the instance, possibly empty
 * @param backend          where blobs come from
 * @param externalBackends where external blobs come from
 * @param cache            where blobs rest
 * @param rafs             how the file system behaves
 * @param overlay          a writable layer
 */
public record StorageConfiguration(
        int version,
        String id,
        Optional<BackendConfiguration> backend,
        List<ExternalBackend> externalBackends,
        Optional<CacheConfiguration> cache,
        Optional<RafsConfiguration> rafs,
        Optional<OverlayConfiguration> overlay) {
    /** The version that documents are turned into. */
    public static final int VERSION = 2;
    /** Largest document in a file, in bytes. */
    public static final int MAX_FILE_SIZE = 0x10_0000;
    /** Environment variable that overrides a registry's {@code auth}. */
    public static final String AUTH_VARIABLE = "IMAGE_PULL_AUTH";

    private static final Logger LOGGER = System.getLogger(StorageConfiguration.class.getName());

    /** Copies the list. */
    public StorageConfiguration {
        externalBackends = List.copyOf(externalBackends);
    }

    /** Returns a configuration of a backend and a cache, and the usual behaviour. */
    public static StorageConfiguration of(BackendSettings backend, CacheConfiguration cache) {
        return new StorageConfiguration(
                VERSION,
                "",
                Optional.of(BackendConfiguration.of(backend)),
                List.of(),
                Optional.of(cache),
                Optional.of(RafsConfiguration.DEFAULT),
                Optional.empty());
    }

    /** Returns a configuration without a backend, that keeps nothing and compares every chunk with its digest. */
    public static StorageConfiguration withoutCache() {
        CacheConfiguration none = new CacheConfiguration(
                "dummycache", false, true, PrefetchConfiguration.ABSENT, Optional.empty(), Optional.empty());
        return new StorageConfiguration(
                VERSION, "", Optional.empty(), List.of(), Optional.of(none), Optional.empty(), Optional.empty());
    }

    /**
     * Reads a document from a file.
     *
     * @throws ConfigurationException if it is too big, or cannot be used
     * @throws IOException            if the file cannot be read
     */
    public static StorageConfiguration load(Path file) throws IOException {
        return parse(readText(file));
    }

    /**
     * Reads the text of a document, or of a part of one.
     *
     * @throws ConfigurationException if it is too long, or no UTF-8
     * @throws IOException            if the file cannot be read
     */
    public static String readText(Path file) throws IOException {
        byte[] bytes;
        try (InputStream input = Files.newInputStream(file)) {
            bytes = input.readNBytes(MAX_FILE_SIZE + 1);
        }
        if (bytes.length > MAX_FILE_SIZE) {
            throw new ConfigurationException(
                    "configuration file size is too big", file + " has more than " + MAX_FILE_SIZE + " bytes");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw ConfigurationException.unreadable(file + " is not UTF-8 text");
        }
    }

    /**
     * Reads a document. Members that nobody knows are ignored with a warning in the log.
     *
     * @throws ConfigurationException if it cannot be used
     */
    public static StorageConfiguration parse(String text) throws ConfigurationException {
        ConfigurationReader reader = new ConfigurationReader();
        StorageConfiguration configuration = reader.read(text);
        for (String warning : reader.warnings()) {
            LOGGER.log(Level.WARNING, warning);
        }
        return configuration;
    }

    /**
     * Returns the backend section.
     *
     * @throws ConfigurationException if there is none
     */
    public BackendConfiguration requireBackend() throws ConfigurationException {
        return backend.orElseThrow(() -> ConfigurationException.absent("backend"));
    }

    /**
     * Returns the cache section.
     *
     * @throws ConfigurationException if there is none
     */
    public CacheConfiguration requireCache() throws ConfigurationException {
        return cache.orElseThrow(() -> ConfigurationException.absent("cache"));
    }

    /**
     * Returns the file system section.
     *
     * @throws ConfigurationException if there is none
     */
    public RafsConfiguration requireRafs() throws ConfigurationException {
        return rafs.orElseThrow(() -> ConfigurationException.absent("rafs"));
    }

    /** Tells whether digests of chunks are checked where a checksum would do. */
    public boolean validatesChunks() {
        return cache.map(CacheConfiguration::validate).orElse(false)
                || rafs.map(RafsConfiguration::validate).orElse(false);
    }

    /**
     * Returns this configuration with what the environment overrides: {@value #AUTH_VARIABLE} counts instead of a registry's
     * {@code auth}, where there is a registry section.
     *
     * @param environment variables by name, such as {@link System#getenv()}
     */
    public StorageConfiguration withEnvironment(Map<String, String> environment) {
        String auth = environment.get(AUTH_VARIABLE);
        if (auth == null) {
            return this;
        }
        return new StorageConfiguration(
                version,
                id,
                backend.map(section -> section.withRegistryAuth(Optional.of(new Secret(auth)))),
                externalBackends,
                cache,
                rafs,
                overlay);
    }

    /** Returns this configuration without keys, passwords and tokens, for showing it. */
    public StorageConfiguration withoutSecrets() {
        return new StorageConfiguration(
                version,
                id,
                backend.map(BackendConfiguration::withoutSecrets),
                externalBackends.stream()
                        .map(external -> new ExternalBackend(external.patch(), external.kind(), Map.of()))
                        .toList(),
                cache.map(CacheConfiguration::withoutSecrets),
                rafs,
                overlay);
    }

    /**
     * Returns this configuration as JSON, secrets included, in one line: sections that are absent are null, all others have every
     * member, in the reference's order.
     */
    public String toJson() {
        return ConfigurationWriter.write(this);
    }

    Optional<String> problem() {
        if (version != VERSION) {
            return Optional.of("version is " + Integer.toUnsignedString(version) + ", not " + VERSION);
        }
        return backend.flatMap(BackendConfiguration::problem)
                .or(() -> cache.flatMap(CacheConfiguration::problem))
                .or(() -> rafs.flatMap(RafsConfiguration::problem));
    }
}
