package io.nydus4j.build;

import java.util.SortedMap;

/**
 * What a build counted and how long its parts took: the {@code trace} of a result file. A part that did not run is absent.
 *
 * @param consumedTime     name of a part to seconds; immutable
 * @param registeredEvents name to a number ({@link Long}) or a text ({@link String}); immutable
 */
public record BuildTrace(SortedMap<String, Double> consumedTime, SortedMap<String, Object> registeredEvents) {}
