#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The iptables lines of "kadomori settings", run in a namespace; what the kernel
# then has loaded must let in exactly what the nftables sheet of the same wish
# does (both proven by "kadomori compare"), and the undo lines leave nothing.
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
command -v iptables >/dev/null || { echo "skip: iptables is not installed"; exit 77; }
kadomori=$(realpath "$1") tmp=$(mktemp -d) ns=kdipt$$ bad=0
trap 'ip netns del $ns 2>/dev/null; rm -rf "$tmp"' EXIT
ip netns add $ns || exit 1
case1() { # name, then options of settings
	local name=$1 opts=("${@:2}")
	for r in iptables nftables; do
		"$kadomori" settings --router $r --format raw "${opts[@]}" >"$tmp/$r" 2>"$tmp/err" || { cat "$tmp/err"; bad=1; return; }
	done
	ip netns exec $ns sh -e "$tmp/iptables" 2>"$tmp/err" || { echo "FAIL $name: $(cat "$tmp/err")"; bad=1; return; }
	{ ip netns exec $ns iptables-save; ip netns exec $ns ip6tables-save; } >"$tmp/loaded.save" 2>/dev/null
	# only nftables itself: files, sysctls and shell lines are the sheet's other parts
	sed -n '/^add table\|^delete table\|^table /,/^}/p' "$tmp/nftables" >"$tmp/wanted.nft"
	"$kadomori" --lang en ask "$tmp/loaded.save" --wan wan0 --lan lan0 any from wan to lan >"$tmp/a" 2>&1
	"$kadomori" --lang en ask "$tmp/wanted.nft" --wan wan0 --lan lan0 any from wan to lan >"$tmp/b" 2>&1
	if diff -u <(grep -v 'decided by' "$tmp/b") <(grep -v 'decided by' "$tmp/a"); then
		echo "ok   $name: $(grep -c '^  [a-z].* in wan' "$tmp/a") boxes, the same"
	else
		echo "FAIL $name"; bad=1
	fi
	"$kadomori" settings --router iptables --format raw-undo "${opts[@]}" >"$tmp/undo" 2>/dev/null
	ip netns exec $ns sh "$tmp/undo" || { echo "FAIL $name: undo"; bad=1; }
	ip netns exec $ns nft list ruleset | grep -q KADOMORI && { echo "FAIL $name: undo left something"; bad=1; }
	ip netns exec $ns nft flush ruleset
}
case1 "FLET'S by delegation" --line flets-pd --device casa --mac 00:11:22:33:44:55
case1 "one sender only" --line flets-pd --device casa --mac 00:11:22:33:44:55 --peer 2404:1a8::/32
case1 "global IPv4" --line dhcp4 --device casa --mac 00:11:22:33:44:55 --ipv4 192.168.1.9
exit $bad
