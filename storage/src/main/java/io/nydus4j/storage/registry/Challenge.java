package io.nydus4j.storage.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * One way in which a server wants clients to identify themselves: a challenge of a {@code WWW-Authenticate} header.
 *
 * @param scheme     such as {@code bearer}, in lower case
 * @param parameters by name in lower case
 */
public record Challenge(String scheme, Map<String, String> parameters) {
    /** Copies the parameters. */
    public Challenge {
        parameters = Map.copyOf(parameters);
    }

    /** Returns a parameter, or an empty text. */
    public String parameter(String name) {
        return parameters.getOrDefault(name, "");
    }

    /**
     * Reads a header, as far as it makes sense.
     *
     * @return the challenges in their order
     */
    public static List<Challenge> parse(String header) {
        return new Parser(header).challenges();
    }

    /** Reads a header from its start to its end. */
    private static final class Parser {
        private final String text;
        private int position;

        private Parser(String text) {
            this.text = text;
        }

        private List<Challenge> challenges() {
            List<Challenge> challenges = new ArrayList<>();
            skip(" \t,");
            while (position < text.length()) {
                String scheme = word();
                if (scheme.isEmpty()) {
                    break;
                }
                challenges.add(new Challenge(scheme.toLowerCase(Locale.ROOT), parameters()));
                skip(" \t,");
            }
            return challenges;
        }

        /** Reads {@code name=value} as long as there are some; a word without a value begins the next challenge. */
        private Map<String, String> parameters() {
            Map<String, String> parameters = new TreeMap<>();
            while (true) {
                skip(" \t,");
                int start = position;
                String name = word();
                skip(" \t");
                if (name.isEmpty() || position >= text.length() || text.charAt(position) != '=') {
                    position = start;
                    return parameters;
                }
                position++;
                skip(" \t");
                parameters.put(name.toLowerCase(Locale.ROOT), value());
            }
        }

        private String value() {
            if (position >= text.length() || text.charAt(position) != '"') {
                int start = position;
                while (position < text.length() && " \t,".indexOf(text.charAt(position)) < 0) {
                    position++;
                }
                return text.substring(start, position);
            }
            StringBuilder value = new StringBuilder();
            position++;
            while (position < text.length() && text.charAt(position) != '"') {
                if (text.charAt(position) == '\\' && position + 1 < text.length()) {
                    position++;
                }
                value.append(text.charAt(position++));
            }
            position = Math.min(position + 1, text.length());
            return value.toString();
        }

        private String word() {
            int start = position;
            while (position < text.length() && " \t,=\"".indexOf(text.charAt(position)) < 0) {
                position++;
            }
            return text.substring(start, position);
        }

        private void skip(String characters) {
            while (position < text.length() && characters.indexOf(text.charAt(position)) >= 0) {
                position++;
            }
        }
    }
}
