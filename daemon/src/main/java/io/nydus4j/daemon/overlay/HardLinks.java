package io.nydus4j.daemon.overlay;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapWalk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All names of the files of an image that have several; found by one walk, when they are first wanted. Safe for use by several threads. */
final class HardLinks {
    private final Bootstrap bootstrap;
    private @Nullable Map<Long, List<byte[]>> paths;

    HardLinks(Bootstrap bootstrap) {
        this.bootstrap = bootstrap;
    }

    /** Returns the absolute paths of a file, as the names of their components. */
    synchronized List<List<byte[]>> of(long ino) throws RafsFormatException {
        Map<Long, List<byte[]>> known = paths;
        if (known == null) {
            Map<Long, List<byte[]>> found = new HashMap<>();
            BootstrapWalk.preOrder(bootstrap, (inode, walk) -> {
                if (inode.isHardLink()) {
                    found.computeIfAbsent(inode.ino(), _ -> new ArrayList<>())
                            .add(walk.path().clone());
                }
            });
            paths = found;
            known = found;
        }
        return known.getOrDefault(ino, List.of()).stream().map(HardLinks::split).toList();
    }

    private static List<byte[]> split(byte[] path) {
        List<byte[]> names = new ArrayList<>();
        int start = 0;
        for (int i = 0; i <= path.length; i++) {
            if (i == path.length || path[i] == '/') {
                if (i > start) {
                    names.add(Arrays.copyOfRange(path, start, i));
                }
                start = i + 1;
            }
        }
        return names;
    }
}
