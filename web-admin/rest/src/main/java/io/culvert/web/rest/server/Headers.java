package io.culvert.web.rest.server;

import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;

/** What every answer says to browsers. */
final class Headers {
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
            + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
            + "require-trusted-types-for 'script'; trusted-types lit-html";
    private static final HttpField[] ALL = {
        new HttpField("Content-Security-Policy", POLICY),
        new HttpField("X-Content-Type-Options", "nosniff"),
        new HttpField("Referrer-Policy", "no-referrer"),
        new HttpField("Cross-Origin-Opener-Policy", "same-origin"),
        new HttpField("Cross-Origin-Resource-Policy", "same-origin"),
        new HttpField("X-Frame-Options", "DENY"),
        new HttpField("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
    };
    private static final HttpField TRANSPORT = new HttpField("Strict-Transport-Security", "max-age=31536000");

    private Headers() {}

    static void add(HttpFields.Mutable fields, boolean secure) {
        for (HttpField field : ALL) {
            fields.put(field);
        }
        if (secure) {
            fields.put(TRANSPORT);
        }
    }
}
