package io.culvert.web.rest.resource;

import io.culvert.api.web.Problem;
import io.culvert.api.web.WebRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Pages of a list: {@code ?q=&sort=&limit=&cursor=}. A cursor names the last element of the page before, so that what
 * comes and goes meanwhile neither repeats nor hides others.
 */
final class Listing<T> {
    private static final int DEFAULT = 50;
    private static final int MOST = 500;

    private final Map<String, Comparator<T>> sorts;
    private final String sort;
    private final Function<T, String> id;
    private final Function<T, String> text;

    /** One page. */
    record Page<T>(List<T> items, @Nullable String next, int total) {}

    /**
     * @param sort the order unless somebody asks for another, {@code -since} for backwards
     * @param text what {@code q} looks through
     */
    Listing(Map<String, Comparator<T>> sorts, String sort, Function<T, String> id, Function<T, String> text) {
        this.sorts = sorts;
        this.sort = sort;
        this.id = id;
        this.text = text;
    }

    /** What {@code q} picks. */
    List<T> matching(String q, List<T> all) {
        if (q.isBlank()) {
            return all;
        }
        String[] words = q.toLowerCase(Locale.ROOT).strip().split("\\s+");
        var picked = new ArrayList<T>();
        for (T each : all) {
            String own = text.apply(each).toLowerCase(Locale.ROOT);
            boolean every = true;
            for (String word : words) {
                every &= own.contains(word);
            }
            if (every) {
                picked.add(each);
            }
        }
        return picked;
    }

    Page<T> page(WebRequest request, List<T> all) throws Problem {
        var sorted = new ArrayList<>(matching(request.query("q").orElse(""), all));
        sorted.sort(order(request.query("sort").orElse(sort)));
        int limit = (int) request.query("limit", DEFAULT, 1, MOST);
        int from = request.query("cursor").isEmpty() ? 0 : after(request.query("cursor").get(), sorted);
        int to = Math.min(sorted.size(), from + limit);
        List<T> items = List.copyOf(sorted.subList(from, to));
        return new Page<>(items, to < sorted.size() ? cursor(to, id.apply(sorted.get(to - 1))) : null, sorted.size());
    }

    private Comparator<T> order(String wish) throws Problem {
        boolean backwards = wish.startsWith("-");
        Comparator<T> order = sorts.get(backwards ? wish.substring(1) : wish);
        if (order == null) {
            throw Problem.field("sort", "must be one of " + String.join(", ", sorts.keySet().stream().sorted().toList()));
        }
        return (backwards ? order.reversed() : order).thenComparing(id);
    }

    private static String cursor(int position, String id) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((position + ":" + id).getBytes(StandardCharsets.UTF_8));
    }

    private int after(String cursor, List<T> sorted) throws Problem {
        try {
            String text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
            int colon = text.indexOf(':');
            int position = Integer.parseInt(text.substring(0, colon));
            String last = text.substring(colon + 1);
            for (int i = 0; i < sorted.size(); i++) {
                if (id.apply(sorted.get(i)).equals(last)) {
                    return i + 1;
                }
            }
            return Math.clamp(position, 0, sorted.size());
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw Problem.field("cursor", "is none that a list has given");
        }
    }
}
