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
        var row = new LinkedHashMap<String, Object>();
        row.put("check", finding.name());
        row.put("state", !finding.ok() ? FAILS : finding.remedy().isEmpty() ? "ok" : "advice");
        row.put("found", finding.problem());
        row.put("remedy", finding.remedy());
        return row;
    }
}
