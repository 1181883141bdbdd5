package io.nydus4j.build.tar;

import java.util.Optional;

/**
 * A member of an archive and where it lies.
 *
 * @param entry          what the archive says of it; name and link name are as the archive has them
 * @param headerPosition first byte of its headers, counted in the plain archive
 * @param dataPosition   first byte of its data, counted in the plain archive
 * @param storedSize     bytes of data in the archive
 * @param sparse         where the data belongs, if the file is sparse; else it is the file
 */
public record TarMember(
        TarEntry entry, long headerPosition, long dataPosition, long storedSize, Optional<SparseMap> sparse) {}
