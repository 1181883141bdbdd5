package io.nydus4j.bench;

import io.nydus4j.build.tar.TarEntry;
import io.nydus4j.build.tar.TarType;
import io.nydus4j.build.tar.TarWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Shows that memory does not grow with the archive: streams archives of 100 MB and of 2 GB into {@code nydus-image create} in a process of its
 * own, and prints the most memory that it had, in MiB.
 */
public final class ArchiveMemory {
    private static final int FILE = 4 << 20;
    private static final byte[] NOTHING = {};

    private ArchiveMemory() {}

    /** Measures both sizes, or those given in megabytes. */
    public static void main(String[] args) throws IOException, InterruptedException {
        List<String> sizes = args.length == 0 ? List.of("100", "2000") : List.of(args);
        for (String size : sizes) {
            System.out.println(size + " MB: " + peakMebibytes(Integer.parseInt(size)) + " MiB");
        }
    }

    private static long peakMebibytes(int megabytes) throws IOException, InterruptedException {
        Path output = Files.createTempDirectory("nydus4j-bench");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        // As the command starts itself.
                        "-XX:+UseSerialGC",
                        "-Xmx1g",
                        "-Xms64m",
                        "-Xmn32m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.nydus4j.cli.image.NydusImage",
                        "create",
                        "-t",
                        "tar-rafs",
                        "--log-level",
                        "warn",
                        "-D",
                        output.toString(),
                        "/dev/stdin")
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        long peak = 0;
        try (OutputStream out = new BufferedOutputStream(process.getOutputStream(), 1 << 16)) {
            TarWriter tar = new TarWriter(bytes -> out.write(bytes.toArray(ValueLayout.JAVA_BYTE)));
            for (int i = 0; (long) i * FILE < megabytes * 1_000_000L; i++) {
                tar.begin(entry("file" + i));
                tar.data(MemorySegment.ofArray(content(i)));
                peak = Math.max(peak, peakKibibytes(process.pid()));
            }
            tar.finish();
            out.flush();
            peak = Math.max(peak, peakKibibytes(process.pid()));
        }
        if (process.waitFor() != 0) {
            throw new IOException("the build failed");
        }
        try (Stream<Path> files = Files.list(output)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(output);
        return peak >> 10;
    }

    private static TarEntry entry(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        return new TarEntry(TarType.REGULAR, bytes, NOTHING, 0644, 0, 0, NOTHING, NOTHING, FILE, 0, 0, 0, 0, List.of());
    }

    /** Makes data of which half can be compressed. */
    private static byte[] content(int seed) {
        byte[] content = new byte[FILE];
        byte[] noise = new byte[FILE / 2];
        new Random(seed).nextBytes(noise);
        System.arraycopy(noise, 0, content, 0, noise.length);
        return content;
    }

    private static long peakKibibytes(long pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(pid), "status"))) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return 0;
    }
}
