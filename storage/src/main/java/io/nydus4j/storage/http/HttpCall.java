package io.nydus4j.storage.http;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One request. Immutable; its text shows no header, no body and no query, since those may hold secrets.
 *
 * @param method  such as {@code GET}
 * @param uri     absolute
 * @param headers by name, whatever the case
 * @param form    a body in the form of {@code application/x-www-form-urlencoded}, if there is one
 */
public record HttpCall(String method, URI uri, Map<String, String> headers, Optional<String> form) {
    /** Copies the headers. */
    public HttpCall {
        Map<String, String> copy = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        copy.putAll(headers);
        headers = Collections.unmodifiableMap(copy);
    }

    /** Returns a request without headers and body. */
    public static HttpCall of(String method, URI uri) {
        return new HttpCall(method, uri, Map.of(), Optional.empty());
    }

    /** Returns a POST of a form. */
    public static HttpCall post(URI uri, Map<String, String> fields) {
        return new HttpCall("POST", uri, Map.of(), Optional.of(encode(fields)));
    }

    /** Returns fields as a query or a form has them. */
    public static String encode(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(field -> encode(field.getKey()) + "=" + encode(field.getValue()))
                .collect(Collectors.joining("&"));
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** Returns this request with one more header, which replaces those of its name. */
    public HttpCall with(String name, String value) {
        Map<String, String> more = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        more.putAll(headers);
        more.put(name, value);
        return new HttpCall(method, uri, more, form);
    }

    /** Returns this request with more headers, which replace those of their names. */
    public HttpCall with(Map<String, String> others) {
        HttpCall call = this;
        for (Map.Entry<String, String> other : others.entrySet()) {
            call = call.with(other.getKey(), other.getValue());
        }
        return call;
    }

    /** Returns this request for a range of bytes. */
    public HttpCall with(ByteRange range) {
        return with("Range", range.header());
    }

    /** Returns this request to another address. */
    public HttpCall to(URI other) {
        return new HttpCall(method, other, headers, form);
    }

    /** Returns method, host and path. */
    @Override
    public String toString() {
        return method + " " + shown(uri);
    }

    /** Returns an address without user, password and query. */
    public static String shown(URI uri) {
        String authority = uri.getRawAuthority() == null ? "" : uri.getRawAuthority();
        String host = authority.substring(authority.lastIndexOf('@') + 1);
        return uri.getScheme() + "://" + host + (uri.getRawPath() == null ? "" : uri.getRawPath());
    }
}
