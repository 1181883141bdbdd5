package io.nydus4j.build.stargz;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.linux.RawBytes;
import java.nio.charset.StandardCharsets;

/**
 * What an entry of a table of contents is called in messages. All that is kept of most of them.
 *
 * @param index position in the list, from 0
 * @param name  whole path, spelled as in the archive
 */
record EntryLabel(int index, String name) {
    private static final int MAX_SHOWN = 1000;

    /** Says that the entry breaks a rule. */
    RafsFormatException broken(String problem) {
        return new RafsFormatException("entry " + index + ", " + printable(name), -1, problem);
    }

    /** Renders text from a table of contents for a message. */
    static String printable(String text) {
        String shown = text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "..." : text;
        return RawBytes.printable(shown.getBytes(StandardCharsets.UTF_8));
    }
}
