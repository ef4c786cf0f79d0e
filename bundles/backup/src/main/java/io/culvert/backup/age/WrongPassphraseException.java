package io.culvert.backup.age;

import java.io.IOException;

/** The file was sealed under another passphrase. */
public final class WrongPassphraseException extends IOException {
    private static final long serialVersionUID = 1;

    WrongPassphraseException() {
        super("the passphrase is wrong");
    }
}
