#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# OpenWrt's own compiler as judge: what it made of our texts was recorded once
# (ow-*.nft). Our reader of the text and our reader of that ruleset must find the
# same packets, and our settings must still be the text that was compiled.
#   fw4.sh KADOMORI FOLDER [--update]   (--update rewrites ow-settings.conf only)
set -u
kadomori=$(realpath "$1") here=$2 bad=0
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
{
	cat "$here/ow-zones.part"
	"$kadomori" settings --router openwrt --device casa --mac 00:11:22:33:44:55 --line flets-pd --peer 2404:1a8::/32 --format raw
	"$kadomori" settings --router openwrt --device casa --mac 00:11:22:33:44:55 --line dhcp4 --ipv4 192.168.1.9 --format raw
} >"$tmp/settings" 2>/dev/null
[ "${3-}" = --update ] && { cp "$tmp/settings" "$here/ow-settings.conf"; exit; }
diff -u "$here/ow-settings.conf" "$tmp/settings" || { echo "FAIL the settings changed: compile them anew with firewall4 and record that"; bad=1; }
ask() { "$kadomori" --lang en ask "${@:2}" any from wan to "$1" 2>&1 | grep -v "for example\|decided by"; return "${PIPESTATUS[0]}"; }
for c in ow-home ow-settings; do
	for to in lan self; do
		ask $to "$here/$c.nft" --wan pppoe-wan --lan br-lan >"$tmp/theirs"
		[ $? = 5 ] && { echo "skip: $(cat "$tmp/theirs")"; exit 77; }
		ask $to "$here/$c.conf" >"$tmp/ours"
		diff -u "$tmp/theirs" "$tmp/ours" && [ "$(grep -c 'in wan out' "$tmp/ours")" -gt 0 ] && { echo "ok   $c to $to: $(grep -c 'in wan out' "$tmp/ours") boxes, the same"; continue; }
		echo "FAIL $c to $to"; bad=1
	done
done
exit $bad
