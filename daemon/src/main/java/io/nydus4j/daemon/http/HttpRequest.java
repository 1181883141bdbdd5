package io.nydus4j.daemon.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A request, whole.
 *
 * @param method what to do
 * @param target as sent: an absolute path or a URL, with its query
 * @param body   bytes of the body; empty if there is none
 */
public record HttpRequest(HttpMethod method, String target, byte[] body) {
    /** Returns the path without query and fragment, not decoded; empty if the target has none. */
    public String path() {
        String path = local();
        int end = path.indexOf('?');
        return end < 0 ? path : path.substring(0, end);
    }

    /**
     * Returns a value of the query, decoded; of several with one name the first.
     *
     * @param name name of the value
     */
    public Optional<String> query(String name) {
        String local = local();
        int start = local.indexOf('?');
        if (start < 0) {
            return Optional.empty();
        }
        int position = start + 1;
        while (position <= local.length()) {
            int end = local.indexOf('&', position);
            end = end < 0 ? local.length() : end;
            String pair = local.substring(position, end);
            int equals = pair.indexOf('=');
            String key = decode(equals < 0 ? pair : pair.substring(0, equals));
            if (key.equals(name) && !pair.isEmpty()) {
                return Optional.of(equals < 0 ? "" : decode(pair.substring(equals + 1)));
            }
            position = end + 1;
        }
        return Optional.empty();
    }

    /** Returns path and query, without scheme, host and fragment. */
    private String local() {
        String text = target;
        int fragment = text.indexOf('#');
        if (fragment >= 0) {
            text = text.substring(0, fragment);
        }
        if (text.startsWith("http://")) {
            int slash = text.indexOf('/', "http://".length());
            return slash < 0 ? "" : text.substring(slash);
        }
        return text.startsWith("/") ? text : "";
    }

    private static String decode(String text) {
        if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
            return text;
        }
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return text;
        }
    }
}
