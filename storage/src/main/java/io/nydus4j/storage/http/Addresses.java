package io.nydus4j.storage.http;

import java.net.URI;

/** Changes parts of addresses and keeps the others letter for letter. */
public final class Addresses {
    private Addresses() {}

    /** Returns an address with another scheme. */
    public static URI withScheme(URI uri, String scheme) {
        return build(scheme, uri.getRawAuthority(), uri);
    }

    /** Returns an address with another host; the port stays. */
    public static URI withHost(URI uri, String host) {
        return build(uri.getScheme(), uri.getPort() < 0 ? host : host + ":" + uri.getPort(), uri);
    }

    /** Returns an address with scheme, host and port of another. */
    public static URI withAuthority(URI uri, URI other) {
        return build(other.getScheme(), other.getRawAuthority(), uri);
    }

    private static URI build(String scheme, String authority, URI uri) {
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        return URI.create(scheme + "://" + authority + uri.getRawPath() + query);
    }
}
