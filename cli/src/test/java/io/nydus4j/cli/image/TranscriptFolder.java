package io.nydus4j.cli.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The working directory of a {@link Transcript}: makes what the case is given, and turns its arguments into paths below the directory, since
 * the commands run within this process.
 */
final class TranscriptFolder implements AutoCloseable {
    private static final Path TESTDATA = Path.of(System.getProperty("nydus4j.testdata"));

    private static final Set<String> PATH_OPTIONS = Set.of(
            "-B",
            "--bootstrap",
            "-D",
            "--blob-dir",
            "-T",
            "--target",
            "-C",
            "--config",
            "-J",
            "--output-json",
            "-O",
            "--output",
            "--output-bootstrap",
            "--output-blob-dir",
            "-b",
            "--blob",
            "-L",
            "--log-file",
            "--parent-bootstrap",
            "--chunk-dict",
            "--external-blob",
            "--blob-cache-dir",
            "--attributes",
            "-p",
            "--prefetch-files",
            "--backend-config-file",
            "--localfs-dir",
            "--database");

    private static final Set<String> FLAGS = Set.of(
            "--block",
            "--verity",
            "--verbose",
            "--blob-inline-meta",
            "--inline-bootstrap",
            "--aligned-chunk",
            "--repeatable",
            "--disable-check",
            "-E",
            "--encrypt",
            "-h",
            "--help",
            "-V",
            "--version",
            "-x");

    private final Path directory;
    /** Processes at the other ends of FIFOs. */
    private final List<Process> helpers = new ArrayList<>();

    TranscriptFolder(Path directory) {
        this.directory = directory;
    }

    /** Makes what the case is given. */
    void make(Transcript transcript) throws IOException {
        for (String given : transcript.given()) {
            String[] sides = given.split(" <- ", 2);
            String[] how = sides[1].split(" ", 2);
            Path path = directory.resolve(sides[0]);
            Files.createDirectories(path.getParent());
            make(path, how[0], how.length > 1 ? how[1] : "");
        }
    }

    private void make(Path path, String how, String what) throws IOException {
        switch (how) {
            case "copy" -> copy(source(what), path);
            case "head" -> {
                String[] words = what.split(" ", -1);
                byte[] bytes = Files.readAllBytes(source(words[1]));
                Files.write(path, Arrays.copyOf(bytes, Math.min(bytes.length, Integer.parseInt(words[0]))));
            }
            case "patch" -> {
                String[] words = what.split(" ", -1);
                byte[] bytes = Files.readAllBytes(source(words[2]));
                byte[] patch = HexFormat.of().parseHex(words[1]);
                System.arraycopy(patch, 0, bytes, Integer.parseInt(words[0]), patch.length);
                Files.write(path, bytes);
            }
            case "concat" -> {
                ByteArrayOutputStream all = new ByteArrayOutputStream();
                for (String part : what.split(" ", -1)) {
                    all.writeBytes(Files.readAllBytes(source(part)));
                }
                Files.write(path, all.toByteArray());
            }
            case "text" -> Files.writeString(path, inDirectory(Transcript.unquoted(what)));
            case "zeros" -> Files.write(path, new byte[Integer.parseInt(what)]);
            case "sparse" -> {
                try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
                    file.setLength(Long.parseLong(what));
                }
            }
            case "dir" -> Files.createDirectories(path);
            case "mode0" -> {
                copy(source(what), path);
                Files.setPosixFilePermissions(path, Set.of());
            }
            case "fifo-from" -> {
                run("mkfifo", path.toString());
                helpers.add(start("exec cat '" + source(what) + "' > '" + path + "'"));
            }
            case "fifo-to" -> {
                run("mkfifo", path.toString());
                helpers.add(start("exec cat '" + path + "' > '" + directory.resolve(what) + "'"));
            }
            case "symlink" -> Files.createSymbolicLink(path, Path.of(what));
            case "untar" -> {
                Files.createDirectories(path);
                run(
                        "tar",
                        "--xattrs",
                        "--xattrs-include=*",
                        "--numeric-owner",
                        "-xpf",
                        source(what).toString(),
                        "-C",
                        path.toString());
            }
            default -> throw new IllegalArgumentException("cannot make what a case is given by " + how);
        }
    }

    private static Process start(String script) throws IOException {
        return new ProcessBuilder("sh", "-c", script).start();
    }

    /** Waits for the processes at the other ends of FIFOs, which must have ended by themselves. */
    @Override
    public void close() throws IOException {
        for (Process helper : helpers) {
            try {
                if (!helper.waitFor(5, TimeUnit.SECONDS)) {
                    helper.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }
    }

    private static void run(String... command) throws IOException {
        try {
            if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
                throw new IOException(String.join(" ", command) + " failed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** Configurations name directories of the case. */
    private String inDirectory(String text) {
        if (!text.contains("backend")) {
            return text;
        }
        return Pattern.compile("\"((?:d|in)(?:/[^\"]*)?)\"").matcher(text).replaceAll("\"" + directory + "/$1\"");
    }

    private static Path source(String name) {
        return TESTDATA.resolve(name.startsWith("cli/") ? name : "golden/" + name);
    }

    private static void copy(Path from, Path to) throws IOException {
        if (!Files.isDirectory(from)) {
            Files.copy(from, to);
            return;
        }
        Files.createDirectories(to);
        try (Stream<Path> children = Files.list(from)) {
            for (Path child : children.toList()) {
                copy(child, to.resolve(child.getFileName()));
            }
        }
    }

    /** Returns the arguments with paths below the directory. */
    String[] arguments(Transcript transcript) {
        String[] args = transcript.args().toArray(String[]::new);
        if (args.length > 0 && args[0].equals("help")) {
            return args;
        }
        String previous = "";
        boolean onlyPositionals = false;
        int command = 0;
        while (command < args.length && args[command].startsWith("-")) {
            command += isFlag(args[command], "") ? 1 : 2;
        }
        for (int i = 0; i < args.length; i++) {
            if (i == command) {
                continue;
            }
            String arg = args[i].replace("<DIR>", directory.toString());
            args[i] = arg;
            int equals = arg.indexOf('=');
            if (onlyPositionals) {
                args[i] = resolved(arg);
            } else if (arg.equals("--")) {
                onlyPositionals = true;
            } else if (PATH_OPTIONS.contains(previous) && !arg.startsWith("-")) {
                args[i] = resolved(arg);
                arg = "";
            } else if (previous.startsWith("-")
                    && !isFlag(previous, command < args.length ? args[command] : "")
                    && !previous.contains("=")) {
                arg = "";
            } else if (arg.startsWith("--") && equals > 0 && PATH_OPTIONS.contains(arg.substring(0, equals))) {
                args[i] = arg.substring(0, equals + 1) + resolved(arg.substring(equals + 1));
            } else if (!arg.startsWith("--")
                    && arg.startsWith("-")
                    && arg.length() > 2
                    && PATH_OPTIONS.contains(arg.substring(0, 2))) {
                args[i] = arg.substring(0, 2) + resolved(arg.substring(2));
            } else if (!arg.startsWith("-")
                    && !(command < args.length && args[command].equals("chunkdict") && i == command + 1)) {
                args[i] = resolved(arg);
            }
            boolean joined = arg.length() > 2 && arg.startsWith("-") && !arg.startsWith("--");
            previous = joined ? "" : arg;
        }
        return args;
    }

    private static boolean isFlag(String option, String command) {
        return FLAGS.contains(option) || option.equals("-v") && !command.equals("create");
    }

    private String resolved(String path) {
        if (path.startsWith("bootstrap=")) {
            return "bootstrap=" + resolved(path.substring("bootstrap=".length()));
        }
        return path.isEmpty() || path.contains("://")
                ? path
                : directory.resolve(path).toString();
    }

    /** Returns text as it would be if the command had run in the directory. */
    String relative(String text) {
        return text.replace(directory + "/", "").replace(directory.toString(), ".");
    }

    /** Returns all files below the directory, as relative paths. */
    Set<String> files() throws IOException {
        Set<String> files = new TreeSet<>();
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                files.add(directory.relativize(file).toString());
                return FileVisitResult.CONTINUE;
            }
        });
        return files;
    }

    /** Returns the text of a file. */
    String text(String file) throws IOException {
        return Files.readString(directory.resolve(file), UTF_8);
    }

    /** Returns a file below the directory. */
    Path resolve(String file) {
        return directory.resolve(file);
    }
}
