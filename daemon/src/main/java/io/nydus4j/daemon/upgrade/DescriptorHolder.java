package io.nydus4j.daemon.upgrade;

import io.nydus4j.linux.file.Descriptor;
import java.io.IOException;
import java.util.Map;

/**
 * Keeps descriptors open beyond the end of this process, whatever way it ends, so that a successor can take them. Safe for use by
 * several threads.
 *
 * <p>A daemon that starts asks {@link #take} first; what that returns is still held. One that made new descriptors calls {@link #hold}.
 */
public interface DescriptorHolder {
    /**
     * Chooses by the environment who holds descriptors: the service manager if it offers to, else a process of its own.
     *
     * @param folder where it is noted who that is
     */
    static DescriptorHolder in(RunFolder folder, Map<String, String> environment) {
        return ServiceManagerHolder.isOffered(environment)
                ? new ServiceManagerHolder(environment)
                : new SleepingHolder(folder);
    }

    /**
     * Holds descriptors from now on, and nothing that was held before.
     *
     * @param descriptors by names of letters, digits and dashes; they stay the caller's, to be kept open until {@link #release}
     */
    void hold(Map<String, Descriptor> descriptors) throws IOException;

    /**
     * Returns duplicates of what a predecessor held, and goes on holding it.
     *
     * @return descriptors for the caller to close, by name; none if nothing is held
     */
    Map<String, Descriptor> take() throws IOException;

    /** Holds nothing any more. */
    void release();
}
