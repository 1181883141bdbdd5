package io.nydus4j.rafs.tree;

import org.jspecify.annotations.Nullable;

/** The first name of each file, found by source id: a hash table of nodes and nothing beside them, for trees have many names. */
final class FirstNames {
    /** Open addressing; at most half full. */
    private @Nullable Node[] places = new Node[1 << 10];

    private int count;

    /**
     * Adds a node unless there is one of the same source id.
     *
     * @return the node that was there, or null
     */
    @Nullable
    Node putIfAbsent(Node node) {
        int place = place(node.sourceId());
        Node first = places[place];
        if (first != null) {
            return first;
        }
        places[place] = node;
        if (++count > places.length / 2) {
            grow();
        }
        return null;
    }

    /** Returns the place of the node with this id, or where it would be. */
    private int place(SourceId id) {
        int mask = places.length - 1;
        int place = id.hashCode() & mask;
        while (true) {
            Node node = places[place];
            if (node == null || node.sourceId().equals(id)) {
                return place;
            }
            place = (place + 1) & mask;
        }
    }

    private void grow() {
        @Nullable Node[] before = places;
        places = new Node[Math.multiplyExact(before.length, 4)];
        for (Node node : before) {
            if (node != null) {
                places[place(node.sourceId())] = node;
            }
        }
    }
}
