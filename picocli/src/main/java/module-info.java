/** The command line library picocli, as published, under the module name of its own jar. */
module info.picocli {
    requires static java.sql;

    exports picocli;
}
