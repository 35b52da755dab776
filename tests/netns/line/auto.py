#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kadomorid with "line auto": the kind is found on the wire before the gate
stands, later when the cable comes later, and the policy follows it.
usage: auto.py KADOMORI
"""
import concurrent.futures, json, os, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import net
net.need("radvd", "kea-dhcp6", "dnsmasq", "ip")
kadomori = os.path.abspath(sys.argv[1])
CONF = "wan wan0\nlan lan0\nline auto\nprofile standard\nlan4 192.168.10.1/24\ndevice casa rakuten-casa mac 00:11:22:33:44:55 ipv4 192.168.10.9 {}\n"

def kado(n, *words):
    env = dict(os.environ, KADOMORI_RUN=os.path.join(n.dir, "run"), LC_ALL="C.UTF-8")
    return subprocess.run(["ip", "netns", "exec", n.ns("G"), kadomori, "--lang", "en", "--conf", os.path.join(n.dir, "k.conf"), *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

def ra(n): n.radvd("L", "acc", "240b:10:a5c0:1900::/64", other=False)
def pd(n): n.radvd("L", "acc", managed=True); n.kea("L", "acc", "240b:10:a5c0:1900::")
def dhcp(n, server):
    low = server.rsplit(".", 1)[0]; n.sh("L", f"ip addr add {server}/24 dev acc")
    n.dnsmasq("L", "port=0", "interface=acc", f"dhcp-range={low}.110,{low}.120,255.255.255.0,1h")
ROWS = [("one /64 by RA", ra, "flets-ra", False), ("a delegated /56", pd, "flets-pd", False), ("global IPv4 by DHCP", lambda n: dhcp(n, "153.246.12.1"), "dhcp4", False),
    ("private IPv4 by DHCP", lambda n: dhcp(n, "10.20.30.1"), "private4", False), ("nobody there", lambda n: None, "auto", False), ("the cable comes later", ra, "flets-ra", True)]

def run(row):
    name, servers, want, later = row
    with net.Net(name) as n:
        n.node("L", "G", "H"); n.wire("L", "acc", "G", "wan0"); n.wire("G", "lan0", "H", "eth0")
        n.ll("L", "acc"); n.sh("G", "ip addr add 192.168.10.1/24 dev lan0")
        n.file("k.conf", CONF.format(""))
        if later: n.sh("G", "ip link set wan0 down")
        servers(n)
        up = kado(n, "up")
        try:
            if up.returncode: return name, f"up: exit {up.returncode}: {up.stdout}"
            if later: n.sh("G", "ip link set wan0 up")
            end, got = time.time() + 20, None
            while got != want and time.time() < end:
                s = kado(n, "status", "--json").stdout
                try: got = json.loads(s).get("line")
                except ValueError: got = s
                time.sleep(0.2)
            log = open(os.path.join(n.dir, "run", "kadomorid.log")).read()
            if got != want: return name, f"line {got}, not {want}: {log}"
            if want != "auto" and "line auto: " + want not in log: return name, "the log does not say it: " + log
            if want == "auto" and "not recognised" not in log: return name, "the log does not say that it was not recognised"
        finally:
            kado(n, "down")
    return name, ""

with concurrent.futures.ThreadPoolExecutor(3) as pool:
    done = list(pool.map(run, ROWS))
for name, bad in done:
    print("FAIL" if bad else "ok  ", name, bad)
sys.exit(1 if any(b for _, b in done) else 0)
