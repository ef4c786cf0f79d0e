package io.culvert.it.console;

import io.culvert.it.lab.Netns;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.logging.Level;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** Debian's Chromium without a window, on this host or on a host of the lab. */
final class Browser implements AutoCloseable {
    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
    static final List<Path> PROGRAMS = List.of(CHROMIUM, DRIVER);
    private static final Duration DEADLINE = Duration.ofSeconds(15);

    private final ChromeDriver driver;
    private final Path profile;
    private final List<String> expected = new ArrayList<>();
    private Look look = Look.desk(false);

    private Browser(Path binary, Path profile, String traced) {
        this.profile = profile;
        var options = new ChromeOptions();
        options.setBinary(binary.toFile());
        options.setAcceptInsecureCerts(true);
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-extensions",
                "--disable-background-networking",
                "--no-first-run",
                "--hide-scrollbars",
                "--lang=en-GB",
                "--user-data-dir=" + profile,
                // A pipe, not a port: the browser may live in another network namespace than its driver.
                "--remote-debugging-pipe");
        options.setExperimentalOption("prefs", Map.of("intl.accept_languages", "en", "download.default_directory", profile.resolve("downloads").toString()));
        var logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        if (!traced.isEmpty()) {
            logs.enable(LogType.PERFORMANCE, Level.ALL);
            options.setExperimentalOption(
                    "perfLoggingPrefs", Map.of("enableNetwork", false, "enablePage", false, "traceCategories", traced));
        }
        options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
        driver = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(DRIVER.toFile())
                        .withLogFile(new File(profile + ".log"))
                        .build(),
                options);
        driver.manage().timeouts().scriptTimeout(Duration.ofSeconds(60));
        look(look);
    }

    /** On this host. */
    static Browser open() {
        return new Browser(CHROMIUM, profile(), "");
    }

    /** On a host of the lab. */
    static Browser open(Netns host) {
        return traced(host, "");
    }

    /**
     * On a host of the lab, recording what it does.
     *
     * @param categories of Chromium's trace, which comes as the performance log
     */
    static Browser traced(Netns host, String categories) {
        Path profile = profile();
        Path binary = Path.of(profile + ".sh");
        try {
            Files.writeString(binary, "#!/bin/sh\nexec ip netns exec " + host.name() + " " + CHROMIUM + " \"$@\"\n");
            Files.setPosixFilePermissions(binary, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Browser(binary, profile, categories);
    }

    private static Path profile() {
        try {
            Path directory = Files.createDirectories(Path.of(System.getProperty("culvert.lab"), "browser"));
            return Files.createTempDirectory(directory.toAbsolutePath().normalize(), "chromium");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ChromeDriver driver() {
        return driver;
    }

    Path downloads() {
        return profile.resolve("downloads");
    }

    /** Size and side; the page stays. */
    Browser look(Look next) {
        look = next;
        cdp("Emulation.setDeviceMetricsOverride", Map.of(
                "width", next.width(), "height", next.height(), "deviceScaleFactor", 1, "mobile", false));
        cdp("Emulation.setEmulatedMedia", Map.of("features", List.of(
                Map.of("name", "prefers-color-scheme", "value", next.dark() ? "dark" : "light"),
                // Pictures and contrasts are those of the end of a transition.
                Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
        return this;
    }

    Object cdp(String command, Map<String, Object> parameters) {
        return driver.executeCdpCommand(command, parameters);
    }

    /** Loads an address from new. */
    Browser open(String url) {
        driver.get("about:blank");
        driver.get(url);
        return this;
    }

    Object script(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    Object asyncScript(String script, Object... arguments) {
        return driver.executeAsyncScript(script, arguments);
    }

    /** Waits until {@code ready} gives something other than null and false. */
    <T> T await(String what, Function<Browser, T> ready) {
        return await(what, DEADLINE, ready);
    }

    <T> T await(String what, Duration deadline, Function<Browser, T> ready) {
        try {
            return new WebDriverWait(driver, deadline, Duration.ofMillis(50))
                    .ignoring(StaleElementReferenceException.class)
                    .until(_ -> ready.apply(this));
        } catch (org.openqa.selenium.TimeoutException e) {
            throw new AssertionError(
                    "not within " + deadline.toSeconds() + " s: " + what + "; the page at " + driver.getCurrentUrl() + " says:\n"
                            + text() + "\nand its console:\n" + messages(),
                    e);
        }
    }

    /** The first visible element. */
    WebElement see(String css) {
        return await("an element " + css, browser -> browser.all(css).stream()
                .filter(WebElement::isDisplayed)
                .findFirst()
                .orElse(null));
    }

    /** The visible element whose accessible name or text holds {@code name}. */
    WebElement see(String css, String name) {
        return await("an element " + css + " called '" + name + "'", browser -> browser.all(css).stream()
                .filter(WebElement::isDisplayed)
                .filter(each -> each.getText().contains(name) || each.getAccessibleName().contains(name))
                .findFirst()
                .orElse(null));
    }

    List<WebElement> all(String css) {
        return driver.findElements(By.cssSelector(css));
    }

    Browser click(String css, String name) {
        WebElement element = see(css, name);
        script("arguments[0].scrollIntoView({block:'center'})", element);
        element.click();
        return this;
    }

    Browser type(String css, CharSequence text) {
        WebElement element = see(css);
        element.clear();
        element.sendKeys(text);
        return this;
    }

    /** Waits for a text anywhere on the page. */
    Browser awaitText(String text) {
        await("the text '" + text + "'", browser -> browser.text().contains(text));
        return this;
    }

    Browser awaitText(String text, Duration deadline) {
        await("the text '" + text + "'", deadline, browser -> browser.text().contains(text));
        return this;
    }

    String text() {
        return String.valueOf(script("return document.body ? document.body.innerText : ''"));
    }

    /** Keys to whatever has the focus. */
    Browser press(CharSequence... keys) {
        new Actions(driver).sendKeys(keys).perform();
        return this;
    }

    WebElement focused() {
        return driver.switchTo().activeElement();
    }

    /** Tab until the element called {@code name} has the focus, as somebody without a mouse must. */
    Browser tabTo(String name) {
        for (int i = 0; i < 120; i++) {
            WebElement now = focused();
            if (now.getAccessibleName().contains(name)) {
                return this;
            }
            press(Keys.TAB);
        }
        throw new AssertionError("Tab never comes to '" + name + "'; the page says:\n" + text());
    }

    /** A file to choose where a page asks for one. */
    Path anyFile() {
        try {
            return Files.writeString(profile.resolve("mesh-link-metrics-0.3.0.jar"), "not really");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the page has been drawn as it will stay: fonts, answers, two frames. */
    Browser settle() {
        await("a page that is not loading", browser -> browser.all(".loading").isEmpty());
        asyncScript("const done = arguments[0]; document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
        return this;
    }

    byte[] picture() {
        return driver.getScreenshotAs(OutputType.BYTES);
    }

    /** The whole page, however long; at most {@code most} pixels of it. */
    byte[] longPicture(int most) {
        long height = ((Number) script("const d = [...document.querySelectorAll('dialog[open] .dlg-body')].at(-1);"
                        + " return d ? innerHeight + d.scrollHeight - d.clientHeight"
                        + " : Math.max(document.documentElement.scrollHeight, innerHeight)"))
                .longValue();
        if (height > look.height()) {
            cdp("Emulation.setDeviceMetricsOverride", Map.of(
                    "width", look.width(), "height", (int) Math.min(height, most), "deviceScaleFactor", 1, "mobile", false));
            script("scrollTo(0, 0)");
        }
        byte[] picture = picture();
        look(look);
        return picture;
    }

    /** Lets a line of the browser's console pass: what a test provokes. */
    Browser expect(String part) {
        expected.add(part);
        return this;
    }

    /** What the browser's console said since the last call: errors, warnings, refusals of the content policy. */
    List<String> messages() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(LogEntry::toString)
                .filter(line -> expected.stream().noneMatch(line::contains))
                .toList();
    }

    @Override
    public void close() {
        driver.quit();
    }
}
