package io.nydus4j.cli.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.nydus4j.blob.digest.Sha256;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code nydus-image} against the recorded command lines of the reference: the same exit code, output, result files and images; for wrong
 * use the same first lines. Where the reference is wrong, the exit code that its users would expect, and nothing half-written.
 */
class TranscriptTest {
    private static final Path CLI =
            Path.of(System.getProperty("nydus4j.testdata")).resolve("cli");
    private static final Pattern PLACEHOLDER = Pattern.compile("<[A-Z]+( [^>\n]*)?>");

    /** Cases that come out otherwise here, and why. */
    private static final Map<String, String> OTHERWISE = Map.ofEntries(
            Map.entry("global/version", "says what it is"),
            Map.entry("global/version-short", "says what it is"),
            Map.entry("global/log-level-twice", "an option that is given twice is refused, wherever it stands"),
            Map.entry("check/cut-12167-v5", "the image is shorter than that, so that nothing is cut off"),
            Map.entry("check/image-parent-tar-v6", "a broken image is refused"),
            Map.entry("check/result-create-parent-tar-v6", "a broken image is refused"),
            Map.entry("check/result-compact-dict-v5", "a broken image is refused"),
            Map.entry("check/result-optimize-two-files-v5", "a broken image is refused"),
            Map.entry("check/result-create-hardlink-xattr-v5", "what is sound is listed before the error"),
            Map.entry("check/inline-bootstrap-option", "the old spelling does not look for blobs"),
            Map.entry("merge/json-missing-directory", "the image is complete by then, and stays"),
            Map.entry("merge/tarfs-two", "the link of 4000 bytes lies where kernels look for it"),
            Map.entry("create/two-tars-in-a-row", "an archive ends at the two zero blocks that end it"),
            Map.entry("create/dict-partial-v5", "an archive ends at the two zero blocks that end it"),
            Map.entry("create/dict-partial-v6", "an archive ends at the two zero blocks that end it"),
            Map.entry("create/from-dev-null", "no byte at all is an empty layer"),
            Map.entry("create/source-empty", "no byte at all is an empty layer"),
            Map.entry("create/source-zeros-1", "zeros alone are an empty layer whose end mark is cut off"),
            Map.entry("create/source-zeros-2", "zeros alone are an empty layer whose end mark is cut off"),
            Map.entry("create/source-zeros-3", "zeros alone are an empty layer whose end mark is cut off"),
            Map.entry("create/source-zeros-511", "zeros alone are an empty layer whose end mark is cut off"),
            Map.entry("create/tar-fifo-entry", "a FIFO is built, though its header has no device number"),
            Map.entry("create/json-is-directory", "the image is complete by then, and stays"),
            Map.entry("create/json-missing-directory", "the image is complete by then, and stays"),
            Map.entry(
                    "create/toc-no-chunk-digest", "its chunks have another size than the default, which must be given"),
            Map.entry("create/blob-and-external-blob-no-type", "no empty file is made where nothing is inlined"),
            Map.entry("create/from-stdin-pipe", "would read the standard input of this process"),
            Map.entry("create/conflict-cache-dir-blob", "names the two options the other way round"),
            Map.entry("create/conflict-cache-dir-blob-dir", "names the two options the other way round"),
            Map.entry("inspect/config-and-blob-dir", "names the two options the other way round"),
            Map.entry("inspect/inline-blob-dir-session", "tells where the blob lies on a block device"),
            Map.entry("inspect/cut-v5", "a cut image is refused at once"),
            Map.entry("inspect/request-icheck-none-v6", "a number that no entry has is no error"),
            Map.entry("inspect/session-prefetch-v5", "shows plain paths for v5, too"),
            Map.entry("inspect/session-stat-dot-v5", "shows the directory for v5, too"),
            Map.entry("inspect/session-stat-dotdot-v5", "shows the directory for v5, too"),
            Map.entry("inspect/session-stat-in-dir-v5", "shows the directory for v5, too"),
            Map.entry("inspect/session-cd-missing-v5", "says why"),
            Map.entry("inspect/session-cd-missing-v6", "says why"),
            Map.entry("inspect/session-cd-path-v5", "says why"),
            Map.entry("inspect/session-cd-path-v6", "says why"),
            Map.entry("inspect/session-cd-root-v5", "says why"),
            Map.entry("inspect/session-cd-root-v6", "says why"),
            Map.entry("inspect/session-stat-missing-v5", "says why"),
            Map.entry("inspect/session-stat-missing-v6", "says why"),
            Map.entry("inspect/session-stat-path-v5", "says why"),
            Map.entry("inspect/session-stat-path-v6", "says why"),
            Map.entry("inspect/session-icheck-none-v5", "says why"),
            Map.entry("inspect/session-icheck-none-v6", "says why"),
            Map.entry("unpack/encrypt", "encrypted images are unpacked"),
            Map.entry("unpack/inline-toc", "a blob with inlined metadata is unpacked"),
            Map.entry("unpack/image-hardlink-xattr-v5", "keeps the attributes of hard links"),
            Map.entry("unpack/image-blob-offset-1000", "a broken image is refused"),
            Map.entry("unpack/image-parent-tar-v6", "a broken image is refused"),
            Map.entry("chunkdict/generate-url-memory", "a database in memory works"),
            Map.entry("chunkdict/generate-many", "a dictionary of blobs of which not all chunks are known is refused"),
            Map.entry("compact/blob-dir-missing", "there is something to compact, so the blobs are needed"),
            Map.entry("compact/no-blobs", "there is something to compact, so the blobs are needed"),
            Map.entry("optimize/hints-lines", "plain lines are understood"),
            Map.entry("optimize/config", "a configuration is enough to find the blobs"),
            Map.entry("optimize/default-output", "would write to the working directory of this process"),
            Map.entry("optimize/targz-ref", "needs the metadata of the blob too, to decode and verify what it copies"),
            Map.entry("optimize/json-missing-directory", "the image is complete by then, and stays"),
            Map.entry("optimize/tarfs", "refused: blocks of tar files and chunks cannot be in one image"),
            Map.entry("optimize/optimized-again-default-chunk", "reads an image that the reference spoilt"),
            Map.entry("optimize/optimized-again", "reads an image that the reference spoilt"),
            Map.entry("export/output-exists", "a file that is there is replaced whole, not from its start"));

    /** Arguments without which a command here does better than the reference. */
    private static final Map<String, List<String>> MORE_ARGUMENTS = Map.of("--verity", List.of("--verity-reference"));

    @TempDir
    Path temporary;

    @TestFactory
    Stream<DynamicTest> stat() throws IOException {
        return cases("stat");
    }

    @TestFactory
    Stream<DynamicTest> global() throws IOException {
        return cases("global");
    }

    @TestFactory
    Stream<DynamicTest> check() throws IOException {
        return cases("check");
    }

    @TestFactory
    Stream<DynamicTest> inspect() throws IOException {
        return cases("inspect");
    }

    @TestFactory
    Stream<DynamicTest> unpack() throws IOException {
        return cases("unpack");
    }

    @TestFactory
    Stream<DynamicTest> create() throws IOException {
        return cases("create");
    }

    @TestFactory
    Stream<DynamicTest> merge() throws IOException {
        return cases("merge");
    }

    @TestFactory
    Stream<DynamicTest> chunkdict() throws IOException {
        return cases("chunkdict");
    }

    @TestFactory
    Stream<DynamicTest> compact() throws IOException {
        return cases("compact");
    }

    @TestFactory
    Stream<DynamicTest> optimize() throws IOException {
        return cases("optimize");
    }

    @TestFactory
    Stream<DynamicTest> export() throws IOException {
        return cases("export");
    }

    private Stream<DynamicTest> cases(String command) throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> children = Files.list(CLI.resolve(command))) {
            children.filter(file -> file.toString().endsWith(".txt")).sorted().forEach(files::add);
        }
        assertThat(files).isNotEmpty();
        return files.stream()
                .map(TranscriptTest::read)
                .filter(transcript -> !transcript.user()
                        && !OTHERWISE.containsKey(transcript.name())
                        // Dictionaries of the reference have a file whose name has a slash: refused.
                        && !transcript.name().startsWith("check/result-chunkdict-generate-"))
                .map(transcript -> DynamicTest.dynamicTest(transcript.name(), () -> named(transcript)));
    }

    private static Transcript read(Path file) {
        try {
            return Transcript.read(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Runs a case; failures tell its name, which reports of dynamic tests leave out. */
    private void named(Transcript transcript) throws IOException {
        try {
            check(transcript);
        } catch (AssertionError e) {
            throw new AssertionError(transcript.name() + ": " + e.getMessage(), e);
        }
    }

    private void check(Transcript transcript) throws IOException {
        Path directory = Files.createDirectories(temporary.resolve(transcript.name()));
        try (TranscriptFolder folder = new TranscriptFolder(directory)) {
            folder.make(transcript);
            check(transcript, folder);
        }
    }

    private static void check(Transcript transcript, TranscriptFolder folder) throws IOException {
        Set<String> before = folder.files();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exit = run(transcript, folder, out, err);
        folder.close();
        String stderr = folder.relative(err.toString(StandardCharsets.UTF_8));
        assertThat(exit).as("exit code; standard error: %s", stderr).isEqualTo(transcript.expectedExit());
        Set<String> made = new TreeSet<>(folder.files());
        made.removeAll(before);
        made.removeIf(name -> name.endsWith(".log"));
        if (exit == 2 && transcript.section("stderr").orElse("").startsWith("error:")) {
            assertThat(stderr).matches(pattern(transcript.section("stderr").orElse("")));
        }
        if (exit == 1) {
            assertThat(stderr).startsWith("Error: ").doesNotContain("Exception", "\tat ");
        }
        if (exit != 0) {
            assertThat(made).as("left behind").isEmpty();
        }
        if (transcript.defect().isEmpty()) {
            assertThat(folder.relative(out.toString(StandardCharsets.UTF_8)))
                    .matches(pattern(transcript.section("stdout").orElse("")));
            if (exit == 0) {
                compareFiles(transcript, folder);
            }
        }
    }

    private static int run(
            Transcript transcript, TranscriptFolder folder, ByteArrayOutputStream out, ByteArrayOutputStream err) {
        PrintStream printed = new PrintStream(out, false, StandardCharsets.UTF_8);
        PrintStream failed = new PrintStream(err, true, StandardCharsets.UTF_8);
        InputStream stdin = System.in;
        System.setIn(new ByteArrayInputStream(transcript.stdin()));
        try {
            List<String> arguments = new ArrayList<>(List.of(folder.arguments(transcript)));
            MORE_ARGUMENTS.forEach((argument, more) -> {
                if (arguments.contains(argument)) {
                    arguments.addAll(more);
                }
            });
            int code = NydusImage.run(printed, failed, arguments.toArray(String[]::new));
            printed.flush();
            return code;
        } finally {
            System.setIn(stdin);
        }
    }

    private static void compareFiles(Transcript transcript, TranscriptFolder folder) throws IOException {
        for (Map.Entry<String, String> section : transcript.sections().entrySet()) {
            if (section.getKey().startsWith("file ")) {
                String name = section.getKey().substring("file ".length());
                if (name.endsWith(".log")) {
                    // Within this process log lines go elsewhere.
                    assertThat(folder.resolve(name)).exists();
                    continue;
                }
                assertThat(folder.relative(folder.text(name)))
                        .as(name)
                        .matches(pattern(withoutIds(transcript, section.getValue())));
            }
        }
        for (String file : transcript.files()) {
            String[] words = file.split(" ", -1);
            if (file.contains("<") || isCacheFile(words[0]) || isWrittenOtherwise(transcript, words[0])) {
                continue;
            }
            Path path = folder.resolve(words[0]);
            if (!Files.exists(path)) {
                fail("%s is missing", words[0]);
            }
            byte[] bytes = Files.readAllBytes(path);
            assertThat(words[0] + " " + bytes.length + " " + new Sha256().digest(MemorySegment.ofArray(bytes)))
                    .isEqualTo(file);
        }
    }

    /** Leaves out the ids of blobs that {@code optimize} made, see {@link #isWrittenOtherwise}. */
    private static String withoutIds(Transcript transcript, String json) {
        String ids = json;
        for (String file : transcript.files()) {
            String id = file.substring(file.indexOf('/') + 1, file.indexOf(' '));
            if (file.startsWith("o/") && isWrittenOtherwise(transcript, file.substring(0, file.indexOf(' ')))) {
                ids = ids.replace(id, "<RANDOM>");
            }
        }
        return ids;
    }

    /**
     * Tells whether a file differs for a reason: {@code optimize} of the reference does not keep the image's chunk size, and writes no
     * chunk information that can be read; its {@code compact} leaves an empty file.
     */
    private static boolean isWrittenOtherwise(Transcript transcript, String file) {
        return transcript.name().startsWith("compact/")
                || transcript.name().startsWith("chunkdict/")
                || transcript.name().startsWith("optimize/")
                        && (file.equals("new") || !transcript.name().endsWith("-v5"));
    }

    /** Tells whether a file is the reference's cache, which it leaves behind. */
    private static boolean isCacheFile(String name) {
        return name.contains(".blob.") || name.endsWith(".image.boot");
    }

    /** Makes a pattern of a text with placeholders. */
    private static Pattern pattern(String recorded) {
        String text = recorded.replace("\n<COMMANDS>\n        \n", "<COMMANDS>")
                .replace("\n<CUT", "<CUT")
                .replace("\"<SECONDS>\"", "<SECONDS>");
        StringBuilder pattern = new StringBuilder();
        Matcher placeholder = PLACEHOLDER.matcher(text);
        int end = 0;
        while (placeholder.find()) {
            String what = switch (placeholder.group()) {
                case "<SECONDS>" -> "[0-9.Ee+-]+";
                case "<VERSION>" -> "[^\"]*";
                case "<USAGE>", "<HELP>", "<COMMANDS>" -> "(?s:.*?)";
                case "<VOLATILE>", "<RANDOM>", "<TEMPORARY>", "<NUMBER>", "<TIME>", "<SOURCE>" -> "[^\n]*?";
                case "<DIR>" -> "\\.";
                default -> placeholder.group().startsWith("<CUT") ? "(?s:.*?)" : Pattern.quote(placeholder.group());
            };
            pattern.append(Pattern.quote(text.substring(end, placeholder.start())))
                    .append(what);
            end = placeholder.end();
        }
        return Pattern.compile(
                pattern.append(Pattern.quote(text.substring(end))).toString());
    }
}
