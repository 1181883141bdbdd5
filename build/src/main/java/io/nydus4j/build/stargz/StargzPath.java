package io.nydus4j.build.stargz;

import io.nydus4j.blob.RafsFormatException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The paths of a table of contents: lists of components, none for the root. */
final class StargzPath {
    /** Longest name that Linux has, in bytes. */
    private static final int MAX_NAME = 255;
    /** Deepest path; Linux reaches 2,048 directories at a time. */
    private static final int MAX_DEPTH = 4096;

    private StargzPath() {}

    /**
     * Splits a path. Repeated and trailing slashes and {@code .} vanish; a leading slash means nothing.
     *
     * @param label that of the entry, for the error
     * @throws RafsFormatException if a component is {@code ..} or no name that Linux allows
     */
    static List<String> components(String path, EntryLabel label) throws RafsFormatException {
        List<String> components = new ArrayList<>();
        int start = 0;
        while (start < path.length()) {
            int slash = path.indexOf('/', start);
            int end = slash < 0 ? path.length() : slash;
            if (end > start && !(end == start + 1 && path.charAt(start) == '.')) {
                components.add(checked(path.substring(start, end), label));
            }
            start = end + 1;
        }
        if (components.size() > MAX_DEPTH) {
            throw label.broken("the path is more than " + MAX_DEPTH + " names deep");
        }
        return components;
    }

    private static String checked(String name, EntryLabel label) throws RafsFormatException {
        if (name.equals("..")) {
            throw label.broken("invalid entry name: it has \"..\"");
        }
        if (name.indexOf('\0') >= 0) {
            throw label.broken("invalid entry name: it has a NUL");
        }
        // No name is shorter in bytes than in characters.
        if (name.length() > MAX_NAME || name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME) {
            throw label.broken("invalid entry name: longer than " + MAX_NAME + " bytes");
        }
        return name;
    }
}
