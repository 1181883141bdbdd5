package io.nydus4j.daemon.upgrade;

import io.nydus4j.linux.fuse.FuseSession;
import io.nydus4j.linux.mount.MountEntry;
import io.nydus4j.linux.mount.MountTable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What becomes of the requests that a predecessor read and did not answer. Mirrors {@code FailoverPolicy} of the reference. */
public enum FailoverPolicy {
    /** Nothing: who made them waits on. */
    NONE,
    /** They fail; only some kernels can do that. */
    FLUSH,
    /** The kernel sends them again. */
    RESEND;

    private static final Logger LOG = System.getLogger(FailoverPolicy.class.getName());
    private static final List<Path> CONNECTIONS =
            List.of(Path.of("/proc/sys/fs/fuse/connections"), Path.of("/sys/fs/fuse/connections"));

    /** Returns the policy that a word names. */
    public static Optional<FailoverPolicy> of(String word) {
        for (FailoverPolicy policy : values()) {
            if (policy.word().equals(word)) {
                return Optional.of(policy);
            }
        }
        return Optional.empty();
    }

    /** Returns the word that names this policy. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Does what this policy says to a session that was just taken over. What the kernel cannot do is only warned about. */
    public void apply(FuseSession session) {
        boolean done = switch (this) {
            case NONE -> true;
            case FLUSH -> tell(session, "flush");
            case RESEND -> session.resend() || tell(session, "resend");
        };
        if (!done) {
            LOG.log(Level.WARNING, "the kernel cannot {0} the requests that were under way", word());
        }
    }

    private static boolean tell(FuseSession session, String file) {
        try {
            Optional<MountEntry> mount = MountTable.find(session.mount().mountPoint());
            if (mount.isPresent()) {
                int connection = mount.get().major() << 20 | mount.get().minor();
                for (Path connections : CONNECTIONS) {
                    Path place =
                            connections.resolve(Integer.toString(connection)).resolve(file);
                    if (Files.exists(place)) {
                        Files.write(place, "1".getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
                        return true;
                    }
                }
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "cannot write to the kernel's list of connections", e);
        }
        return false;
    }
}
