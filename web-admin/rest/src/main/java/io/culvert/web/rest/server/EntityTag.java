package io.culvert.web.rest.server;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What stands for a content in {@code ETag}, RFC 9110 section 8.8.3. */
public final class EntityTag {
    private static final int BYTES = 16;

    private EntityTag() {}

    /** Another one for every other content; without the quotes. */
    public static String of(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content), 0, BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
