#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make soak: TCP streams (each byte by sha256), UDP and many short connections,
# both families, while rules are reloaded, MACs change, the daemon is killed and
# started again, with and without the fast path. At the end: no stuck flow, all
# sums right, the daemon's memory as at the start.
#
# usage: soak.sh KADOMORI native|tc SECONDS
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
kadomori=$(realpath "$1") way=$2 seconds=$3
py="python3 $(dirname "$(realpath "$0")")/flow.py"
tmp=$(mktemp -d) p=kdsoak$$
export KADOMORI_RUN=$tmp/run LC_ALL=C.UTF-8
conf=$tmp/k.conf
on() { local n=$1; shift; ip netns exec $p$n "$@"; }
cleanup() {
	on gw "$kadomori" down >/dev/null 2>&1
	for n in pc gw out; do
		ip netns pids $p$n 2>/dev/null | xargs -r kill 2>/dev/null
		ip netns del $p$n 2>/dev/null
	done
	rm -rf "$tmp"
}
trap cleanup EXIT
k() { on gw "$kadomori" --lang en --conf "$conf" "$@"; }
for n in pc gw out; do ip netns add $p$n || exit 77; on $n sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 net.ipv4.conf.default.arp_notify=1 net.ipv6.conf.default.ndisc_notify=1; on $n ip link set lo up; done
ip link add lan0 netns ${p}gw type veth peer name eth0 netns ${p}pc
ip link add wan0 netns ${p}gw type veth peer name eth0 netns ${p}out
on gw ip link set lan0 up; on gw ip link set wan0 up
for n in pc out; do on $n ip link set eth0 up; on $n ethtool -K eth0 gro on tx off >/dev/null 2>&1; done
on gw ip addr add 192.168.10.1/24 dev lan0; on gw ip addr add 101.1.1.2/24 dev wan0
on gw ip addr add 2404:7a80:1:1::1/64 dev lan0; on gw ip addr add 2404:1a8:9::1/64 dev wan0
on pc ip addr add 192.168.10.50/24 dev eth0; on pc ip addr add 2404:7a80:1:1::50/64 dev eth0
on pc ip route add default via 192.168.10.1; on pc ip -6 route add default via 2404:7a80:1:1::1
on out ip addr add 101.1.1.1/24 dev eth0; on out ip addr add 2404:1a8:9::2/64 dev eth0
on out ip -6 route add default via 2404:1a8:9::1
printf 'wan wan0\nlan lan0\nline dhcp4\nprofile standard\n' >"$conf"
k up --fast-path "$way" >/dev/null || { cat "$tmp"/run/*.log; exit 1; }
rss() { awk '/VmRSS/{print $2}' /proc/"$(pgrep -f "kadomorid --conf $conf" -u root | head -1)"/status; }
for a in 101.1.1.1 2404:1a8:9::2; do on out $py udp-echo $a 7 & done
end=$(($(date +%s) + seconds))
stream() { # address, port: streams until the end
	local i=0
	while [ "$(date +%s)" -lt $end ]; do
		i=$((i + 1))
		on out timeout 120 $py tcp-sink "$1" "$2" >"$tmp/sink$2" & local sp=$!
		sleep 2
		on pc timeout 120 $py tcp "$1" "$2" 20000000 6000000 >"$tmp/src$2" 2>"$tmp/err$2"
		wait $sp
		if [ -s "$tmp/src$2" ] && [ "$(cut -d' ' -f1,2 "$tmp/sink$2")" = "$(cat "$tmp/src$2")" ]; then echo ok; else echo "BAD stream $i $1: $(cat "$tmp/src$2" "$tmp/sink$2" "$tmp/err$2" | tail -2)"; fi >>"$tmp/result"
	done
}
small() { # many short connections
	on out python3 -m http.server --bind :: 80 --directory "$tmp/www" >/dev/null 2>&1 & local hp=$!
	while [ "$(date +%s)" -lt $end ]; do
		on pc timeout 20 python3 -c 'import urllib.request as u,sys; sys.exit(u.urlopen("http://101.1.1.1/f", timeout=15).read() != b"x" * 3000)' 2>/dev/null && echo web >>"$tmp/result" || echo "BAD web" >>"$tmp/result"
	done
	kill $hp 2>/dev/null
}
mkdir "$tmp/www"; head -c 3000 /dev/zero | tr '\0' x >"$tmp/www/f"; : >"$tmp/result"
stream 101.1.1.1 5001 & stream 2404:1a8:9::2 5002 & small &
on pc $py udp 101.1.1.1 7 "$seconds" >"$tmp/u4" & on pc $py udp 2404:1a8:9::2 7 "$seconds" >"$tmp/u6" &
sleep 4; first=$(rss); i=0 faults=0
while [ "$(date +%s)" -lt $((end - 8)) ]; do
	sleep 3; i=$((i + 1)); faults=$((faults + 1))
	case $((i % 6)) in
	1) echo "# $i" >>"$conf"; k apply >/dev/null 2>&1 ;;
	2) on out ip link set eth0 address 02:00:00:00:aa:$(printf %02x $((i % 250))); on out ping -c1 -W1 101.1.1.2 >/dev/null 2>&1 ;;
	3) pkill -KILL -f "kadomorid --conf $conf"; sleep 0.3; k up --no-fast-path >/dev/null 2>&1 ;;
	4) pkill -KILL -f "kadomorid --conf $conf"; sleep 0.3; k up --fast-path "$way" >/dev/null 2>&1 ;;
	5) on gw nft add table inet other; on gw nft delete table inet other ;;
	0) on pc ip link set eth0 address 02:00:00:00:bb:$(printf %02x $((i % 250))); on pc ping -c1 -W1 192.168.10.1 >/dev/null 2>&1 ;;
	esac
done
while jobs -r | grep -q stream; do sleep 1; done
sleep 4
good=$(grep -c ok "$tmp/result") web=$(grep -c web "$tmp/result") bad=$(grep -c BAD "$tmp/result")
echo "$faults faults in $seconds s; $good streams of 20 MB right, $web fetches (both with bad: $bad wrong)"
echo "UDP sent, back, longest gap ms: v4 $(cat "$tmp/u4"); v6 $(cat "$tmp/u6")"
k status --json | python3 -c 'import json,sys; f=json.load(sys.stdin)["fast_path"]; print("leases left %s, fast %s, through the kernel %s" % (f.get("flows"), f.get("fast_packets"), f.get("missed")))'
echo "daemon: $first kB at first, $(rss) kB at last"
grep BAD "$tmp/result" | head
[ "$bad" = 0 ] && [ "$good" -gt 0 ] && [ "$(rss)" -lt $((first * 2 + 4096)) ] && echo ok
