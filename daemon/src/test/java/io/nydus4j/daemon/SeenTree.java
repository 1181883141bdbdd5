package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * What a reader of all files of a mount saw.
 *
 * @param files      how many there are
 * @param wrong      what was not as in the tree that is shown
 * @param worstNanos how long the slowest file took
 */
public record SeenTree(int files, List<String> wrong, long worstNanos) {
    /**
     * Compares all files with their source.
     *
     * @param tree  the source
     * @param order seed of the order
     */
    public static SeenTree readAll(Path tree, Path mountPoint, long order) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(tree)) {
            files = new ArrayList<>(all.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .toList());
        }
        Collections.shuffle(files, new Random(order));
        List<String> wrong = new ArrayList<>();
        long worst = 0;
        for (Path file : files) {
            Path seen = mountPoint.resolve(tree.relativize(file));
            long start = System.nanoTime();
            try {
                if (Files.mismatch(file, seen) >= 0) {
                    wrong.add(seen + " differs");
                }
                forget(seen);
            } catch (IOException e) {
                wrong.add(e.toString());
            }
            worst = Math.max(worst, System.nanoTime() - start);
        }
        return new SeenTree(files.size(), wrong, worst);
    }

    /**
     * Compares all files of a mount that can be read with their source, which must be the same.
     *
     * @param directory has the source, {@code tree}, and the mount, {@code mnt}
     * @return the errors of those that cannot be read
     */
    static String errors(Path directory) throws IOException, InterruptedException {
        String seen = Shell.out(
                directory,
                "cd tree; find . -type f -print0 | while IFS= read -r -d '' f; do"
                        + " cat \"../mnt/$f\" > ../out 2> ../err; if [ -s ../err ]; then cat ../err;"
                        + " elif ! cmp -s \"$f\" ../out; then echo \"WRONG $f\"; fi; done");
        assertThat(seen).doesNotContain("WRONG");
        return seen;
    }

    /** Has the kernel drop what it has of a file in memory, so that whoever reads it next asks again. */
    private static void forget(Path file) throws IOException {
        try (Descriptor opened = PosixFiles.open(
                Descriptor.WORKING_DIRECTORY,
                NativePath.bytes(file),
                OpenFlags.READ_ONLY | OpenFlags.CLOSE_ON_EXEC,
                0)) {
            opened.advise(0, 0, Descriptor.Advice.DONT_NEED);
        }
    }
}
