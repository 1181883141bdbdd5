package io.nydus4j.blob;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Little-endian numbers in byte arrays, at any offset.
 *
 * <p>Who reads or writes many structures copies each out of its memory segment, or into it, as a whole, and has its fields here. Until
 * the second compiler is through with it, which short commands do not live to see, a field of a segment takes ten times as long.
 */
public final class LittleEndian {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private LittleEndian() {}

    /** Returns the 2 bytes at {@code offset} as an unsigned number. */
    public static int shortAt(byte[] bytes, int offset) {
        return Short.toUnsignedInt((short) SHORT.get(bytes, offset));
    }

    /** Returns the 4 bytes at {@code offset}. */
    public static int intAt(byte[] bytes, int offset) {
        return (int) INT.get(bytes, offset);
    }

    /** Returns the 8 bytes at {@code offset}. */
    public static long longAt(byte[] bytes, int offset) {
        return (long) LONG.get(bytes, offset);
    }

    /** Writes the low 16 bits of {@code value} at {@code offset}. */
    public static void putShort(byte[] bytes, int offset, int value) {
        SHORT.set(bytes, offset, (short) value);
    }

    /** Writes 4 bytes at {@code offset}. */
    public static void putInt(byte[] bytes, int offset, int value) {
        INT.set(bytes, offset, value);
    }

    /** Writes 8 bytes at {@code offset}. */
    public static void putLong(byte[] bytes, int offset, long value) {
        LONG.set(bytes, offset, value);
    }
}
