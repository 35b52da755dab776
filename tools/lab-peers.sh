#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Put Debian 13's strongSwan 6.0 into a folder of its own, for the lab's real
# peers: its kernel-libipsec plugin sends native ESP from user space (raw_esp),
# so neither the kernel's ESP nor a second machine is needed. Debian 12's 5.9.8
# knows UDP-encapsulated ESP only. Nothing is installed on this system: a
# private apt tree fetches, dpkg-deb unpacks.
#
#	tools/lab-peers.sh [folder]	(default /var/cache/kadomori/trixie)
set -eu
to=${1:-/var/cache/kadomori/trixie}
[ -e "$to/.complete" ] && [ -e "$to/lib64" ] && exit 0
[ "$(id -u)" = 0 ] || { echo "lab-peers: run as root" >&2; exit 5; }
# two labs may want it at once: the second waits, then finds it there
mkdir -p "${to%/*}"
exec 9>"$to.lock"
flock 9
[ -e "$to/.complete" ] && [ -e "$to/lib64" ] && exit 0
mirror=${KADOMORI_MIRROR:-http://deb.debian.org/debian}
apt=$to.apt
rm -rf "$to" "$apt"
mkdir -p "$to" "$apt/etc/apt/apt.conf.d" "$apt/etc/apt/preferences.d" "$apt/state/lists/partial" \
	"$apt/cache/archives/partial" "$apt/debs"
: >"$apt/status"
# the system's proxy settings, if any, and its keys
cp /etc/apt/apt.conf.d/*proxy* "$apt/etc/apt/apt.conf.d/" 2>/dev/null || true
[ ! -f /etc/apt/apt.conf ] || cp /etc/apt/apt.conf "$apt/etc/apt/apt.conf.d/90system"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$apt/etc/apt/sources.list"
# bookworm's keyring before 2023.3+deb12u2 lacks trixie's keys: the system's
# trusted folder is a second place to look
key=/usr/share/keyrings/debian-archive-trixie-automatic.gpg
[ ! -f "$key" ] || sed -i "s|signed-by=[^]]*|signed-by=$key,/usr/share/keyrings/debian-archive-trixie-stable.gpg|" "$apt/etc/apt/sources.list"
get() {
	apt-get -q -o Dir="$apt" -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" \
		-o Dir::Cache="$apt/cache" -o Dir::Etc="$apt/etc/apt" -o Dir::Etc::trusted=/etc/apt/trusted.gpg \
		-o Dir::Etc::trustedparts=/etc/apt/trusted.gpg.d -o APT::Install-Recommends=false \
		-o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}
log=$apt/log
fetch() {
	get -o Acquire::Retries=0 -o APT::Update::Error-Mode=any update || return 1
	# with an empty status everything that is needed counts as new: the
	# printed addresses are the whole closure
	cd "$apt/debs" || return 1
	names=$(get -s install charon-systemd strongswan-swanctl libcharon-extra-plugins \
		libstrongswan-standard-plugins libstrongswan-extra-plugins strongswan-pki |
		sed -n 's/^Inst \([^ ]*\) .*/\1/p')
	# shellcheck disable=SC2086
	get download $names || return 1
	for d in *.deb; do dpkg-deb -x "$d" "$to" || return 1; done
}
fetch >"$log" 2>&1 || { tail -n 3 "$log" >&2; echo "lab-peers: Debian 13's strongSwan could not be fetched (log: $log)" >&2; exit 1; }
[ -x "$to/usr/sbin/charon-systemd" ] || { echo "lab-peers: no charon-systemd after unpacking (log: $log)" >&2; exit 1; }
# base-files' merged /usr: the packages bring usr/ only
for d in bin sbin lib lib64; do [ -e "$to/$d" ] || ln -s "usr/$d" "$to/$d"; done
mkdir -p "$to/run" "$to/proc" "$to/dev" "$to/tmp" "$to/etc/swanctl" "$to/peer"
touch "$to/etc/strongswan.conf" "$to/.complete"
rm -rf "$apt"
