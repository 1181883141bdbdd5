package io.nydus4j.rafs;

import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Turns a list of inodes, the image's or a caller's, into requests that warm a cache.
 *
 * <p>A directory stands for all files below it; a file with several names is taken once. Mirrors {@code RafsSuper::prefetch_files} of
 * the reference. One use, one thread.
 */
public final class PrefetchRun {
    /** Takes what is to be fetched. */
    @FunctionalInterface
    public interface Fetcher {
        /**
         * Takes the gathered pieces of a blob. It fetches them and {@link IoVector#reset() resets} the vector when there is enough, else
         * leaves the vector to grow.
         *
         * @param last whether no more will come for this blob
         */
        void fetch(IoVector vector, boolean last);
    }

    private final Bootstrap bootstrap;
    private final Fetcher fetcher;
    private final IoMerge merge = new IoMerge();
    private final Set<Long> hardLinks = new HashSet<>();
    /** Directories that were taken, so that no list takes a tree twice, nor a broken image leads in circles. */
    private final Set<Long> directories = new HashSet<>();

    private PrefetchRun(Bootstrap bootstrap, Fetcher fetcher) {
        this.bootstrap = bootstrap;
        this.fetcher = fetcher;
    }

    /**
     * Prefetches files.
     *
     * @param rootIno number of the inode that stands for everything
     * @param files   inode numbers to take, each once; if empty, those of the image's prefetch table up to its first 0
     * @param fetcher takes the requests
     * @return whether the prefetch table named the root; false for a caller's list
     * @throws IOException if an inode is broken; what the fetcher has got by then stays with it, the rest is dropped
     */
    public static boolean prefetchFiles(Bootstrap bootstrap, long rootIno, Optional<List<Long>> files, Fetcher fetcher)
            throws IOException {
        try {
            PrefetchRun run = new PrefetchRun(bootstrap, fetcher);
            if (files.isPresent()) {
                run.take(files.get());
                return false;
            }
            List<Long> table = bootstrap.prefetchTable();
            int end = table.indexOf(0L);
            List<Long> entries = end < 0 ? table : table.subList(0, end);
            if (entries.isEmpty()) {
                return false;
            }
            run.take(entries);
            return entries.contains(rootIno);
        } catch (RafsFormatException e) {
            throw new IOException("Failed to prefetch data: " + e.getMessage(), e);
        }
    }

    private void take(List<Long> inos) throws RafsFormatException {
        for (long ino : new LinkedHashSet<>(inos)) {
            Inode inode = bootstrap.inode(ino);
            if (inode.isDirectory()) {
                takeTree(inode);
            } else if (inode.isRegular() && inode.size() != 0) {
                takeFile(inode);
            }
        }
        for (IoVector vector : merge.drain()) {
            fetcher.fetch(vector, true);
        }
    }

    private void takeTree(Inode start) throws RafsFormatException {
        for (long ino : descendants(start)) {
            takeFile(bootstrap.inode(ino));
        }
    }

    /**
     * Returns the numbers of all files below a directory that have content: those of the directory in stored order, then those of each
     * child directory.
     *
     * @throws RafsFormatException if {@code directory} is none, or something is broken
     */
    public static List<Long> descendants(Bootstrap bootstrap, Inode directory) throws RafsFormatException {
        return new PrefetchRun(bootstrap, (vector, last) -> {}).descendants(directory);
    }

    private List<Long> descendants(Inode start) throws RafsFormatException {
        List<Long> files = new ArrayList<>();
        List<Inode> pending = new ArrayList<>();
        pending.add(start);
        while (!pending.isEmpty()) {
            Inode directory = pending.removeLast();
            if (!directories.add(directory.ino())) {
                continue;
            }
            List<Inode> children = new ArrayList<>();
            directory.walk(0, (name, ino, type, next) -> {
                if (!BootstrapWalk.isDot(name)) {
                    Inode child = bootstrap.inode(ino);
                    if (child.isDirectory()) {
                        children.add(child);
                    } else if (child.isRegular() && child.size() != 0) {
                        files.add(ino);
                    }
                }
                return true;
            });
            pending.addAll(children.reversed());
        }
        return files;
    }

    private void takeFile(Inode inode) throws RafsFormatException {
        if (inode.isHardLink() && !hardLinks.add(inode.ino())) {
            return;
        }
        for (IoVector vector : IoVector.plan(bootstrap, inode, 0, inode.size(), false)) {
            merge.append(vector);
            IoVector current = merge.current();
            if (current != null) {
                fetcher.fetch(current, false);
            }
        }
    }
}
