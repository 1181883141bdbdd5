package io.nydus4j.daemon;

import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.MountedBackend;
import io.nydus4j.daemon.api.SuperblockInfo;
import io.nydus4j.daemon.erofs.ImageReads;
import io.nydus4j.daemon.fuse.FuseCommons;
import io.nydus4j.daemon.fuse.ImageOptions;
import io.nydus4j.daemon.fuse.RafsFuseHandler;
import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.daemon.overlay.OverlayHandler;
import io.nydus4j.daemon.overlay.OverlayPlace;
import io.nydus4j.daemon.state.FileSystemType;
import io.nydus4j.daemon.state.MountRecord;
import io.nydus4j.daemon.trace.AccessTrace;
import io.nydus4j.daemon.trace.TraceReport;
import io.nydus4j.daemon.vfs.MountedFileSystem;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.ProcessIdentity;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.RafsPaths;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.config.ConfigurationException;
import io.nydus4j.storage.config.OverlayConfiguration;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.RafsConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.device.BlobDevice;
import io.nydus4j.storage.device.BlobPool;
import io.nydus4j.storage.device.BlobStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An image that is served through the daemon's FUSE mount, or by the kernel: its metadata, its data, what is counted of it. */
final class ServedImage implements ServedFileSystem {
    private final ImageSource source;
    private final MountPlace place;
    private final Instant mounted;
    private final SuperblockInfo superblock;
    private final Rafs rafs;
    private final BlobDevice device;
    private final FileSystemCounters counters;
    private final RafsFuseHandler handler;
    /** What changes, over the image; null where nothing can. */
    private final @Nullable OverlayHandler overlay;

    /** Hears of reads if the kernel serves them. Guarded by this, as are the trace that goes on, or the last that did, and the flag. */
    private @Nullable ImageReads kernelReads;

    private @Nullable AccessTrace trace;

    private boolean tracing;

    private ServedImage(
            ImageSource source,
            MountPlace place,
            Rafs rafs,
            BlobDevice device,
            FuseCommons commons,
            Optional<SuperblockInfo> superblock)
            throws IOException {
        this.source = source;
        this.place = place;
        this.mounted = Instant.now();
        this.rafs = rafs;
        this.device = device;
        this.superblock = superblock.orElseGet(() -> ImageReports.superblock(rafs.superblock()));
        RafsConfiguration behaviour = source.configuration().rafs().orElse(RafsConfiguration.DEFAULT);
        this.counters = new FileSystemCounters(
                place.mountPoint(), behaviour.iostatsFiles(), behaviour.accessPattern(), behaviour.latestReadFiles());
        this.handler = new RafsFuseHandler(
                rafs.current(),
                device.blobs(),
                new ImageOptions(
                        place.index(),
                        place.atRoot(),
                        place.alone(),
                        behaviour.enableXattr(),
                        ProcessIdentity.effectiveUser(),
                        ProcessIdentity.effectiveGroup(),
                        mounted.getEpochSecond()),
                counters,
                device.store().cacheCounters(),
                commons);
        Optional<OverlayConfiguration> writing = source.configuration().overlay();
        this.overlay = writing.isPresent() ? overlay(writing.get(), commons) : null;
    }

    private OverlayHandler overlay(OverlayConfiguration writing, FuseCommons commons) throws IOException {
        byte[] upper = NativePath.bytes(writing.upperDirectory());
        byte[] work = NativePath.bytes(writing.workDirectory());
        try {
            OwnMount.refuse(upper, place.shown());
            return OverlayHandler.open(
                    handler.lower(),
                    new OverlayPlace(place.index(), place.atRoot(), place.inherited(), place.journal()),
                    upper,
                    work,
                    commons);
        } catch (IOException e) {
            throw MountFailure.rules("overlay: " + e.getMessage());
        }
    }

    /** Tells whether it can be changed, by way of an overlay. */
    boolean isChangeable() {
        return overlay != null;
    }

    /**
     * Opens an image. May block on the network.
     *
     * @param pool what images with equal configurations share
     * @throws MountFailure if the image or its configuration cannot be used
     */
    static ServedImage open(ImageSource source, MountPlace place, BlobPool pool, FuseCommons commons)
            throws MountFailure {
        StorageConfiguration configuration = checked(source);
        Rafs rafs = load(source, MountFailure.Stage.METADATA);
        try {
            checkCache(rafs, configuration);
            BlobDevice device = pool.open(rafs, configuration, place.mountPoint());
            return made(device, () -> new ServedImage(source, place, rafs, device, commons, Optional.empty()));
        } catch (IOException | RuntimeException e) {
            rafs.close();
            throw failure(e);
        }
    }

    /**
     * Opens an image that is to stand in the place of this one, with a backend and a cache of its own. Neither changes this one.
     *
     * @throws MountFailure if it cannot be used, or is so different that it cannot be the same image
     */
    ServedImage successor(ImageSource next, BlobPool pool, FuseCommons commons) throws MountFailure {
        StorageConfiguration configuration = checked(next);
        Rafs loaded = load(next, MountFailure.Stage.NEW_METADATA);
        try {
            checkSame(loaded);
            checkCache(loaded, configuration);
            BlobDevice opened = pool.openAlone(loaded, configuration, place.mountPoint());
            return made(opened, () -> new ServedImage(next, place, loaded, opened, commons, Optional.of(superblock)));
        } catch (IOException | RuntimeException e) {
            loaded.close();
            throw failure(e);
        }
    }

    /** Makes a served image. */
    @FunctionalInterface
    private interface Making {
        ServedImage make() throws IOException;
    }

    private static ServedImage made(BlobDevice device, Making making) throws IOException {
        try {
            return making.make();
        } catch (IOException | RuntimeException e) {
            device.close();
            throw e;
        }
    }

    private static MountFailure failure(Exception cause) {
        return switch (cause) {
            case MountFailure failure -> failure;
            case IOException io -> MountFailure.device(io);
            case RuntimeException runtime -> throw runtime;
            default -> throw new AssertionError(cause);
        };
    }

    /** Refuses another image: what the kernel keeps of this one, names, attributes and data, would mix with it. */
    private void checkSame(Rafs loaded) throws MountFailure {
        Superblock mine = rafs.superblock();
        Superblock other = loaded.superblock();
        if (other.version() != mine.version()) {
            throw MountFailure.swap("expected RAFS " + mine.version() + ", found " + other.version());
        }
        if (loaded.blobs().size() != rafs.blobs().size()) {
            throw MountFailure.swap("expected " + rafs.blobs().size() + " blobs as before, found "
                    + loaded.blobs().size());
        }
        for (int i = 0; i < rafs.blobs().size(); i++) {
            String expected = rafs.blobs().get(i).effectiveId();
            String found = loaded.blobs().get(i).effectiveId();
            if (!found.equals(expected)) {
                throw MountFailure.swap("expected blob " + expected + " as before, found " + found);
            }
        }
        if (other.inodesCount() != mine.inodesCount()
                || loaded.byteSize() != rafs.byteSize()
                || loaded.rootIno() != rafs.rootIno()) {
            throw MountFailure.swap("expected " + mine.inodesCount() + " inodes in " + rafs.byteSize()
                    + " bytes as before, found " + other.inodesCount() + " in " + loaded.byteSize());
        }
    }

    private static StorageConfiguration checked(ImageSource source) throws MountFailure {
        try {
            source.configuration().requireCache();
            source.configuration().requireRafs();
        } catch (ConfigurationException e) {
            throw MountFailure.configuration(e);
        }
        Optional<OverlayConfiguration> overlay = source.configuration().overlay();
        if (overlay.isPresent()
                && (overlay.get().upperDirectory().isEmpty()
                        || overlay.get().workDirectory().isEmpty())) {
            throw MountFailure.rules("workdir and upperdir must be specified for overlayfs");
        }
        return source.configuration();
    }

    private static Rafs load(ImageSource source, MountFailure.Stage stage) throws MountFailure {
        StorageConfiguration configuration = source.configuration();
        boolean validate = configuration.rafs().map(RafsConfiguration::validate).orElse(false);
        LoadOptions options = LoadOptions.DEFAULT.withValidateDigests(validate);
        try {
            if (configuration.backend().isEmpty()) {
                return Rafs.load(source.bootstrap(), options);
            }
            try (InlinedBootstrap inlined = InlinedBootstrap.of(configuration, source.bootstrap())) {
                return Rafs.load(source.bootstrap(), options.withInlinedBlobs(inlined));
            }
        } catch (IOException e) {
            throw MountFailure.metadata(stage, source.bootstrap(), e);
        }
    }

    /** Refuses what the reference refuses, so that a configuration works with both or with neither. */
    private static void checkCache(Rafs rafs, StorageConfiguration configuration) throws MountFailure {
        if (rafs.superblock().version() != RafsVersion.V6) {
            return;
        }
        if (ImageReports.isInMemory(configuration)) {
            throw MountFailure.rules("Rafs v6 must have local blobcache configured");
        }
        if (configuration.rafs().map(RafsConfiguration::validate).orElse(false)) {
            throw MountFailure.rules("Rafs v6 doesn't support integrity validation yet");
        }
    }

    @Override
    public boolean awaitIdle(Duration patience) throws InterruptedException {
        return (overlay == null || overlay.awaitIdle(patience)) && handler.awaitIdle(patience);
    }

    /** Starts to fetch what will be needed; returns at once. */
    @Override
    public void start() throws IOException {
        Optional<List<String>> files = source.prefetchFiles();
        if (files.isEmpty()) {
            device.startPrefetch(Optional.empty(), false);
            return;
        }
        List<Long> inos = new ArrayList<>();
        for (String file : files.get()) {
            RafsPaths.inoFromPath(rafs, file.getBytes(StandardCharsets.UTF_8)).ifPresent(inos::add);
        }
        device.startPrefetch(Optional.of(inos), files.get().equals(List.of("/")));
    }

    @Override
    public Optional<ServedImage> image() {
        return Optional.of(this);
    }

    /** Returns its data, by blob index. */
    List<LazyBlob> blobs() {
        return device.blobs();
    }

    /** Returns what to serve. */
    ImageSource source() {
        return source;
    }

    /** Returns where it is mounted in the daemon's name space, as the request had it. */
    String mountPoint() {
        return place.mountPoint();
    }

    /** Returns its metadata. */
    Bootstrap metadata() {
        return rafs;
    }

    /** Tells whether its configuration wants everything to be fetched. */
    boolean wantsEverything() {
        PrefetchConfiguration prefetch =
                source.configuration().rafs().orElse(RafsConfiguration.DEFAULT).prefetch();
        return prefetch.enable() && prefetch.prefetchAll();
    }

    @Override
    public Optional<MountedFileSystem> fuse() {
        return Optional.of(overlay == null ? handler : overlay);
    }

    @Override
    public Optional<FileSystemCounters> counters() {
        return Optional.of(counters);
    }

    /** Returns who is to hear of what the kernel reads of its blobs, so that it is counted and traced. */
    synchronized ImageReads readsByKernel() {
        if (kernelReads == null) {
            RafsConfiguration behaviour = source.configuration().rafs().orElse(RafsConfiguration.DEFAULT);
            kernelReads = new ImageReads(
                    rafs,
                    device.blobs(),
                    counters,
                    behaviour.iostatsFiles() || behaviour.accessPattern() || behaviour.latestReadFiles());
        }
        return kernelReads;
    }

    /** Begins a trace of reads, unless one goes on, or ends it; what was noted can be shown until the next begins. */
    synchronized void trace(boolean wanted) {
        if (wanted && !tracing) {
            trace = new AccessTrace(place.mountPoint(), rafs.superblock().chunkSize());
        }
        tracing = wanted;
        handler.trace(wanted ? trace : null);
        if (kernelReads != null) {
            kernelReads.trace(wanted ? trace : null);
        }
    }

    /** Tells whether reads are traced. */
    synchronized boolean isTraced() {
        return tracing;
    }

    /**
     * Returns what was noted of reads, if ever.
     *
     * @throws IOException if the image is broken
     */
    Optional<JsonValue> traceReport() throws IOException {
        AccessTrace noted;
        boolean running;
        synchronized (this) {
            noted = trace;
            running = tracing;
        }
        return noted == null ? Optional.empty() : Optional.of(TraceReport.of(noted, rafs, running));
    }

    /** Returns what it shares with images of an equal configuration. */
    BlobStore store() {
        return device.store();
    }

    @Override
    public MountRecord record() {
        return new MountRecord(
                place.mountPoint(),
                place.index(),
                FileSystemType.RAFS,
                source.bootstrap().toString(),
                source.configuration().toJson(),
                source.prefetchFiles(),
                mounted);
    }

    @Override
    public MountedBackend description() {
        return new MountedBackend(
                MountedBackend.RAFS,
                place.mountPoint(),
                ImageReports.time(mounted),
                Optional.of(source.configuration().withoutSecrets().toJson()));
    }

    /** Returns the superblock as the API tells it: also after a remount the first one. */
    SuperblockInfo superblock() {
        return superblock;
    }

    @Override
    public void close() {
        if (overlay != null) {
            overlay.close();
        }
        device.close();
        rafs.close();
    }
}
