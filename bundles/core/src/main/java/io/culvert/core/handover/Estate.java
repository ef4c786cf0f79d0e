package io.culvert.core.handover;

import io.culvert.core.libc.Libc;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What one core leaves to the next one in the same process: open descriptors, and what belongs to them, by name. Names
 * say what a thing fits to, so that whoever finds one need not ask further. Values are of the JDK's own types, as the two
 * cores share no classes: an {@code Integer} is a descriptor, and whoever takes it owns it.
 *
 * <p>Threads: any.
 */
public final class Estate {
    private final Map<String, Object> things = new ConcurrentHashMap<>();

    /** Nothing. */
    public Estate() {}

    /** @param things that were {@link #things} of the core before */
    public Estate(Map<String, Object> things) {
        this.things.putAll(things);
    }

    public Map<String, Object> things() {
        return things;
    }

    public void leave(String name, int descriptor) {
        things.put(name, descriptor);
    }

    public void leave(String name, byte[] bytes) {
        things.put(name, bytes);
    }

    public void leave(String name, String text) {
        things.put(name, text);
    }

    public boolean has(String name) {
        return things.containsKey(name);
    }

    /** Takes a descriptor out. */
    public OptionalInt descriptor(String name) {
        return things.get(name) instanceof Integer fd && things.remove(name, fd) ? OptionalInt.of(fd) : OptionalInt.empty();
    }

    /** Takes bytes out; null when there are none. */
    public byte @Nullable [] bytes(String name) {
        return things.get(name) instanceof byte[] bytes && things.remove(name) != null ? bytes : null;
    }

    /** Takes a text out; empty when there is none. */
    public String text(String name) {
        return things.get(name) instanceof String text && things.remove(name) != null ? text : "";
    }

    /** The names that begin so, in their order. */
    public List<String> names(String begin) {
        return things.keySet().stream().filter(name -> name.startsWith(begin)).sorted().toList();
    }

    /** Closes the descriptors whose names begin so, and forgets whatever else begins so. */
    public void close(Libc libc, String begin) {
        for (String name : names(begin)) {
            if (things.remove(name) instanceof Integer fd) {
                libc.closeQuietly(fd);
            }
        }
    }

    /** How many descriptors are left. */
    public int descriptors() {
        return (int) new ArrayList<>(things.values()).stream().filter(Integer.class::isInstance).count();
    }

    @Override
    public String toString() {
        return "Estate[" + things.size() + " things]";
    }
}
