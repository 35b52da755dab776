#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""IKE and ESP between the gateway itself and a peer of its own.
own.py serve ADDR  answers two IKE messages and an ESP packet
own.py ask ADDR    sends them; prints the answers' lengths and the ESP's SPI
"""
import socket, sys

role, addr = sys.argv[1:]
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
e = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ESP)


def serve():
    u.bind((addr, 500))
    e.bind((addr, 0))
    print("listens", flush=True)
    for _ in range(2):
        b, who = u.recvfrom(2000)
        u.sendto(b[:8] + b"R" * 8 + b[16:], who)
    e.recv(2000)
    e.sendto(bytes.fromhex("0badcafe00000001") + bytes(40), (who[0], 0))


def ike(responder):
    u.sendto(b"I" * 8 + responder + bytes.fromhex("2120220800000000%08x" % 228) + bytes(200), (addr, 500))
    try:
        return len(u.recv(2000))
    except TimeoutError:
        return 0


def ask():
    u.bind(("", 500))
    u.settimeout(2)
    e.settimeout(2)
    print(ike(bytes(8)), ike(b"R" * 8), end=" ")
    e.sendto(bytes.fromhex("1bad50e500000001") + bytes(40), (addr, 0))
    try:
        print(e.recv(2000)[20:24].hex())
    except TimeoutError:
        print("none")


{"serve": serve, "ask": ask}[role]()
