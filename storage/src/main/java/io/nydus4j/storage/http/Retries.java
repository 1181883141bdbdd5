package io.nydus4j.storage.http;

import io.nydus4j.storage.BackendException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * Repeats requests of one backend that failed and may succeed. Safe for use by several threads.
 *
 * <p>A request is tried {@value #ATTEMPTS} times, with a wait before each further attempt that grows tenfold from 50 ms to 5 s, give
 * or take half of it. Servers that ask for patience (429, or 503 with {@code Retry-After}) get it from all threads: none asks again
 * before that time. Such answers are not counted, but a request for which the waits would add up to more than
 * {@value #LONGEST_PATIENCE_SECONDS} s fails.
 *
 * <p>A certificate for another name, or a redirect that leads nowhere, is a mistake of the configuration, and an error at once, while
 * no request has succeeded; after that it is a mistake of others, which they may mend.
 */
public final class Retries {
    /** How often a request is tried, unless the configuration has more. */
    public static final int ATTEMPTS = 4;
    /** How long a request waits for a server that asks for patience, in seconds. */
    public static final int LONGEST_PATIENCE_SECONDS = 60;

    private static final Duration FIRST_WAIT = Duration.ofMillis(50);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);
    private static final Duration USUAL_PATIENCE = Duration.ofSeconds(1);
    private static final int GROWTH = 10;
    /** What the JDK says when a server answers in plain text. */
    private static final String NO_TLS = "Unsupported or unrecognized SSL message";

    private final String backend;
    private final int attempts;
    private final Duration firstWait;
    private final Duration longestPatience;
    /** When the server may be asked again, in terms of {@link System#nanoTime}. */
    private final AtomicLong quietUntil = new AtomicLong(System.nanoTime());
    /** Whether a request has succeeded. */
    private volatile boolean proven;

    /** One attempt at a request. */
    @FunctionalInterface
    public interface Attempt<T> {
        /**
         * Sends the request.
         *
         * @throws IOException if it fails
         */
        T run() throws IOException;
    }

    /**
     * Makes the usual rule.
     *
     * @param backend    kind and place of the backend, for messages
     * @param retryLimit how many further attempts the configuration wants; fewer than usual are not heeded
     */
    public Retries(String backend, int retryLimit) {
        this(backend, Math.max(ATTEMPTS, retryLimit + 1), FIRST_WAIT, Duration.ofSeconds(LONGEST_PATIENCE_SECONDS));
    }

    Retries(String backend, int attempts, Duration firstWait, Duration longestPatience) {
        this.backend = backend;
        this.attempts = attempts;
        this.firstWait = firstWait;
        this.longestPatience = longestPatience;
    }

    /** Returns kind and place of the backend. */
    public String backend() {
        return backend;
    }

    /**
     * Runs a request until it succeeds. Blocks.
     *
     * @param request what is asked, for messages
     * @throws BackendException       if all attempts fail, or one fails in a way that no repetition mends
     * @throws InterruptedIOException if the thread is interrupted
     */
    public <T> T run(String request, Attempt<T> attempt) throws IOException {
        Duration wait = firstWait;
        Duration patience = longestPatience;
        int tried = 0;
        while (true) {
            patience = patience.minus(waitForQuiet());
            try {
                T result = attempt.run();
                proven = true;
                return result;
            } catch (BackendException e) {
                throw e;
            } catch (IOException e) {
                if (Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                if (isRefusal(e) || (!proven && isMistaken(e))) {
                    throw failure(request, e, false);
                }
                if (e instanceof HttpStatusException answer && answer.asksForPatience()) {
                    if (beQuiet(answer).compareTo(patience) > 0) {
                        throw failure(request, e, true);
                    }
                    continue;
                }
                tried++;
                if (tried >= attempts) {
                    throw failure(request, e, true);
                }
            }
            sleep(jittered(wait));
            wait = wait.multipliedBy(GROWTH);
            wait = wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
        }
    }

    private BackendException failure(String request, IOException cause, boolean retryable) {
        String problem = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        if (cause instanceof UnknownHostException) {
            problem = "unknown host: " + problem;
        }
        BackendException failure = new BackendException(backend, request, problem, retryable);
        failure.initCause(cause);
        return failure;
    }

    /** Tells whether the server will answer the same. */
    private static boolean isRefusal(IOException failure) {
        return failure instanceof HttpStatusException answer && !answer.retryable();
    }

    /** Tells whether the server leads elsewhere, shows a wrong certificate, or does not speak TLS. */
    private static boolean isMistaken(IOException failure) {
        if (failure instanceof WrongReplyException reply) {
            return !reply.retryable();
        }
        if (failure instanceof SSLException
                && String.valueOf(failure.getMessage()).contains(NO_TLS)) {
            return true;
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException || cause instanceof SSLPeerUnverifiedException) {
                return true;
            }
        }
        return false;
    }

    /** Notes for all threads how long the server wants to be left alone, and returns that. */
    private Duration beQuiet(HttpStatusException answer) {
        Optional<Duration> asked = answer.retryAfter();
        Duration quiet = asked.isPresent() && asked.get().isPositive() ? asked.get() : jittered(USUAL_PATIENCE);
        if (quiet.compareTo(longestPatience) <= 0) {
            long until = System.nanoTime() + quiet.toNanos();
            quietUntil.accumulateAndGet(until, (one, other) -> one - other > 0 ? one : other);
        }
        return quiet;
    }

    /** Waits until the server may be asked again; returns how long that was. Threads that waited do not start all at once. */
    private Duration waitForQuiet() throws InterruptedIOException {
        long nanos = quietUntil.get() - System.nanoTime();
        if (nanos <= 0) {
            return Duration.ZERO;
        }
        Duration wait = Duration.ofNanos(nanos + ThreadLocalRandom.current().nextLong(nanos / 5 + 1));
        sleep(wait);
        return wait;
    }

    private static Duration jittered(Duration wait) {
        return Duration.ofNanos(
                (long) (wait.toNanos() * ThreadLocalRandom.current().nextDouble(0.5, 1.5)));
    }

    private static void sleep(Duration wait) throws InterruptedIOException {
        try {
            TimeUnit.NANOSECONDS.sleep(wait.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (InterruptedIOException) new InterruptedIOException("interrupted").initCause(e);
        }
    }
}
