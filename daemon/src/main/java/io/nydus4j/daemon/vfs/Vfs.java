package io.nydus4j.daemon.vfs;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.fuse.FuseConnection;
import io.nydus4j.linux.fuse.FuseHandler;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.FuseRequest;
import io.nydus4j.linux.fuse.FuseSession;
import java.io.IOException;
import java.util.BitSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Serves several file systems as one FUSE mount: leads each request to the file system whose index is in its node id, and answers for
 * the directories above them itself.
 *
 * <p>File systems come and go while requests are answered. A loop shows what it uses before it looks whether that is still there, so
 * that {@link #detach} returns when no loop is within the file system or will ever be; that costs a request two volatile accesses and
 * no allocation.
 *
 * <p>Requests are answered by any number of threads. {@link #attach}, {@link #replace}, {@link #detach} and {@link #restore} are called
 * by one thread at a time, never by a loop.
 */
public final class Vfs implements FuseHandler {
    private final AtomicReferenceArray<@Nullable MountedFileSystem> mounts =
            new AtomicReferenceArray<>(NodeNumbers.MAX_INDEX + 1);
    private final PseudoTree tree = new PseudoTree();
    private final PseudoAnswers answers = new PseudoAnswers(this);
    private final KernelView kernel = new KernelView();
    private final RequestTable requests;
    /** Indexes whose nodes the kernel had from a predecessor: nobody knows how many it still has. */
    private final BitSet inherited = new BitSet();

    private int nextIndex = 1;
    private volatile @Nullable FuseConnection connection;

    /** Makes a VFS without mounts. */
    public Vfs(RequestTable requests) {
        this.requests = requests;
    }

    /** Says which session asks, so that the kernel can be told of changes. */
    public void session(FuseSession session) {
        kernel.session(session);
    }

    @Override
    public void connected(FuseConnection agreed) {
        connection = agreed;
        for (int i = 1; i < mounts.length(); i++) {
            MountedFileSystem fileSystem = mounts.get(i);
            if (fileSystem != null) {
                fileSystem.connected(agreed);
            }
        }
    }

    /** Tells whether something is mounted at a path. */
    public boolean isMounted(VfsPath path) {
        return indexAt(path) != 0;
    }

    /** Returns the index of what is mounted at a path, 0 if nothing is. */
    public int indexAt(VfsPath path) {
        PseudoDirectory directory = tree.find(path);
        return directory == null ? 0 : directory.mount();
    }

    /**
     * Returns the index that the next file system is to have, 0 if there is none: at most {@value NodeNumbers#MAX_INDEX} are mounted at
     * once, and an index is given again only when the kernel knows no node of its last file system any more, the indexes going round. A
     * file that is still open would read another image otherwise.
     *
     * @param reserved indexes that others are to have
     */
    public int freeIndex(Set<Integer> reserved) {
        for (int i = 0; i < NodeNumbers.MAX_INDEX; i++) {
            int index = (nextIndex - 1 + i) % NodeNumbers.MAX_INDEX + 1;
            if (mounts.get(index) == null && !reserved.contains(index) && !isKept(index)) {
                return index;
            }
        }
        return 0;
    }

    /** Tells whether the kernel may know nodes of an index at which nothing is mounted. */
    private boolean isKept(int index) {
        return inherited.get(index) || kernel.knows(index);
    }

    /** Returns how many indexes have no mount, but cannot be given for what the kernel knows of their last. */
    public int keptIndexes() {
        return (int) IntStream.rangeClosed(1, NodeNumbers.MAX_INDEX)
                .filter(index -> mounts.get(index) == null && isKept(index))
                .count();
    }

    /**
     * Mounts a file system; the directories above it are made.
     *
     * @param path  where nothing is mounted
     * @param index that of the file system, from {@link #freeIndex}
     */
    public void attach(VfsPath path, int index, MountedFileSystem fileSystem) {
        PseudoDirectory directory = tree.make(path);
        if (directory.mount() != 0 || mounts.get(index) != null) {
            throw new IllegalStateException(path + " or index " + index + " is in use");
        }
        FuseConnection agreed = connection;
        if (agreed != null) {
            fileSystem.connected(agreed);
        }
        mounts.set(index, fileSystem);
        directory.mount(index);
        nextIndex = index % NodeNumbers.MAX_INDEX + 1;
        if (path.isRoot()) {
            kernel.forgetRoot(
                    tree.root().children().stream().map(PseudoDirectory::name).toList());
        } else {
            kernel.forget(directory);
        }
    }

    /**
     * Puts a file system in the place of another of the same nodes. Returns when no loop uses the other any more; requests that it put
     * aside may still be under way.
     *
     * @return the other
     */
    public MountedFileSystem replace(VfsPath path, MountedFileSystem fileSystem) throws InterruptedException {
        int index = indexAt(path);
        MountedFileSystem old = mounts.get(index);
        if (index == 0 || old == null) {
            throw new IllegalStateException("nothing is mounted at " + path);
        }
        FuseConnection agreed = connection;
        if (agreed != null) {
            fileSystem.connected(agreed);
        }
        mounts.set(index, fileSystem);
        requests.awaitUnused(old);
        return old;
    }

    /**
     * Unmounts a file system. Returns when no loop uses it any more and the kernel has forgotten its names; requests that it put aside
     * may still be under way, and open files may still ask for its nodes, to be told that they are gone.
     *
     * @return the file system
     */
    public MountedFileSystem detach(VfsPath path) throws InterruptedException, IOException {
        PseudoDirectory directory = tree.find(path);
        MountedFileSystem old = directory == null ? null : mounts.get(directory.mount());
        if (directory == null || old == null) {
            throw new IllegalStateException("nothing is mounted at " + path);
        }
        int index = directory.mount();
        directory.mount(0);
        mounts.set(index, null);
        requests.awaitUnused(old);
        if (path.isRoot()) {
            kernel.forgetRoot(old.rootNames());
        } else {
            kernel.forget(directory);
        }
        return old;
    }

    /** Returns what a successor needs beside the mounts. */
    public VfsState state() {
        return new VfsState(
                tree.entries(),
                nextIndex,
                IntStream.rangeClosed(1, NodeNumbers.MAX_INDEX)
                        .filter(index -> mounts.get(index) != null || isKept(index))
                        .boxed()
                        .collect(Collectors.toSet()));
    }

    /** Takes the state of a predecessor; before anything is attached. */
    public void restore(VfsState state) {
        tree.restore(state.directories());
        inherited.clear();
        state.knownIndexes().forEach(inherited::set);
        nextIndex = Math.clamp(state.nextIndex(), 1, NodeNumbers.MAX_INDEX);
    }

    /** Starts a request: returns the file system that answers it, or null for a directory above mounts and for what is gone. */
    private @Nullable MountedFileSystem enter(LoopRequest loop, FuseRequest request) {
        loop.begin(request);
        long node = request.nodeId();
        return hold(loop, mountIndex(node));
    }

    /** Returns the file system with an index, safe to use until this thread's request ends; null if there is none. */
    private @Nullable MountedFileSystem hold(LoopRequest loop, int index) {
        MountedFileSystem fileSystem = mounts.get(index);
        while (true) {
            loop.use(fileSystem);
            MountedFileSystem now = mounts.get(index);
            if (now == fileSystem) {
                return fileSystem;
            }
            fileSystem = now;
        }
    }

    /** Returns what is mounted on a directory above mounts, safe to use until this thread's request ends; null if nothing is. */
    @Nullable
    MountedFileSystem mountedOn(PseudoDirectory directory) {
        int index = directory.mount();
        return index == 0 ? null : hold(requests.current(), index);
    }

    PseudoTree tree() {
        return tree;
    }

    /** One kind of request. */
    @FunctionalInterface
    private interface Operation {
        void answer(FuseHandler handler, FuseRequest request, FuseReply reply) throws IOException;
    }

    private void dispatch(FuseRequest request, FuseReply reply, Operation operation) throws IOException {
        LoopRequest loop = requests.current();
        try {
            MountedFileSystem fileSystem = enter(loop, request);
            operation.answer(fileSystem == null ? answers : fileSystem, request, reply);
        } finally {
            loop.end();
        }
    }

    /** Answers a request about two nodes, which must be of one file system: what is at another is copied by who asks. */
    private void dispatchWithin(FuseRequest request, long otherNode, FuseReply reply, Operation operation)
            throws IOException {
        if (mountIndex(request.nodeId()) == mountIndex(otherNode)) {
            dispatch(request, reply, operation);
        } else {
            reply.error(Errno.EXDEV);
        }
    }

    private int mountIndex(long node) {
        return node == NodeNumbers.ROOT ? tree.root().mount() : NodeNumbers.index(node);
    }

    @Override
    public boolean isInMemory(long nodeId) {
        MountedFileSystem fileSystem = mounts.get(mountIndex(nodeId));
        return fileSystem != null && fileSystem.isInMemory(nodeId);
    }

    @Override
    public void read(FuseRequest request, FuseReply reply) throws IOException {
        LoopRequest loop = requests.current();
        try {
            MountedFileSystem fileSystem = enter(loop, request);
            if (fileSystem == null) {
                answers.read(request, reply);
            } else {
                fileSystem.read(request, reply);
            }
        } finally {
            loop.end();
        }
    }

    @Override
    public void lookup(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::lookup);
    }

    @Override
    public void forget(long nodeId, long lookups) {
        LoopRequest loop = requests.current();
        try {
            int index = mountIndex(nodeId);
            MountedFileSystem fileSystem = index == 0 ? null : hold(loop, index);
            if (fileSystem != null) {
                fileSystem.forget(nodeId, lookups);
            }
        } finally {
            loop.end();
        }
    }

    @Override
    public void getattr(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::getattr);
    }

    @Override
    public void readlink(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::readlink);
    }

    @Override
    public void open(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::open);
    }

    @Override
    public void release(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::release);
    }

    @Override
    public void opendir(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::opendir);
    }

    @Override
    public void releasedir(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::releasedir);
    }

    @Override
    public void readdir(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::readdir);
    }

    @Override
    public void readdirplus(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::readdirplus);
    }

    @Override
    public void statfs(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::statfs);
    }

    @Override
    public void getxattr(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::getxattr);
    }

    @Override
    public void listxattr(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::listxattr);
    }

    @Override
    public void access(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::access);
    }

    @Override
    public void lseek(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::lseek);
    }

    @Override
    public void setattr(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::setattr);
    }

    @Override
    public void mknod(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::mknod);
    }

    @Override
    public void mkdir(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::mkdir);
    }

    @Override
    public void symlink(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::symlink);
    }

    @Override
    public void unlink(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::unlink);
    }

    @Override
    public void rmdir(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::rmdir);
    }

    @Override
    public void create(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::create);
    }

    @Override
    public void write(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::write);
    }

    @Override
    public void setxattr(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::setxattr);
    }

    @Override
    public void removexattr(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::removexattr);
    }

    @Override
    public void fallocate(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::fallocate);
    }

    @Override
    public void fsync(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::fsync);
    }

    @Override
    public void fsyncdir(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::fsyncdir);
    }

    @Override
    public void link(FuseRequest request, FuseReply reply) throws IOException {
        dispatchWithin(request, request.otherNodeId(), reply, FuseHandler::link);
    }

    @Override
    public void rename(FuseRequest request, FuseReply reply) throws IOException {
        dispatchWithin(request, request.otherNodeId(), reply, FuseHandler::rename);
    }

    @Override
    public void copyFileRange(FuseRequest request, FuseReply reply) throws IOException {
        dispatchWithin(request, request.copyRange().targetNodeId(), reply, FuseHandler::copyFileRange);
    }

    @Override
    public void other(FuseRequest request, FuseReply reply) throws IOException {
        dispatch(request, reply, FuseHandler::other);
    }
}
