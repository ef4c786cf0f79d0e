package io.culvert.it.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What can be found wrong with a page by looking at it: axe-core's rules, and a few of our own. */
final class Axe {
    private static final String AXE = axe();

    /** Runs every rule of WCAG 2.2 A and AA and the best practices that axe knows. */
    private static final String RUN =
            """
            const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'], runOnly: { type: 'tag',
                values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } })
              .then(r => done(r.violations.map(v => v.id + ' (' + v.impact + '): ' + v.help + '\\n' + v.nodes.slice(0, 5)
                .map(n => '    ' + n.target.join(' ') + '  ' + n.html.slice(0, 160) + '\\n      '
                  + (n.failureSummary || '').split('\\n').slice(1, 3).join(' ').trim()).join('\\n'))))
              .catch(e => done(['axe: ' + e]));
            """;

    /** Names and roles: a label that only a placeholder stands for is none, though axe lets it pass. */
    private static final String NAMES =
            """
            const scope = document.querySelector('dialog[open]') || document;
            const controls = scope.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=switch], [role=tab], [tabindex="0"]');
            return [...controls].filter(c => !c.closest('[aria-hidden="true"]')).filter(c => c.checkVisibility ? c.checkVisibility({ visibilityProperty: true }) : true).filter(c => {
              const named = c.getAttribute('aria-label')?.trim()
                || (c.getAttribute('aria-labelledby') || '').split(/\\s+/).some(id => id && document.getElementById(id)?.textContent.trim())
                || [...(c.labels || [])].some(l => [...l.childNodes].some(n => n !== c && n.textContent.trim()))
                || (!/^(INPUT|SELECT|TEXTAREA)$/.test(c.tagName) && c.textContent.trim())
                || (/^(submit|button)$/.test(c.type || '') && c.value);
              return !named;
            }).map(c => c.outerHTML.slice(0, 200));
            """;

    private static final String SIDEWAYS =
            """
            const wide = document.documentElement.scrollWidth, most = document.documentElement.clientWidth;
            if (wide <= most) {
              const dialog = document.querySelector('dialog[open] .dlg-body');
              return dialog && dialog.scrollWidth > dialog.clientWidth ? ['the dialog is ' + dialog.scrollWidth + ' px wide in ' + dialog.clientWidth] : [];
            }
            return ['the page is ' + wide + ' px wide in ' + most + ': ' + [...document.querySelectorAll('body *')]
              .filter(e => e.getBoundingClientRect().right > most + 1).slice(0, 4).map(e => e.outerHTML.slice(0, 120)).join(' | ')];
            """;

    private Axe() {}

    private static String axe() {
        try (InputStream script = Axe.class.getResourceAsStream("/axe.min.js")) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is wrong with the page as it stands, one entry each; empty when nothing is. */
    static List<String> faults(Browser browser) {
        browser.script("if (!window.axe) { " + AXE + "\n window.axe = window.axe || this.axe; }");
        var faults = new ArrayList<String>();
        strings(browser.asyncScript(RUN)).forEach(faults::add);
        strings(browser.script(NAMES)).forEach(control -> faults.add("a control without a name: " + control));
        strings(browser.script(SIDEWAYS)).forEach(faults::add);
        browser.messages().forEach(line -> faults.add("console: " + line));
        return faults;
    }

    private static List<String> strings(Object list) {
        if (list instanceof List<?> each) {
            return each.stream().map(String::valueOf).toList();
        }
        throw new AssertionError("the page answered " + list);
    }
}
