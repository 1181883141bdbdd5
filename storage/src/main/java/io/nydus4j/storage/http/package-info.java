/** HTTP as backends need it: connections, routes over proxies and mirrors, retries, and blobs read by ranges. */
@NullMarked
package io.nydus4j.storage.http;

import org.jspecify.annotations.NullMarked;
