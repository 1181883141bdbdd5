package io.nydus4j.storage.config;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A section of a document while it is read: gives members by name and type, and knows which were never asked for.
 *
 * <p>Every accessor throws if the member has another type. Not safe for use by several threads.
 */
final class DocumentSection {
    private final String path;
    private final Map<String, DocumentNode> members;
    private final List<String> warnings;
    private final Set<String> known = new LinkedHashSet<>();

    /**
     * Starts to read a section.
     *
     * @param path     its name in messages, empty for the document itself
     * @param warnings takes what was found odd
     */
    DocumentSection(String path, DocumentNode.Table table, List<String> warnings) {
        this.path = path;
        this.members = table.members();
        this.warnings = warnings;
    }

    private @Nullable DocumentNode take(String name) {
        known.add(name);
        return members.get(name);
    }

    /** Returns the full name of a member, for messages. */
    String pathTo(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private ConfigurationException wrong(String name, String expected, @Nullable DocumentNode found) {
        return ConfigurationException.unreadable(
                pathTo(name) + ": expected " + expected + ", found " + (found == null ? "nothing" : found.typeName()));
    }

    /** Lets a member be there without using it. */
    void ignore(String name) {
        known.add(name);
    }

    private boolean has(String name) {
        return members.containsKey(name);
    }

    String requiredText(String name) throws ConfigurationException {
        DocumentNode node = take(name);
        if (node instanceof DocumentNode.Text(String value)) {
            return value;
        }
        throw wrong(name, "a text", node);
    }

    String text(String name, String absent) throws ConfigurationException {
        ignore(name);
        return has(name) ? requiredText(name) : absent;
    }

    /** Returns a text that may be missing or null. */
    Optional<Secret> secret(String name) throws ConfigurationException {
        DocumentNode node = take(name);
        if (node == null || node instanceof DocumentNode.Nothing) {
            return Optional.empty();
        }
        return Optional.of(new Secret(requiredText(name)));
    }

    boolean requiredTruth(String name) throws ConfigurationException {
        DocumentNode node = take(name);
        if (node instanceof DocumentNode.Truth(boolean value)) {
            return value;
        }
        throw wrong(name, "true or false", node);
    }

    boolean truth(String name) throws ConfigurationException {
        return truth(name, false);
    }

    boolean truth(String name, boolean absent) throws ConfigurationException {
        DocumentNode node = take(name);
        if (node == null) {
            return absent;
        }
        return requiredTruth(name);
    }

    /**
     * Returns an integer.
     *
     * @param bits the number's width in the reference, unsigned; what does not fit is refused
     */
    long requiredWhole(String name, int bits) throws ConfigurationException {
        DocumentNode node = take(name);
        if (node instanceof DocumentNode.Whole(BigInteger value) && value.signum() >= 0 && value.bitLength() <= bits) {
            return value.longValue();
        }
        throw wrong(name, "a whole number of " + bits + " bits", node);
    }

    long whole(String name, int bits, long absent) throws ConfigurationException {
        DocumentNode node = take(name);
        if (node == null) {
            return absent;
        }
        return requiredWhole(name, bits);
    }

    /** Returns a number of bytes: a whole number, or a text such as {@code "20GiB"}. */
    long bytes(String name, long absent) throws ConfigurationException {
        DocumentNode node = take(name);
        if (node instanceof DocumentNode.Text(String text)) {
            return ByteSize.parse(text)
                    .orElseThrow(() -> ConfigurationException.unreadable(
                            pathTo(name) + ": expected bytes, such as 1048576 or \"20GiB\", found \"" + text + "\""));
        }
        return node == null ? absent : requiredWhole(name, 63);
    }

    List<String> texts(String name) throws ConfigurationException {
        DocumentNode node = take(name);
        if (node == null) {
            return List.of();
        }
        if (!(node instanceof DocumentNode.Array(List<DocumentNode> elements))) {
            throw wrong(name, "a list of texts", node);
        }
        List<String> texts = new ArrayList<>();
        for (DocumentNode element : elements) {
            if (!(element instanceof DocumentNode.Text(String value))) {
                throw wrong(name, "a list of texts", element);
            }
            texts.add(value);
        }
        return texts;
    }

    Map<String, String> textsByName(String name) throws ConfigurationException {
        DocumentSection section = requiredSection(name);
        Map<String, String> texts = new LinkedHashMap<>();
        for (String member : section.members.keySet()) {
            texts.put(member, section.requiredText(member));
        }
        return texts;
    }

    Map<String, String> optionalTextsByName(String name) throws ConfigurationException {
        return take(name) == null ? Map.of() : textsByName(name);
    }

    DocumentSection requiredSection(String name) throws ConfigurationException {
        DocumentNode node = take(name);
        if (node instanceof DocumentNode.Table table) {
            return new DocumentSection(pathTo(name), table, warnings);
        }
        throw wrong(name, "a section", node);
    }

    /** Returns a section that may be missing or null. */
    Optional<DocumentSection> section(String name) throws ConfigurationException {
        DocumentNode node = take(name);
        if (node == null || node instanceof DocumentNode.Nothing) {
            return Optional.empty();
        }
        return Optional.of(requiredSection(name));
    }

    /** Returns a section that may be missing, but not null. */
    Optional<DocumentSection> presentSection(String name) throws ConfigurationException {
        DocumentNode node = take(name);
        return node == null ? Optional.empty() : Optional.of(requiredSection(name));
    }

    List<DocumentSection> sections(String name) throws ConfigurationException {
        DocumentNode node = take(name);
        if (node == null) {
            return List.of();
        }
        if (!(node instanceof DocumentNode.Array(List<DocumentNode> elements))) {
            throw wrong(name, "a list of sections", node);
        }
        List<DocumentSection> sections = new ArrayList<>();
        for (DocumentNode element : elements) {
            if (!(element instanceof DocumentNode.Table table)) {
                throw wrong(name, "a list of sections", element);
            }
            sections.add(new DocumentSection(pathTo(name) + "[" + sections.size() + "]", table, warnings));
        }
        return sections;
    }

    /** Warns of every member that nobody asked for. */
    void finish() {
        finish(Map.of());
    }

    /**
     * Warns of every member that nobody asked for.
     *
     * @param elsewhere where members belong that users put into this section by mistake
     */
    void finish(Map<String, String> elsewhere) {
        for (String name : members.keySet()) {
            if (known.contains(name)) {
                continue;
            }
            String place = elsewhere.get(name);
            String hint = place != null
                    ? "; it belongs to '" + place + "'"
                    : Spelling.nearest(name, known)
                            .map(near -> "; did you mean '" + pathTo(near) + "'?")
                            .orElse("");
            warnings.add("unknown configuration member '" + pathTo(name) + "' is ignored" + hint);
        }
    }
}
