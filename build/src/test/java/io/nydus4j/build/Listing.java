package io.nydus4j.build;

import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.build.read.ChunkReader;
import io.nydus4j.build.read.StoredBlobs;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DirectoryEntry;
import io.nydus4j.linux.file.DirectoryListing;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.file.Xattrs;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.Inode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Describes a tree, of a directory or of an image, as sorted lines that tell all that an image keeps. The root is left out. */
final class Listing {
    private final Map<String, String> lines = new TreeMap<>();
    private final Map<String, String> identities = new HashMap<>();
    private final Map<String, String> firstNames = new HashMap<>();

    private Listing() {}

    private record Attributes(
            int mode, int uid, int gid, long size, long rdev, long mtimeSeconds, int mtimeNanos, String identity) {}

    private List<String> lines() {
        List<String> all = new ArrayList<>();
        lines.forEach((path, line) -> all.add(path + ": " + line + " same as " + firstNames.get(identities.get(path))));
        return all;
    }

    /** Lists a directory, as the kernel sees it. */
    static List<String> ofDirectory(Path directory) throws IOException {
        Listing listing = new Listing();
        byte[] path = directory.toString().getBytes(StandardCharsets.UTF_8);
        try (Descriptor root = PosixFiles.openDirectory(Descriptor.WORKING_DIRECTORY, path)) {
            listing.addDirectory(root, "");
        }
        return listing.lines();
    }

    private void addDirectory(Descriptor directory, String path) throws IOException {
        List<DirectoryEntry> entries = new ArrayList<>(DirectoryListing.list(directory));
        entries.sort((a, b) -> text(a.name()).compareTo(text(b.name())));
        for (DirectoryEntry entry : entries) {
            byte[] name = entry.name();
            String full = path + "/" + text(name);
            Optional<FileStatus> found = PosixFiles.statusIfPresent(directory, name);
            if (found.isEmpty()) {
                // Overlayfs lists a whiteout of nothing, where nothing is.
                continue;
            }
            FileStatus status = found.get();
            Map<String, String> xattrs = new TreeMap<>();
            for (byte[] key : Xattrs.list(directory, name)) {
                xattrs.put(text(key), hex(Xattrs.get(directory, name, key).orElseThrow()));
            }
            String content = "";
            if (status.isSymlink()) {
                content = text(PosixFiles.readLink(directory, name));
            } else if (status.isRegular()) {
                content = digest(directory, name);
            }
            Attributes attributes = new Attributes(
                    status.mode(),
                    status.uid(),
                    status.gid(),
                    status.size(),
                    status.rdev(),
                    status.mtimeSeconds(),
                    status.mtimeNanos(),
                    status.ino() + " " + status.dev());
            add(full, attributes, xattrs, content);
            if (status.isDirectory()) {
                try (Descriptor child = PosixFiles.openDirectory(directory, name)) {
                    addDirectory(child, full);
                }
            }
        }
    }

    private static String digest(Descriptor directory, byte[] name) throws IOException {
        Sha256 sha256 = new Sha256();
        byte[] buffer = new byte[1 << 16];
        try (Descriptor file = PosixFiles.open(directory, name, OpenFlags.READ_ONLY, 0)) {
            for (int count = file.read(buffer, 0, buffer.length);
                    count >= 0;
                    count = file.read(buffer, 0, buffer.length)) {
                sha256.update(buffer, 0, count);
            }
        }
        return sha256.digest().toString();
    }

    /** Lists an image, data and all. */
    static List<String> ofImage(Bootstrap image, DirectoryBackend blobs) throws IOException {
        Listing listing = new Listing();
        try (ChunkReader reader = new ChunkReader(StoredBlobs.open(image.blobs(), blobs))) {
            BootstrapWalk.walkDirectory(image, image.rootIno(), Optional.empty(), (inode, walk) -> {
                if (walk.path().length > 1) {
                    listing.add(inode, text(walk.path()), reader);
                }
                return true;
            });
        }
        return listing.lines();
    }

    private void add(Inode inode, String path, ChunkReader reader) throws IOException {
        Map<String, String> xattrs = new TreeMap<>();
        for (byte[] key : inode.xattrNames()) {
            byte[] value = inode.xattr(key);
            xattrs.put(text(key), hex(value == null ? new byte[0] : value));
        }
        String content = "";
        if (inode.isSymlink()) {
            content = text(inode.symlinkTarget());
        } else if (inode.isRegular()) {
            Sha256 sha256 = new Sha256();
            for (int i = 0; i < inode.chunkCount(); i++) {
                MemorySegment bytes = reader.read(inode.chunk(i));
                sha256.update(bytes);
            }
            content = sha256.digest().toString();
        }
        Attributes attributes = new Attributes(
                inode.mode(),
                inode.uid(),
                inode.gid(),
                inode.size(),
                inode.rdev(),
                inode.mtimeSeconds(),
                inode.mtimeNanos(),
                "" + inode.ino());
        add(path, attributes, xattrs, content);
    }

    private void add(String path, Attributes attributes, Map<String, String> xattrs, String content) {
        boolean regular = FileMode.isRegular(attributes.mode);
        String identity = regular ? attributes.identity : path;
        firstNames.merge(identity, path, (a, b) -> a.compareTo(b) < 0 ? a : b);
        identities.put(path, identity);
        lines.put(
                path,
                "%o %d:%d size %d rdev %d time %d.%09d xattrs %s content %s"
                        .formatted(
                                attributes.mode,
                                Integer.toUnsignedLong(attributes.uid),
                                Integer.toUnsignedLong(attributes.gid),
                                FileMode.isDirectory(attributes.mode) ? 0 : attributes.size,
                                FileMode.isDevice(attributes.mode) ? attributes.rdev & 0xFFFF_FFFFL : 0,
                                attributes.mtimeSeconds,
                                attributes.mtimeNanos,
                                xattrs,
                                content));
    }

    private static String text(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (byte letter : bytes) {
            boolean plain = letter > ' ' && letter < 0x7F && letter != '%';
            text.append(plain ? String.valueOf((char) letter) : "%%%02x".formatted(letter));
        }
        return text.toString();
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
