package io.culvert.auth.pam;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * Linux-PAM's functions, by their names in the manual. The library stays loaded as long as the process: its modules may
 * have left threads and handlers behind.
 */
final class LibPam {
    static final int SUCCESS = 0;
    static final int BUF_ERR = 5;
    static final int PERM_DENIED = 6;
    static final int AUTH_ERR = 7;
    static final int CRED_INSUFFICIENT = 8;
    static final int USER_UNKNOWN = 10;
    static final int MAXTRIES = 11;
    static final int NEW_AUTHTOK_REQD = 12;
    static final int ACCT_EXPIRED = 13;
    static final int CRED_EXPIRED = 16;
    static final int CONV_ERR = 19;
    static final int AUTHTOK_EXPIRED = 27;

    static final int PROMPT_ECHO_OFF = 1;
    static final int PROMPT_ECHO_ON = 2;
    static final int ERROR_MSG = 3;
    static final int TEXT_INFO = 4;

    /** PAM_MAX_RESP_SIZE, with the terminating zero. */
    static final int MAX_RESPONSE = 512;

    /** PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK: no chatter, and no password is not a password. */
    static final int FLAGS = 0x8000 | 0x0001;

    static final int ITEM_USER = 2;
    static final int ITEM_RHOST = 4;
    static final int ITEM_FAIL_DELAY = 10;

    /** {@code struct pam_conv { int (*conv)(...); void *appdata_ptr; }}. */
    static final MemoryLayout CONVERSATION =
            MemoryLayout.structLayout(ADDRESS.withName("conv"), ADDRESS.withName("appdata_ptr"));

    /** {@code struct pam_message { int msg_style; const char *msg; }}. */
    static final MemoryLayout MESSAGE = MemoryLayout.structLayout(
            JAVA_INT.withName("msg_style"), MemoryLayout.paddingLayout(4), ADDRESS.withName("msg"));

    /** {@code struct pam_response { char *resp; int resp_retcode; }}; the code is unused and zero. */
    static final MemoryLayout RESPONSE = MemoryLayout.structLayout(
            ADDRESS.withName("resp"), JAVA_INT.withName("resp_retcode"), MemoryLayout.paddingLayout(4));

    /** {@code int conv(int num_msg, const struct pam_message **msg, struct pam_response **resp, void *appdata_ptr)}. */
    static final FunctionDescriptor CONVERSE = FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS);

    /** {@code void delay_fn(int retval, unsigned usec_delay, void *appdata_ptr)}. */
    static final FunctionDescriptor DELAY = FunctionDescriptor.ofVoid(JAVA_INT, JAVA_INT, ADDRESS);

    private static final Linker LINKER = Linker.nativeLinker();
    private static final String NAME = "libpam.so.0";

    private final MethodHandle start;
    private final MethodHandle startConfdir;
    private final MethodHandle end;
    private final MethodHandle authenticate;
    private final MethodHandle acctMgmt;
    private final MethodHandle setItem;
    private final MethodHandle getItem;
    private final MethodHandle strerror;
    private final MethodHandle calloc;
    private final MethodHandle free;

    private LibPam(SymbolLookup pam) {
        start = handle(pam, "pam_start", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
        startConfdir = handle(
                pam, "pam_start_confdir", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
        end = handle(pam, "pam_end", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        authenticate = handle(pam, "pam_authenticate", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        acctMgmt = handle(pam, "pam_acct_mgmt", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        setItem = handle(pam, "pam_set_item", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
        getItem = handle(pam, "pam_get_item", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
        strerror = handle(pam, "pam_strerror", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
        SymbolLookup libc = LINKER.defaultLookup();
        calloc = handle(libc, "calloc", FunctionDescriptor.of(ADDRESS, JAVA_LONG, JAVA_LONG));
        free = handle(libc, "free", FunctionDescriptor.ofVoid(ADDRESS));
    }

    /** @throws IllegalStateException when the library is missing or too old, with the remedy */
    static LibPam load() {
        try {
            return new LibPam(SymbolLookup.libraryLookup(NAME, Arena.global()));
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException(
                    "auth.pam: " + NAME + " cannot be used: install libpam0g (Debian) or pam (Fedora, RHEL), 1.4 or newer",
                    e);
        }
    }

    private static MethodHandle handle(SymbolLookup library, String name, FunctionDescriptor shape) {
        MemorySegment function =
                library.find(name).orElseThrow(() -> new IllegalArgumentException("there is no function " + name));
        return LINKER.downcallHandle(function, shape);
    }

    int start(
            MemorySegment service,
            MemorySegment user,
            MemorySegment conversation,
            MemorySegment directory,
            MemorySegment handle) {
        try {
            return directory.equals(MemorySegment.NULL)
                    ? (int) start.invokeExact(service, user, conversation, handle)
                    : (int) startConfdir.invokeExact(service, user, conversation, directory, handle);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    int end(MemorySegment handle, int status) {
        try {
            return (int) end.invokeExact(handle, status);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    int authenticate(MemorySegment handle) {
        try {
            return (int) authenticate.invokeExact(handle, FLAGS);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    int acctMgmt(MemorySegment handle) {
        try {
            return (int) acctMgmt.invokeExact(handle, FLAGS);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    int setItem(MemorySegment handle, int item, MemorySegment value) {
        try {
            return (int) setItem.invokeExact(handle, item, value);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** The item's text; empty when there is none. */
    String text(MemorySegment handle, int item, Arena arena) {
        try {
            MemorySegment value = arena.allocate(ADDRESS);
            int status = (int) getItem.invokeExact(handle, item, value);
            MemorySegment text = value.get(ADDRESS, 0);
            return status != SUCCESS || text.equals(MemorySegment.NULL) ? "" : string(text);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** In words. */
    String strerror(MemorySegment handle, int status) {
        try {
            return string((MemorySegment) strerror.invokeExact(handle, status));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Zeroed memory that PAM frees; {@code NULL} when there is none. */
    MemorySegment calloc(long count, long bytes) {
        try {
            return ((MemorySegment) calloc.invokeExact(count, bytes)).reinterpret(count * bytes);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    void free(MemorySegment memory) {
        try {
            free.invokeExact(memory);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static String string(MemorySegment text) {
        return text.reinterpret(Integer.MAX_VALUE).getString(0);
    }

    private static RuntimeException unexpected(Throwable t) {
        if (t instanceof RuntimeException e) {
            return e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        return new IllegalStateException(t);
    }
}
