// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who are the first routers on the way out? Datagrams with a TTL of 1 to 4;
 * the kernel keeps the ICMP errors for the socket (IP_RECVERR), which needs no
 * right. Two private ones in a row are double NAT; 100.64.0.0/10 is a
 * carrier's.
 */
#include "line/outside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 1200, AGAIN_MS = 500, FAR_PORT = 33434 };

static int open_hop(const struct stun_addr *to, const char *ifname, int ttl)
{
	struct sockaddr_in s = {.sin_family = AF_INET,
		.sin_port = htons(to->port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0)
		return -1;
	memcpy(&s.sin_addr, to->addr.b + 12, 4);
	if (*ifname)
		(void)!setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname,
			(socklen_t)strlen(ifname) + 1);
	(void)!setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	if (setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one)) ||
		connect(fd, (struct sockaddr *)&s, sizeof(s))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Who sent the ICMP error that waits on the socket. */
static bool offender(int fd, struct addr *ret)
{
	char b[64], control[512];
	struct iovec io = {b, sizeof(b)};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control)};

	if (recvmsg(fd, &m, MSG_ERRQUEUE) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		const struct sock_extended_err *e = (void *)CMSG_DATA(c);
		const struct sockaddr_in *s;

		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR ||
			c->cmsg_len < CMSG_LEN(sizeof(*e) + sizeof(*s)) ||
			e->ee_origin != SO_EE_ORIGIN_ICMP)
			continue;
		s = (const void *)SO_EE_OFFENDER(e);
		if (s->sin_family != AF_INET)
			continue;
		memset(ret, 0, sizeof(*ret));
		memcpy(ret->b + 12, &s->sin_addr, 4);
		return true;
	}
	return false;
}

static size_t heard(const struct line_hops *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += !addr_is_zero(&h->hop[i]);
	return n;
}

static void wait_all(int fd[LINE_HOPS_MAX], msec_t until, struct line_hops *h)
{
	struct pollfd p[LINE_HOPS_MAX];
	msec_t began = clock_ms(), end = MIN2(began + WAIT_MS, until);
	bool again = false;

	for (size_t i = 0; i < h->n; i++)
		p[i] = (struct pollfd){fd[i], 0, 0};
	while (clock_ms() < end && heard(h) < h->n) {
		poll(p, h->n, 50);
		for (size_t i = 0; i < h->n; i++) {
			struct addr a;

			if (fd[i] >= 0 && offender(fd[i], &a) &&
				addr_is_zero(&h->hop[i]))
				h->hop[i] = a;
			else if (!again && clock_ms() - began > AGAIN_MS &&
				addr_is_zero(&h->hop[i]))
				(void)!send(fd[i], "", 1, MSG_NOSIGNAL);
		}
		again |= clock_ms() - began > AGAIN_MS;
	}
}

void hops_look(const struct hops_ask *a, struct line_hops *ret)
{
	/* TEST-NET-2: nobody's, and never reached with so small a TTL */
	struct stun_addr to = {FAM_4, addr_from4(0xc6336401), FAR_PORT};
	int fd[LINE_HOPS_MAX];
	size_t open = 0;

	memset(ret, 0, sizeof(*ret));
	if (a->server)
		(void)stun_server(a->server, FAM_4, &to);
	for (size_t i = 0; i < LINE_HOPS_MAX; i++) {
		fd[i] = open_hop(&to, a->ifname, (int)i + 1);
		open += fd[i] >= 0;
		if (fd[i] >= 0)
			(void)!send(fd[i], "", 1, MSG_NOSIGNAL);
	}
	ret->asked = open > 0;
	ret->n = LINE_HOPS_MAX;
	if (open)
		wait_all(fd, a->until, ret);
	while (ret->n && addr_is_zero(&ret->hop[ret->n - 1]))
		ret->n--;
	for (size_t i = 0; i < LINE_HOPS_MAX; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}
