package io.culvert.launcher;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Exceptions in a person's words. */
final class Errors {
    private Errors() {}

    static String line(Throwable problem) {
        if (problem instanceof AccessDeniedException denied) {
            return denied.getFile() + ": permission denied";
        }
        if (problem instanceof NoSuchFileException missing) {
            return missing.getFile() + ": not found";
        }
        if (problem instanceof FileSystemException file && file.getReason() != null) {
            return file.getFile() + ": " + file.getReason();
        }
        String message = problem.getMessage();
        return (message == null || message.isBlank() ? problem.getClass().getSimpleName() : message)
                .lines()
                .findFirst()
                .orElse("");
    }
}
