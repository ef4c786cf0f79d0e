package io.culvert.auth.pam;

/** PAM gave no decision: a module is missing, misconfigured, or cannot reach what it asks. */
final class PamException extends Exception {
    PamException(String message) {
        super(message);
    }
}
