package io.nydus4j.cli.option;

import java.util.List;

/** Finds the word that a mistyped one was meant to be. */
final class Suggestion {
    private Suggestion() {}

    /** Returns the line that names the closest of {@code known}, or empty text if none is close. */
    static String option(String typed, List<String> known) {
        String best = closest(typed, known);
        return best.isEmpty() ? "" : "%n%n  tip: a similar argument exists: '%s'".formatted(best);
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
        int least = Math.max(2, typed.length() / 3) + 1;
        for (String word : known) {
            int distance = word.startsWith(typed) && typed.length() > 3 ? 1 : distance(typed, word);
            if (distance < least) {
                least = distance;
                best = word;
            }
        }
        return best;
    }

    /** Returns the number of letters to insert, delete or replace. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
