package io.nydus4j.daemon;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/**
 * Random changes of a tree, as a shell script that tells what became of each: run in two places that were the same, it must tell the same
 * and leave the same.
 */
final class ChangeScript {
    private static final List<String> NAMES = List.of("f", "g", "h", "d", "e", "dir");
    private static final String HEADER = """
        export LC_ALL=C
        n=0
        plain() { [[ -f $1 || -d $1 || ! -e $1 ]]; }
        t() { n=$((n + 1)); "$@" 2>&1; echo "$n $* -> $?"; }
        put() { plain "$2" && printf '%s' "$1" > "$2"; }
        add() { plain "$2" && printf '%s' "$1" >> "$2"; }
        cut() { plain "$2" && truncate -c -s "$1" "$2"; }
        room() { plain "$3" && fallocate -o "$1" -l "$2" "$3"; }
        show() { plain "$1" && cat "$1"; }
        poke() { plain "$2" && printf '%s' "$1" | dd of="$2" bs=1 seek="$3" conv=notrunc,nocreat status=none; }
        as() { setpriv --reuid=1234 --regid=4321 --groups=4321,77 "$@"; }
        look() { if [[ -d $1 && ! -L $1 ]]; then stat -c '%F %a %u:%g' "$1" && ls -A "$1"; else stat -c '%F %a %u:%g %s %h %t:%T' "$1"; fi; }
        when() { touch -h -d "$1" "$2" && stat -c '%y' "$2"; }
        """;

    private final Random random;
    private final List<String> known;
    private final StringBuilder script = new StringBuilder(HEADER);

    /**
     * Makes a script.
     *
     * @param seed  decides all
     * @param known some paths that are there before, relative
     */
    ChangeScript(long seed, List<String> known) {
        this.random = new Random(seed);
        this.known = known;
    }

    private String path() {
        if (!known.isEmpty() && random.nextInt(3) == 0) {
            String path = known.get(random.nextInt(known.size()));
            return random.nextInt(4) == 0 ? path + "/" + name() : path;
        }
        String path = name();
        for (int depth = random.nextInt(3); depth > 0; depth--) {
            path = name() + "/" + path;
        }
        return path;
    }

    private String name() {
        return NAMES.get(random.nextInt(NAMES.size()));
    }

    private String text() {
        return "text-" + "x".repeat(random.nextInt(40)) + random.nextInt(1000);
    }

    /** Returns a script of so many changes. */
    String of(int changes) {
        for (int i = 0; i < changes; i++) {
            script.append("t ").append(change()).append('\n');
        }
        return script.toString();
    }

    private String change() {
        return switch (random.nextInt(30)) {
            case 0, 1 -> "put " + text() + " " + path();
            case 2 -> "add " + text() + " " + path();
            case 3 -> "poke " + text() + " " + path() + " " + random.nextInt(20_000);
            case 4 -> "cut " + random.nextInt(30_000) + " " + path();
            case 5, 6, 7 -> "mkdir " + path();
            case 8 -> "rmdir " + path();
            case 9 -> "rm " + path();
            case 10 -> "rm -rf " + path();
            case 11, 12 -> "ln -T " + path() + " " + path();
            case 13 -> "ln -sT " + text() + " " + path();
            case 14, 15, 16 -> "mv -T " + path() + " " + path();
            case 17 -> "mv -nT " + path() + " " + path();
            case 18 -> "mkfifo -m " + (random.nextBoolean() ? 640 : 777) + " " + path();
            case 19 -> "mknod " + path() + " c 1 " + random.nextInt(9);
            case 20 -> "chmod " + Integer.toOctalString(random.nextInt(010000)) + " " + path();
            case 21 -> "chown -h " + random.nextInt(3) + ":" + random.nextInt(3) + " " + path();
            case 22 -> "when '19" + (70 + random.nextInt(30)) + "-02-03 04:05:06.789' " + path();
            case 23 -> "setfattr -h -n " + attribute() + " -v " + text() + " " + path();
            case 24 -> "setfattr -h -x " + attribute() + " " + path();
            case 25 -> "cp -aT " + path() + " " + path();
            case 26 -> "room " + random.nextInt(9000) + " " + (1 + random.nextInt(9000)) + " " + path();
            case 27 -> "as " + (random.nextBoolean() ? "mkdir " : "touch ") + path();
            case 28 -> "show " + path();
            default -> "look " + path();
        };
    }

    private String attribute() {
        return random.nextBoolean() ? "user.note" : "trusted.note";
    }

    /** Checks that two trees are the same, but for times, which are those of the changes, and what directories take. */
    static void assertSame(Path seen, Path expected) throws Exception {
        Listing.assertSame(attributes(seen), attributes(expected));
        Listing.assertSame(Listing.contents(seen), Listing.contents(expected));
        Listing.assertSame(Listing.xattrs(seen), Listing.xattrs(expected));
        Listing.assertSame(Listing.hardLinks(seen), Listing.hardLinks(expected));
        Listing.assertSame(Listing.devices(seen), Listing.devices(expected));
    }

    private static String attributes(Path root) throws Exception {
        return Shell.out(
                root,
                "find . -mindepth 1 ! -type d -printf '%P\\t%y %m %n owner %U:%G %s %l\\0' | sort -z | tr '\\0' '\\n'; "
                        + "find . -type d -printf '%P\\t%y %m owner %U:%G\\0' | sort -z | tr '\\0' '\\n'");
    }
}
