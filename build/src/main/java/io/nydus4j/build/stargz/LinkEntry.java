package io.nydus4j.build.stargz;

/**
 * What is kept of the entry of a hard link.
 *
 * @param label  position and name
 * @param target path of what it leads to
 */
record LinkEntry(EntryLabel label, String target) {}
