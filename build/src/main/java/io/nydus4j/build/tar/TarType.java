package io.nydus4j.build.tar;

/** The type of a member of a tar archive. */
public enum TarType {
    REGULAR('0'),
    HARD_LINK('1'),
    SYMLINK('2'),
    CHARACTER_DEVICE('3'),
    BLOCK_DEVICE('4'),
    DIRECTORY('5'),
    FIFO('6'),
    /** The PAX records of the next member. */
    PAX('x');

    private final byte flag;

    TarType(char flag) {
        this.flag = (byte) flag;
    }

    /** Returns the byte in the header. */
    byte flag() {
        return flag;
    }
}
