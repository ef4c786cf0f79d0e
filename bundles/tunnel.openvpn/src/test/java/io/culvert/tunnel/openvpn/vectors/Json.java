package io.culvert.tunnel.openvpn.vectors;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** An object of a vector's JSON, read with the types that a test expects. */
public record Json(Map<?, ?> members) {
    public static Json parse(String text) {
        try {
            return new Json(JSON.std.mapFrom(text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static List<Json> parseList(String text) {
        try {
            return objects(JSON.std.listFrom(text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the member is there and not null. */
    public boolean has(String name) {
        return members.get(name) != null;
    }

    public String text(String name) {
        return (String) required(name);
    }

    public byte[] hex(String name) {
        return HexFormat.of().parseHex(text(name));
    }

    /** A 64-bit value in hex. */
    public long u64(String name) {
        return HexFormat.fromHexDigitsToLong(text(name));
    }

    public long number(String name) {
        return ((Number) required(name)).longValue();
    }

    public int integer(String name) {
        return Math.toIntExact(number(name));
    }

    public Json object(String name) {
        return new Json((Map<?, ?>) required(name));
    }

    public List<Json> list(String name) {
        return objects((List<?>) required(name));
    }

    /** A list of numbers. */
    public int[] integers(String name) {
        return ((List<?>) required(name))
                .stream().mapToInt(n -> ((Number) n).intValue()).toArray();
    }

    private Object required(String name) {
        return Objects.requireNonNull(members.get(name), name);
    }

    private static List<Json> objects(List<?> list) {
        return list.stream().map(e -> new Json((Map<?, ?>) e)).toList();
    }
}
