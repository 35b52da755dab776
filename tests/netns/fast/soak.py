#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make soak-fast: a home's traffic of all kinds over the fast path, each byte
compared, while everything under it changes.

        pc, h2 ── br0 (l1, l2)  gw (kadomorid)  wan0 ── out

TCP streams both ways (sha256), iperf3, UDP echo, web fetches of many small
files, ESP of two devices to one peer (sequence and integrity), both families.
Meanwhile rules are reloaded, MAC addresses change, the daemon is killed and
comes back with and without the fast path, hosts change their bridge ports, the
address outside and the prefix inside change. What ran over an address that is
no more may end with an error, never with other bytes; what begins after it must
work. In the last third the daemon is left alone: its memory and descriptors
must stay. The table is compared with conntrack all along (leases.c).

usage: soak.py KADOMORI native|tc|off SECONDS [FAULT...]
"""
import json, os, re, signal, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.realpath(__file__))
ENDS = ["python3", os.path.join(HERE, "ends.py")]
V4, V6 = "101.1.1.1", "2404:1a8:9::2"
GRACE = 2.0     # seconds after a change of address for what begins then
EVERY = 4.0     # seconds between faults
P = f"kdsoak{os.getpid()}"


def run(*cmd, check=True, quiet=True):
    r = subprocess.run(cmd, capture_output=True, text=True)
    if check and r.returncode:
        raise SystemExit(f"failed: {' '.join(cmd)}: {r.stderr}")
    return r.stdout


def on(ns, *cmd, **kw):
    return run("ip", "netns", "exec", P + ns, *cmd, **kw)


class Gate:
    """The gateway's namespace and its daemon."""

    def __init__(self, exe, way, tmp):
        self.exe, self.way, self.tmp = os.path.realpath(exe), way, tmp
        self.conf = os.path.join(tmp, "k.conf")
        self.leases = os.path.join(os.path.dirname(self.exe), "../../../tests/netns/leases")
        os.environ.update(KADOMORI_RUN=os.path.join(tmp, "run"), LC_ALL="C.UTF-8")
        with open(self.conf, "w") as f:
            f.write("wan wan0\nlan br0\nline dhcp4\nprofile standard\n")
        self.maps, self.live, self.kinds = set(), False, {}

    def k(self, *args, check=True):
        return on("gw", self.exe, "--lang", "en", "--conf", self.conf, *args, check=check)

    def pids(self):
        return [int(p) for p in run("pgrep", "-f", f"kadomorid --conf {self.conf}", check=False).split()]

    def up(self, fast):
        self.k("up", "--fast-path", self.way) if fast and self.way != "off" else self.k("up", "--no-fast-path")
        self.live = fast and self.way != "off"
        for p in self.pids():
            self.maps |= self.map_ids(p)

    def kill(self):
        for p in self.pids():
            try:
                os.kill(p, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while self.pids():
            time.sleep(0.02)

    @staticmethod
    def map_ids(pid):
        ids = set()
        try:
            for fd in os.listdir(f"/proc/{pid}/fdinfo"):
                with open(f"/proc/{pid}/fdinfo/{fd}") as f:
                    ids |= set(re.findall(r"map_id:\s*(\d+)", f.read()))
        except OSError:
            pass
        return ids

    def size(self):
        """RSS in kB and descriptors, of all its processes."""
        rss = fds = 0
        for p in self.pids():
            try:
                fds += len(os.listdir(f"/proc/{p}/fd"))
                with open(f"/proc/{p}/status") as f:
                    rss += int(re.search(r"VmRSS:\s*(\d+)", f.read())[1])
            except OSError:
                pass
        return rss, fds

    def table(self):
        """First line's words, then the leases' lines."""
        for p in self.pids():
            lines = on("gw", self.leases, str(p), check=False).splitlines()
            if len(lines) and not lines[0].endswith("bytes 0"):
                return lines[0], [x.split() for x in lines[1:]]
        return None, []

    @staticmethod
    def conntrack():
        """Each direction's tuple -> what becomes of it."""
        ret = {}
        for fam in "ipv4", "ipv6":
            for line in on("gw", "conntrack", "-L", "-f", fam, check=False).splitlines():
                w = line.split()
                proto = {"6": "tcp", "17": "udp", "50": "esp"}.get(w[1])
                a = re.findall(r"(?:src|dst)=(\S+)", line)
                p = re.findall(r"(?:sport|dport)=(\d+)", line) or ["0"] * 4
                if not proto or len(a) != 4:
                    continue
                one, two = (a[0], p[0], a[1], p[1]), (a[2], p[2], a[3], p[3])
                ret[proto, *one] = two[2], two[3], two[0], two[1]
                if proto != "esp" or fam == "ipv6" or one[0] != two[2]:
                    ret[proto, *two] = one[2], one[3], one[0], one[1]
                if proto == "esp":  # of many devices one reply tuple
                    ret["esp-of", one[0], one[2]] = True
        return ret

    def compare(self):
        """Leases that conntrack knows nothing or something else of."""
        if not self.live:
            return 0, []
        before = self.conntrack()
        time.sleep(1.3)
        near = self.conntrack()
        _, leases = self.table()
        after = self.conntrack()
        bad, n = [], 0
        for w in leases:
            if w[9] != "usable" or int(w[10]) > 1000:
                continue
            n += 1
            kind = w[0] + (" v6" if ":" in w[1] else " v4")
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            if w[0] == "esp":
                host, peer = (w[1], w[3]) if w[3] in (V4, V6) else (w[7], w[1])
                if not any(("esp-of", host, peer) in c for c in (before, near, after)):
                    bad.append(" ".join(w))
                continue
            if not any(c.get((w[0], *w[1:5])) == tuple(w[5:9]) for c in (before, near, after)):
                bad.append(" ".join(w))
        return n, bad


class Home:
    """Hosts, links and what happens to them."""

    def __init__(self, gate):
        self.gate, self.n, self.wan, self.prefix = gate, 0, 2, 1
        self.swapped = False
        for n in "pc", "h2", "gw", "out":
            run("ip", "netns", "add", P + n)
            on(n, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0",
               "net.ipv4.conf.default.arp_notify=1", "net.ipv6.conf.default.ndisc_notify=1")
            on(n, "ip", "link", "set", "lo", "up")
        on("gw", "ip", "link", "add", "br0", "type", "bridge")
        for near, far in ("l1", "pc"), ("l2", "h2"), ("wan0", "out"):
            run("ip", "link", "add", near, "netns", P + "gw", "type", "veth", "peer", "name", "eth0", "netns", P + far)
            on("gw", "ip", "link", "set", near, "up")
            on(far, "ip", "link", "set", "eth0", "up")
            on(far, "ethtool", "-K", "eth0", "gro", "on", "tx", "off")
        for near in "l1", "l2":
            on("gw", "ip", "link", "set", near, "master", "br0")
        on("gw", "ip", "link", "set", "br0", "up")
        for dev, a in ("br0", "192.168.10.1/24"), ("wan0", "101.1.1.2/24"), \
                ("br0", "2404:7a80:1:1::1/64"), ("wan0", "2404:1a8:9::1/64"):
            on("gw", "ip", "addr", "add", a, "dev", dev)
        for n, x in ("pc", "50"), ("h2", "60"):
            on(n, "ip", "addr", "add", f"192.168.10.{x}/24", "dev", "eth0")
            on(n, "ip", "addr", "add", f"2404:7a80:1:1::{x}/64", "dev", "eth0")
            on(n, "ip", "addr", "add", "fe80::" + x + "/64", "dev", "eth0")
            on(n, "ip", "route", "add", "default", "via", "192.168.10.1")
            on(n, "ip", "-6", "route", "add", "default", "via", "fe80::1", "dev", "eth0")
        on("gw", "ip", "addr", "add", "fe80::1/64", "dev", "br0")
        on("out", "ip", "addr", "add", V4 + "/24", "dev", "eth0")
        on("out", "ip", "addr", "add", V6 + "/64", "dev", "eth0")
        on("out", "ip", "-6", "route", "add", "default", "via", "2404:1a8:9::1")

    def close(self):
        for n in "pc", "h2", "out":
            for p in run("ip", "netns", "pids", P + n, check=False).split():
                try:
                    os.kill(int(p), signal.SIGKILL)
                except ProcessLookupError:
                    pass
        for n in "pc", "h2", "gw", "out":
            run("ip", "netns", "del", P + n, check=False)

    # each fault: its name is the method's

    def reload(self):
        with open(self.gate.conf, "a") as f:
            f.write(f"# {self.n}\n")
        self.gate.k("apply")

    def nexthop_mac(self):
        on("out", "ip", "link", "set", "eth0", "address", f"02:00:00:00:aa:{self.n % 250:02x}")

    def host_mac(self):
        on("pc", "ip", "link", "set", "eth0", "address", f"02:00:00:00:bb:{self.n % 250:02x}")

    def restart_without(self):
        self.gate.kill()
        self.gate.up(False)

    def restart_with(self):
        self.gate.kill()
        self.gate.up(True)

    def foreign_table(self):
        on("gw", "nft", "add table inet other; delete table inet other")

    def bridge_ports(self):
        """Both hosts' cables change places: the bridge's ports change names."""
        for i in "l1", "l2":
            on("gw", "ip", "link", "set", i, "nomaster")
        for i in "l2", "l1":
            on("gw", "ip", "link", "set", i, "master", "br0")

    def wan_address(self):
        new = 5 - self.wan
        on("gw", "ip", "addr", "del", f"101.1.1.{self.wan}/24", "dev", "wan0")
        on("gw", "ip", "addr", "add", f"101.1.1.{new}/24", "dev", "wan0")
        self.wan = new

    def lan_prefix(self):
        old, new = self.prefix, 3 - self.prefix
        on("gw", "ip", "addr", "add", f"2404:7a80:1:{new}::1/64", "dev", "br0")
        for n, x in ("pc", "50"), ("h2", "60"):
            on(n, "ip", "addr", "add", f"2404:7a80:1:{new}::{x}/64", "dev", "eth0")
            on(n, "ip", "addr", "del", f"2404:7a80:1:{old}::{x}/64", "dev", "eth0")
        on("gw", "ip", "addr", "del", f"2404:7a80:1:{old}::1/64", "dev", "br0")
        self.prefix = new

    FAULTS = ["reload", "nexthop_mac", "bridge_ports", "restart_without", "restart_with",
              "foreign_table", "host_mac", "wan_address", "reload", "lan_prefix"]
    CHANGES = {"wan_address": V4, "lan_prefix": V6}


class Book:
    """What was done and what came of it."""

    def __init__(self):
        self.faults, self.events, self.bad, self.lock = [], [], [], threading.Lock()
        self.count, self.died = {}, 0

    def listen(self, p):
        for line in p.stdout:
            try:
                self.hear(json.loads(line))
            except ValueError:
                print("?", line.rstrip())

    def near(self, begin, end):
        return [f"{n} at {t0 - begin:+.1f}..{t1 - begin:+.1f}" for n, t0, t1 in self.faults
                if t1 > begin - 15 and t0 < end + 1]

    def excused(self, e):
        """It ran over an address that went away meanwhile."""
        begin = e.get("begin", e["t"])
        return not (e["why"] or "").startswith("WRONG") and any(
            Home.CHANGES.get(n) == e.get("addr") and t0 <= e["t"] and begin <= t1 + GRACE
            for n, t0, t1 in self.faults)

    def hear(self, e):
        with self.lock:
            kind = e["kind"]
            self.events.append(e)
            if e.get("ok") is None:
                return
            if e["ok"]:
                self.count[kind] = self.count.get(kind, 0) + 1
            elif kind in ("tcp", "web", "iperf3") and self.excused(e):
                self.died += 1
            else:
                self.wrong(e)

    def wrong(self, e):
        begin = e.get("begin", e["t"])
        port = f"sport={e.get('port')} "
        e["faults"] = self.near(begin, e["t"])
        e["conntrack"] = [x for f in ("ipv4", "ipv6") for x in
                          on("gw", "conntrack", "-L", "-f", f, check=False).splitlines() if port in x]
        e["tcp"] = on("pc", "nstat", "-az", "TcpExtTCPTimeouts", "TcpRetransSegs", "TcpInErrs",
                      "TcpExtTCPAbortOnTimeout", check=False).split("\n")[1:5]
        e["drops"] = [x.strip() for x in on("gw", "nft", "list", "ruleset", check=False).splitlines()
                      if "drop" in x and re.search(r"packets [1-9]", x)][:12]
        self.bad.append(e)
        print("BAD", json.dumps(e, indent=1), flush=True)


def start(book, ns, *cmd):
    p = subprocess.Popen(["ip", "netns", "exec", P + ns, *cmd], stdout=subprocess.PIPE, text=True)
    t = threading.Thread(target=book.listen, args=(p,), daemon=True)
    t.start()
    return p


def iperf_server(addr):
    """It listens when this returns, however busy the machine."""
    srv = subprocess.Popen(["ip", "netns", "exec", P + "out", "iperf3", "-s", "-B", addr],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        if re.search(re.escape(addr) + r"\]?:5201 ", on("out", "ss", "-ltn", check=False)):
            break
        time.sleep(0.1)
    return srv


def iperf(book, addr, end):
    """Ten seconds, again and again; iperf3 itself says what went wrong."""
    srv = iperf_server(addr)
    while time.time() < end - 12:
        begin, why = time.time(), None
        r = subprocess.run(["ip", "netns", "exec", P + "h2", "timeout", "40", "iperf3", "-J", "-c", addr,
                            "-t", "10", "-b", "20M", "-R" if int(begin) % 2 else "-l128K"],
                           capture_output=True, text=True)
        try:
            j = json.loads(r.stdout)
            why = j.get("error") or (None if j["end"]["sum_received"]["bytes"] else "no bytes")
        except (ValueError, KeyError):
            why = f"exit {r.returncode}"
        book.hear({"t": time.time(), "kind": "iperf3", "addr": addr, "begin": begin, "ok": not why, "why": why})
        if why:  # the server may wait for what is gone
            srv.kill()
            srv.wait()
            srv = iperf_server(addr)
    srv.kill()


def traffic(book, seconds):
    s = str(int(seconds))
    start(book, "out", *ENDS, "serve", V4, V6)
    start(book, "out", *ENDS, "esp-serve", V4, V6)
    while sum(e["kind"] == "ready" for e in book.events) < 2:
        time.sleep(0.05)
    ps = []
    for a in V4, V6:
        ps += [start(book, "pc", *ENDS, "tcp", a, s), start(book, "pc", *ENDS, "web", a, s),
               start(book, "h2", *ENDS, "tcp", a, s),
               start(book, "pc", *ENDS, "udp", a, s, "160"), start(book, "h2", *ENDS, "udp", a, s, "1200"),
               start(book, "pc", *ENDS, "esp", a, s, "1")]
    time.sleep(3)  # the first device is known before the second speaks
    for a in V4, V6:
        ps.append(start(book, "h2", *ENDS, "esp", a, str(int(seconds) - 3), "2"))
        threading.Thread(target=iperf, args=(book, a, time.time() + seconds), daemon=True).start()
    return ps


def checks(gate, book, until):
    n = 0
    while time.time() < until:
        time.sleep(7)
        fault = len(book.faults)
        had, bad = gate.compare()
        n += had
        if bad and fault == len(book.faults) and gate.live:
            book.hear({"t": time.time(), "kind": "table", "ok": False, "why": bad})
    book.compared = n


def soak(gate, home, book, seconds, names):
    begin, end = time.time(), time.time() + seconds
    alone = begin + seconds * 2 / 3
    ps = traffic(book, seconds)
    checker = threading.Thread(target=checks, args=(gate, book, end - 8))
    checker.start()
    first = None
    while time.time() < end - 10:
        time.sleep(EVERY)
        name = names[home.n % len(names)]
        home.n += 1
        if time.time() > alone and name.startswith("restart"):
            if first is None:
                if not gate.live and gate.way != "off":
                    gate.kill()
                    gate.up(True)
                time.sleep(8)  # its children too
                first = gate.size()
            continue
        t0 = time.time()
        book.faults.append((name, t0, t0 + 60))
        getattr(home, name)()
        book.faults[-1] = (name, t0, time.time())
    for p in ps:
        p.wait(120)
    checker.join()
    return first


def verdict(gate, book, first, seconds):
    last = gate.size()
    time.sleep(4)
    words, leases = gate.table()
    stuck = [x for x in leases if x[9] == "usable" and int(x[10]) < 1000]
    finals = [e for e in book.events if e.get("final")]
    print(f"{len(book.faults)} faults in {seconds} s: right: " +
          ", ".join(f"{v} {k}" for k, v in sorted(book.count.items()) if k not in ("udp", "esp")) +
          f"; {book.died} ended with their address; {len(book.bad)} wrong")
    for e in finals:
        worst = max((x["gap"], x["at"]) for x in book.events
                    if x["kind"] == e["kind"] and x.get("who") == e["who"] and x.get("addr") == e["addr"])
        print(f"  {e['kind']} {e['who']} {e['addr']}: {e['sent']} sent, {e['good']} good, {e['bad']} bad, "
              f"{e['twice']} twice, {e['foreign']} of another, longest silence {worst[0]} s " +
              str(book.near(worst[1], worst[1] + worst[0])))
    f = json.loads(gate.k("status", "--json")).get("fast_path", {})
    print("fast path: " + ", ".join(f"{k} {f[k]}" for k in f if isinstance(f[k], int) and k != "on"))
    print(f"table: {words}; {getattr(book, 'compared', 0)} leases compared with conntrack "
          f"({', '.join(f'{v} {k}' for k, v in sorted(gate.kinds.items()))}); stuck: {len(stuck)}")
    first = first or last
    print(f"daemon without restarts: {first[0]} kB and {first[1]} descriptors, then {last[0]} kB and {last[1]}")
    maps = set(gate.maps)
    gate.k("down")
    time.sleep(1)
    left = [m for m in maps if run("bpftool", "map", "show", "id", m, check=False).strip()]
    print(f"{len(maps)} BPF maps were made, {len(left)} are left")
    lost = [e for e in finals if e["good"] * 10 < e["sent"] * 7 or e["bad"]]
    few = [k for k in ("tcp", "web", "iperf3") if not book.count.get(k)]
    went = gate.way == "off" or (f.get("fast_packets", 0) > 1000 and len(gate.kinds) >= (6 if seconds >= 300 else 4))
    grown = last[0] > first[0] * 1.2 + 2048 or last[1] > first[1] + 2
    for what, v in ("wrong", book.bad), ("stuck", stuck), ("lost", lost), ("none right", few), \
            ("maps left", left), ("grown", grown), ("not fast", not went):
        if v:
            print("FAIL:", what, v if not isinstance(v, list) or len(v) < 4 else len(v))
    return not (book.bad or stuck or lost or few or left or grown or not went)


def main(exe, way, seconds, *names):
    if os.getuid():
        print("skip: needs root for network namespaces")
        return 77
    book = Book()
    with tempfile.TemporaryDirectory() as tmp:
        gate = Gate(exe, way, tmp)
        home = Home(gate)
        try:
            gate.up(True)
            first = soak(gate, home, book, int(seconds), names or Home.FAULTS)
            good = verdict(gate, book, first, int(seconds))
        finally:
            gate.k("down", check=False)
            home.close()
    print("ok" if good else "not ok")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
