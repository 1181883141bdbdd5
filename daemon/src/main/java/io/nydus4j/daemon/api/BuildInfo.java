package io.nydus4j.daemon.api;

import tools.jackson.core.JsonGenerator;

/**
 * Which build of the daemon runs. Mirrors {@code BuildTimeInfo} of the reference; {@code rustc} keeps its name on the wire.
 *
 * @param packageVersion release version
 * @param gitCommit      commit that was built, or {@code "unknown"}
 * @param buildTime      when it was built, or {@code "unknown"}
 * @param profile        {@code release} or {@code debug}
 * @param compiler       what compiled it
 */
public record BuildInfo(String packageVersion, String gitCommit, String buildTime, String profile, String compiler) {
    void write(JsonGenerator out) {
        out.writeStartObject();
        out.writeStringProperty("package_ver", packageVersion);
        out.writeStringProperty("git_commit", gitCommit);
        out.writeStringProperty("build_time", buildTime);
        out.writeStringProperty("profile", profile);
        out.writeStringProperty("rustc", compiler);
        out.writeEndObject();
    }

    static BuildInfo of(JsonValue value) {
        return new BuildInfo(
                Texts.orEmpty(value.get("package_ver")),
                Texts.orEmpty(value.get("git_commit")),
                Texts.orEmpty(value.get("build_time")),
                Texts.orEmpty(value.get("profile")),
                Texts.orEmpty(value.get("rustc")));
    }
}
