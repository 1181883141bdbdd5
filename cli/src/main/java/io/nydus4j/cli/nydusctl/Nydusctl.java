package io.nydus4j.cli.nydusctl;

import java.io.PrintStream;

/** Stands in for the command until it is written. */
public final class Nydusctl {
    private Nydusctl() {}

    /** Prints the version. */
    public static void main(String[] args) {
        System.exit(run(System.out, System.err, args));
    }

    static int run(PrintStream out, PrintStream err, String... args) {
        out.println("Nydusctl " + String.join("|", args));
        return args.length > 0 && args[0].equals("fail") ? 7 : 0;
    }
}
