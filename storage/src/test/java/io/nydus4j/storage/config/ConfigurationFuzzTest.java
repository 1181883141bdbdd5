package io.nydus4j.storage.config;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** Configuration documents from anywhere: only a configuration error may come out, and what was read writes as it was. */
final class ConfigurationFuzzTest {
    /** Input: a document in JSON or TOML. */
    @FuzzTest(maxDuration = "60s")
    void document(byte[] text) throws ConfigurationException {
        StorageConfiguration configuration;
        try {
            configuration = new ConfigurationReader().read(new String(text, StandardCharsets.UTF_8));
        } catch (ConfigurationException expected) {
            return;
        }
        if (!StorageConfiguration.parse(configuration.toJson()).equals(configuration)) {
            throw new AssertionError("reads differently when written again: " + configuration.toJson());
        }
    }
}
