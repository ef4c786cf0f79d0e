#!/bin/sh
# Installs the Debian packages that the tests run: stock clients, traffic generators, network tools.
# Root on Debian: installs what is missing. Anyone else: says what is missing; the tests that need it are skipped by name.
set -eu
packages="adduser openvpn iperf3 nftables iproute2 iputils-ping conntrack procps openssl fakeroot dpkg postgresql slapd ldap-utils freeradius freeradius-utils libpam0g libpam-modules libargon2-1 libipsec-mb1 db-util rsyslog rsyslog-gnutls ncat testssl.sh curl chromium chromium-driver pebble"

missing=""
for package in $packages; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
        missing="$missing $package"
    fi
done
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
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
