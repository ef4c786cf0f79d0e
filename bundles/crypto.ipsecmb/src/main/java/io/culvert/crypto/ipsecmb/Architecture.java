package io.culvert.crypto.ipsecmb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The library's implementations of AES-GCM that all its versions have, the best first, by the suffix of their functions:
 * each exports its own, and which of them a processor can run is for the caller to know.
 */
enum Architecture {
    VAES_AVX512("vaes_avx512", "avx512f avx512dq avx512cd avx512bw avx512vl vaes vpclmulqdq aes pclmulqdq bmi1 bmi2"),
    AVX512("avx512", "avx512f avx512dq avx512cd avx512bw avx512vl aes pclmulqdq bmi1 bmi2"),
    AVX2("avx_gen4", "avx2 aes pclmulqdq bmi1 bmi2"),
    SSE("sse", "sse4_2 aes pclmulqdq");

    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final String FLAGS = "flags";

    private final String suffix;
    private final Set<String> needed;

    Architecture(String suffix, String needed) {
        this.suffix = suffix;
        this.needed = Set.of(needed.split(" "));
    }

    String suffix() {
        return suffix;
    }

    /** The best for a processor with these flags, spelled as in {@code /proc/cpuinfo}. */
    static Optional<Architecture> best(Set<String> flags) {
        return Arrays.stream(values()).filter(each -> flags.containsAll(each.needed)).findFirst();
    }

    /** What the kernel lets programs use of the first processor; empty where it is not one of the x86 kind. */
    static Set<String> flagsOfThisMachine() {
        try (Stream<String> lines = Files.lines(CPU_INFO, StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.startsWith(FLAGS))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .map(flags -> Arrays.stream(flags.split("\\s+")).collect(Collectors.toUnmodifiableSet()))
                    .orElse(Set.of());
        } catch (IOException | UncheckedIOException _) {
            return Set.of();
        }
    }
}
