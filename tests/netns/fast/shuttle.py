#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""shuttle.py NETNS NETNS TUN: carries packets between the TUN devices of that
name in two network namespaces, until killed."""
import ctypes, fcntl, os, select, struct, sys

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 1, 0x1000, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def tun(netns, name):
    ns = os.open("/run/netns/" + netns, os.O_RDONLY)
    if libc.setns(ns, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


a, b = (tun(ns, sys.argv[3]) for ns in sys.argv[1:3])
to = {a: b, b: a}
while True:
    for fd in select.select([a, b], [], [])[0]:
        try:
            os.write(to[fd], os.read(fd, 65536))
        except OSError:
            pass  # the other end is down: lost, as on a line
