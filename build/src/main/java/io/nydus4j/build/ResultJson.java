package io.nydus4j.build;

import io.nydus4j.build.json.JsonText;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a result file. Keys come in the reference's order; the nesting is never deeper than its trace. */
final class ResultJson {
    private final Map<String, Object> fields = new LinkedHashMap<>();

    /** Takes over what {@code result} says. */
    ResultJson(String toolVersion, BuildResult result) {
        this(
                toolVersion,
                result.bootstrap().map(Path::toString).orElse(""),
                result.blobs(),
                result.externalBootstrap().map(Path::toString).orElse(""),
                result.externalBlobs(),
                result.trace(),
                result.version().text(),
                result.compression().text());
    }

    ResultJson(
            String toolVersion,
            String bootstrap,
            List<String> blobs,
            String externalBootstrap,
            List<String> externalBlobs,
            BuildTrace trace,
            String fsVersion,
            String compressor) {
        fields.put("version", toolVersion);
        fields.put("bootstrap", bootstrap);
        fields.put("blobs", blobs);
        fields.put("external_bootstrap", externalBootstrap);
        fields.put("external_blobs", externalBlobs);
        Map<String, Object> traceFields = new LinkedHashMap<>();
        traceFields.put("consumed_time", trace.consumedTime());
        traceFields.put("registered_events", trace.registeredEvents());
        fields.put("trace", traceFields);
        fields.put("fs_version", fsVersion);
        fields.put("compressor", compressor);
    }

    /** Returns the text over several lines, two spaces a level, without a newline at the end. */
    String indented() {
        return JsonText.indented(fields);
    }

    /** Returns the text on one line, without spaces or a newline at the end. */
    String compact() {
        return JsonText.compact(fields);
    }
}
