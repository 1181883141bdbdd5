package io.nydus4j.storage.config;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlTable;

/** Reads TOML. */
final class TomlDocument {
    private TomlDocument() {}

    /**
     * Reads a TOML text.
     *
     * @throws ConfigurationException if it is none
     */
    static DocumentNode.Table parse(String text) throws ConfigurationException {
        TomlParseResult result = parseResult(text);
        if (result.hasErrors()) {
            // Only the place: the message may quote the document, and with it a secret.
            throw ConfigurationException.unreadable("neither JSON nor TOML; as TOML wrong at "
                    + result.errors().getFirst().position());
        }
        return table(result);
    }

    /** Parses a text. The library fails on some malformed texts with errors of its own, which say nothing of use to a reader. */
    private static TomlParseResult parseResult(String text) throws ConfigurationException {
        try {
            return Toml.parse(text);
        } catch (RuntimeException | AssertionError | StackOverflowError e) {
            ConfigurationException failure = ConfigurationException.unreadable("neither JSON nor TOML");
            failure.initCause(e);
            throw failure;
        }
    }

    private static DocumentNode.Table table(TomlTable table) {
        Map<String, DocumentNode> members = new LinkedHashMap<>();
        for (String name : table.keySet()) {
            members.put(name, value(table.get(List.of(name))));
        }
        return new DocumentNode.Table(members);
    }

    private static DocumentNode value(@Nullable Object value) {
        return switch (value) {
            case null -> new DocumentNode.Nothing();
            case TomlTable table -> table(table);
            case TomlArray array -> {
                List<DocumentNode> elements = new ArrayList<>();
                for (int i = 0; i < array.size(); i++) {
                    elements.add(value(array.get(i)));
                }
                yield new DocumentNode.Array(elements);
            }
            case String string -> new DocumentNode.Text(string);
            case Long number -> new DocumentNode.Whole(BigInteger.valueOf(number));
            case Boolean truth -> new DocumentNode.Truth(truth);
            default -> new DocumentNode.Other("a fraction or a date");
        };
    }
}
