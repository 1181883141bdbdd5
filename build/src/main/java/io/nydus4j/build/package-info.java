/**
 * Sources to images and back: each verb is one class with its options and a progress listener: {@link CreateImage}, {@link CheckImage},
 * {@link UnpackImage}.
 */
@NullMarked
package io.nydus4j.build;

import org.jspecify.annotations.NullMarked;
