# SPDX-License-Identifier: GPL-2.0-or-later
"""Namespaces, wires and real servers of a line, for kinds.py and hostile.py."""
import json, os, shutil, signal, subprocess, sys, tempfile, time

DNS6 = "2404:1a8:7f01:a::3"
STUN = ["203.0.113.10", "203.0.113.11"]
STUN6 = ["2001:db8:57::10", "2001:db8:57::11"]

def need(*programs):
    if os.geteuid() != 0:
        print("skip: needs root for network namespaces"); sys.exit(77)
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    os.environ["PATH"] = path
    for p in programs:
        if not shutil.which(p):
            print(f"skip: {p} is not installed"); sys.exit(77)

class Net:
    """One line with its home; everything it starts ends with it."""
    count = 0
    def __init__(self, label):
        Net.count += 1
        self.id, self.label = f"kl{os.getpid()}x{Net.count}", label
        self.spaces, self.children = set(), []
        self.dir = tempfile.mkdtemp(prefix="kadomori-line-")
        os.chmod(self.dir, 0o755)
    def __enter__(self):
        return self
    def __exit__(self, *x):
        for c in self.children:
            c.send_signal(signal.SIGCONT); c.kill()
        for c in self.children:
            c.wait()
        for s in self.spaces:
            subprocess.run(["ip", "netns", "del", self.ns(s)], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.dir, ignore_errors=True)
    def ns(self, node):
        return f"{self.id}-{node}"
    def node(self, *names):
        for n in names:
            self.spaces.add(n)
            subprocess.run(["ip", "netns", "add", self.ns(n)], check=True)
            self.sh(n, "ip link set lo up; sysctl -qw net.ipv6.conf.all.dad_transmits=0 net.ipv6.conf.default.dad_transmits=0 net.ipv6.conf.default.router_solicitation_delay=0")
    def sh(self, node, script, check=True):
        r = subprocess.run(["ip", "netns", "exec", self.ns(node), "sh", "-ec", script],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if check and r.returncode:
            raise RuntimeError(f"{self.label}: {node}: {script}: {r.stdout}")
        return r.stdout
    def spawn(self, node, *argv, **kw):
        log = open(os.path.join(self.dir, f"{node}-{os.path.basename(argv[0])}-{len(self.children)}.log"), "w")
        c = subprocess.Popen(["ip", "netns", "exec", self.ns(node), *argv], stdout=log, stderr=log, stdin=subprocess.DEVNULL, **kw)
        self.children.append(c)
        return c
    def wire(self, a, ia, b, ib):
        """A cable; both ends up."""
        tmp = f"t{self.id[2:]}"[-12:]
        subprocess.run(["ip", "link", "add", tmp + "a", "type", "veth", "peer", "name", tmp + "b"], check=True)
        for t, n, i in ((tmp + "a", a, ia), (tmp + "b", b, ib)):
            subprocess.run(["ip", "link", "set", t, "netns", self.ns(n), "name", i], check=True)
            self.sh(n, f"ip link set {i} up")
    def bridge(self, node, name, *ports):
        self.sh(node, f"ip link add {name} type bridge; ip link set {name} up; " + "".join(f"ip link set {p} master {name};" for p in ports))
    def ll(self, node, ifname):
        for _ in range(50):
            out = self.sh(node, f"ip -6 -o addr show dev {ifname} scope link")
            if "fe80" in out:
                return out.split()[3].split("/")[0]
            time.sleep(0.05)
        raise RuntimeError(f"{self.label}: {node} {ifname}: no link-local address")
    def wait(self, node, test, s=8):
        end = time.time() + s
        while time.time() < end:
            if subprocess.run(["ip", "netns", "exec", self.ns(node), "sh", "-c", test], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.label}: {node}: not so in {s} s: {test}")
    def file(self, name, text):
        p = os.path.join(self.dir, name)
        with open(p, "w") as f:
            f.write(text)
        return p

    # --- real servers ---
    def radvd(self, node, ifname, prefix=None, managed=False, other=True, rdnss=DNS6, dnssl=None, mtu=1500):
        conf = self.file(f"radvd-{node}.conf", f"interface {ifname} {{ AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvLinkMTU {mtu};"
            f" AdvManagedFlag {'on' if managed else 'off'}; AdvOtherConfigFlag {'on' if other else 'off'};"
            + (f" prefix {prefix} {{ AdvOnLink on; AdvAutonomous on; }};" if prefix else "")
            + (f" RDNSS {rdnss} {{ }};" if rdnss else "") + (f" DNSSL {dnssl} {{ }};" if dnssl else "") + " };\n")
        self.sh(node, "sysctl -qw net.ipv6.conf.all.forwarding=1")
        c = self.spawn(node, "radvd", "-n", "-m", "stderr", "-C", conf, "-p", os.path.join(self.dir, f"radvd-{node}.pid"))
        # the kernel's own routers must not answer before radvd does
        return c
    def kea(self, node, ifname, prefix=None, plen=56, options=(), pool=None):
        """prefix None: only information. options: Kea option-data objects."""
        pd = [{"prefix": prefix, "prefix-len": plen, "delegated-len": plen}] if prefix else []
        subnet = {"subnet": pool or "2001:db8:ffff::/48", "interface": ifname, "pd-pools": pd, "id": 1}
        conf = {"Dhcp6": {"interfaces-config": {"interfaces": [ifname]}, "lease-database": {"type": "memfile", "persist": False},
            "server-id": {"type": "LL", "persist": False}, "preferred-lifetime": 12600, "valid-lifetime": 14400,
            "option-data": list(options), "subnet6": [subnet],
            "loggers": [{"name": "kea-dhcp6", "severity": "WARN", "output_options": [{"output": "stderr"}]}]}}
        p = self.file(f"kea-{node}.json", json.dumps(conf))
        c = self.spawn(node, "kea-dhcp6", "-c", p, env=dict(os.environ, KEA_LOCKFILE_DIR="none", KEA_PIDFILE_DIR=self.dir))
        self.wait(node, "ss -Hlun 'sport = 547' | grep -q .", 20)
        return c
    def dnsmasq(self, node, *words, listen=()):
        """DNS and DHCPv4; words are lines of its configuration."""
        conf = self.file(f"dnsmasq-{node}-{len(self.children)}.conf", "\n".join(["no-ping", "no-resolv", "no-hosts", "user=root", "bind-interfaces",
            "dhcp-authoritative", f"dhcp-leasefile={self.dir}/leases-{node}"] + [f"listen-address={a}" for a in listen] + list(words)) + "\n")
        return self.spawn(node, "dnsmasq", "-k", "-C", conf, "-x", os.path.join(self.dir, f"dnsmasq-{node}-{len(self.children)}.pid"))
    def pppoe(self, node, ifname):
        c = self.spawn(node, "pppoe-server", "-I", ifname, "-C", "BAS-KADO", "-L", "10.9.9.1", "-R", "10.9.9.2", "-N", "1", "-F")
        return c
    def coturn(self, node, six=True):
        for a in STUN:
            self.sh(node, f"ip addr add {a}/32 dev lo")
        for a in STUN6 if six else []:
            self.sh(node, f"ip addr add {a}/128 dev lo")
        ips = STUN + (STUN6 if six else [])
        c = self.spawn(node, "turnserver", "-n", "-S", "--no-tls", "--no-dtls", "--no-cli", "-m", "1", "--log-file", "stdout",
            "--pidfile", os.path.join(self.dir, "turn.pid"), *[w for a in ips for w in ("--listening-ip", a)])
        self.wait(node, f"ss -Hlun 'sport = 3479' | grep -q '{ips[-1]}'", 10)
        return c
    def https(self, node, addr, cert, answer, status=200, port=443):
        """A provisioning server: Python's, TLS by OpenSSL; cert None: http."""
        prog = self.file("serve.py", SERVE)
        body = self.file("answer", answer)
        return self.spawn(node, sys.executable, prog, addr, str(port), cert or "-", body, str(status))

SERVE = '''
import http.server, socket, ssl, sys
addr, port, cert, body, status = sys.argv[1:]
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        b = open(body, "rb").read()
        self.send_response(int(status)); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
class S(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
s = S((addr, int(port)), H)
if cert != "-":
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain(cert); s.socket = c.wrap_socket(s.socket, server_side=True)
s.serve_forever()
'''

def authority(d, *names):
    """ca.pem and, for each name, NAME.pem (key and certificate); also a
    certificate of a stranger's authority, stranger.pem."""
    run = lambda *a: subprocess.run(["openssl", *a], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=d)
    for ca in ("ca", "other"):
        run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={ca}", "-keyout", f"{ca}.key", "-out", f"{ca}.pem")
    for n, ca in [(n, "ca") for n in names] + [("stranger", "other")]:
        host = n if n != "stranger" else names[0]
        with open(os.path.join(d, "ext"), "w") as f:
            f.write(f"subjectAltName=DNS:{host}\n")
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={host}", "-keyout", f"{n}.key", "-out", f"{n}.csr")
        run("x509", "-req", "-in", f"{n}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", "30", "-extfile", "ext", "-out", f"{n}.crt")
        with open(os.path.join(d, n + ".pem"), "w") as out:
            for part in (n + ".key", n + ".crt"):
                out.write(open(os.path.join(d, part)).read())
