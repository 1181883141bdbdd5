package io.nydus4j.storage.config;

import java.io.StringWriter;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Writes a {@link StorageConfiguration} as JSON of version 2, members in the reference's order. For one document. */
final class ConfigurationWriter {
    private static final JsonFactory FACTORY = new JsonFactory();

    private final JsonGenerator json;

    private ConfigurationWriter(JsonGenerator json) {
        this.json = json;
    }

    static String write(StorageConfiguration configuration) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            new ConfigurationWriter(json).document(configuration);
        }
        return text.toString();
    }

    private void document(StorageConfiguration configuration) {
        json.writeStartObject();
        json.writeNumberProperty("version", Integer.toUnsignedLong(configuration.version()));
        json.writeStringProperty("id", configuration.id());
        section("backend", configuration.backend(), this::backend);
        json.writeArrayPropertyStart("external_backends");
        configuration.externalBackends().forEach(this::externalBackend);
        json.writeEndArray();
        section("cache", configuration.cache(), this::cache);
        section("rafs", configuration.rafs(), this::rafs);
        section("overlay", configuration.overlay(), overlay -> {
            json.writeStringProperty("upper_dir", overlay.upperDirectory());
            json.writeStringProperty("work_dir", overlay.workDirectory());
        });
        json.writeEndObject();
    }

    private <T> void section(String name, Optional<T> value, Consumer<T> writer) {
        if (value.isEmpty()) {
            json.writeNullProperty(name);
            return;
        }
        json.writeObjectPropertyStart(name);
        writer.accept(value.get());
        json.writeEndObject();
    }

    private void backend(BackendConfiguration backend) {
        json.writeStringProperty("type", backend.type());
        section("localdisk", backend.localDisk(), disk -> {
            json.writeStringProperty("device_path", disk.devicePath());
            json.writeBooleanProperty("disable_gpt", disk.disableGpt());
        });
        section("localfs", backend.localFs(), local -> {
            json.writeStringProperty("blob_file", local.blobFile());
            json.writeStringProperty("dir", local.directory());
            texts("alt_dirs", local.alternateDirectories());
        });
        section("oss", backend.oss(), oss -> bucket(oss.bucket(), Optional.empty()));
        section("s3", backend.s3(), s3 -> bucket(s3.bucket(), Optional.of(s3.region())));
        section("registry", backend.registry(), this::registry);
        section("http-proxy", backend.httpProxy(), proxy -> {
            json.writeStringProperty("addr", proxy.address());
            json.writeStringProperty("path", proxy.path());
            connection(proxy.network());
            section("proxy", Optional.of(proxy.network().proxy()), this::proxy);
        });
    }

    private void bucket(BucketSettings bucket, Optional<String> region) {
        json.writeStringProperty("scheme", bucket.scheme());
        json.writeStringProperty("endpoint", bucket.endpoint());
        region.ifPresent(name -> json.writeStringProperty("region", name));
        json.writeStringProperty("bucket_name", bucket.name());
        json.writeStringProperty("object_prefix", bucket.objectPrefix());
        json.writeStringProperty("access_key_id", bucket.accessKeyId().value());
        json.writeStringProperty("access_key_secret", bucket.accessKeySecret().value());
        connection(bucket.network());
        section("proxy", Optional.of(bucket.network().proxy()), this::proxy);
    }

    private void registry(RegistrySettings registry) {
        json.writeStringProperty("scheme", registry.scheme());
        json.writeStringProperty("host", registry.host());
        json.writeStringProperty("repo", registry.repository());
        secret("auth", registry.auth());
        connection(registry.network());
        secret("registry_token", registry.registryToken());
        json.writeStringProperty("blob_url_scheme", registry.blobUrlScheme());
        json.writeStringProperty("blob_redirected_host", registry.blobRedirectedHost());
        section("proxy", Optional.of(registry.network().proxy()), this::proxy);
    }

    private void connection(NetworkSettings network) {
        json.writeBooleanProperty("skip_verify", network.skipVerify());
        texts("ca_cert_files", network.caCertificateFiles());
        json.writeNumberProperty("timeout", network.timeoutSeconds());
        json.writeNumberProperty("connect_timeout", network.connectTimeoutSeconds());
        json.writeNumberProperty("retry_limit", network.retryLimit());
        // The reference does not have these, so they are shown only where they are used.
        if (!network.mirrors().isEmpty()) {
            json.writeArrayPropertyStart("mirrors");
            network.mirrors().forEach(this::mirror);
            json.writeEndArray();
        }
        if (network.bandwidthLimit() != 0) {
            json.writeNumberProperty("bandwidth_limit", network.bandwidthLimit());
        }
    }

    private void mirror(MirrorSettings mirror) {
        json.writeStartObject();
        json.writeStringProperty("host", mirror.host());
        json.writeStringProperty("ping_url", mirror.pingUrl());
        textsByName("headers", mirror.headers());
        json.writeNumberProperty("health_check_interval", mirror.checkIntervalSeconds());
        json.writeNumberProperty("failure_limit", mirror.failureLimit());
        json.writeEndObject();
    }

    private void proxy(ProxySettings proxy) {
        json.writeStringProperty("url", proxy.url());
        json.writeStringProperty("ping_url", proxy.pingUrl());
        json.writeBooleanProperty("fallback", proxy.fallback());
        unsigned("check_interval", proxy.checkIntervalSeconds());
        json.writeBooleanProperty("use_http", proxy.useHttp());
        unsigned("check_pause_elapsed", proxy.checkPauseElapsedSeconds());
        json.writeStringProperty("dragonfly_scheduler_endpoint", proxy.dragonflySchedulerEndpoint());
    }

    private void externalBackend(ExternalBackend backend) {
        json.writeStartObject();
        textsByName("patch", backend.patch());
        json.writeStringProperty("type", backend.kind());
        textsByName("config", backend.config());
        json.writeEndObject();
    }

    private void cache(CacheConfiguration cache) {
        json.writeStringProperty("type", cache.type());
        json.writeBooleanProperty("compressed", cache.compressed());
        json.writeBooleanProperty("validate", cache.validate());
        prefetch(cache.prefetch());
        section("filecache", cache.fileCache(), file -> {
            json.writeStringProperty("work_dir", file.workDirectory());
            json.writeBooleanProperty("disable_indexed_map", file.disableIndexedMap());
            json.writeBooleanProperty("enable_encryption", file.enableEncryption());
            json.writeBooleanProperty("enable_convergent_encryption", file.enableConvergentEncryption());
            json.writeStringProperty("encryption_key", file.encryptionKey().value());
            // The reference does not have these, so they are shown only where they are used.
            if (file.budgetBytes() != 0) {
                json.writeNumberProperty("budget", file.budgetBytes());
            }
            if (file.roomSeconds() != FileCacheSettings.USUAL_ROOM_SECONDS) {
                json.writeNumberProperty("room_timeout", file.roomSeconds());
            }
        });
        section("fscache", cache.fsCache(), fs -> json.writeStringProperty("work_dir", fs.workDirectory()));
    }

    private void rafs(RafsConfiguration rafs) {
        json.writeStringProperty("mode", rafs.mode());
        unsigned("batch_size", rafs.batchSize());
        json.writeBooleanProperty("validate", rafs.validate());
        json.writeBooleanProperty("enable_xattr", rafs.enableXattr());
        json.writeBooleanProperty("iostats_files", rafs.iostatsFiles());
        json.writeBooleanProperty("access_pattern", rafs.accessPattern());
        json.writeBooleanProperty("latest_read_files", rafs.latestReadFiles());
        prefetch(rafs.prefetch());
    }

    private void prefetch(PrefetchConfiguration prefetch) {
        json.writeObjectPropertyStart("prefetch");
        json.writeBooleanProperty("enable", prefetch.enable());
        unsigned("threads", prefetch.threads());
        unsigned("batch_size", prefetch.batchSize());
        json.writeNumberProperty("bandwidth_limit", prefetch.bandwidthLimit());
        json.writeBooleanProperty("prefetch_all", prefetch.prefetchAll());
        json.writeBooleanProperty("stream_prefetch", prefetch.streamPrefetch());
        json.writeEndObject();
    }

    private void unsigned(String name, long value) {
        json.writeName(name);
        json.writeNumber(Long.toUnsignedString(value));
    }

    private void secret(String name, Optional<Secret> secret) {
        if (secret.isPresent()) {
            json.writeStringProperty(name, secret.get().value());
        } else {
            json.writeNullProperty(name);
        }
    }

    private void texts(String name, Iterable<String> texts) {
        json.writeArrayPropertyStart(name);
        texts.forEach(json::writeString);
        json.writeEndArray();
    }

    private void textsByName(String name, Map<String, String> texts) {
        json.writeObjectPropertyStart(name);
        new TreeMap<>(texts).forEach(json::writeStringProperty);
        json.writeEndObject();
    }
}
