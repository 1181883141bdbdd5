package io.nydus4j.build.chunkdict;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Orders tags of images by the numbers in them, so that 1.2.3 is before 1.2.10. Tags with the same numbers are equal. Mirrors {@code
 * CustomString} of the reference.
 */
final class TagOrder implements Comparator<String> {
    @Override
    public int compare(String a, String b) {
        List<Integer> first = numbers(a);
        List<Integer> second = numbers(b);
        for (int i = 0; i < Math.min(first.size(), second.size()); i++) {
            int order = Integer.compare(first.get(i), second.get(i));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(first.size(), second.size());
    }

    /** Returns the decimal numbers in a text; those that do not fit 31 bits are left out. */
    private static List<Integer> numbers(String text) {
        List<Integer> numbers = new ArrayList<>();
        int start = -1;
        for (int i = 0; i <= text.length(); i++) {
            boolean digit = i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9';
            if (digit && start < 0) {
                start = i;
            } else if (!digit && start >= 0) {
                try {
                    numbers.add(Integer.parseInt(text.substring(start, i)));
                } catch (NumberFormatException e) {
                    // Longer than any version's number.
                }
                start = -1;
            }
        }
        return numbers;
    }
}
