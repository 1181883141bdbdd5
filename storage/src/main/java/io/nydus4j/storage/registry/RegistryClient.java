package io.nydus4j.storage.registry;

import io.nydus4j.storage.config.Secret;
import io.nydus4j.storage.http.HttpCall;
import io.nydus4j.storage.http.HttpSender;
import io.nydus4j.storage.http.HttpStatusException;
import io.nydus4j.storage.http.NetworkClient;
import io.nydus4j.storage.http.ReplyReader;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to one repository of a registry, identified as the registry wants it: by a token, by name and password, or not at all.
 * Safe for use by many threads.
 *
 * <p>A token is renewed in the background before it ends, when requests come; a request that is refused gets a new one and is sent
 * again, once. The very first request goes alone, so that a crowd of readers does not ask for a crowd of tokens.
 */
public final class RegistryClient implements HttpSender {
    private static final Logger LOGGER = System.getLogger(RegistryClient.class.getName());
    private static final int UNAUTHORIZED = 401;
    private static final long RENEWED_BEFORE_END_SECONDS = 20;
    private static final long LARGEST_SPREAD_SECONDS = 300;
    private static final long FIRST_BACKOFF_SECONDS = 5;
    private static final long LONGEST_BACKOFF_SECONDS = 600;

    private final NetworkClient client;
    private final CredentialSource credentials;
    private final TokenService tokens;
    /** Held while one thread gets a token, or sends the first request: the others must wait for that anyway. */
    private final ReentrantLock lock = new ReentrantLock();

    /** How many refused requests have had, or have not got, another authorization. */
    private final AtomicInteger renewals = new AtomicInteger();

    private final AtomicBoolean renewing = new AtomicBoolean();
    private volatile Authorization authorization;
    /** Whether the first request has ended, well or not. */
    private volatile boolean tried;
    /** Guarded by the lock. */
    private @Nullable IOException lastFailure;

    private volatile long backoffSeconds = FIRST_BACKOFF_SECONDS;

    /**
     * What goes along with requests.
     *
     * @param header    value of the {@code Authorization} header, empty for none
     * @param challenge what it answers; null if nobody asked
     * @param renewAt   when a new one is wanted, in terms of {@link System#nanoTime}; counts with a challenge for tokens only
     */
    private record Authorization(Secret header, @Nullable Challenge challenge, long renewAt) {
        private static final Authorization NONE = new Authorization(Secret.NONE, null, 0);

        boolean isDue() {
            return challenge != null && challenge.scheme().equals("bearer") && System.nanoTime() - renewAt >= 0;
        }
    }

    /** What came of one attempt: a result, or a challenge. */
    private sealed interface Outcome<T> {
        /** The reader's result. */
        record Done<T>(T result) implements Outcome<T> {}

        /** A refusal, and how to do better. */
        record Refused<T>(List<Challenge> challenges, HttpStatusException failure) implements Outcome<T> {}
    }

    /**
     * Makes a client; sends nothing yet.
     *
     * @param client      closed with this
     * @param credentials asked when the registry wants to know
     * @param token       a bearer token to begin with
     */
    public RegistryClient(NetworkClient client, CredentialSource credentials, Optional<Secret> token) {
        this.client = client;
        this.credentials = credentials;
        this.tokens = new TokenService(client);
        this.authorization = token.map(value -> new Authorization(new Secret("Bearer " + value.value()), null, 0))
                .orElse(Authorization.NONE);
    }

    /** Sends a request without saying who asks: to the servers that a registry redirects to. Blocks on the network. */
    public <T> T sendAnonymously(HttpCall call, ReplyReader<T> reader) throws IOException {
        return client.send(call, reader);
    }

    @Override
    public <T> T send(HttpCall call, ReplyReader<T> reader) throws IOException {
        if (!tried) {
            lock.lock();
            try {
                if (!tried) {
                    return sendFirst(call, reader);
                }
            } finally {
                lock.unlock();
            }
        }
        renewInBackgroundIfDue();
        return sendIdentified(call, reader);
    }

    private <T> T sendFirst(HttpCall call, ReplyReader<T> reader) throws IOException {
        try {
            return sendIdentified(call, reader);
        } finally {
            tried = true;
        }
    }

    private <T> T sendIdentified(HttpCall call, ReplyReader<T> reader) throws IOException {
        Authorization used = authorization;
        Outcome<T> outcome = attempt(call, used, reader);
        if (outcome instanceof Outcome.Refused<T> refused) {
            renew(used, refused.challenges(), refused.failure());
            outcome = attempt(call, authorization, reader);
        }
        return switch (outcome) {
            case Outcome.Done<T> done -> done.result();
            case Outcome.Refused<T> refused -> throw refused.failure();
        };
    }

    private <T> Outcome<T> attempt(HttpCall call, Authorization used, ReplyReader<T> reader) throws IOException {
        HttpCall identified = used.header().isEmpty()
                ? call
                : call.with("Authorization", used.header().value());
        return client.send(identified, reply -> {
            if (reply.status() == UNAUTHORIZED) {
                return new Outcome.Refused<>(
                        reply.header("WWW-Authenticate").map(Challenge::parse).orElse(List.of()), reply.failure());
            }
            return new Outcome.Done<>(reader.read(reply));
        });
    }

    /**
     * Gets another authorization than {@code used}, unless another thread has done so, or has failed to while this one waited: where a token
     * service does not answer, readers do not wait for it one after the other.
     */
    private void renew(Authorization used, List<Challenge> challenges, HttpStatusException refusal) throws IOException {
        int before = renewals.get();
        lock.lock();
        try {
            if (!authorization.equals(used)) {
                return;
            }
            IOException failed = lastFailure;
            if (failed != null && renewals.get() != before) {
                throw failed;
            }
            lastFailure = null;
            authorization = answer(challenges, refusal);
        } catch (IOException e) {
            lastFailure = e;
            throw e;
        } finally {
            renewals.incrementAndGet();
            lock.unlock();
        }
    }

    private Authorization answer(List<Challenge> challenges, HttpStatusException refusal) throws IOException {
        for (Challenge challenge : challenges) {
            if (challenge.scheme().equals("bearer")) {
                return withToken(challenge);
            }
        }
        for (Challenge challenge : challenges) {
            if (challenge.scheme().equals("basic")) {
                // Asked for once, however many challenges there are: it may be a program that is to be run.
                RegistryCredentials who = credentials.find().orElseThrow(() -> refusal);
                return new Authorization(who.basic(), challenge, 0);
            }
        }
        throw refusal;
    }

    private Authorization withToken(Challenge challenge) throws IOException {
        TokenService.Token token = tokens.fetch(challenge, credentials.find());
        backoffSeconds = FIRST_BACKOFF_SECONDS;
        long life = token.lifeSeconds();
        long spread = ThreadLocalRandom.current().nextLong(Math.min(life / 10, LARGEST_SPREAD_SECONDS) + 1);
        long seconds = Math.max(life / 2, life - RENEWED_BEFORE_END_SECONDS - spread);
        return new Authorization(
                new Secret("Bearer " + token.value().value()),
                challenge,
                System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds));
    }

    private void renewInBackgroundIfDue() {
        Authorization old = authorization;
        Challenge challenge = old.challenge();
        if (challenge == null || !old.isDue() || !renewing.compareAndSet(false, true)) {
            return;
        }
        Thread.ofVirtual().name("nydus-token").start(() -> {
            try {
                Authorization next = withToken(challenge);
                lock.lock();
                try {
                    if (authorization.equals(old)) {
                        authorization = next;
                    }
                } finally {
                    lock.unlock();
                }
            } catch (IOException e) {
                LOGGER.log(Level.WARNING, "cannot renew a registry token: " + e.getMessage());
                postpone(old);
            } finally {
                renewing.set(false);
            }
        });
    }

    /** Keeps a token that could not be renewed, and lets the next try wait. */
    private void postpone(Authorization old) {
        long wait = backoffSeconds;
        backoffSeconds = Math.min(2 * wait, LONGEST_BACKOFF_SECONDS);
        lock.lock();
        try {
            if (authorization.equals(old)) {
                authorization = new Authorization(
                        old.header(), old.challenge(), System.nanoTime() + TimeUnit.SECONDS.toNanos(wait));
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
