package io.nydus4j.linux.mount;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.socket.SpawnedProcess;
import io.nydus4j.linux.socket.UnixSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Mounts and unmounts for users who may not, by libfuse's helper, which runs as root.
 *
 * <p>The helper opens {@code /dev/fuse}, mounts, and sends the descriptor over a socket whose number it finds in the variable
 * {@code _FUSE_COMMFD}.
 */
final class Fusermount {
    private static final List<String> HELPERS = List.of("fusermount3", "fusermount");
    private static final Path CONFIGURATION = Path.of("/etc/fuse.conf");
    private static final int STANDARD_OUTPUT = 1;
    private static final int STANDARD_ERROR = 2;
    private static final int SOCKET = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MAX_COMPLAINT = 4096;

    private Fusermount() {}

    static Descriptor mount(byte[] place, FuseMountOptions options) throws IOException {
        List<UnixSocket> pair = UnixSocket.pair();
        try (UnixSocket ours = pair.get(0);
                Descriptor complaint = Descriptor.inMemory("fusermount")) {
            SpawnedProcess helper;
            try (UnixSocket theirs = pair.get(1)) { // closed here at once, so that the helper's end of it is the last
                helper = start(
                        List.of("-o", options(options), "--", RawBytes.text(place)),
                        Map.of("_FUSE_COMMFD", Integer.toString(SOCKET)),
                        Map.of(STANDARD_OUTPUT, complaint, STANDARD_ERROR, complaint, SOCKET, theirs.descriptor()));
            }
            List<Descriptor> received =
                    ours.awaitInput(PATIENCE) ? ours.receive(1).descriptors() : List.of();
            int status = helper.waitFor();
            if (received.isEmpty()) {
                throw new IOException("cannot mount on " + RawBytes.printable(place) + ": " + text(complaint, status));
            }
            return received.getFirst();
        }
    }

    static void unmount(byte[] place) throws IOException {
        try (Descriptor complaint = Descriptor.inMemory("fusermount")) {
            SpawnedProcess helper = start(
                    List.of("-u", "-q", "-z", "--", RawBytes.text(place)),
                    Map.of(),
                    Map.of(STANDARD_OUTPUT, complaint, STANDARD_ERROR, complaint));
            int status = helper.waitFor();
            if (status != 0 && MountTable.find(place).isPresent()) {
                throw new IOException("cannot unmount " + RawBytes.printable(place) + ": " + text(complaint, status));
            }
        }
    }

    private static SpawnedProcess start(
            List<String> arguments, Map<String, String> environment, Map<Integer, Descriptor> placed)
            throws IOException {
        for (String helper : HELPERS) {
            List<String> command = new ArrayList<>();
            command.add(helper);
            command.addAll(arguments);
            try {
                return SpawnedProcess.start(command, environment, placed);
            } catch (ErrnoException e) {
                if (e.errno() != Errno.ENOENT) {
                    throw e;
                }
            }
        }
        throw new IOException("mounting needs root or fusermount3 (Debian's package fuse3)");
    }

    /** Writes the options as the helper takes them; it adds nosuid and nodev by itself. */
    private static String options(FuseMountOptions options) throws IOException {
        List<String> words = new ArrayList<>();
        words.add((options.flags() & MountFlags.READ_ONLY) != 0 ? "ro" : "rw");
        if ((options.flags() & MountFlags.NO_EXEC) != 0) {
            words.add("noexec");
        }
        if ((options.flags() & MountFlags.NO_ACCESS_TIME) != 0) {
            words.add("noatime");
        }
        words.add("fsname=" + escaped(options.source()));
        if (!options.subtype().isEmpty()) {
            words.add("subtype=" + escaped(options.subtype()));
        }
        if (options.defaultPermissions()) {
            words.add("default_permissions");
        }
        if (options.allowOther() && mayAllowOther()) {
            words.add("allow_other");
        }
        return String.join(",", words);
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace(",", "\\,");
    }

    private static boolean mayAllowOther() throws IOException {
        if (!Files.isReadable(CONFIGURATION)) {
            return false;
        }
        try (var lines = Files.lines(CONFIGURATION, StandardCharsets.ISO_8859_1)) {
            return lines.anyMatch(line -> line.strip().equals("user_allow_other"));
        }
    }

    private static String text(Descriptor complaint, int status) throws IOException {
        byte[] bytes = new byte[MAX_COMPLAINT];
        int length = complaint.readAt(0, bytes, 0, bytes.length);
        String text = length <= 0 ? "" : new String(bytes, 0, length, StandardCharsets.UTF_8).strip();
        return text.isEmpty() ? "fusermount3 ended with status " + status : text;
    }
}
