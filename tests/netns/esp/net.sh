# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the stories of this folder: a home with N devices behind one IPv4
# address, and a peer with two addresses outside.
#
#	h1..hN  192.168.7.11.. ── br0  gw (kadomorid)  wan0 ── p  101.1.1.1, 101.2.2.1
#
# net_up NAME N; then $n-h1.., $n-gw, $n-p are namespaces, $tmp a folder that
# goes away with them, in_gw and k run something in the gateway.
. "$(dirname "$0")/../../lib/still.sh"
in_gw() { ip netns exec $n-gw "$@"; }
k() { in_gw "$kadomori" --lang en --conf "$conf" "$@"; }
fail() { echo "FAIL: $*"; [ -f "$tmp/run/kadomorid.log" ] && tail -20 "$tmp/run/kadomorid.log"; exit 1; }
step() { echo "- $*"; }
net_down() {
	k down >/dev/null 2>&1
	still_end
	for i in $net_hosts gw p; do ip netns del $n-$i 2>/dev/null; done
	rm -rf "$tmp"
}
net_up() {
	n=$1 net_hosts=$(seq -f h%g "$2") tmp=$(mktemp -d)
	export KADOMORI_RUN=$tmp/run LC_ALL=C.UTF-8
	conf=$tmp/k.conf
	trap net_down EXIT
	still_start
	for i in $net_hosts gw p; do ip netns add $n-$i || { echo "skip: no network namespaces"; exit 77; }; ip -n $n-$i link set lo up; done
	ip -n $n-gw link add br0 type bridge
	ip -n $n-gw link set br0 up
	ip -n $n-gw addr add 192.168.7.1/24 dev br0
	for i in $(seq "$2"); do
		ip -n $n-h$i link add eth0 type veth peer name l$i netns $n-gw
		ip -n $n-gw link set l$i master br0 up
		ip -n $n-h$i addr add 192.168.7.1$i/24 dev eth0
		ip -n $n-h$i link set eth0 up
		ip -n $n-h$i route add default via 192.168.7.1
	done
	ip -n $n-gw link add wan0 type veth peer name eth0 netns $n-p
	ip -n $n-gw addr add 101.1.1.2/24 dev wan0
	ip -n $n-gw link set wan0 up
	ip -n $n-gw route add default via 101.1.1.1
	ip -n $n-p addr add 101.1.1.1/24 dev eth0
	ip -n $n-p addr add 101.2.2.1/32 dev eth0
	ip -n $n-p link set eth0 up
}
# the learner is another process and needs a moment; nothing is lost, but late
learns() { for i in $(seq 50); do k status --json | grep -q '"counters"' && return 0; sleep 0.1; done; return 1; }
