package io.nydus4j.rafs.load;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.rafs.RafsMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How {@link Rafs} loads an image.
 *
 * @param mode            how the bootstrap is held
 * @param validateDigests whether the digests of all inodes are checked at once; only v5 has them
 * @param inlinedBlobs    where to look for a bootstrap that is inlined in its data blob, if the file is none
 */
public record LoadOptions(RafsMode mode, boolean validateDigests, Optional<InlinedBlobs> inlinedBlobs) {
    /** Mapped, digests not checked, no blobs to look into. */
    public static final LoadOptions DEFAULT = new LoadOptions(RafsMode.DIRECT, false, Optional.empty());

    /** Returns these options with another mode. */
    public LoadOptions withMode(RafsMode newMode) {
        return new LoadOptions(newMode, validateDigests, inlinedBlobs);
    }

    /** Returns these options with digests checked or not. */
    public LoadOptions withValidateDigests(boolean validate) {
        return new LoadOptions(mode, validate, inlinedBlobs);
    }

    /** Returns these options with a place to look for inlined bootstraps. */
    public LoadOptions withInlinedBlobs(InlinedBlobs blobs) {
        return new LoadOptions(mode, validateDigests, Optional.of(blobs));
    }

    /** Where data blobs are, and where what is extracted from them goes. */
    public interface InlinedBlobs {
        /**
         * Opens a blob; whoever implements this closes it when the load is over. May block on the network.
         *
         * @param blobId the id that the file name gives
         * @throws IOException if there is no such blob, or it cannot be read
         */
        PositionalSource open(String blobId) throws IOException;

        /**
         * Returns the file that takes the blob's bootstrap; by custom {@code <cache folder>/<blob id>.image.boot}.
         *
         * @throws IOException if there is no folder for it
         */
        Path target(String blobId) throws IOException;
    }
}
