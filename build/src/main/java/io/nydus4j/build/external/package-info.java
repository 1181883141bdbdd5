/** Files whose data lies in external storage, as an attributes file says. */
@NullMarked
package io.nydus4j.build.external;

import org.jspecify.annotations.NullMarked;
