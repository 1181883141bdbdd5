/**
 * The C library's functions, one class per C header.
 *
 * <p>Every method takes its arguments as C has them, pointers as addresses, and returns the function's result or the negated error
 * number, so that nothing is allocated on the way. A class links its functions when it is first used.
 */
@NullMarked
package io.nydus4j.linux.libc;

import org.jspecify.annotations.NullMarked;
