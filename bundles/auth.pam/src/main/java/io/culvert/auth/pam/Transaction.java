package io.culvert.auth.pam;

import static java.lang.foreign.ValueLayout.ADDRESS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One login: {@code pam_start}, {@code pam_authenticate}, {@code pam_acct_mgmt}, {@code pam_end}. All memory that PAM is
 * shown lives until it has ended, however long a module takes.
 */
final class Transaction {
    private final LibPam pam;
    private final String service;
    private final String directory;

    /** What came of it: allowed, not its user, or refused with the reason. */
    sealed interface Outcome {
        record Allowed() implements Outcome {}

        record UnknownUser() implements Outcome {}

        record Denied(String reason) implements Outcome {}
    }

    /** @param directory of the service's file; empty for the system's */
    Transaction(LibPam pam, String service, String directory) {
        this.pam = pam;
        this.service = service;
        this.directory = directory;
    }

    Outcome run(String user, String remote, Conversation conversation) throws PamException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            int status = pam.start(
                    arena.allocateFrom(service),
                    arena.allocateFrom(user),
                    conversation.struct(arena),
                    directory.isEmpty() ? MemorySegment.NULL : arena.allocateFrom(directory),
                    pointer);
            MemorySegment handle = pointer.get(ADDRESS, 0);
            if (status != LibPam.SUCCESS) {
                throw new PamException("pam_start, service " + service + ": " + pam.strerror(handle, status));
            }
            try {
                pam.setItem(handle, LibPam.ITEM_RHOST, arena.allocateFrom(remote));
                pam.setItem(handle, LibPam.ITEM_FAIL_DELAY, conversation.delayFunction(arena));
                status = pam.authenticate(handle);
                if (status != LibPam.SUCCESS) {
                    return outcome(handle, "pam_authenticate", status);
                }
                status = pam.acctMgmt(handle);
                if (status != LibPam.SUCCESS) {
                    return outcome(handle, "pam_acct_mgmt", status);
                }
                // A module may have made somebody else of the user; the session would still have the name as typed.
                String known = pam.text(handle, LibPam.ITEM_USER, arena);
                return known.equals(user)
                        ? new Outcome.Allowed()
                        : new Outcome.Denied("PAM knows the user by another name, " + known);
            } finally {
                pam.end(handle, status);
            }
        }
    }

    private Outcome outcome(MemorySegment handle, String call, int status) throws PamException {
        String text = pam.strerror(handle, status);
        return switch (status) {
            case LibPam.USER_UNKNOWN -> new Outcome.UnknownUser();
            case LibPam.AUTH_ERR, LibPam.PERM_DENIED, LibPam.MAXTRIES, LibPam.CRED_INSUFFICIENT, LibPam.NEW_AUTHTOK_REQD,
                    LibPam.ACCT_EXPIRED, LibPam.CRED_EXPIRED, LibPam.AUTHTOK_EXPIRED -> new Outcome.Denied(text);
            // The user's answer did not come.
            case LibPam.CONV_ERR -> new Outcome.Denied("no answer to a prompt");
            default -> throw new PamException(call + ", service " + service + ": " + text);
        };
    }
}
