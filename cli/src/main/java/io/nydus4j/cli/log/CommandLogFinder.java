package io.nydus4j.cli.log;

/** Gives every library of the process a logger that writes to the command's {@link CommandLog}. */
public final class CommandLogFinder extends System.LoggerFinder {
    /** Called by the service loader. */
    public CommandLogFinder() {}

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new CommandLogger(name);
    }
}
