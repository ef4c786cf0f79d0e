package io.culvert.web.rest.access;

import io.culvert.api.web.Role;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who may sign in to the console, as the store keeps it.
 *
 * @param password an Argon2id hash; empty for none, then only a passkey lets in
 * @param totp secret in Base32; empty for none
 * @param totpPeriod no code of this period or an earlier one counts any more
 * @param recovery hashes of the codes that are left
 */
record Administrator(
        String name,
        Role role,
        boolean enabled,
        String password,
        String totp,
        long totpPeriod,
        List<Passkey> passkeys,
        List<String> recovery,
        Instant created,
        @Nullable Instant signedIn) {

    /**
     * A registered authenticator.
     *
     * @param registration the browser's answer at its registration, with the public key
     * @param count the authenticator's own counter of signatures, 0 when it has none
     */
    record Passkey(String id, String name, String registration, long count, Instant created, @Nullable Instant used) {}

    Administrator {
        passkeys = List.copyOf(passkeys);
        recovery = List.copyOf(recovery);
    }

    static Administrator of(String name, Role role, String password, Instant now) {
        return new Administrator(name, role, true, password, "", 0, List.of(), List.of(), now, null);
    }

    boolean hasFactor() {
        return !totp.isEmpty() || !passkeys.isEmpty();
    }

    /** Whoever can change anything has two. */
    boolean needsFactor() {
        return role != Role.VIEWER && !hasFactor();
    }

    Administrator withPassword(String hash) {
        return new Administrator(name, role, enabled, hash, totp, totpPeriod, passkeys, recovery, created, signedIn);
    }

    Administrator withTotp(String secret, long period) {
        return new Administrator(name, role, enabled, password, secret, period, passkeys, recovery, created, signedIn);
    }

    Administrator withPasskeys(List<Passkey> keys) {
        return new Administrator(name, role, enabled, password, totp, totpPeriod, keys, recovery, created, signedIn);
    }

    Administrator withRecovery(List<String> hashes) {
        return new Administrator(name, role, enabled, password, totp, totpPeriod, passkeys, hashes, created, signedIn);
    }

    Administrator with(Role other, boolean on) {
        return new Administrator(name, other, on, password, totp, totpPeriod, passkeys, recovery, created, signedIn);
    }

    Administrator signedIn(@Nullable Instant at) {
        return new Administrator(name, role, enabled, password, totp, totpPeriod, passkeys, recovery, created, at);
    }

    @Override
    public String toString() {
        return "Administrator[" + name + ", " + role + ", redacted]";
    }
}
