/** Writing of JSON text. */
@NullMarked
package io.nydus4j.build.json;

import org.jspecify.annotations.NullMarked;
