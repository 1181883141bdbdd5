package io.nydus4j.build;

import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DeviceNumbers;
import io.nydus4j.linux.file.Mode;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.file.Xattrs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Makes a directory tree from a seed: names of any bytes, files around the sizes where chunks end, equal and nearly equal content, holes,
 * hard links, all types, owners, times, xattrs. Needs root.
 */
final class RandomTree {
    private static final int[] SIZES = {
        0, 1, 511, 512, 513, 4095, 4096, 4097, 8191, 8192, 8193, 12288, 20000, 70000, 300000
    };
    private static final int MOST_NAMES = 250;

    private final Random random;
    private final List<byte[]> contents = new ArrayList<>();
    private final List<byte[]> files = new ArrayList<>();
    private int names;

    private RandomTree(long seed) {
        random = new Random(seed);
    }

    /** Fills an empty directory. */
    static void make(long seed, Path directory) throws IOException {
        RandomTree tree = new RandomTree(seed);
        try (Descriptor root = PosixFiles.openDirectory(
                Descriptor.WORKING_DIRECTORY, directory.toString().getBytes(StandardCharsets.UTF_8))) {
            tree.fill(root, new byte[0], 0);
        }
    }

    private void fill(Descriptor root, byte[] directory, int depth) throws IOException {
        int count = random.nextInt(depth == 0 ? 20 : 14);
        Set<String> used = new HashSet<>();
        for (int i = 0; i < count && names < MOST_NAMES; i++) {
            byte[] name = name();
            if (!used.add(new String(name, StandardCharsets.ISO_8859_1))) {
                continue;
            }
            names++;
            byte[] path = join(directory, name);
            make(root, path, depth);
            if (!PosixFiles.status(root, path).isDirectory()) {
                mark(root, path);
            }
        }
        if (directory.length > 0) {
            mark(root, directory);
        }
    }

    private void make(Descriptor root, byte[] path, int depth) throws IOException {
        switch (random.nextInt(10)) {
            case 0, 1 -> {
                PosixFiles.makeDirectory(root, path, 0755);
                if (depth < 12) {
                    fill(root, path, depth + 1);
                } else {
                    mark(root, path);
                }
            }
            case 2 -> PosixFiles.makeSymlink(target(), root, path);
            case 3 -> {
                if (files.isEmpty()) {
                    PosixFiles.makeNode(root, path, Mode.FIFO | 0600, 0);
                } else {
                    PosixFiles.makeLink(root, files.get(random.nextInt(files.size())), root, path);
                }
            }
            case 4 -> {
                int type = random.nextBoolean() ? Mode.CHARACTER_DEVICE : Mode.BLOCK_DEVICE;
                long device = DeviceNumbers.of(random.nextInt(1, 4096), random.nextInt(1 << 20));
                PosixFiles.makeNode(root, path, random.nextInt(3) == 0 ? Mode.FIFO | 0600 : type | 0600, device);
            }
            default -> makeFile(root, path);
        }
    }

    private void makeFile(Descriptor root, byte[] path) throws IOException {
        try (Descriptor file =
                PosixFiles.open(root, path, OpenFlags.WRITE_ONLY | OpenFlags.CREATE | OpenFlags.EXCLUSIVE, 0600)) {
            byte[] content = content();
            if (random.nextInt(8) == 0) {
                file.truncate(random.nextInt(200_000));
            }
            if (content.length > 0) {
                file.writeAt(random.nextInt(8) == 0 ? random.nextInt(100_000) : 0, content, 0, content.length);
            }
        }
        files.add(path);
    }

    private byte[] content() {
        if (!contents.isEmpty() && random.nextInt(4) == 0) {
            byte[] old = contents.get(random.nextInt(contents.size())).clone();
            if (old.length > 0 && random.nextBoolean()) {
                old[random.nextInt(old.length)]++;
            }
            return old;
        }
        byte[] content = new byte[SIZES[random.nextInt(SIZES.length)]];
        switch (random.nextInt(3)) {
            case 0 -> random.nextBytes(content);
            case 1 -> {
                for (int i = 0; i < content.length; i++) {
                    content[i] = (byte) ("some text that comes again and again ".charAt(i % 37) + i / 5000);
                }
            }
            default -> {
                // All zeros.
            }
        }
        contents.add(content);
        return content;
    }

    private byte[] target() {
        byte[] target = new byte[random.nextInt(4) == 0 ? random.nextInt(1, 4000) : random.nextInt(1, 120)];
        for (int i = 0; i < target.length; i++) {
            target[i] = (byte) random.nextInt(1, 256);
        }
        return target;
    }

    private byte[] name() {
        byte[] name = new byte[random.nextInt(10) == 0 ? random.nextInt(100, 250) : random.nextInt(1, 20)];
        boolean text = random.nextInt(3) != 0;
        for (int i = 0; i < name.length; i++) {
            int letter = text ? 'a' + random.nextInt(26) : random.nextInt(1, 256);
            name[i] = (byte) (letter == '/' || letter == '.' ? '_' : letter);
        }
        return name;
    }

    /** Gives a file its owner, xattrs, permissions and time. */
    private void mark(Descriptor root, byte[] path) throws IOException {
        int type = PosixFiles.status(root, path).mode() & Mode.TYPE_MASK;
        PosixFiles.changeOwner(
                root, path, random.nextInt(5) == 0 ? -2 : random.nextInt(70_000), random.nextInt(70_000));
        for (int i = random.nextInt(4) - 1; i > 0; i--) {
            boolean user = type == Mode.REGULAR || type == Mode.DIRECTORY;
            byte[] value = new byte[random.nextInt(60)];
            random.nextBytes(value);
            String key = (user && random.nextBoolean() ? "user.k" : "trusted.k") + random.nextInt(100);
            Xattrs.set(root, path, key.getBytes(StandardCharsets.US_ASCII), value);
        }
        if (type != Mode.SYMLINK) {
            PosixFiles.changeMode(root, path, random.nextInt(010000));
        }
        long seconds = random.nextInt(2_000_000_000);
        PosixFiles.changeTimes(
                root, path, seconds, 0, seconds, random.nextBoolean() ? 0 : random.nextInt(1_000_000_000));
    }

    private static byte[] join(byte[] directory, byte[] name) {
        if (directory.length == 0) {
            return name;
        }
        byte[] path = new byte[directory.length + 1 + name.length];
        System.arraycopy(directory, 0, path, 0, directory.length);
        path[directory.length] = '/';
        System.arraycopy(name, 0, path, directory.length + 1, name.length);
        return path;
    }
}
