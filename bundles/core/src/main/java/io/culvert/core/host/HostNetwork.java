package io.culvert.core.host;

import io.culvert.api.network.Prefix;
import io.culvert.core.host.HostState.Change;
import io.culvert.core.host.HostState.Dependent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the appliance changes on its host while it runs: forwarding, and an nftables table {@code inet culvert} that
 * accepts forwarded tunnel packets and masquerades those that leave by other interfaces. Everything is noted in
 * {@code host-state} in the run directory first, and taken back by {@link #close}, or by the next {@link #apply} or
 * {@link #recover} after a sudden end.
 *
 * <p>Threads: one at a time. Calls block; they run {@code nft}.
 */
public final class HostNetwork implements AutoCloseable {
    /** The nftables table, of the family inet. */
    public static final String TABLE = "culvert";

    private static final Logger log = LoggerFactory.getLogger(HostNetwork.class);
    private static final String FILE = "host-state";
    private static final String IPV4_SWITCH = "net/ipv4/ip_forward";
    private static final String IPV4_CONF = "net/ipv4/conf";
    private static final String IPV6_SWITCH = "net/ipv6/conf/all/forwarding";
    private static final String IPV6_CONF = "net/ipv6/conf";

    private final Path file;
    private final Sysctls sysctls;
    private final Optional<Nft> nft;
    private boolean closed;

    private HostNetwork(Path runDir, Sysctls sysctls, Optional<Nft> nft) {
        this.file = runDir.resolve(FILE);
        this.sysctls = sysctls;
        this.nft = nft;
    }

    /**
     * What is wanted.
     *
     * @param tun the name of the TUN interface, which need not exist yet
     * @param ipv4 the tunnels' prefix, if they carry IPv4
     * @param ipv6 the tunnels' prefix, if they carry IPv6
     * @param forwarding whether the kernel shall forward for the families above
     * @param masquerade whether packets from these prefixes leave other interfaces under the host's address
     */
    public record Settings(
            String tun, Optional<Prefix> ipv4, Optional<Prefix> ipv6, boolean forwarding, boolean masquerade) {}

    /**
     * Changes the host. What an earlier process left is taken over where it is wanted again, so that the translations
     * of live connections go on without a gap, and taken back otherwise.
     *
     * @throws HostException naming what the host refuses, and the remedy; nothing is changed then
     */
    public static HostNetwork apply(Path runDir, Settings settings) throws IOException {
        return apply(runDir, settings, Sysctls.ofHost(), Nft.find());
    }

    static HostNetwork apply(Path runDir, Settings settings, Sysctls sysctls, Optional<Nft> nft) throws IOException {
        var network = new HostNetwork(runDir, sysctls, nft);
        if (network.adopt(settings)) {
            return network;
        }
        network.undo();
        try {
            network.set(settings);
        } catch (IOException | RuntimeException e) {
            try {
                network.undo();
            } catch (IOException alsoFailed) {
                e.addSuppressed(alsoFailed);
            }
            throw e;
        }
        return network;
    }

    /**
     * Takes back what a process that ended suddenly left.
     *
     * @return whether there was anything
     */
    public static boolean recover(Path runDir) throws IOException {
        return new HostNetwork(runDir, Sysctls.ofHost(), Nft.find()).undo();
    }

    /**
     * Takes over what another process left, if it is what {@code settings} want. Between two tables the kernel would
     * not translate: an answer from behind the appliance would meet no socket and be reset.
     */
    private boolean adopt(Settings settings) throws IOException {
        Optional<HostState> found = HostState.load(file);
        if (found.isEmpty() || !isOfHere(found.get()) || !settings.forwarding()) {
            return false;
        }
        HostState left = found.get();
        boolean undoing = left.changes().stream().anyMatch(Change::undoing);
        if (undoing || left.table().isEmpty() || nft.isEmpty()) {
            return false;
        }
        String mark = left.table().get();
        Optional<String> text = nft.get().table(TABLE);
        if (text.isEmpty() || !isMarked(text.get(), mark)) {
            return false;
        }
        var changes = new ArrayList<Change>(left.changes());
        List<Change> missing = changes(settings);
        for (Change change : missing) {
            if (changes.stream().noneMatch(c -> c.path().equals(change.path()))) {
                changes.add(change);
            }
        }
        new HostState(left.boot(), left.namespace(), left.table(), changes).save(file);
        for (Change change : missing) {
            sysctls.write(change.path(), change.ours());
        }
        nft.get().run("delete table inet " + TABLE + "\n" + script(settings, mark));
        log.info("host: took over forwarding and nftables table inet {}", TABLE);
        return true;
    }

    private static boolean isMarked(String table, String mark) {
        return table.contains("\"culvert " + mark + "\"");
    }

    private static boolean isOfHere(HostState state) throws IOException {
        return state.boot().equals(boot()) && state.namespace().equals(namespace());
    }

    private void set(Settings settings) throws IOException {
        boolean table = settings.masquerade() || settings.forwarding() && nft.isPresent();
        if (settings.masquerade() && nft.isEmpty()) {
            throw new HostException(
                    "core.masquerade is on, and the program nft is not there",
                    "install nftables ('apt install nftables'), or set core.masquerade to false and translate "
                            + "addresses elsewhere");
        }
        if (table && nft.orElseThrow().table(TABLE).isPresent()) {
            throw new HostException(
                    "nftables has a table 'inet " + TABLE + "' that is not from this appliance",
                    "stop the other appliance on this host, or remove its rest with 'nft delete table inet " + TABLE
                            + "'");
        }
        List<Change> changes = settings.forwarding() ? changes(settings) : List.of();
        if (!table && changes.isEmpty()) {
            return;
        }
        Optional<String> mark = table ? Optional.of(newMark()) : Optional.empty();
        new HostState(boot(), namespace(), mark, changes).save(file);
        for (Change change : changes) {
            sysctls.write(change.path(), change.ours());
            log.info("host: set {} to {}, was {}", change.path(), change.ours(), change.old());
        }
        if (table) {
            nft.orElseThrow().run(script(settings, mark.orElseThrow()));
            log.info("host: made nftables table inet {}, masquerade {}", TABLE, settings.masquerade() ? "on" : "off");
        }
    }

    private List<Change> changes(Settings settings) throws IOException {
        var changes = new ArrayList<Change>();
        if (settings.ipv4().isPresent() && isOff(IPV4_SWITCH)) {
            List<Dependent> dependents = forwardingInterfaces(IPV4_CONF, "");
            // The kernel makes a router refuse redirects, and a host accept them, whatever was set before.
            String redirects = IPV4_CONF + "/all/accept_redirects";
            if (sysctls.read(redirects).filter("0"::equals).isPresent()) {
                dependents.add(new Dependent(redirects, "0", "0"));
            }
            changes.add(new Change(IPV4_SWITCH, "0", "1", dependents, false));
        }
        if (settings.ipv6().isPresent() && isOff(IPV6_SWITCH)) {
            // A forwarding kernel drops routes that it learned from router advertisements, unless accept_ra is 2:
            // the host would lose its own way out.
            for (String name : sysctls.names(IPV6_CONF)) {
                String path = IPV6_CONF + "/" + name + "/accept_ra";
                if (!isTemplate(name) && sysctls.read(path).filter("1"::equals).isPresent()) {
                    changes.add(new Change(path, "1", "2", List.of(), false));
                }
            }
            changes.add(new Change(IPV6_SWITCH, "0", "1", forwardingInterfaces(IPV6_CONF, "all"), false));
        }
        return changes;
    }

    private boolean isOff(String path) throws IOException {
        String value = sysctls.read(path)
                .orElseThrow(() -> new HostException(
                        "the kernel has no setting " + path.replace('/', '.'),
                        "boot with IPv6 (no ipv6.disable=1), or remove core.ipv6 from the configuration"));
        return value.equals("0");
    }

    /** Those that forward although the switch is off; switching on and off again would lose that. */
    private List<Dependent> forwardingInterfaces(String conf, String without) throws IOException {
        var dependents = new ArrayList<Dependent>();
        for (String name : sysctls.names(conf)) {
            String path = conf + "/" + name + "/forwarding";
            if (!name.equals(without) && sysctls.read(path).filter("1"::equals).isPresent()) {
                dependents.add(new Dependent(path, "1", "1"));
            }
        }
        return dependents;
    }

    private static boolean isTemplate(String name) {
        return name.equals("all") || name.equals("default") || name.equals("lo");
    }

    /** {@code create} fails when somebody was faster, and with it the whole transaction. */
    private static String script(Settings settings, String mark) {
        String tun = '"' + settings.tun() + '"';
        var script = new StringBuilder();
        script.append("create table inet ").append(TABLE).append(" { comment \"culvert ").append(mark).append("\"; }\n");
        script.append("table inet ").append(TABLE).append(" {\n");
        script.append("  chain forward {\n    type filter hook forward priority filter; policy accept;\n");
        script.append("    iifname ").append(tun).append(" accept\n    oifname ").append(tun).append(" accept\n  }\n");
        if (settings.masquerade()) {
            script.append("  chain postrouting {\n    type nat hook postrouting priority srcnat; policy accept;\n");
            settings.ipv4().ifPresent(prefix -> masquerade(script, "ip", prefix, tun));
            settings.ipv6().ifPresent(prefix -> masquerade(script, "ip6", prefix, tun));
            script.append("  }\n");
        }
        return script.append("}\n").toString();
    }

    private static void masquerade(StringBuilder script, String family, Prefix prefix, String tun) {
        script.append("    ").append(family).append(" saddr ").append(prefix);
        script.append(" oifname != ").append(tun).append(" masquerade\n");
    }

    /** Takes back what the file says, and forgets it when all is done. */
    private boolean undo() throws IOException {
        Optional<HostState> found = HostState.load(file);
        if (found.isEmpty()) {
            return false;
        }
        HostState state = found.get();
        if (!isOfHere(state)) {
            log.info("host: {} is of an earlier boot or another network namespace, nothing to take back", file);
            HostState.delete(file);
            return false;
        }
        if (state.table().isPresent()) {
            deleteTable(state.table().get());
        }
        for (int i = state.changes().size() - 1; i >= 0; i--) {
            restore(state, i);
        }
        HostState.delete(file);
        return true;
    }

    private void deleteTable(String mark) throws IOException {
        Nft program = nft.orElseThrow(() -> new HostException(
                "nftables table inet " + TABLE + " cannot be removed, the program nft is not there",
                "install nftables, and start or stop the appliance again"));
        Optional<String> text = program.table(TABLE);
        if (text.isEmpty()) {
            return;
        }
        if (isMarked(text.get(), mark)) {
            program.run("delete table inet " + TABLE + "\n");
            log.info("host: removed nftables table inet {}", TABLE);
        } else {
            log.warn("host: nftables table inet {} is not the one we made, left as it is", TABLE);
        }
    }

    private void restore(HostState state, int index) throws IOException {
        Change change = state.changes().get(index);
        Optional<String> now = sysctls.read(change.path());
        if (!change.undoing()) {
            if (now.isEmpty() || now.get().equals(change.old())) {
                return;
            }
            if (!now.get().equals(change.ours())) {
                log.warn("host: {} was set to {} by someone else, left as it is", change.path(), now.get());
                return;
            }
            if (!change.dependents().isEmpty()) {
                // Once the switch is back, what the dependents were is lost to whoever must finish this.
                change = undoing(change);
                state.changes().set(index, change);
                state.save(file);
            }
        }
        if (now.filter(change.ours()::equals).isPresent()) {
            write(change.path(), change.old());
            log.info("host: set {} back to {}", change.path(), change.old());
        }
        for (Dependent dependent : change.dependents()) {
            write(dependent.path(), dependent.old());
        }
    }

    /** Where someone else has changed a dependent meanwhile, that is what it shall be. */
    private Change undoing(Change change) throws IOException {
        var dependents = new ArrayList<Dependent>();
        for (Dependent dependent : change.dependents()) {
            Optional<String> now = sysctls.read(dependent.path());
            if (now.isPresent()) {
                String wanted = now.get().equals(dependent.ours()) ? dependent.old() : now.get();
                dependents.add(new Dependent(dependent.path(), wanted, dependent.ours()));
            }
        }
        return new Change(change.path(), change.old(), change.ours(), dependents, true);
    }

    private void write(String path, String value) throws IOException {
        try {
            sysctls.write(path, value);
        } catch (NoSuchFileException e) {
            // Its interface went away between looking and writing, and took the setting along.
        }
    }

    private static String newMark() {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static String boot() throws IOException {
        return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    }

    private static String namespace() throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString();
    }

    /** Leaves everything to the next {@link #apply}; {@link #close} does nothing any more. */
    public void leave() {
        closed = true;
    }

    /** Takes everything back. What fails is logged and stays noted for the next start or stop. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            undo();
        } catch (IOException e) {
            log.error("host: not everything could be taken back, {} keeps what is left: {}", file, e.getMessage());
        }
    }
}
