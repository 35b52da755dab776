#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fifty one-line faults a target, put into good configurations: a line dropped,
swapped with the next, widened, mistyped. Where the fault changes what may come in
from outside (proven by "kadomori compare"), the audit of the faulty text must
have a finding that the audit of the good one has not, and the findings that are
new must name the fault: the changed line by its number (the one that decides, one of
its rule, one that nearly decides otherwise, one without which the packet's fate
is another), or in the change that mends it. A line that is gone cannot be
quoted: there the change must bring a line in, or the report must name the line that
is left without it.

    mutate.py KADOMORI [faults a target [targets...]]
"""
import json, os, random, re, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

K = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
DEV = ["--mac", "00:11:22:33:44:55"]
WANT = 50
ONLY = sys.argv[3:]
MOST = int(sys.argv[2]) if len(sys.argv) > 2 else 56 # of a target; more shows nothing new

def run(*a):
    return subprocess.run([K, "--lang", "en", *a], capture_output=True, text=True)

def settings(router, *a):
    return run("settings", "--router", router, "--device", "casa", *DEV, "--format", "raw", *a).stdout

def nft_only(text):
    return "".join(re.findall(r"^(?:add table|delete table).*\n|^table (?:.*\n)*?^\}\n", text, re.M))

def good_configs():
    yield "yamaha", "y.conf", settings("rtx830", "--line", "flets-ra"), [], DEV
    yield "yamaha", "y4.conf", settings("rtx830", "--line", "dhcp4", "--ipv4", "192.168.1.9"), [], ["--ipv4", "192.168.1.9", "--line", "dhcp4"]
    ifs = ["--wan", "wan0", "--lan", "lan0"]
    yield "nftables", "n.nft", nft_only(settings("nftables", "--line", "flets-pd")), ifs, DEV
    yield "nftables", "n4.nft", nft_only(settings("nftables", "--line", "dhcp4", "--ipv4", "192.168.1.9")), ifs, ["--ipv4", "192.168.1.9", "--line", "dhcp4"]
    pre = ["--prefix", "2404:7a80:1:1::/64"]
    yield "routeros", "r.rsc", ROS_HEAD + settings("routeros", "--line", "flets-pd", *pre) + ROS_TAIL, [], DEV + pre
    yield "routeros", "r4.rsc", ROS_HEAD + settings("routeros", "--line", "dhcp4", "--ipv4", "192.168.1.9") + ROS_TAIL, [], ["--ipv4", "192.168.1.9", "--line", "dhcp4"]
    zones = open(os.path.join(HERE, "../read/ow-zones.part")).read()
    yield "openwrt", "o.conf", zones + OWRT + settings("openwrt", "--line", "flets-pd"), [], DEV
    yield "openwrt", "o4.conf", zones + OWRT + settings("openwrt", "--line", "dhcp4", "--ipv4", "192.168.1.9"), [], ["--ipv4", "192.168.1.9", "--line", "dhcp4"]
    yield "ix", "x.conf", settings("ix2215", "--line", "flets-ra", *pre), [], DEV + pre
    yield "ix", "x4.conf", settings("ix2215", "--line", "dhcp4", "--ipv4", "192.168.1.9"), [], ["--ipv4", "192.168.1.9", "--line", "dhcp4"]
    four = ["--ipv4", "192.168.1.9", "--line", "dhcp4"]
    for os_ in ("openbsd", "freebsd"):
        yield "pf", os_ + ".conf", settings(os_, "--line", "flets-pd", *pre), [], DEV + pre
        yield "pf", os_ + "4.conf", settings(os_, "--line", "dhcp4", "--ipv4", "192.168.1.9"), [], four
    for name, wish, dev in (("opn", ["--line", "flets-pd"], DEV), ("opn4", ["--line", "dhcp4", "--ipv4", "192.168.1.9"], ["--ipv4", "192.168.1.9", "--line", "dhcp4"])):
        yield "opnsense", name + ".xml", settings("opnsense", *wish).replace("<opnsense>", OPN_HEAD, 1), [], dev
    yield "iptables", "i.save", IPT, ifs, DEV
    four = ["--line", "dhcp4", "--ipv4", "192.168.1.9"], ["--ipv4", "192.168.1.9", "--line", "dhcp4"]
    for target, model, six_, four_ in COMMANDS:
        yield target, f"{model}.conf", six_ + settings(model, "--line", "flets-pd", *pre), [], DEV + pre
        yield target, f"{model}-4.conf", four_ + settings(model, *four[0]), [], four[1]
    yield "iptables", "i4.save", IPT4, ifs, ["--ipv4", "192.168.1.9", "--line", "dhcp4"]

# Interfaces around what is pasted: target, model, for IPv6, for IPv4.
LAN4, LAN6 = "192.168.1.1/24", "2404:7a80:1:1::1/64"
VYOS = ("set interfaces ethernet eth0 ipv6 address autoconf\nset interfaces ethernet eth1 address %s\n" % LAN6,
        "set interfaces ethernet eth0 address dhcp\nset interfaces ethernet eth1 address %s\n" % LAN4)
IOS_ = ("interface Vlan1\n ipv6 address %s\ninterface %%s\n ipv6 address autoconfig\n" % LAN6,
        "interface Vlan1\n ip address 192.168.1.1 255.255.255.0\n ip nat inside\ninterface %s\n ip address dhcp\n")
ZONES = """set security zones security-zone untrust interfaces ge-0/0/0.0 host-inbound-traffic system-services %s
set security zones security-zone trust interfaces ge-0/0/1.0 host-inbound-traffic system-services all
"""
SRX = (ZONES % "dhcpv6" + "set interfaces ge-0/0/0 unit 0 family inet6\nset interfaces ge-0/0/1 unit 0 family inet6 address %s\n" % LAN6,
       ZONES % "dhcp" + "set interfaces ge-0/0/0 unit 0 family inet dhcp\nset interfaces ge-0/0/1 unit 0 family inet address %s\n" % LAN4)
COMMANDS = (("vyos", "vyos", *VYOS), ("edgeos", "edgerouter", *VYOS),
            ("ios", "cisco-ios", *(t % "GigabitEthernet0" for t in IOS_)),
            ("ios-xe", "cisco-ios-xe", *(t % "GigabitEthernet0/0/0" for t in IOS_)),
            ("srx", "srx300", *SRX))

# The rest of a RouterOS home: sides, and what guards the router itself.
ROS_HEAD = """/interface list member
add interface=bridge list=LAN
add interface=ether1 list=WAN
"""
ROS_TAIL = """/ip firewall filter
add chain=input action=accept connection-state=established,related
add chain=input action=accept protocol=icmp
add chain=input action=drop in-interface-list=!LAN
add chain=forward action=drop connection-state=invalid
add chain=forward action=drop in-interface-list=WAN connection-state=new connection-nat-state=!dstnat
/ipv6 firewall filter
add chain=input action=accept connection-state=established,related
add chain=input action=accept protocol=icmpv6
add chain=input action=accept protocol=udp dst-port=546 src-address=fe80::/10
add chain=input action=drop in-interface-list=!LAN
add chain=forward action=drop in-interface-list=!LAN
"""

# What OpenWrt ships besides, narrowed.
OWRT = """config rule
	option name 'Allow-ICMP'
	option src 'wan'
	option proto 'icmp'
	option family 'ipv4'
	option target 'ACCEPT'

config rule
	option name 'Allow-ICMPv6-Input'
	option src 'wan'
	option proto 'icmp'
	list icmp_type 'echo-request'
	list icmp_type 'destination-unreachable'
	list icmp_type 'packet-too-big'
	list icmp_type 'time-exceeded'
	list icmp_type 'router-advertisement'
	list icmp_type 'neighbour-solicitation'
	option family 'ipv6'
	option target 'ACCEPT'

config rule
	option name 'Allow-DHCPv6'
	option src 'wan'
	option proto 'udp'
	option src_ip 'fe80::/10'
	option dest_port '546'
	option family 'ipv6'
	option target 'ACCEPT'

config rule
	option name 'Allow-ICMPv6-Forward'
	option src 'wan'
	option dest '*'
	option proto 'icmp'
	list icmp_type 'echo-request'
	list icmp_type 'destination-unreachable'
	list icmp_type 'packet-too-big'
	list icmp_type 'time-exceeded'
	option family 'ipv6'
	option target 'ACCEPT'

"""

# What an OPNsense has around the rules.
OPN_HEAD = """<opnsense>
  <system>
    <ipv6allow>1</ipv6allow>
  </system>
  <interfaces>
    <wan><if>igb0</if><ipaddr>dhcp</ipaddr></wan>
    <lan><if>igb1</if><ipaddr>192.168.1.1</ipaddr></lan>
  </interfaces>"""

IPT = """# Generated by ip6tables-save v1.8.9 (nf_tables)
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:KADOMORI - [0:0]
:CASA - [0:0]
-A INPUT -i lan0 -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p ipv6-icmp -j ACCEPT
-A INPUT -s fe80::/10 -p udp -m udp --sport 547 --dport 546 -j ACCEPT
-A FORWARD -j KADOMORI
-A KADOMORI -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KADOMORI -m conntrack --ctstate INVALID -j DROP
-A KADOMORI -i lan0 -o wan0 -j ACCEPT
-A KADOMORI -p ipv6-icmp -m icmp6 --icmpv6-type 1 -j ACCEPT
-A KADOMORI -p ipv6-icmp -m icmp6 --icmpv6-type 2 -j ACCEPT
-A KADOMORI -p ipv6-icmp -m icmp6 --icmpv6-type 3 -j ACCEPT
-A KADOMORI -p ipv6-icmp -m icmp6 --icmpv6-type 4 -j ACCEPT
-A KADOMORI -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT
-A KADOMORI -d ::211:22ff:fe33:4455/::ffff:ffff:ffff:ffff -i wan0 -o lan0 -j CASA
-A KADOMORI -j DROP
-A CASA -p udp -m udp --dport 500 -j ACCEPT
-A CASA -p esp -j ACCEPT
-A CASA -j DROP
COMMIT
# Generated by iptables-save v1.8.9 (nf_tables)
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i lan0 -o wan0 -j ACCEPT
COMMIT
"""

IPT4 = """# Generated by iptables-save v1.8.9 (nf_tables)
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -i wan0 -p udp -m udp --dport 500 -j DNAT --to-destination 192.168.1.9
-A PREROUTING -i wan0 -p udp -m udp --dport 4500 -j DNAT --to-destination 192.168.1.9
-A PREROUTING -i wan0 -p esp -j DNAT --to-destination 192.168.1.9
-A POSTROUTING -o wan0 -j MASQUERADE
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lan0 -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p udp -m udp --sport 67 --dport 68 -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack --ctstate INVALID -j DROP
-A FORWARD -i lan0 -o wan0 -j ACCEPT
-A FORWARD -d 192.168.1.9/32 -i wan0 -o lan0 -p udp -m multiport --dports 500,4500 -j ACCEPT
-A FORWARD -d 192.168.1.9/32 -i wan0 -o lan0 -p esp -j ACCEPT
COMMIT
# Generated by ip6tables-save v1.8.9 (nf_tables)
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
COMMIT
"""

# What people get wrong, as replacements in a line.
SLIPS = [
    (r"\besp\b", "tcp"), (r"\besp\b", "ah"), (r"\besp\b", "50"), (r"\budp\b", "tcp"),
    (r"\b500\b", "5000"), (r"\b500\b", "50"), (r"\b500\b", "4500"), (r"\b500\b", "1-65535"), (r"\b500\b", "1:65535"),
    (r"4455", "4456"), (r"192\.168\.1\.9", "192.168.1.99"),
    (r"\bpass\b", "reject"), (r"\breject\b", "pass"), (r"\bACCEPT\b", "DROP"), (r"\bDROP\b", "ACCEPT"),
    (r"\baccept\b", "drop"), (r"\bdrop\b", "accept"),
    (r"ra-prefix@lan2::211:22ff:fe33:4455", "*"), (r"ip6 daddr \S+ \S+ == \S+ ", ""), (r"-d \S+ ", ""),
    (r"192\.168\.1\.9 ", "* "), (r"ip daddr 192\.168\.1\.9 ", ""),
    (r" 200179\b", " 200180"), (r" 200101\b", ""), (r" 200100\b", ""), (r" 200170\b", ""), (r" 200179$", ""),
    (r"udp \* 500", "* * 500"), (r"\besp\b", "*"), (r"icmp6 1,2,3,4 \*", "* * *"), (r"-p esp ", ""), (r"-p udp -m udp --dport 500 ", ""),
    (r"meta l4proto esp ", ""), (r"udp dport 500 ", "udp dport != 500 "), (r'iifname "lan0" oifname "wan0"', 'iifname "wan0" oifname "lan0"'),
    (r"-i lan0 -o wan0", "-i wan0 -o lan0"), (r"policy drop", "policy accept"), (r"RELATED,ESTABLISHED", "NEW"),
    (r"established,related", "new"), (r"-i lan0 ", ""), (r'iifname "lan0" ', ""), (r"secure filter in", "secure filter out"),
    (r"\b546\b", "0-65535"), (r"--dport 546", ""), (r"\b68\b", "*"), (r"dnat to \S+", "dnat to 192.168.1.200"), (r"-s fe80::/10 ", ""),
    (r"icmpv6 type \{[^}]*\} ", ""), (r"icmpv6 type echo-request ", ""), (r"--icmpv6-type \d+ ", ""), (r"icmp-error", "*"),
    (r"-i wan0 -p", "-i lan0 -p"), (r"--to-destination \S+", "--to-destination 192.168.1.1"), (r"-d 192\.168\.1\.9/32", "-d 192.168.1.0/24"),
    (r"500,4500", "500"), (r"DROP \[", "ACCEPT ["), (r"-p udp", "-p tcp"), (r"-m conntrack --ctstate RELATED,ESTABLISHED ", ""), (r"-i wan0 -o lan0 ", "-i lan0 "),
    # RouterOS
    (r"in-interface-list=WAN", "in-interface-list=LAN"), (r"in-interface-list=!LAN", "in-interface-list=LAN"), (r"in-interface-list=!?\w+ ?", ""),
    (r"action=accept", "action=drop"), (r"action=drop", "action=accept"), (r"action=drop", "action=log"), (r"ipsec-esp", "ipsec-ah"), (r"ipsec-esp", "tcp"),
    (r"dst-address=\S+ ", ""), (r"/128", "/64"), (r"dst-port=500", "dst-port=50"), (r"(add .*)$", r"\1 disabled=yes"), (r"connection-state=\S+ ?", ""),
    (r"!dstnat", "dstnat"), (r"to-addresses=\S+", "to-addresses=192.168.1.1"), (r"protocol=\S+ ?", ""), (r"chain=forward", "chain=input"), (r"list=WAN", "list=LAN"),
    # pf
    (r"^block in", "pass in"), (r"^pass in", "block in"), (r"^pass in on \$ext_if", "pass in quick on $ext_if"), (r"^block in on \$ext_if", "block in on $int_if"), (r"^block in", "block out"),
    (r" proto (udp|esp)", ""), (r"to 2404:\S+", "to any"), (r"to \(\$ext_if\) port 546", "to any port 546"), (r"rdr-to \S+", ""), (r" port 500", ""), (r"icmp6-type \{.*", ""), (r"from fe80::/10 ", "from any "),
    (r" port 546", ""), (r"-> 192.168.1.9", "-> 192.168.1.1"), (r'"egress"', '"em1"'), (r'"em0"', '"em1"'), (r"pass out on \$int_if", "block out on $int_if"), (r"^(rdr|pass in) on", r"\1 on $int_if # on"),
    # OPNsense
    (r"<protocol>udp<", "<protocol>tcp<"), (r"<protocol>\w+<", "<protocol>any<"), (r"<protocol>.*</protocol>", ""), (r"<port>500<", "<port>1-65535<"), (r"<port>.*</port>", ""),
    (r"<network>kd_casa<", "<network>lan<"), (r"<network>kd_casa<", "<network>any<"), (r"<network>kd_casa<", "<network>kd_other<"), (r"<type>pass<", "<type>block<"), (r"<interface>wan<", "<interface>lan<"),
    (r"<ipprotocol>inet6<", "<ipprotocol>inet<"), (r"<network>wanip<", "<network>lanip<"), (r"<network>192.168.1.9<", "<network>any<"), (r"<target>192.168.1.9<", "<target>192.168.1.1<"),
    (r"(<type>pass</type>)", r"\1<disabled>1</disabled>"), (r"<enabled>1<", "<enabled>0<"), (r"<ipv6allow>1</ipv6allow>", ""), (r"<system>", "<system><disablefilter>1</disablefilter>"), (r"<source>", "<source><not>1</not>"),
    (r"<destination>", "<destination><not>1</not>"), (r"dynipv6host", "host"), (r"<local-port>500<", "<local-port>50<"), (r"<target>", "<nordr>1</nordr><target>"), (r"<descr>", "<floating>yes</floating><descr>"),
    # OpenWrt
    (r"option dest_ip .*", ""), (r"proto 'udp'", "proto 'all'"), (r"proto 'udp'", "proto 'tcp'"), (r"proto 'esp'", "proto 'all'"), (r"option proto .*", ""),
    (r"'ACCEPT'", "'DROP'"), (r"'REJECT'", "'ACCEPT'"), (r"src 'wan'", "src 'lan'"), (r"src 'wan'", "src 'vpn'"), (r"dest 'lan'", "dest 'wan'"), (r"target 'DNAT'", "target 'SNAT'"),
    (r"option src_dport .*", ""), (r"'500'", "'50'"), (r"ffff'$", "ffe0'"), (r"option dest_port '546'", ""), (r"'ipv6'", "'ipv4'"), (r"\t(option target)", r"\toption enabled '0'\n\t\1"),
    (r"list network 'wan'", "list network 'lan'"), (r"option icmp_type.*", ""),
    # UNIVERGE IX
    (r"permit 50", "permit tcp"), (r"permit 50", "permit ip"), (r"permit udp", "permit ip"), (r"permit", "deny"), (r"dest \S+/128", "dest any"),
    (r"dport eq 500", "dport any"), (r" in$", " out"), (r"filter casa-in \d+ in", "filter casa-all 10 in"), (r"type \d+ ", ""), (r"sport eq 547 dest any dport eq 546", "sport any dest any dport any"),
    (r"napt static 192.168.1.9", "napt static GigaEthernet0.0"), (r"udp 500$", "tcp 500"), (r" 50$", " 51"), (r" 50$", " udp 50"), (r"ipv6 enable", "bridge-group 1"),
    # VyOS, EdgeOS
    (r"address-mask \S+", "address-mask ::"), (r"interface name eth0", "interface name eth1"), (r"interface eth0", "interface eth1"),
    (r"state established", "state new"), (r"ipv[46] forward filter", "ipv4 input filter"), (r"ipv6 (forward|input) filter", r"ipv4 \1 filter"),
    (r"type destination", "type source"), (r"firewall in ", "firewall out "), (r"firewall local ", "firewall in "), (r"protocol (esp|udp)", "protocol all"),
    (r"(?<!\{ )fe80::/10", "::/0"), (r"rule 2079", "rule 1"), (r"rule 2000", "rule 2099"), (r"destination (address|port)", r"source \1"), (r"type \d+$", "type 0"),
    (r"(rule \d+) action \w+", r"\1 disable"), (r"KADOMORI6?_IN$", "KADOMORI_OLD"), (r"set interfaces ethernet eth1 address", "set interfaces bridge br0 member interface eth0"),
    # IOS
    (r"host \S+", "any"), (r"eq 500", "gt 500"), (r"eq (500|4500)$", ""), (r"permit esp", "permit ip"), (r"permit esp", "permit ipv6"), (r"permit udp", "permit tcp"), (r"deny", "permit"),
    (r"(KADOMORI\S*) in$", r"\1 out"), (r"-IN in$", " in"), (r"^ +pass$", "  inspect"), (r"^ +drop$", "  pass"), (r"^ +inspect$", "  pass"), (r"match-any", "match-all"),
    (r"source OUTSIDE destination INSIDE", "source INSIDE destination OUTSIDE"), (r"access-group name (\S+)", r"access-group name OLD"), (r"protocol tcp", "protocol udp"),
    (r"static esp", "static udp"), (r"static udp (\S+) \d+", r"static tcp \1 500"), (r"zone-member security OUTSIDE", "zone-member security INSIDE"), (r"nat outside", "nat inside"),
    (r"(any any|ip any) \S+.*", r"\1"), (r"service-policy type inspect KADOMORI-IN", "service-policy type inspect KADOMORI-OUT"),
    # SRX
    (r"then permit", "then deny"), (r"application casa\S+$", "application any"), (r"destination-address casa\S+", "destination-address any"), (r"deny-all", "permit-all"),
    (r"flow-based", "packet-based"), (r"from zone untrust", "from zone trust"), (r"from-zone untrust to-zone trust", "from-zone trust to-zone untrust"),
    (r"/128$", "/64"), (r"/32$", "/24"), (r"icmp6-type 128$", "icmp6-type 200"), (r"icmp6-type 128$", ""), (r"system-services dhcp\S*$", "system-services all"), (r"protocol icmp6", "protocol tcp"),
    (r"destination-port 500", "source-port 500"), (r"pool casa\S+$", "pool other"), (r"security-zone untrust interfaces", "security-zone dmz interfaces"),
    (r"masquerade static 1000 \d ", "masquerade static 1001 1 "), (r"4500\b", "450"),
]

def faults(text):
    lines = text.splitlines()
    for i, l in enumerate(lines):
        if not l.strip() or l.lstrip().startswith("#"):
            continue
        for pat, new in SLIPS:
            m = re.sub(pat, new, l, count=1)
            if m != l:
                yield "slip", i, m, lines[:i] + [m] + lines[i + 1:]
        if "wanip" in l:
            continue # a forward from any address still ends at the device only
        yield "drop", i, None, lines[:i] + lines[i + 1:]
        if i + 1 < len(lines) and not l.lstrip().startswith("<"): # nobody swaps tags
            yield "swap", i, l, lines[:i] + [lines[i + 1], l] + lines[i + 2:]

def audit(path, ifs, dev):
    r = run("--json", "audit", path, *ifs, *dev)
    try:
        return r.returncode, json.loads(r.stdout)
    except ValueError:
        return r.returncode, None

def named_by(f, kind, i, line, lines):
    """How a finding names the fault, or None."""
    at = {i + 1, i + 2} if kind == "swap" else {i + 1}
    quoted = {f["line"]: f.get("line_text") or ""} | {l["line"]: l["text"] for l in f["lines"]}
    out = {l.strip()[2:].strip() for l in (f.get("change") or "").splitlines() if l.strip().startswith("- ")}
    into = [l for l in (f.get("change") or "").splitlines() if l.strip().startswith("+ ")]
    if kind == "drop":
        return "change" if into else None
    if at & set(quoted):
        return "line"
    return "change" if {lines[n - 1].strip() for n in at} & out else None

def keys(report):
    return {(f["id"], f.get("line_text"), f.get("boxes")) for f in report["findings"]}

NEEDS = {
    False: ["esp ipv6 from wan from 2404:1a8::1 to lan to 2404:7a80:1:1:211:22ff:fe33:4455",
            "udp ipv6 from wan from 2404:1a8::1 to lan to 2404:7a80:1:1:211:22ff:fe33:4455 port 500"],
    True: ["esp ipv4 from wan from 133.1.2.3 to self to 119.104.5.6", "udp ipv4 from wan from 133.1.2.3 to self to 119.104.5.6 port 500",
           "udp ipv4 from wan from 133.1.2.3 to self to 119.104.5.6 port 4500"],
}

def ask(path, ifs, *q):
    r = run("--json", "ask", path, *ifs, *q)
    try:
        d = json.loads(r.stdout)
    except ValueError:
        return None
    return d["passes"], d["boxes"]

def outside(path, ifs, four):
    """What passes from outside, and whether each need does. None: unreadable."""
    # ICMP to the router itself harms nobody: the audit counts it as housekeeping
    what = [ask(path, ifs, *q) for q in (("any", "from", "wan", "to", "lan"), ("tcp", "from", "wan", "to", "self"), ("udp", "from", "wan", "to", "self"), ("esp", "from", "wan", "to", "self"))]
    need = [ask(path, ifs, *q.split()) for q in NEEDS[four]]
    return None if None in what + need else (what, [n[0] for n in need])

def harm(good, was, bad, ifs, four):
    """None: not a configuration any more. Else: does it open something from
    outside, or take from the device what it needs?"""
    now = outside(bad, ifs, four)
    if now is None:
        return None
    if now[1] != was[1]:
        return True
    if now[0] == was[0]:
        return False
    r = run("--json", "compare", good, bad, *ifs)
    try:
        d = json.loads(r.stdout)
    except ValueError:
        return None
    w = d["opened_witness"] or ""
    return bool(d["opened"]) and " in wan " in w and w.endswith(" new")

def show(to, name, kind, i, line, good, fresh):
    """SHOW=FILE: what was said of faults that were found but not named."""
    with open(to, "a") as o:
        print(f"== {name}:{i + 1} {kind}\n   was {open(good).read().splitlines()[i]!r}\n   now {line!r}", file=o)
        for f in fresh:
            print("   ->", f["id"], f["line"], f["line_text"], "|", f["packet"], "|", f["lines"], "|", f.get("change"), file=o)

def one(args):
    """One fault: (found: True, False, None = no harm, "refused"), and itself."""
    tmp, n, good, was, base, name, ifs, dev, (kind, i, line, lines) = args
    bad = os.path.join(tmp, f"{n}-{name}")
    open(bad, "w").write("\n".join(lines) + "\n")
    does, named = harm(good, was, bad, ifs, "--ipv4" in dev), None
    if does:
        _, rep = audit(bad, ifs, dev)
        new = keys(rep) - base if rep else set()
        does = bool(new)
        fresh = [f for f in (rep["findings"] if rep else []) if (f["id"], f.get("line_text"), f.get("boxes")) in new]
        named = next(filter(None, (named_by(f, kind, i, line, lines) for f in fresh)), None)
        if does and not named and os.environ.get("SHOW"):
            show(os.environ["SHOW"], name, kind, i, line, good, fresh)
    elif does is None:
        does = "refused"
    else:
        does = None
    os.unlink(bad)
    return does, named, (kind, i, line)

def main():
    tmp = tempfile.mkdtemp()
    table, missed = {}, []
    pool = ThreadPoolExecutor(os.cpu_count())
    for target, name, text, ifs, dev in good_configs():
        if ONLY and target not in ONLY:
            continue
        good = os.path.join(tmp, "good-" + name)
        open(good, "w").write(text)
        _, base = audit(good, ifs, dev)
        assert base is not None, (name, text)
        was = outside(good, ifs, "--ipv4" in dev)
        t = table.setdefault(target, [0, 0, 0, 0, 0])
        todo = list(faults(text))
        random.Random(name).shuffle(todo) # the same ones each time
        most = t[0] + MOST // (4 if target == "pf" else 2)
        while todo and t[0] < most:
            some, todo = todo[:16], todo[16:]
            jobs = [(tmp, n, good, was, keys(base), name, ifs, dev, f) for n, f in enumerate(some)]
            for does, named, (kind, i, line) in pool.map(one, jobs):
                if does == "refused":
                    t[2] += 1  # the router itself (nft) does not take it
                elif does is not None:
                    t[0] += 1; t[1] += does
                    t[3] += named == "line"; t[4] += named == "change"
                    if not does:
                        missed.append((target, f"{name}:{i + 1}", kind, text.splitlines()[i], line))
    print(f"{'target':10} {'faults':>7} {'found':>6} {'unreadable, said so':>20} {'named: by line, by change':>26} {'of':>4}")
    for k, (total, found, refused, line, change) in table.items():
        print(f"{k:10} {total:7} {found:6} {refused:20} {line + change:8} {line:7}, {change:8} {total:4}")
    for m in missed:
        print("MISSED", *m, sep=" | ")
    few = [k for k, v in table.items() if v[0] < WANT]
    if few:
        print("fewer than", WANT, "faults for", few)
    sys.exit(1 if missed or few else 0)

main()
