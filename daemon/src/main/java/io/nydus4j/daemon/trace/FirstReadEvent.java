package io.nydus4j.daemon.trace;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A {@link FirstRead} for a flight recording; its file is known by its inode number. */
@Name("io.nydus4j.FirstRead")
@Label("First Read")
@Category("nydus4j")
@Description("A read that was the first of some chunk of a file")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // The flight recorder reads the fields.
final class FirstReadEvent extends Event {
    @Label("Mount Point")
    private final String mountPoint;

    @Label("Process")
    private final String process;

    @Label("Process Id")
    private final int pid;

    @Label("Inode")
    private final long inode;

    @Label("Offset")
    private final long offset;

    @Label("Length")
    private final long length;

    @Label("Source")
    private final String source;

    @Label("Wait")
    @Timespan(Timespan.MICROSECONDS)
    private final long waited;

    private FirstReadEvent(String mountPoint, FirstRead read) {
        this.mountPoint = mountPoint;
        process = read.process();
        pid = read.pid();
        inode = read.ino();
        offset = read.offset();
        length = read.length();
        source = read.source().word();
        waited = read.waitMicros();
    }

    /** Adds a read to the recordings that run. */
    static void emit(String mountPoint, FirstRead read) {
        new FirstReadEvent(mountPoint, read).commit();
    }
}
