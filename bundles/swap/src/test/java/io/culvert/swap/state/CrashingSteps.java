package io.culvert.swap.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The real file system in a process that ends in the middle of one of its steps. */
final class CrashingSteps implements FileSteps {
    /** The process is gone: nobody handles this. */
    static final class Crash extends Error {
        private static final long serialVersionUID = 1;
    }

    private final FileSteps real = FileSteps.real();
    private final int fatal;
    private int done;

    /** @param fatal the number of the step, from 1, in which the process ends; 0 for none */
    CrashingSteps(int fatal) {
        this.fatal = fatal;
    }

    int done() {
        return done;
    }

    private boolean ends() {
        done++;
        return done == fatal;
    }

    @Override
    public void write(Path file, byte[] bytes) throws IOException {
        if (ends()) {
            Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
            throw new Crash();
        }
        real.write(file, bytes);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        if (ends()) {
            throw new Crash();
        }
        real.rename(from, to);
    }

    @Override
    public void sync(Path directory) throws IOException {
        if (ends()) {
            throw new Crash();
        }
        real.sync(directory);
    }

    @Override
    public void delete(Path file) throws IOException {
        if (ends()) {
            throw new Crash();
        }
        real.delete(file);
    }
}
