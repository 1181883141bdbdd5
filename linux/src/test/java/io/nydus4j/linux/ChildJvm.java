package io.nydus4j.linux;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Command lines that run classes of the tests, and what they test, in processes of their own. */
public final class ChildJvm {
    private ChildJvm() {}

    /** Returns the command line that runs a class in a small JVM that starts soon. */
    public static List<String> command(Class<?> main, String... arguments) {
        return command(List.of(), main, arguments);
    }

    /** Returns the command line that runs a class in such a JVM with more options. */
    public static List<String> command(List<String> options, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        // Commands in the background of a script do not hear of SIGINT, nor would their children.
        command.addAll(List.of("env", "--default-signal"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }
}
