#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The fast path at a device without Ethernet headers, as PPPoE and tunnels are.
# A TUN device stands for them (this kernel has no PPP); its two ends are
# joined by shuttle.py.
#
#	pc ── lan0  gw (kadomorid)  ppp0 ~~ shuttle ~~ ppp0  out
#
# usage: bare.sh KADOMORI
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
[ -c /dev/net/tun ] || { echo "skip: no /dev/net/tun"; exit 77; }
kadomori=$(realpath "$1") here=$(dirname "$(realpath "$0")")
py="python3 $here/flow.py" tmp=$(mktemp -d) p=kdbare$$
export KADOMORI_RUN=$tmp/run LC_ALL=C.UTF-8
conf=$tmp/k.conf shuttle=
on() { local n=$1; shift; ip netns exec $p$n "$@"; }
cleanup() {
	on gw "$kadomori" down >/dev/null 2>&1
	[ -n "$shuttle" ] && { kill $shuttle; wait $shuttle; } 2>/dev/null
	still_end
	for n in pc gw out; do
		ip netns pids $p$n 2>/dev/null | xargs -r kill 2>/dev/null
		ip netns del $p$n 2>/dev/null
	done
	rm -rf "$tmp"
}
trap cleanup EXIT
. "$here/../../lib/still.sh"
still_start
fail() { echo "FAIL: $*"; cat "$tmp"/run/*.log 2>/dev/null; on gw "$kadomori" --lang en status; exit 1; }
step() { echo "- $*"; }
k() { on gw "$kadomori" --lang en --conf "$conf" "$@"; }
fast() { k status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["fast_path"][sys.argv[1]])' "$1"; }
got=0
grew() {
	local now
	for _ in $(seq 20); do
		now=$(fast fast_packets)
		[ "$now" -ge $((got + $1)) ] && { echo "  $((now - got)) packets went fast"; got=$now; return 0; }
		sleep 0.5
	done
	echo "  only $((now - got)) went fast"; return 1
}

# a flow: PERCENT must come back, and so many halves of what was sent go fast
comes() { # PERCENT HALVES ARGUMENTS
	local most=$1 halves=$2; shift 2
	[ "$halves" = 0 ] || { sleep 3; got=$(fast fast_packets); } # status tells each two seconds
	set -- $(on pc $py udp "$@")
	echo "  $1 sent, $2 back, longest gap $3 ms"
	[ $(($2 * 100)) -ge $(($1 * most)) ] || { echo "  lost $(($1 - $2)) of $1"; return 1; }
	[ "$halves" = 0 ] || grew $(($1 * halves / 2))
}
for n in pc gw out; do
	ip netns add $p$n || { echo "skip: no network namespaces"; exit 77; }
	on $n sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	on $n ip link set lo up
done
ip link add lan0 netns ${p}gw type veth peer name eth0 netns ${p}pc
on gw ip link set lan0 up; on pc ip link set eth0 up; on pc ethtool -K eth0 tx off >/dev/null 2>&1
for n in gw out; do
	on $n ip tuntap add ppp0 mode tun
	on $n ip link set ppp0 mtu 1454 up
done
python3 "$here/shuttle.py" ${p}gw ${p}out ppp0 & shuttle=$!
on gw ip addr add 192.168.10.1/24 dev lan0; on gw ip addr add 101.1.1.2 peer 101.1.1.1/32 dev ppp0
on gw ip addr add 2404:7a80:1:1::1/64 dev lan0; on gw ip addr add 2404:1a8:9::1/64 dev ppp0
on gw ip route add default dev ppp0; on gw ip -6 route add default dev ppp0
on pc ip addr add 192.168.10.50/24 dev eth0; on pc ip addr add 2404:7a80:1:1::50/64 dev eth0
on pc ip route add default via 192.168.10.1; on pc ip -6 route add default via 2404:7a80:1:1::1
on out ip addr add 101.1.1.1 peer 101.1.1.2/32 dev ppp0; on out ip addr add 2404:1a8:9::2/64 dev ppp0
on out ip -6 route add default dev ppp0
printf 'wan ppp0\nlan lan0\nline pppoe4\nprofile standard\n' >"$conf"
k up >/dev/null || fail up
for a in 101.1.1.1 2404:1a8:9::2; do on out $py udp-echo $a 7 & done
for at in 101.1.1.1:7 '\[2404:1a8:9::2\]:7'; do for _ in $(seq 100); do on out ss -lun | grep -q "$at " && break; sleep 0.1; done; done
for _ in $(seq 50); do [ "$(fast on)" = True ] && break; sleep 0.2; done

step "status: at tc, and why"
k status | grep 'ppp0 *tc.*no Ethernet header' || fail status

step "UDP over NAT44 and IPv6, both ways"
for a in 101.1.1.1 2404:1a8:9::2; do
	echo "  $a"
	steady comes 97 1 $a 7 2 || fail "lost, or not fast"
	k status --json | python3 -c 'import json,sys
for p in json.load(sys.stdin)["fast_path"]["ports"]:
    if not p["packets"]: sys.exit("nothing came in fast by " + p["name"])' || fail "one way only"
done

step "small ones, shorter than an Ethernet frame may be, both ways"
steady comes 97 3 101.1.1.1 7 3 20 || fail "lost, or one way only"

step "over 1454 bytes goes up: fragments, and IPv6 hears of it"
steady comes 80 0 101.1.1.1 7 1 1440 || fail "1440 bytes"
on pc $py udp 2404:1a8:9::2 7 1 1430 >/dev/null
on pc ip -6 route get 2404:1a8:9::2 | grep -q 'mtu 1454' || fail "no packet too big"

step "TCP over both families: all bytes"
for a in 101.1.1.1 2404:1a8:9::2; do
	on out $py tcp-sink $a 5001 >"$tmp/sink" & sp=$!
	for _ in $(seq 100); do on out ss -ltn | grep -q ':5001 ' && break; sleep 0.1; done
	set -- $(on pc timeout 60 $py tcp $a 5001 5000000 3000000); wait $sp
	[ "$(cut -d' ' -f1,2 "$tmp/sink")" = "$1 $2" ] || fail "bytes differ: $* / $(cat "$tmp/sink")"
	echo "  $1 bytes, sha256 ${2:0:16}, both ends"
	grew 200 || fail "TCP did not go fast"
done

step "the device goes and comes again: off it, and on it"
on gw ip link set ppp0 down; sleep 0.3; on gw ip link set ppp0 up
on gw ip route add default dev ppp0; on gw ip -6 route add default dev ppp0
on gw ip -6 addr add 2404:1a8:9::1/64 dev ppp0 2>/dev/null
steady comes 80 1 101.1.1.1 7 2 || fail "lost after it, or not fast again"
echo ok
