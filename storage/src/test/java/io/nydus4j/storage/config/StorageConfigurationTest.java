package io.nydus4j.storage.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What documents mean. The JSON that is expected was recorded from the reference's daemon. */
final class StorageConfigurationTest {
    /** Version 1 as given to the reference's daemon, and what its API then shows. */
    private static final String LEGACY = """
            {"device":{"id":"cfg-id","backend":{"type":"localfs","config":{"dir":"/d/blobs"}},"cache":{"type":"filecache",\
            "config":{"work_dir":"/d/cache"}}},"mode":"direct","digest_validate":false,"enable_xattr":true,\
            "iostats_files":true,"access_pattern":true,"latest_read_files":true}""";

    private static final String LEGACY_SHOWN = """
            {"version":2,"id":"cfg-id","backend":{"type":"localfs","localdisk":null,"localfs":{"blob_file":"",\
            "dir":"/d/blobs","alt_dirs":[]},"oss":null,"s3":null,"registry":null,"http-proxy":null},"external_backends":[],\
            "cache":{"type":"filecache","compressed":false,"validate":false,"prefetch":{"enable":false,"threads":0,\
            "batch_size":0,"bandwidth_limit":0,"prefetch_all":true,"stream_prefetch":false},"filecache":{"work_dir":\
            "/d/cache","disable_indexed_map":false,"enable_encryption":false,"enable_convergent_encryption":false,\
            "encryption_key":""},"fscache":null},"rafs":{"mode":"direct","batch_size":1048576,"validate":false,\
            "enable_xattr":true,"iostats_files":true,"access_pattern":true,"latest_read_files":true,"prefetch":{"enable":\
            false,"threads":0,"batch_size":0,"bandwidth_limit":0,"prefetch_all":false,"stream_prefetch":false}},\
            "overlay":null}""";

    private static final String TOML = """
            version = 2
            id = "cfg2"

            [backend]
            type = "localfs"

            [backend.localfs]
            dir = "/d/blobs"

            [cache]
            type = "filecache"

            [cache.filecache]
            work_dir = "/d/cache"

            [rafs]
            mode = "direct"
            enable_xattr = true
            """;

    private static final String REGISTRY = """
            {"version":2,"backend":{"type":"registry","registry":{"host":"h:5000","repo":"a/b","auth":"c2VjcmV0OnB3",\
            "registry_token":"tokentoken","proxy":{"url":"http://me:hidden@proxy:8080/x"}},"s3":{"endpoint":"","region":"r",\
            "bucket_name":"b","access_key_id":"AKID","access_key_secret":"KEYKEY"},"oss":{"endpoint":"e","bucket_name":"b",\
            "access_key_id":"OSSID","access_key_secret":"OSSKEY"}},"cache":{"filecache":{"encryption_key":"abcdef"}}}""";

    private static List<String> warningsOf(String text) throws ConfigurationException {
        ConfigurationReader reader = new ConfigurationReader();
        reader.read(text);
        return reader.warnings();
    }

    @Test
    void legacyDocumentIsShownAsByTheReference() throws ConfigurationException {
        assertThat(StorageConfiguration.parse(LEGACY).withoutSecrets().toJson()).isEqualTo(LEGACY_SHOWN);
    }

    @Test
    void shownDocumentMeansTheSame() throws ConfigurationException {
        StorageConfiguration legacy = StorageConfiguration.parse(LEGACY);
        assertThat(StorageConfiguration.parse(legacy.toJson())).isEqualTo(legacy);
        StorageConfiguration registry = StorageConfiguration.parse(REGISTRY);
        assertThat(StorageConfiguration.parse(registry.toJson())).isEqualTo(registry);
    }

    @Test
    void tomlAndJsonMeanTheSame() throws ConfigurationException {
        String json = """
                {"version": 2, "id": "cfg2", "backend": {"type": "localfs", "localfs": {"dir": "/d/blobs"}},
                 "cache": {"type": "filecache", "filecache": {"work_dir": "/d/cache"}},
                 "rafs": {"mode": "direct", "enable_xattr": true}}""";
        assertThat(StorageConfiguration.parse(TOML)).isEqualTo(StorageConfiguration.parse(json));
    }

    @ParameterizedTest
    @CsvSource({
        "1048576, 1048576",
        "'\"20GiB\"', 21474836480",
        "'\"20 gb\"', 20000000000",
        "'\"512M\"', 536870912",
        "'\"7\"', 7",
        "0, 0"
    })
    void budgetOfACacheIsANumberOrATextWithAUnit(String written, long bytes) throws ConfigurationException {
        StorageConfiguration configuration = StorageConfiguration.parse(
                "{\"version\":2,\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"/w\"," + "\"budget\":"
                        + written + "}}}");
        assertThat(configuration.requireCache().fileCache().orElseThrow().budgetBytes())
                .isEqualTo(bytes);
        assertThat(StorageConfiguration.parse(configuration.toJson())).isEqualTo(configuration);
    }

    @Test
    void waitForRoomIsSet() throws ConfigurationException {
        StorageConfiguration configuration = StorageConfiguration.parse(
                "{\"version\":2,\"cache\":{\"type\":\"filecache\",\"filecache\":{\"room_timeout\":7}}}");
        assertThat(configuration.requireCache().fileCache().orElseThrow().roomSeconds())
                .isEqualTo(7);
        assertThat(StorageConfiguration.parse(configuration.toJson())).isEqualTo(configuration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "\"20 apples\"", "\"99999999999999999T\"", "true"})
    void oddBudgetIsRefused(String written) {
        assertThatThrownBy(() -> StorageConfiguration.parse(
                        "{\"version\":2,\"cache\":{\"type\":\"filecache\",\"filecache\":{\"budget\":" + written
                                + "}}}"))
                .isInstanceOf(ConfigurationException.class);
    }

    @Test
    void defaultsAreTheReferences() throws ConfigurationException {
        StorageConfiguration configuration = StorageConfiguration.parse("""
                {"version": 2, "backend": {"type": "registry", "registry": {"host": "h", "repo": "r"}},
                 "cache": {"filecache": {}, "prefetch": {"enable": true}}, "rafs": {}}""");
        RegistrySettings registry =
                (RegistrySettings) configuration.requireBackend().settings().orElseThrow();
        assertThat(registry.scheme()).isEqualTo("https");
        assertThat(registry.network()).isEqualTo(NetworkSettings.DEFAULT);
        assertThat(registry.network().timeoutSeconds()).isEqualTo(5);
        assertThat(registry.network().proxy().checkPauseElapsedSeconds()).isEqualTo(300);
        CacheConfiguration cache = configuration.requireCache();
        assertThat(cache.kind()).contains(CacheKind.DUMMY);
        assertThat(cache.fileCache().orElseThrow().workDirectory()).isEqualTo(".");
        assertThat(cache.prefetch()).isEqualTo(new PrefetchConfiguration(true, 8, 1 << 20, 0, false, false));
        assertThat(configuration.requireRafs()).isEqualTo(RafsConfiguration.DEFAULT);
    }

    @Test
    void legacyPrefetchBecomesThatOfTheCacheToo() throws ConfigurationException {
        StorageConfiguration configuration = StorageConfiguration.parse(LEGACY.replace(
                "\"mode\"", "\"fs_prefetch\":{\"enable\":true,\"threads_count\":3,\"merging_size\":65536},\"mode\""));
        PrefetchConfiguration expected = new PrefetchConfiguration(true, 3, 65536, 0, true, false);
        assertThat(configuration.requireRafs().prefetch()).isEqualTo(expected);
        assertThat(configuration.requireCache().prefetch()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "{",
                "{}",
                "[1]",
                "{\"version\":2} x",
                "{\"version\":\"2\"}",
                "{\"version\":2.0}",
                "{\"version\":-2}",
                "{\"version\":4294967296}",
                "{\"version\":2,\"version\":2}",
                "{\"version\":2,\"backend\":{}}",
                "{\"version\":2,\"backend\":{\"type\":\"oss\",\"oss\":{}}}",
                "{\"version\":2,\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":1}}}",
                "{\"version\":2,\"rafs\":{\"batch_size\":-1}}",
                "{\"version\":2,\"rafs\":{\"prefetch\":null}}",
                "{\"version\":2,\"cache\":{\"prefetch\":{\"threads\":1}}}",
                "{\"version\":2,\"overlay\":{\"upper_dir\":\"x\"}}",
                "a={b.=1,#=2 }",
                "[x=]\n[x]#",
                "version = \"2\"",
                "version = 2\nbackend = 3",
                "version = 2\n[backend]\ntype = \"localfs\"\n[backend.localfs]\nalt_dirs = [1]",
                "{\"device\":{\"backend\":{\"type\":\"localfs\",\"config\":{\"dir\":\"x\"}}}}",
                "{\"device\":{\"backend\":{\"type\":\"http-proxy\",\"config\":{\"addr\":\"http://x\"}}},\"mode\":\"direct\"}",
                "{\"device\":{\"backend\":{\"type\":\"localfs\",\"config\":{\"dir\":\"x\"}}},\"mode\":\"other\"}",
                "{\"device\":{\"backend\":{\"type\":\"localfs\",\"config\":{\"dir\":\"x\"}},\"cache\":{\"type\":\"filecache\"}},\"mode\":\"direct\"}"
            })
    void whatIsNoConfigurationIsRefusedWithTheReferencesText(String text) {
        assertThatThrownBy(() -> StorageConfiguration.parse(text))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("failed to parse configuration information");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"version\":3}",
                "{\"version\":2,\"backend\":{\"type\":\"ftp\"}}",
                "{\"version\":2,\"backend\":{\"type\":\"localfs\"}}",
                "{\"version\":2,\"backend\":{\"type\":\"localfs\",\"localfs\":{}}}",
                "{\"version\":2,\"backend\":{\"type\":\"http-proxy\",\"http-proxy\":{\"addr\":\"ftp://x\"}}}",
                "{\"version\":2,\"backend\":{\"type\":\"localdisk\",\"localdisk\":{}}}",
                "{\"version\":2,\"backend\":{\"type\":\"s3\",\"s3\":{\"endpoint\":\"\",\"region\":\"\",\"bucket_name\":\"b\"}}}",
                "{\"version\":2,\"cache\":{\"type\":\"other\"}}",
                "{\"version\":2,\"cache\":{\"type\":\"filecache\"}}",
                "{\"version\":2,\"cache\":{\"type\":\"fscache\",\"fscache\":{\"work_dir\":\"\"}}}",
                "{\"version\":2,\"cache\":{\"prefetch\":{\"enable\":true,\"threads\":0}}}",
                "{\"version\":2,\"cache\":{\"prefetch\":{\"enable\":true,\"threads\":1025}}}",
                "{\"version\":2,\"cache\":{\"prefetch\":{\"enable\":true,\"batch_size\":268435457}}}",
                "{\"version\":2,\"rafs\":{\"mode\":\"other\"}}",
                "{\"version\":2,\"rafs\":{\"batch_size\":268435457}}",
                "{\"version\":2,\"rafs\":{\"batch_size\":18446744073709551615}}",
                "version = 2\n[rafs]\nmode = \"x\""
            })
    void whatContradictsItselfIsRefusedWithTheReferencesText(String text) {
        assertThatThrownBy(() -> StorageConfiguration.parse(text))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("invalid configuration");
    }

    @Test
    void detailNamesTheMember() {
        ConfigurationException failure = catchThrowableOfType(
                ConfigurationException.class,
                () -> StorageConfiguration.parse("{\"version\":2,\"cache\":{\"prefetch\":{\"enable\":3}}}"));
        assertThat(failure.detail()).isEqualTo("cache.prefetch.enable: expected true or false, found the number 3");
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"version\":2,\"bakend\":{}}', 'bakend', 'did you mean ''backend'''",
        "'{\"version\":2,\"cache\":{\"encryption_key\":\"x\"}}', 'cache.encryption_key', 'cache.filecache.encryption_key'",
        "'{\"version\":2,\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\"x\"},\"registy\":{}}}', 'backend.registy', 'did you mean ''backend.registry'''",
        "'{\"version\":2,\"rafs\":{\"prefetch\":{\"enable\":false,\"threads_count\":3}}}', 'rafs.prefetch.threads_count', 'rafs.prefetch.threads'",
        "'{\"version\":2,\"nothing-like-it\":1}', 'nothing-like-it', 'is ignored'"
    })
    void unknownMemberIsIgnoredWithAWarning(String text, String member, String hint) throws ConfigurationException {
        assertThat(warningsOf(text))
                .singleElement()
                .asString()
                .contains("'" + member + "'")
                .contains(hint);
    }

    @Test
    void soundDocumentsGiveNoWarning() throws ConfigurationException {
        assertThat(warningsOf(LEGACY)).isEmpty();
        assertThat(warningsOf(LEGACY_SHOWN)).isEmpty();
        assertThat(warningsOf(TOML)).isEmpty();
        assertThat(warningsOf(REGISTRY)).isEmpty();
    }

    @Test
    void secretsAreInNoText() throws ConfigurationException {
        StorageConfiguration configuration = StorageConfiguration.parse(REGISTRY);
        String[] secrets = {"c2VjcmV0OnB3", "tokentoken", "hidden", "AKID", "KEYKEY", "OSSID", "OSSKEY", "abcdef"};
        assertThat(configuration.toString()).doesNotContain(secrets);
        assertThat(configuration.withoutSecrets().toJson())
                .doesNotContain(secrets)
                .contains("\"url\":\"http://proxy:8080/x\"", "\"auth\":null", "\"access_key_secret\":\"\"");
        assertThat(configuration.toJson()).contains(secrets);
    }

    @Test
    void wrongDocumentIsNotQuoted() {
        String text = "{\"version\":2,\"backend\":{\"type\":\"registry\",\"registry\":{\"auth\":\"hidden-secret\" oops";
        ConfigurationException failure =
                catchThrowableOfType(ConfigurationException.class, () -> StorageConfiguration.parse(text));
        assertThat(failure.detail()).doesNotContain("hidden-secret").contains("line 1");
        ConfigurationException toml = catchThrowableOfType(
                ConfigurationException.class, () -> StorageConfiguration.parse("auth = hidden-secret"));
        assertThat(toml.detail()).doesNotContain("hidden-secret");
    }

    @Test
    void environmentOverridesTheRegistrysAuth() throws ConfigurationException {
        StorageConfiguration registry = StorageConfiguration.parse(REGISTRY);
        assertThat(registry.withEnvironment(Map.of())).isEqualTo(registry);
        StorageConfiguration overridden = registry.withEnvironment(Map.of("IMAGE_PULL_AUTH", "bmV3"));
        assertThat(overridden.requireBackend().registry().orElseThrow().auth()).contains(new Secret("bmV3"));
        StorageConfiguration local = StorageConfiguration.parse(TOML);
        assertThat(local.withEnvironment(Map.of("IMAGE_PULL_AUTH", "bmV3"))).isEqualTo(local);
    }

    @Test
    void missingSectionsAreNamed() throws ConfigurationException {
        StorageConfiguration empty = StorageConfiguration.parse("{\"version\":2}");
        assertThatThrownBy(empty::requireBackend).hasMessage("no configuration information for backend");
        assertThatThrownBy(empty::requireCache).hasMessage("no configuration information for cache");
        assertThatThrownBy(empty::requireRafs).hasMessage("no configuration information for rafs");
        assertThat(empty.rafs()).isEqualTo(Optional.empty());
        assertThat(empty.toJson())
                .isEqualTo("{\"version\":2,\"id\":\"\",\"backend\":null,\"external_backends\":[],\"cache\":null,"
                        + "\"rafs\":null,\"overlay\":null}");
    }

    @Test
    void externalBackendsAreKept() throws ConfigurationException {
        String text =
                "{\"version\":2,\"external_backends\":[{\"patch\":{\"a\":\"b\"},\"type\":\"t\",\"config\":{\"c\":\"d\"}}]}";
        StorageConfiguration configuration = StorageConfiguration.parse(text);
        assertThat(configuration.externalBackends())
                .containsExactly(new ExternalBackend(Map.of("a", "b"), "t", Map.of("c", "d")));
        assertThat(StorageConfiguration.parse(configuration.toJson())).isEqualTo(configuration);
    }

    @Test
    void fileOfMoreThanAMebibyteIsRefused(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("config.toml");
        String document = TOML + "# " + "x".repeat(StorageConfiguration.MAX_FILE_SIZE - TOML.length() - 2);
        Files.writeString(file, document);
        assertThat(StorageConfiguration.load(file)).isEqualTo(StorageConfiguration.parse(TOML));
        Files.writeString(file, document + "x");
        assertThatThrownBy(() -> StorageConfiguration.load(file)).hasMessage("configuration file size is too big");
    }

    @Test
    void fileThatIsNotTextIsRefused(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("config");
        Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE});
        assertThatThrownBy(() -> StorageConfiguration.load(file))
                .hasMessage("failed to parse configuration information");
    }

    @Test
    void deepNestingIsRefused() {
        String deep = "{\"version\":2,\"x\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
        assertThatThrownBy(() -> StorageConfiguration.parse(deep)).isInstanceOf(ConfigurationException.class);
        String toml = "version = 2\nx = " + "[".repeat(100_000) + "]".repeat(100_000);
        assertThatThrownBy(() -> StorageConfiguration.parse(toml)).isInstanceOf(ConfigurationException.class);
    }
}
