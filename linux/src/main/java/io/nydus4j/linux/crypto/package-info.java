/** Cryptography by what the machine has, where that is quicker than Java's. */
@NullMarked
package io.nydus4j.linux.crypto;

import org.jspecify.annotations.NullMarked;
