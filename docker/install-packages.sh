#!/bin/sh
# install-packages.sh PATTERN [PACKAGE…]: in an image's build, installs the listed packages with a name that matches PATTERN,
# and the further ones named. The list is asterisk/packages.txt, the same that `make run` unpacks.
set -eu

pattern=$1
shift
listed=$(awk -v pattern="$pattern" '/^[^#]/ && $2 ~ pattern { print $2 }' /usr/share/hotline/packages.txt)
[ -n "$listed" ] || [ $# -gt 0 ] || { echo "no listed package matches $pattern" >&2; exit 1; }
if [ -n "${DEBIAN_MIRROR:-}" ]; then
    rm -f /etc/apt/sources.list.d/*
    echo "deb $DEBIAN_MIRROR forky main" >/etc/apt/sources.list
fi
# A package that starts its server on installation has no place to do so in a build.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive
# A testing suite's Release file may be past its date; its signature is still checked.
apt-get -q -o Acquire::Check-Valid-Until=false update
# shellcheck disable=SC2086 # the list is meant to be split
apt-get -q -y --no-install-recommends install $listed "$@"
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
