package io.culvert.pki;

import io.culvert.api.command.Command;
import io.culvert.api.pki.CertificateAuthority.Profile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code culvert profile list [NAME]}: what was issued and is neither revoked nor expired. */
final class ProfileListCommand implements Command {
    private final Authority authority;

    ProfileListCommand(Authority authority) {
        this.authority = authority;
    }

    @Override
    public String name() {
        return "profile list";
    }

    @Override
    public Object run(Map<String, Object> arguments, Reply reply) {
        List<Profile> profiles =
                arguments.get("name") instanceof String user ? authority.profiles(user) : authority.profiles();
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Profile profile : profiles) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("user", profile.user());
            row.put("id", profile.id());
            row.put("notBefore", profile.notBefore().toString());
            row.put("notAfter", profile.notAfter().toString());
            rows.add(row);
        }
        return rows;
    }
}
