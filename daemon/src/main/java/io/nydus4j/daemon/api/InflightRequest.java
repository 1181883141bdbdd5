package io.nydus4j.daemon.api;

import java.util.List;

/**
 * A request of the kernel that is being worked on: an item of {@code GET /api/v1/metrics/inflight}.
 *
 * @param nodeId       inode as the kernel names it
 * @param opcode       FUSE operation
 * @param unique       number of the request
 * @param startSeconds when it came, in seconds since 1970
 */
public record InflightRequest(long nodeId, int opcode, long unique, long startSeconds) {
    /** Returns the answer for several requests as JSON. */
    public static String toJson(List<InflightRequest> requests) {
        return JsonText.write(out -> {
            out.writeStartArray();
            for (InflightRequest request : requests) {
                out.writeStartObject();
                JsonText.number(out, "inode", request.nodeId);
                JsonText.number(out, "opcode", request.opcode);
                JsonText.number(out, "unique", request.unique);
                JsonText.number(out, "timestamp_secs", request.startSeconds);
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }
}
