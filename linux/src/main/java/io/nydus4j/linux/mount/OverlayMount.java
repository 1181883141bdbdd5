package io.nydus4j.linux.mount;

import io.nydus4j.linux.RawBytes;
import java.io.IOException;
import java.util.List;

/** Mounts overlays whose files have their names and attributes in one layer and their data in others (Linux 6.8). */
public final class OverlayMount {
    /** The type, as mount tables have it. */
    public static final String TYPE = "overlay";

    private OverlayMount() {}

    /**
     * Mounts one for reading. A file of the metadata whose xattr {@code trusted.overlay.redirect} names an absolute path, beside an empty
     * {@code trusted.overlay.metacopy}, has the data of what that path leads to in the first data layer that has it; looked up when the
     * file is opened first.
     *
     * @param metadata directory with names and attributes, as raw bytes
     * @param data     directories with data, likewise
     * @param target   directory to mount on, likewise
     * @throws IOException if the kernel refuses; the message holds what it said
     */
    public static void mount(byte[] metadata, List<byte[]> data, byte[] target) throws IOException {
        try (FileSystemContext context = FileSystemContext.open(TYPE)) {
            context.flag("ro").path("lowerdir+", metadata);
            for (byte[] directory : data) {
                context.path("datadir+", directory);
            }
            byte[] on = RawBytes.bytes("on");
            context.option("metacopy", on).option("redirect_dir", on);
            context.mount(
                    target, FileSystemContext.READ_ONLY | FileSystemContext.NO_SUID | FileSystemContext.NO_DEVICES);
        }
    }
}
