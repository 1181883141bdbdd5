package io.nydus4j.linux.file;

/**
 * Device numbers as the C library packs them into 64 bits.
 *
 * <p>Numbers with a major of at most 12 bits and a minor of at most 20, which is all the kernel uses, have the same bits as the
 * kernel's 32-bit form.
 */
public final class DeviceNumbers {
    private DeviceNumbers() {}

    /** Packs a major and a minor number, both unsigned. */
    public static long of(int major, int minor) {
        return ((long) (major & 0xFFFFF000) & 0xFFFFFFFFL) << 32
                | (major & 0xFFFL) << 8
                | ((long) (minor & 0xFFFFFF00) & 0xFFFFFFFFL) << 12
                | (minor & 0xFFL);
    }

    /** Returns the major number. */
    public static int major(long device) {
        return (int) (device >>> 32 & 0xFFFFF000L | device >>> 8 & 0xFFF);
    }

    /** Returns the minor number. */
    public static int minor(long device) {
        return (int) (device >>> 12 & 0xFFFFFF00L | device & 0xFF);
    }
}
