#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Install what building, the lab and the tests need, by Debian package name.
# Names stand in tools/packages.txt; "PROGRAM|package" is wanted only where that
# program is not there yet (Node.js often comes from elsewhere). Nothing is done
# when all are there.
set -eu
cd "$(dirname "$0")"
want=$(sed 's/#.*//' packages.txt | tr -s ' \n' ' ')
missing=
for p in $want; do
	case $p in *"|"*) command -v "${p%|*}" >/dev/null && continue; p=${p#*|} ;; esac
	dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
[ "$(id -u)" = 0 ] || { echo "make: run as root, these packages are missing:$missing" >&2; exit 5; }
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
# shellcheck disable=SC2086
apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 $missing >/tmp/kadomori-apt.log 2>&1 || {
	tail -n 20 /tmp/kadomori-apt.log >&2
	exit 1
}
