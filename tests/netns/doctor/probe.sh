#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The IKE probe against real strongSwan and real libreswan, directly and through
# a NAT.
#
#	c eth0 ── lan ┐          ┌ wan ── eth0 s
#	192.168.1.2   n (router, NAT)     133.237.60.10, 2001:f60:5e::10
set -u
kadomori=$1
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
id=kddoctor$$ dir=$(mktemp -d) pids="" bad=0
c=$id-c n=$id-n s=$id-s
down() {
	for p in $pids; do kill "$p" 2>/dev/null; done
	for x in $c $n $s; do
		for p in $(ip netns pids $x 2>/dev/null); do kill -9 "$p" 2>/dev/null; done
		ip netns del $x 2>/dev/null
	done
	rm -rf "$dir"
}
trap down EXIT
in_() { ns=$1; shift; ip netns exec "$ns" "$@"; }
for x in $c $n $s; do
	ip netns add $x || { echo "skip: no network namespaces"; exit 77; }
	in_ $x sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	in_ $x ip link set lo up
done
ip link add eth0 netns $c type veth peer name lan netns $n
ip link add eth0 netns $s type veth peer name wan netns $n
for i in "$c eth0" "$n lan" "$n wan" "$s eth0"; do in_ ${i% *} ip link set ${i#* } up; done
in_ $c ip addr add 192.168.1.2/24 dev eth0; in_ $c ip -6 addr add 2409:11:4a0::2/64 dev eth0
in_ $n ip addr add 192.168.1.1/24 dev lan; in_ $n ip -6 addr add 2409:11:4a0::1/64 dev lan
in_ $n ip addr add 133.237.60.1/24 dev wan; in_ $n ip -6 addr add 2001:f60:5e::1/64 dev wan
in_ $s ip addr add 133.237.60.10/24 dev eth0; in_ $s ip -6 addr add 2001:f60:5e::10/64 dev eth0
in_ $c ip route add default via 192.168.1.1; in_ $c ip -6 route add default via 2409:11:4a0::1
in_ $s ip route add default via 133.237.60.1; in_ $s ip -6 route add default via 2001:f60:5e::1
in_ $n sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

# check WHAT PYTHON-EXPRESSION PROBE-WORDS...: the JSON is j
check() {
	what=$1 expr=$2; shift 2
	out=$(in_ $c "$kadomori" --json probe ike "$@" 2>&1)
	if printf '%s' "$out" | python3 -c 'import json,sys
j = json.load(sys.stdin)
sys.exit(0 if eval(sys.argv[1]) else 1)' "$expr" 2>/dev/null; then
		echo "ok   - $what"
	else
		echo "FAIL - $what"; echo "$out"; bad=1
		[ -z "${KEEP-}" ] || tail -30 "$dir/charon.log" | cut -c1-120
	fi
}
# doctor WHAT PYTHON-EXPRESSION WORDS...: k is the check K04
doctor() {
	what=$1 expr=$2; shift 2
	out=$(in_ $c "$kadomori" --lang en --json doctor --line U0 --dns 127.0.0.1 "$@" 2>&1)
	if printf '%s' "$out" | python3 -c 'import json,sys
k = [c for c in json.load(sys.stdin)["checks"] if c["id"] == "K04"][0]
sys.exit(0 if eval(sys.argv[1]) else 1)' "$expr" 2>/dev/null; then
		echo "ok   - $what"
	else
		echo "FAIL - $what"; echo "$out"; bad=1
	fi
}
nat() {
	in_ $n nft flush ruleset
	[ -z "$1" ] || in_ $n nft -f - <<N
table ip nat { chain post { type nat hook postrouting priority 100; oifname "wan" $1; }; }
N
	# no mapping of the case before may live on; the peer's own keep-alives
	# make new ones as long as it runs
	in_ $n conntrack -F >/dev/null 2>&1
	in_ $n conntrack -L 2>/dev/null
}
both() { # the peer's name
	local p=$1
	nat ""
	check "$p: IPv4 direct, ports and addresses as sent" "j['result']=='answered' and j['key_good'] and j['ours']['verdict']=='same' and j['theirs']['verdict']=='same'" 133.237.60.10
	check "$p: IPv6 direct" "j['result']=='answered' and j['ours']['verdict']=='same' and j['theirs']['verdict']=='same'" 2001:f60:5e::10
	doctor "$p: the doctor's K04 is good" "k['verdict']=='OK'" --peer 133.237.60.10 -4
	check "$p: 3,000 bytes in fragments, IPv6" "j['result']=='answered' and j['request_bytes']==3000" 2001:f60:5e::10 --big
	check "$p: 3,000 bytes in fragments, IPv4" "j['result']=='answered' and j['request_bytes']==3000" 133.237.60.10 --big
	check "$p: port 4500" "j['result']=='answered' and j['port']==4500" 133.237.60.10 --natt
	nat "masquerade"
	check "$p: through NAT, address rewritten, unknown to what" "j['ours']['verdict']=='rewritten' and j['theirs']['verdict']=='same'" 133.237.60.10
	check "$p: through NAT, found by the router's address" "j['ours']['verdict']=='address-rewritten' and j['ours']['seen_address']=='133.237.60.1' and j['ours']['seen_port']==500" 133.237.60.10 --outside 133.237.60.1
	check "$p: through NAT, found in a /16" "j['ours']['verdict']=='address-rewritten' and j['ours']['seen_address']=='133.237.60.1'" 133.237.60.10 --outside 133.237.0.0/16
	nat "meta l4proto udp masquerade to :20000-20000"
	in_ $n conntrack -F >/dev/null 2>&1
	check "$p: through NAT, port rewritten too" "j['ours']['verdict']=='address-and-port-rewritten' and j['ours']['seen_port']==20000" 133.237.60.10 --outside 133.237.60.1
	nat ""
	in_ $n nft -f - <<N
table ip nat { chain pre { type nat hook prerouting priority -100; ip daddr 133.237.60.99 dnat to 133.237.60.10; }; }
N
	check "$p: the peer's own address rewritten" "j['theirs']['verdict']=='address-rewritten' and j['theirs']['seen_address']=='133.237.60.10' and j['ours']['verdict']=='same'" 133.237.60.99 --outside 133.237.60.10
	nat ""
}

doctor "nobody there: the doctor's K04 fails" "k['verdict']=='FAIL' and k['cause']==1" --peer 133.237.60.10 -4
check "nobody there: no answer, or unreachable" "j['result'] in ('silent','unreachable')" 133.237.60.10 --wait 1
# --- strongSwan ---------------------------------------------------------------
if [ -x /usr/sbin/charon-systemd ]; then
	strong() { # PROPOSAL COOKIE-THRESHOLD
		mkdir -p "$dir/sw"
		cat >"$dir/strongswan.conf" <<S
charon-systemd {
	load = random nonce openssl aes sha1 sha2 hmac kdf gmp curve25519 pem pkcs1 x509 pubkey gcm drbg kernel-netlink socket-default vici
	cookie_threshold = $2
	cookie_threshold_ip = 1000
	block_threshold = 1000
	plugins { vici { socket = unix://$dir/vici } }
	journal { default = -1 }
	filelog { log { path = $dir/charon.log } }
}
S
		cat >"$dir/swanctl.conf" <<S
connections { any { proposals = $1
 local_addrs = %any
 remote_addrs = %any
 local { auth = psk }
 remote { auth = psk }
 children { x { } } } }
S
		ip netns exec $s env STRONGSWAN_CONF="$dir/strongswan.conf" /usr/sbin/charon-systemd >/dev/null 2>"$dir/charon.err" &
		strong=$!; pids="$pids $strong"
		for _ in $(seq 100); do [ -S "$dir/vici" ] && break; sleep 0.05; done
		in_ $s swanctl --load-conns --uri "unix://$dir/vici" --file "$dir/swanctl.conf" >"$dir/ctl.log" 2>&1 || { cat "$dir/ctl.log" "$dir/charon.err" "$dir/charon.log"; bad=1; }
	}
	unstrong() { kill "$strong"; wait "$strong" 2>/dev/null; rm -f "$dir/vici"; }
	strong aes256-sha256-curve25519,aes128-sha256-ecp256-modp2048 1000
	both strongSwan
	unstrong
	# (Debian 12's strongSwan has no ECP without one more package; libreswan has)
	for g in "modp2048 MODP-2048"; do
		strong aes128-sha256-${g% *} 1000
		check "strongSwan: INVALID_KE_PAYLOAD, then ${g#* }" "j['result']=='answered' and j['other_group']==1 and j['group']=='${g#* }' and j['key_good']" 133.237.60.10
		unstrong
	done
	strong aes256-sha256-curve25519 1
	check "strongSwan: first without cookie" "j['result']=='answered' and j['cookies']==0" 133.237.60.10
	check "strongSwan: then with cookie" "j['result']=='answered' and j['cookies']==1" 133.237.60.10
	unstrong
	strong aes256gcm16-prfsha512-ecp521 1000
	check "strongSwan: NO_PROPOSAL_CHOSEN" "j['result']=='refused' and j['error']==14" 133.237.60.10
	unstrong
else
	echo "skip: strongSwan (charon-systemd) is not installed"; skipped=1
fi
# --- libreswan ------------------------------------------------------------------
re=/var/cache/kadomori/libreswan
pluto=$re/usr/libexec/ipsec/pluto
if "$(dirname "$0")/../../../tools/lab-reswan.sh" $re; then
	export LD_LIBRARY_PATH=$re/lib
	reswan() { # PROPOSAL
		rm -rf "$dir/r"; mkdir -p "$dir/r/nss"
		printf '\n' >"$dir/r/pw"
		$(command -v certutil || echo $re/usr/bin/certutil) -N -d "sql:$dir/r/nss" -f "$dir/r/pw" >/dev/null 2>&1
		echo ': PSK "secret"' >"$dir/r/secrets"
		cat >"$dir/r/conf" <<R
config setup
	nssdir=$dir/r/nss
	virtual-private=
conn any
	left=%defaultroute
	leftid=@s
	right=%any
	rightid=%any
	authby=secret
	ikev2=insist
	ike=$1
	auto=add
R
		# pluto insists on its addconn's path: a view of its own
		# (ip netns exec made a private mount namespace)
		ip netns exec $s sh -c 'mount -t tmpfs none /usr/libexec && ln -s "$0"/usr/libexec/ipsec /usr/libexec/ipsec && exec "$@"' $re \
			$pluto --nofork --use-xfrm --rundir "$dir/r" --nssdir "$dir/r/nss" \
			--secretsfile "$dir/r/secrets" --logfile "$dir/r/log" >/dev/null 2>&1 &
		reswan=$!; pids="$pids $reswan"
		for _ in $(seq 100); do [ -S "$dir/r/pluto.ctl" ] && break; sleep 0.05; done
		for a in 133.237.60.10 2001:f60:5e::10; do
			sed "s/%defaultroute/$a/; s/^conn any/conn any-${a##*[.:]}-${#a}/; s/right=%any/right=%any${a##*::*}/" "$dir/r/conf" |
				sed "s/right=%any.*/right=%any/" >"$dir/r/conf1"
			in_ $s $re/usr/libexec/ipsec/addconn --ctlsocket "$dir/r/pluto.ctl" --config "$dir/r/conf1" "any-${a##*[.:]}-${#a}" >"$dir/r/add" 2>&1 || { cat "$dir/r/add" "$dir/r/log"; bad=1; }
		done
		in_ $s $re/usr/libexec/ipsec/whack --ctlsocket "$dir/r/pluto.ctl" --listen >/dev/null
	}
	unreswan() { kill "$reswan"; wait "$reswan" 2>/dev/null; }
	reswan aes256-sha2_256-dh31,aes128-sha2_256-dh14
	both libreswan
	unreswan
	for g in "dh19 P-256" "dh14 MODP-2048"; do
		reswan aes128-sha2_256-${g% *}
		check "libreswan: INVALID_KE_PAYLOAD, then ${g#* }" "j['result']=='answered' and j['other_group']==1 and j['group']=='${g#* }' and j['key_good']" 133.237.60.10
		unreswan
	done
	reswan aes_gcm256-sha2_512-dh21
	check "libreswan: NO_PROPOSAL_CHOSEN" "j['result']=='refused' and j['error']==14" 133.237.60.10
	unreswan
else
	echo "skip: libreswan cannot be fetched"; skipped=1
fi
[ $bad = 0 ] || exit 1
[ -z "${skipped-}" ] || exit 77
exit 0
