#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of line, built from real servers (radvd, Kea, dnsmasq,
pppoe-server, coturn, an HTTPS server), seen from the gateway and from a host of
the home; then with a server silent, slow or lying. A table: kind, vantage,
verdict, seconds.
usage: kinds.py KADOMORI [WORD]   (WORD: only rows whose name has it)
"""
import concurrent.futures, json, os, signal, subprocess, sys, threading, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import net
from net import Net, DNS6, STUN, STUN6

net.need("radvd", "kea-dhcp6", "dnsmasq", "pppoe-server", "turnserver", "openssl", "nft", "ip", "setpriv")
kadomori, only = os.path.abspath(sys.argv[1]), (sys.argv[2] if len(sys.argv) > 2 else "")
SOME, NONE = 10000, 30000    # ms: where something answers, where nothing does
LATE = 6000                  # a machine that is busy with other tests
rows = []

def row(name, at, want, most=SOME):
    def add(f):
        rows.append((name, at, want, most, f)); return f
    return add

def ask(n, node, ifname, *words, user=None):
    cmd = [kadomori, "--lang", "en", "--json", "line", ifname, *words]
    if user:
        cmd = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"] + cmd
    r = subprocess.run(["ip", "netns", "exec", n.ns(node), *cmd], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if r.returncode not in (0, 4, 5):
        raise RuntimeError(f"exit {r.returncode}: {r.stderr.decode()}")
    return json.loads(r.stdout)

# a datagram that makes the kernel learn the neighbour's MAC
TOUCH = sys.executable + " -c 'import socket,sys; a=socket.getaddrinfo(sys.argv[1],9)[0]; socket.socket(a[0],socket.SOCK_DGRAM).sendto(bytes(1),a[4])'"
def touch(n, node, addr):
    n.sh(node, f"{TOUCH} {addr}"); learnt(n, node, addr)
def learnt(n, node, addr):
    n.wait(node, f"ip neigh show {addr.split('%')[0]} | grep -q lladdr", 10)

# ---------------------------------------------------------------- the gateway
def wan(n):
    n.node("L", "G"); n.wire("L", "acc", "G", "wan0")
    n.sh("L", f"ip -6 addr add {DNS6}/128 dev lo"); n.ll("L", "acc"); n.ll("G", "wan0")

def ra(n, prefix, **kw):
    kw.setdefault("other", False) # a pointer to DHCPv6 that nobody serves costs 6.5 s
    n.radvd("L", "acc", prefix + "/64", **kw)
    n.sh("L", f"ip -6 route replace {prefix}/64 dev acc")

def pd(n, prefix, length=56, address=True, **kw):
    """RA without a prefix, Kea delegates; the gateway has a LAN address of it."""
    n.radvd("L", "acc", managed=True)
    n.kea("L", "acc", prefix, length, options=kw.pop("options", [{"name": "dns-servers", "data": DNS6}]))
    n.sh("L", f"ip -6 route add {prefix}/{length} via {n.ll('G', 'wan0')} dev acc")
    if address:
        n.sh("G", f"ip -6 addr add {prefix}1/64 dev lo")

def dns(n, *words, node="L", listen=None):
    n.dnsmasq(node, "no-dhcp-interface=acc", *words, listen=listen or [DNS6])

def dhcp4(n, server, low, high, *words, node="L", ifname="acc"):
    n.sh(node, f"ip addr add {server}/24 dev {ifname}")
    n.dnsmasq(node, "port=0", f"interface={ifname}", f"dhcp-range={low},{high},255.255.255.0,1h", *words)

TRANSIX = ["local=/#/", "host-record=gw.transix.jp,2404:8e00::feed:100"]
def aftr(n, addr="2404:8e00::feed:100"):
    n.sh("L", f"ip -6 addr add {addr}/128 dev lo")

@row("FLET'S without phone, transix", "gateway", dict(access="flets", access_sure="likely", kind="flets-ra", ipv6="one-64", ipv4="ds-lite", service="transix", service_sure="likely", pppoe=True, ike6=True))
def _(n):
    wan(n); ra(n, "2409:11:4a0:2300::"); aftr(n); dns(n, *TRANSIX); n.pppoe("L", "acc")
    return ask(n, "G", "wan0")

@row("FLET'S with phone, v6 Plus", "gateway", dict(access="flets-phone", kind="flets-pd", ipv6="delegated", ipv4="map-e", service="v6plus", **{"map_e.psid": 0x19, "map_e.port_500_possible": False, "map_e.port_4500_ours": True, "map_e.ipv4": "106.72.165.192"}))
def _(n):
    wan(n); pd(n, "240b:10:a5c0:1900::"); dns(n, "local=/#/"); n.pppoe("L", "acc")
    return ask(n, "G", "wan0")

@row("Hikari Cross, v6 Plus", "gateway", dict(access="cross", access_sure="guess", kind="flets-pd", ipv4="map-e", service="v6plus", pppoe=False))
def _(n):
    wan(n); pd(n, "240b:250:1200:2a00::"); dns(n, "local=/#/")
    return ask(n, "G", "wan0")

@row("OCN Virtual Connect", "gateway", dict(access="flets", kind="flets-ra", ipv4="map-e", service="ocn", **{"map_e.offset": 6, "map_e.psid": 0x16, "map_e.port_4500_ours": False, "map_e.port_500_possible": False}))
def _(n):
    wan(n); ra(n, "2400:4050:1234:5600::"); dns(n, "local=/#/"); n.pppoe("L", "acc")
    return ask(n, "G", "wan0")

@row("BIGLOBE IPv6 option", "gateway", dict(access="flets", access_sure="seen", ipv4="map-e", service="biglobe", area="E", **{"map_e.offset": 4}))
def _(n):
    wan(n); ra(n, "2404:7a82:1000:4200::", dnssl="flets-east.jp"); dns(n, "local=/#/")
    return ask(n, "G", "wan0")

@row("NURO, MAP-E", "gateway", dict(access="nuro", kind="flets-pd", ipv4="map-e", service="nuro", **{"map_e.offset": 4}))
def _(n):
    wan(n); pd(n, "240d:f:1200:3300::"); dns(n, "local=/#/")
    return ask(n, "G", "wan0")

@row("Xpass", "gateway", dict(access="flets", ipv4="ds-lite", service="xpass", service_sure="likely"))
def _(n):
    wan(n); ra(n, "2001:f70:1200:100::"); aftr(n, "2001:f60:0:200::1:1"); dns(n, "local=/#/", "host-record=dgw.xpass.jp,2001:f60:0:200::1:1")
    return ask(n, "G", "wan0")

@row("v6 connect", "gateway", dict(access="flets", ipv4="ds-lite", service="v6connect", service_sure="likely"))
def _(n):
    wan(n); ra(n, "2405:6580:1200:100::"); dns(n, "local=/#/", "host-record=dslite.v6connect.net,2001:c28:5:301::11")
    return ask(n, "G", "wan0")

@row("NTT closed network only", "gateway", dict(access="flets", ipv6="closed-network", area="E", ike6=False, kind="flets-ra"))
def _(n):
    wan(n); ra(n, "2408:210:1200:100::", dnssl="flets-east.jp"); dns(n, "local=/#/", "host-record=flets-east.jp,2404:1a8:f023:1::1")
    return ask(n, "G", "wan0")

@row("AFTR by DHCPv6 (option 64)", "gateway", dict(access="flets-phone", ipv4="ds-lite", ipv4_sure="seen", area="W"))
def _(n):
    wan(n); pd(n, "2001:db8:1200:100::", options=[{"name": "dns-servers", "data": DNS6}, {"name": "domain-search", "data": "flets-west.jp"}, {"name": "aftr-name", "data": "aftr.example.jp"}])
    dns(n, "local=/#/"); n.pppoe("L", "acc")
    return ask(n, "G", "wan0")

@row("MAP-E by DHCPv6 (RFC 7598)", "gateway", dict(ipv4="map-e", ipv4_sure="seen", **{"map_e.sure": "seen", "map_e.source": "RFC 7598", "map_e.ipv4": "198.51.100.52", "map_e.psid": 0x55, "map_e.offset": 6}))
def _(n):
    wan(n)
    # the rule 2001:db8:c000::/40 198.51.100.0/24, 16 EA bits: 8 of the address, 8 of the PSID
    pd(n, "2001:db8:c034:5500::", options=[{"name": "dns-servers", "data": DNS6}, {"name": "s46-cont-mape", "code": 94, "space": "dhcp6"},
        {"space": "s46-cont-mape-options", "name": "s46-rule", "data": "1, 16, 24, 198.51.100.0, 2001:db8:c000::/40"},
        {"space": "s46-cont-mape-options", "name": "s46-br", "data": "2001:db8:e::1"},
        {"space": "s46-rule-options", "name": "s46-portparams", "data": "6, 85/8"}])
    dns(n, "local=/#/")
    return ask(n, "G", "wan0")

HB = json.dumps({"enabler_name": "A VNE", "service_name": "Highspeed 4over6", "ttl": 86400, "order": ["map_e", "dslite"], "map_e": {"br": "2001:db8:e::1", "rules": [
    {"ipv6": "2001:db8:d000::/40", "ipv4": "203.0.113.0/24", "ea_length": 16, "psid_offset": 4}]}, "dslite": {"aftr": "aftr.example.jp"}})
VNE = "vne.example.jp"
def hb(n, cert, answer=HB, t="b", url=None, status=200):
    wan(n); ra(n, "2001:db8:d034:5500::")
    n.sh("L", "ip -6 addr add 2001:db8:e::80/128 dev lo")
    dns(n, "local=/#/", f"host-record={VNE},2001:db8:e::80", f'txt-record=4over6.info,v=v6mig-1 url={url or "https://" + VNE + "/rule.cgi"} t={t}')
    if cert is not False:
        n.https("L", "2001:db8:e::80", cert, answer, status, 443 if cert else 80)
        n.wait("L", f"ss -Hltn 'sport = {443 if cert else 80}' | grep -q .", 10)
    return ask(n, "G", "wan0", "--ca", CERTS + "/ca.pem")

@row("HB46PP, certificate good", "gateway", dict(ipv4="map-e", ipv4_sure="seen", service="other", service_name="Highspeed 4over6", **{"evidence.hb46pp.end": "good", "evidence.hb46pp.checked": True, "map_e.psid": 0x55, "map_e.ipv4": "203.0.113.52", "map_e.sure": "seen"}))
def _(n): return hb(n, CERTS + "/" + VNE + ".pem")

@row("HB46PP, without certificate (t=a)", "gateway", dict(ipv4="map-e", ipv4_sure="likely", **{"evidence.hb46pp.end": "good", "evidence.hb46pp.checked": False}))
def _(n): return hb(n, CERTS + "/stranger.pem", t="a")

@row("PPPoE only", "gateway", dict(access="pppoe", kind="pppoe4", ipv6="nothing", ipv4="pppoe", ike4=True))
def _(n): wan(n); n.pppoe("L", "acc"); return ask(n, "G", "wan0")

def by_reverse(n, addr, name):
    net24 = addr.rsplit(".", 1)[0]
    dhcp4(n, net24 + ".1", net24 + ".110", net24 + ".120", f"dhcp-option=6,{net24}.1")
    n.sh("G", f"ip addr add {addr}/24 dev wan0; ip route add default via {net24}.1")
    rev = ".".join(reversed(addr.split("."))) + ".in-addr.arpa"
    dns(n, "local=/#/", f"ptr-record={rev},{name}", listen=[net24 + ".1"])

@row("au Hikari", "gateway", dict(access="au", access_sure="likely", kind="dhcp4", ipv4="global-dhcp", ike4=True))
def _(n):
    wan(n); by_reverse(n, "222.8.5.111", "ZM005111.ppp.dion.ne.jp")
    return ask(n, "G", "wan0")

@row("J:COM", "gateway", dict(access="jcom", access_sure="likely", kind="dhcp4", ipv4="global-dhcp", ipv6="delegated"))
def _(n):
    wan(n); pd(n, "2001:db8:7000:100::"); by_reverse(n, "49.250.153.34", "zaq31fa9922.rev.zaq.ne.jp")
    return ask(n, "G", "wan0")

@row("J:COM, no reverse name", "gateway", dict(access="jcom", access_sure="guess", kind="dhcp4", ipv4="global-dhcp"))
def _(n):
    wan(n); pd(n, "2001:db8:7000:100::"); dhcp4(n, "153.246.12.1", "153.246.12.110", "153.246.12.120")
    return ask(n, "G", "wan0")

@row("NURO, old, global IPv4", "gateway", dict(access="nuro", kind="dhcp4", ipv4="global-dhcp"))
def _(n):
    wan(n); pd(n, "240d:1a:1200:3300::"); by_reverse(n, "121.2.38.2", "fs79022602.tkyc410.ap.nuro.jp")
    return ask(n, "G", "wan0")

@row("global IPv4 by DHCP", "gateway", dict(access="dhcp4", kind="dhcp4", ipv4="global-dhcp", ike4=True))
def _(n):
    wan(n); dhcp4(n, "153.246.12.1", "153.246.12.110", "153.246.12.120")
    return ask(n, "G", "wan0")

@row("private IPv4 of a building", "gateway", dict(access="private4", kind="private4", ipv4="private", ike4=False))
def _(n):
    wan(n); dhcp4(n, "10.20.30.1", "10.20.30.110", "10.20.30.120")
    return ask(n, "G", "wan0")

@row("carrier NAT", "gateway", dict(access="private4", kind="private4", ipv4="cgn", ike4=False))
def _(n):
    wan(n); dhcp4(n, "100.72.16.1", "100.72.16.110", "100.72.16.120")
    return ask(n, "G", "wan0")

def ntt_box(n, node="L", ifname="acc"):
    """NTT's gateway: DHCPv4 192.168.1.x, and its own name."""
    n.sh(node, f"ip addr add 192.168.1.1/24 dev {ifname}")
    n.dnsmasq(node, f"interface={ifname}", "dhcp-range=192.168.1.10,192.168.1.50,255.255.255.0,4h", "local=/#/", "host-record=ntt.setup,192.168.1.1")

@row("behind NTT's gateway, phone", "gateway", dict(access="hgw-phone", kind="hgw", ipv6="delegated", behind_gateway=True, ntt_gateway=True, ipv6_past_router=False, ike6=True))
def _(n):
    wan(n); n.radvd("L", "acc", "2409:11:4a0:2300::/64", managed=False); n.kea("L", "acc", "2409:11:4a0:23f0::", 60)
    ntt_box(n); n.sh("G", "ip addr add 192.168.1.9/24 dev wan0; ip route add default via 192.168.1.1")
    return ask(n, "G", "wan0")

def two_boxes(n, prefix="2409:11:4a0:2300::"):
    """NTT's gateway without phone: IPv6 passes it by (a bridge), IPv4 does not."""
    n.node("L", "B", "A", "G"); n.wire("B", "p1", "L", "acc"); n.wire("B", "p2", "A", "lan0"); n.wire("B", "p3", "G", "wan0")
    n.bridge("B", "br0", "p1", "p2", "p3")
    n.ll("L", "acc"); ra(n, prefix, rdnss=None); ntt_box(n, "A", "lan0")
    n.sh("G", "ip addr add 192.168.1.9/24 dev wan0; ip route add default via 192.168.1.1"); touch(n, "G", "192.168.1.1")

@row("behind NTT's gateway, no phone", "gateway", dict(access="hgw-no-phone", access_sure="likely", kind="hgw", ntt_gateway=True, ipv6_past_router=True))
def _(n): two_boxes(n); return ask(n, "G", "wan0")

@row("nobody", "gateway", dict(access="unknown", kind=None, ipv6="nothing", ipv4="nothing"), NONE)
def _(n): wan(n); return ask(n, "G", "wan0")

@row("cable out", "gateway", dict(access="unknown", kind=None, ipv6="unknown"))
def _(n): wan(n); n.sh("L", "ip link set acc down"); return ask(n, "G", "wan0", "--local")

# ----------------------------------------- a host behind somebody else's router
def home(n, prefix=None, wan4="153.246.12.110", isp4="153.246.12.1", nat="masquerade", lan="192.168.10", rdns=()):
    """H - R - L - O: host, router (NAT, RA, DHCP, DNS), access, outside (coturn)."""
    n.node("H", "R", "L", "O"); n.wire("H", "eth0", "R", "lan0"); n.wire("R", "wan0", "L", "acc"); n.wire("L", "out0", "O", "eth0")
    for x in "RL":
        n.sh(x, "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0")
    n.sh("L", f"ip addr add {isp4}/24 dev acc; ip addr add 198.51.100.1/24 dev out0; ip addr add 2001:db8:57:1::1/64 dev out0; ip addr add {DNS6}/128 dev lo;"
        + "".join(f"ip route add {a}/32 via 198.51.100.2; " for a in STUN) + "".join(f"ip -6 route add {a}/128 via 2001:db8:57:1::2; " for a in STUN6))
    n.sh("O", "ip addr add 198.51.100.2/24 dev eth0; ip addr add 2001:db8:57:1::2/64 dev eth0; ip route add default via 198.51.100.1; ip -6 route add default via 2001:db8:57:1::1")
    n.sh("R", f"ip addr add {wan4}/24 dev wan0; ip addr add {lan}.1/24 dev lan0; ip route add default via {isp4}; ip -6 route add default via {n.ll('L', 'acc')} dev wan0")
    if nat:
        n.sh("R", f"nft 'table ip n {{ chain post {{ type nat hook postrouting priority 100; oifname wan0 ip saddr {lan}.0/24 {nat}; }}; }}'")
    if prefix:
        n.sh("R", f"ip -6 addr add {prefix}1/64 dev lan0"); n.sh("L", f"ip -6 route add {prefix}/56 via {n.ll('R', 'wan0')} dev acc")
        n.radvd("R", "lan0", prefix + "/64", rdnss=prefix + "1", other=False)
    n.dnsmasq("R", "interface=lan0", f"dhcp-range={lan}.50,{lan}.60,255.255.255.0,1h", "local=/#/", *rdns, *([f"listen-address={prefix}1"] if prefix else []))
    n.sh("H", f"ip addr add {lan}.9/24 dev eth0; ip route add default via {lan}.1")
    n.coturn("O")
    n.wait("H", f"{TOUCH} {lan}.1", 10); learnt(n, "H", f"{lan}.1")
    if prefix:
        n.wait("H", "ip -6 route show default | grep -q via", 15)

MAPE = "snat ip to 106.72.165.192:4496-4511"
def mape_home(n):
    home(n, "240b:10:a5c0:1900::", nat=f"ip protocol udp {MAPE}")
    n.sh("L", "ip route add 106.72.165.192/32 via 153.246.12.110")

V6PLUS = dict(access="home-router", behind_gateway=True, ipv4="map-e", ipv4_sure="seen", service="v6plus", ike6=True, ike4=False, double_nat=False, port500_never=True,
    **{"evidence.stun4.nat": True, "evidence.stun4.seen": "106.72.165.192", "evidence.stun6.nat": False, "map_e.ipv4": "106.72.165.192"})
@row("behind a router: v6 Plus", "host", V6PLUS)
def _(n):
    mape_home(n); return both(n)
def both(n, node="H", ifname="eth0", **kw):
    """One run over IPv4 and IPv6: the server by a name that has both."""
    n.sh(node, f"mkdir -p /etc/netns/{n.ns(node)}"); hosts = f"/etc/netns/{n.ns(node)}/hosts"
    with open(hosts, "w") as f:
        f.write(f"127.0.0.1 localhost\n{STUN[0]} stun.test\n{STUN6[0]} stun.test\n")
    try:
        return ask(n, node, ifname, "--host", "--stun", "stun.test", **kw)
    finally:
        os.unlink(hosts); os.rmdir(os.path.dirname(hosts))

@row("the same as an ordinary user", "host, no root", dict(V6PLUS, **{"evidence.raw": False}))
def _(n): mape_home(n); return both(n, user="nobody")

@row("behind a router: transix", "host", dict(access="home-router", ipv4="ds-lite", service="transix", service_sure="likely", ike6=True, double_nat=False, natt4=True))
def _(n):
    # the tunnel: the router hands private addresses to the AFTR, 192.0.0.1
    home(n, "2409:11:4a0:2300::", wan4="192.0.0.2", isp4="192.0.0.1", nat=None, rdns=TRANSIX[1:])
    n.sh("L", f"ip route add 192.168.10.0/24 via 192.0.0.2; nft 'table ip n {{ chain post {{ type nat hook postrouting priority 100; oifname out0 masquerade; }}; }}'; ip -6 addr add 2404:8e00::feed:100/128 dev lo")
    return both(n)

@row("behind a router: au, global IPv4", "host", dict(access="home-router", ipv4="one-nat", service="au", ike4=True, double_nat=False))
def _(n):
    home(n, wan4="222.8.5.111", isp4="222.8.5.1", rdns=["ptr-record=111.5.8.222.in-addr.arpa,ZM005111.ppp.dion.ne.jp"])
    return both(n)

@row("behind a router: PPPoE by it", "host", dict(access="home-router", ipv4="one-nat", behind_gateway=True, ike4=True, ipv6="nothing"))
def _(n): home(n); return both(n)

@row("two routers, one after the other", "host", dict(access="home-router", double_nat=True, ike4=False))
def _(n):
    home(n, wan4="192.168.0.110", isp4="192.168.0.1")
    n.sh("L", "nft 'table ip n { chain post { type nat hook postrouting priority 100; oifname out0 masquerade; }; }'")
    return both(n)

@row("behind a router: carrier NAT", "host", dict(access="home-router", ipv4="cgn", ike4=False))
def _(n):
    home(n, wan4="100.72.16.9", isp4="100.72.16.1")
    n.sh("L", "nft 'table ip n { chain post { type nat hook postrouting priority 100; oifname out0 masquerade; }; }'")
    return both(n)

@row("behind NTT's gateway, phone", "host", dict(access="hgw-phone", ipv6="delegated", behind_gateway=True, ntt_gateway=True, service="v6plus", ipv4="map-e"))
def _(n):
    home(n, "240b:10:a5c0:1900::", lan="192.168.1", rdns=["host-record=ntt.setup,192.168.1.1"]); n.kea("R", "lan0", "240b:10:a5c0:19f0::", 60)
    return ask(n, "H", "eth0", "--host")

@row("behind NTT's gateway, no phone", "host", dict(access="hgw-no-phone", ipv6_past_router=True, ntt_gateway=True, ike6=True))
def _(n): two_boxes(n); return ask(n, "G", "wan0", "--host")

@row("no phone, as an ordinary user", "host, no root", dict(access="hgw-no-phone", ipv6_past_router=True, ntt_gateway=True, **{"evidence.raw": False}))
def _(n):
    two_boxes(n); etc = f"/etc/netns/{n.ns('G')}"; os.makedirs(etc)
    with open(etc + "/resolv.conf", "w") as f:
        f.write("nameserver 192.168.1.1\n")
    n.wait("G", "ip -6 route show default | grep -q via", 10)
    touch(n, "G", n.ll("L", "acc") + "%wan0")
    try:
        return ask(n, "G", "wan0", "--host", user="nobody")
    finally:
        os.unlink(etc + "/resolv.conf"); os.rmdir(etc)

# ------------------------------------------------------- silent, slow, lying
def stop(c): c.send_signal(signal.SIGSTOP)
def later(c, s): threading.Timer(s, lambda: c.send_signal(signal.SIGCONT)).start()

@row("DHCPv6 silent", "gateway", dict(kind=None, ipv6="unknown"))
def _(n):
    wan(n); n.radvd("L", "acc", managed=True)
    return ask(n, "G", "wan0")

@row("DHCPv6 slow by 4 s", "gateway", dict(kind="flets-pd", ipv6="delegated"))
def _(n):
    wan(n); n.radvd("L", "acc", managed=True); k = n.kea("L", "acc", "240b:10:a5c0:1900::"); stop(k); later(k, 4)
    return ask(n, "G", "wan0")

@row("DNS silent", "gateway", dict(access="flets", access_sure="guess", kind="flets-ra", service="transix", service_sure="guess", **{"evidence.dns.answered": False}))
def _(n): wan(n); ra(n, "2409:11:4a0:2300::"); return ask(n, "G", "wan0")

@row("DNS slow by 2 s", "gateway", dict(service="transix", service_sure="likely"))
def _(n):
    wan(n); ra(n, "2409:11:4a0:2300::"); aftr(n)
    d = n.dnsmasq("L", *TRANSIX, listen=[DNS6]); n.wait("L", "ss -Hlun 'sport = 53' | grep -q .", 5); stop(d); later(d, 5)
    return ask(n, "G", "wan0")

@row("DNS answers every name", "gateway", dict(conflict=True, service="v6plus", ipv4="map-e", **{"evidence.dns.lies": True}))
def _(n): wan(n); ra(n, "240b:10:a5c0:1900::"); dns(n, "address=/#/2001:db8::bad", "address=/#/203.0.113.66"); return ask(n, "G", "wan0")

@row("a stranger's DHCPv4 server", "gateway", dict(conflict=True, ipv4="global-dhcp", kind="dhcp4", sure="likely"))
def _(n):
    n.node("L", "B", "A", "G"); n.wire("B", "p1", "L", "acc"); n.wire("B", "p2", "A", "lan0"); n.wire("B", "p3", "G", "wan0"); n.bridge("B", "br0", "p1", "p2", "p3"); n.ll("G", "wan0")
    dhcp4(n, "153.246.12.1", "153.246.12.110", "153.246.12.120"); dhcp4(n, "192.168.99.1", "192.168.99.50", "192.168.99.60", node="A", ifname="lan0")
    return ask(n, "G", "wan0")

@row("a stranger's router advertises", "gateway", dict(conflict=True))
def _(n):
    n.node("L", "B", "A", "G"); n.wire("B", "p1", "L", "acc"); n.wire("B", "p2", "A", "lan0"); n.wire("B", "p3", "G", "wan0"); n.bridge("B", "br0", "p1", "p2", "p3")
    n.ll("L", "acc"); n.ll("A", "lan0"); ra(n, "240b:10:a5c0:1900::"); n.radvd("A", "lan0", "2001:db8:bad::/64")
    return ask(n, "G", "wan0")

@row("a stranger's DHCPv6 server", "gateway", dict(conflict=True, ipv6="delegated", sure="likely", service="v6plus"))
def _(n):
    n.node("L", "B", "A", "G"); n.wire("B", "p1", "L", "acc"); n.wire("B", "p2", "A", "lan0"); n.wire("B", "p3", "G", "wan0"); n.bridge("B", "br0", "p1", "p2", "p3")
    n.ll("L", "acc"); n.ll("A", "lan0"); n.ll("G", "wan0"); n.radvd("L", "acc", managed=True); n.kea("L", "acc", "240b:10:a5c0:1900::"); n.kea("A", "lan0", "2001:db8:bad:100::")
    return ask(n, "G", "wan0")

@row("the gateway, no root", "gateway, no root", dict(access="unknown", kind=None, **{"evidence.raw": False}))
def _(n): wan(n); return ask(n, "G", "wan0", user="nobody")

@row("HB46PP, a stranger's certificate", "gateway", dict(ipv4="nothing", **{"evidence.hb46pp.end": "certificate"}))
def _(n): return hb(n, CERTS + "/stranger.pem")

@row("HB46PP silent", "gateway", dict(ipv4="nothing", **{"evidence.hb46pp.end": "silent"}))
def _(n): return hb(n, False)

@row("HB46PP says nonsense", "gateway", dict(ipv4="nothing", conflict=True, **{"evidence.hb46pp.end": "json-bad"}))
def _(n): return hb(n, CERTS + "/" + VNE + ".pem", answer='{"order": "\x1b[2J"' + "x" * 100)

@row("HB46PP points home", "gateway", dict(ipv4="nothing", conflict=True, **{"evidence.hb46pp.end": "refused"}))
def _(n): return hb(n, False, t="a", url="http://[fe80::1]:631/")

@row("HB46PP against the prefix", "gateway", dict(conflict=True, ipv4="ds-lite", ipv4_sure="likely"))
def _(n):
    wan(n); ra(n, "240b:10:a5c0:1900::"); n.sh("L", "ip -6 addr add 2001:db8:e::80/128 dev lo")
    dns(n, "local=/#/", f"host-record={VNE},2001:db8:e::80", f'txt-record=4over6.info,v=v6mig-1 url=https://{VNE}/rule.cgi t=b')
    n.https("L", "2001:db8:e::80", CERTS + "/" + VNE + ".pem", json.dumps({"enabler_name": "x", "order": ["dslite"], "dslite": {"aftr": "a.example.jp"}}))
    n.wait("L", "ss -Hltn 'sport = 443' | grep -q .", 10)
    return ask(n, "G", "wan0", "--ca", CERTS + "/ca.pem")

@row("MTU 1454 told by a router", "host", dict(ipv4="one-nat", mtu=1454, **{"evidence.stun4.mtu": 1454, "evidence.stun4.black_hole": False}))
def _(n): home(n); n.sh("L", "ip link set out0 mtu 1454"); n.sh("O", "ip link set eth0 mtu 1454"); return ask(n, "H", "eth0", "--host", "--stun", STUN[0])

@row("MTU black hole", "host", dict(ipv4="one-nat", mtu=1400, **{"evidence.stun4.mtu": 1400, "evidence.stun4.black_hole": True}))
def _(n): home(n); n.sh("L", "nft 'table ip m { chain f { type filter hook forward priority 0; ip length > 1420 drop; }; }'"); return ask(n, "H", "eth0", "--host", "--stun", STUN[0])

@row("fixed IPv4 over IPIP (HB46PP)", "gateway", dict(ipv4="ipip", ipv4_sure="seen", kind="flets-ra"))
def _(n): return hb(n, CERTS + "/" + VNE + ".pem", answer=json.dumps({"enabler_name": "A VNE", "service_name": "Fixed", "ttl": 86400, "order": ["ipip"], "ipip": [{"ipv6_local": "2001:db8:d034:5500::7", "ipv6_remote": "2001:db8:7::1", "ipv4": "203.0.113.7/32"}]}))

LIAR = '''
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], 3478))
while True:
    q, a = s.recvfrom(2048)
    s.sendto(b"\\x01\\x01" + struct.pack(">H", 12) + q[4:20] + struct.pack(">HHBBH", 1, 8, 0, 1, 4500) + socket.inet_aton("10.66.66.66"), a)
'''
@row("STUN silent", "host", dict(access="home-router", **{"evidence.stun4.answered": False}))
def _(n): home(n); n.children[-1].kill(); return ask(n, "H", "eth0", "--host", "--stun", STUN[0])

@row("STUN lies", "host", dict(conflict=True, **{"evidence.stun4.lies": True}))
def _(n):
    home(n); n.children[-1].kill(); n.children[-1].wait(); n.spawn("O", sys.executable, n.file("liar.py", LIAR), STUN[0]); n.wait("O", "ss -Hlun 'sport = 3478' | grep -q .", 5)
    return ask(n, "H", "eth0", "--host", "--stun", STUN[0])

# ------------------------------------------------------------------ the table
def get(v, path):
    for k in path.split("."):
        v = v.get(k) if isinstance(v, dict) else None
    return v

def run(r):
    name, at, want, most, f = r
    for attempt in (1, 2): # a machine that starves for seconds is no verdict
        try:
            with Net(name) as n:
                v = f(n)
        except Exception as e:
            bad = [f"{type(e).__name__}: {e}"]; v = {}
        else:
            bad = [f"{k}={get(v, k)!r}, not {w!r}" for k, w in want.items() if get(v, k) != w]
            if v["took_ms"] > most + LATE:
                bad.append(f"took {v['took_ms']} ms")
            if not v["reasons"] or any(x["sure"] not in ("seen", "likely", "guess") for x in v["reasons"]):
                bad.append("a reason is missing or has no mark")
        if not bad:
            break
    return r, v, bad

import tempfile
with tempfile.TemporaryDirectory() as CERTS:
    os.chmod(CERTS, 0o755); net.authority(CERTS, VNE)
    todo = [r for r in rows if only in r[0]]
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("KD_ROWS", "6"))) as pool:
        done = list(pool.map(run, todo))
failed = slow = 0
print(f"{'kind':36} {'vantage':14} {'access':13} {'IPv6':14} {'IPv4':12} {'service':10} {'s':>5}")
for (name, at, want, most, f), v, bad in done:
    print(f"{name:36} {at:14} {v.get('access', '-'):13} {v.get('ipv6', '-'):14} {v.get('ipv4', '-'):12} {v.get('service', '-'):10} {v.get('took_ms', 0) / 1000:5.1f}" + (" FAIL" if bad else ""))
    for b in bad:
        print("     ", b)
    failed += bool(bad)
    slow += v.get("took_ms", 0) > most
print(f"{len(done)} rows, {failed} failed, {slow} beyond 10 s (30 s where nobody answers)")
sys.exit(1 if failed else 0)
