package io.nydus4j.linux.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.file.Mode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongPredicate;

/** A file system in memory, built node by node before it is mounted; node ids are positions in the list of nodes, from 1. */
final class MemoryTree implements FuseHandler {
    private static final long DAY = 86_400;

    /** A node with everything it may have. */
    static final class Node {
        final long id;
        final byte[] name;
        final int mode;
        final MemorySegment nativeName;
        MemorySegment data = MemorySegment.NULL;
        final List<Node> children = new ArrayList<>();
        final Map<String, byte[]> xattrs = new LinkedHashMap<>();
        boolean slow;
        Node parent = this;

        Node(long id, byte[] name, int mode) {
            this.id = id;
            this.name = name;
            this.mode = mode;
            nativeName = copy(name);
        }
    }

    final List<Node> nodes = new ArrayList<>();
    final Node root = add(new Node(1, new byte[0], Mode.DIRECTORY | 0755));
    final LongAdder reads = new LongAdder();
    final LongAdder plusListings = new LongAdder();
    final LongAdder forgets = new LongAdder();
    final LongAdder opens = new LongAdder();
    final LongAdder releases = new LongAdder();
    /** Names of the threads that answered requests for xattrs. */
    final Set<String> xattrThreads = ConcurrentHashMap.newKeySet();

    volatile boolean handles;
    volatile LongPredicate inMemory = _ -> false;

    final CompletableFuture<Boolean> late = new CompletableFuture<>();
    volatile int delayMillis = 20;
    volatile boolean silent;
    volatile Failure failure = request -> {};

    /** Makes requests fail. */
    interface Failure {
        void check(FuseRequest request) throws IOException;
    }

    private Node add(Node node) {
        nodes.add(node);
        return node;
    }

    private Node add(Node parent, byte[] name, int mode) {
        Node node = add(new Node(nodes.size() + 1, name, mode));
        node.parent = parent;
        parent.children.add(node);
        return node;
    }

    Node directory(Node parent, String name) {
        return add(parent, name.getBytes(UTF_8), Mode.DIRECTORY | 0755);
    }

    Node file(Node parent, String name, byte[] content) {
        return file(parent, name.getBytes(UTF_8), content);
    }

    Node file(Node parent, byte[] name, byte[] content) {
        Node node = add(parent, name, Mode.REGULAR | 0644);
        node.data = copy(content);
        return node;
    }

    Node symlink(Node parent, String name, String target) {
        Node node = add(parent, name.getBytes(UTF_8), Mode.SYMLINK | 0777);
        node.data = copy(target.getBytes(UTF_8));
        return node;
    }

    private static MemorySegment copy(byte[] bytes) {
        MemorySegment segment = Arena.global().allocate(Math.max(1, bytes.length));
        MemorySegment.copy(bytes, 0, segment, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, bytes.length);
        return segment.asSlice(0, bytes.length);
    }

    @Override
    public boolean isInMemory(long nodeId) {
        return inMemory.test(nodeId);
    }

    private Node node(FuseRequest request) {
        return nodes.get((int) request.nodeId() - 1);
    }

    private static FuseAttributes fill(FuseAttributes attributes, Node node) {
        return attributes
                .ino(node.id)
                .mode(node.mode)
                .size(node.data.byteSize())
                .blocks((node.data.byteSize() + 511) / 512)
                .links(1)
                .owner(12, 34)
                .times(1_000_000_000L + node.id, 5);
    }

    @Override
    public void lookup(FuseRequest request, FuseReply reply) {
        Node parent = node(request);
        if (request.nameEquals(".".getBytes(UTF_8))) {
            reply.entry(parent.id, 0, DAY, fill(reply.attributes(), parent));
            return;
        }
        for (Node child : parent.children) {
            if (request.nameEquals(child.name)) {
                reply.entry(child.id, 0, DAY, fill(reply.attributes(), child));
                return;
            }
        }
        reply.negativeEntry(DAY);
    }

    @Override
    public void forget(long nodeId, long lookups) {
        forgets.add(lookups);
    }

    @Override
    public void open(FuseRequest request, FuseReply reply) throws IOException {
        if (handles) {
            opens.increment();
            reply.open(7, 0);
        } else {
            FuseHandler.super.open(request, reply);
        }
    }

    @Override
    public void release(FuseRequest request, FuseReply reply) {
        if (request.handle() == 7) {
            releases.increment();
        }
        reply.ok();
    }

    @Override
    public void getattr(FuseRequest request, FuseReply reply) {
        reply.attributes(DAY, fill(reply.attributes(), node(request)));
    }

    @Override
    public void readlink(FuseRequest request, FuseReply reply) throws IOException {
        failure.check(request);
        Node node = node(request);
        reply.data(node.data, 0, node.data.byteSize());
    }

    @Override
    public void read(FuseRequest request, FuseReply reply) throws IOException {
        reads.increment();
        failure.check(request);
        if (silent) {
            return;
        }
        Node node = node(request);
        long offset = Math.min(request.offset(), node.data.byteSize());
        long length = Math.min(request.size(), node.data.byteSize() - offset);
        if (!node.slow) {
            reply.data(node.data, offset, length);
            return;
        }
        PendingReply pending = reply.detach();
        Thread.ofVirtual().start(() -> {
            try {
                Thread.sleep(delayMillis);
                pending.data(node.data, offset, length);
                late.complete(true);
            } catch (InterruptedException e) {
                pending.error(Errno.EINTR);
            } finally {
                late.complete(false);
            }
        });
    }

    @Override
    public void readdir(FuseRequest request, FuseReply reply) {
        Node node = node(request);
        for (long i = request.offset(); i < node.children.size() + 2; i++) {
            Node entry = entry(node, i);
            MemorySegment name = name(node, i);
            if (!reply.dirent(entry.id, i + 1, entry.mode, name, 0, (int) name.byteSize())) {
                break;
            }
        }
        reply.sendDirents();
    }

    @Override
    public void readdirplus(FuseRequest request, FuseReply reply) {
        plusListings.increment();
        Node node = node(request);
        for (long i = request.offset(); i < node.children.size() + 2; i++) {
            Node entry = entry(node, i);
            MemorySegment name = name(node, i);
            FuseAttributes attributes = fill(reply.attributes(), entry);
            long id = i < 2 ? 0 : entry.id;
            if (!reply.direntPlus(id, 0, DAY, attributes, i + 1, name, 0, (int) name.byteSize())) {
                break;
            }
        }
        reply.sendDirents();
    }

    private static final MemorySegment DOT = copy(new byte[] {'.'});
    private static final MemorySegment DOT_DOT = copy(new byte[] {'.', '.'});

    private static Node entry(Node node, long index) {
        return index == 0 ? node : index == 1 ? node.parent : node.children.get((int) index - 2);
    }

    private static MemorySegment name(Node node, long index) {
        return index == 0 ? DOT : index == 1 ? DOT_DOT : node.children.get((int) index - 2).nativeName;
    }

    @Override
    public void getxattr(FuseRequest request, FuseReply reply) {
        xattrThreads.add(Thread.currentThread().getName());
        byte[] value = node(request).xattrs.get(new String(request.copyName(), UTF_8));
        if (value == null) {
            reply.error(Errno.ENODATA);
        } else {
            reply.xattr(request.size(), value);
        }
    }

    @Override
    public void listxattr(FuseRequest request, FuseReply reply) {
        StringBuilder names = new StringBuilder();
        node(request).xattrs.keySet().forEach(name -> names.append(name).append('\0'));
        reply.xattr(request.size(), names.toString().getBytes(UTF_8));
    }

    @Override
    public void statfs(FuseRequest request, FuseReply reply) {
        reply.statfs(1000, nodes.size(), 4096, 255);
    }
}
