package io.nydus4j.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** What may become of the files of a cache while no daemon runs. */
enum CacheDamage {
    TRUNCATED {
        @Override
        void change(RandomAccessFile data, RandomAccessFile map, Random random) throws IOException {
            data.setLength(random.nextLong(data.length()));
        }
    },
    BITS_FLIPPED {
        @Override
        void change(RandomAccessFile data, RandomAccessFile map, Random random) throws IOException {
            flipBits(data, 0, random);
        }
    },
    DATA_LOST {
        @Override
        void change(RandomAccessFile data, RandomAccessFile map, Random random) throws IOException {
            loseData(data, random);
        }
    },
    /** The map says that all is there, and its bits are those of other chunks. */
    MAP_OF_ANOTHER_BLOB {
        @Override
        void change(RandomAccessFile data, RandomAccessFile map, Random random) throws IOException {
            loseData(data, random);
            byte[] bits = new byte[(int) map.length() - MAP_HEADER];
            random.nextBytes(bits);
            map.seek(MAP_HEADER);
            map.write(bits);
        }
    },
    MAP_BITS_FLIPPED {
        @Override
        void change(RandomAccessFile data, RandomAccessFile map, Random random) throws IOException {
            loseData(data, random);
            // No longer complete, so that the bits count.
            map.seek(MAP_COMPLETE);
            map.writeInt(0);
            flipBits(map, MAP_HEADER, random);
        }
    };

    private static final int MAP_HEADER = 4096;
    private static final int MAP_COMPLETE = 12;
    private static final int FLIPS = 50;
    private static final int LOST_PIECES = 20;

    abstract void change(RandomAccessFile data, RandomAccessFile map, Random random) throws IOException;

    /**
     * Damages the cache of the only blob in a folder.
     *
     * @param random says where
     */
    void apply(Path folder, Random random) throws IOException {
        try (RandomAccessFile data =
                        new RandomAccessFile(find(folder, ".blob.data").toFile(), "rw");
                RandomAccessFile map =
                        new RandomAccessFile(find(folder, ".chunk_map").toFile(), "rw")) {
            change(data, map, random);
        }
    }

    private static Path find(Path folder, String end) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found =
                    files.filter(file -> file.toString().endsWith(end)).toList();
            if (found.size() != 1) {
                throw new IOException("expected one file with a name in " + end + ", found " + found);
            }
            return found.getFirst();
        }
    }

    private static void flipBits(RandomAccessFile file, long start, Random random) throws IOException {
        for (int i = 0; i < FLIPS; i++) {
            long place = start + random.nextLong(file.length() - start);
            file.seek(place);
            int old = file.read();
            file.seek(place);
            file.write(old ^ 1 << random.nextInt(8));
        }
    }

    private static void loseData(RandomAccessFile data, Random random) throws IOException {
        for (int i = 0; i < LOST_PIECES; i++) {
            int length = (int) Math.min(data.length(), 1 + random.nextInt(1 << 18));
            data.seek(random.nextLong(data.length() - length + 1));
            data.write(new byte[length]);
        }
    }
}
