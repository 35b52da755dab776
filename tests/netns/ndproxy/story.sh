#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A line that gives one /64 by RA: the gateway gets links only, everything else
# is kadomorid's work. Namespaces as src/lab/lab.h draws them.
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
kadomori=$1
[ "${2-}" = nobpf ] && export KADOMORI_NDP_FILTER=off # the same story without the filter
here=$(cd "$(dirname "$0")" && pwd)
name=ndp$$
tmp=$(mktemp -d)
export KADOMORI_RUN=$tmp/run LC_ALL=C.UTF-8
ns() { local n=$1; shift; ip netns exec "kdl-$name-$n" "$@"; }
gw() { ns gw "$@"; }
k() { gw "$kadomori" --lang en --conf "$tmp/k.conf" "$@"; }
cleanup() {
	k down >/dev/null 2>&1
	"$kadomori" lab down --name "$name" >/dev/null 2>&1
	rm -rf "$tmp"
}
trap cleanup EXIT
fail() { echo "FAIL: $*"; cat "$tmp/run/kadomorid.log" 2>/dev/null; gw ip -6 neigh; gw ip -6 route; exit 1; }
step() { echo "- $*"; }
wait_for() { local i; for i in $(seq 100); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; return 1; }
ping6() { local n=$1; shift; ns "$n" python3 "$here/ping6.py" "$@"; }
addr_of() { ns "$1" ip -6 -o addr show dev eth0 scope global | awk '{print $4}' | cut -d/ -f1 | head -1; }
has_addr() { [ -n "$(addr_of "$1")" ]; }
known() { gw nft list set inet kadomori known | grep -q "$1[ ,}]*"; }

out=$("$kadomori" lab up --line flets-ra --name "$name" 2>&1) || { echo "skip: $out"; exit 77; }
gw ip link set wan0 up
gw ip link set lan0 up
cat >"$tmp/k.conf" <<C
wan wan0
lan lan0
line flets-ra
device casa rakuten-casa mac 00:1b:8b:10:20:01
C
segw=2001:f60:5e::10

step "the gate stands; hosts get addresses of the line's own /64"
k up >/dev/null || fail "up"
for h in casa pc casa2; do wait_for has_addr $h || fail "$h has no address"; done
gw ip -6 route show default | grep -q 'proto 107' || fail "no default route of ours"
[ "$(gw sysctl -n net.ipv6.conf.wan0.accept_ra)" = 0 ] || fail "the kernel reads the line's RA beside us"
gw ip -6 addr show dev wan0 | grep -q '/128 scope global' || fail "no /128 on the WAN"

step "the LAN hears default timers and no longer lifetimes than the line's"
ns pc ip -6 route show default | grep -q via || fail "pc has no default route"

step "hosts reach out, also a host that nobody has heard of"
for h in casa pc casa2; do ping6 $h $segw 5 100 | grep -q '^5 5' || fail "$h does not reach the gateway outside"; done

step "and are reached from outside; silent hosts are found on demand"
for h in casa pc casa2; do
	ping6 segw "$(addr_of $h)" 5 100 | grep -q '^5 5' || fail "$h is not reached"
done

step "a new address is reached with its first packet"
p=$(addr_of pc); p=${p%:*:*:*:*}
ns pc ip -6 addr add "$p:a:b:c:d/64" dev eth0 nodad
ping6 segw "$p:a:b:c:d" 5 100 | grep -q '^5 5' || fail "first packet lost"
known "$p:a:b:c:d" || fail "not in the set known"

step "an address that nobody has is not asked for by packets"
ping6 atkin "$p:dead:dead:dead:1" 3 100 >/dev/null && fail "somebody answered"
gw ip -6 neigh | grep -q dead && fail "the gateway's neighbour table knows it"

step "a neighbour on the WAN cannot take a LAN host's address (DAD)"
ns atkan sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=1
ns atkan ip -6 addr add "$(addr_of pc)/128" dev eth0
wait_for sh -c "ip netns exec kdl-$name-atkan ip -6 addr show dev eth0 | grep -q dadfailed" || fail "not defended"
ns atkan ip -6 addr del "$(addr_of pc)/128" dev eth0

step "DAD of a LAN host for its own new address succeeds"
ns pc sysctl -qw net.ipv6.conf.eth0.accept_dad=1
ns pc ip -6 addr add "$p:a:b:c:e/64" dev eth0
ended() { ! ns pc ip -6 addr show dev eth0 tentative | grep "a:b:c:e" | grep -qv dadfailed; }
wait_for ended || fail "DAD does not end"
ns pc ip -6 addr show dev eth0 | grep "a:b:c:e" | grep -qE 'tentative|dadfailed' && fail "our own proxy spoilt it"
ping6 segw "$p:a:b:c:e" 3 100 | grep -q '^3 3' || fail "not reached"

step "the WAN hears of our hosts' groups (MLD)"
pcaddr=$(addr_of pc); last=$(printf '%s' "$pcaddr" | python3 -c 'import ipaddress,sys; x=int(ipaddress.ip_address(sys.stdin.read().strip())) & 0xffffff; print(ipaddress.ip_address((0xff0200000000000000000001ff << 24) | x))')
gw ip -6 maddr show dev wan0 | grep -q "$last" || fail "no membership of $last"

step "hosts and explain host tell the table"
k hosts | grep "$(addr_of pc)" | grep -q 'lan0 .*known' || fail "hosts: $(k hosts)"
k hosts --json | python3 -c 'import json,sys; o=json.load(sys.stdin); assert o["schema"]==1 and any(h["pinned"] and "pinned" in h["sets"] for h in o["hosts"]), o; assert o["counters"]["answered"]>0' || fail "hosts --json"
k explain host "$(addr_of pc)" | grep -q 'is reachable' || fail "explain host"
k explain host "$p:dead::1" >"$tmp/out"; [ $? = 2 ] || fail "explain host of nobody"
grep -q 'ever heard' "$tmp/out" || fail "explain host: $(cat "$tmp/out")"
k explain host 2001:f60::1 | grep -q "none of the home's prefixes" || fail "explain host outside"

step "nothing differs between wanted and loaded rules"
k diff || fail "diff"

step "whose packets go out is known by them"
flow_seen() { ping6 pc $segw 20 20 >/dev/null; k hosts | grep -q 'lan0 .* flow '; }
for i in $(seq 20); do flow_seen && break; sleep 1; done
flow_seen || fail "no evidence by flow: $(k hosts; gw nft list set inet kadomori talkers)"

step "the listening process killed: known hosts stay reachable"
pid=$(pgrep -P "$(pgrep -f "kadomorid --conf $tmp/k.conf" -u root | head -1)" kadomori-liste)
( sleep 0.5; kill -9 "$pid" ) &
read -r sent got gap < <(ping6 segw "$(addr_of pc)" 100 20)
[ "$got" = "$sent" ] || fail "$got of $sent answered, gap $gap ms"
wait_for grep -q 'listening process ended' "$tmp/run/kadomorid.log" || fail "nobody was killed"

step "the filter in the kernel: as status says, and it works"
counter() { k hosts --json | python3 -c "import json,sys; print(json.load(sys.stdin)['counters'].get('$1', 0))"; }
if [ "${2-}" = nobpf ]; then
	k status | grep -q 'without the filter' || fail "status: $(k status)"
	gw tc filter show dev wan0 ingress | grep -q nd_filter && fail "a filter is there"
elif k status | grep -q 'the kernel refuses the filter'; then
	echo "  (this kernel refuses it: $(k status | grep refuses))"
else
	k status | grep -q 'filter in the kernel answers' || fail "status: $(k status)"
	gw tc filter show dev wan0 ingress | grep -q nd_filter || fail "no filter on wan0"
	answered() { [ "$(counter filter-answered)" -gt 0 ]; }
	wait_for answered || fail "the filter answered nobody"
	step "the whole daemon killed: the filter answers on, and a successor takes it over"
	pid=$(pgrep -f "kadomorid --conf $tmp/k.conf" -u root | head -1)
	kill -9 "$pid" $(pgrep -P "$pid")
	sleep 0.3
	ns an ip -6 neigh flush dev acc # nobody but the filter can answer the line now
	ping6 segw "$(addr_of pc)" 20 50 | grep -q '^20 20' || fail "nobody answers for pc"
	k up >/dev/null || fail "up again"
	[ "$(gw tc filter show dev wan0 ingress | grep -c nd_filter)" = 1 ] || fail "two filters"
	ping6 segw "$(addr_of pc)" 20 50 | grep -q '^20 20' || fail "pc after the restart"
fi

step "down leaves no route, no neighbour, no filter"
k down >/dev/null || fail "down"
gw ip -6 route | grep -q 'proto 107' && fail "routes left"
gw ip -6 neigh | grep -q 'proto 107' && fail "neighbours left"
gw tc filter show dev wan0 ingress 2>/dev/null | grep -q nd_filter && fail "a filter left"
step "down after a daemon that was killed leaves nothing either"
k up >/dev/null || fail "up"
wait_for sh -c "ip netns exec kdl-$name-gw ip -6 route | grep -q 'default.*proto 107'" || fail "no default route"
pid=$(pgrep -f "kadomorid --conf $tmp/k.conf" -u root | head -1)
kill -9 "$pid" $(pgrep -P "$pid")
sleep 0.2
k down >/dev/null || fail "down"
gw ip -6 route | grep -q 'proto 107' && fail "routes left"
gw ip -6 neigh | grep -q 'proto 107' && fail "neighbours left"
gw tc filter show dev wan0 ingress 2>/dev/null | grep -q nd_filter && fail "a filter left"
no_addresses() { ! gw ip -6 addr show dev lan0 scope global | grep -q inet6; }
wait_for no_addresses || fail "addresses left: $(gw ip -6 addr show scope global)"
echo ok
