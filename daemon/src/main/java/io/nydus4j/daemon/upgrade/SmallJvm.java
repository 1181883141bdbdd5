package io.nydus4j.daemon.upgrade;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A Java process with another main class of this program, for little work: it takes little memory and starts without compiling much. */
public final class SmallJvm {
    private static final List<String> OPTIONS = List.of(
            "-Xmx32m",
            "-Xshare:auto",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-Xlog:disable");

    private SmallJvm() {}

    /**
     * Returns the command that runs a class, with the modules or the class path of this process.
     *
     * @param main      has a main method
     * @param arguments of that
     */
    public static List<String> command(Class<?> main, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(OPTIONS);
        Module module = main.getModule();
        if (module.isNamed()) {
            command.add("--enable-native-access=io.nydus4j.linux");
            String path = System.getProperty("jdk.module.path");
            if (path != null) {
                command.addAll(List.of("-p", path));
            }
            command.addAll(List.of("-m", module.getName() + "/" + main.getName()));
        } else {
            command.add("--enable-native-access=ALL-UNNAMED");
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        }
        command.addAll(arguments);
        return command;
    }
}
