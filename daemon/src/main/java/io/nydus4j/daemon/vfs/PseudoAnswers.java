package io.nydus4j.daemon.vfs;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.fuse.FuseAttributes;
import io.nydus4j.linux.fuse.FuseHandler;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.FuseRequest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers for the directories above mounts, where the mounted roots show up, and for nodes of file systems that are gone.
 *
 * <p>Attributes are the reference's: mode 0777, no links, size 0; the times are that of the last change. The kernel keeps them for a second only, so that no
 * answer under way while something is mounted can hide it.
 */
final class PseudoAnswers implements FuseHandler {
    private static final long KEEP_SECONDS = 1;
    private static final int MODE = 0040777;
    private static final int STATFS_BLOCK_SIZE = 512;
    private static final int NAME_MAX = 255;
    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};

    private final Vfs vfs;

    PseudoAnswers(Vfs vfs) {
        this.vfs = vfs;
    }

    /** Returns the directory asked about, or null after an answer that it is not there. */
    private @Nullable PseudoDirectory directory(FuseRequest request, FuseReply reply) {
        PseudoDirectory directory = vfs.tree().directory(request.nodeId());
        if (directory == null) {
            reply.error(Errno.ENOENT);
        }
        return directory;
    }

    private static FuseAttributes fill(PseudoDirectory directory, FuseAttributes attributes) {
        Instant changed = directory.changed();
        return attributes.ino(directory.ino()).mode(MODE).links(0).times(changed.getEpochSecond(), changed.getNano());
    }

    @Override
    public void lookup(FuseRequest request, FuseReply reply) throws IOException {
        PseudoDirectory parent = directory(request, reply);
        if (parent == null) {
            return;
        }
        PseudoDirectory child = child(parent, request);
        if (child == null) {
            reply.error(Errno.ENOENT);
            return;
        }
        MountedFileSystem mounted = vfs.mountedOn(child);
        if (mounted == null) {
            reply.entry(child.ino(), 0, KEEP_SECONDS, fill(child, reply.attributes()));
        } else {
            FuseAttributes attributes = mounted.rootAttributes(reply.attributes());
            reply.entry(mounted.rootNodeId(), 0, mounted.keepSeconds(), attributes);
        }
    }

    private static @Nullable PseudoDirectory child(PseudoDirectory parent, FuseRequest request) {
        if (request.nameEquals(DOT)) {
            return parent;
        }
        return request.nameEquals(DOT_DOT)
                ? parent.parent()
                : parent.child(new String(request.copyName(), StandardCharsets.UTF_8));
    }

    @Override
    public void getattr(FuseRequest request, FuseReply reply) {
        PseudoDirectory directory = directory(request, reply);
        if (directory != null) {
            reply.attributes(KEEP_SECONDS, fill(directory, reply.attributes()));
        }
    }

    @Override
    public void readdir(FuseRequest request, FuseReply reply) throws IOException {
        PseudoDirectory directory = directory(request, reply);
        if (directory == null) {
            return;
        }
        List<PseudoDirectory> children = directory.children();
        for (int i = start(request, children); i < children.size(); i++) {
            PseudoDirectory child = children.get(i);
            MountedFileSystem mounted = vfs.mountedOn(child);
            long ino = mounted == null
                    ? child.ino()
                    : mounted.rootAttributes(reply.attributes()).ino();
            MemorySegment name = MemorySegment.ofArray(child.name());
            if (!reply.dirent(ino, i + 1L, MODE, name, 0, child.name().length)) {
                break;
            }
        }
        reply.sendDirents();
    }

    @Override
    public void readdirplus(FuseRequest request, FuseReply reply) throws IOException {
        PseudoDirectory directory = directory(request, reply);
        if (directory == null) {
            return;
        }
        List<PseudoDirectory> children = directory.children();
        for (int i = start(request, children); i < children.size(); i++) {
            PseudoDirectory child = children.get(i);
            MountedFileSystem mounted = vfs.mountedOn(child);
            FuseAttributes attributes =
                    mounted == null ? fill(child, reply.attributes()) : mounted.rootAttributes(reply.attributes());
            MemorySegment name = MemorySegment.ofArray(child.name());
            if (!reply.direntPlus(
                    mounted == null ? child.ino() : mounted.rootNodeId(),
                    0,
                    mounted == null ? KEEP_SECONDS : mounted.keepSeconds(),
                    attributes,
                    i + 1L,
                    name,
                    0,
                    child.name().length)) {
                break;
            }
        }
        reply.sendDirents();
    }

    private static int start(FuseRequest request, List<PseudoDirectory> children) {
        return (int) Math.clamp(request.offset(), 0, (long) children.size());
    }

    @Override
    public void statfs(FuseRequest request, FuseReply reply) {
        if (directory(request, reply) != null) {
            reply.statfs(0, 0, STATFS_BLOCK_SIZE, NAME_MAX);
        }
    }

    @Override
    public void access(FuseRequest request, FuseReply reply) {
        if (directory(request, reply) != null) {
            reply.ok();
        }
    }

    @Override
    public void getxattr(FuseRequest request, FuseReply reply) {
        if (directory(request, reply) != null) {
            reply.error(Errno.ENODATA);
        }
    }

    @Override
    public void listxattr(FuseRequest request, FuseReply reply) {
        if (directory(request, reply) != null) {
            reply.xattr(request.size(), new byte[0]);
        }
    }

    @Override
    public void readlink(FuseRequest request, FuseReply reply) {
        if (directory(request, reply) != null) {
            reply.error(Errno.EINVAL);
        }
    }

    @Override
    public void read(FuseRequest request, FuseReply reply) {
        if (directory(request, reply) != null) {
            reply.error(Errno.EISDIR);
        }
    }
}
