// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reflector's sockets. Each listening address ("place") has its own set, so
 * that an answer always comes from the address that was asked.
 */
#include "probe/probe.h"
#include "probe/sock.h"
#include "wire/ikev2.h"
#include "wire/ip4.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

enum { TCP_MAX = 64, PROBE_MS = 3000, DUE_PER_TURN = 64 };
/* A place's sockets; the first is the control port. */
enum { S_CTL, S_IKE, S_NATT, S_ESP, S_MAX };

struct place {
	struct endpoint at;
	int fd[S_MAX];
};

/* A TCP connection or a UDP probe of which an outcome is awaited. */
struct pending {
	int fd;
	struct reflect_job *job;
	msec_t until;
};

struct reflector {
	struct reflect_mind mind;
	struct place place[REFLECT_PLACES_MAX];
	size_t place_n;
	struct pending pending[TCP_MAX];
	size_t pending_n;
};

static const uint8_t kind_of[S_MAX] = {[S_IKE] = REFLECT_IKE,
	[S_NATT] = REFLECT_NATT, [S_ESP] = REFLECT_ESP};

static int open_one(const struct endpoint *at, int which)
{
	struct endpoint e = *at;
	int fd, r;

	if (which == S_ESP) {
		e.port = 0;
		fd = socket(e.fam == FAM_6 ? AF_INET6 : AF_INET,
			SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ESP);
		fd = fd < 0 ? -errno : fd;
	} else {
		if (which == S_IKE)
			e.port = IKE_PORT;
		if (which == S_NATT)
			e.port = IKE_NATT_PORT;
		fd = sock_udp(e.fam);
	}
	if (fd < 0)
		return fd;
	r = sock_bind(fd, &e) ?: sock_fragment(fd, e.fam, 0);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int place_open(struct place *p, const struct endpoint *at)
{
	p->at = *at;
	for (int i = 0; i < S_MAX; i++)
		p->fd[i] = -1;
	for (int i = 0; i < S_MAX; i++) {
		p->fd[i] = open_one(at, i);
		if (p->fd[i] < 0)
			return p->fd[i];
	}
	return 0;
}

static void place_close(struct place *p)
{
	for (int i = 0; i < S_MAX; i++)
		if (p->fd[i] >= 0)
			close(p->fd[i]);
}

int reflector_new(const struct reflect_key *k, const struct endpoint *listen,
	size_t n, struct reflector **ret, size_t *bad)
{
	struct reflector *r = xcalloc(1, sizeof(*r));
	int fams[2] = {0}, e;

	r->mind.key = *k;
	r->mind.hash = hash_key_random();
	r->mind.has_esp = true;
	if (getrandom(r->mind.secret, sizeof(r->mind.secret), 0) !=
		sizeof(r->mind.secret))
		abort();
	for (size_t i = 0; i < MIN2(n, (size_t)REFLECT_PLACES_MAX); i++) {
		r->place_n++;
		fams[listen[i].fam == FAM_6]++;
		e = place_open(&r->place[i], &listen[i]);
		if (e < 0) {
			*bad = i;
			reflector_free(r);
			return e;
		}
	}
	r->mind.has_alt4 = fams[0] > 1;
	r->mind.has_alt6 = fams[1] > 1;
	*ret = r;
	return 0;
}

void reflector_free(struct reflector *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->place_n; i++)
		place_close(&r->place[i]);
	for (size_t i = 0; i < r->pending_n; i++)
		close(r->pending[i].fd);
	free(r);
}

const struct reflect_stats *reflector_stats(const struct reflector *r)
{
	return &r->mind.stats;
}

/* --- receiving ----------------------------------------------------------------- */

/* A raw IPv4 socket gives the IP header too. */
static void saw(struct reflector *r, int which, const struct endpoint *from,
	const uint8_t *b, size_t n)
{
	struct rd c = rd_of(b, n);
	struct ip4_head h;

	if (which == S_ESP && from->fam == FAM_4) {
		if (ip4_parse(&c, &h) < 0)
			return;
		b = c.p;
		n = rd_left(&c);
	}
	(void)reflect_mind_saw(&r->mind, clock_ms(), kind_of[which], from, b, n);
}

static void receive(struct reflector *r, struct place *p, int which)
{
	static uint8_t buf[65536], out[REFLECT_MSG_MAX];
	struct sockaddr_storage s;
	socklen_t sn = sizeof(s);
	struct endpoint from;
	ssize_t n = recvfrom(p->fd[which], buf, sizeof(buf), MSG_DONTWAIT,
		(struct sockaddr *)&s, &sn);
	size_t len;

	if (n < 0)
		return; /* an ICMP error of an earlier send, or nothing */
	sock_endpoint(&s, &from);
	if (which != S_CTL) {
		saw(r, which, &from, buf, (size_t)n);
		return;
	}
	len = reflect_mind_input(&r->mind, clock_ms(), &from, buf, (size_t)n, out,
		sizeof(out));
	if (len)
		sendto(p->fd[which], out, len, 0, (struct sockaddr *)&s, sn);
}

/* --- sending ---------------------------------------------------------------------- */

static struct place *place_for(struct reflector *r, enum family fam, bool alt)
{
	struct place *first = NULL;

	for (size_t i = 0; i < r->place_n; i++) {
		if (r->place[i].at.fam != fam)
			continue;
		if (!alt || first)
			return &r->place[i];
		first = &r->place[i];
	}
	return first;
}

static void pend(struct reflector *r, int fd, struct reflect_job *j)
{
	if (r->pending_n == TCP_MAX) {
		close(fd);
		j->state = REFLECT_FAILED;
		return;
	}
	r->pending[r->pending_n++] = (struct pending){fd, j,
		clock_ms() + PROBE_MS};
}

/* A socket of its own: a source port that the home never spoke to. */
static void send_fresh(struct reflector *r, struct place *p,
	const struct endpoint *to, struct reflect_job *j, const uint8_t *b,
	size_t n)
{
	bool tcp = j->item.kind == REFLECT_TCP;
	int fd = socket(to->fam == FAM_6 ? AF_INET6 : AF_INET,
		(tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct linger away = {.l_onoff = 1};
	struct endpoint self = p->at;
	int e = fd < 0 ? -errno : 0;

	self.port = 0;
	e = e ?: sock_bind(fd, &self);
	if (e == 0 && tcp)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &away, sizeof(away));
	e = e ?: sock_connect(fd, to);
	if (e == 0 && !tcp)
		e = send(fd, b, n, 0) < 0 ? -errno : 0;
	if (e < 0 && e != -EINPROGRESS) {
		if (fd >= 0)
			close(fd);
		j->state = REFLECT_FAILED;
		return;
	}
	j->state = REFLECT_WAITING;
	pend(r, fd, j);
}

static void send_bound(int fd, const struct endpoint *to, struct reflect_job *j,
	const uint8_t *b, size_t n)
{
	struct endpoint e = *to;
	struct sockaddr_storage s;
	socklen_t sn;

	if (j->item.kind == REFLECT_ESP)
		e.port = 0;
	else if (!e.port) { /* nothing came from there yet */
		j->state = REFLECT_FAILED;
		return;
	}
	sn = sock_addr(&e, &s);
	/* an ICMP error of the packet before is reported here: once more */
	if (sendto(fd, b, n, 0, (struct sockaddr *)&s, sn) < 0 &&
		sendto(fd, b, n, 0, (struct sockaddr *)&s, sn) < 0)
		j->state = REFLECT_FAILED;
	else
		j->state = REFLECT_SENT;
}

static void send_job(struct reflector *r, const struct endpoint *to,
	const struct reflect_token *t, struct reflect_job *j)
{
	static uint8_t buf[REFLECT_SIZE_MAX + 64];
	struct place *p = place_for(r, to->fam, j->item.alt);
	int n = reflect_payload(t, j->item.spi, j->item.size, buf, sizeof(buf));

	if (!p || n < 0) {
		j->state = REFLECT_FAILED;
		return;
	}
	switch ((enum reflect_kind)j->item.kind) {
	case REFLECT_UDP:
	case REFLECT_TCP:
		send_fresh(r, p, to, j, buf, (size_t)n);
		break;
	case REFLECT_IKE:
		send_bound(p->fd[S_IKE], to, j, buf, (size_t)n);
		break;
	case REFLECT_NATT:
		send_bound(p->fd[S_NATT], to, j, buf, (size_t)n);
		break;
	case REFLECT_ESP:
		send_bound(p->fd[S_ESP], to, j, buf, (size_t)n);
		break;
	}
}

/* What became of it: true when it is over. */
static bool pending_over(struct pending *p, msec_t now)
{
	struct pollfd pf = {p->fd, POLLIN | POLLOUT, 0};
	bool tcp = p->job->item.kind == REFLECT_TCP;
	int err = 0;
	socklen_t n = sizeof(err);

	if (!tcp)
		pf.events = POLLIN;
	poll(&pf, 1, 0);
	getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &err, &n);
	if (err == ECONNREFUSED)
		p->job->state = REFLECT_CLOSED;
	else if (err)
		p->job->state = REFLECT_NOTHING;
	else if (pf.revents & (tcp ? POLLOUT : POLLIN))
		p->job->state = REFLECT_OPEN;
	else if (now >= p->until)
		p->job->state = tcp ? REFLECT_NOTHING : REFLECT_SENT;
	else
		return false;
	return true;
}

static void pending_turn(struct reflector *r)
{
	msec_t now = clock_ms();

	for (size_t i = 0; i < r->pending_n;) {
		if (!pending_over(&r->pending[i], now)) {
			i++;
			continue;
		}
		close(r->pending[i].fd);
		r->pending[i] = r->pending[--r->pending_n];
	}
}

int reflector_turn(struct reflector *r, int ms)
{
	struct pollfd pf[REFLECT_PLACES_MAX * S_MAX];
	struct reflect_token token;
	struct reflect_job *j;
	struct endpoint to;
	size_t n = 0;

	for (size_t i = 0; i < r->place_n; i++)
		for (int k = 0; k < S_MAX; k++)
			pf[n++] = (struct pollfd){r->place[i].fd[k], POLLIN, 0};
	if (r->pending_n)
		ms = MIN2(ms, 50);
	ms = (int)reflect_mind_wait(&r->mind, clock_ms(), ms);
	if (poll(pf, n, ms) < 0 && errno != EINTR)
		return -errno;
	for (size_t i = 0; i < n; i++)
		if (pf[i].revents)
			receive(r, &r->place[i / S_MAX], (int)(i % S_MAX));
	for (int i = 0; i < DUE_PER_TURN; i++) {
		j = reflect_mind_due(&r->mind, clock_ms(), &to, &token);
		if (!j)
			break;
		send_job(r, &to, &token, j);
	}
	pending_turn(r);
	return 0;
}
