package io.nydus4j.daemon.upgrade;

import io.nydus4j.daemon.api.DebugText;
import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.socket.UnixSocket;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The process that keeps the session for a successor, by the reference's protocol: to save, a daemon connects, sends the state with
 * the descriptor beside its first bytes, and closes; to restore, it connects, and the supervisor sends the same and closes.
 *
 * <p>The state is a document of ours, so both daemons must be. Failures are told in the words of the reference.
 */
public final class Supervisor {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int PIECE = 32 << 10;
    private static final int MAX_STATE = 64 << 20;

    private final Path socket;

    /** Makes a client of the supervisor that listens at a path. */
    public Supervisor(Path socket) {
        this.socket = socket;
    }

    /** Returns where it listens. */
    public Path socket() {
        return socket;
    }

    /** Gives it a session to keep; {@code device} stays the caller's. */
    public void save(SessionState state, Descriptor device) throws ServiceException {
        try (UnixSocket connection = connect()) {
            connection.send(state.toJson(), List.of(device));
        } catch (ErrnoException e) {
            throw failed("StorageBackendError(SendFd(" + osError(e) + "))");
        }
    }

    /** Takes back what a predecessor gave it. */
    public Inheritance restore() throws ServiceException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        List<Descriptor> descriptors = new ArrayList<>();
        try (UnixSocket connection = connect()) {
            UnixSocket.Message message;
            do {
                if (!connection.awaitInput(PATIENCE)) {
                    throw failed("StorageBackendError(RecvFd(" + osError(new ErrnoException("recv", Errno.ETIMEDOUT))
                            + "))");
                }
                message = connection.receive(PIECE);
                bytes.writeBytes(message.bytes());
                descriptors.addAll(message.descriptors());
            } while (message.bytes().length > 0 && bytes.size() <= MAX_STATE);
            if (descriptors.isEmpty() || bytes.size() == 0) {
                throw failed("StorageBackendError(NoEnoughFds)");
            }
            SessionState state = SessionState.parse(bytes.toByteArray());
            return new Inheritance(state, descriptors.removeFirst());
        } catch (ErrnoException e) {
            throw failed("StorageBackendError(RecvFd(" + osError(e) + "))");
        } catch (JsonException e) {
            throw failed("Deserialize(Custom { kind: Other, error: "
                    + DebugText.quote("Failed to load snapshot: " + e.getMessage()) + " })");
        } finally {
            closeAll(descriptors);
        }
    }

    private static void closeAll(List<Descriptor> descriptors) {
        for (Descriptor descriptor : descriptors) {
            try {
                descriptor.close();
            } catch (ErrnoException e) {
                throw new AssertionError("a descriptor that was only received has nothing to lose", e);
            }
        }
    }

    private UnixSocket connect() throws ServiceException {
        try {
            return UnixSocket.connect(NativePath.bytes(socket));
        } catch (ErrnoException e) {
            throw failed("StorageBackendError(CreateUnixStream(" + osError(e) + "))");
        }
    }

    private static ServiceException failed(String rendering) {
        return new ServiceException(ServiceException.Kind.UPGRADE, rendering);
    }

    private static String osError(ErrnoException e) {
        String kind = switch (e.errno()) {
            case Errno.ENOENT -> "NotFound, message: \"No such file or directory\"";
            case Errno.ECONNREFUSED -> "ConnectionRefused, message: \"Connection refused\"";
            case Errno.EACCES -> "PermissionDenied, message: \"Permission denied\"";
            case Errno.ETIMEDOUT -> "TimedOut, message: \"Connection timed out\"";
            default -> "Uncategorized, message: " + DebugText.quote(Errno.name(e.errno()));
        };
        return "Os { code: " + e.errno() + ", kind: " + kind + " }";
    }
}
