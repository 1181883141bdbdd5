package io.nydus4j.build.stargz;

import io.nydus4j.blob.RafsFormatException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads the table of contents of a stargz layer, {@code stargz.index.json}: one JSON object with a version and a list of entries. Mirrors
 * {@code TocIndex} of the reference.
 *
 * <p>Strict in what it uses: a key twice, {@code null}, a negative number or a fraction, text that is no Unicode are errors. What it does
 * not know it passes over. One entry is in memory at a time.
 */
final class StargzTocReader {
    /** Longest text that is used, in characters; an xattr's value has at most 87,384. */
    private static final int MAX_TEXT = 1 << 20;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxStringLength(MAX_TEXT).build())
            .build();

    private static final int VERSION = 1;
    private static final int ENTRIES = 2;
    private static final String STRUCTURE = "table of contents";

    private final JsonParser parser;
    private final EntryReceiver receiver;

    /** Takes the entries in the order of the list. */
    @FunctionalInterface
    interface EntryReceiver {
        /** Takes an entry. */
        void accept(StargzEntry entry) throws IOException;
    }

    private StargzTocReader(JsonParser parser, EntryReceiver receiver) {
        this.parser = parser;
        this.receiver = receiver;
    }

    /**
     * Reads a whole table. Entries are handed out while it is read, so a table may turn out to be broken behind them.
     *
     * @param in left open
     * @throws RafsFormatException if it is not a table of contents of version 1 with at least one entry
     */
    static void read(InputStream in, EntryReceiver receiver) throws IOException {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text(in))) {
            new StargzTocReader(parser, receiver).readDocument();
        } catch (JacksonException e) {
            if (e.getCause() instanceof CharacterCodingException) {
                throw new RafsFormatException(STRUCTURE, -1, "is not UTF-8", e);
            }
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            var place = e.getLocation();
            throw new RafsFormatException(
                    STRUCTURE,
                    -1,
                    "is not JSON"
                            + (place == null ? "" : ", at line " + place.getLineNr() + " column " + place.getColumnNr())
                            + ": " + e.getOriginalMessage(),
                    e);
        }
    }

    /** Decodes UTF-8 without any guess at another encoding. */
    private static Reader text(InputStream in) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(in, 1 << 16);
        buffered.mark(1);
        if (buffered.read() == 0xEF) {
            throw new RafsFormatException(STRUCTURE, -1, "is not JSON: starts with a byte order mark");
        }
        buffered.reset();
        return new InputStreamReader(
                buffered,
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT));
    }

    private void readDocument() throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw broken("expected an object, found " + found());
        }
        int seen = 0;
        int count = 0;
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            int bit = switch (key) {
                case "version" -> VERSION;
                case "entries" -> ENTRIES;
                default -> 0;
            };
            if ((seen & bit) != 0) {
                throw broken("has the key \"" + key + "\" twice");
            }
            seen |= bit;
            switch (bit) {
                case VERSION -> checkVersion();
                case ENTRIES -> count = readEntries();
                default -> parser.skipChildren();
            }
        }
        if (seen != (VERSION | ENTRIES)) {
            throw broken("has no key \"" + ((seen & VERSION) == 0 ? "version" : "entries") + "\"");
        }
        if (parser.nextToken() != null) {
            throw broken("something follows the object");
        }
        if (count == 0) {
            throw broken("stargz TOC array is empty");
        }
    }

    private void checkVersion() throws RafsFormatException {
        long version = EntryParser.number(parser, 32, "version", STRUCTURE);
        if (version != 1) {
            throw broken("unsupported index version " + version);
        }
    }

    private int readEntries() throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw broken("expected a list as \"entries\", found " + found());
        }
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw broken("expected an object as entry " + count + ", found " + found());
            }
            receiver.accept(new EntryParser(parser, count).read());
            count = Math.addExact(count, 1);
        }
        return count;
    }

    private String found() {
        return EntryParser.describe(parser.currentToken());
    }

    private static RafsFormatException broken(String problem) {
        return new RafsFormatException(STRUCTURE, -1, problem);
    }
}
