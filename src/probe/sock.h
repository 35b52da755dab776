/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of this room: endpoints in and out. Negative errno. */
#ifndef KADOMORI_PROBE_SOCK_H
#define KADOMORI_PROBE_SOCK_H

#include "probe/probe.h"

#include <sys/socket.h>

socklen_t sock_addr(const struct endpoint *e, struct sockaddr_storage *ret);
void sock_endpoint(const struct sockaddr_storage *s, struct endpoint *ret);
int sock_udp(enum family fam);
/* address zero: any. IPv6 sockets are for IPv6 only. */
int sock_bind(int fd, const struct endpoint *e);
int sock_connect(int fd, const struct endpoint *e);
/* The local end of a connected socket. */
int sock_self(int fd, struct endpoint *ret);
/*
 * Let the kernel fragment what is larger than the link (no DF on IPv4); mtu:
 * fragment to this on IPv6, 0: the path's.
 */
int sock_fragment(int fd, enum family fam, size_t mtu);

#endif
