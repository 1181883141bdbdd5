package io.nydus4j.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Makes random layers, each in two formats: with the whiteouts of OCI and with those of overlayfs. Few names are used, so layers hide,
 * replace and remove much of what is below them: files, directories, symbolic links, devices, names of hard-linked files.
 */
final class RandomLayers {
    private static final int NAMES = 6;
    private static final int DEPTH = 3;

    /** Lines of a shell script that makes the layer; {@code $1} is the format. */
    private final StringBuilder script = new StringBuilder("set -e\n");

    private final Random random;
    private final int layer;
    /** Paths of the regular files so far, for hard links. */
    private final List<String> files = new ArrayList<>();

    private RandomLayers(Random random, int layer) {
        this.random = random;
        this.layer = layer;
    }

    /** Makes the layers {@code 1} to {@code count} below {@code oci} and {@code overlay}. Needs root. */
    static void make(long seed, int count, Path oci, Path overlay) throws IOException, InterruptedException {
        Random random = new Random(seed);
        for (int layer = 1; layer <= count; layer++) {
            RandomLayers layers = new RandomLayers(random, layer);
            layers.directory(".", DEPTH);
            // Not the sum of what the commands left behind, which differs between the formats.
            layers.script
                    .append("find . -exec touch -h -d @")
                    .append(1000 * layer + 7)
                    .append(".123456789 {} +\n");
            layers.run(oci, "oci");
            layers.run(overlay, "overlay");
        }
    }

    private void run(Path folder, String format) throws IOException, InterruptedException {
        Path target = Files.createDirectories(folder.resolve(String.valueOf(layer)));
        Root.run("bash", "-c", "cd " + target + "\n" + script, "bash", format);
    }

    private void directory(String path, int depth) {
        for (int i = 0; i < NAMES; i++) {
            String name = String.valueOf((char) ('a' + i));
            String child = path + "/" + name;
            switch (random.nextInt(9)) {
                case 0, 1 -> file(child);
                case 2 -> line("ln -s target-%d-%d %s".formatted(layer, random.nextInt(3), child));
                case 3 -> line("mknod %s c %d 3".formatted(child, 1 + random.nextInt(3)));
                case 4, 5 -> {
                    if (depth > 0) {
                        childDirectory(path, name, depth);
                    }
                }
                case 6 -> {
                    if (!files.isEmpty()) {
                        line("ln %s %s".formatted(files.get(random.nextInt(files.size())), child));
                    }
                }
                case 7 -> whiteout(path, name);
                default -> {}
            }
        }
    }

    private void file(String path) {
        files.add(path);
        // Some contents are those of other files and layers, some are empty, some have several chunks.
        int length = switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> 9000 + random.nextInt(3);
            default -> 20 + random.nextInt(3);
        };
        line("yes content-%d | head -c %d > %s || true".formatted(random.nextInt(4), length, path));
        int owner = random.nextInt(3);
        line("chmod %o %s; chown %d:%d %s".formatted(0600 + random.nextInt(64), path, owner, owner + 1, path));
        if (random.nextInt(3) == 0) {
            line("setfattr -n user.layer -v v%d %s".formatted(layer, path));
        }
    }

    private void childDirectory(String path, String name, int depth) {
        String child = path + "/" + name;
        line("mkdir %s; chmod %o %s".formatted(child, 0700 + random.nextInt(64), child));
        if (layer > 1 && random.nextInt(3) == 0) {
            String oci =
                    random.nextBoolean() ? "touch %s/.wh..wh..opq".formatted(child) : "touch " + path + "/.wh." + name;
            line("[ $1 = oci ] && %s || setfattr -n trusted.overlay.opaque -v y %s".formatted(oci, child));
        }
        directory(child, depth - 1);
    }

    /** The lowest layer has nothing to remove. */
    private void whiteout(String path, String name) {
        if (layer > 1) {
            line("[ $1 = oci ] && touch %s/.wh.%s || mknod %s/%s c 0 0".formatted(path, name, path, name));
        }
    }

    private void line(String text) {
        script.append(text).append('\n');
    }
}
