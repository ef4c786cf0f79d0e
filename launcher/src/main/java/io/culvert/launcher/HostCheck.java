package io.culvert.launcher;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the host must give before anything starts. */
final class HostCheck {
    private HostCheck() {}

    /** @throws Failure when starting makes no sense; smaller findings are printed */
    static void beforeStart(HomeDirectory home, PrintStream out) {
        for (var finding : findings(home)) {
            if ("fails".equals(finding.get("state"))) {
                throw new Failure(finding.get("check") + ": " + finding.get("remedy"));
            }
            if (!"ok".equals(finding.get("state"))) {
                out.println(finding.get("check") + ": " + finding.get("remedy"));
            }
        }
    }

    /** For each check its name, {@code state} (ok, warns or fails) and the {@code remedy}. */
    static List<Map<String, Object>> findings(HomeDirectory home) {
        var findings = new ArrayList<Map<String, Object>>();
        findings.add(finding("java", Runtime.version().feature() >= 25 ? "ok" : "fails", Runtime.version().toString()));
        return findings;
    }

    private static Map<String, Object> finding(String check, String state, String remedy) {
        var finding = new LinkedHashMap<String, Object>();
        finding.put("check", check);
        finding.put("state", state);
        finding.put("remedy", remedy);
        return finding;
    }
}
