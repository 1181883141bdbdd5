/** Encryption of chunks and metadata: AES-128-XTS. */
@NullMarked
package io.nydus4j.blob.crypt;

import org.jspecify.annotations.NullMarked;
