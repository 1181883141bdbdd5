package io.nydus4j.cli.nydusctl;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Numbers;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.option.UsageException;
import io.nydus4j.cli.progress.Sizes;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.folder.CacheCheck;
import io.nydus4j.storage.folder.CacheEntry;
import io.nydus4j.storage.folder.CacheFolder;
import io.nydus4j.storage.folder.CachePrune;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** {@code nydusctl cache}: lists, checks and empties the folder of a cache. Needs no daemon. */
final class CacheCommand implements Command {
    private final PrintStream out;
    private final Syntax syntax = Syntax.command(
                    "cache", "Lists, checks and empties the folder of a cache (its work_dir). Needs no daemon.")
            .positional("action", 1, 1, "list, verify or prune.")
            .positionalAfter(1, "dir", "The folder.")
            .value("-B --bootstrap", "verify: the image whose digests the chunks are compared with.")
            .flag("--compressed", "verify: the cache keeps chunks as the backend has them.")
            .value("--days", "prune: removes blobs that were not written to for so many days.")
            .value("--keep", "prune: removes the oldest blobs until no more than so many MB are left.")
            .flag("-n --dry-run", "prune: only says what would be removed.")
            .examples(
                    "nydusctl cache list /var/lib/nydus/cache",
                    "nydusctl cache verify /var/lib/nydus/cache -B image.boot",
                    "nydusctl cache prune /var/lib/nydus/cache --keep 20000");

    CacheCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws UsageException, IOException {
        String action = arguments.positionals().getFirst();
        Path folder = arguments.positionalPaths().get(1);
        return switch (action) {
            case "list" -> list(folder);
            case "verify" -> verify(folder, arguments);
            case "prune" -> prune(folder, arguments);
            default ->
                throw new UsageException(
                        "invalid value '%s' for '<action>'%n  [possible values: list, verify, prune]".formatted(action),
                        false);
        };
    }

    private int list(Path folder) throws IOException {
        List<CacheEntry> entries = CacheFolder.list(folder);
        out.println("      Size    On disk    Chunks  Last written          Blob");
        for (CacheEntry entry : entries) {
            out.println(line(entry));
        }
        long used = entries.stream().mapToLong(CacheEntry::usedBytes).sum();
        out.println(entries.size() + " blobs, " + Sizes.text(used) + " on disk");
        return entries.stream().allMatch(entry -> entry.problem().isEmpty()) ? 0 : 1;
    }

    private static String line(CacheEntry entry) {
        String chunks = entry.complete()
                ? "all"
                : entry.chunks().isPresent() ? Integer.toString(entry.chunks().getAsInt()) : "-";
        return "%10s %10s %9s  %s  %s%s"
                .formatted(
                        Sizes.text(entry.sizeBytes()),
                        Sizes.text(entry.usedBytes()),
                        chunks,
                        entry.changed().truncatedTo(ChronoUnit.SECONDS),
                        entry.blobId(),
                        entry.problem().isEmpty() ? "" : "  damaged: " + entry.problem());
    }

    private int verify(Path folder, Arguments arguments) throws UsageException, IOException {
        if (!arguments.has("--bootstrap")) {
            throw new UsageException(
                    "the following required arguments were not provided:%n  --bootstrap <bootstrap>".formatted(), true);
        }
        int damaged = 0;
        try (Rafs image = Rafs.load(arguments.path("--bootstrap").orElseThrow(), LoadOptions.DEFAULT)) {
            for (CacheCheck.Result result : CacheCheck.run(image, folder, arguments.flag("--compressed"))) {
                damaged += result.damaged();
                out.printf(
                        "%s: %d chunks right, %d damaged, %d not here%n",
                        result.blobId(), result.checked(), result.damaged(), result.missing());
            }
        }
        return damaged == 0 ? 0 : 1;
    }

    private int prune(Path folder, Arguments arguments) throws UsageException, IOException {
        if (!arguments.has("--days") && !arguments.has("--keep")) {
            throw new UsageException("prune needs `--days` or `--keep`", true);
        }
        Optional<Instant> before = arguments.has("--days")
                ? Optional.of(Instant.now().minus(Duration.ofDays(number(arguments, "--days"))))
                : Optional.empty();
        OptionalLong keep = arguments.has("--keep")
                ? OptionalLong.of(Math.multiplyExact(number(arguments, "--keep"), 1L << 20))
                : OptionalLong.empty();
        long freed = 0;
        for (CacheEntry entry : CachePrune.choose(folder, before, keep)) {
            if (!arguments.flag("--dry-run")) {
                CachePrune.remove(entry);
            }
            freed += entry.usedBytes();
            out.println(line(entry));
        }
        out.println(Sizes.text(freed) + (arguments.flag("--dry-run") ? " would be freed" : " freed"));
        return 0;
    }

    private static long number(Arguments arguments, String option) {
        return Numbers.decimal(arguments.text(option), "invalid value for option `" + option.substring(2) + "`");
    }
}
