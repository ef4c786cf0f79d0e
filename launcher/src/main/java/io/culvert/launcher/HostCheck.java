package io.culvert.launcher;

import io.culvert.core.host.HostChecks;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the host must give, asked before any bundle is started. */
final class HostCheck {
    /** Without these nothing runs, whatever the settings; what depends on settings is core's to check. */
    private static final HostChecks.Needs ALWAYS = new HostChecks.Needs(false, false, false, false, 512);

    private static final String FAILS = "fails";
    private static final String ADVICE = "advice";

    private HostCheck() {}

    /** @throws Failure when starting makes no sense */
    static void beforeStart() {
        var bad = HostChecks.run(ALWAYS).stream().filter(finding -> !finding.ok()).toList();
        if (!bad.isEmpty()) {
            throw new Failure(String.join("\n", bad.stream().map(HostChecks.Finding::toString).toList()));
        }
    }

    /** Every check for a gateway with default settings: name, state, what was found and the remedy. */
    static List<Map<String, Object>> ofGateway() {
        return Stream.of(HostChecks.run(HostChecks.Needs.ofGateway()), HostChecks.offloads(), HostChecks.libraries())
                .flatMap(List::stream)
                .map(HostCheck::row)
                .toList();
    }

    static boolean fails(Map<String, Object> row) {
        return FAILS.equals(row.get("state"));
    }

    private static Map<String, Object> row(HostChecks.Finding finding) {
        String state = !finding.ok() ? FAILS : finding.remedy().isEmpty() ? "ok" : ADVICE;
        return row(finding.name(), state, finding.problem(), finding.remedy());
    }

    /** A row that does not keep the appliance from running. */
    static Map<String, Object> advice(String check, String found, String remedy) {
        return row(check, ADVICE, found, remedy);
    }

    private static Map<String, Object> row(String check, String state, String found, String remedy) {
        var row = new LinkedHashMap<String, Object>();
        row.put("check", check);
        row.put("state", state);
        row.put("found", found);
        row.put("remedy", remedy);
        return row;
    }
}
