package io.culvert.backup;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** Says why a directory takes no backup, and what helps. */
final class Reason {
    private static final String ELSEWHERE = "set backup.directory to another place";

    private Reason() {}

    static String of(IOException problem, Path directory) {
        String text = String.valueOf(problem.getMessage());
        // The system's own words, as Java has no exception for a full disk; EDQUOT counts as well.
        if (text.contains("No space left on device") || text.contains("quota exceeded")) {
            return "the disk that holds " + directory + " is full: free some space, keep fewer backups, or " + ELSEWHERE;
        }
        return switch (problem) {
            case AccessDeniedException _ -> directory + " may not be written: let the appliance's user write there, or " + ELSEWHERE;
            case NoSuchFileException _ -> directory + " cannot be made: make it, or " + ELSEWHERE;
            case FileAlreadyExistsException _, NotDirectoryException _ -> directory + " is no directory: " + ELSEWHERE;
            case FileSystemException named when named.getReason() != null ->
                directory + " cannot be written (" + named.getReason() + "): mend that, or " + ELSEWHERE;
            default -> text;
        };
    }
}
