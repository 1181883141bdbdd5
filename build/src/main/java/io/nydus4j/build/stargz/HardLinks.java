package io.nydus4j.build.stargz;

import io.nydus4j.blob.RafsFormatException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Finds what hard links lead to, perhaps through other links, when the tree is complete. To be used once. */
final class HardLinks {
    private final StargzTree tree;
    /** What each link that has been followed leads to. */
    private final Map<StargzName, StargzName> targets = new HashMap<>();

    HardLinks(StargzTree tree) {
        this.tree = tree;
    }

    /**
     * Returns the regular file that a link leads to.
     *
     * @throws RafsFormatException if it leads nowhere, in a circle, or to something else
     */
    StargzName target(StargzName link) throws RafsFormatException {
        List<StargzName> way = new ArrayList<>();
        StargzName name = link;
        for (LinkEntry entry = name.link(); entry != null; entry = name.link()) {
            StargzName known = targets.get(name);
            if (known != null) {
                name = known;
                break;
            }
            way.add(name);
            // No way is longer than all links there are, unless it is a circle.
            targets.put(name, name);
            name = step(entry);
            if (targets.get(name) == name) {
                throw entry.label().broken("the hard link leads in a circle");
            }
        }
        if (name.file() == null) {
            LinkEntry entry = Objects.requireNonNull(link.link(), "no hard link");
            throw entry.label()
                    .broken("stargz: target " + EntryLabel.printable(entry.target())
                            + " for hardlink is not a regular file");
        }
        for (StargzName passed : way) {
            targets.put(passed, name);
        }
        return name;
    }

    private StargzName step(LinkEntry entry) throws RafsFormatException {
        @Nullable StargzName next = tree.find(entry.target(), entry.label());
        if (next == null) {
            throw entry.label()
                    .broken("stargz: unknown target " + EntryLabel.printable(entry.target()) + " for hardlink");
        }
        return next;
    }

    /** Gives a link all that it shares with the file it leads to: number, data and xattrs. */
    static void share(StargzName link, StargzName target) {
        link.node().setSourceId(target.node().sourceId());
        link.node().setSize(target.node().size());
        link.node().setChunks(target.node().chunks());
        link.node().setXattrsInOrder(target.node().xattrs());
    }
}
