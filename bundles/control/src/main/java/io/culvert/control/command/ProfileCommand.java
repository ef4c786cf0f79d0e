package io.culvert.control.command;

import io.culvert.api.auth.UserDirectory;
import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.pki.PkiException;
import io.culvert.api.tunnel.ProfileSource;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** {@code profile NAME}: a client profile for a known and enabled user. */
public final class ProfileCommand implements Command {
    private final Services services;

    /** What is installed now. */
    public interface Services {
        /** Best first. */
        <T> List<T> all(Class<T> type);
    }

    public ProfileCommand(Services services) {
        this.services = services;
    }

    @Override
    public String name() {
        return "profile";
    }

    @Override
    public Object run(Map<String, Object> values, Reply reply) throws CommandException {
        var arguments = new Arguments(values);
        String user = arguments.text("name");
        checkUser(user);
        ProfileSource source = source(arguments);
        var remote = Remote.parse(arguments.optional("remote").orElse(""));
        Optional<CertificateAuthority.Issued> identity = Optional.empty();
        if (source.needsCertificate()) {
            identity = Optional.of(identity(user, arguments.flag("reuse")));
        }
        try {
            String text = source.write(new ProfileSource.ProfileRequest(user, identity, remote.host(), remote.port()));
            var answer = new LinkedHashMap<String, Object>();
            answer.put("name", user);
            answer.put("protocol", source.protocol());
            answer.put("instance", source.instance());
            answer.put("transport", word(source));
            identity.ifPresent(issued -> answer.put("certificate", issued.profile().id()));
            answer.put("profile", text);
            return answer;
        } catch (IllegalArgumentException e) {
            throw new CommandException(e.getMessage(), e);
        }
    }

    private void checkUser(String name) throws CommandException {
        List<UserDirectory> directories = services.all(UserDirectory.class);
        if (directories.isEmpty()) {
            throw new CommandException("no module knows users; add auth.file to the modules in etc/culvert.yaml");
        }
        for (UserDirectory directory : directories) {
            Optional<UserDirectory.User> user;
            try {
                user = directory.find(name);
            } catch (Exception e) {
                throw new CommandException("cannot look up user " + name + ": " + e.getMessage(), e);
            }
            if (user.isPresent()) {
                if (!user.get().enabled()) {
                    throw new CommandException(
                            "user " + name + " is disabled; enable with: culvert user enable " + name);
                }
                return;
            }
        }
        throw new CommandException("there is no user " + name + "; add one with: culvert user add " + name);
    }

    private ProfileSource source(Arguments arguments) throws CommandException {
        Optional<String> protocol = arguments.optional("protocol");
        Optional<String> transport = arguments.optional("transport").map(text -> text.toLowerCase(Locale.ROOT));
        Optional<String> instance = arguments.optional("instance");
        List<ProfileSource> sources = services.all(ProfileSource.class);
        return sources.stream()
                .filter(source -> protocol.map(source.protocol()::equals).orElse(true))
                .filter(source -> transport.map(word(source)::equals).orElse(true))
                .filter(source -> instance.map(source.instance()::equals).orElse(true))
                // UDP carries tunnels better, so it comes first.
                .min(Comparator.comparing(ProfileSource::isBridged)
                        .thenComparing(source -> !word(source).equals("udp"))
                        .thenComparing(ProfileSource::instance))
                .orElseThrow(() -> new CommandException(sources.isEmpty()
                        ? "no tunnel is running; see: culvert status"
                        : "no running tunnel is like that; there is " + String.join(
                                ", ",
                                sources.stream()
                                        .map(source -> source.protocol() + " " + source.instance() + " (" + word(source)
                                                + ")")
                                        .sorted()
                                        .toList())));
    }

    private static String word(ProfileSource source) {
        return source.transport().name().toLowerCase(Locale.ROOT);
    }

    private CertificateAuthority.Issued identity(String user, boolean reuse) throws CommandException {
        var authority = services.all(CertificateAuthority.class).stream()
                .findFirst()
                .orElseThrow(() -> new CommandException("this profile needs a certificate, and no module issues them;"
                        + " add pki to the modules in etc/culvert.yaml"));
        try {
            Optional<CertificateAuthority.Issued> latest = reuse ? authority.latest(user) : Optional.empty();
            return latest.isPresent() ? latest.get() : authority.issue(user);
        } catch (PkiException e) {
            throw new CommandException(e.getMessage(), e);
        }
    }

    /** {@code HOST}, {@code HOST:PORT}, {@code [IPV6]:PORT} or a bare IPv6 address. */
    record Remote(Optional<String> host, OptionalInt port) {
        static Remote parse(String text) throws CommandException {
            if (text.isEmpty()) {
                return new Remote(Optional.empty(), OptionalInt.empty());
            }
            String host = text;
            String port = "";
            if (text.startsWith("[")) {
                int end = text.indexOf(']');
                host = end < 0 ? "" : text.substring(1, end);
                String rest = end < 0 ? "" : text.substring(end + 1);
                if (!rest.isEmpty() && !rest.startsWith(":")) {
                    throw malformed(text);
                }
                port = rest.isEmpty() ? "" : rest.substring(1);
                if (!rest.isEmpty() && port.isEmpty()) {
                    throw malformed(text);
                }
            } else if (text.indexOf(':') >= 0 && text.indexOf(':') == text.lastIndexOf(':')) {
                host = text.substring(0, text.indexOf(':'));
                port = text.substring(text.indexOf(':') + 1);
                if (port.isEmpty()) {
                    throw malformed(text);
                }
            }
            // The host goes into a text file of directives: one word, and no quotes.
            if (!host.matches("[A-Za-z0-9._:%-]{1,253}")) {
                throw malformed(text);
            }
            return new Remote(Optional.of(host), port.isEmpty() ? OptionalInt.empty() : OptionalInt.of(port(text, port)));
        }

        private static int port(String text, String port) throws CommandException {
            if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65535) {
                throw malformed(text);
            }
            return Integer.parseInt(port);
        }

        private static CommandException malformed(String text) {
            return new CommandException("'" + text + "' is no HOST or HOST:PORT; write IPv6 as [ADDRESS]:PORT");
        }
    }
}
