package io.culvert.web.rest.resource;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code /modules/uploads}: jars on their way in. They are looked at in quarantine; nothing of them runs. */
public final class UploadsResource {
    private static final long MOST_BYTES = 256L << 20;
    private static final Duration KEPT = Duration.ofDays(1);

    private final Commands commands;
    private final Path quarantine;

    public UploadsResource(Commands commands, Path home) {
        this.commands = commands;
        this.quarantine = home.resolve("var/modules/quarantine");
    }

    /**
     * What was uploaded.
     *
     * @param target what a change names to install it
     * @param installed the version that is; empty for none
     * @param signature {@code trusted}, {@code unknown}, {@code unsigned} or {@code wrong}
     * @param fingerprint of the key that signed it, SHA-256
     */
    public record Upload(
            String target,
            String module,
            String version,
            String installed,
            long bytes,
            String sha256,
            String signature,
            String signatureText,
            String fingerprint) {}

    public List<WebEndpoint> endpoints() {
        return List.of(new WebEndpoint(
                "POST",
                "/api/v1/modules/uploads",
                Role.ADMINISTRATOR,
                "Upload a module's jar to quarantine.",
                Void.class,
                Upload.class,
                Set.of(Flag.RAW_BODY, Flag.FRESH_PROOF),
                this::upload));
    }

    private WebResponse upload(WebRequest request) throws Problem, IOException, InterruptedException {
        Files.createDirectories(
                quarantine, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        sweep();
        Path draft = Files.createTempFile(quarantine, "upload", ".part");
        try {
            String sha256 = receive(request.stream(), draft);
            Path file = quarantine.resolve(sha256 + ".jar");
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
            try {
                Row row = commands.row("module inspect", Map.of("file", file.toString()));
                request.target("module " + row.text("module") + " " + row.text("version"));
                request.note("sha256 " + sha256 + ", " + row.text("signatureText"));
                return WebResponse.created(
                        "/api/v1/modules/uploads",
                        new Upload(
                                file.toString(),
                                row.text("module"),
                                row.text("version"),
                                row.text("installed"),
                                row.number("bytes"),
                                sha256,
                                row.text("signature"),
                                row.text("signatureText"),
                                row.text("fingerprint")));
            } catch (Problem e) {
                Files.deleteIfExists(file);
                throw Problem.refused(e.getMessage().replace(file.toString(), "The file"));
            }
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private static String receive(InputStream in, Path draft) throws Problem, IOException {
        try (OutputStream out = Files.newOutputStream(draft)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            long bytes = 0;
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                bytes += n;
                if (bytes > MOST_BYTES) {
                    throw new Problem(413, "too-long", "A module has at most " + (MOST_BYTES >> 20) + " MiB.");
                }
                digest.update(buffer, 0, n);
                out.write(buffer, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What nobody has installed for a day goes. */
    private void sweep() throws IOException {
        Instant oldest = Instant.now().minus(KEPT);
        try (var files = Files.list(quarantine)) {
            for (Path file : files.toList()) {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(oldest)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /** Whether a target of a change lies in quarantine. */
    static boolean quarantined(Path home, String target) {
        Path file = Path.of(target).normalize();
        return file.startsWith(home.resolve("var/modules/quarantine").normalize());
    }
}
