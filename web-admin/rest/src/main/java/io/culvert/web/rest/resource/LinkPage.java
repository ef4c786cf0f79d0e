package io.culvert.web.rest.resource;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The pages behind a one-time link, for people who have no account here. They stand alone, as the console's own pages may
 * be away, and speak the language that the browser asks for.
 */
final class LinkPage {
    static final String STYLE = """
            :root { color-scheme: light dark; --back: #f4f5f7; --card: #fff; --text: #1b1f24; --dim: #57606a; --key: #0b57d0; --on: #fff }
            @media (prefers-color-scheme: dark) { :root { --back: #111418; --card: #1b1f24; --text: #e8eaed; --dim: #a8b0ba; --key: #8ab4f8; --on: #10233f } }
            body { margin: 0; min-block-size: 100vh; display: grid; place-items: center; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif }
            main { box-sizing: border-box; inline-size: min(100% - 32px, 480px); margin-block: 16px; padding: 24px; background: var(--card); border-radius: 12px; overflow-wrap: anywhere }
            h1 { font-size: 22px; line-height: 1.25; margin: 0 0 12px } p { margin: 0 0 12px } .dim { color: var(--dim); font-size: 14px }
            button { font: inherit; font-weight: 600; min-block-size: 44px; padding: 8px 20px; border: 0; border-radius: 8px; background: var(--key); color: var(--on); cursor: pointer }
            button:focus-visible { outline: 3px solid var(--text); outline-offset: 2px }
            @media (forced-colors: active) { main, button { border: 1px solid } }
            """;
    static final String STYLE_PATH = "/p/style/page.css";

    private static final List<Locale> LOCALES = List.of(Locale.ENGLISH, Locale.GERMAN);
    private static final Map<Locale, Words> WORDS = Map.of(
            Locale.ENGLISH,
            new Words(
                    "Your VPN profile",
                    "With this profile a VPN program connects you to %s.",
                    "This link works once, and until %s. Save the file where only you can read it, and open it with your"
                            + " VPN program.",
                    "Download the profile",
                    "Was this link not meant for you? Close this page and tell whoever sent it.",
                    "This link no longer works",
                    "It was used already, or its time is over. Ask whoever sent it for a new one.",
                    "If you have not used it yourself, say so: then the profile has to be revoked."),
            Locale.GERMAN,
            new Words(
                    "Ihr VPN-Profil",
                    "Mit diesem Profil verbindet ein VPN-Programm Sie mit %s.",
                    "Dieser Link gilt einmal, und bis %s. Speichern Sie die Datei dort, wo nur Sie sie lesen können, und öffnen"
                            + " Sie sie mit Ihrem VPN-Programm.",
                    "Profil herunterladen",
                    "War dieser Link nicht für Sie bestimmt? Schließen Sie diese Seite und sagen Sie es dem Absender.",
                    "Dieser Link gilt nicht mehr",
                    "Er wurde schon benutzt, oder seine Zeit ist abgelaufen. Bitten Sie den Absender um einen neuen.",
                    "Wenn Sie ihn nicht selbst benutzt haben, sagen Sie es: Dann muss das Profil widerrufen werden."));

    private record Words(
            String title, String what, String once, String download, String stranger, String gone, String why, String warn) {}

    private LinkPage() {}

    /**
     * The page whose button reveals.
     *
     * @param languages the header {@code Accept-Language}; empty for none
     * @param host name under which the appliance was asked
     */
    static String open(String languages, String host, Instant until) {
        Locale locale = locale(languages);
        Words words = words(locale);
        String time = DateTimeFormatter.ofLocalizedDateTime(FormatStyle.LONG, FormatStyle.SHORT)
                .withLocale(locale)
                .withZone(ZoneId.systemDefault())
                .format(until) + " (" + ZoneId.systemDefault() + ")";
        return page(locale, words.title,
                "<p>" + text(words.what.formatted(host.isEmpty() ? "VPN" : host)) + "</p><p>" + text(words.once.formatted(time))
                        + "</p><form method=\"post\"><p><button>" + text(words.download) + "</button></p></form>"
                        + "<p class=\"dim\">" + text(words.stranger) + "</p>");
    }

    static String gone(String languages) {
        Locale locale = locale(languages);
        Words words = words(locale);
        return page(locale, words.gone, "<p>" + text(words.why) + "</p><p class=\"dim\">" + text(words.warn) + "</p>");
    }

    private static String page(Locale locale, String title, String body) {
        return "<!doctype html><html lang=\"" + locale.getLanguage() + "\"><head><meta charset=\"utf-8\">"
                + "<meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">"
                + "<title>" + text(title) + "</title><link rel=\"stylesheet\" href=\"" + STYLE_PATH + "\"></head>"
                + "<body><main><h1>" + text(title) + "</h1>" + body + "</main></body></html>";
    }

    private static Words words(Locale locale) {
        return WORDS.getOrDefault(locale, WORDS.get(Locale.ENGLISH));
    }

    private static Locale locale(String languages) {
        try {
            Locale found = languages.isBlank() || languages.length() > 200
                    ? null
                    : Locale.lookup(Locale.LanguageRange.parse(languages), LOCALES);
            return found == null ? Locale.ENGLISH : found;
        } catch (IllegalArgumentException e) {
            return Locale.ENGLISH;
        }
    }

    private static String text(String plain) {
        return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
