package io.culvert.it.lab;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips, by name, tests that make network namespaces when that is not possible here. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresRoot.Condition.class)
public @interface RequiresRoot {
    /** Programs that the tests run, by path. */
    String[] programs() default {"/usr/sbin/openvpn", "/usr/bin/iperf3", "/usr/sbin/nft", "/usr/sbin/ip", "/usr/bin/ping"};

    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            var type = context.getRequiredTestClass();
            var required = type.getAnnotation(RequiresRoot.class);
            if (required == null) {
                return ConditionEvaluationResult.enabled("needs no root");
            }
            if (!"root".equals(System.getProperty("user.name"))) {
                return skip(type, "only root can make network namespaces: run mvn verify as root");
            }
            List<String> missing = new ArrayList<>();
            for (var program : required.programs()) {
                if (!Files.isExecutable(Path.of(program))) {
                    missing.add(program);
                }
            }
            return missing.isEmpty()
                    ? ConditionEvaluationResult.enabled("root, and every program is there")
                    : skip(type, "not installed: " + String.join(", ", missing));
        }

        private static ConditionEvaluationResult skip(Class<?> type, String why) {
            System.out.println("SKIPPED " + type.getName() + ": " + why);
            return ConditionEvaluationResult.disabled(why);
        }
    }
}
