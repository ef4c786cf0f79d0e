package io.culvert.core.libc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A {@link Libc} that does everything for real, except for one call that fails; it keeps the names of all calls and
 * the descriptors that are open. Give {@link #libc} to the code under test.
 */
public final class FailingLibc {
    private static final Set<String> OPENING =
            Set.of("open", "socket", "accept4", "epoll_create1", "eventfd");

    private final Libc real;
    private final int failAt;
    private final int errno;
    private final List<String> calls = new ArrayList<>();
    private final Set<Integer> open = new TreeSet<>();
    private final Libc libc;

    /**
     * @param failAt index of the call that fails, counted from 0 without {@code close}; -1 for none
     * @param errno what it fails with
     */
    public FailingLibc(Libc real, int failAt, int errno) {
        this.real = real;
        this.failAt = failAt;
        this.errno = errno;
        this.libc = (Libc) Proxy.newProxyInstance(
                Libc.class.getClassLoader(), new Class<?>[] {Libc.class}, (proxy, method, arguments) -> {
                    if (method.isDefault()) {
                        return java.lang.reflect.InvocationHandler.invokeDefault(proxy, method, arguments);
                    }
                    return call(method, arguments);
                });
    }

    public Libc libc() {
        return libc;
    }

    /** The names of the calls so far, without {@code close}. */
    public synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    /** Descriptors that were opened and not closed. */
    public synchronized Set<Integer> openDescriptors() {
        return Set.copyOf(open);
    }

    private synchronized Object call(java.lang.reflect.Method method, Object[] arguments) throws Throwable {
        String name = method.getName();
        if (name.equals("close")) {
            open.remove(arguments[0]);
        } else {
            calls.add(name);
            if (calls.size() - 1 == failAt) {
                if (List.of(method.getExceptionTypes()).contains(NativeException.class)) {
                    throw new NativeException(name, errno);
                }
                return -errno;
            }
        }
        try {
            Object result = method.invoke(real, arguments);
            if (OPENING.contains(name) && (int) result >= 0) {
                open.add((Integer) result);
            }
            return result;
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
