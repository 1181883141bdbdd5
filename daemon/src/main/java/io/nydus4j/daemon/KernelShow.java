package io.nydus4j.daemon;

import io.nydus4j.daemon.erofs.ComposefsMounted;
import io.nydus4j.daemon.erofs.ErofsMounted;
import io.nydus4j.daemon.erofs.FillService;
import io.nydus4j.daemon.erofs.KernelMount;
import io.nydus4j.daemon.erofs.ObjectFills;
import io.nydus4j.daemon.erofs.ReaderService;
import java.io.IOException;
import java.nio.file.Path;

/** How the kernel shows images by itself. */
sealed interface KernelShow {
    /** Returns the type of its mounts, as mount tables have it. */
    String type();

    /** Returns what answers who waits for data. */
    ReaderService readers();

    /**
     * Has the kernel show an image.
     *
     * @throws IOException if the kernel cannot show this image
     */
    KernelMount mount(ServedImage image, Path target) throws IOException;

    /** Goes on with an image that the kernel shows since a predecessor's time. */
    KernelMount attach(ServedImage image, Path target) throws IOException;

    /**
     * Goes on with one that can be seen no more, but is in use.
     *
     * @param device number of its device
     */
    KernelMount attachUnseen(ServedImage image, Path target, long device) throws IOException;

    /**
     * By an EROFS that reads the files of each image's cache.
     *
     * @param readers fills these
     */
    record Erofs(FillService readers) implements KernelShow {
        @Override
        public String type() {
            return ErofsMounted.TYPE;
        }

        @Override
        public KernelMount mount(ServedImage image, Path target) throws IOException {
            return ErofsMounted.mount(
                    readers, KernelRules.metadata(image.source()), image.blobs(), target, image.readsByKernel());
        }

        @Override
        public KernelMount attach(ServedImage image, Path target) throws IOException {
            return ErofsMounted.attach(readers, image.blobs(), target, image.readsByKernel());
        }

        @Override
        public KernelMount attachUnseen(ServedImage image, Path target, long device) throws IOException {
            return ErofsMounted.attachUnseen(readers, image.blobs(), target, image.readsByKernel(), device);
        }
    }

    /**
     * By an overlay of an EROFS with the names and a store with the content, which images share.
     *
     * @param readers fills the objects of the store
     */
    record Composefs(ObjectFills readers) implements KernelShow {
        @Override
        public String type() {
            return ComposefsMounted.TYPE;
        }

        @Override
        public KernelMount mount(ServedImage image, Path target) throws IOException {
            return ComposefsMounted.mount(readers, image.metadata(), image.blobs(), target);
        }

        @Override
        public KernelMount attach(ServedImage image, Path target) throws IOException {
            return ComposefsMounted.attach(readers, image.metadata(), image.blobs(), target);
        }

        @Override
        public KernelMount attachUnseen(ServedImage image, Path target, long device) throws IOException {
            return ComposefsMounted.attachUnseen(readers, image.metadata(), image.blobs(), target, device);
        }
    }
}
