#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each kind of line, from real servers (radvd, Kea, dnsmasq, pppoe-server), and
# what "kadomori line" makes of it: kind, IPv6, IPv4, how long it took.
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
kadomori=$(realpath "$1") name=ln$$ bad=0
down() { "$kadomori" lab down --name $name >/dev/null 2>&1; }
trap down EXIT
on() { local n=$1; shift; ip netns exec kdl-$name-$n "$@"; }
silence() { ip netns pids kdl-$name-an | xargs -r kill; sleep 0.3; on gw ip -6 addr flush dev wan0 scope global; }
up() { # line words...
	down
	out=$("$kadomori" --lang en lab up --line "$1" --name $name 2>&1) || {
		echo "$out"; case $out in *"not installed"*) exit 77 ;; esac; exit 1; }
	on gw ip link set wan0 up
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		on gw ip -6 addr show dev wan0 scope link 2>/dev/null | grep -q fe80 && break; sleep 0.1
	done
}
expect() { # what kind v6 v4 longest_ms options...
	local got want="$2 $3 $4" took
	got=$(on gw "$kadomori" --json line wan0 "${@:6}" | python3 -c 'import json,sys; v=json.load(sys.stdin); print(v.get("kind") or "-", v["ipv6"], v["ipv4"], v["took_ms"])')
	took=${got##* }
	if [ "${got% *}" = "$want" ] && [ "$took" -le "$5" ]; then
		echo "ok   $1: $got ms"
	else
		echo "FAIL $1: $got ms, not $want within $5 ms"; bad=1
	fi
}
up flets-ra; expect "FLET'S without Hikari Denwa" flets-ra one-64 ds-lite 10000
up flets-pd; expect "FLET'S with Hikari Denwa" flets-pd delegated ds-lite 10000
up dhcp4; expect "global IPv4 by DHCP" dhcp4 nothing global-dhcp 10000
up private4; expect "behind a carrier NAT" private4 nothing cgn 10000
up flets-ra; silence; expect "nobody answers" - nothing nothing 13000
# a DHCPv6-PD line whose server is silent: only the router speaks
up flets-pd; silence
on an sh -c 'printf "interface acc { AdvSendAdvert on; AdvManagedFlag on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; };" >/run/kadomori-lab/'$name'/r.conf; exec radvd -m none -C /run/kadomori-lab/'$name'/r.conf -p /run/kadomori-lab/'$name'/r.pid'
expect "DHCPv6 server silent" - unknown nothing 13000
if command -v pppoe-server >/dev/null; then
	up flets-ra; silence
	on an pppoe-server -I acc -C BAS-KADO -L 10.9.9.1 -R 10.9.9.2 -N 1 -F >/dev/null 2>&1 &
	sleep 0.5
	expect "PPPoE" pppoe4 nothing pppoe 10000
fi
# a home gateway: RA, and private IPv4 from the same box
up flets-ra; silence
on an ip addr add 192.168.1.1/24 dev acc
on an ip -6 addr add 2409:11:4a0:2300::1/64 dev acc
on an dnsmasq -k --port=0 --interface=acc --bind-interfaces --enable-ra --dhcp-range=192.168.1.10,192.168.1.20,1h --dhcp-range=2409:11:4a0:2300::,ra-only --no-ping --no-resolv --no-hosts --user=root --dhcp-leasefile=/run/kadomori-lab/$name/l --pid-file=/run/kadomori-lab/$name/p >/dev/null 2>&1 &
sleep 0.7
expect "behind a home gateway" hgw one-64 ds-lite 10000
on gw ip link set wan0 down; expect "cable out" - unknown unknown 100
exit $bad
