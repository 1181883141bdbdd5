package io.nydus4j.rafs.tree;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Inode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** An extended attribute. Equal if name and value are. The arrays are not copied; nobody changes them. */
public final class Xattr {
    private final byte[] name;
    private final byte[] value;

    /**
     * Makes an attribute.
     *
     * @param name  full name with its prefix, such as {@code user.key}, up to 255 bytes
     * @param value up to 65,536 bytes
     */
    public Xattr(byte[] name, byte[] value) {
        this.name = name;
        this.value = value;
    }

    /**
     * Returns all xattrs of an inode, in stored order. Of two with one name the first counts.
     *
     * @throws RafsFormatException if they are broken
     */
    public static List<Xattr> listOf(Inode inode) throws RafsFormatException {
        List<Xattr> xattrs = new ArrayList<>();
        inode.forEachXattr((name, value) -> xattrs.add(new Xattr(name, value)));
        return xattrs;
    }

    /** Returns the full name with its prefix. */
    public byte[] name() {
        return name;
    }

    /** Returns the value. */
    public byte[] value() {
        return value;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Xattr xattr && Arrays.equals(name, xattr.name) && Arrays.equals(value, xattr.value);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(name) + Arrays.hashCode(value);
    }
}
