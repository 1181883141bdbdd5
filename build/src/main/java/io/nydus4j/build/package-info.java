<<<<<<< HEAD
/** Builds images from directories and archives, and images from images. */
=======
/**
 * Sources to images and back: each verb is one class with its options and a progress listener ({@link CreateImage},
 * {@link CheckImage}, {@link InspectImage}, {@link UnpackImage}).
 */
>>>>>>> ae24c33 (Set what a build is asked for and what it answers)
@NullMarked
package io.nydus4j.build;

import org.jspecify.annotations.NullMarked;
