package io.nydus4j.build.stargz;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.build.source.XattrRules;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.Xattr;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * How an entry's attributes become those of an inode. Times are left out: the reference reads none.
 *
 * @param explicitUidGid whether owners are kept
 * @param layer          number of the layer, 0 for the lowest
 */
record NodeAttributes(boolean explicitUidGid, int layer) {
    /** Gives a node the owner, size, device number and xattrs of an entry; returns the node. */
    Node fill(Node node, StargzEntry entry, StargzType type) throws RafsFormatException {
        if (explicitUidGid) {
            node.setOwner(entry.uid(), entry.gid());
        }
        if (type == StargzType.REGULAR || type == StargzType.DIRECTORY) {
            if (entry.size() < 0) {
                throw entry.broken("its size, " + Long.toUnsignedString(entry.size()) + ", is too big");
            }
            node.setSize(entry.size());
        }
        node.setRdev(entry.rdev(type));
        node.setXattrs(xattrs(entry));
        return node;
    }

    private static List<Xattr> xattrs(StargzEntry entry) throws RafsFormatException {
        List<Xattr> xattrs = new ArrayList<>(entry.xattrs().size());
        for (Map.Entry<String, String> xattr : entry.xattrs().entrySet()) {
            byte[] name = xattr.getKey().getBytes(StandardCharsets.UTF_8);
            byte[] value = value(xattr.getKey(), xattr.getValue(), entry);
            if (!XattrRules.fits(name, value)) {
                throw entry.broken("xattr key/value is too big: " + EntryLabel.printable(xattr.getKey()));
            }
            if (!XattrRules.isAllowed(name)) {
                throw entry.broken("invalid xattr key " + EntryLabel.printable(xattr.getKey()));
            }
            xattrs.add(new Xattr(name, value));
        }
        return xattrs;
    }

    /** Decodes a value, from its one spelling: padded, without white space, unused bits zero. */
    private static byte[] value(String name, String text, StargzEntry entry) throws RafsFormatException {
        try {
            byte[] value = Base64.getDecoder().decode(text);
            if (Base64.getEncoder().encodeToString(value).equals(text)) {
                return value;
            }
            throw new IllegalArgumentException("another spelling of " + value.length + " bytes");
        } catch (IllegalArgumentException e) {
            RafsFormatException failure =
                    entry.broken("the value of xattr " + EntryLabel.printable(name) + " is not base64");
            failure.initCause(e);
            throw failure;
        }
    }
}
