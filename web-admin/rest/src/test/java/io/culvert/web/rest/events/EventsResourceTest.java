package io.culvert.web.rest.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.log.LogRecord.Level;
import io.culvert.api.web.Problem;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EventsResourceTest {
    private final EventHub hub = new EventHub(new Random(7));
    private final List<Thread> threads = new ArrayList<>();

    private static EventFilter filter(String topics) throws Problem {
        return EventFilter.of(Optional.of(topics), Optional.of("info"));
    }

    /** What one listener reads. */
    private final class Reader {
        final PipedInputStream in = new PipedInputStream(1 << 16);
        final Thread thread;

        Reader(String topics, Optional<String> lastId, long pingMillis) throws Exception {
            var out = new PipedOutputStream(in);
            EventFilter filter = filter(topics);
            var resource = new EventsResource(hub, () -> {}, "0.1.0", pingMillis);
            thread = Thread.ofVirtual().start(() -> {
                try {
                    resource.stream(out, filter, lastId, "mina");
                } catch (IOException | InterruptedException e) {
                    // Closed by the test.
                }
            });
            threads.add(thread);
        }

        /** Up to the next empty line. */
        String next() throws IOException {
            var text = new StringBuilder();
            while (!text.toString().endsWith("\n\n")) {
                text.append((char) in.read());
            }
            return text.toString();
        }
    }

    @AfterEach
    void leave() {
        threads.forEach(Thread::interrupt);
    }

    private static String id(String event) {
        return event.lines().filter(line -> line.startsWith("id: ")).findFirst().orElseThrow().substring(4);
    }

    @Test
    void shouldGreetAndThenSendWhatWasAskedFor() throws Exception {
        var reader = new Reader("changes", Optional.empty(), 15_000);
        assertTrue(reader.next().contains("event: hello\n"));
        hub.publish("throughput", "{}");
        hub.publish("change", "{\"id\":\"1\"}");
        assertTrue(reader.next().endsWith(":2\nevent: change\ndata: {\"id\":\"1\"}\n\n"));
    }

    @Test
    void shouldHaveRoomForOthersWhenOneTakesAllItCan() throws Exception {
        for (int i = 0; i < EventHub.MOST_EACH; i++) {
            assertTrue(hub.join(filter("changes"), Optional.empty(), "viewer").isPresent());
        }
        assertTrue(hub.join(filter("changes"), Optional.empty(), "viewer").isEmpty());
        assertTrue(hub.join(filter("changes"), Optional.empty(), "mina").isPresent());
    }

    @Test
    void shouldResumeWhereTheListenerWas() throws Exception {
        var first = new Reader("changes", Optional.empty(), 15_000);
        first.next();
        hub.publish("change", "1");
        String seen = id(first.next());
        first.thread.interrupt();
        first.thread.join();
        hub.publish("change", "2");
        hub.publish("change", "3");
        var again = new Reader("changes", Optional.of(seen), 15_000);
        assertTrue(again.next().contains("\"resumed\":true"));
        assertTrue(again.next().contains("data: 2\n"));
        assertTrue(again.next().contains("data: 3\n"));
    }

    @Test
    void shouldTellToLoadAnewWhatIsOlderThanItRemembers() throws Exception {
        var first = new Reader("changes", Optional.empty(), 15_000);
        first.next();
        hub.publish("change", "1");
        String seen = id(first.next());
        for (int i = 0; i <= EventHub.REMEMBERED; i++) {
            hub.publish("throughput", "{}");
        }
        var again = new Reader("changes", Optional.of(seen), 15_000);
        assertTrue(again.next().contains("\"resumed\":false"));
        assertTrue(again.next().contains("event: resync"));
    }

    @Test
    void shouldNotResumeWhatNobodyWatched() throws Exception {
        var first = new Reader("changes", Optional.empty(), 15_000);
        String seen = id(first.next());
        first.thread.interrupt();
        first.thread.join();
        assertFalse(hub.listening());
        hub.rest();
        hub.publish("change", "nobody hears it");
        var again = new Reader("changes", Optional.of(seen), 15_000);
        assertTrue(again.next().contains("\"resumed\":false"));
        assertTrue(again.next().contains("event: resync"));
    }

    @Test
    void shouldPingWhileNothingHappens() throws Exception {
        var reader = new Reader("changes", Optional.empty(), 20);
        reader.next();
        assertEquals(": ping\n\n", reader.next());
    }

    @Test
    void shouldDropLogLinesFirstAndCountThem() throws Exception {
        var client = new EventClient(4, filter("log,changes"), "mina");
        client.offer(event(1, "change"));
        for (int i = 2; i <= 9; i++) {
            client.offer(event(i, Event.LOG));
        }
        client.offer(event(10, "change"));
        var batch = client.take(0);
        assertEquals(List.of(1L, 8L, 9L, 10L), batch.events().stream().map(Event::sequence).toList());
        assertEquals(6, batch.droppedLines());
        assertFalse(batch.overflowed());
    }

    @Test
    void shouldAskForAFreshStartWhenNoLogLineIsLeftToDrop() throws Exception {
        var client = new EventClient(4, filter("log,changes"), "mina");
        for (int i = 1; i <= 6; i++) {
            client.offer(event(i, "change"));
        }
        var batch = client.take(0);
        assertTrue(batch.overflowed());
        assertEquals(List.of(5L, 6L), batch.events().stream().map(Event::sequence).toList());
    }

    private static Event event(long sequence, String type) {
        return new Event(sequence, type, "{}", type.equals(Event.LOG) ? Optional.of(Level.INFO) : Optional.empty());
    }

    @Test
    void shouldLeaveOutLogLinesBelowTheLevel() throws Exception {
        EventFilter filter = filter("log");
        assertTrue(filter.wants(new Event(1, Event.LOG, "", Optional.of(Level.WARN))));
        assertFalse(filter.wants(new Event(1, Event.LOG, "", Optional.of(Level.DEBUG))));
        assertThrows(Problem.class, () -> filter("gossip"));
        assertThrows(Problem.class, () -> EventFilter.of(Optional.empty(), Optional.of("loud")));
    }

    @Test
    void shouldReadAsUtf8() throws Exception {
        var reader = new Reader("changes", Optional.empty(), 15_000);
        reader.next();
        hub.publish("change", "\"ä\"");
        byte[] bytes = reader.next().getBytes(StandardCharsets.ISO_8859_1);
        assertTrue(new String(bytes, StandardCharsets.UTF_8).contains("ä"));
    }
}
