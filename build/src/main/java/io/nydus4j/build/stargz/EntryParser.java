package io.nydus4j.build.stargz;

import io.nydus4j.blob.RafsFormatException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Reads one entry of a table of contents from JSON: an object with the keys of {@link StargzEntry}. To be used once. */
final class EntryParser {
    private final JsonParser parser;
    private final int index;
    private final String structure;
    private final Set<String> seen = new HashSet<>();

    private @Nullable String name;
    private @Nullable String type;
    private long size;
    private String linkName = "";
    private int mode;
    private int uid;
    private int gid;
    private String userName = "";
    private String groupName = "";
    private long offset;
    private long deviceMajor;
    private long deviceMinor;
    private Map<String, String> xattrs = Map.of();
    private String digest = "";
    private long chunkOffset;
    private long chunkSize;
    private String chunkDigest = "";
    private long innerOffset;
    private String chunkType = "";

    /**
     * Makes a parser.
     *
     * @param parser stands at the start of the object
     * @param index  position of the entry
     */
    EntryParser(JsonParser parser, int index) {
        this.parser = parser;
        this.index = index;
        this.structure = "entry " + index;
    }

    /** Reads the entry, up to the end of its object. */
    StargzEntry read() throws RafsFormatException {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            if (!readValue(key)) {
                parser.skipChildren();
            } else if (!seen.add(key)) {
                throw broken(structure(), "has the key \"" + key + "\" twice");
            }
        }
        if (name == null || type == null) {
            throw broken(structure(), "has no key \"" + (name == null ? "name" : "type") + "\"");
        }
        return new StargzEntry(
                new EntryLabel(index, name),
                type,
                size,
                linkName,
                mode,
                uid,
                gid,
                userName,
                groupName,
                offset,
                deviceMajor,
                deviceMinor,
                xattrs,
                digest,
                chunkOffset,
                chunkSize,
                chunkDigest,
                innerOffset,
                chunkType);
    }

    /** Reads the value of a key; returns whether the key is known. */
    private boolean readValue(String key) throws RafsFormatException {
        switch (key) {
            case "name" -> name = text(key);
            case "type" -> type = text(key);
            case "size" -> size = number(key, Long.SIZE);
            case "linkName" -> linkName = text(key);
            case "mode" -> mode = (int) number(key, Integer.SIZE);
            case "uid" -> uid = (int) number(key, Integer.SIZE);
            case "gid" -> gid = (int) number(key, Integer.SIZE);
            case "userName" -> userName = text(key);
            case "groupName" -> groupName = text(key);
            case "offset" -> offset = number(key, Long.SIZE);
            case "devMajor" -> deviceMajor = number(key, Long.SIZE);
            case "devMinor" -> deviceMinor = number(key, Long.SIZE);
            case "xattrs" -> xattrs = xattrs();
            case "digest" -> digest = text(key);
            case "chunkOffset" -> chunkOffset = number(key, Long.SIZE);
            case "chunkSize" -> chunkSize = number(key, Long.SIZE);
            case "chunkDigest" -> chunkDigest = text(key);
            case "innerOffset" -> innerOffset = number(key, Long.SIZE);
            case "chunkType" -> chunkType = text(key);
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Reads a map of text; of equal keys the last one wins. */
    private Map<String, String> xattrs() throws RafsFormatException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw wrong("an object", "xattrs");
        }
        Map<String, String> values = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = checked(parser.currentName(), "xattrs");
            parser.nextToken();
            values.put(key, text("xattrs"));
        }
        return values;
    }

    private String text(String key) throws RafsFormatException {
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw wrong("text", key);
        }
        return checked(parser.getString(), key);
    }

    /** Refuses halves of characters, which have no bytes. */
    private String checked(String text, String key) throws RafsFormatException {
        boolean halves = text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
        if (halves) {
            throw broken(structure(), "\"" + key + "\" is not Unicode");
        }
        return text;
    }

    private long number(String key, int bits) throws RafsFormatException {
        return number(parser, bits, key, structure());
    }

    /**
     * Returns the unsigned number that {@code parser} stands at.
     *
     * @param bits 32 or 64
     * @throws RafsFormatException if it stands at something else
     */
    static long number(JsonParser parser, int bits, String key, String structure) throws RafsFormatException {
        if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
            String digits = parser.getString();
            if (digits.startsWith("-")) {
                throw broken(structure, "\"" + key + "\" is negative");
            }
            try {
                return bits == Integer.SIZE
                        ? Integer.toUnsignedLong(Integer.parseUnsignedInt(digits))
                        : Long.parseUnsignedLong(digits);
            } catch (NumberFormatException e) {
                throw new RafsFormatException(structure, -1, "\"" + key + "\" does not fit in " + bits + " bits", e);
            }
        }
        throw broken(structure, "expected a whole number as \"" + key + "\", found " + describe(parser.currentToken()));
    }

    private RafsFormatException wrong(String wanted, String key) {
        return broken(
                structure(), "expected " + wanted + " as \"" + key + "\", found " + describe(parser.currentToken()));
    }

    /** Returns a word for what a parser found. */
    static String describe(@Nullable JsonToken token) {
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "a list";
            case VALUE_STRING -> "text";
            case VALUE_NUMBER_INT -> "a number";
            case VALUE_NUMBER_FLOAT -> "a fraction or exponent";
            case VALUE_TRUE, VALUE_FALSE -> "a truth value";
            case VALUE_NULL -> "null";
            case null -> "nothing";
            case END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE -> token.toString();
        };
    }

    private String structure() {
        return name == null ? structure : structure + ", " + EntryLabel.printable(name);
    }

    private static RafsFormatException broken(String structure, String problem) {
        return new RafsFormatException(structure, -1, problem);
    }
}
