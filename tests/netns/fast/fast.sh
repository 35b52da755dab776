#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a cache over the kernel can do wrong, each provoked with real sockets
# (facts/dataplane.md, section 6):
#
#	pc, h2 ── br0 (l1, l2)  gw (kadomorid)  wan0 ── out
#
# usage: fast.sh KADOMORI KADOMORID native|tc
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
kadomori=$(realpath "$1") kadomorid=$(realpath "$2") way=$3
py="python3 $(dirname "$(realpath "$0")")/flow.py"
tmp=$(mktemp -d) p=kdfast$$
export KADOMORI_RUN=$tmp/run LC_ALL=C.UTF-8
conf=$tmp/k.conf
on() { local n=$1; shift; ip netns exec $p$n "$@"; }
cleanup() {
	on gw "$kadomori" down >/dev/null 2>&1
	for n in pc h2 gw out; do
		ip netns pids $p$n 2>/dev/null | xargs -r kill 2>/dev/null
		ip netns del $p$n 2>/dev/null
	done
	rm -rf "$tmp"
}
trap cleanup EXIT
fail() { echo "FAIL: $*"; cat "$tmp"/run/*.log 2>/dev/null; on gw "$kadomori" status; on gw conntrack -L 2>/dev/null | head; exit 1; }
step() { echo "- $*"; }
k() { on gw "$kadomori" --lang en --conf "$conf" "$@"; }
# one number of the fast path's status; status is told each two seconds
fast() { k status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["fast_path"][sys.argv[1]])' "$1"; }
got=0
# did packets go fast since the last question?
grew() {
	local now i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		now=$(fast fast_packets)
		[ "$now" -ge $((got + $1)) ] && { echo "  $((now - got)) packets went fast"; got=$now; return 0; }
		sleep 0.5
	done
	echo "  only $((now - got)) went fast"; return 1
}
# a server is there when it listens, however busy the machine
listens() { local i; for i in $(seq 100); do on out ss -ltn | grep -q ":$1 " && return; sleep 0.1; done; fail "no server"; }
quiet() { sleep 3; got=$(fast fast_packets); }

for n in pc h2 gw out; do
	ip netns add $p$n || { echo "skip: no network namespaces"; exit 77; }
	on $n sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	on $n ip link set lo up
done
on gw ip link add br0 type bridge; on gw ip link set br0 up
ip link add l1 netns ${p}gw type veth peer name eth0 netns ${p}pc
ip link add l2 netns ${p}gw type veth peer name eth0 netns ${p}h2
ip link add wan0 netns ${p}gw type veth peer name eth0 netns ${p}out
for i in l1 l2; do on gw ip link set $i master br0 up; done
on gw ip link set wan0 up
for n in pc h2 out; do # a veth that XDP sends into wants GRO; sums are filled in
	on $n ip link set eth0 up
	on $n ethtool -K eth0 gro on tx off >/dev/null 2>&1
done
on gw ip addr add 192.168.10.1/24 dev br0; on gw ip addr add 101.1.1.2/24 dev wan0
on gw ip addr add 2404:7a80:1:1::1/64 dev br0; on gw ip addr add 2404:1a8:9::1/64 dev wan0
on pc ip addr add 192.168.10.50/24 dev eth0; on pc ip addr add 2404:7a80:1:1::50/64 dev eth0
on h2 ip addr add 192.168.10.60/24 dev eth0; on h2 ip addr add 2404:7a80:1:1::60/64 dev eth0
for n in pc h2; do on $n ip route add default via 192.168.10.1; on $n ip -6 route add default via 2404:7a80:1:1::1; done
on out ip addr add 101.1.1.1/24 dev eth0; on out ip addr add 2404:1a8:9::2/64 dev eth0
on out ip -6 route add default via 2404:1a8:9::1
cat >"$conf" <<C
wan wan0
lan br0
line dhcp4
profile standard
device casa rakuten-casa id ::50 ipv4 192.168.10.50 peer 2404:1a8::/32
C
k up --fast-path "$way" >/dev/null || fail "up"
for a in 101.1.1.1 2404:1a8:9::2; do on out $py udp-echo $a 7 & on out $py udp-echo $a 9 & done
sleep 0.5

step "status says how each interface is served"
k status | grep "$way" || fail "status does not say $way"
[ "$(fast on)" = True ] || fail "not on"

step "UDP over NAT44 and IPv6 goes fast, from bridge ports, and comes back"
for a in 101.1.1.1 2404:1a8:9::2; do
	set -- $(on pc $py udp $a 7 3)
	echo "  $a: $1 sent, $2 back, longest gap $3 ms"
	[ $(($2 * 100)) -ge $(($1 * 97)) ] || fail "lost $(($1 - $2)) of $1"
	grew 300 || fail "nothing went fast"
done

if [ -z "${LATE-}" ]; then
step "over the path's MTU goes up: fragments arrive, IPv6 hears of a smaller one"
on gw ip link set wan0 mtu 1400; on out ip link set eth0 mtu 1400; sleep 0.3
set -- $(on pc $py udp 101.1.1.1 7 2 1300); [ $(($2 * 10)) -ge $(($1 * 8)) ] || fail "1300 bytes: $*"
set -- $(on pc $py udp 101.1.1.1 7 2 1450); [ $(($2 * 10)) -ge $(($1 * 8)) ] || fail "1450 bytes over 1400: $*"
on pc ip -6 route flush cache
on pc $py udp 2404:1a8:9::2 7 1 1380 >/dev/null
on pc ip -6 route get 2404:1a8:9::2 | grep -q 'mtu 1400' || fail "no packet too big"
on gw ip link set wan0 mtu 1500; on out ip link set eth0 mtu 1500; sleep 0.3

step "a busy flow keeps conntrack's entry; an idle one loses it in its time"
on gw sysctl -qw net.netfilter.nf_conntrack_udp_timeout=5 net.netfilter.nf_conntrack_udp_timeout_stream=5
on pc $py udp 101.1.1.1 7 8 100 4444 >"$tmp/u" &
sleep 7.5
on gw conntrack -L -p udp --orig-port-src 4444 2>/dev/null | grep -q 'src=192.168.10.50.*ASSURED' || fail "the entry died under the flow"
sleep 2; echo "  sent, back, longest gap: $(cat "$tmp/u")"
sleep 5.5
on gw conntrack -L -p udp --orig-port-src 4444 2>/dev/null | grep -q 4444 && fail "an idle entry lives on"
on gw sysctl -qw net.netfilter.nf_conntrack_udp_timeout=300 net.netfilter.nf_conntrack_udp_timeout_stream=300

step "TCP: all bytes, and the end is the kernel's, strict windows for the others"
[ "$(on gw sysctl -n net.netfilter.nf_conntrack_tcp_be_liberal)" = 0 ] || fail "be_liberal is on"
quiet
for a in 101.1.1.1 2404:1a8:9::2; do
	on out $py tcp-sink $a 5001 >"$tmp/sink" & sp=$!
	listens 5001
	set -- $(on pc timeout 60 $py tcp $a 5001 30000000 20000000)
	wait $sp
	[ "$(cut -d' ' -f1,2 "$tmp/sink")" = "$1 $2" ] || fail "bytes differ: $* / $(cat "$tmp/sink")"
	echo "  $1 bytes, sha256 ${2:0:16}, both ends"
	on gw conntrack -L -p tcp --dport 5001 2>/dev/null | grep -q ESTABLISHED && fail "conntrack missed the end"
	[ "$way" = native ] && min=15000 || min=500 # at tc they are merged
	grew $min || fail "TCP did not go fast"
done

step "a rule that refuses the flow stops it within 0.1 s, its removal lets it go on"
on pc $py udp 101.1.1.1 7 6 100 4500 >"$tmp/u" & up=$!
sleep 2.5; t0=$(date +%s%N)
on gw nft insert rule inet kadomori forward ip saddr 192.168.10.50 udp dport 7 drop
t1=$(date +%s%N)
sleep 0.1; a=$(on out cat /proc/net/dev | awk '/eth0/{print $3}'); sleep 1
b=$(on out cat /proc/net/dev | awk '/eth0/{print $3}')
echo "  $((b - a)) packets in the second after 0.1 s (nft itself took $(((t1 - t0) / 1000000)) ms)"
[ $((b - a)) -le 3 ] || fail "it went on"
on gw nft -a list chain inet kadomori forward | awk '/udp dport 7 drop/{print $NF}' | while read -r h; do on gw nft delete rule inet kadomori forward handle "$h"; done
wait $up; set -- $(cat "$tmp/u"); echo "  $1 sent, $2 back, longest gap $3 ms at $4 s"
[ "$3" -ge 1000 ] && [ "$3" -le 2500 ] || fail "gap $3 ms"

step "conntrack -D: what comes from outside stops within a lease"
on out timeout 9 $py udp-echo 101.1.1.1 8888 & sleep 0.2
on pc $py udp 101.1.1.1 8888 2 100 4600 >/dev/null
# the far end talks on to the mapped port by itself
on out python3 - <<P &
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
s.bind(("101.1.1.1", 8889)); b, w = s.recvfrom(100)
for i in range(1200): s.sendto(b"y" * 50, w); time.sleep(0.005)
P
sleep 0.3
on pc python3 - <<P >"$tmp/u" &
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("101.1.1.1", 8889)); s.settimeout(0.05); last = time.time(); begin = last; n = 0
while time.time() - begin < 6:
    try:
        if not n: s.send(b"x")
        s.recv(100); last = time.time(); n += 1
    except OSError: pass
print(n, "%.2f" % last)
P
up=$!; sleep 3.5; t=$(date +%s.%N); on gw conntrack -D -p udp --dport 8889 >/dev/null 2>&1
wait $up; set -- $(cat "$tmp/u"); python3 -c "print('  $1 packets, the last %.2f s after the deletion' % ($2 - $t))"
python3 -c "import sys; sys.exit(not ($1 > 50 and $2 - $t < 2))" || fail "it went on"

step "hot leases let nobody else in: other ports, other sources, spoofed"
on pc $py udp 101.1.1.1 9 4 100 4700 >/dev/null & up=$!
sleep 2
on pc tcpdump -i eth0 -n -c 1 udp and src 101.1.1.1 and not port 9 >"$tmp/leak" 2>/dev/null & td=$!
sleep 0.5
on out python3 - <<P
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("101.1.1.1", 99))
for port in list(range(4690, 4711)) + [500, 4500, 53]: s.sendto(b"z", ("101.1.1.2", port))
P
sleep 1; kill $td 2>/dev/null; wait $up
[ -s "$tmp/leak" ] && fail "let in: $(cat "$tmp/leak")"

step "a host moves to another port of the bridge"
on pc $py udp 101.1.1.1 7 6 100 4800 >"$tmp/u" & up=$!
sleep 2.5
on gw ip link set l1 nomaster; on gw ip link set l2 nomaster
mac=$(on pc cat /sys/class/net/eth0/address)
on gw ip link set l2 master br0; on gw ip link set l1 master br0
wait $up; set -- $(cat "$tmp/u"); echo "  ports taken out and back: longest gap $3 ms"
[ "$3" -lt 2500 ] || fail "gap $3 ms"
quiet; on pc $py udp 101.1.1.1 7 2 >/dev/null; grew 200 || fail "not fast again"

step "next hop and host change their MAC without a word"
on pc sysctl -qw net.ipv4.conf.all.arp_notify=0; on out sysctl -qw net.ipv4.conf.all.arp_notify=0
on gw sysctl -qw net.ipv4.neigh.wan0.base_reachable_time_ms=2000 net.ipv4.neigh.wan0.delay_first_probe_time=1 net.ipv4.neigh.br0.base_reachable_time_ms=2000 net.ipv4.neigh.br0.delay_first_probe_time=1
on pc $py udp 101.1.1.1 7 17 100 4900 >"$tmp/u" & up=$!
sleep 3; on out ip link set eth0 address 02:00:00:00:aa:01
on pc ip link set eth0 address 02:00:00:00:aa:02
wait $up; set -- $(cat "$tmp/u"); echo "  $1 sent, $2 back, longest gap $3 ms at $4 s (kernel's timers shortened)"
[ "$3" -lt 12000 ] || fail "gap $3 ms"
quiet; on pc $py udp 101.1.1.1 7 2 >/dev/null; grew 200 || fail "not fast again"

fi
step "the address outside changes: the old one is not used any more"
on pc $py udp 101.1.1.1 7 5 100 5000 >"$tmp/u" & up=$!
sleep 2; on gw ip addr del 101.1.1.2/24 dev wan0; on gw ip addr add 101.1.1.3/24 dev wan0; sleep 0.3
on out timeout 2 tcpdump -i eth0 -n src 101.1.1.2 >"$tmp/old" 2>/dev/null
grep -q " > " "$tmp/old" && fail "still from the old address: $(head -2 "$tmp/old")"
wait $up; echo "  $(cat "$tmp/u")"
set -- $(on pc $py udp 101.1.1.1 7 2 100 5001); [ $(($2 * 10)) -ge $(($1 * 8)) ] || fail "nothing by the new address"
on gw ip addr del 101.1.1.3/24 dev wan0; on gw ip addr add 101.1.1.2/24 dev wan0

step "a shaper outside sees every packet: towards it not by XDP"
quiet
on gw tc qdisc replace dev wan0 root tbf rate 500mbit burst 1mb latency 50ms || fail "tbf"
sleep 1
k status | grep -E 'wan0' || fail status
on pc $py udp 101.1.1.1 7 2 >/dev/null
n=$(on gw tc -s qdisc show dev wan0 | awk '/Sent/{print $4; exit}')
echo "  the shaper saw $n packets"; [ "$n" -ge 150 ] || fail "the shaper saw only $n"
grew 200 || fail "nothing went fast"
on gw tc qdisc del dev wan0 root; sleep 1

step "another firewall's table: off, and on again without it"
on gw nft add table inet other; on gw nft add chain inet other f '{ type filter hook forward priority 10; }'
sleep 2.5; [ "$(fast on)" = False ] || fail "still on beside another firewall"
k status | grep -q "another firewall's rules" || fail "status does not say why"
on gw nft delete table inet other; sleep 2.5; [ "$(fast on)" = True ] || fail "not on again"

step "killed, started again, without and with, in the middle of a stream"
on out $py tcp-sink 101.1.1.1 5002 >"$tmp/sink" & sp=$!
listens 5002
on pc timeout 60 $py tcp 101.1.1.1 5002 60000000 8000000 >"$tmp/src" & up=$!
for f in "--fast-path $way" --no-fast-path "--fast-path $way"; do
	sleep 1.5; pkill -KILL -f "kadomorid --conf $conf"; sleep 0.3
	k up $f >/dev/null || fail "up $f"
done
sleep 2.5; k status | grep -qi "fast path" || fail status
wait $up; wait $sp
[ "$(cut -d' ' -f1,2 "$tmp/sink")" = "$(cat "$tmp/src")" ] || fail "bytes differ: $(cat "$tmp/src" "$tmp/sink")"
echo "  $(cut -c1-30 "$tmp/src") both ends"

step "down leaves nothing at the interfaces"
k down >/dev/null || fail down
on gw ip -d link show | grep -q 'prog/xdp' && fail "XDP left"
on gw tc qdisc show | grep -q clsact && fail "clsact left"
echo ok
