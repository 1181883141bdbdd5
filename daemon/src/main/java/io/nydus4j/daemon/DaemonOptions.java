package io.nydus4j.daemon;

import io.nydus4j.daemon.api.BuildInfo;
import io.nydus4j.daemon.upgrade.FailoverPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a daemon shall do. Immutable; made by a {@link Builder}. */
public final class DaemonOptions {
    private static final BuildInfo UNKNOWN_BUILD = new BuildInfo(
            "unknown",
            "unknown",
            "unknown",
            "release",
            "javac " + Runtime.version().feature());

    private final Path mountPoint;
    private final Optional<ImageSource> image;
    private final Optional<Path> sharedDirectory;
    private final String virtualMountPoint;
    private final Optional<Path> apiSocket;
    private final Optional<String> id;
    private final int threads;
    private final boolean allowOther;
    private final boolean traced;
    private final boolean writable;
    private final Driver driver;
    private final boolean detachWhenComplete;
    private final Optional<Path> objectStore;
    private final Optional<Duration> unmountOnOrphan;
    private final Optional<Path> supervisor;
    private final Optional<Path> runFolder;
    private final FailoverPolicy failoverPolicy;
    private final boolean upgrade;
    private final Optional<Path> dedupDatabase;
    private final BuildInfo build;
    private final LogLevels logLevels;

    private DaemonOptions(Builder builder) {
        mountPoint = builder.mountPoint;
        image = Optional.ofNullable(builder.image);
        sharedDirectory = Optional.ofNullable(builder.sharedDirectory);
        virtualMountPoint = builder.virtualMountPoint;
        apiSocket = Optional.ofNullable(builder.apiSocket);
        id = Optional.ofNullable(builder.id);
        threads = builder.threads;
        allowOther = builder.allowOther;
        traced = builder.traced;
        writable = builder.writable;
        driver = builder.driver;
        detachWhenComplete = builder.detachWhenComplete;
        objectStore = Optional.ofNullable(builder.objectStore);
        unmountOnOrphan = Optional.ofNullable(builder.unmountOnOrphan);
        supervisor = Optional.ofNullable(builder.supervisor);
        runFolder = Optional.ofNullable(builder.runFolder);
        failoverPolicy = builder.failoverPolicy;
        upgrade = builder.upgrade;
        dedupDatabase = Optional.ofNullable(builder.dedupDatabase);
        build = builder.build;
        logLevels = builder.logLevels;
    }

    /**
     * Returns a builder of options for a daemon that serves nothing until it is told to by its API.
     *
     * @param mountPoint directory to mount on
     */
    public static Builder builder(Path mountPoint) {
        return new Builder(mountPoint);
    }

    /**
     * Returns a builder of options for a daemon that serves an image from the start.
     *
     * @param mountPoint directory to mount on
     * @param image      what to serve
     */
    public static Builder builder(Path mountPoint, ImageSource image) {
        return new Builder(mountPoint).image(image);
    }

    /** Returns the directory to mount on. */
    public Path mountPoint() {
        return mountPoint;
    }

    /** Returns what to serve from the start. */
    public Optional<ImageSource> image() {
        return image;
    }

    /** Returns the directory of the host to serve from the start, instead of an image. */
    public Optional<Path> sharedDirectory() {
        return sharedDirectory;
    }

    /** Returns where in the daemon's name space that is mounted. */
    public String virtualMountPoint() {
        return virtualMountPoint;
    }

    /** Returns where the API listens, if it does. */
    public Optional<Path> apiSocket() {
        return apiSocket;
    }

    /** Returns the instance id that the API tells. */
    public Optional<String> id() {
        return id;
    }

    /** Returns the number of threads that answer the kernel; 0 lets the number of processors decide. */
    public int threads() {
        return threads;
    }

    /** Tells whether users other than the one that mounts get in. */
    public boolean allowOther() {
        return allowOther;
    }

    /** Tells whether it is noted from the start who reads what first. */
    public boolean traced() {
        return traced;
    }

    /** Tells whether clients may change what can be changed: directories of the host. */
    public boolean writable() {
        return writable;
    }

    /** Returns by what means the kernel shows images. */
    public Driver driver() {
        return driver;
    }

    /** Tells whether the daemon's work is over when its mounts need no process any more. */
    public boolean detachWhenComplete() {
        return detachWhenComplete;
    }

    /** Returns the directory with the content that the files of all images share, if they do; the kernel then shows them by itself. */
    public Optional<Path> objectStore() {
        return objectStore;
    }

    /** Returns how long the kernel's mounts wait for a successor of a daemon that died; empty if they wait for good. */
    public Optional<Duration> unmountOnOrphan() {
        return unmountOnOrphan;
    }

    /** Returns where the supervisor listens that keeps the session for a successor, if there is one. */
    public Optional<Path> supervisor() {
        return supervisor;
    }

    /** Returns the folder by which a successor takes the mount over; empty if the mount ends with the daemon. */
    public Optional<Path> runFolder() {
        return runFolder;
    }

    /** Returns what becomes of a predecessor's requests. */
    public FailoverPolicy failoverPolicy() {
        return failoverPolicy;
    }

    /** Tells whether the daemon waits to be told by its API to take a mount over. */
    public boolean upgrade() {
        return upgrade;
    }

    /** Returns the database by which images take chunks from each other's caches, if they do. */
    public Optional<Path> dedupDatabase() {
        return dedupDatabase;
    }

    /** Returns which build the API tells of. */
    public BuildInfo build() {
        return build;
    }

    /** Returns what sets the level of logging. */
    public LogLevels logLevels() {
        return logLevels;
    }

    /** Builds {@link DaemonOptions}. Not safe for use by several threads. */
    public static final class Builder {
        private static final int MAX_THREADS = 1024;

        private final Path mountPoint;
        private @Nullable ImageSource image;
        private @Nullable Path sharedDirectory;
        private String virtualMountPoint = "/";
        private @Nullable Path apiSocket;
        private @Nullable String id;
        private int threads;
        private boolean allowOther = true;
        private boolean traced;
        private boolean writable;
        private Driver driver = Driver.FUSE;
        private boolean detachWhenComplete;
        private @Nullable Path objectStore;
        private @Nullable Duration unmountOnOrphan;
        private @Nullable Path supervisor;
        private @Nullable Path runFolder;
        private FailoverPolicy failoverPolicy = FailoverPolicy.RESEND;
        private boolean upgrade;
        private @Nullable Path dedupDatabase;
        private BuildInfo build = UNKNOWN_BUILD;
        private LogLevels logLevels = LogLevels.FIXED;

        private Builder(Path mountPoint) {
            this.mountPoint = Objects.requireNonNull(mountPoint);
        }

        /** Sets what to serve from the start. */
        public Builder image(ImageSource value) {
            image = Objects.requireNonNull(value);
            return this;
        }

        /** Sets a directory of the host to serve from the start, instead of an image. */
        public Builder sharedDirectory(Path value) {
            sharedDirectory = value;
            return this;
        }

        /** Sets where in the daemon's name space that is mounted, an absolute path; {@code /} unless this is set. */
        public Builder virtualMountPoint(String value) {
            virtualMountPoint = value;
            return this;
        }

        /** Sets where the API listens; without, there is none. */
        public Builder apiSocket(Path value) {
            apiSocket = value;
            return this;
        }

        /** Sets the instance id that the API tells. */
        public Builder id(String value) {
            id = value;
            return this;
        }

        /**
         * Sets the number of threads that answer the kernel.
         *
         * @param value 1 to 1024, or 0 to let the number of processors decide
         */
        public Builder threads(int value) {
            if (value < 0 || value > MAX_THREADS) {
                throw new IllegalArgumentException("threads out of range: " + value);
            }
            threads = value;
            return this;
        }

        /** Sets whether users other than the one that mounts get in; they do unless this is set to false. */
        public Builder allowOther(boolean value) {
            allowOther = value;
            return this;
        }

        /** Sets whether it is noted from the start who reads what first; it is not unless this is set. */
        public Builder traced(boolean value) {
            traced = value;
            return this;
        }

        /** Sets whether clients may change what can be changed; they may not unless this is set. */
        public Builder writable(boolean value) {
            writable = value;
            return this;
        }

        /** Sets by what means the kernel shows images: FUSE unless this is set. */
        public Builder driver(Driver value) {
            driver = value;
            return this;
        }

        /**
         * Sets whether the daemon's work is over when all data of all its images is here, where EROFS serves them: the mounts then live on
         * without a process.
         */
        public Builder detachWhenComplete(boolean value) {
            detachWhenComplete = value;
            return this;
        }

        /**
         * Sets a directory, made if absent, with the content that the files of all images share, on disk and in memory; by this the driver
         * is {@link Driver#EROFS}. Experimental: what lies there may not be of use to later versions.
         */
        public Builder objectStore(Path value) {
            objectStore = value.toAbsolutePath().normalize();
            driver = Driver.EROFS;
            return this;
        }

        /**
         * Sets how long mounts that the kernel serves by itself wait for a successor when this daemon dies; then they are unmounted, and who
         * still reads them gets {@code EIO}. A mount whose data is all here stays. A process of its own sees to that: it also holds readers
         * back if what else does so is killed together with the daemon. Without, they wait for good. Mounts through FUSE cannot have that.
         *
         * @param value whole seconds, at least one
         */
        public Builder unmountOnOrphan(Duration value) {
            if (value.compareTo(Duration.ofSeconds(1)) < 0 || value.toNanosPart() != 0) {
                throw new IllegalArgumentException("not a number of seconds: " + value);
            }
            unmountOnOrphan = value;
            return this;
        }

        /** Sets where the supervisor listens that keeps the session for a successor. */
        public Builder supervisor(Path value) {
            supervisor = value;
            return this;
        }

        /**
         * Sets the folder by which a successor takes the mount over, however this daemon ends: the mount then outlives the process, and
         * who uses it waits for the successor. A daemon with the folder of one that died takes over at once.
         */
        public Builder runFolder(Path value) {
            runFolder = value;
            return this;
        }

        /** Sets what becomes of a predecessor's requests; they are sent again unless this is set. */
        public Builder failoverPolicy(FailoverPolicy value) {
            failoverPolicy = value;
            return this;
        }

        /** Sets whether the daemon waits to be told by its API to take a mount over; without an API it does not. */
        public Builder upgrade(boolean value) {
            upgrade = value;
            return this;
        }

        /** Sets the database, made if absent, by which images take chunks from each other's caches; without, they do not. */
        public Builder dedupDatabase(Path value) {
            dedupDatabase = value;
            return this;
        }

        /** Sets which build the API tells of. */
        public Builder buildInfo(BuildInfo value) {
            build = value;
            return this;
        }

        /** Sets what sets the level of logging. */
        public Builder logLevels(LogLevels value) {
            logLevels = value;
            return this;
        }

        /** Returns the options. */
        public DaemonOptions build() {
            if (unmountOnOrphan != null && driver == Driver.FUSE) {
                throw new IllegalArgumentException("FUSE mounts are not unmounted when nobody follows their daemon");
            }
            return new DaemonOptions(this);
        }
    }
}
