package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nydus4j.blob.Compression;
import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.linux.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Builds that cannot succeed: each says why on one line, and leaves nothing behind. */
final class CreateFailureTest {
    @TempDir
    private Path work;

    private Path source;
    private Path output;

    @BeforeEach
    void makeDirectories() throws IOException {
        source = Files.createDirectory(work.resolve("source"));
        output = Files.createDirectory(work.resolve("output"));
        Files.createDirectory(source.resolve("dir"));
        Files.writeString(source.resolve("dir/a"), "some content");
        Files.write(source.resolve("dir/large"), new byte[3_000_000]);
    }

    private CreateOptions.Builder options() {
        return CreateOptions.builder(source).blobDirectory(output).threads(2);
    }

    private void assertNothingIsLeft() {
        assertThat(output.toFile().list()).isEmpty();
    }

    /** Does something when the tree is read, before any data is. */
    private static ProgressListener afterScan(Runnable action) {
        AtomicBoolean done = new AtomicBoolean();
        return (step, count, total) -> {
            // Four names, and the last directory that is read is the one that holds three of them.
            if (step == Step.SCAN && count >= 3 && done.compareAndSet(false, true)) {
                action.run();
            }
        };
    }

    @FunctionalInterface
    private interface FileAction {
        void run() throws IOException;
    }

    private static Runnable unchecked(FileAction action) {
        return () -> {
            try {
                action.run();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    private void assertFails(ProgressListener listener, String message) {
        assertThatThrownBy(() -> new CreateImage(options().build(), listener).run())
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
        assertNothingIsLeft();
    }

    @Test
    void namesTheFileThatVanished() {
        assertFails(
                afterScan(unchecked(() -> Files.delete(source.resolve("dir/a")))),
                "failed to read node file \"/dir/a\": No such file or directory");
    }

    @Test
    void namesTheFileThatShrank() {
        assertFails(
                afterScan(unchecked(() -> Files.write(source.resolve("dir/large"), new byte[2_000_000]))),
                "\"/dir/large\": its size changed during the build, from 3000000 to 2000000 bytes");
    }

    @Test
    void namesTheFileThatGrew() {
        assertFails(
                afterScan(unchecked(() -> Files.write(source.resolve("dir/large"), new byte[3_000_001]))),
                "\"/dir/large\": its size changed during the build, from 3000000 to 3000001 bytes");
    }

    @Test
    void namesTheFileThatAnotherOneReplaced() {
        assertFails(
                afterScan(unchecked(() -> {
                    Files.writeString(source.resolve("dir/b"), "some CONTENT");
                    Files.move(source.resolve("dir/b"), source.resolve("dir/a"), StandardCopyOption.REPLACE_EXISTING);
                })),
                "\"/dir/a\": another file took its place during the build");
    }

    @Test
    void namesTheFileThatADirectoryReplaced() {
        assertFails(
                afterScan(unchecked(() -> {
                    Files.delete(source.resolve("dir/a"));
                    Files.createDirectory(source.resolve("dir/a"));
                })),
                "\"/dir/a\"");
    }

    @Test
    void doesNotWaitAtAFifoThatReplacedAFile() {
        assertFails(
                afterScan(unchecked(() -> {
                    Files.delete(source.resolve("dir/a"));
                    try {
                        Root.run("mkfifo", source.resolve("dir/a").toString());
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                })),
                "\"/dir/a\"");
    }

    @Test
    void namesTheFileThatMayNotBeRead() throws Throwable {
        Root.require();
        Files.setPosixFilePermissions(source.resolve("dir/a"), Set.of());
        Files.setAttribute(work, "unix:mode", 0777);
        Files.setAttribute(output, "unix:mode", 0777);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        // Permissions of the file system belong to a thread, and to those it starts.
        MethodHandle setfsuid = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("setfsuid"),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                int before = (int) setfsuid.invokeExact(65534);
                assertThat(before).isZero();
                failure.set(catchThrowable(() -> new CreateImage(options().build(), ProgressListener.NONE).run()));
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        thread.join();
        assertThat(failure.get())
                .isInstanceOf(IOException.class)
                .hasMessage("failed to read node file \"/dir/a\": Permission denied");
        assertNothingIsLeft();
    }

    @Test
    void saysThatTheDiskIsFull() throws IOException, InterruptedException {
        Root.require();
        Path disk = Files.createDirectory(work.resolve("disk"));
        assumeTrue(
                succeeds("mount", "-t", "tmpfs", "-o", "size=1m", "none", disk.toString()), "needs to mount a tmpfs");
        try {
            CreateOptions toDisk = CreateOptions.builder(source)
                    .compression(Compression.NONE)
                    .blobDirectory(disk)
                    .build();
            byte[] noise = new byte[2_000_000];
            new Random(1).nextBytes(noise);
            Files.write(source.resolve("noise"), noise);
            assertThatThrownBy(() -> new CreateImage(toDisk, ProgressListener.NONE).run())
                    .isInstanceOf(IOException.class)
                    .hasMessage("failed to write " + disk + ": No space left on device");
            assertThat(disk.toFile().list()).isEmpty();
        } finally {
            Root.run("umount", disk.toString());
        }
    }

    private static boolean succeeds(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).start().waitFor() == 0;
    }

    @ParameterizedTest
    @EnumSource(
            value = Step.class,
            names = {"SCAN", "STORE"})
    void stopsWhenInterrupted(Step when) throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicReference<Thread> builder = new AtomicReference<>();
        ProgressListener interrupting = (step, done, total) -> {
            if (step == when) {
                builder.get().interrupt();
            }
        };
        Thread thread = Thread.ofPlatform()
                .unstarted(() -> failure.set(
                        catchThrowable(() -> new CreateImage(options().build(), interrupting).run())));
        builder.set(thread);
        thread.start();
        thread.join();
        assertThat(failure.get()).isInstanceOf(IOException.class);
        assertNothingIsLeft();
    }

    @Test
    void replacesNoOlderImage() throws IOException {
        Path bootstrap = output.resolve("boot");
        Path blob = output.resolve("blob");
        Files.writeString(bootstrap, "an older bootstrap");
        Files.writeString(blob, "an older blob");
        CreateOptions replacing = CreateOptions.builder(source)
                .blobFile(blob)
                .bootstrapFile(bootstrap)
                .build();
        ProgressListener failing = afterScan(unchecked(() -> Files.delete(source.resolve("dir/large"))));
        assertThatThrownBy(() -> new CreateImage(replacing, failing).run()).isInstanceOf(IOException.class);
        assertThat(bootstrap).hasContent("an older bootstrap");
        assertThat(blob).hasContent("an older blob");
        assertThat(output.toFile().list()).containsExactlyInAnyOrder("boot", "blob");
    }

    @Test
    void refusesPlacesThatAreNotThere() {
        Path missing = work.resolve("missing");
        assertThatThrownBy(() -> new CreateImage(
                                CreateOptions.builder(source)
                                        .blobDirectory(missing)
                                        .build(),
                                ProgressListener.NONE)
                        .run())
                .hasMessage("directory to store blobs does not exist: " + missing);
        assertThatThrownBy(() -> new CreateImage(
                                CreateOptions.builder(missing)
                                        .blobDirectory(output)
                                        .build(),
                                ProgressListener.NONE)
                        .run())
                .hasMessage("failed to access path \"" + missing + "\"");
        Path file = source.resolve("dir/a");
        assertThatThrownBy(() -> new CreateImage(
                                CreateOptions.builder(file)
                                        .blobDirectory(output)
                                        .build(),
                                ProgressListener.NONE)
                        .run())
                .hasMessage("specified path must be a directory: \"" + file + "\"");
        Path below = missing.resolve("blob");
        assertThatThrownBy(() -> new CreateImage(
                                CreateOptions.builder(source)
                                        .blobFile(below)
                                        .bootstrapFile(output.resolve("boot"))
                                        .build(),
                                ProgressListener.NONE)
                        .run())
                .hasMessage("failed to open file " + below + ": No such file or directory");
        assertNothingIsLeft();
    }

    /** What a child process runs: a build that stops in the middle until it is killed. */
    static final class StuckBuild {
        private StuckBuild() {}

        /**
         * Builds.
         *
         * @param arguments source and output directory
         */
        public static void main(String[] arguments) throws IOException {
            CreateOptions options = CreateOptions.builder(Path.of(arguments[0]))
                    .blobDirectory(Path.of(arguments[1]))
                    .build();
            new CreateImage(options, (step, done, total) -> {
                        if (step == Step.STORE) {
                            System.out.println("stuck");
                            try {
                                Thread.sleep(60_000);
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        }
                    })
                    .run();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    void leavesNothingWhenTheProcessIsToldToEnd(String signal) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(ChildJvm.command(StuckBuild.class, source.toString(), output.toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.inputReader().readLine()).isEqualTo("stuck");
        assertThat(output.toFile().list()).hasSize(1);
        Root.run("kill", "-" + signal, Long.toString(process.pid()));
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isNotZero();
        assertNothingIsLeft();
    }
}
