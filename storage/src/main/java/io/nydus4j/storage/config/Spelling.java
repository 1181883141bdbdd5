package io.nydus4j.storage.config;

import java.util.Collection;
import java.util.Optional;

/** Finds what a misspelt word was meant to be. */
final class Spelling {
    private static final int LONGEST = 64;

    private Spelling() {}

    /** Returns the word nearest to {@code word}, if one is near: at most a third of its letters differ. */
    static Optional<String> nearest(String word, Collection<String> words) {
        String nearest = null;
        int least = Math.max(1, word.length() / 3) + 1;
        for (String candidate : words) {
            int distance = word.length() > LONGEST ? LONGEST : distance(word, candidate);
            if (distance < least) {
                least = distance;
                nearest = candidate;
            }
        }
        return Optional.ofNullable(nearest);
    }

    /** Counts the letters to insert, remove or replace. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int change = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
