package io.culvert.backup.age;

import java.io.IOException;

/** The file is not what was written: no age file at all, cut short, or altered. */
public final class DamagedFileException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedFileException(String reason) {
        super(reason);
    }
}
