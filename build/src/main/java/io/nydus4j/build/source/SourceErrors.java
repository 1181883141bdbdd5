package io.nydus4j.build.source;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;

/** Words failures to read a source, so that each names the file and the cause on one line. */
final class SourceErrors {
    private SourceErrors() {}

    /** Says that the kernel refused to do something with a node. */
    static IOException refused(String what, Node node, ErrnoException cause) {
        return refused(what, node.path(), cause);
    }

    /** Says that the kernel refused to do something with a path in the image. */
    static IOException refused(String what, byte[] path, ErrnoException cause) {
        return new IOException(
                "failed to " + what + " " + RawBytes.printable(path) + ": " + Errno.message(cause.errno()), cause);
    }

    /** Says that a node breaks a rule. */
    static IOException broken(Node node, String problem) {
        return broken(node.path(), problem);
    }

    /** Says that the file at a path in the image breaks a rule. */
    static IOException broken(byte[] path, String problem) {
        return new IOException(RawBytes.printable(path) + ": " + problem);
    }
}
