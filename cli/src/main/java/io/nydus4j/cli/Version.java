package io.nydus4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** What {@code --version} prints and result files say. */
public final class Version {
    private Version() {}

    /** Returns this program's version, such as {@code 0.1.0}. */
    public static String number() {
        Properties properties = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            return "unknown";
        }
        return properties.getProperty("version", "unknown");
    }

    /** Returns the value of {@code version} in result files. */
    public static String tool() {
        return "nydus4j-" + number();
    }

    /** Returns the lines that {@code --version} prints. */
    public static String[] lines() {
        return new String[] {
            "Version: \t" + tool(),
            "Compatible: \tv2.4.4",
            "Runtime: \t" + System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version")
        };
    }
}
