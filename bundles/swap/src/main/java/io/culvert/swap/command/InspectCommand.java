package io.culvert.swap.command;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.swap.osgi.Modules;
import io.culvert.swap.plan.JarIdentity;
import io.culvert.swap.plan.Refused;
import io.culvert.swap.state.ModuleHome;
import io.culvert.swap.trust.Trust;
import io.culvert.swap.trust.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code module inspect}: what a jar on this disk is, and who signed it. Runs nothing of it. */
public final class InspectCommand implements Command {
    private final Modules modules;
    private final Trust trust;

    public InspectCommand(Modules modules, Trust trust) {
        this.modules = modules;
        this.trust = trust;
    }

    @Override
    public String name() {
        return "module inspect";
    }

    @Override
    public Object run(Map<String, Object> arguments, Reply reply) throws CommandException {
        if (!(arguments.get("file") instanceof String name) || name.isEmpty()) {
            throw new CommandException("the argument 'file' is missing");
        }
        Path file = Path.of(name);
        try {
            JarIdentity jar = JarIdentity.read(file);
            Verdict verdict = trust.verdict(file);
            var answer = new LinkedHashMap<String, Object>();
            answer.put("module", jar.module());
            answer.put("version", jar.version().toString());
            answer.put("installed", modules.find(jar.module()).map(each -> each.getVersion().toString()).orElse(""));
            answer.put("bytes", Files.size(file));
            answer.put("sha256", ModuleHome.hash(file));
            answer.put("signature", verdict.word());
            answer.put("signatureText", verdict.line());
            answer.put("fingerprint", switch (verdict) {
                case Verdict.Trusted(_, var fingerprint) -> fingerprint;
                case Verdict.UnknownKey(var fingerprint) -> fingerprint;
                case Verdict.Unsigned _, Verdict.Wrong _ -> "";
            });
            answer.put("refusal", trust.refusal(verdict).orElse(""));
            return answer;
        } catch (Refused | IOException e) {
            throw new CommandException(String.valueOf(e.getMessage()), e);
        }
    }
}
