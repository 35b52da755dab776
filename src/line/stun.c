// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NAT behaviour by a STUN server with two addresses (RFC 5780 4.3, 4.4), and
 * the largest datagram that is answered.
 * Mapping and filtering are looked at from two ports: a packet to the other
 * address would open the filter that is being tested.
 */
#include "line/outside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRY_MS = 300, WAIT_MS = 1000, DATAGRAM_MAX = 1600 };
/* What to try, downwards: Ethernet, PPPoE, tunnels, IPv6's least. */
static const size_t sizes[] = {1500, 1492, 1460, 1454, 1400, 1280};

struct side {
	enum family fam;
	int fd;
	msec_t until;
	struct line_stun *s;
	struct stun_addr server;
};


static socklen_t sockaddr_of(const struct stun_addr *a,
	struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *s6 = (void *)ret;
	struct sockaddr_in *s4 = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (a->fam == FAM_6) {
		s6->sin6_family = AF_INET6;
		s6->sin6_port = htons(a->port);
		memcpy(&s6->sin6_addr, a->addr.b, 16);
		return sizeof(*s6);
	}
	s4->sin_family = AF_INET;
	s4->sin_port = htons(a->port);
	memcpy(&s4->sin_addr, a->addr.b + 12, 4);
	return sizeof(*s4);
}

static void addr_of(const struct sockaddr_storage *s, struct stun_addr *ret)
{
	const struct sockaddr_in6 *s6 = (const void *)s;
	const struct sockaddr_in *s4 = (const void *)s;

	memset(ret, 0, sizeof(*ret));
	if (s->ss_family == AF_INET6) {
		ret->fam = FAM_6;
		ret->port = ntohs(s6->sin6_port);
		memcpy(ret->addr.b, &s6->sin6_addr, 16);
	} else {
		ret->fam = FAM_4;
		ret->port = ntohs(s4->sin_port);
		memcpy(ret->addr.b + 12, &s4->sin_addr, 4);
	}
}

static int open_side(enum family fam, const char *ifname)
{
	int fd = socket(fam == FAM_6 ? AF_INET6 : AF_INET,
		SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int dont = IPV6_PMTUDISC_PROBE, one = 1;

	/* PROBE: no fragments, and the size is ours to choose; RECVERR: a
	 * router's word about the size reaches a socket that is not connected */

	if (fd < 0)
		return -errno;
	if (*ifname)
		(void)!setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname,
			(socklen_t)strlen(ifname) + 1);
	if (fam == FAM_6) {
		(void)!setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one,
			sizeof(one));
		(void)!setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &dont,
			sizeof(dont));
		(void)!setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &one,
			sizeof(one));
	} else {
		(void)!setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont,
			sizeof(dont));
		(void)!setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one,
			sizeof(one));
	}
	return fd;
}

/* The source the kernel takes towards the server; false: no way there. */
static bool source(const struct side *d, const char *ifname,
	struct stun_addr *ret)
{
	struct sockaddr_storage s;
	socklen_t n = sockaddr_of(&d->server, &s);
	int fd = open_side(d->fam, ifname);
	bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&s, n) == 0;

	n = sizeof(s);
	ok = ok && getsockname(fd, (struct sockaddr *)&s, &n) == 0;
	if (fd >= 0)
		close(fd);
	if (ok)
		addr_of(&s, ret);
	return ok;
}

static uint16_t local_port(int fd)
{
	struct sockaddr_storage s;
	struct stun_addr a;
	socklen_t n = sizeof(s);

	if (getsockname(fd, (struct sockaddr *)&s, &n))
		return 0;
	addr_of(&s, &a);
	return a.port;
}

/* The smallest size that a router named when it could not pass a packet on; 0:
 * none did. Takes what waits. */
static size_t told_mtu(int fd)
{
	char b[64], control[512];
	size_t least = 0;

	for (;;) {
		struct iovec io = {b, sizeof(b)};
		struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control)};

		if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return least;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c;
			c = CMSG_NXTHDR(&m, c)) {
			const struct sock_extended_err *e = (void *)CMSG_DATA(c);

			if ((c->cmsg_type == IP_RECVERR ||
				    c->cmsg_type == IPV6_RECVERR) &&
				c->cmsg_len >= CMSG_LEN(sizeof(*e)) &&
				e->ee_errno == EMSGSIZE && e->ee_info &&
				(!least || e->ee_info < least))
				least = e->ee_info;
		}
	}
}

/* One question, repeated until answered or the time is over. The answer may
 * come from another address: that is what a change asks for. */
static bool ask(const struct side *d, const struct stun_addr *to,
	unsigned change, struct stun_answer *ret)
{
	uint8_t id[STUN_ID_LEN], q[DATAGRAM_MAX], b[DATAGRAM_MAX];
	msec_t end = MIN2(clock_ms() + WAIT_MS, d->until), next = 0;
	struct wr w = wr_of(q, sizeof(q));
	struct sockaddr_storage s;
	socklen_t n = sockaddr_of(to, &s);

	if (getrandom(id, sizeof(id), 0) != sizeof(id) ||
		stun_request(&w, id, change, 0))
		return false;
	while (clock_ms() < end) {
		struct pollfd p = {d->fd, POLLIN, 0};
		ssize_t got;

		if (clock_ms() >= next) {
			(void)!sendto(d->fd, q, wr_len(&w), 0,
				(struct sockaddr *)&s, n);
			next = clock_ms() + TRY_MS;
		}
		poll(&p, 1, (int)MAX2(MIN2(next, end) - clock_ms(), (msec_t)1));
		while ((got = recv(d->fd, b, sizeof(b), MSG_DONTWAIT)) > 0)
			if (stun_parse(b, (size_t)got, id, ret) == 0)
				return true;
		(void)told_mtu(d->fd);
	}
	return false;
}

static bool same(const struct stun_addr *a, const struct stun_addr *b)
{
	return a->fam == b->fam && a->port == b->port &&
	       !addr_cmp(&a->addr, &b->addr);
}

/* RFC 5780 4.3 */
static void look_mapping(const struct side *d, const struct stun_answer *first)
{
	struct stun_addr to = {d->fam, first->other.addr, d->server.port};
	struct stun_answer two, three;

	if (!d->s->nat) {
		d->s->mapping = STUN_ENDPOINT;
		return;
	}
	if (first->other.fam != d->fam || !ask(d, &to, 0, &two) ||
		two.error)
		return;
	if (same(&two.mapped, &first->mapped)) {
		d->s->mapping = STUN_ENDPOINT;
		return;
	}
	if (ask(d, &first->other, 0, &three) && !three.error)
		d->s->mapping = same(&three.mapped, &two.mapped)
			? STUN_ADDRESS : STUN_PORTWISE;
}

/* RFC 5780 4.4, from a port of its own. */
static void look_filtering(const struct side *d, const char *ifname)
{
	struct side f = *d;
	struct stun_answer a;

	f.fd = open_side(d->fam, ifname);
	if (f.fd < 0)
		return;
	if (ask(&f, &d->server, 0, &a) && a.other.fam == d->fam) {
		if (ask(&f, &d->server, STUN_CHANGE_IP | STUN_CHANGE_PORT, &a))
			d->s->filtering = a.error ? STUN_UNTOLD : STUN_ENDPOINT;
		else if (ask(&f, &d->server, STUN_CHANGE_PORT, &a))
			d->s->filtering = a.error ? STUN_UNTOLD : STUN_ADDRESS;
		else
			d->s->filtering = STUN_PORTWISE;
	}
	close(f.fd);
}

struct size {
	uint8_t id[STUN_ID_LEN];
	bool answered, refused;	/* refused: our own link cannot */
};

static void send_sizes(const struct side *d, struct size v[ARRAY_LEN(sizes)])
{
	size_t head = d->fam == FAM_6 ? 48 : 28;
	struct sockaddr_storage s;
	socklen_t n = sockaddr_of(&d->server, &s);
	uint8_t q[DATAGRAM_MAX];

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct wr w = wr_of(q, sizeof(q));

		if (v[i].answered || v[i].refused ||
			stun_request(&w, v[i].id, 0, sizes[i] - head))
			continue;
		/* the first error may be a router's word on another size */
		v[i].refused = sendto(d->fd, q, wr_len(&w), 0,
				       (struct sockaddr *)&s, n) < 0 &&
			sendto(d->fd, q, wr_len(&w), 0,
				(struct sockaddr *)&s, n) < 0 &&
			errno == EMSGSIZE;
	}
}

static void hear_sizes(const struct side *d, struct size v[ARRAY_LEN(sizes)])
{
	uint8_t b[DATAGRAM_MAX];
	struct stun_answer a;
	ssize_t got;

	while ((got = recv(d->fd, b, sizeof(b), MSG_DONTWAIT)) > 0)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
			if (!stun_parse(b, (size_t)got, v[i].id, &a))
				v[i].answered = true;
}

/*
 * All sizes at once: the largest that is answered goes out. One between it and
 * what a router named (or the link's own) that vanished without a word means a
 * hole.
 */
static void look_mtu(const struct side *d)
{
	struct size v[ARRAY_LEN(sizes)] = {0};
	msec_t end = MIN2(clock_ms() + WAIT_MS, d->until), next = 0;
	size_t told = 0, t;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		if (getrandom(v[i].id, STUN_ID_LEN, 0) != STUN_ID_LEN)
			return;
	while (clock_ms() < end && !v[0].answered) {
		struct pollfd p = {d->fd, POLLIN, 0};

		if (clock_ms() >= next) {
			send_sizes(d, v);
			next = clock_ms() + TRY_MS;
		}
		poll(&p, 1, (int)MAX2(MIN2(next, end) - clock_ms(), (msec_t)1));
		hear_sizes(d, v);
		t = told_mtu(d->fd);
		told = t && (!told || t < told) ? t : told;
	}
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		if (v[i].answered) {
			d->s->mtu = sizes[i];
			return;
		}
		d->s->black_hole |= !v[i].refused && !(told && sizes[i] > told);
	}
	d->s->black_hole = false; /* nothing at all came back: no measure */
}

/* An address of the outside is neither private nor reserved, unless there is
 * no NAT and it is our own. */
static bool can_be_outside(const struct stun_addr *a, const struct stun_addr *self)
{
	if (!addr_cmp(&a->addr, &self->addr))
		return true;
	return a->fam == FAM_6 ? line_is_global6(&a->addr)
			       : line_is_global4(&a->addr);
}

static void look_side(struct side *d, const char *ifname)
{
	struct line_stun *s = d->s;
	struct stun_answer a;

	if (!source(d, ifname, &s->self))
		return;
	s->asked = true;
	d->fd = open_side(d->fam, ifname);
	if (d->fd < 0)
		return;
	if (ask(d, &d->server, 0, &a) && a.mapped.fam == d->fam) {
		s->answered = true;
		s->seen = a.mapped;
		s->self.port = local_port(d->fd);
		s->port_kept = s->self.port == s->seen.port;
		s->nat = addr_cmp(&s->seen.addr, &s->self.addr) || !s->port_kept;
		s->lies = !can_be_outside(&s->seen, &s->self);
		if (!s->lies) {
			look_mapping(d, &a);
			look_filtering(d, ifname);
			look_mtu(d);
		}
	}
	close(d->fd);
}

/* ---- the server's name ---- */

static bool split(const char *s, char *host, size_t n, char port[8])
{
	const char *colon = strrchr(s, ':');
	const char *close_at = strrchr(s, ']');
	size_t k;

	snprintf(port, 8, "%d", STUN_PORT);
	if (*s == '[' && close_at) {
		k = (size_t)(close_at - s - 1);
		s++;
		colon = close_at[1] == ':' ? close_at + 1 : NULL;
	} else if (colon && strchr(s, ':') == colon)
		k = (size_t)(colon - s);
	else {
		k = strlen(s);
		colon = NULL;
	}
	if (!k || k >= n || (colon && strlen(colon + 1) > 5))
		return false;
	memcpy(host, s, k);
	host[k] = '\0';
	if (colon)
		snprintf(port, 8, "%s", colon + 1);
	return true;
}

static bool find(const char *server, enum family fam, struct stun_addr *ret)
{
	struct addrinfo want = {.ai_socktype = SOCK_DGRAM,
		.ai_family = fam == FAM_6 ? AF_INET6 : AF_INET}, *found;
	struct sockaddr_storage s = {0};
	char host[LINE_NAME_MAX], port[8];

	if (!split(server, host, sizeof(host), port) ||
		getaddrinfo(host, port, &want, &found))
		return false;
	memcpy(&s, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	addr_of(&s, ret);
	return true;
}

void stun_look(const struct stun_ask *a, struct line_stun *ret)
{
	struct side d = {.fam = a->fam, .until = a->until, .s = ret};

	memset(ret, 0, sizeof(*ret));
	if (find(a->server, a->fam, &d.server))
		look_side(&d, a->ifname);
}

bool stun_server(const char *server, enum family fam, struct stun_addr *ret)
{
	return find(server, fam, ret);
}
