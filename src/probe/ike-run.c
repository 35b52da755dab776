// SPDX-License-Identifier: GPL-2.0-or-later
/* The IKE probe's socket: connected, so that only the peer's answers come. */
#include "probe/probe.h"
#include "probe/sock.h"
#include "wire/ikev2.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_MS = 500 };

static int open_bound(const struct ike_run *r)
{
	struct endpoint self = r->want.self;
	int fd = sock_udp(r->want.peer.fam), e;

	if (fd < 0)
		return fd;
	self.fam = r->want.peer.fam;
	self.port = (uint16_t)(r->sport < 0 ? r->want.peer.port : r->sport);
	e = sock_bind(fd, &self);
	if (e < 0 && r->sport < 0) { /* not root, or IKE runs here */
		self.port = 0;
		e = sock_bind(fd, &self);
	}
	e = e ?: sock_fragment(fd, self.fam, r->mtu);
	e = e ?: sock_connect(fd, &r->want.peer);
	if (e < 0) {
		close(fd);
		return e;
	}
	return fd;
}

static void unreachable(struct ike_probe *p, int e)
{
	p->a.end = IKE_UNREACHABLE;
	p->a.error = (uint16_t)e;
}

static void send_now(int fd, struct ike_probe *p)
{
	uint8_t buf[IKE_SEND_MAX];
	int n = ike_probe_request(p, buf, sizeof(buf));

	if (n > 0 && send(fd, buf, (size_t)n, 0) < 0 && !p->a.received)
		unreachable(p, errno);
}

/* Returns ms until the next look, at most left. */
static void listen_once(int fd, struct ike_probe *p, int ms, msec_t *sent_at)
{
	struct pollfd pf = {fd, POLLIN, 0};
	static uint8_t buf[IKE_RECV_MAX];
	ssize_t n;

	if (poll(&pf, 1, ms) <= 0)
		return;
	n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			unreachable(p, errno); /* ICMP: not proof, go on */
		return;
	}
	if (p->a.end == IKE_UNREACHABLE)
		p->a.end = IKE_SILENT;
	p->a.rtt_ms = (int)(clock_ms() - *sent_at);
	if (ike_probe_answer(p, buf, (size_t)n)) {
		*sent_at = clock_ms();
		send_now(fd, p);
	}
}

static void talk(int fd, struct ike_probe *p, unsigned wait_ms)
{
	msec_t now = clock_ms(), end = now + wait_ms, again = now, sent_at = now;
	msec_t step = FIRST_MS;

	while (!p->over && (now = clock_ms()) < end) {
		if (now >= again) {
			sent_at = now;
			send_now(fd, p);
			again = now + step;
			step *= 2;
		}
		listen_once(fd, p, (int)(MIN2(again, end) - now), &sent_at);
	}
}

int ike_probe_run(const struct ike_run *r, struct ike_answer *ret,
	struct endpoint *self)
{
	struct ike_want w = r->want;
	struct ike_probe p;
	uint8_t random[40];
	int fd = open_bound(r), e;

	if (fd < 0)
		return fd;
	e = sock_self(fd, self);
	w.self = *self;
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		e = -EIO;
	e = e ?: ike_probe_init(&p, &w, random);
	if (e == 0) {
		talk(fd, &p, r->wait_ms);
		*ret = p.a;
	}
	close(fd);
	return e;
}
