package io.nydus4j.cli.image;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.cli.image.InspectPrinter.Place;
import io.nydus4j.daemon.api.JsonValue.JsonString;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.QuotedName;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers the commands of {@code nydus-image inspect}: interactive ones with text, requests with JSON.
 *
 * <p>Output follows the reference's. Not safe for use by several threads.
 */
final class InspectSession {
    private static final String PROMPT = "Inspecting RAFS :> ";
    private static final byte[] DOT_DOT = {'.', '.'};
    private static final byte[] ROOT = {'/'};

    private final Bootstrap bootstrap;
    private final PrintStream out;
    private final InspectPrinter printer;
    /** The directories from the root to the current one. */
    private final Deque<Place> path = new ArrayDeque<>();

    /** What a command came to. */
    private enum Outcome {
        DONE,
        NOT_FOUND,
        UNSUPPORTED,
        BAD_ARGUMENT,
        HELP,
        EXIT
    }

    InspectSession(Bootstrap bootstrap, PrintStream out) throws RafsFormatException {
        this.bootstrap = bootstrap;
        this.out = out;
        printer = new InspectPrinter(bootstrap, out);
        path.addLast(new Place(ROOT, bootstrap.root(), bootstrap.rootIno()));
    }

    /** Reads commands until one ends the session or the input ends. */
    void interact(BufferedReader in) throws IOException {
        while (true) {
            out.print(PROMPT);
            out.flush();
            String line = in.readLine();
            if (line == null) {
                out.println();
                return;
            }
            try {
                if (execute(line.strip(), false) == Outcome.EXIT) {
                    return;
                }
            } catch (RafsFormatException e) {
                out.println("Failed to execute command, " + e.getMessage());
            }
        }
    }

    /**
     * Answers one request.
     *
     * @throws IOException if the request is unsupported, has bad arguments, or fails
     */
    void request(String request) throws IOException {
        Outcome outcome;
        try {
            outcome = execute(request.strip(), true);
        } catch (RafsFormatException e) {
            throw new IOException("failed to execute inspect request `" + request + "`", e);
        }
        switch (outcome) {
            case DONE, EXIT -> out.flush();
            case NOT_FOUND ->
                throw new IOException("failed to execute inspect request `" + request + "`: no such file or directory");
            case UNSUPPORTED -> throw new IOException("unsupported inspect request `" + request + "`");
            case BAD_ARGUMENT -> throw new IOException("invalid arguments in inspect request `" + request + "`");
            case HELP -> throw new IOException("help is not supported in inspect request mode");
        }
    }

    private Outcome execute(String line, boolean json) throws RafsFormatException {
        String[] words = line.isEmpty() ? new String[0] : line.split("\\s+");
        String command = words.length > 0 ? words[0] : "";
        String argument = words.length > 1 ? words[1] : null;
        Outcome outcome = switch (command) {
            case "" -> Outcome.DONE;
            case "exit", "q" -> Outcome.EXIT;
            case "help" -> help();
            case "stats", "ls", "blobs", "prefetch" -> argument == null ? plain(command, json) : unsupported(command);
            case "cd", "stat", "chunk", "icheck" -> argument != null ? with(command, argument) : unsupported(command);
            default -> unsupported(command);
        };
        boolean printedJson =
                argument == null && List.of("stats", "blobs", "prefetch").contains(command);
        if (json && !printedJson && (outcome == Outcome.DONE || outcome == Outcome.EXIT)) {
            out.print("null");
        }
        return outcome;
    }

    private Outcome plain(String command, boolean json) throws RafsFormatException {
        switch (command) {
            case "stats" -> printer.stats(json);
            case "ls" -> list();
            case "blobs" -> printer.blobs(json);
            default -> prefetch(json);
        }
        return Outcome.DONE;
    }

    private Outcome with(String command, String argument) throws RafsFormatException {
        return switch (command) {
            case "cd" -> changeDirectory(argument);
            case "stat" -> stat(argument);
            case "chunk" -> chunk(argument);
            default -> inodeCheck(argument);
        };
    }

    private Outcome unsupported(String command) {
        out.println("Unsupported command: " + command);
        help();
        return Outcome.UNSUPPORTED;
    }

    private Outcome help() {
        out.println("""

                stats:          shows what the superblock says
                ls:             lists the current directory
                cd DIR:         changes the current directory by one name
                stat NAME:      shows an inode of the current directory and its chunks
                blobs:          shows the data blobs
                prefetch:       shows the prefetch table
                chunk OFFSET:   shows the chunks at an offset of the stored data
                icheck INODE:   shows the names of an inode number
                exit, q:        leaves
            """);
        return Outcome.HELP;
    }

    private Place current() {
        return path.getLast();
    }

    private void list() throws RafsFormatException {
        for (Place child : children(current().inode())) {
            char type = switch (FileMode.type(child.inode().mode())) {
                case FileMode.REGULAR -> '-';
                case FileMode.DIRECTORY -> 'd';
                case FileMode.SYMLINK -> 'l';
                default -> ' ';
            };
            out.printf("%c    %-8d %s%n", type, child.inode().ino(), QuotedName.of(child.name()));
        }
    }

    /** Returns the children of a directory in name order. */
    private List<Place> children(Inode directory) throws RafsFormatException {
        List<Place> children = new ArrayList<>();
        directory.walk(0, (name, ino, type, next) -> {
            if (!isDots(name)) {
                children.add(new Place(name, bootstrap.inode(ino), directory.ino()));
            }
            return true;
        });
        return children;
    }

    private static boolean isDots(byte[] name) {
        return Arrays.equals(name, DOT_DOT) || name.length == 1 && name[0] == '.';
    }

    private Outcome changeDirectory(String name) throws RafsFormatException {
        if (name.equals("..")) {
            if (path.size() > 1) {
                path.removeLast();
            }
            return Outcome.DONE;
        }
        if (name.equals(".")) {
            return Outcome.DONE;
        }
        Place child = find(name);
        if (child == null) {
            return notFound(name);
        } else if (!child.inode().isDirectory()) {
            out.println(name + " is not a directory");
        } else {
            path.addLast(child);
        }
        return Outcome.DONE;
    }

    private @Nullable Place find(String name) throws RafsFormatException {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        Inode inode = isDots(bytes) ? null : current().inode().child(bytes);
        return inode == null ? null : new Place(bytes, inode, current().inode().ino());
    }

    private Outcome notFound(String name) {
        out.println(name + " is not here: no such file or directory");
        return Outcome.NOT_FOUND;
    }

    private Outcome stat(String name) throws RafsFormatException {
        Place place = switch (name) {
            case "." -> current();
            case ".." -> parent();
            default -> find(name);
        };
        if (place == null) {
            return notFound(name);
        }
        printer.inode(place);
        if (place.inode().isRegular()) {
            printer.chunks(place.inode());
        }
        return Outcome.DONE;
    }

    private Place parent() {
        Place last = path.removeLast();
        Place parent = path.isEmpty() ? last : path.getLast();
        path.addLast(last);
        return parent;
    }

    private void prefetch(boolean json) throws RafsFormatException {
        List<Long> table = bootstrap.prefetchTable();
        List<List<String>> paths = new ArrayList<>();
        Map<Long, List<String>> pathsByIno = new HashMap<>();
        for (Long ino : table) {
            paths.add(pathsByIno.computeIfAbsent(ino, _ -> new ArrayList<>()));
        }
        everyName((place, where) -> {
            List<String> known = pathsByIno.get(place.inode().ino());
            if (known != null) {
                boolean slash = place.inode().isDirectory() && !where.equals("/");
                known.add(slash ? where + "/" : where);
            }
        });
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < table.size(); i++) {
            if (json) {
                text.append(i == 0 ? "" : ",")
                        .append("{\"inode\":")
                        .append(table.get(i))
                        .append(",\"path\":[");
                for (int j = 0; j < paths.get(i).size(); j++) {
                    text.append(j == 0 ? "" : ",")
                            .append(new JsonString(paths.get(i).get(j)).toJson());
                }
                text.append("]}");
            } else {
                String names = String.join(" ", paths.get(i));
                text.append(String.format(Locale.ROOT, "Inode Number:%10d | Path: \"%s\" %n", table.get(i), names));
            }
        }
        if (json) {
            out.print("[" + text + "]");
        } else {
            out.println("Total Prefetching Files: " + table.size());
            out.print(text);
        }
    }

    private Outcome chunk(String argument) throws RafsFormatException {
        long offset;
        try {
            offset = Long.parseUnsignedLong(argument);
        } catch (NumberFormatException e) {
            out.println("Wrong OFFSET is specified. Is it a valid u64 value?");
            return Outcome.BAD_ARGUMENT;
        }
        everyName((place, where) -> {
            Inode inode = place.inode();
            for (int i = 0; inode.isRegular() && i < inode.chunkCount(); i++) {
                ChunkRecord chunk = inode.chunk(i);
                if (chunk.compressedOffset() == offset) {
                    printer.chunk(place, where.substring(0, where.lastIndexOf('/') + 1), chunk);
                }
            }
        });
        return Outcome.DONE;
    }

    private Outcome inodeCheck(String argument) throws RafsFormatException {
        long ino;
        try {
            ino = Long.parseUnsignedLong(argument);
        } catch (NumberFormatException e) {
            out.println("Wrong INODE is specified. Is it a inode number?");
            return Outcome.BAD_ARGUMENT;
        }
        if (Long.compareUnsigned(ino, bootstrap.maxIno()) > 0) {
            throw new RafsFormatException(
                    "inode " + argument, -1, "the largest number in this image is " + bootstrap.maxIno());
        }
        everyName((place, where) -> {
            if (place.inode().ino() == ino) {
                out.println(where);
                if (!where.equals("/")) {
                    printer.inode(place);
                }
            }
        });
        return Outcome.DONE;
    }

    /** Takes a name of the tree. */
    private interface NameVisitor {
        void name(Place place, String where) throws RafsFormatException;
    }

    /** Visits every name, depth first, children in name order. Directories that contain themselves are entered once. */
    private void everyName(NameVisitor visitor) throws RafsFormatException {
        record Pending(Place place, String where) {}

        Deque<Pending> pending = new ArrayDeque<>();
        var seen = new java.util.HashSet<Long>();
        pending.push(new Pending(new Place(ROOT, bootstrap.root(), bootstrap.rootIno()), "/"));
        while (!pending.isEmpty()) {
            Pending next = pending.pop();
            visitor.name(next.place(), next.where());
            Inode inode = next.place().inode();
            if (!inode.isDirectory()) {
                continue;
            }
            if (!seen.add(inode.ino())) {
                throw new RafsFormatException(
                        "directory " + next.where(), -1, "inode " + inode.ino() + " contains itself");
            }
            List<Place> children = children(inode);
            String prefix = next.where().equals("/") ? "/" : next.where() + "/";
            for (int i = children.size() - 1; i >= 0; i--) {
                Place child = children.get(i);
                pending.push(new Pending(child, prefix + new String(child.name(), StandardCharsets.UTF_8)));
            }
        }
    }
}
