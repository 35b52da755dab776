#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# IPsec of many devices behind one address, under load and under fire, in the
# net of net.sh: undecided SPIs at full speed, and a forger with the peer's
# address who sends 10,000 packets a second beside a device that is up (A), one
# that starts meanwhile (B) and one that speaks once a second (C).
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
kadomori=$1 flood=$2
. "$(dirname "$0")/net.sh"
net_up kdfld$$ 3
printf 'wan wan0\nlan br0\nline dhcp4\nprofile standard\n' >"$conf"
shoot() { "$flood" 101.1.1.2 $n-p/101.1.1.1 $n-h1/192.168.7.11 $n-h2/192.168.7.12 $n-h3/192.168.7.13 -- "$@" | tee "$tmp/shot"; }
again() {
	k down >/dev/null 2>&1
	rm -f "$tmp/run/esp.state"
	k up >"$tmp/up" 2>&1 || fail "up: $(cat "$tmp/up")"
	learns || fail "no learner"
}
# of SA $1: sent, got, lost
of() { awk -v n="$1" -v f="$2" '$1 == "sa" && $2 == n {for (i = 1; i < NF; i++) if ($i == f) print $(i + 1)}' "$tmp/shot"; }
forged() { awk '/^forged/{print $2; for (i = 4; i <= NF; i++) if ($i > m) m = $i; print m + 0}' "$tmp/shot" | tr '\n' ' '; }
whole() { # SA, lost at most
	[ "$(of "$1" sent)" -gt 0 ] || { echo "  SA $1 sent nothing"; return 1; }
	[ "$(of "$1" lost)" -le "$2" ] || { echo "  SA $1 lost $(of "$1" lost) of $(of "$1" sent)"; return 1; }
}
elements() { in_gw nft -j list table ip kadomori_esp | python3 -c 'import json,sys
print(sum(len(x[t].get("elem", [])) for x in json.load(sys.stdin)["nftables"] for t in ("map", "set") if t in x and x[t]["name"] not in ("lanzone", "lans")))'; }

step "two start together, 4,000 packets a second each, never decided: all arrive"
two() {
	again
	shoot seconds=4 sa=0,100,4000,500 sa=1,100,4000,500
	for i in 0 1; do whole $i $(($(of $i sent) / 100)) || return 1; done
	[ "$(of 0 others)" -gt 1000 ] || { echo "  they were decided: this shows nothing"; return 1; }
}
steady two || fail "two"

# kinds: flood.c. A slow start may lose one more where the forger's SPIs rise.
forger() { # KIND, lost by B and C at most, forged that one gets at most
	local kind=$1 b=$2 c=$3 most=$4 sent got e
	again
	shoot seconds=7 sa=0,0,200,200 "forge=10000,2500,6800,$kind" sa=1,4000,50,50 sa=2,4500,4,4
	whole 0 0 && whole 1 "$b" && whole 2 "$c" || return 1
	read -r sent got <<<"$(forged)"
	[ "$sent" -gt 15000 ] || { echo "  the forger managed $sent only"; return 1; }
	[ "$most" = - ] || [ "$got" -le "$most" ] || { echo "  a device got $got forged packets"; return 1; }
	e=$(elements)
	[ "$e" -le 700 ] || { echo "  $e elements in the kernel's tables"; return 1; }
	echo "  of $sent forged one device got at most $got; $e elements in the kernel"
}
while read -r kind b c most; do
	step "10,000 forged a second ($kind)"
	steady forger "$kind" "$b" "$c" "$most" || fail "$kind"
done <<K
once 1 1 2000
thrice 4 3 6000
few 1 1 -
high 1 1 0
K
for p in $(pgrep -f "kadomorid --conf $conf"); do
	rss=$(awk '/VmRSS/{print $2}' /proc/$p/status)
	[ "$rss" -lt 30000 ] || fail "process $p holds $rss kB"
done
echo "all steps passed"
