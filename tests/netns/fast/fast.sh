#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a cache over the kernel can do wrong, each provoked with real sockets
# (facts/dataplane.md, section 6):
#
#	pc, h2 ── br0 (l1, l2)  gw (kadomorid)  wan0 ── out
#
# usage: fast.sh KADOMORI LEASES native|tc...
#	several ways: each in a home of its own, at the same time
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
if [ $# -gt 3 ]; then
	exe=$1 leases=$2 bad=0; shift 2
	for w in "$@"; do "$0" "$exe" "$leases" "$w" >/tmp/fast.$$."$w" 2>&1 & pids="${pids-} $!"; done
	for p in $pids; do wait "$p" || bad=$?; done
	for w in "$@"; do echo "== $w"; cat /tmp/fast.$$."$w"; rm /tmp/fast.$$."$w"; done
	exit $bad
fi
kadomori=$(realpath "$1") leases=$(realpath "$2") way=$3
# tc: as on kernels before 6.6, at a clsact that anybody may remove
[ "$way" = tc ] && export KADOMORI_TCX=off
here=$(dirname "$(realpath "$0")")
. "$here/../../lib/still.sh"
py="python3 $here/flow.py" ends="python3 $here/ends.py"
tmp=$(mktemp -d) p=kdfast$$
export KADOMORI_RUN=$tmp/run LC_ALL=C.UTF-8
conf=$tmp/k.conf
on() { local n=$1; shift; ip netns exec $p$n "$@"; }
cleanup() {
	still_end
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
	for i in $(seq 20); do
		now=$(fast fast_packets)
		[ "$now" -ge $((got + $1)) ] && { echo "  $((now - got)) packets went fast"; got=$now; return 0; }
		sleep 0.5
	done
	echo "  only $((now - got)) went fast"; return 1
}
# a server is there when it listens, however busy the machine
listens() { local i; for i in $(seq 100); do on out ss -ltn | grep -q ":$1 " && return; sleep 0.1; done; fail "no server"; }
listens_udp() { local i; for i in $(seq 100); do on out ss -lun | grep -q ":$1 " && return; sleep 0.1; done; fail "no server"; }
# tcpdump at eth0 of NODE into FILE, once it listens; $td is its process
dump() {
	local node=$1 into=$2 i; shift 2
	(exec ip netns exec $p$node tcpdump -l --immediate-mode -i eth0 -n "$@") >"$into" 2>"$into.err" & td=$!
	for i in $(seq 100); do grep -q 'listening on' "$into.err" && return; sleep 0.1; done
	fail "tcpdump does not listen: $(cat "$into.err")"
}
# status is told each two seconds
quiet() { sleep 2.2; got=$(fast fast_packets); }
# most of a flow goes fast
hot_once() { quiet; set -- $(on pc $py udp "$@"); grew $((($1 + $2) / 2)); }
hot() { steady hot_once "$@"; }
# a flow of which PERCENT must come back, and most of it fast
comes() { # PERCENT fast|any ARGUMENTS
	local most=$1 how=$2; shift 2
	[ "$how" = any ] || got=$(fast fast_packets)
	set -- $(on pc $py udp "$@")
	echo "  $1 sent, $2 back, longest gap $3 ms"
	[ $(($2 * 100)) -ge $(($1 * most)) ] || { echo "  lost $(($1 - $2)) of $1"; return 1; }
	[ "$how" = any ] || grew $((($1 + $2) / 2))
}
# is it so within ten seconds?
soon() { local i; for i in $(seq 50); do "$@" && return; sleep 0.2; done; return 1; }
is_on() { [ "$(fast on)" = "$1" ]; }
daemons() { pgrep -f "kadomorid --conf $conf"; }
# the table's lines that match, of whichever process holds it
table() { local d; for d in $(daemons); do on gw "$leases" "$d" 2>/dev/null | grep -E "$1" && return; done; }

still_start
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
for a in 101.1.1.1 2404:1a8:9::2; do on out $py udp-echo $a 7 & on out $py udp-echo $a 9 & done 2>/dev/null
for a in 101.1.1.1:7 101.1.1.1:9 '\[2404:1a8:9::2\]:7' '\[2404:1a8:9::2\]:9'; do
	for i in $(seq 100); do on out ss -lun | grep -q "$a " && break; sleep 0.1; done
done

step "status says how each interface is served"
soon is_on True || fail "not on"
k status | grep "$way" || fail "status does not say $way"

step "UDP over NAT44 and IPv6 goes fast, from bridge ports, and comes back"
for a in 101.1.1.1 2404:1a8:9::2; do
	echo "  $a"
	steady comes 97 fast $a 7 3 || fail "lost, or not fast"
done

step "over the path's MTU goes up: fragments arrive, IPv6 hears of a smaller one"
on gw ip link set wan0 mtu 1400; on out ip link set eth0 mtu 1400; sleep 0.3
steady comes 80 any 101.1.1.1 7 2 1300 || fail "1300 bytes"
steady comes 80 any 101.1.1.1 7 2 1450 || fail "1450 bytes over 1400"
on pc ip -6 route flush cache
on pc $py udp 2404:1a8:9::2 7 1 1380 >/dev/null
on pc ip -6 route get 2404:1a8:9::2 | grep -q 'mtu 1400' || fail "no packet too big"
on gw ip link set wan0 mtu 1500; on out ip link set eth0 mtu 1500; sleep 0.3

step "a busy flow keeps conntrack's entry; an idle one loses it in its time"
on gw sysctl -qw net.netfilter.nf_conntrack_udp_timeout=4 net.netfilter.nf_conntrack_udp_timeout_stream=4
on pc $py udp 101.1.1.1 7 7 100 4444 >"$tmp/u" & up=$!
sleep 6.5
on gw conntrack -L -p udp --orig-port-src 4444 2>/dev/null | grep -q 'src=192.168.10.50.*ASSURED' || fail "the entry died under the flow"
wait $up; echo "  sent, back, longest gap: $(cat "$tmp/u")"
sleep 4.5
on gw conntrack -L -p udp --orig-port-src 4444 2>/dev/null | grep -q 4444 && fail "an idle entry lives on"
on gw sysctl -qw net.netfilter.nf_conntrack_udp_timeout=300 net.netfilter.nf_conntrack_udp_timeout_stream=300

step "TCP: all bytes, and the end is the kernel's, strict windows for the others"
[ "$(on gw sysctl -n net.netfilter.nf_conntrack_tcp_be_liberal)" = 0 ] || fail "be_liberal is on"
quiet
for a in 101.1.1.1 2404:1a8:9::2; do
	on out $py tcp-sink $a 5001 >"$tmp/sink" & sp=$!
	listens 5001
	set -- $(on pc timeout 60 $py tcp $a 5001 30000000 12000000)
	wait $sp
	[ "$(cut -d' ' -f1,2 "$tmp/sink")" = "$1 $2" ] || fail "bytes differ: $* / $(cat "$tmp/sink")"
	echo "  $1 bytes, sha256 ${2:0:16}, both ends"
	on gw conntrack -L -p tcp --dport 5001 2>/dev/null | grep -q ESTABLISHED && fail "conntrack missed the end"
	[ "$way" = native ] && min=15000 || min=500 # at tc they are merged
	grew $min || fail "TCP did not go fast"
done

step "a rule that refuses the flow stops it within 0.1 s, its removal lets it go on"
refused() {
	local t0 t1 a b h l
	on pc $py udp 101.1.1.1 7 6 100 4500 >"$tmp/u" & up=$!
	sleep 2.5; l=$(lost); t0=$(date +%s%N)
	on gw nft insert rule inet kadomori forward ip saddr 192.168.10.50 udp dport 7 drop
	t1=$(date +%s%N)
	sleep 0.1; a=$(on out cat /proc/net/dev | awk '/eth0/{print $3}'); sleep 1
	b=$(on out cat /proc/net/dev | awk '/eth0/{print $3}')
	echo "  $((b - a)) packets in the second after 0.1 s (nft itself took $(((t1 - t0) / 1000000)) ms)"
	on gw nft -a list chain inet kadomori forward | awk '/udp dport 7 drop/{print $NF}' | while read -r h; do on gw nft delete rule inet kadomori forward handle "$h"; done
	wait $up; set -- $(cat "$tmp/u"); echo "  $1 sent, $2 back, longest gap $3 ms at $4 s"
	[ $((b - a)) -le 3 ] || { echo "  it went on"; return 1; }
	[ "$3" -ge 1000 ] && [ "$3" -le $((2500 + $(lost) - l)) ]
}
steady refused || fail "not stopped, or not let go on"

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
up=$!; sleep 3.5; t=$(date +%s.%N) l=$(lost); on gw conntrack -D -p udp --dport 8889 >/dev/null 2>&1
wait $up; set -- $(cat "$tmp/u"); python3 -c "print('  $1 packets, the last %.2f s after the deletion' % ($2 - $t))"
python3 -c "import sys; sys.exit(not ($1 > 50 and $2 - $t < 2 + ($(lost) - $l) / 1000))" || fail "it went on"

step "hot leases let nobody else in: other ports, other sources, spoofed"
on pc $py udp 101.1.1.1 9 4 100 4700 >/dev/null & up=$!
sleep 2
dump pc "$tmp/leak" -c 1 udp and src 101.1.1.1 and not port 9
on out python3 - <<P
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("101.1.1.1", 99))
for port in list(range(4690, 4711)) + [500, 4500, 53]: s.sendto(b"z", ("101.1.1.2", port))
P
sleep 1; kill $td 2>/dev/null; wait $up
wait $td 2>/dev/null
grep -q . "$tmp/leak" && fail "let in: $(cat "$tmp/leak")" # it ends with an empty line

step "a host moves to another port of the bridge"
l=$(lost); on pc $py udp 101.1.1.1 7 6 100 4800 >"$tmp/u" & up=$!
sleep 2.5
on gw ip link set l1 nomaster; on gw ip link set l2 nomaster
mac=$(on pc cat /sys/class/net/eth0/address)
on gw ip link set l2 master br0; on gw ip link set l1 master br0
wait $up; set -- $(cat "$tmp/u"); echo "  ports taken out and back: longest gap $3 ms"
[ "$3" -lt $((2500 + $(lost) - l)) ] || fail "gap $3 ms"
hot 101.1.1.1 7 2 || fail "not fast again"

step "next hop and host change their MAC without a word"
on pc sysctl -qw net.ipv4.conf.all.arp_notify=0; on out sysctl -qw net.ipv4.conf.all.arp_notify=0
for i in ipv4.neigh.wan0 ipv4.neigh.br0 ipv6.neigh.wan0 ipv6.neigh.br0; do on gw sysctl -qw net.$i.base_reachable_time_ms=1000 net.$i.delay_first_probe_time=1 net.$i.retrans_time_ms=200; done
# what is REACHABLE keeps the timer it has
on gw ip neigh flush dev wan0; on gw ip neigh flush dev br0
l=$(lost); on pc $py udp 2404:1a8:9::2 7 12 100 4901 >"$tmp/u6" & up6=$!
on pc $py udp 101.1.1.1 7 12 100 4900 >"$tmp/u" & up=$!
sleep 2; on out ip link set eth0 address 02:00:00:00:aa:01
on pc ip link set eth0 address 02:00:00:00:aa:02
wait $up $up6
for f in u u6; do
	set -- $(cat "$tmp/$f"); echo "  $1 sent, $2 back, longest gap $3 ms at $4 s (kernel's timers shortened)"
	[ "$3" -lt $((8500 + $(lost) - l)) ] || { on gw ip neigh; table .; fail "gap $3 ms"; }
done
hot 101.1.1.1 7 2 || fail "not fast again"

step "the address outside changes: the old one is not used any more"
dump out "$tmp/old" -tt src 101.1.1.2
on pc $py udp 101.1.1.1 7 6 100 5000 >"$tmp/u" & up=$!
sleep 2; t=$(date +%s.%N) l=$(lost); on gw ip addr del 101.1.1.2/24 dev wan0; on gw ip addr add 101.1.1.3/24 dev wan0
wait $up; kill $td; wait $td 2>/dev/null; echo "  $(cat "$tmp/u")"
# the kernel forgets its entries in a worker of its own
grep . "$tmp/old" | tail -1 | python3 -c "late = float(input().split()[0]) - $t; print('  the last by the old one %.2f s after the change' % late); exit(late > 2 + ($(lost) - $l) / 1000)" || fail "still from the old address"
steady comes 80 any 101.1.1.1 7 2 100 5001 || fail "nothing by the new address"
on gw ip addr del 101.1.1.3/24 dev wan0; on gw ip addr add 101.1.1.2/24 dev wan0

step "the prefix inside changes: to the old one nothing comes, by the new one fast"
old=2404:7a80:1:1 new=2404:7a80:1:2
# the host goes on by its old address, as hosts do that did not hear of it; the
# kernel lets an established flow out (so do leases), and has no way back
on pc $py udp 2404:1a8:9::2 7 4 100 5100 $old::50 >"$tmp/u" & up=$!
sleep 1.5; on gw ip addr add $new::1/64 dev br0; on gw ip addr del $old::1/64 dev br0
wait $up; set -- $(cat "$tmp/u"); echo "  by the old one: $1 sent, $2 back, longest gap $3 ms at $4 s"
[ "$2" -gt 40 ] && [ "$3" -gt 1800 ] || fail "answers to the old prefix"
on pc ip addr add $new::50/64 dev eth0; on pc ip addr del $old::50/64 dev eth0
on pc ip -6 route replace default via $new::1
steady comes 90 fast 2404:1a8:9::2 7 2 100 5101 || fail "by the new one lost, or not fast"
on gw ip addr add $old::1/64 dev br0; on gw ip addr del $new::1/64 dev br0
on pc ip addr add $old::50/64 dev eth0; on pc ip addr del $new::50/64 dev eth0
on pc ip -6 route replace default via $old::1

step "ESP over IPv4 and IPv6, two devices to one server: each gets its own, fast"
cat >"$tmp/eight" <<T
101.1.1.1 101.1.1.2 101.1.1.1 192.168.10.50
101.1.1.1 101.1.1.2 101.1.1.1 192.168.10.60
192.168.10.50 101.1.1.1 101.1.1.2 101.1.1.1
192.168.10.60 101.1.1.1 101.1.1.2 101.1.1.1
2404:1a8:9::2 2404:7a80:1:1::50 2404:1a8:9::2 2404:7a80:1:1::50
2404:1a8:9::2 2404:7a80:1:1::60 2404:1a8:9::2 2404:7a80:1:1::60
2404:7a80:1:1::50 2404:1a8:9::2 2404:7a80:1:1::50 2404:1a8:9::2
2404:7a80:1:1::60 2404:1a8:9::2 2404:7a80:1:1::60 2404:1a8:9::2
T
# nobody remembers any ESP
forget() {
	k down >/dev/null; rm -f "$tmp"/run/esp.state; on gw nft delete table ip kadomori_esp 2>/dev/null; on gw conntrack -F >/dev/null 2>&1
	k up --fast-path "$way" >/dev/null || fail "up"
	soon is_on True || fail "not on"
}
esp_serves() {
	(exec ip netns exec ${p}out $ends esp-serve 101.1.1.1 2404:1a8:9::2) >"$tmp/esps" & serves=$!
	for i in $(seq 100); do grep -q ready "$tmp/esps" && return; sleep 0.1; done
	fail "no server of ESP"
}
esp_twice() {
	local f i bad=0
	[ -e "$tmp/espd1101.1.1.1" ] && { kill $serves; wait $serves 2>/dev/null; forget; esp_serves; }
	got=$(fast fast_packets)
	for a in 101.1.1.1 2404:1a8:9::2; do on pc $ends esp $a 11 1 >"$tmp/espd1$a" & done; sleep 1.5
	for a in 101.1.1.1 2404:1a8:9::2; do on h2 $ends esp $a 9 2 >"$tmp/espd2$a" & done; sleep 2
	for i in $(seq 12); do # source, destination, both after translation
		table '^esp.*usable' | awk '{print $2, $4, $6, $8}' | sort -u >"$tmp/table"
		[ "$(wc -l <"$tmp/table")" = 8 ] && break
		sleep 0.5
	done
	diff "$tmp/table" "$tmp/eight" || { k status; echo "  other leases than these"; bad=1; }
	for i in $(seq 60); do [ "$(cat "$tmp"/espd* | grep -c '"final": true')" = 4 ] && break; sleep 0.5; done
	for f in "$tmp"/espd*; do
		python3 -c '
import json, sys
e = [json.loads(x) for x in open(sys.argv[1])][-1]
print("  device %(who)s, %(addr)s: %(sent)d sent, %(good)d right, %(foreign)d of the other, %(bad)d wrong" % e)
sys.exit(e["bad"] or e["good"] * 100 < e["sent"] * 97 or e["foreign"] * 4 > e["sent"])' "$f" || bad=1
	done
	[ $bad = 0 ] || return 1
	grew $(($(cat "$tmp"/espd* | python3 -c 'import json, sys
print(sum(e["sent"] + e["good"] for e in map(json.loads, sys.stdin) if e["final"]))') * 15 / 100)) || { echo "  ESP did not go fast"; return 1; }
	# 1100 each way, most of them fast; counts are told each two seconds, and what was
	# not told yet is gone with a binding (the second device opens the first's again)
	k status --json | python3 -c '
import json, sys
v = json.load(sys.stdin)["ipsec"]
sent = [json.loads(x) for x in open(sys.argv[1])][-1]["sent"]
n = [x["packets"] for d in ("out", "in") for x in v[d] if x["spi"] in ("00010001", "00020001")]
print("  status counts %s packets of the first device, which sent %d" % (" and ".join(map(str, n)), sent))
sys.exit(len(n) != 2 or min(n) * 11 < sent * 7 or max(n) > sent + 10)' "$tmp/espd1101.1.1.1" || { echo "  status miscounts ESP"; return 1; }
}
esp_serves
steady esp_twice || fail "ESP"
[ -s "$tmp/esps" ] && grep -q false "$tmp/esps" && fail "the server got wrong ones"

step "ESP whose owner is not known yet: copies to both, and no lease from them"
copies() {
	forget
	for n in pc h2; do on $n env SILENT=1 $ends esp 101.1.1.1 5 $([ $n = pc ] && echo 3 || echo 4) >"$tmp/open$n" & done
	sleep 4; table '^esp' >"$tmp/table"
	k status --json | python3 -c 'import json,sys; v = json.load(sys.stdin)["ipsec"]["in"]; print("  " + ", ".join("%s %s" % (x["spi"], x["how"]) for x in v)); sys.exit(not any(x["how"] == "open" for x in v))' || { echo "  not open"; sleep 3; return 1; }
	awk '$10 == "usable" && $2 == "101.1.1.1"' "$tmp/table" | grep . && fail "a lease from copies"
	for i in $(seq 60); do [ "$(cat "$tmp"/open* | grep -c '"final": true')" = 2 ] && break; sleep 0.5; done
	python3 -c '
import json, sys
v = [[json.loads(x) for x in open(f)][-1] for f in sys.argv[1:]]
for e in v:
    print("  %(sent)d sent, %(good)d right, %(foreign)d copies of the other" % e)
# who spoke first may be the only candidate for its own
sys.exit(any(e["good"] * 10 < e["sent"] * 9 for e in v) or not sum(e["foreign"] for e in v))' "$tmp/openpc" "$tmp/openh2"
}
steady copies || fail "copies"
got=$(fast fast_packets)

step "somebody takes our tc filters away: they come back, nothing is lost"
taken() {
	[ "$way" = native ] && on gw tc qdisc add dev wan0 clsact && on gw tc qdisc add dev l1 clsact
	on pc $py udp 101.1.1.1 7 4 100 5200 >"$tmp/u" & up=$!
	sleep 1.5; on gw tc qdisc del dev wan0 clsact; on gw tc qdisc del dev l1 clsact || fail "no clsact"
	wait $up; set -- $(cat "$tmp/u"); echo "  $1 sent, $2 back, longest gap $3 ms"
	[ $(($2 * 100)) -ge $(($1 * 95)) ] && hot_once 101.1.1.1 7 2
}
steady taken || fail "lost, or not fast again"

step "a wrong checksum: the first packets are refused, in a hot flow it stays wrong"
wrong_sums() {
	on gw conntrack -F >/dev/null 2>&1
	on out $py wrong-sink 101.1.1.1 7777 6 >"$tmp/wrong" & sink=$!; listens_udp 7777
	got=$(fast fast_packets); on pc $py wrong 101.1.1.1 7777 || fail "sender"
	wait $sink; set -- $(cat "$tmp/wrong")
	echo "  $1 right, $2 with a wrong sum arrived of a flow that began so, $3 of a hot flow, $4 of them made right"
	[ "$2" = 0 ] && [ "$4" = 0 ] || fail "wrong sums: $*"
	grew 100 && [ "$1" -gt 100 ] && [ "$3" -gt 0 ]
}
steady wrong_sums || fail "wrong sums, or not fast"

step "a shaper outside sees every packet: towards it not by XDP"
on gw tc qdisc replace dev wan0 root tbf rate 500mbit burst 1mb latency 50ms || fail "tbf"
sleep 1
k status | grep -E 'wan0' || fail status
shaped() {
	local n
	quiet; n=$(on gw tc -s qdisc show dev wan0 | awk '/Sent/{print $4; exit}')
	set -- $(on pc $py udp 101.1.1.1 7 2)
	n=$(($(on gw tc -s qdisc show dev wan0 | awk '/Sent/{print $4; exit}') - n))
	echo "  the shaper saw $n packets of $1"
	[ $((n * 10)) -ge $(($1 * 8)) ] && grew $((($1 + $2) / 2))
}
steady shaped || fail "the shaper missed some, or nothing went fast"
on gw tc qdisc del dev wan0 root; sleep 1

step "somebody else's tcx program sees every packet, and stands in nobody's way after"
other() { # DEVICE in|out STATUS [PORT that status says it of]
	rm -f "$tmp/other"; mkfifo "$tmp/other"
	on gw "$(dirname "$leases")/tcx" "$1" "$2" <"$tmp/other" >"$tmp/other.n" & local it=$! n
	exec 9>"$tmp/other"
	soon port_says "${4:-$1}" "$3" || { exec 9>&-; wait $it; [ $? = 77 ] && { echo "  no tcx here"; return 0; }; k status; return 1; }
	sleep 1; set -- $(on pc $py udp 101.1.1.1 7 2)
	exec 9>&-; wait $it; n=$(cat "$tmp/other.n")
	echo "  it saw $n packets of $1"
	[ $((n * 10)) -ge $(($1 * 8)) ]
}
port_says() { k status --json | python3 -c '
import json, sys
p = {x["name"]: x for x in json.load(sys.stdin)["fast_path"]["ports"]}[sys.argv[1]]
sys.exit("%s %s" % (p["mode"], p["why"] or "-") != sys.argv[2])' "$@"; }
if [ "$way" = native ]; then
	steady other wan0 out "native shaper" || fail "it missed packets on their way out"
	steady other l1 in "off foreign-tc" || fail "it missed packets on their way in"
	steady other br0 in "off bridge-tc" l1 || fail "it missed packets at the bridge"
	on gw tc qdisc replace dev br0 root tbf rate 500mbit burst 1mb latency 50ms || fail "tbf"
	soon port_says l1 "off bridge-tc" || fail "a shaper at the bridge is gone past: $(k status)"
	on gw tc qdisc del dev br0 root
	soon port_says l1 "native -" || fail "l1 is not as before: $(k status)"
	soon port_says wan0 "native -" || fail "wan0 is not as before: $(k status)"
	hot 101.1.1.1 7 2 || fail "not fast again"
fi

step "another firewall's table: off, and on again without it"
on gw nft add table inet other; on gw nft add chain inet other f '{ type filter hook forward priority 10; }'
soon is_on False || fail "still on beside another firewall"
k status | grep -q "another firewall's rules" || fail "status does not say why"
on gw nft delete table inet other; soon is_on True || fail "not on again"

step "killed, started again, without and with, in the middle of a stream"
on out $py tcp-sink 101.1.1.1 5002 >"$tmp/sink" & sp=$!
listens 5002
on pc timeout 60 $py tcp 101.1.1.1 5002 60000000 8000000 >"$tmp/src" & up=$!
for f in "--fast-path $way" --no-fast-path "--fast-path $way"; do
	sleep 1.2; daemons | xargs kill -KILL; sleep 0.3
	k up $f >/dev/null || fail "up $f"
done
soon is_on True || fail status
wait $up; wait $sp
[ "$(cut -d' ' -f1,2 "$tmp/sink")" = "$(cat "$tmp/src")" ] || fail "bytes differ: $(cat "$tmp/src" "$tmp/sink")"
echo "  $(cut -c1-30 "$tmp/src") both ends"

step "a PPPoE line: status says what serves it and why" # bare.sh sends through one
on gw ip tuntap add ppp0 mode tun; on gw ip link set ppp0 up
sed -i 's/^wan .*/wan ppp0/; s/^line .*/line pppoe4/' "$conf"; k apply 2>&1
served() { k status | grep -E "$1"; }
soon served "ppp0 +tc .*PPPoE" || { k status; fail "PPPoE"; }
if on gw ip link add link wan0 name wan7 type vlan id 7 2>/dev/null; then
	on gw ip link set wan7 up
	sed -i 's/^wan .*/wan wan7/; s/^line .*/line dhcp4/' "$conf"; k apply >/dev/null 2>&1
	soon served "wan7 +tc .*VLAN" || { k status; fail "VLAN"; }
else
	echo "  this kernel has no VLAN devices: only the plan is tested (tests/unit)"
fi

step "down leaves nothing at the interfaces"
k down >/dev/null || fail down
on gw ip -d link show | grep -q 'prog/xdp' && fail "XDP left"
on gw tc qdisc show | grep -q clsact && fail "clsact left"
echo ok
