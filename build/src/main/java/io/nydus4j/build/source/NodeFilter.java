package io.nydus4j.build.source;

import io.nydus4j.rafs.tree.Node;

/** Decides which names of a source go into the tree. */
@FunctionalInterface
public interface NodeFilter {
    /**
     * Tells whether a name stays; a directory that does not takes all below it along.
     *
     * @param node has its attributes, but no place in the tree yet
     */
    boolean keeps(Node node);
}
