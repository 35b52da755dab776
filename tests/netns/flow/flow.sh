#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A TCP stream from the home to a server outside goes on, byte for byte, while
# the gate is reloaded, its decide and its apply are killed with -9, the rule
# set is flushed by somebody, and a host outside tries to get in. While nothing
# is loaded nothing is forwarded.
#
#	pc ── lan0 gw (kadomorid) wan0 ── out
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
kadomori=$(realpath "$1") kadomorid=$(realpath "$2")
tmp=$(mktemp -d) p=kdflow$$
export KADOMORI_RUN=$tmp/run
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
fail() { echo "FAIL: $*"; cat "$tmp"/*.log 2>/dev/null; exit 1; }
step() { echo "- $*"; }
for n in pc gw out; do ip netns add $p$n; on $n sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0; on $n ip link set lo up; done
ip link add lan0 netns ${p}gw type veth peer name eth0 netns ${p}pc
ip link add wan0 netns ${p}gw type veth peer name eth0 netns ${p}out
for x in "gw lan0" "gw wan0" "pc eth0" "out eth0"; do set -- $x; on "$1" ip link set "$2" up; done
on gw ip -6 addr add 2404:7a80:1:1::1/64 dev lan0; on gw ip -6 addr add 2404:1a8:9::1/64 dev wan0
on pc ip -6 addr add 2404:7a80:1:1::50/64 dev eth0; on pc ip -6 route add default via 2404:7a80:1:1::1
on out ip -6 addr add 2404:1a8:9::2/64 dev eth0; on out ip -6 route add default via 2404:1a8:9::1
cat >"$conf" <<C
wan wan0
lan lan0
line flets-pd
profile strict
device casa rakuten-casa id ::50 peer 2404:1a8::/32
C
k() { on gw "$kadomori" --lang en --conf "$conf" "$@"; }
cat >"$tmp/server.py" <<'P'
import socket, sys, hashlib, time
s = socket.create_server(("::", 7000), family=socket.AF_INET6); c, _ = s.accept(); c.settimeout(20)
h = hashlib.sha256(); n = 0; last = time.time(); gap = 0
while True:
    b = c.recv(65536)
    if not b: break
    gap = max(gap, time.time() - last); last = time.time(); h.update(b); n += len(b); c.sendall(b"k")
print(n, h.hexdigest(), "%.2f" % gap, flush=True)
P
cat >"$tmp/client.py" <<'P'
import socket, hashlib, random, time, sys
r = random.Random(7); h = hashlib.sha256(); c = socket.create_connection(("2404:1a8:9::2", 7000), 10); c.settimeout(20); n = 0
end = time.time() + float(sys.argv[1])
while time.time() < end:
    b = r.randbytes(4000); c.sendall(b); h.update(b); n += len(b); c.recv(65536); time.sleep(0.005)
c.shutdown(socket.SHUT_WR)
print(n, h.hexdigest(), flush=True)
P
step "nothing is forwarded before the gate stands"
on pc timeout 1 bash -c 'echo >/dev/tcp/2404:1a8:9::2/7000' 2>/dev/null && fail "forwarded without rules"
k up || fail "up"
on out python3 "$tmp/server.py" >"$tmp/server.out" 2>"$tmp/server.log" &
server=$!
for i in $(seq 100); do on out ss -ltn | grep -q ':7000 ' && break; sleep 0.1; done
on pc python3 "$tmp/client.py" 7 >"$tmp/client.out" 2>"$tmp/client.log" &
client=$!
for i in $(seq 100); do on out ss -tn state established | grep -q ':7000 ' && break; sleep 0.1; done
closed() { on out timeout 1 bash -c 'echo >/dev/tcp/2404:7a80:1:1::50/22' 2>/dev/null && fail "somebody came in: $1"; }
# a listener that would answer, so that "closed" is the gate's doing
on pc python3 -c 'import socket,time; s=socket.create_server(("::",22),family=socket.AF_INET6); time.sleep(60)' &
for i in $(seq 100); do on pc ss -ltn | grep -q ':22 ' && break; sleep 0.1; done
for i in 1 2 3; do
	step "reload $i under the stream"
	echo "pinhole casa tcp $((8000 + i)) from 2404::/16" >>"$conf"
	k apply >/dev/null || fail "apply"
	closed "reload $i"
done
step "decide is killed with -9"
kill -9 "$(pgrep -f "kadomorid --conf $conf" -u nobody | head -n 1)"; sleep 0.3; closed "decide killed"
step "somebody flushes all rules"
on gw nft flush ruleset
for i in $(seq 200); do on gw nft list table inet kadomori >/dev/null 2>&1 && break; sleep 0.05; done
on gw nft list table inet kadomori >/dev/null 2>&1 || fail "the table is not back"
closed "after the flush"
step "apply is killed with -9, then started anew"
for q in $(pgrep -f "^$kadomorid --conf $conf|^[^ ]*kadomorid --conf $conf"); do kill -9 "$q" 2>/dev/null; done
sleep 0.3; closed "apply killed"
k up || fail "up again"
closed "started anew"
wait $client || fail "the stream broke: $(cat "$tmp/client.log")"
wait $server || fail "the server: $(cat "$tmp/server.log")"
read -r sent a <"$tmp/client.out"; read -r got b gap <"$tmp/server.out"
[ "$sent $a" = "$got $b" ] || fail "$sent bytes sent, $got arrived, checksums $a $b"
echo "$got bytes arrived unharmed; longest silence $gap s"
