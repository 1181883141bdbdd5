package io.nydus4j.storage.config;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/** A value of a document, whatever its syntax. */
public sealed interface DocumentNode {
    /** Returns the word for this type of value in messages. */
    String typeName();

    /** Members by name, in document order. */
    record Table(Map<String, DocumentNode> members) implements DocumentNode {
        @Override
        public String typeName() {
            return "a section";
        }
    }

    /** A list. */
    record Array(List<DocumentNode> elements) implements DocumentNode {
        @Override
        public String typeName() {
            return "a list";
        }
    }

    /** A string. */
    record Text(String value) implements DocumentNode {
        @Override
        public String typeName() {
            return "a text";
        }
    }

    /** An integer of any size. */
    record Whole(BigInteger value) implements DocumentNode {
        @Override
        public String typeName() {
            return "the number " + value;
        }
    }

    /** True or false. */
    record Truth(boolean value) implements DocumentNode {
        @Override
        public String typeName() {
            return value ? "true" : "false";
        }
    }

    /** JSON's null. */
    record Nothing() implements DocumentNode {
        @Override
        public String typeName() {
            return "null";
        }
    }

    /** A value of a type that no member has: a fraction, a date. */
    record Other(String typeName) implements DocumentNode {}
}
