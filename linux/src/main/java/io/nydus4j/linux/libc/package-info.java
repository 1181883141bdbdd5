/**
 * The C library's functions, one class per C header.
 *
 * <p>Every method takes its arguments as C has them, pointers as addresses, and returns the function's result or the negated error
 * number, so that nothing is allocated on the way. A class links its functions when it is first used. All of them share six shapes
 * (one to six 64-bit arguments, a 64-bit result), which the linker compiles once each; the calling conventions of x86-64 and aarch64
 * let a narrower argument travel in a wider register.
 */
@NullMarked
package io.nydus4j.linux.libc;

import org.jspecify.annotations.NullMarked;
