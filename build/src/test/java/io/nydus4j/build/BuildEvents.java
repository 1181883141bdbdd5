package io.nydus4j.build;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The counters of a result file. */
final class BuildEvents {
    private static final Pattern EVENT = Pattern.compile("\"(\\w+)\": (\"?\\w+\"?)");
    private static final Set<String> COUNTERS =
            Set.of("blob_uncompressed_size", "dedup_chunks", "dedup_uncompressed_size", "load_from_directory");

    private BuildEvents() {}

    /** Returns the counters by name. */
    static Map<String, String> of(String json) {
        Map<String, String> events = new HashMap<>();
        Matcher matcher = EVENT.matcher(json.substring(json.indexOf("registered_events")));
        while (matcher.find()) {
            events.put(matcher.group(1), matcher.group(2));
        }
        events.keySet().retainAll(COUNTERS);
        return events;
    }
}
