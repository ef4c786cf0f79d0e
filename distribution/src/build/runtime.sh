#!/bin/sh
# Links the Java runtime that a distribution carries: runtime.sh DIRECTORY MODULES
set -eu
target=$1
modules=$2
if [ -x "$target/bin/java" ] && [ "$(cat "$target/.modules" 2>/dev/null)" = "$modules" ]; then
    exit 0
fi
for jdk in "${CULVERT_JDK:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*25*; do
    if [ -n "$jdk" ] && [ -x "$jdk/bin/jlink" ] && grep -q '^JAVA_VERSION="25' "$jdk/release" 2>/dev/null; then
        rm -rf "$target"
        mkdir -p "$(dirname "$target")"
        "$jdk/bin/jlink" --add-modules "$modules" --output "$target" --strip-debug --no-header-files --no-man-pages \
            --compress zip-6
        "$target/bin/java" -XX:+UseSerialGC -Xshare:dump >/dev/null
        printf '%s' "$modules" >"$target/.modules"
        exit 0
    fi
done
echo "distribution: no JDK 25 with jlink found: install one below /usr/lib/jvm or set JAVA_HOME to it" >&2
exit 1
