#!/bin/sh
# Installs the Debian packages that the tests run: stock clients, traffic generators, network tools.
# Root on Debian: installs what is missing. Anyone else: says what is missing; the tests that need it are skipped by name.
set -eu
packages="adduser openvpn iperf3 nftables iproute2 iputils-ping conntrack procps openssl fakeroot dpkg postgresql slapd ldap-utils freeradius freeradius-utils libpam0g libpam-modules libargon2-1 db-util rsyslog rsyslog-gnutls ncat testssl.sh curl chromium chromium-driver pebble"

installed() {
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

# Intel's library, for processors of its kind: newer Debian has its version 2 and not its version 1. The tests run
# either, and apt, which takes most of a second to answer, is not asked where one is there.
multi_buffer() {
    [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || return 0
    if installed libipsec-mb2 || installed libipsec-mb1; then
        return 0
    fi
    if LC_ALL=C apt-cache policy libipsec-mb2 2>/dev/null | grep -q 'Candidate: [^(]'; then
        echo libipsec-mb2
    else
        echo libipsec-mb1
    fi
}

not_installed() {
    for package in $packages $(multi_buffer); do
        installed "$package" || printf ' %s' "$package"
    done
}

missing=$(not_installed)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "tests: not installed:$missing"
    echo "tests: those that need them are skipped by name; as root on Debian 'mvn verify' installs them"
    exit 0
fi
echo "tests: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# A package's service must not start: the tests start what they need, where they need it.
policy=/usr/sbin/policy-rc.d
made=""
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    made=1
fi
trap '[ -z "$made" ] || rm -f "$policy"' EXIT
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 || {
    apt-get update -qq
    # Without lists apt knows no candidate of anything.
    missing=$(not_installed)
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
