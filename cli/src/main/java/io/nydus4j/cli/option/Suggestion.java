package io.nydus4j.cli.option;

import java.util.List;

/** Finds the word that a mistyped one was meant to be. */
final class Suggestion {
    /** What is less similar is no suggestion. */
    private static final double LEAST_SIMILARITY = 0.7;

    private Suggestion() {}

    /**
     * Returns the line that names the closest of {@code known}, or says how to pass what was typed as a value; empty text if neither helps.
     *
     * @param takesValues whether the command takes arguments that are no options
     */
    static String option(String typed, List<String> known, boolean takesValues) {
        List<String> names = known.stream()
                .filter(name -> name.startsWith("--"))
                .map(name -> name.substring(2))
                .toList();
        String best = typed.startsWith("--") ? closest(typed.substring(2), names) : "";
        if (!best.isEmpty()) {
            return "%n%n  tip: a similar argument exists: '--%s'".formatted(best);
        }
        return takesValues ? "%n%n  tip: to pass '%s' as a value, use '-- %s'".formatted(typed, typed) : "";
    }

    /** Returns the line that names the closest value, or empty text if none is close. */
    static String value(String typed, List<String> known) {
        String best = closest(typed, known);
        return best.isEmpty() ? "" : "%n%n  tip: a similar value exists: '%s'".formatted(best);
    }

    /** Returns the line that names the closest subcommand, or empty text if none is close. */
    static String subcommand(String typed, List<String> known) {
        String best = closest(typed, known);
        return best.isEmpty() ? "" : "%n%n  tip: a similar subcommand exists: '%s'".formatted(best);
    }

    private static String closest(String typed, List<String> known) {
        String best = "";
        double most = LEAST_SIMILARITY;
        for (String word : known) {
            double similarity = similarity(typed, word);
            if (similarity > most) {
                most = similarity;
                best = word;
            }
        }
        return best;
    }

    /** Returns the Jaro similarity: 0 for words without a letter in common, 1 for equal ones. */
    private static double similarity(String a, String b) {
        int window = Math.max(0, Math.max(a.length(), b.length()) / 2 - 1);
        boolean[] taken = new boolean[b.length()];
        StringBuilder matchesOfA = new StringBuilder();
        for (int i = 0; i < a.length(); i++) {
            for (int j = Math.max(0, i - window); j < Math.min(b.length(), i + window + 1); j++) {
                if (!taken[j] && a.charAt(i) == b.charAt(j)) {
                    taken[j] = true;
                    matchesOfA.append(a.charAt(i));
                    break;
                }
            }
        }
        double matches = matchesOfA.length();
        if (matches == 0) {
            return 0;
        }
        int next = 0;
        int moved = 0;
        for (int j = 0; j < b.length(); j++) {
            if (taken[j] && b.charAt(j) != matchesOfA.charAt(next++)) {
                moved++;
            }
        }
        return (matches / a.length() + matches / b.length() + (matches - moved / 2.0) / matches) / 3;
    }
}
