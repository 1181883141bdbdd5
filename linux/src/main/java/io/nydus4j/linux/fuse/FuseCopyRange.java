package io.nydus4j.linux.fuse;

/**
 * What a COPY_FILE_RANGE asks for; its node is the file to read ({@code fuse_copy_file_range_in}).
 *
 * @param handle       handle of the file to read, 0 if it has none
 * @param offset       where to start there, in bytes
 * @param targetNodeId the file to write
 * @param targetHandle handle of that, 0 if it has none
 * @param targetOffset where to start there, in bytes
 * @param length       how much, in bytes
 */
public record FuseCopyRange(
        long handle, long offset, long targetNodeId, long targetHandle, long targetOffset, long length) {}
