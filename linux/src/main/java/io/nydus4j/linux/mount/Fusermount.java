package io.nydus4j.linux.mount;

import io.nydus4j.linux.file.Descriptor;
import java.io.IOException;

/** Mounts and unmounts for users who may not, by the helper of libfuse. */
final class Fusermount {
    private Fusermount() {}

    static Descriptor mount(byte[] place, FuseMountOptions options) throws IOException {
        throw new IOException("mounting needs root");
    }

    static void unmount(byte[] place) throws IOException {
        throw new IOException("unmounting needs root");
    }
}
