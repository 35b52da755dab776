#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Unpack Debian's libreswan into a folder of its own, for tests. It must not be
# installed: the package conflicts with charon-systemd and would remove it.
#
#	tools/lab-reswan.sh [folder]	(default /var/cache/kadomori/libreswan)
# Afterwards: LD_LIBRARY_PATH=folder/lib folder/usr/libexec/ipsec/pluto
set -eu
to=${1:-/var/cache/kadomori/libreswan}
[ -e "$to/.complete" ] && exit 0
rm -rf "$to" && mkdir -p "$to/debs" "$to/lib"
log=$to/log
{
	cd "$to/debs"
	# -s only says what would be done; what is here already is not named
	names=$(apt-get -s -o APT::Install-Recommends=false install libreswan |
		sed -n 's/^Inst \([^ ]*\) .*/\1/p' | grep -v '^charon-\|^strongswan-')
	# shellcheck disable=SC2086
	apt-get -o APT::Sandbox::User=root download $names
	for d in *.deb; do dpkg-deb -x "$d" "$to"; done
	find "$to/usr/lib" -name 'lib*.so*' -exec cp -P {} "$to/lib/" \;
} >"$log" 2>&1 || { tail -n 5 "$log" >&2; echo "lab-reswan: libreswan could not be fetched (log: $log)" >&2; exit 1; }
[ -x "$to/usr/libexec/ipsec/pluto" ] || { echo "lab-reswan: no pluto after unpacking (log: $log)" >&2; exit 1; }
rm -rf "$to/debs" && touch "$to/.complete"
