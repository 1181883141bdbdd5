package io.nydus4j.cli;

import io.nydus4j.linux.RawArguments;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;

/**
 * Runs several command lines of one command in one JVM, so that a start-up cache made from that run knows what they all
 * load. Only the launchers use it.
 */
public final class Training {
    private Training() {}

    /**
     * Runs the command lines, without output; neither exit codes nor exceptions matter.
     *
     * @param args the command's main class, which has a method {@code int run(PrintStream out, PrintStream err,
     *     String... args)}; then one command line each, its words separated by blanks
     * @throws ReflectiveOperationException if there is no such method
     */
    public static void main(String[] args) throws ReflectiveOperationException {
        Method run =
                Class.forName(args[0]).getDeclaredMethod("run", PrintStream.class, PrintStream.class, String[].class);
        run.setAccessible(true);
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        RawArguments.recover(args); // as the commands do
        for (int i = 1; i < args.length; i++) {
            try {
                run.invoke(null, nowhere, nowhere, (Object) args[i].split(" +"));
            } catch (InvocationTargetException e) {
                // What was loaded up to here is worth keeping.
            }
        }
        System.exit(0);
    }
}
