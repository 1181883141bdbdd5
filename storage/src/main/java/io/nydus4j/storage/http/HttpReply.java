package io.nydus4j.storage.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;

/** A reply whose body is read from the network. For one thread, during one call of a {@link ReplyReader}. */
public final class HttpReply {
    /** Bytes of a body that are worth reading to keep its connection. */
    private static final int WORTH_DRAINING = 64 << 10;

    private static final int LONGEST_PROBLEM = 512;

    private final ClassicHttpResponse response;
    private final Deadline deadline;
    private final InputStream body;

    HttpReply(ClassicHttpResponse response, Deadline deadline) throws IOException {
        this.response = response;
        this.deadline = deadline;
        HttpEntity entity = response.getEntity();
        InputStream content = entity == null ? null : entity.getContent();
        this.body = content == null ? InputStream.nullInputStream() : content;
    }

    /** Returns the status, such as 200. */
    public int status() {
        return response.getCode();
    }

    /** Tells whether the status says that the request did what it should: 200 to 299. */
    public boolean succeeded() {
        return status() >= 200 && status() < 300;
    }

    /** Returns the first header of a name. */
    public Optional<String> header(String name) {
        Header header = response.getFirstHeader(name);
        return Optional.ofNullable(header).map(Header::getValue).map(String::strip);
    }

    /** Returns the length of the body, if it says so. */
    public OptionalLong contentLength() {
        Optional<String> text = header("Content-Length");
        if (text.isEmpty() || !text.get().matches("[0-9]{1,18}")) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(Long.parseLong(text.get()));
    }

    /** Gives the reply as much time again as a body needs. Without this, a reply has time for a few bytes only. */
    void expectBody(Duration time) {
        deadline.extend(time);
    }

    /** Returns the body; ends with an exception if it is shorter than the reply says. */
    public InputStream body() {
        return body;
    }

    /**
     * Returns the body as text.
     *
     * @param limit most bytes to read
     * @throws IOException if there are more
     */
    public String text(int limit) throws IOException {
        byte[] bytes = body.readNBytes(limit + 1);
        if (bytes.length > limit) {
            throw new IOException("the reply has more than " + limit + " bytes");
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Returns the failure that a status of 400 and above means, with the start of the body. */
    public HttpStatusException failure() {
        String problem = "";
        try {
            String text = new String(body.readNBytes(LONGEST_PROBLEM), StandardCharsets.UTF_8);
            problem = text.replaceAll("\\s+", " ").strip();
        } catch (IOException e) {
            // The status says enough.
        }
        return new HttpStatusException(status(), problem, header("Retry-After").flatMap(RetryAfter::parse));
    }

    /** Reads what is left, if that is little, so that the connection can be used again. */
    void drain() {
        try {
            body.readNBytes(WORTH_DRAINING);
        } catch (IOException e) {
            // Then the connection is closed.
        }
    }
}
