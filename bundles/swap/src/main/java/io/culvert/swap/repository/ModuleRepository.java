package io.culvert.swap.repository;

import io.culvert.swap.state.ModuleHome;
import io.culvert.swap.trust.Trust;
import io.culvert.swap.trust.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

/**
 * Modules in a directory or on a web server, beside an index that a trusted key has signed: {@code index.jar} holds
 * {@code index.xml}. What comes from there lands in quarantine; its digest is the index's, or it is thrown away.
 */
final class ModuleRepository {
    static final String SIGNED_INDEX = "index.jar";
    private static final String INDEX = "index.xml";
    private static final long MAX_INDEX = 16 << 20;
    private static final long MAX_MODULE = 256 << 20;
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Duration KEPT = Duration.ofDays(1);

    private final URI base;
    private final Path quarantine;
    private final Download download;
    private final List<Offer> offers;

    private ModuleRepository(URI base, Path quarantine, Download download, List<Offer> offers) {
        this.base = base;
        this.quarantine = quarantine;
        this.download = download;
        this.offers = offers;
    }

    /**
     * Fetches the index and looks at its signature.
     *
     * @param from a directory's path, or the address of one: file, http or https
     * @param quarantine is made when it is missing, for its owner only
     * @throws IOException in one line: unreachable, not signed, signed by nobody that is trusted, damaged
     */
    static ModuleRepository open(String from, Path quarantine, Trust trust) throws IOException, InterruptedException {
        return open(from, quarantine, trust, new Download(LIMIT));
    }

    static ModuleRepository open(String from, Path quarantine, Trust trust, Download download)
            throws IOException, InterruptedException {
        URI base = base(from);
        Files.createDirectories(quarantine,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        deleteOld(quarantine);
        Path index = Files.createTempFile(quarantine, "index", ".jar");
        try {
            download.copy(base.resolve(SIGNED_INDEX), MAX_INDEX, index);
            Verdict verdict = trust.verdict(index);
            Optional<String> refusal = trust.refusal(verdict);
            if (refusal.isPresent()) {
                throw new IOException(base.resolve(SIGNED_INDEX) + ": " + refusal.get());
            }
            return new ModuleRepository(base, quarantine, download, offers(base, index));
        } finally {
            Files.deleteIfExists(index);
        }
    }

    private static URI base(String from) throws IOException {
        try {
            boolean address = from.matches("[A-Za-z][A-Za-z0-9+.-]*:.*");
            URI uri = address ? new URI(from) : Path.of(from).toAbsolutePath().normalize().toUri();
            String text = uri.toString();
            return text.endsWith("/") ? uri : URI.create(text + "/");
        } catch (java.net.URISyntaxException | IllegalArgumentException e) {
            throw new IOException(from + ": neither a path nor an address", e);
        }
    }

    private static List<Offer> offers(URI base, Path index) throws IOException {
        try (var jar = new JarFile(index.toFile())) {
            ZipEntry entry = jar.getEntry(INDEX);
            if (entry == null) {
                throw new IOException(base.resolve(SIGNED_INDEX) + ": holds no " + INDEX);
            }
            try (InputStream in = jar.getInputStream(entry)) {
                return RepositoryIndex.read(in);
            }
        }
    }

    List<Offer> offers() {
        return offers;
    }

    /**
     * The newest version of a module that resolves here.
     *
     * @param missing what an offer lacks here; empty when it resolves
     * @throws IOException in one line: no such module, or what keeps it from resolving
     */
    Offer newest(String id, Function<Offer, Optional<String>> missing) throws IOException {
        List<Offer> versions = new ArrayList<>(offers.stream().filter(offer -> offer.id().equals(id)).toList());
        if (versions.isEmpty()) {
            String near = near(id);
            throw new IOException(id + ": there is no such module in " + base
                    + (near.isEmpty() ? "" : "; there is " + near));
        }
        versions.sort(Comparator.comparing(Offer::version).reversed());
        for (Offer offer : versions) {
            if (missing.apply(offer).isEmpty()) {
                return offer;
            }
        }
        Offer first = versions.getFirst();
        throw new IOException(id + " " + first.version() + ": does not resolve here, it needs "
                + missing.apply(first).orElseThrow());
    }

    private String near(String id) {
        String word = id.substring(id.lastIndexOf('.') + 1);
        String kind = id.substring(0, Math.max(0, id.indexOf('.')));
        return String.join(", ", offers.stream()
                .map(Offer::id)
                .filter(other -> other.contains(word) || word.contains(other.substring(other.lastIndexOf('.') + 1))
                        || !kind.isEmpty() && other.startsWith(kind + "."))
                .distinct()
                .sorted()
                .limit(8)
                .toList());
    }

    /** Fetches an offer's jar into quarantine, where it stays for a day. */
    Path fetch(Offer offer) throws IOException, InterruptedException {
        if (offer.size() > MAX_MODULE) {
            throw new IOException(offer.id() + ": larger than " + (MAX_MODULE >> 20) + " MiB");
        }
        URI from = base.resolve(offer.url());
        if ("file".equals(from.getScheme()) && !"file".equals(base.getScheme())) {
            throw new IOException(base + ": its index points to a file of this host, " + from);
        }
        Path jar = quarantine.resolve("io.culvert." + offer.id().replaceAll("[^A-Za-z0-9._-]", "_") + "-"
                + offer.version() + ".jar");
        Path part = Files.createTempFile(quarantine, "module", ".part");
        try {
            download.copy(from, offer.size(), part);
            String actual = ModuleHome.hash(part);
            if (!actual.equals(offer.sha256())) {
                throw new IOException(from + ": is not what the index describes: SHA-256 " + actual + " instead of "
                        + offer.sha256());
            }
            return Files.move(part, jar, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static void deleteOld(Path quarantine) throws IOException {
        long before = System.currentTimeMillis() - KEPT.toMillis();
        try (var files = Files.list(quarantine)) {
            for (Path file : files.toList()) {
                if (Files.getLastModifiedTime(file).toMillis() < before) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
