#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A fleet: two thousand configurations as NDJSON and as a tar give a report each,
the same as one by one; memory does not grow with their number; a terminal sees
how far it is; damage is said and costs its own report only.   stream.py KADOMORI"""
import io, json, os, pty, subprocess, sys, tarfile, threading, time

K = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
DEV = ["--mac", "00:11:22:33:44:55"]
read = lambda n: open(os.path.join(HERE, n), encoding="utf-8").read()
KINDS = [read("y-blog.conf"), read("w-ntt.txt"), read("ros-home.rsc"), read("ix-home.conf")]
N = 2000
bad = 0

def expect(yes, words):
    global bad
    print("ok " if yes else "BAD", words)
    bad += not yes

def line(i):
    return json.dumps({"id": i, "config": KINDS[i % len(KINDS)].replace("101001", str(200000 + i))}) + "\n"

def stream(data):
    """reports, exit status"""
    p = subprocess.run([K, "audit", "--stream", *DEV], input=data, capture_output=True)
    return [json.loads(l) for l in p.stdout.decode().splitlines()], p.returncode

def peak(pid):
    return max(int(l.split()[1]) for l in open(f"/proc/{pid}/status") if l.startswith("VmHWM"))

def watched(n):
    """n lines one by one; the peak of the fattest process in KiB when all are answered"""
    p = subprocess.Popen([K, "audit", "--stream", *DEV], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out = []
    t = threading.Thread(target=lambda: out.extend(p.stdout))
    t.start()
    for i in range(n):
        p.stdin.write(line(i).encode())
    p.stdin.flush()
    while len(out) < n:
        time.sleep(0.05)
    workers = open(f"/proc/{p.pid}/task/{p.pid}/children").read().split()
    most = max(peak(i) for i in [p.pid, *workers])
    p.stdin.close()
    t.join()
    return [json.loads(l) for l in out], p.wait(), most

few, code, peak_few = watched(N // 10)
many, code, peak_many = watched(N)
expect(code == 0 and sorted(r["id"] for r in many) == list(range(N)), f"{N} lines, {len(many)} reports, each id once")
expect(peak_many < peak_few * 1.1 + 1024, f"memory is flat: {peak_few} KiB for {N // 10}, {peak_many} KiB for {N}")

for i in range(len(KINDS)):
    path = f"/tmp/kd-one-{os.getpid()}"
    open(path, "w").write(json.loads(line(i))["config"])
    one = json.loads(subprocess.run([K, "--json", "audit", path, *DEV], capture_output=True).stdout)
    os.unlink(path)
    got = next(r for r in many if r["id"] == i)
    strip = lambda r: [(f["id"], f.get("line"), f.get("packet")) for f in r["findings"]]
    expect(strip(one) == strip(got), f"{one['kind']}: the same as one by one ({len(one['findings'])} findings)")

buf = io.BytesIO()
with tarfile.open(fileobj=buf, mode="w", format=tarfile.PAX_FORMAT) as t:
    for i in range(200):
        b = KINDS[i % len(KINDS)].encode()
        if i == 7:  # a comment in Shift_JIS
            b = "# 設定\n".encode("shift_jis") + KINDS[0].encode()
        name = f"site-{i:03}/" + ("x" * 120 if i == 3 else "router") + ".conf"
        info = tarfile.TarInfo(name)
        info.size = len(b)
        t.addfile(info, io.BytesIO(b))
    t.addfile(tarfile.TarInfo("empty"))
whole = buf.getvalue()
out, code = stream(whole)
ids = {r["id"] for r in out}
expect(code == 0 and len(out) == 201 and "site-003/" + "x" * 120 + ".conf" in ids, "a tar: a report a file, long names too")
seven = next(r for r in out if r["id"] == "site-007/router.conf")
expect(seven.get("kind") == "yamaha", "a file in Shift_JIS is read")
expect(next(r for r in out if r["id"] == "empty")["worst"] == "error", "an empty file is said to be empty")
out, code = stream(whole[:100000])
expect(code != 0 and 0 < len(out) < 201, f"a tar cut short: {len(out)} reports, and it is said")
out, code = stream((line(0) + "{ broken\n" + "\n" + '{"id": 5}\n' + line(1)).encode())
expect(len(out) == 4 and sum(r["worst"] == "error" for r in out) == 2, "a damaged line costs its own report only")
out, code = stream(b"")
expect(code == 0 and out == [], "nothing in, nothing out")

master, slave = pty.openpty()
p = subprocess.Popen([K, "--lang", "en", "audit", "--stream", *DEV], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=slave)
p.communicate("".join(line(i) for i in range(20)).encode())
os.close(slave)
shown = os.read(master, 4096).decode()
expect("\r20 configurations" in shown, f"a terminal sees {shown!r}")
sys.exit(1 if bad else 0)
