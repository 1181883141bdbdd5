package io.nydus4j.linux.libc;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Links functions of the C library and calls them.
 *
 * <p>All have one shape, six 64-bit arguments and a 64-bit result, since the linker takes milliseconds to compile a shape but next to
 * nothing for one more function of the same. The calling conventions of Linux on x86-64 and aarch64 allow that for functions of at
 * most six integers and pointers: each argument travels in a register of its own, whose upper half a narrower argument leaves
 * undefined, registers past the last argument are scratch, and variable arguments go where fixed ones would.
 */
public final class Libc {
    /** All memory of the process, for reading and writing at addresses that native code gives or takes. */
    public static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    static final StructLayout CAPTURE_LAYOUT = Linker.Option.captureStateLayout();

    private static final int ARGUMENTS = 6;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
    private static final FunctionDescriptor SHAPE = shape();

    private Libc() {}

    /**
     * Links a function.
     *
     * @param function its name in the C library; it takes at most {@value #ARGUMENTS} integers or pointers
     * @return a handle that takes the capture segment and {@value #ARGUMENTS} longs and returns a long
     * @throws UnsatisfiedLinkError if the C library lacks it
     */
    static MethodHandle link(String function) {
        return link(address(function));
    }

    /** Links a function of any library; otherwise as {@link #link(String)}. */
    static MethodHandle link(MemorySegment function) {
        return LINKER.downcallHandle(function, SHAPE, CAPTURE);
    }

    /** Links a function, or returns null if the C library lacks it. */
    static @Nullable MethodHandle linkIfPresent(String function) {
        return LINKER.defaultLookup().find(function).map(Libc::link).orElse(null);
    }

    /**
     * Finds a function's address.
     *
     * @throws UnsatisfiedLinkError if the C library lacks it
     */
    static MemorySegment address(String function) {
        return LINKER.defaultLookup()
                .find(function)
                .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no function " + function));
    }

    /** Returns the address of a variable of the C library. */
    static long variable(String name) {
        return address(name).address();
    }

    private static FunctionDescriptor shape() {
        MemoryLayout[] arguments = new MemoryLayout[ARGUMENTS];
        Arrays.fill(arguments, JAVA_LONG);
        return FunctionDescriptor.of(JAVA_LONG, arguments);
    }

    /** Turns what a handle threw, which native code cannot, into an error. */
    static RuntimeException failed(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
        throw new AssertionError("a native call threw", thrown);
    }

    static long raw(MethodHandle function, Scratch scratch) {
        try {
            return (long) function.invokeExact(scratch.capture(), 0L, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    static long raw(MethodHandle function, Scratch scratch, long a) {
        try {
            return (long) function.invokeExact(scratch.capture(), a, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    static long raw(MethodHandle function, Scratch scratch, long a, long b) {
        try {
            return (long) function.invokeExact(scratch.capture(), a, b, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    static long raw(MethodHandle function, Scratch scratch, long a, long b, long c) {
        try {
            return (long) function.invokeExact(scratch.capture(), a, b, c, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    static long raw(MethodHandle function, Scratch scratch, long a, long b, long c, long d) {
        try {
            return (long) function.invokeExact(scratch.capture(), a, b, c, d, 0L, 0L);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    static long raw(MethodHandle function, Scratch scratch, long a, long b, long c, long d, long e) {
        try {
            return (long) function.invokeExact(scratch.capture(), a, b, c, d, e, 0L);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    static long raw(MethodHandle function, Scratch scratch, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) function.invokeExact(scratch.capture(), a, b, c, d, e, f);
        } catch (Throwable t) {
            throw failed(t);
        }
    }
}
