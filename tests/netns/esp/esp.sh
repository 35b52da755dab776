#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Many IPsec devices behind one IPv4 address (TR-124 LAN.ALG.4), with real
# packets of our own peers, in the net of net.sh.
#
# First plain masquerade in the same place, which must fail the same test;
# then kadomorid: all rows, fragments, rigid peers, a restart, kill -9, a
# changed address outside, a forger, hostile packets.
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
kadomori=$1 junk=$2
. "$(dirname "$0")/net.sh"
net_up kdesp$$ 4
two="--device $n-h1/192.168.7.11 --device $n-h2/192.168.7.12"
four="$two --device $n-h3/192.168.7.13 --device $n-h4/192.168.7.14"
peer="--peer $n-p/101.1.1.1"
peers="$peer --peer $n-p/101.2.2.1"
pass() { "$kadomori" --lang en passtest "$@"; }
# the numbers of one row: wrong, lost in
number() { python3 -c 'import json,sys; r=json.load(sys.stdin)["rows"]; print(sum(x[sys.argv[1]] for x in r.values()))' "$1"; }

step "plain masquerade: the second device's ESP is lost, its answers go to the first"
in_gw sysctl -qw net.ipv4.ip_forward=1
in_gw nft -f - <<R
table ip plain {
	chain post { type nat hook postrouting priority srcnat; oifname "wan0" masquerade; }
	chain ward { type filter hook forward priority filter; policy drop;
		ct state established,related accept
		iifname "br0" accept; }
	chain into { type filter hook input priority filter; policy accept;
		ct state established,related accept
		iifname "wan0" drop; }
}
R
pass $two $peer --row EP-2 && fail "plain masquerade passed the test: the test is blind"
wrong=$(pass $two $peer --row EP-2 --json | number misdelivered)
[ "$wrong" -gt 10 ] || fail "plain masquerade misdelivered only $wrong"
in_gw nft delete table ip plain
in_gw sysctl -qw net.ipv4.ip_forward=0

cat >"$conf" <<C
wan wan0
lan br0
line dhcp4
profile standard
C
step "kadomorid: the same two devices, 100 %"
k up || fail "up"
learns || fail "no learner"
in_gw nft list table ip kadomori_esp >/dev/null || fail "no table"
pass $two $peer --row EP-2 || fail "EP-2"

step "learn runs as nobody, without capabilities"
learner=$(for p in $(pgrep -f "kadomorid --conf $conf" -u nobody); do ls -l /proc/$p/fd | grep -q 'socket' && echo "$p"; done)
[ -n "$learner" ] || fail "no learner"
for p in $learner; do grep -q '^CapEff:	0000000000000000' /proc/$p/status || fail "$p has capabilities"; done

cat >"$tmp/move" <<A
a=101.1.1.2 b=101.1.1.3
ip -n $n-gw addr show dev wan0 | grep -q 101.1.1.3 && a=101.1.1.3 b=101.1.1.2
ip -n $n-gw addr add \$b/24 dev wan0
ip -n $n-gw addr del \$a/24 dev wan0
ip -n $n-gw addr show dev wan0 | grep -q \$b || ip -n $n-gw addr add \$b/24 dev wan0
ip -n $n-gw route replace default via 101.1.1.1
for i in \$(seq 200); do ip netns exec $n-gw nft list set ip kadomori_esp peers | grep -q 101.1.1.1 || exit 0; sleep 0.05; done
exit 1
A
step "two devices, two peers: every row that real peers can play"
pass $two $peers --move "bash $tmp/move" || fail "rows"

step "all kept port 500"
ports() { python3 -c 'import json,sys; r=json.load(sys.stdin); print(r["ike_from_500"], r["ike_from_other_port"], r["good"])'; }
read -r kept other good <<<"$(pass $two $peer --row EP-2 --json | ports)"
[ "$kept" -gt 0 ] && [ "$other" = 0 ] || fail "$kept kept, $other not"

step "in their own time: settled by exclusion, the kernel passes them"
pass --pace $two $peer --row EP-1 >/dev/null || fail "pace"

step "four devices, two peers, start together and rekey together"
pass $four $peers --row EP-3 || fail "EP-3"
pass $four $peers --row EP-7 || fail "EP-7"

step "rigid peers answer to port 500 whatever the port was"
pass --rigid $two $peers --row EP-3 || fail "rigid"
pass --rigid $two $peers --row EP-8 || fail "rigid EP-8"

step "the household wants ports translated: the same, rigid peers too"
echo "ipsec4 translate" >>"$conf"
k apply >/dev/null || fail "translate"
in_gw nft list chain ip kadomori_esp translate >/dev/null || fail "apply came back before its table was in"
in_gw conntrack -F >/dev/null 2>&1 # what runs keeps its port
for r in EP-2 EP-3 EP-7 EP-8 EP-18 EP-20 EP-22 EP-23; do pass $two $peers --row $r | grep EP || fail "$r, translated"; done
read -r kept other good <<<"$(pass $two $peer --row EP-2 --json | ports)"
[ "$kept" = 0 ] && [ "$other" -gt 0 ] && [ "$good" = True ] || fail "$kept kept, $other not, good $good"
step "switched off: plain address translation, no table, no learner"
sed -i 's/^ipsec4 .*/ipsec4 off/' "$conf"
k apply >/dev/null || fail "off"
for i in $(seq 50); do in_gw nft list table ip kadomori_esp >/dev/null 2>&1 || break; sleep 0.1; done
in_gw nft list table ip kadomori_esp >/dev/null 2>&1 && fail "the table is left"
[ "$(pass $two $peer --row EP-1 --json | number lost_out)" = 0 ] || fail "one device through plain translation"
pass $two $peer --row EP-2 >/dev/null && fail "switched off and still two"
sed -i '/^ipsec4 /d' "$conf"
in_gw conntrack -F >/dev/null 2>&1
k apply >/dev/null || fail "on again"
learns && pass $two $peer --row EP-2 || fail "on again"

step "ESP of 3,000 bytes, in fragments both ways"
pass --pad 3000 $two $peer --row EP-5 || fail "fragments"

cat >"$tmp/again" <<A
KADOMORI_RUN=$KADOMORI_RUN
p=\$(cat $tmp/run/pid 2>/dev/null || pgrep -of "kadomorid --conf $conf")
kill -\$1 \$p
for i in \$(seq 100); do pgrep -f "kadomorid --conf $conf" >/dev/null || break; sleep 0.05; done
[ "\$2" = bare ] && rm -f $tmp/run/esp.state && ip netns exec $n-gw nft delete table ip kadomori_esp
ip netns exec $n-gw $kadomori --conf $conf up
for i in \$(seq 50); do ip netns exec $n-gw $kadomori status --json | grep -q '"counters"' && break; sleep 0.1; done
A
step "the daemon is killed and starts again: bindings are still there"
pass $two $peers --row EP-11a --restart "bash $tmp/again KILL x" || fail "EP-11a"
step "the same without its table: copies, none lost once both have spoken"
pass $two $peers --row EP-11b --restart-bare "bash $tmp/again KILL bare" || fail "EP-11b"

step "another address outside: everything is forgotten within a second"
pass $two $peer --row EP-2 >/dev/null || fail "before"
in_gw nft list set ip kadomori_esp peers | grep -q 101.1.1.1 || fail "no peer is known"
start=$(date +%s%N) l=$(lost)
bash "$tmp/move" || fail "still bound"
ms=$((($(date +%s%N) - start) / 1000000))
echo "  $ms ms"
[ $ms -le $((1500 + $(lost) - l)) ] || fail "still bound after a second"
pass $two $peer --row EP-2 || fail "after"
wan=$(in_gw ip -4 -o addr show dev wan0 | sed 's|.*inet \([0-9.]*\)/.*|\1|')

step "a million mutated IKE and ESP packets, from both sides"
before=$(k status --json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)["ipsec"]["in"]))')
"$junk" $n-h4 101.1.1.1 500000 || fail "junk from inside"
"$junk" $n-p $wan 500000 || fail "junk from outside"
sleep 2
pass $two $peer --row EP-2 || fail "after the junk"
k status --json | python3 -c 'import json,sys; s=json.load(sys.stdin)["ipsec"]; assert len(s["in"]) < 64 and len(s["ike"]) <= 64, s; print("  in", len(s["in"]), "ike", len(s["ike"]), s["counters"])' || fail "state from junk"

step "status names devices, peers, SPIs and how they were decided"
k status | grep -q '192.168.7.11' || fail "status"
for p in $(pgrep -f "kadomorid --conf $conf"); do
	rss=$(awk '/VmRSS/{print $2}' /proc/$p/status)
	[ "$rss" -lt 60000 ] || fail "process $p holds $rss kB"
done

step "the gateway's own IPsec, with a peer of its own, comes back to it"
ip -n $n-p addr add 101.3.3.1/32 dev eth0
py=$(dirname "$0")/own.py
ip netns exec $n-p timeout 20 python3 "$py" serve 101.3.3.1 >"$tmp/own" &
for i in $(seq 50); do grep -q listens "$tmp/own" && break; sleep 0.1; done
own=$(in_gw timeout 15 python3 "$py" ask 101.3.3.1)
[ "$own" = "228 228 0badcafe" ] || fail "own IKE, IKE, ESP: $own"
wait
pass $two $peer --row EP-2 || fail "EP-2 beside it"

step "a mapping beside it: strangers to its device, the others as before"
cat >>"$conf" <<C
device casa rakuten-casa mac 00:11:22:33:44:55 ipv4 192.168.7.13
map ipsec to casa
C
k apply || fail "apply with a mapping"
in_gw nft list set ip kadomori_esp peers | grep -q 101.2.2.1 && fail "101.2.2.1 is no stranger any more"
unasked() { # who gets ESP from the stranger?
	for i in 1 2 3 4; do
		ip netns exec $n-h$i timeout 20 python3 -c 'import socket; s=socket.socket(socket.AF_INET,socket.SOCK_RAW,50); s.settimeout(4)
try:
    s.recv(2000); print(1)
except TimeoutError: print(0)' >"$tmp/got$i" &
	done
	sleep 2
	ip netns exec $n-p python3 -c 'import socket; s=socket.socket(socket.AF_INET,socket.SOCK_RAW,50); s.bind(("101.2.2.1",0)); s.sendto(bytes.fromhex("0badcafe00000001")+bytes(40),("'$wan'",0))'
	wait
	cat "$tmp"/got? | tr -d '\n'
}
third() { got=$(unasked); [ "$got" = 0010 ] || { echo "  unasked ESP reached $got instead of the third"; return 1; }; }
steady third || fail "unasked ESP"
pass $two $peer --row EP-2 || fail "EP-2 beside the mapping"
pass $two $peer --row EP-8 || fail "EP-8 beside the mapping"

step "down leaves nothing"
k down || fail "down"
in_gw nft list ruleset | grep -q kadomori && fail "a table is left"
echo "all steps passed"
