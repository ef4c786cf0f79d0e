package io.culvert.it.console;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips, by name, tests that need Chromium and its driver where they are not installed. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresBrowser.Condition.class)
@interface RequiresBrowser {
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            List<Path> missing = Browser.PROGRAMS.stream().filter(each -> !Files.isExecutable(each)).toList();
            if (missing.isEmpty()) {
                return ConditionEvaluationResult.enabled("a browser is there");
            }
            String why = "not installed: " + missing + "; cnf/test-packages.sh installs chromium and chromium-driver";
            System.out.println("SKIPPED " + context.getRequiredTestClass().getName() + ": " + why);
            return ConditionEvaluationResult.disabled(why);
        }
    }
}
