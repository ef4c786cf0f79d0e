package io.culvert.core;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * Runs a test body in a fresh network namespace: on a thread of its own, which alone is in it, with the processes that
 * it starts. Needs root; without it the test is skipped.
 */
public final class NetworkNamespace {
    private static final int CLONE_NEWNET = 0x40000000;

    private NetworkNamespace() {}

    public static <T> T call(Callable<T> body) throws Exception {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root for a network namespace");
        var task = new FutureTask<T>(() -> {
            unshare();
            return body.call();
        });
        Thread.ofPlatform().daemon().name("netns").start(task);
        try {
            return task.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e;
        }
    }

    /** Runs a command in the namespace of the calling thread and returns what it printed, errors included. */
    public static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes());
        process.waitFor();
        return output;
    }

    private static void unshare() throws Exception {
        Linker linker = Linker.nativeLinker();
        MethodHandle unshare = linker.downcallHandle(
                linker.defaultLookup().find("unshare").orElseThrow(), FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        int result;
        try {
            result = (int) unshare.invokeExact(CLONE_NEWNET);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
        Assumptions.assumeTrue(result == 0, "may not make a network namespace");
    }
}
