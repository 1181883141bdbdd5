package io.nydus4j.linux.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.linux.Command;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.Requirements;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysEpoll;
import io.nydus4j.linux.mount.FuseMount;
import io.nydus4j.linux.mount.FuseMountOptions;
import io.nydus4j.linux.mount.MountFlags;
import io.nydus4j.linux.mount.MountTable;
import io.nydus4j.linux.mount.Mounts;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Mounts a tree that lives in memory and looks at it from other processes. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class FuseSessionTest {
    private static final long SEED = 20_250_901;

    private final MemoryTree tree = new MemoryTree();
    private Path mountPoint = Path.of("");
    private FuseSession session;

    @BeforeEach
    void checkMachine() throws IOException {
        Requirements.fuse();
        mountPoint = Files.createTempDirectory("nydus4j-fuse");
    }

    @AfterEach
    void unmount() throws IOException {
        if (session != null) {
            session.close();
        }
        Files.deleteIfExists(mountPoint);
    }

    private void mount(FuseOptions options) throws IOException {
        session = FuseSession.mount(
                FuseMountOptions.readOnly(mountPoint, "memory").withSubtype("test"), tree, options);
        session.start();
    }

    private void mount() throws IOException {
        mount(FuseOptions.defaults().withThreads(2));
    }

    private byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(SEED).nextBytes(bytes);
        return bytes;
    }

    @Test
    void showsTheTreeToOtherProcesses() throws IOException {
        MemoryTree.Node directory = tree.directory(tree.root, "dir");
        tree.file(directory, "hello", "hello, world\n".getBytes(UTF_8));
        tree.file(directory, new byte[] {'x', (byte) 0xFF, '\n', 'y'}, new byte[] {1, 2, 3});
        tree.file(directory, "n".repeat(255), new byte[0]);
        tree.symlink(directory, "link", "hello");
        mount();

        assertThat(Command.run(mountPoint, "cat", "dir/link").text()).isEqualTo("hello, world");
        assertThat(Command.run(mountPoint, "sh", "-c", "cat dir/x*y | od -An -tx1")
                        .text())
                .isEqualTo("01 02 03");
        assertThat(Command.run(mountPoint, "stat", "-c", "%F %s %u %g %a %Y %h %i", "dir/hello")
                        .text())
                .isEqualTo("regular file 13 12 34 644 1000000003 1 3");
        assertThat(Command.run(mountPoint, "readlink", "dir/link").text()).isEqualTo("hello");
        assertThat(Command.run(mountPoint, "find", ".", "-mindepth", "1", "-printf", "%P|%y|%s\\0")
                        .text())
                .contains(
                        "dir|d|",
                        "dir/hello|f|13",
                        "dir/x\u00ff\ny|f|3",
                        "dir/" + "n".repeat(255) + "|f|0",
                        "dir/link|l|5");
        assertThat(Command.run(mountPoint, "cat", "dir/none").status()).isEqualTo(1);
        assertThat(Command.run(mountPoint, "stat", "-f", "-c", "%b %S %l", ".").text())
                .isEqualTo("1000 4096 255");
    }

    @Test
    void refusesChanges() throws IOException {
        tree.file(tree.root, "file", new byte[1]);
        session = FuseSession.mount(
                FuseMountOptions.readOnly(mountPoint, "memory").withFlags(0), tree, FuseOptions.defaults());
        session.start();

        assertThat(Command.run(mountPoint, "touch", "new").text()).contains("Read-only file system");
        assertThat(Command.run(mountPoint, "rm", "-f", "file").text()).contains("Read-only file system");
        assertThat(Command.run(mountPoint, "mkdir", "d").text()).contains("Read-only file system");
        assertThat(Command.run(mountPoint, "sh", "-c", "echo x > file").text()).contains("Read-only file system");
    }

    @Test
    void listsFiveThousandEntriesEitherWay() throws IOException {
        MemoryTree.Node directory = tree.directory(tree.root, "many");
        for (int i = 0; i < 5000; i++) {
            tree.file(directory, "entry-" + i, new byte[i % 7]);
        }
        String expected = IntStream.range(0, 5000)
                .mapToObj(i -> "entry-" + i + " " + i % 7)
                .sorted()
                .collect(Collectors.joining("\n"));
        String[] command = {"sh", "-c", "find many -mindepth 1 -printf '%f %s\\n' | LC_ALL=C sort"};
        mount();

        assertThat(Command.run(mountPoint, command).text()).isEqualTo(expected);
        assertThat(tree.plusListings.sum()).isPositive();
        session.close();
        long before = tree.plusListings.sum();
        mount(FuseOptions.defaults().without(FuseConnection.READDIRPLUS | FuseConnection.READDIRPLUS_AUTO));
        assertThat(Command.run(mountPoint, command).text()).isEqualTo(expected);
        assertThat(tree.plusListings.sum()).isEqualTo(before);
    }

    @Test
    void answersExtendedAttributes() throws IOException {
        Requirements.program("getfattr");
        MemoryTree.Node file = tree.file(tree.root, "file", new byte[0]);
        file.xattrs.put("user.text", "value".getBytes(UTF_8));
        file.xattrs.put("user.bytes", new byte[] {0, (byte) 0xFF, 10});
        file.xattrs.put("user.empty", new byte[0]);
        file.xattrs.put("user.big", "b".repeat(60_000).getBytes(UTF_8));
        tree.file(tree.root, "plain", new byte[0]);
        mount();

        String dump =
                Command.run(mountPoint, "getfattr", "-d", "-e", "hex", "file").text();
        assertThat(dump).contains("user.text=0x76616c7565", "user.bytes=0x00ff0a", "user.empty", "user.big=0x6262");
        assertThat(Command.run(mountPoint, "getfattr", "-d", "plain").text()).isEmpty();
        assertThat(Command.run(mountPoint, "getfattr", "-n", "user.none", "file")
                        .text())
                .contains("No such attribute");
    }

    @Test
    void readsBigFilesEqually() throws Exception {
        byte[] content = random((48 << 20) + 12_345);
        tree.file(tree.root, "big", content);
        tree.file(tree.root, "late", content).slow = true;
        mount();

        String expected =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        assertThat(Command.run(mountPoint, "sha256sum", "big").text()).startsWith(expected);
        assertThat(tree.reads.sum()).as("requests of up to 1 MiB").isLessThan(200);
        assertThat(Command.run(mountPoint, "sha256sum", "late").text())
                .as("answered later")
                .startsWith(expected);
    }

    @Test
    void raisesTheReadAhead() throws IOException {
        mount();
        var entry = MountTable.find(mountPoint.toRealPath().toString().getBytes(UTF_8))
                .orElseThrow();
        assertThat(entry.type()).isEqualTo("fuse.test");
        assertThat(new String(entry.source(), UTF_8)).isEqualTo("memory");
        assertThat(Files.readString(Path.of("/sys/class/bdi", entry.major() + ":" + entry.minor(), "read_ahead_kb")))
                .isEqualTo("1024\n");
    }

    @Test
    void tellsAnUnmountFromOutside() throws Exception {
        mount();
        assertThat(Command.run("umount", mountPoint.toString()).status()).isZero();
        assertThat(session.ended().get(10, TimeUnit.SECONDS)).isEqualTo(SessionEnd.UNMOUNTED);
    }

    @Test
    void tellsAnAbort() throws Exception {
        mount();
        var entry = MountTable.find(mountPoint.toRealPath().toString().getBytes(UTF_8))
                .orElseThrow();
        Path control = Files.createTempDirectory("nydus4j-fusectl");
        Mounts.mount("none", NativePath.bytes(control), "fusectl", 0, "");
        try {
            Files.writeString(control.resolve(Integer.toString(entry.minor())).resolve("abort"), "1");
        } finally {
            Mounts.unmount(NativePath.bytes(control), MountFlags.DETACH);
            Files.delete(control);
        }
        assertThat(session.ended().get(10, TimeUnit.SECONDS)).isEqualTo(SessionEnd.ABORTED);
    }

    @Test
    void stopsWithoutAnotherRequestAndStartsAgain() throws Exception {
        tree.file(tree.root, "file", "x".getBytes(UTF_8));
        tree.file(tree.root, "later", "x".getBytes(UTF_8));
        mount();
        assertThat(Command.run(mountPoint, "cat", "file").text()).isEqualTo("x");

        assertThat(session.stop(Duration.ofSeconds(5))).isTrue();
        assertThat(session.ended().get()).isEqualTo(SessionEnd.STOPPED);
        Process waiting = new ProcessBuilder("cat", mountPoint.resolve("later").toString()).start();
        assertThat(waiting.waitFor(200, TimeUnit.MILLISECONDS))
                .as("waits for the successor")
                .isFalse();

        session.start();
        assertThat(waiting.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(waiting.exitValue()).isZero();
    }

    @Test
    void unmountsABusyMount() throws Exception {
        tree.file(tree.root, "file", "x".getBytes(UTF_8));
        mount();
        Process busy = new ProcessBuilder("sh", "-c", "exec 3<file; echo; sleep 60")
                .directory(mountPoint.toFile())
                .start();
        assertThat(busy.getInputStream().read()).isEqualTo('\n');
        assertThat(Command.run("umount", mountPoint.toString()).status()).isNotZero();

        session.close();
        assertThat(MountTable.find(mountPoint.toRealPath().toString().getBytes(UTF_8)))
                .isEmpty();
        assertThat(session.ended().isDone()).isTrue();
        busy.destroyForcibly().waitFor();
    }

    @Test
    void handsTheMountOver() throws Exception {
        byte[] content = random(8 << 20);
        MemoryTree.Node file = tree.file(tree.root, "file", content);
        file.slow = true;
        mount();
        Process reader =
                new ProcessBuilder("sha256sum", mountPoint.resolve("file").toString()).start();
        while (tree.reads.sum() == 0) {
            Thread.onSpinWait();
        }

        Descriptor duplicate = session.device().duplicate();
        FuseMount mount = session.mount();
        FuseConnection connection = session.connection();
        assertThat(session.leave(Duration.ofSeconds(5))).isTrue();
        session = FuseSession.takeOver(duplicate, mount, connection, tree, FuseOptions.defaults());
        session.start();
        if (connection.has(FuseConnection.HAS_RESEND)) {
            assertThat(session.resend()).isTrue();
        }

        String expected =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        assertThat(new String(reader.getInputStream().readAllBytes(), UTF_8)).startsWith(expected);
    }

    @Test
    void aRehearsalGivesBackWhatItTook() throws Exception {
        tree.file(tree.directory(tree.root, "dir"), "one", new byte[] {1});
        tree.file(tree.root, "two", new byte[] {2});
        tree.handles = true;
        session = FuseSession.mount(
                FuseMountOptions.readOnly(mountPoint, "memory"),
                tree,
                FuseOptions.defaults().withThreads(1));
        session.rehearse();
        assertThat(tree.opens.sum()).isPositive();
        assertThat(tree.releases.sum()).as("releases").isEqualTo(tree.opens.sum());
        assertThat(tree.forgets.sum()).as("look-ups given back").isEqualTo(3);
    }

    @Test
    void forgetsANameWhenTold() throws Exception {
        mount();
        assertThat(Command.run(mountPoint, "cat", "file").status()).isEqualTo(1);
        tree.file(tree.root, "file", "x".getBytes(UTF_8));
        assertThat(Command.run(mountPoint, "cat", "file").status())
                .as("kept for a day")
                .isEqualTo(1);

        assertThat(session.invalidateEntry(FuseRequest.ROOT_NODE_ID, "file".getBytes(UTF_8)))
                .isTrue();
        assertThat(Command.run(mountPoint, "cat", "file").text()).isEqualTo("x");
        assertThat(session.invalidateEntry(FuseRequest.ROOT_NODE_ID, "nothing".getBytes(UTF_8)))
                .isFalse();
    }

    @Test
    void servesManyReadersAtOnce() throws Exception {
        String script = "";
        for (int i = 0; i < 12; i++) {
            byte[] content = random((3 << 20) + i);
            tree.file(tree.root, "f" + i, content).slow = i % 2 == 0;
            String sum = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(content));
            script += "{ echo '" + sum + "  f" + i + "' | sha256sum -c --quiet || echo BAD; } & ";
        }
        mount(FuseOptions.defaults().withThreads(4));
        assertThat(Command.run(mountPoint, "sh", "-c", script + "wait; echo done")
                        .text())
                .isEqualTo("done");
    }

    @Test
    void answersWhileALoopIsBusy() throws Exception {
        tree.symlink(tree.root, "other", "two");
        List<String> stuck = IntStream.range(0, 10).mapToObj(i -> "stuck" + i).toList();
        stuck.forEach(name -> tree.symlink(tree.root, name, "one"));
        Semaphore begun = new Semaphore(0);
        Semaphore end = new Semaphore(0);
        tree.failure = request -> {
            if (request.nodeId() > 2) {
                begun.release();
                end.acquireUninterruptibly();
            }
        };
        tree.inMemory = node -> node <= 2;
        mount();
        for (String name : stuck) {
            // Looked up just before, so that the loop that gets stuck may still be looking for more.
            Process first =
                    new ProcessBuilder("readlink", mountPoint.resolve(name).toString()).start();
            begun.acquire();
            for (int i = 0; i < 5; i++) {
                Process second = new ProcessBuilder(
                                "readlink", mountPoint.resolve("other").toString())
                        .start();
                boolean answered = second.waitFor(20, TimeUnit.SECONDS);
                if (!answered) {
                    end.release(stuck.size());
                }
                assertThat(answered).isTrue();
                assertThat(new String(second.getInputStream().readAllBytes(), UTF_8))
                        .isEqualTo("two\n");
            }
            end.release();
            assertThat(new String(first.getInputStream().readAllBytes(), UTF_8)).isEqualTo("one\n");
        }
    }

    @Test
    void letsAnotherLoopHelpWhereManyAsk() throws Exception {
        tree.file(tree.root, "file", new byte[1]);
        tree.inMemory = _ -> true;
        mount();
        String asking = "python3 -c \"import os\nfor i in range(5000):\n try: os.getxattr('file', 'user.none')"
                + "\n except OSError: pass\" & ";
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (tree.xattrThreads.size() < 2 && System.nanoTime() - deadline < 0) {
            Command.run(mountPoint, "sh", "-c", asking.repeat(4) + "wait");
        }
        assertThat(tree.xattrThreads).containsExactlyInAnyOrder("fuse-0", "fuse-1");
    }

    @Test
    void turnsFailuresOfTheHandlerIntoErrors() throws IOException {
        tree.file(tree.root, "file", new byte[10]);
        tree.failure = request -> {
            if (request.opcode() == FuseOpcode.READLINK) {
                throw new ErrnoException("test", Errno.EOVERFLOW);
            }
            throw new IllegalStateException("meant to happen");
        };
        tree.symlink(tree.root, "link", "target");
        mount();
        assertThat(Command.run(mountPoint, "cat", "file").text()).contains("Input/output error");
        assertThat(Command.run(
                                mountPoint,
                                "python3",
                                "-c",
                                "import os\ntry: os.readlink('link')\nexcept OSError as e: print(e.errno)")
                        .text())
                .isEqualTo(Integer.toString(Errno.EOVERFLOW));
        tree.failure = request -> {
            throw new InternalError("a fault in a mapped file"); // as the JVM does
        };
        assertThat(Command.run(mountPoint, "cat", "file").text()).contains("Input/output error");
        tree.failure = request -> {}; // and leaves the request without an answer
        tree.silent = true;
        assertThat(Command.run(mountPoint, "cat", "file").text()).contains("Input/output error");
        tree.silent = false;
        assertThat(Command.run(mountPoint, "cat", "file").status()).isZero();
    }

    @Test
    void toleratesAnswersAfterTheEnd() throws Exception {
        tree.file(tree.root, "file", new byte[10]).slow = true;
        tree.delayMillis = 1500;
        mount();
        Process reader = new ProcessBuilder("cat", mountPoint.resolve("file").toString()).start();
        while (tree.reads.sum() == 0) {
            Thread.onSpinWait();
        }
        session.close();
        assertThat(reader.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(tree.late.get(20, TimeUnit.SECONDS))
                .as("completed without an exception")
                .isTrue();
        assertThat(session.device().isOpen()).isFalse();
    }

    /** Loops seldom sleep in this test; in a daemon, that is compiled before long, too. */
    private static void compileSleeping() throws ErrnoException {
        try (Scratch scratch = Scratch.take();
                Descriptor epoll = Descriptor.adopt(SysEpoll.epollCreate1(scratch, 0))) {
            for (int i = 0; i < 100_000; i++) {
                SysEpoll.epollWait(scratch, epoll.number(), scratch.struct(), 2, 0);
            }
        }
    }

    @Test
    void allocatesNothingPerRead() throws Exception {
        tree.file(tree.root, "big", random(32 << 20));
        // Access control lists would be asked for at each look-up, which this tree allocates for.
        mount(FuseOptions.defaults().withThreads(1).without(FuseConnection.POSIX_ACL));
        compileSleeping();
        long[] ids = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("fuse-"))
                .mapToLong(Thread::threadId)
                .toArray();
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<Long> bytesPerRound = new ArrayList<>();
        while (bytesPerRound.size() < 20 && !bytesPerRound.contains(0L)) { // until the compiler is done
            long before = Arrays.stream(threads.getThreadAllocatedBytes(ids)).sum();
            long readsBefore = tree.reads.sum();
            Command.run(mountPoint, "dd", "if=big", "of=/dev/null", "bs=4096", "iflag=direct");
            assertThat(tree.reads.sum() - readsBefore).isEqualTo(8192);
            bytesPerRound.add(
                    Arrays.stream(threads.getThreadAllocatedBytes(ids)).sum() - before);
        }
        assertThat(bytesPerRound).as("bytes allocated per round of 8192 reads").endsWith(0L);
    }
}
