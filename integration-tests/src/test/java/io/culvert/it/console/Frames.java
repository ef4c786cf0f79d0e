package io.culvert.it.console;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.openqa.selenium.logging.LogType;

/**
 * What a page's frames cost: for the longest of them, how long the page's main thread really ran.
 *
 * <p>The page itself tells when a long frame began and ended (Long Animation Frames API), the browser's trace what its
 * main thread did meanwhile. The thread's own time is counted, not the clock's: while something else has the processor
 * the page does not work, and no limit on it would say anything about the page. On a machine that does nothing else the
 * two are the same.
 */
final class Frames {
    /** What {@link Browser#traced} is to record. */
    static final String CATEGORIES = "blink.user_timing,disabled-by-default-devtools.timeline";

    /** The page's clock is rounded: a task from before a frame that reaches no further into it is the frame before. */
    private static final double CLOCK_MS = 0.5;

    private static final String MARK = "culvert-frames";
    private static final String BEGIN =
            """
            window.longFrames = [];
            new PerformanceObserver(list => list.getEntries().forEach(e => longFrames.push([e.startTime, e.startTime + e.duration])))
                .observe({ type: 'long-animation-frame' });
            performance.mark('%s');
            """.formatted(MARK);
    private static final String END =
            "const done = arguments[0]; requestAnimationFrame(() => setTimeout(() => done(window.longFrames), 200));";

    private Frames() {}

    /**
     * @param workedMs of the frame in which the main thread worked longest
     * @param lastedMs of the longest frame, by the clock
     * @param tasks that the trace has of the page's main thread
     */
    record Longest(double workedMs, double lastedMs, int tasks) {}

    private record Task(double beginMs, double endMs, double workedMs) {}

    /**
     * Loads a page, works on it, and leaves it.
     *
     * @param shown an element of the page that has loaded what it shows
     * @param asyncScript what is done on the page; calls {@code arguments[0]} at its end
     */
    static Longest during(Browser browser, String url, String shown, String asyncScript) {
        // The driver begins a trace with a navigation, and has all of it behind the next.
        leave(browser);
        browser.driver().get(url);
        browser.see(shown);
        browser.settle().script(BEGIN);
        browser.asyncScript(asyncScript);
        var frames = new ArrayList<double[]>();
        double lasted = 0;
        for (Object each : (List<?>) browser.asyncScript(END)) {
            var span = (List<?>) each;
            double[] frame = {number(span.get(0)), number(span.get(1))};
            frames.add(frame);
            lasted = Math.max(lasted, frame[1] - frame[0]);
        }
        List<Task> tasks = tasks(leave(browser));
        double worked = tasks.stream().mapToDouble(Task::workedMs).max().orElse(0);
        for (double[] frame : frames) {
            worked = Math.max(worked, tasks.stream()
                    .filter(task -> task.beginMs < frame[1])
                    .filter(task -> task.beginMs >= frame[0] || task.endMs > frame[0] + CLOCK_MS)
                    .mapToDouble(Task::workedMs)
                    .sum());
        }
        return new Longest(worked, lasted, tasks.size());
    }

    /** Leaves the page; gives what the trace has since the last time. */
    private static List<String> leave(Browser browser) {
        var lines = new ArrayList<String>();
        browser.driver().manage().logs().get(LogType.PERFORMANCE).forEach(entry -> lines.add(entry.getMessage()));
        browser.driver().get("about:blank");
        browser.driver().manage().logs().get(LogType.PERFORMANCE).forEach(entry -> lines.add(entry.getMessage()));
        return lines;
    }

    /** The main thread's tasks behind the mark, on the page's own clock. */
    private static List<Task> tasks(List<String> lines) {
        List<Map<?, ?>> events = lines.stream()
                .filter(line -> line.contains("\"RunTask\"") || line.contains(MARK))
                .<Map<?, ?>>map(Frames::event)
                .toList();
        Map<?, ?> mark = events.stream()
                .filter(each -> MARK.equals(each.get("name")))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the trace has no mark"));
        var data = (Map<?, ?>) ((Map<?, ?>) mark.get("args")).get("data");
        double zeroMs = number(mark.get("ts")) / 1000 - number(data.get("startTime"));
        return events.stream()
                .filter(each -> "RunTask".equals(each.get("name")))
                .filter(each -> mark.get("pid").equals(each.get("pid")) && mark.get("tid").equals(each.get("tid")))
                .filter(each -> each.get("tdur") != null)
                .map(each -> {
                    double begin = number(each.get("ts")) / 1000 - zeroMs;
                    return new Task(begin, begin + number(each.get("dur")) / 1000, number(each.get("tdur")) / 1000);
                })
                .filter(task -> task.beginMs >= number(data.get("startTime")))
                .toList();
    }

    private static Map<?, ?> event(String line) {
        try {
            var message = (Map<?, ?>) JSON.std.mapFrom(line).get("message");
            return (Map<?, ?>) message.get("params");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double number(Object json) {
        return ((Number) json).doubleValue();
    }

    /** Milliseconds until the page first showed anything, of a load that takes nothing from the cache. */
    static double firstPaint(Browser browser, String url) {
        browser.cdp("Network.setCacheDisabled", Map.of("cacheDisabled", true));
        browser.open(url);
        return browser.await("a first paint", each -> (Double) each.script(
                "const e = performance.getEntriesByName('first-contentful-paint')[0]; return e ? e.startTime + 0.0001 : null"));
    }
}
