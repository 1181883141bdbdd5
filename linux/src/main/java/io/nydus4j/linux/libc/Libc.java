package io.nydus4j.linux.libc;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/** Links functions of the C library and calls them. */
public final class Libc {
    /** All memory of the process, for reading and writing at addresses that native code gives or takes. */
    public static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    static final StructLayout CAPTURE_LAYOUT = Linker.Option.captureStateLayout();

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

    private Libc() {}

    /**
     * Links a function.
     *
     * @param function its name in the C library
     * @param arity    number of its arguments, 0 to 6
     * @return a handle that takes the capture segment and {@code arity} longs and returns a long
     * @throws UnsatisfiedLinkError if the C library lacks it
     */
    static MethodHandle link(String function, int arity) {
        return LINKER.downcallHandle(address(function), shape(arity), CAPTURE);
    }

    /**
     * Links a function with a variable argument list.
     *
     * @param function its name in the C library
     * @param arity    number of arguments that calls pass
     * @param fixed    number of arguments before the variable ones
     */
    static MethodHandle linkVariadic(String function, int arity, int fixed) {
        return LINKER.downcallHandle(address(function), shape(arity), CAPTURE, Linker.Option.firstVariadicArg(fixed));
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

    private static FunctionDescriptor shape(int arity) {
        MemoryLayout[] arguments = new MemoryLayout[arity];
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
            return (long) function.invokeExact(scratch.capture());
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    static long raw(MethodHandle function, Scratch scratch, long a) {
        try {
            return (long) function.invokeExact(scratch.capture(), a);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    static long raw(MethodHandle function, Scratch scratch, long a, long b) {
        try {
            return (long) function.invokeExact(scratch.capture(), a, b);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    static long raw(MethodHandle function, Scratch scratch, long a, long b, long c) {
        try {
            return (long) function.invokeExact(scratch.capture(), a, b, c);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    static long raw(MethodHandle function, Scratch scratch, long a, long b, long c, long d) {
        try {
            return (long) function.invokeExact(scratch.capture(), a, b, c, d);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    static long raw(MethodHandle function, Scratch scratch, long a, long b, long c, long d, long e) {
        try {
            return (long) function.invokeExact(scratch.capture(), a, b, c, d, e);
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
