package io.nydus4j.cli.option;

import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.List;

/** Prints a failure for a person: what failed, and why, without a stack trace. */
public final class Failures {
    private static final int MAX_CAUSES = 10;

    private Failures() {}

    /** Prints {@code failure}, and those of its causes that say more than what they caused. */
    public static void print(Throwable failure, PrintStream err) {
        List<String> causes = new ArrayList<>();
        String said = text(failure);
        int depth = 0;
        for (Throwable each = failure.getCause(); each != null && depth < MAX_CAUSES; each = each.getCause()) {
            String text = text(each);
            if (!said.contains(text)) {
                causes.add(text);
            }
            said = text;
            depth++;
        }
        err.println("Error: " + text(failure));
        if (!causes.isEmpty()) {
            err.println();
            err.println("Caused by:");
            for (int i = 0; i < causes.size(); i++) {
                err.println((causes.size() == 1 ? "    " : "    " + i + ": ") + causes.get(i));
            }
        }
        err.flush();
    }

    /** Returns one line for {@code failure}: file system exceptions name only their file otherwise. */
    public static String text(Throwable failure) {
        String message = failure.getMessage();
        return switch (failure) {
            case NoSuchFileException e -> e.getFile() + ": no such file or directory" + reason(e);
            case AccessDeniedException e -> e.getFile() + ": permission denied" + reason(e);
            case FileAlreadyExistsException e -> e.getFile() + ": file exists" + reason(e);
            case NotDirectoryException e -> e.getFile() + ": not a directory";
            case DirectoryNotEmptyException e -> e.getFile() + ": directory not empty";
            default -> message == null ? failure.getClass().getSimpleName() : message;
        };
    }

    private static String reason(FileSystemException e) {
        return e.getReason() == null ? "" : " (" + e.getReason() + ")";
    }
}
