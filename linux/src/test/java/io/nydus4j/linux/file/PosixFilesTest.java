package io.nydus4j.linux.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.linux.Command;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Compares what the calls see and do with what {@code find}, {@code stat} and {@code getfattr} see. */
class PosixFilesTest {
    private static final long SEED = 4711;
    private static final byte[] ODD = {'a', (byte) 0xFF, '\n', (byte) 0xC3, (byte) 0xA9, '"', '\\'};

    private Path folder = Path.of("");
    private Descriptor place = Descriptor.WORKING_DIRECTORY;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createTempDirectory("nydus4j-files");
        place = PosixFiles.openDirectory(Descriptor.WORKING_DIRECTORY, NativePath.bytes(folder));
    }

    @AfterEach
    void removeFolder() throws IOException {
        place.close();
        Command.run("rm", "-rf", folder.toString());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private void makeFile(byte[] name, byte[] content) throws IOException {
        int flags = OpenFlags.CREATE | OpenFlags.EXCLUSIVE | OpenFlags.WRITE_ONLY;
        try (Descriptor file = PosixFiles.open(place, name, flags, 0644)) {
            file.write(content, 0, content.length);
        }
    }

    @Test
    void listsNamesOfAnyBytesAsFindDoes() throws IOException {
        Random random = new Random(SEED);
        makeFile(ODD, new byte[3]);
        makeFile(bytes("n".repeat(255)), new byte[0]);
        for (int i = 0; i < 700; i++) {
            byte[] name = new byte[1 + random.nextInt(255)];
            for (int j = 0; j < name.length; j++) {
                do {
                    name[j] = (byte) random.nextInt(256);
                } while (name[j] == 0 || name[j] == '/');
            }
            if (PosixFiles.statusIfPresent(place, name).isEmpty()) {
                makeFile(name, new byte[i % 5]);
            }
        }
        PosixFiles.makeSymlink(ODD, place, bytes("link"));
        PosixFiles.makeDirectory(place, bytes("directory"), 0750);
        PosixFiles.makeNode(place, bytes("pipe"), Mode.FIFO | 0600, 0);

        TreeSet<String> seen = new TreeSet<>();
        for (DirectoryEntry entry : DirectoryListing.list(place)) {
            FileStatus status = PosixFiles.status(place, entry.name());
            assertThat(entry.type()).isEqualTo(status.mode() & Mode.TYPE_MASK);
            assertThat(entry.ino()).isEqualTo(status.ino());
            seen.add(new String(entry.name(), ISO_8859_1)
                    + String.format(
                            "|%o|%d|%d|%d|%d|%d|%d.%09d0",
                            status.mode() & Mode.PERMISSION_MASK,
                            status.size(),
                            status.ino(),
                            status.nlink(),
                            status.uid(),
                            status.blocks(),
                            status.mtimeSeconds(),
                            status.mtimeNanos()));
        }
        byte[] found = Command.run(folder, "find", ".", "-mindepth", "1", "-printf", "%P|%m|%s|%i|%n|%U|%b|%T@\\0")
                .output();
        assertThat(seen)
                .as("seed %d", SEED)
                .containsExactlyElementsOf(Arrays.stream(new String(found, ISO_8859_1).split("\0", -1))
                        .filter(line -> !line.isEmpty())
                        .collect(Collectors.toCollection(TreeSet::new)));
        TreeSet<String> visited = new TreeSet<>();
        DirectoryListing.visit(place, entry -> visited.add(new String(entry.name(), ISO_8859_1)));
        assertThat(visited).hasSameSizeAs(seen);
    }

    @Test
    void reachesTreesDeeperThanAPathMayBeLong() throws IOException {
        byte[] name = bytes("d".repeat(200));
        Descriptor at = place.duplicate();
        for (int depth = 0; depth < 50; depth++) { // 10,000 bytes of path
            PosixFiles.makeDirectory(at, name, 0755);
            Descriptor next = PosixFiles.openDirectory(at, name);
            at.close();
            at = next;
        }
        try (Descriptor deep = at) {
            try (Descriptor file = PosixFiles.open(deep, ODD, OpenFlags.CREATE | OpenFlags.WRITE_ONLY, 0600)) {
                file.write(bytes("deep"), 0, 4);
                Xattrs.set(file, bytes("user.deep"), ODD);
            }
            PosixFiles.makeSymlink(bytes("target"), deep, bytes("link"));
            assertThat(PosixFiles.status(deep, ODD).size()).isEqualTo(4);
            assertThat(PosixFiles.readLink(deep, bytes("link"))).isEqualTo(bytes("target"));
            assertThat(Xattrs.get(deep, ODD, bytes("user.deep"))).hasValue(ODD);
            assertThat(Xattrs.list(deep, bytes("link"))).isEmpty();
        }
        assertThat(Command.run(folder, "find", ".", "-name", "link", "-printf", "%d %l")
                        .text())
                .isEqualTo("51 target");
    }

    @Test
    void setsWhatStatShows() throws IOException {
        Requirements.root();
        makeFile(bytes("file"), new byte[10]);
        PosixFiles.makeSymlink(bytes("file"), place, bytes("link"));
        PosixFiles.makeNode(place, bytes("device"), Mode.CHARACTER_DEVICE | 0600, DeviceNumbers.of(259, 70_000));
        PosixFiles.makeLink(place, bytes("file"), place, bytes("second"));
        PosixFiles.changeOwner(place, bytes("file"), 1001, 1002);
        PosixFiles.changeOwner(place, bytes("link"), -2, -1);
        PosixFiles.changeMode(place, bytes("file"), 06751);
        PosixFiles.changeTimes(place, bytes("file"), 1, 2, -3, 4);
        PosixFiles.changeTimes(place, bytes("link"), 5, 6, 7, 8);

        assertThat(Command.run(folder, "stat", "-c", "%u %g %a %h %X %y %F", "file")
                        .text())
                .isEqualTo("1001 1002 6751 2 1 1969-12-31 23:59:57.000000004 +0000 regular file");
        assertThat(Command.run(folder, "stat", "-c", "%u %X %Y %F", "link").text())
                .isEqualTo("4294967294 5 7 symbolic link");
        assertThat(Command.run(folder, "stat", "-c", "%t %T", "device").text())
                .isEqualTo(Integer.toHexString(259) + " " + Integer.toHexString(70_000));
        FileStatus device = PosixFiles.status(place, bytes("device"));
        assertThat(DeviceNumbers.major(device.rdev())).isEqualTo(259);
        assertThat(DeviceNumbers.minor(device.rdev())).isEqualTo(70_000);
        assertThat(PosixFiles.statusFollowing(place, bytes("link")).mtimeSeconds())
                .isEqualTo(-3);
    }

    @Test
    void keepsExtendedAttributesOfAnyBytes() throws IOException {
        Requirements.root();
        Requirements.program("getfattr");
        byte[] value = new byte[2000];
        new Random(SEED).nextBytes(value);
        makeFile(ODD, new byte[0]);
        makeFile(bytes("file"), new byte[0]);
        PosixFiles.makeSymlink(bytes("nowhere"), place, bytes("link"));
        Xattrs.set(place, bytes("file"), bytes("user.binary"), value);
        Xattrs.set(place, bytes("file"), bytes("user.empty"), new byte[0]);
        Xattrs.set(place, bytes("file"), new byte[] {'u', 's', 'e', 'r', '.', (byte) 0xFE}, ODD);
        Xattrs.set(place, bytes("link"), bytes("trusted.link"), ODD);

        assertThat(Command.run(folder, "getfattr", "-e", "hex", "-n", "user.binary", "file")
                        .text())
                .contains("user.binary=0x" + HexFormat.of().formatHex(value));
        assertThat(Command.run(folder, "getfattr", "-h", "-e", "hex", "-n", "trusted.link", "link")
                        .text())
                .contains("0x" + HexFormat.of().formatHex(ODD));
        assertThat(Xattrs.list(place, bytes("file")).stream().map(name -> new String(name, ISO_8859_1)))
                .containsExactlyInAnyOrder("user.binary", "user.empty", "user.\u00fe");
        assertThat(Xattrs.get(place, bytes("file"), bytes("user.binary"))).hasValue(value);
        assertThat(Xattrs.get(place, bytes("file"), bytes("user.empty"))).hasValue(new byte[0]);
        assertThat(Xattrs.get(place, bytes("file"), bytes("user.none"))).isEmpty();
        try (Descriptor link = PosixFiles.open(place, bytes("link"), OpenFlags.PATH | OpenFlags.NO_FOLLOW, 0)) {
            assertThat(Xattrs.get(link, bytes("trusted.link")))
                    .as("of the link itself")
                    .hasValue(ODD);
        }
        Xattrs.remove(place, bytes("file"), bytes("user.binary"));
        assertThat(Xattrs.list(place, bytes("file"))).hasSize(2);
    }

    @Test
    void renamesAndRemoves() throws IOException {
        makeFile(bytes("a"), new byte[1]);
        makeFile(bytes("b"), new byte[2]);
        PosixFiles.makeDirectory(place, bytes("d"), 0755);

        assertThatThrownBy(() -> PosixFiles.renameNew(place, bytes("a"), place, bytes("b")))
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.name()).isEqualTo("EEXIST"));
        PosixFiles.exchange(place, bytes("a"), place, bytes("b"));
        assertThat(PosixFiles.status(place, bytes("a")).size()).isEqualTo(2);
        PosixFiles.rename(place, bytes("a"), place, bytes("b"));
        assertThat(PosixFiles.status(place, bytes("b")).size()).isEqualTo(2);
        PosixFiles.remove(place, bytes("b"));
        PosixFiles.removeDirectory(place, bytes("d"));
        assertThat(DirectoryListing.list(place)).isEmpty();
    }

    @Test
    void namesTheFileAndTheReasonInErrors() {
        assertThatThrownBy(() -> PosixFiles.status(place, ODD))
                .hasMessage("lstat \"a\\xff\\x0a\u00e9\\\"\\\\\": No such file or directory (ENOENT)")
                .isInstanceOfSatisfying(ErrnoException.class, e -> {
                    assertThat(e.errno()).isEqualTo(Errno.ENOENT);
                    assertThat(e.path()).isEqualTo(ODD);
                });
        assertThatThrownBy(() -> PosixFiles.status(place, new byte[] {'a', 0, 'b'}))
                .as("a NUL must not cut the name")
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        assertThatThrownBy(() -> PosixFiles.status(place, new byte[0]))
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
        for (int length : List.of(4095, 4096, 100_000)) {
            byte[] name = new byte[length];
            Arrays.fill(name, (byte) 'x');
            assertThatThrownBy(() -> PosixFiles.status(place, name))
                    .isInstanceOfSatisfying(
                            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENAMETOOLONG));
        }
    }

    @Test
    void keepsTheBytesOfPaths() throws IOException {
        makeFile(ODD, bytes("odd"));
        Path odd = folder.resolve(NativePath.path(ODD));
        assertThat(Files.readString(odd)).isEqualTo("odd");
        assertThat(NativePath.bytes(NativePath.path(ODD))).isEqualTo(ODD);
        assertThat(NativePath.bytes(odd)).endsWith(ODD).startsWith(bytes(folder + "/"));
        for (String text : List.of("/", "", "a/../b", "/x?y", "/a b%41", "h\u00e9/\ud83d\ude00")) {
            assertThat(NativePath.bytes(NativePath.path(bytes(text)))).as(text).isEqualTo(bytes(text));
        }
    }
}
