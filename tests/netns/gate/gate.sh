#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The gate's life in a namespace of its own:
#
#	lan0 ── gw (kadomorid) ── wan0
#
# up, diff, apply, flush by somebody, refused texts, second daemon, kill -9,
# down. Each step says what it does; the first that fails ends the story.
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
kadomori=$1
tmp=$(mktemp -d)
ns=kdgate$$
export KADOMORI_RUN=$tmp/run LC_ALL=C.UTF-8
conf=$tmp/k.conf
in_gw() { ip netns exec $ns "$@"; }
cleanup() {
	in_gw "$kadomori" down >/dev/null 2>&1
	ip netns del $ns 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
fail() { echo "FAIL: $*"; [ -f "$tmp/run/kadomorid.log" ] && cat "$tmp/run/kadomorid.log"; exit 1; }
step() { echo "- $*"; }
k() { in_gw "$kadomori" --lang en --conf "$conf" "$@"; }
sysctl_is() { [ "$(in_gw sysctl -n "$1")" = "$2" ] || fail "$1 is not $2"; }

ip netns add $ns && ip -n $ns link set lo up || { echo "skip: no network namespaces"; exit 77; }
ip -n $ns link add wan0 type veth peer name w1
ip -n $ns link add lan0 type veth peer name l1
for i in wan0 w1 lan0 l1; do ip -n $ns link set $i up; done
ip -n $ns addr add 2404:7a80:1:1::1/64 dev lan0 nodad
ip -n $ns addr add 192.168.10.1/24 dev lan0
cat >"$conf" <<C
wan wan0
lan lan0
line flets-ra
profile strict
device casa rakuten-casa mac 00:11:22:33:44:55 peer 2404:1a8::/32
C

step "forwarding is off before the gate stands"
sysctl_is net.ipv6.conf.all.forwarding 0

step "a text with mistakes starts nothing"
cp "$conf" "$tmp/good"; echo "devcie x" >>"$conf"
k up >"$tmp/out" 2>&1 && fail "up accepted it"
grep -q 'Did you mean "device"' "$tmp/out" || fail "no advice: $(cat "$tmp/out")"
in_gw nft list table inet kadomori >/dev/null 2>&1 && fail "a table was loaded"
sysctl_is net.ipv6.conf.all.forwarding 0
cp "$tmp/good" "$conf"

step "an interface that is not there is named, at its word, with those that are"
sed 's/^wan wan0/wan wan1/' "$tmp/good" >"$tmp/absent"
in_gw "$kadomori" --lang en --conf "$tmp/absent" check 2>"$tmp/out" >/dev/null || fail "check"
grep -q 'absent:1:5: warning: this machine has no interface "wan1" now. Did you mean "wan0"' "$tmp/out" || fail "$(cat "$tmp/out")"

step "up loads the table, then switches forwarding on"
k up || fail "up"
in_gw nft list chain inet kadomori wan_in | grep -q 'device esp (k.conf:5)' || fail "no rule of the device"
sysctl_is net.ipv6.conf.all.forwarding 1
sysctl_is net.ipv4.ip_forward 1
sysctl_is net.netfilter.nf_conntrack_udp_timeout 300

step "status answers, also as JSON"
k status | grep -q 'The gate stands' || fail "status"
k status --json | python3 -c 'import json,sys; s=json.load(sys.stdin); assert s["gate_loaded"] and s["devices"][0]["name"]=="casa" and s["lan6"]==["2404:7a80:1:1::/64"], s' || fail "status --json"

step "decide runs as nobody, in an empty network"
pids=$(pgrep -f "kadomorid --conf $conf" -u nobody) || fail "no process of nobody"
for pid in $pids; do # decide and listen
[ "$(cat /proc/$pid/comm)" = kadomori-listen ] || [ "$(readlink /proc/$pid/ns/net)" != "$(in_gw readlink /proc/self/ns/net)" ] || fail "decide sees the network"
grep -q '^CapEff:	0000000000000000' /proc/$pid/status || fail "decide has capabilities"
[ -z "$(ls -A /proc/$pid/root/ 2>/dev/null)" ] || fail "decide sees files"
[ "$(cat /proc/$pid/comm)" != kadomori-listen ] || grep -q '^Seccomp:	2' /proc/$pid/status || fail "listen may open sockets"
done

step "verify proves the loaded rules; diff: nothing differs"
k verify || fail "verify after up"
rules() { k --json doctor --gateway --line H1 --dns 127.0.0.1 | grep -A7 '"V14"' | sed -n 's/.*"verdict": "\([A-Z]*\)".*/\1/p'; }
[ "$(rules)" = OK ] || fail "the doctor does not see the proof: $(rules)"
k diff || fail "diff after up"
step "a rule that somebody added is shown by diff, with a packet by verify"
in_gw nft insert rule inet kadomori wan_in tcp dport 22 accept
k verify >"$tmp/out"; [ $? = 2 ] || fail "verify did not exit 2"
grep -q 'tcp (IPv6) from any but 2404:7a80:1:1::/64 to any port 22 in wan out lan new' "$tmp/out" || fail "verify does not say what: $(cat "$tmp/out")"
[ "$(rules)" = FAIL ] || fail "the doctor does not see the rule: $(rules)"
grep -q 'decided by: *tcp dport 22 accept' "$tmp/out" || fail "verify does not say which rule: $(cat "$tmp/out")"
k diff >"$tmp/out"; [ $? = 2 ] || fail "diff did not exit 2"
grep -q '^-.*tcp dport 22 accept' "$tmp/out" || fail "diff does not show it: $(cat "$tmp/out")"

step "apply takes the new text and mends what was added"
echo "pinhole casa tcp 8443 from 2404::/16" >>"$conf"
k apply --json | python3 -c 'import json,sys; assert json.load(sys.stdin)["state"] == "applied"' || fail "apply"
in_gw nft list chain inet kadomori wan_in | grep -q 'tcp dport 8443' || fail "pinhole is not in"
in_gw nft list chain inet kadomori wan_in | grep -q 'tcp dport 22' && fail "foreign rule still in"
k diff || fail "diff after apply"

step "SIGHUP reloads too"
sed -i 's/tcp 8443/tcp 8444/' "$conf"
kill -HUP "$(pgrep -f "^kadomorid --conf $conf" -u root)"
for i in $(seq 100); do in_gw nft list chain inet kadomori wan_in | grep -q 'tcp dport 8444' && break; sleep 0.1; done
in_gw nft list chain inet kadomori wan_in | grep -q 'tcp dport 8444' || fail "SIGHUP changed nothing"
sed -i 's/tcp 8444/tcp 8443/' "$conf"; k apply >/dev/null || fail "apply after SIGHUP"

step "apply refuses a text with mistakes, the gate stays"
cp "$conf" "$tmp/good"; echo "pinhole nobody esp" >>"$conf"
k apply 2>"$tmp/out"; [ $? = 2 ] || fail "apply accepted it"
grep -q 'k.conf:7:9' "$tmp/out" || fail "place not named: $(cat "$tmp/out")"
in_gw nft list chain inet kadomori wan_in | grep -q 'tcp dport 8443' || fail "the gate changed"
cp "$tmp/good" "$conf"

step "a new prefix reaches the rules"
ip -n $ns addr add 2404:7a80:2:2::1/64 dev lan0 nodad
for i in $(seq 100); do
	in_gw nft list set inet kadomori lan6 | grep -q '2404:7a80:2:2::/64' && break; sleep 0.1
done
in_gw nft list set inet kadomori lan6 | grep -q '2404:7a80:2:2::/64' || fail "prefix not in the set"

step "an interface that goes and comes back keeps the gate"
ip -n $ns link del lan0
for i in $(seq 100); do in_gw nft list set inet kadomori lan6 | grep -q elements || break; sleep 0.1; done
in_gw nft list set inet kadomori lan6 | grep -q elements && fail "a gone prefix is still trusted"
k status >/dev/null || fail "status without lan0"
ip -n $ns link add lan0 type veth peer name l1
ip -n $ns link set lan0 up; ip -n $ns link set l1 up
ip -n $ns addr add 2404:7a80:1:1::1/64 dev lan0 nodad
for i in $(seq 100); do
	in_gw nft list set inet kadomori lan6 | grep -q '2404:7a80:1:1::/64' && break; sleep 0.1
done
in_gw nft list set inet kadomori lan6 | grep -q '2404:7a80:1:1::/64' || fail "prefix not back"

step "a second daemon ends and changes nothing"
in_gw "${kadomori%/kadomori/kadomori}/kadomorid/kadomorid" --lang en --conf "$conf" --run "$KADOMORI_RUN" 2>"$tmp/out"
[ $? = 2 ] || fail "second daemon did not refuse"
grep -q 'another kadomorid is running' "$tmp/out" || fail "$(cat "$tmp/out")"
k status >/dev/null || fail "the first one is gone"

step "somebody flushes the rule set: the table comes back"
in_gw nft flush ruleset
for i in $(seq 100); do in_gw nft list table inet kadomori >/dev/null 2>&1 && break; sleep 0.1; done
k diff || fail "table not back"
sysctl_is net.ipv6.conf.all.forwarding 1

step "decide is killed: another takes its place, rules stay"
apply=$(pgrep -f "^kadomorid --conf $conf" -u root)
kill -9 "$(pgrep -P "$apply" kadomori-decid)"
for i in $(seq 100); do k diff >/dev/null 2>&1 && break; sleep 0.1; done
k diff || fail "no new decide"

step "apply is killed with -9: the gate stays as it was"
pkill -9 -u root -f "^kadomorid --conf $conf"
for i in $(seq 100); do pgrep -f "kadomorid --conf $conf" >/dev/null || break; sleep 0.1; done
in_gw nft list chain inet kadomori wan_in | grep -q 'tcp dport 8443' || fail "rules gone"
# who is dying may still hold the socket, without a word
for i in $(seq 50); do k status >"$tmp/out" 2>&1; rc=$?; grep -q 'did not answer' "$tmp/out" || break; sleep 0.1; done
[ $rc = 2 ] || fail "status claims a gate"
grep -q 'not running' "$tmp/out" || fail "$(cat "$tmp/out")"
pgrep -f "kadomorid --conf $conf" && fail "a process was left behind"

step "it starts again beside another firewall's table, which it names and leaves"
in_gw nft 'table ip other { chain f { type filter hook forward priority 0; policy accept; }; }'
k up || fail "up again"
grep -q 'another firewall.*ip other' "$tmp/run/kadomorid.log" || fail "other table not named"
in_gw nft list table ip other >/dev/null || fail "other table touched"

step "a mapping on a private address is refused with the IPv6 way, in Japanese too"
printf 'wan wan0\nlan lan0\nline private4\ndevice casa rakuten-casa ipv4 192.168.10.9\nmap ipsec to casa\n' >"$tmp/p.conf"
in_gw "$kadomori" --lang ja --conf "$tmp/p.conf" check 2>"$tmp/out"; [ $? = 2 ] || fail "accepted"
grep -q 'IPv6 を使ってください' "$tmp/out" || fail "$(cat "$tmp/out")"

step "a LAN network equal to the WAN's is refused, the gate stays"
ip -n $ns addr add 192.168.10.77/24 dev wan0; ip -n $ns addr add 192.168.10.1/24 dev lan0 2>/dev/null
for i in $(seq 100); do grep -q 'cannot be told apart' "$tmp/run/kadomorid.log" && break; sleep 0.1; done
grep -q 'cannot be told apart' "$tmp/run/kadomorid.log" || fail "not said"
in_gw nft list chain inet kadomori wan_in | grep -q 'tcp dport 8443' || fail "rules gone"
ip -n $ns addr del 192.168.10.77/24 dev wan0

step "nft refuses: the running gate stays, a new one ends with the reason"
other=kdgateb$$
ip netns add $other
timeout 60 ip netns exec $other setpriv --bounding-set -net_admin "${kadomori%/kadomori/kadomori}/kadomorid/kadomorid" --lang en --conf "$tmp/good" --run "$tmp/run2" 2>"$tmp/out"
[ $? = 5 ] || fail "exit code"
grep -q 'nftables refused the rules.*not permitted' "$tmp/out" || fail "$(cat "$tmp/out")"
[ "$(ip netns exec $other sysctl -n net.ipv6.conf.all.forwarding)" = 0 ] || fail "it forwards"
ip netns del $other
k diff >/dev/null || fail "the other gate changed"

step "without root: a clear word"
setpriv --reuid 65534 --clear-groups "$kadomori" --lang en up 2>"$tmp/out"; [ $? = 5 ] || fail "exit code"
grep -q 'needs root' "$tmp/out" || fail "$(cat "$tmp/out")"

step "systemd is told READY when the gate stands, and STOPPING before it ends"
k down >/dev/null || fail "down before systemd"
python3 - "$tmp/notify" >"$tmp/notified" <<'P' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(60)
while True:
    m = s.recv(4096).decode(); print(m.replace("\n", " "), flush=True)
    if "STOPPING=1" in m: break
P
for i in $(seq 100); do [ -S "$tmp/notify" ] && break; sleep 0.1; done
NOTIFY_SOCKET=$tmp/notify ip netns exec $ns "${kadomori%/kadomori/kadomori}/kadomorid/kadomorid" --lang en --conf "$conf" --run "$KADOMORI_RUN" 2>"$tmp/out" &
daemon=$!
for i in $(seq 100); do grep -q READY=1 "$tmp/notified" && break; sleep 0.1; done
grep -q READY=1 "$tmp/notified" || fail "no READY: $(cat "$tmp/out")"
in_gw nft list table inet kadomori >/dev/null || fail "READY before the table"
sysctl_is net.ipv6.conf.all.forwarding 1
kill "$daemon" 2>/dev/null; wait "$daemon"
grep -q STOPPING=1 "$tmp/notified" || fail "no STOPPING"
in_gw nft list table inet kadomori >/dev/null || fail "SIGTERM took the table away"
k up >/dev/null || fail "up after systemd"

step "somebody's tc filter must see every packet: no fast path at that port"
port_is() { k status --json | python3 -c 'import json,sys
f = json.load(sys.stdin).get("fast_path") or {}
p = [p["mode"] + " " + p["why"] for p in f.get("ports", []) if p["name"] == "lan0"]
print(p[0] if p else "none")'; }
wait_port() { for i in $(seq 150); do [ "$(port_is)" = "$1" ] && return 0; sleep 0.1; done; return 1; }
if wait_port "tc veth"; then
	in_gw tc qdisc add dev lan0 clsact 2>/dev/null # ours is there before 6.6 only
	in_gw tc filter add dev lan0 ingress protocol ip prio 1 bpf bytecode '1,6 0 0 0,' || fail "tc"
	wait_port "off foreign-tc" || fail "the fast path goes past a filter: $(port_is)"
	in_gw tc filter del dev lan0 ingress protocol ip prio 1
	wait_port "tc veth" || fail "the fast path did not come back: $(port_is)"
else
	echo "  no fast path here: $(port_is)"
fi

step "down: forwarding off, then the table goes"
k down || fail "down"
in_gw nft list table inet kadomori >/dev/null 2>&1 && fail "table still there"
sysctl_is net.ipv6.conf.all.forwarding 0
sysctl_is net.ipv4.ip_forward 0
echo "the gate's life: all steps good"
