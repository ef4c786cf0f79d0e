package io.culvert.auth.pam;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What PAM's modules are told. The first prompt without echo gets the password, every other one is asked of the user.
 * Called by native code on the thread of the transaction; nothing may be thrown.
 */
final class Conversation {
    /** Asks the user. */
    interface Questions {
        /** The answer in UTF-8, which is given away; null when there is none. */
        byte @Nullable [] ask(String text, boolean echo) throws InterruptedException;
    }

    /** PAM_MAX_NUM_MSG. */
    private static final int MOST_MESSAGES = 32;

    private final LibPam pam;
    private final byte[] password;
    private final Questions questions;
    private final StringBuilder said = new StringBuilder();
    private boolean passwordGiven;
    private volatile boolean abandoned;
    private int delayMicros;

    /** @param password given away, see {@link #abandon} */
    Conversation(LibPam pam, byte[] password, Questions questions) {
        this.pam = pam;
        this.password = password;
        this.questions = questions;
    }

    /** Nobody waits for the outcome: nothing is told any more. */
    void abandon() {
        abandoned = true;
        synchronized (password) {
            Arrays.fill(password, (byte) 0);
        }
    }

    /** What the last module to fail wants an attacker to wait. */
    int delayMicros() {
        return delayMicros;
    }

    /** {@code struct pam_conv}, and the function in it, for as long as {@code arena} is open. */
    MemorySegment struct(Arena arena) {
        MemorySegment struct = arena.allocate(LibPam.CONVERSATION);
        struct.set(ADDRESS, 0, Linker.nativeLinker().upcallStub(bound("converse", MethodType.methodType(
                int.class, int.class, MemorySegment.class, MemorySegment.class, MemorySegment.class)),
                LibPam.CONVERSE, arena));
        return struct;
    }

    /** Takes the place of a pause that would keep this thread. */
    MemorySegment delayFunction(Arena arena) {
        return Linker.nativeLinker().upcallStub(
                bound("delay", MethodType.methodType(void.class, int.class, int.class, MemorySegment.class)),
                LibPam.DELAY, arena);
    }

    private MethodHandle bound(String method, MethodType type) {
        try {
            return MethodHandles.lookup().bind(this, method, type);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private void delay(int status, int micros, MemorySegment data) {
        delayMicros = status == LibPam.SUCCESS ? 0 : micros;
    }

    private int converse(int count, MemorySegment messages, MemorySegment answer, MemorySegment data) {
        if (count <= 0 || count > MOST_MESSAGES) {
            return LibPam.CONV_ERR;
        }
        MemorySegment responses = pam.calloc(count, LibPam.RESPONSE.byteSize());
        if (responses.equals(MemorySegment.NULL)) {
            return LibPam.BUF_ERR;
        }
        try {
            // Linux-PAM: an array of pointers to messages.
            MemorySegment pointers = messages.reinterpret(count * ADDRESS.byteSize());
            for (int i = 0; i < count; i++) {
                MemorySegment message =
                        pointers.getAtIndex(ADDRESS, i).reinterpret(LibPam.MESSAGE.byteSize());
                int style = message.get(JAVA_INT, 0);
                MemorySegment text = message.get(ADDRESS, 8);
                MemorySegment response = reply(style, text.equals(MemorySegment.NULL) ? "" : LibPam.string(text));
                responses.set(ADDRESS, i * LibPam.RESPONSE.byteSize(), response);
            }
            answer.reinterpret(ADDRESS.byteSize()).set(ADDRESS, 0, responses);
            return LibPam.SUCCESS;
        } catch (NoAnswerException | RuntimeException | Error _) {
            discard(responses, count);
            return LibPam.CONV_ERR;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            discard(responses, count);
            return LibPam.CONV_ERR;
        }
    }

    private static final class NoAnswerException extends Exception {}

    private MemorySegment reply(int style, String text) throws NoAnswerException, InterruptedException {
        return switch (style) {
            case LibPam.TEXT_INFO, LibPam.ERROR_MSG -> {
                said.append(text).append(' ');
                yield MemorySegment.NULL;
            }
            case LibPam.PROMPT_ECHO_OFF -> passwordGiven ? answer(text, false) : password();
            case LibPam.PROMPT_ECHO_ON -> answer(text, true);
            default -> throw new NoAnswerException();
        };
    }

    private MemorySegment password() throws NoAnswerException {
        passwordGiven = true;
        synchronized (password) {
            if (abandoned) {
                throw new NoAnswerException();
            }
            return copy(password);
        }
    }

    private MemorySegment answer(String text, boolean echo) throws NoAnswerException, InterruptedException {
        if (abandoned) {
            throw new NoAnswerException();
        }
        String question = said + text;
        said.setLength(0);
        byte[] answer = questions.ask(question, echo);
        if (answer == null) {
            throw new NoAnswerException();
        }
        try {
            return copy(answer);
        } finally {
            Arrays.fill(answer, (byte) 0);
        }
    }

    private MemorySegment copy(byte[] text) throws NoAnswerException {
        if (!fits(text)) {
            throw new NoAnswerException();
        }
        MemorySegment copy = pam.calloc(text.length + 1, 1);
        if (copy.equals(MemorySegment.NULL)) {
            throw new NoAnswerException();
        }
        MemorySegment.copy(text, 0, copy, JAVA_BYTE, 0, text.length);
        return copy;
    }

    /** Whether it can be told to PAM whole. */
    static boolean fits(byte[] text) {
        for (byte b : text) {
            if (b == 0) {
                return false;
            }
        }
        return text.length < LibPam.MAX_RESPONSE;
    }

    private void discard(MemorySegment responses, int count) {
        for (int i = 0; i < count; i++) {
            MemorySegment response = responses.get(ADDRESS, i * LibPam.RESPONSE.byteSize());
            if (!response.equals(MemorySegment.NULL)) {
                MemorySegment text = response.reinterpret(LibPam.MAX_RESPONSE);
                for (long at = 0; at < LibPam.MAX_RESPONSE && text.get(JAVA_BYTE, at) != 0; at++) {
                    text.set(JAVA_BYTE, at, (byte) 0);
                }
                pam.free(response);
            }
        }
        pam.free(responses);
    }
}
