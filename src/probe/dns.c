// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does a name server answer at all (RFC 1035 4.1)? Nothing of the answer but
 * its number and its code is read.
 */
#include "probe/probe.h"
#include "probe/sock.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

enum { DNS_QUERY_MAX = 300, LABEL_MAX = 63, RCODE = 0x0f, QR = 0x80,
	TRY_MS = 1000 };

static int put_name(struct wr *w, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		if (!n || n > LABEL_MAX)
			return -EINVAL;
		wr_u8(w, (uint8_t)n);
		wr_copy(w, name, n);
		name += n + (name[n] == '.');
	}
	wr_u8(w, 0);
	return 0;
}

int dns_query(uint16_t id, const char *name, uint8_t *buf, size_t cap)
{
	struct wr w = wr_of(buf, cap);

	wr_be16(&w, id);
	wr_be16(&w, 0x0100); /* recursion desired */
	wr_be16(&w, 1);
	wr_be16(&w, 0);
	wr_be32(&w, 0);
	if (put_name(&w, name) < 0)
		return -EINVAL;
	wr_be16(&w, 1); /* A, IN */
	wr_be16(&w, 1);
	return wr_ok(&w) ? (int)wr_len(&w) : -EMSGSIZE;
}

int dns_answer(uint16_t id, const uint8_t *b, size_t n)
{
	struct rd r = rd_of(b, n);
	uint16_t got = rd_be16(&r);
	uint8_t f = rd_u8(&r), g = rd_u8(&r);

	rd_skip(&r, 8);
	if (!rd_ok(&r) || got != id || !(f & QR))
		return -EBADMSG;
	return g & RCODE;
}

int dns_ask(const struct endpoint *server, const char *name, unsigned wait_ms)
{
	uint8_t q[DNS_QUERY_MAX], a[2048];
	msec_t end = clock_ms() + wait_ms, next = 0;
	int fd = sock_udp(server->fam), n, r = -ETIMEDOUT;
	uint16_t id;

	if (fd < 0)
		return fd;
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		id = 1;
	n = dns_query(id, name, q, sizeof(q));
	if (n < 0 || sock_connect(fd, server) < 0) {
		close(fd);
		return n < 0 ? n : -ENETUNREACH;
	}
	while (r < 0 && clock_ms() < end) {
		struct pollfd pf = {fd, POLLIN, 0};
		ssize_t got;

		if (clock_ms() >= next) {
			(void)!send(fd, q, (size_t)n, 0);
			next = clock_ms() + TRY_MS;
		}
		if (poll(&pf, 1, (int)(MIN2(next, end) - clock_ms())) <= 0)
			continue;
		got = recv(fd, a, sizeof(a), MSG_DONTWAIT);
		if (got >= 0)
			r = dns_answer(id, a, (size_t)got);
	}
	close(fd);
	return r < 0 ? -ETIMEDOUT : r;
}
