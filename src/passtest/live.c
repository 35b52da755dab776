// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Real devices and peers: IKE messages with their payloads from port 500, ESP
 * sealed with AES-GCM under a key that belongs to one device, one peer and one
 * SPI. Which device got a packet is seen, not assumed, and whether it could
 * open it too.
 *
 * A judge like the others: each event is one packet on the wire, and the next
 * follows when it arrived or wait_ms are over.
 */
#include "passtest/passtest.h"
#include "wire/esp.h"
#include "wire/ip4.h"
#include "wire/sum.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HOST0 = 0xc0a80101, PEER0 = 0xcb000101, PACKET = 16384, LINGER_MS = 2,
	WAIT_MS = 250, NOBODY_MS = 40, PROTO_ESP = 50, PROTO_ICMP = 1, PROTO_UDP = 17, NATT_PORT = 4500,
	FRAGMENTED = 3000, NEXT_NONE = 59,
	SEEN_MAX = 64 };

struct end {
	uint32_t addr;
	int ike, esp, icmp, natt;
	/* of a peer: where each device's IKE came from */
	struct sockaddr_in from[LIVE_ENDS_MAX];
};

static struct live {
	struct live_want w;
	struct end dev[LIVE_ENDS_MAX], peer[LIVE_ENDS_MAX];
	struct live_count count;
	uint32_t wan;
	unsigned forged, pad;
	bool open, rigid;
} live;

/* ---- sockets ---- */

static int bound(int type, int proto, uint32_t addr, uint16_t port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(addr), .sin_port = htons(port)};
	int size = 4 << 20;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, proto);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

static int open_here(struct end *e)
{
	e->ike = bound(SOCK_DGRAM, 0, e->addr, IKE_PORT);
	if (e->ike < 0)
		return e->ike;
	e->esp = bound(SOCK_RAW, PROTO_ESP, e->addr, 0);
	if (e->esp < 0)
		return e->esp;
	e->icmp = bound(SOCK_RAW, PROTO_ICMP, e->addr, 0);
	if (e->icmp < 0)
		return e->icmp;
	e->natt = bound(SOCK_DGRAM, 0, e->addr, NATT_PORT);
	return e->natt < 0 ? e->natt : 0;
}

static int open_end(const struct live_end *le, struct end *e)
{
	cleanup(freep) char *path = xasprintf("/run/netns/%s", le->ns);
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there, rc;

	*e = (struct end){.addr = le->addr, .ike = -1, .esp = -1, .icmp = -1,
		.natt = -1};
	if (here < 0)
		return -errno;
	there = *le->ns ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (*le->ns && (there < 0 || setns(there, CLONE_NEWNET))) {
		rc = -errno;
	} else {
		rc = open_here(e);
		if (*le->ns && setns(here, CLONE_NEWNET))
			abort(); /* nowhere to go back to */
	}
	if (there >= 0)
		close(there);
	close(here);
	return rc;
}

static void close_end(struct end *e)
{
	if (e->ike >= 0)
		close(e->ike);
	if (e->esp >= 0)
		close(e->esp);
	if (e->icmp >= 0)
		close(e->icmp);
	if (e->natt >= 0)
		close(e->natt);
	*e = (struct end){.ike = -1, .esp = -1, .icmp = -1,
		.natt = -1};
}

int live_open(const struct live_want *w)
{
	int rc = 0;

	memset(&live, 0, sizeof(live));
	live.w = *w;
	live.open = true;
	if (!live.w.wait_ms)
		live.w.wait_ms = WAIT_MS;
	for (unsigned i = 0; i < LIVE_ENDS_MAX; i++) {
		live.dev[i].ike = live.dev[i].esp = live.dev[i].icmp = -1;
		live.dev[i].natt = -1;
		live.peer[i] = live.dev[i];
	}
	for (unsigned i = 0; !rc && i < w->device_n; i++)
		rc = open_end(&w->devices[i], &live.dev[i]);
	for (unsigned i = 0; !rc && i < w->peer_n; i++)
		rc = open_end(&w->peers[i], &live.peer[i]);
	if (rc)
		live_close();
	return rc;
}

void live_close(void)
{
	for (unsigned i = 0; live.open && i < LIVE_ENDS_MAX; i++) {
		close_end(&live.dev[i]);
		close_end(&live.peer[i]);
	}
	live.open = false;
}

void live_counted(struct live_count *ret)
{
	*ret = live.count;
}

static struct end *device_of(uint32_t host)
{
	uint32_t i = host - HOST0;

	return i < live.w.device_n ? &live.dev[i] : NULL;
}

static struct end *peer_of(uint32_t peer)
{
	uint32_t i = peer - PEER0;

	return i < live.w.peer_n ? &live.peer[i] : NULL;
}

static msec_t real_now(void)
{
	return clock_ms();
}

/* ---- keys and packets ---- */

static struct esp_key key_of(uint32_t host, uint32_t peer, uint32_t spi)
{
	static const struct hash_key k = {{0x6b61646f, 0x6d6f7269}};
	uint32_t in[4] = {host, peer, spi, 0};
	struct esp_key ret;

	for (unsigned i = 0; i < sizeof(ret) / 4; i++) {
		uint64_t h;

		in[3] = i;
		h = hash_bytes(&k, in, sizeof(in));
		memcpy((uint8_t *)&ret + i * 4, &h, 4);
	}
	return ret;
}

static size_t esp_packet(uint8_t *buf, size_t room, uint32_t host,
	uint32_t peer, uint32_t spi, uint32_t seq)
{
	static uint8_t body[PACKET / 2];
	struct esp_key k = key_of(host, peer, spi);
	struct esp_head h = {spi, seq};
	struct wr w = wr_of(buf, room);

	return esp_seal(&w, &k, &h, NEXT_NONE, body,
		       MIN2(live.pad + 32, sizeof(body)))
		       ? 0
		       : wr_len(&w);
}

static int send_to(int fd, uint32_t addr, uint16_t port, const void *p, size_t n)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(addr), .sin_port = htons(port)};

	live.count.sent++;
	return sendto(fd, p, n, 0, (struct sockaddr *)&sa, sizeof(sa)) < 0
		       ? -errno
		       : 0;
}

static size_t ike_packet(uint8_t *buf, size_t room, const struct ike_head *h)
{
	static const uint16_t groups[] = {31, 14};
	static uint8_t bytes[256];
	struct wr w = wr_of(buf, room);
	struct ike_build b;

	ike_build_head(&b, &w, h);
	if (h->exchange == IKE_SA_INIT) {
		ike_build_sa(&b, groups, ARRAY_LEN(groups));
		ike_build_ke(&b, 31, bytes, 32);
		ike_build_raw(&b, IKE_PL_NONCE, bytes, 32);
	} else {
		ike_build_raw(&b, IKE_PL_SK, bytes, 200);
	}
	return ike_build_finish(&b) ? 0 : wr_len(&w);
}

/* ---- waiting ---- */

enum kind { IKE, ESP, ICMP, NATT };

static int fd_of(const struct end *e, enum kind k)
{
	switch (k) {
	case IKE:  return e->ike;
	case ESP:  return e->esp;
	case ICMP: return e->icmp;
	case NATT: return e->natt;
	}
	return -1;
}

struct hit {
	bool any[LIVE_ENDS_MAX], good[LIVE_ENDS_MAX];
};

/* What end i of a side received: is it what we wait for, is it its own? */
typedef void (*look_fn)(const uint8_t *p, size_t n, unsigned i,
	const struct sockaddr_in *from, const void *want, struct hit *ret);

static void drain(struct end *ends, unsigned n, enum kind k, look_fn look,
	const void *want, struct hit *hit, bool *some)
{
	uint8_t buf[PACKET];

	for (unsigned i = 0; i < n; i++) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t got;

		while ((got = recvfrom(fd_of(&ends[i], k), buf, sizeof(buf), 0,
				(struct sockaddr *)&from, &len)) >= 0) {
			live.count.got++;
			*some = true;
			if (look)
				look(buf, (size_t)got, i, &from, want, hit);
		}
	}
}

/* Until end `until` has its own (-1: nobody), then a little for the others. */
static void wait_for(struct end *ends, unsigned n, enum kind k, look_fn look,
	const void *want, int until, struct hit *hit)
{
	msec_t end = real_now() + (until < 0 ? NOBODY_MS : live.w.wait_ms);
	struct pollfd pfd[LIVE_ENDS_MAX];
	bool near = false;

	for (unsigned i = 0; i < n; i++)
		pfd[i] = (struct pollfd){.fd = fd_of(&ends[i], k),
			.events = POLLIN};
	for (;;) {
		msec_t left = end - real_now();
		bool some = false;

		if (left <= 0)
			return;
		(void)poll(pfd, n, (int)left);
		drain(ends, n, k, look, want, hit, &some);
		if (near || until < 0 || !hit->good[until])
			continue;
		near = true;
		end = MIN2(end, real_now() + LINGER_MS);
	}
}

static void empty(struct end *ends, unsigned n, enum kind k)
{
	struct hit h = {0};
	bool some = false;

	drain(ends, n, k, NULL, NULL, &h, &some);
}

/* ---- ESP ---- */

struct want_esp {
	uint32_t host, peer, spi, seq;
	bool at_device;
};

static void look_esp(const uint8_t *p, size_t n, unsigned i,
	const struct sockaddr_in *from, const void *arg, struct hit *ret)
{
	const struct want_esp *w = arg;
	struct rd r = rd_of(p, n);
	uint8_t out[PACKET], next;
	struct esp_head h, opened;
	struct esp_key k;
	struct ip4_head ip;
	struct rd body;

	(void)from;
	if (ip4_parse(&r, &ip))
		return;
	body = r;
	if (esp_parse(&r, &h) || h.spi != w->spi || h.seq != w->seq)
		return;
	ret->any[i] = true;
	if (!w->at_device) /* the address outside, as of now */
		live.wan = addr_to4(&ip.src);
	k = w->at_device ? key_of(HOST0 + i, w->peer, h.spi)
			 : key_of(w->host, PEER0 + i, h.spi);
	if (esp_open(body.p, rd_left(&body), &k, &opened, &next, out) < 0) {
		live.count.icv_refused++;
		return;
	}
	live.count.icv_good++;
	ret->good[i] = true;
}

static bool live_esp_out(void *j, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint32_t seq)
{
	struct want_esp w = {host, peer, spi, seq, false};
	struct end *d = device_of(host), *p = peer_of(peer);
	uint8_t buf[PACKET];
	struct hit hit = {0};
	size_t n;

	(void)j, (void)now;
	if (!d || !p)
		return false;
	n = esp_packet(buf, sizeof(buf), host, peer, spi, seq);
	empty(live.peer, live.w.peer_n, ESP);
	if (!n || send_to(d->esp, p->addr, 0, buf, n))
		return false;
	wait_for(live.peer, live.w.peer_n, ESP, look_esp, &w, (int)(peer - PEER0),
		&hit);
	return hit.good[peer - PEER0];
}

static void fill(const struct hit *hit, struct espnat_verdict *ret)
{
	for (unsigned i = 0; i < live.w.device_n; i++)
		if (hit->any[i] && ret->n < ESPNAT_COPIES_MAX)
			ret->to[ret->n++] = HOST0 + i;
}

static void live_esp_in(void *j, msec_t now, uint32_t peer, uint32_t to,
	uint32_t spi, uint32_t seq, struct espnat_verdict *ret)
{
	struct want_esp w = {to, peer, spi, seq, true};
	struct end *p = peer_of(peer);
	uint8_t buf[PACKET];
	struct hit hit = {0};
	size_t n;

	(void)j, (void)now;
	*ret = (struct espnat_verdict){0};
	if (!p || !live.wan)
		return;
	n = esp_packet(buf, sizeof(buf), to, peer, spi, seq);
	empty(live.dev, live.w.device_n, ESP);
	if (!n || send_to(p->esp, live.wan, 0, buf, n))
		return;
	/* of forged ones every hundredth is watched, or it takes for ever */
	if (!to && ++live.forged % 100)
		return;
	wait_for(live.dev, live.w.device_n, ESP, look_esp, &w,
		to ? (int)(to - HOST0) : -1, &hit);
	fill(&hit, ret);
}

/* ---- IKE ---- */

static void look_ike(const uint8_t *p, size_t n, unsigned i,
	const struct sockaddr_in *from, const void *arg, struct hit *ret)
{
	const struct ike_head *want = arg;
	struct rd r = rd_of(p, n);
	struct ike_head h;

	(void)from;
	if (ike_parse(&r, &h))
		return;
	if (h.spi_i == want->spi_i && h.msgid == want->msgid &&
		h.exchange == want->exchange)
		ret->any[i] = ret->good[i] = true;
	else
		live.count.alien_ike++;
}

static void look_ike_at_peer(const uint8_t *p, size_t n, unsigned i,
	const struct sockaddr_in *from, const void *arg, struct hit *ret)
{
	const struct ike_head *want = arg;
	uint32_t dev = (uint32_t)want->spi_i - HOST0;

	look_ike(p, n, i, from, arg, ret);
	if (!ret->good[i] || dev >= LIVE_ENDS_MAX)
		return;
	live.peer[i].from[dev] = *from;
	if (ntohs(from->sin_port) == IKE_PORT)
		live.count.port_kept++;
	else
		live.count.port_other++;
	live.wan = ntohl(from->sin_addr.s_addr);
}

static void live_ike_out(void *j, msec_t now, uint32_t host, uint32_t peer,
	const struct ike_head *h)
{
	struct end *d = device_of(host), *p = peer_of(peer);
	uint8_t buf[PACKET];
	struct hit hit = {0};
	size_t n;

	(void)j, (void)now;
	if (!d || !p)
		return;
	n = ike_packet(buf, sizeof(buf), h);
	if (n && !send_to(d->ike, p->addr, IKE_PORT, buf, n))
		wait_for(live.peer, live.w.peer_n, IKE, look_ike_at_peer, h,
			(int)(peer - PEER0), &hit);
}

static void live_ike_in(void *j, msec_t now, uint32_t peer, uint32_t to,
	const struct ike_head *h, struct espnat_verdict *ret)
{
	struct end *p = peer_of(peer);
	uint32_t dev = to - HOST0;
	uint8_t buf[PACKET];
	struct hit hit = {0};
	uint16_t port;
	size_t n;

	(void)j, (void)now;
	*ret = (struct espnat_verdict){0};
	if (!p || dev >= LIVE_ENDS_MAX || !live.wan)
		return;
	port = live.rigid ? IKE_PORT : ntohs(p->from[dev].sin_port);
	n = ike_packet(buf, sizeof(buf), h);
	empty(live.dev, live.w.device_n, IKE);
	if (n && !send_to(p->ike, live.wan, port, buf, n))
		wait_for(live.dev, live.w.device_n, IKE, look_ike, h, (int)dev,
			&hit);
	fill(&hit, ret);
}

/* ---- NAT traversal: UDP 4500 there and back ---- */

/* RFC 3948 2.2: four zero bytes stand before IKE, an SPI before ESP. */
static size_t natt_packet(uint8_t *buf, bool is_esp, uint32_t who)
{
	memset(buf, 0, 64);
	if (is_esp)
		put_be32(buf, who | 0x1000);
	put_be32(buf + 4, who);
	put_be32(buf + 8, is_esp);
	return 64;
}

struct want_natt {
	uint32_t who;
	bool is_esp;
	struct sockaddr_in *from; /* of the first to come */
};

static void look_natt(const uint8_t *p, size_t n, unsigned i,
	const struct sockaddr_in *from, const void *arg, struct hit *ret)
{
	const struct want_natt *w = arg;
	uint8_t want[64];

	if (n != natt_packet(want, w->is_esp, w->who) || memcmp(p, want, n))
		return;
	ret->any[i] = ret->good[i] = true;
	if (w->from)
		*w->from = *from;
}

static bool natt_one(struct end *from, struct end *ends, unsigned n,
	uint32_t addr, uint16_t port, const struct want_natt *w, unsigned to)
{
	struct hit hit = {0};
	uint8_t buf[64];

	empty(ends, n, NATT);
	if (send_to(from->natt, addr, port, buf,
		    natt_packet(buf, w->is_esp, w->who)))
		return false;
	wait_for(ends, n, NATT, look_natt, w, (int)to, &hit);
	return hit.good[to];
}

static bool live_natt(void *j, msec_t now, uint32_t host, uint32_t peer)
{
	struct end *d = device_of(host), *p = peer_of(peer);
	struct sockaddr_in from = {0};
	bool good = d && p;

	(void)j, (void)now;
	for (unsigned k = 0; good && k < 2; k++) {
		struct want_natt there = {host, k, &from}, back = {peer, k, NULL};

		good = natt_one(d, live.peer, live.w.peer_n, p->addr, NATT_PORT,
			&there, peer - PEER0);
		good = good && natt_one(p, live.dev, live.w.device_n,
			ntohl(from.sin_addr.s_addr), ntohs(from.sin_port), &back,
			host - HOST0);
	}
	return good;
}

/* ---- ICMP: "too big" from the peer about what a device sent ---- */

/* Offsets in what a raw socket gives: 20 of IP, 8 of ICMP, 20 quoted. */
enum { QUOTE = 28, QUOTED = QUOTE + IP4_HEAD_LEN, QUOTE_MAX = 24 };

struct want_icmp {
	uint8_t bytes[QUOTE_MAX]; /* what is quoted behind the IP header */
	size_t skip, n; /* of that, what must have come back as it was */
};

static void look_icmp(const uint8_t *p, size_t n, unsigned i,
	const struct sockaddr_in *from, const void *arg, struct hit *ret)
{
	const struct want_icmp *w = arg;
	struct rd src = rd_of(p + QUOTE + 12, 4);

	(void)from;
	if (n < QUOTED + w->n || p[IP4_HEAD_LEN] != 3 ||
		memcmp(p + QUOTED + w->skip, w->bytes + w->skip, w->n - w->skip))
		return;
	ret->any[i] = true;
	/* the quoted source must be the device's own address again */
	ret->good[i] = rd_be32(&src) == live.dev[i].addr;
}

static uint32_t send_error(struct end *p, uint8_t proto, const struct want_icmp *w)
{
	uint8_t buf[8 + IP4_HEAD_LEN + QUOTE_MAX] = {3, 4};
	struct wr q = wr_of(buf + 8, sizeof(buf) - 8);
	size_t n = 8 + IP4_HEAD_LEN + w->n;
	struct hit hit = {0};
	struct ip4_head h = {.ttl = 60, .proto = proto, .len = 1400,
		.df = true, .src = addr_from4(live.wan)};

	h.dst = addr_from4(p->addr);
	put_be16(buf + 6, 1300);
	ip4_build(&q, &h);
	wr_copy(&q, w->bytes, w->n);
	put_be16(buf + 2, sum_finish(sum_add(0, buf, n)));
	empty(live.dev, live.w.device_n, ICMP);
	if (!send_to(p->icmp, live.wan, 0, buf, n))
		wait_for(live.dev, live.w.device_n, ICMP, look_icmp, w, -1, &hit);
	for (unsigned i = 0; i < live.w.device_n; i++)
		if (hit.good[i])
			return HOST0 + i;
	return 0;
}

static uint32_t live_icmp(void *j, uint32_t peer, uint32_t spi)
{
	struct want_icmp w = {.n = 8};
	struct end *p = peer_of(peer);

	(void)j;
	put_be32(w.bytes, spi);
	put_be32(w.bytes + 4, 1);
	return p && live.wan ? send_error(p, PROTO_ESP, &w) : 0;
}

/* Quoted with 16 bytes of IKE, or nobody can tell (RFC 1812 4.3.2.3). */
static uint32_t live_icmp_ike(void *j, uint32_t peer, uint32_t host,
	uint64_t spi_i)
{
	struct want_icmp w = {.skip = 8, .n = 24};
	struct end *p = peer_of(peer);
	uint32_t dev = host - HOST0;

	(void)j;
	if (!p || !live.wan || dev >= LIVE_ENDS_MAX)
		return 0;
	put_be16(w.bytes, ntohs(p->from[dev].sin_port));
	put_be16(w.bytes + 2, IKE_PORT);
	put_be16(w.bytes + 4, 300);
	put_be32(w.bytes + 8, (uint32_t)(spi_i >> 32));
	put_be32(w.bytes + 12, (uint32_t)spi_i);
	return send_error(p, PROTO_UDP, &w);
}

/* ---- the judge ---- */

static void *live_begin(void)
{
	return &live;
}

static void live_end(void *j)
{
	(void)j;
}

static void live_tick(void *j, msec_t now)
{
	(void)j, (void)now;
}

static void live_pass(void *j, msec_t ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	(void)j;
	if (live.w.pace && ms > 0)
		nanosleep(&ts, NULL);
}

static void live_restart(void *j, msec_t now, bool table)
{
	const char *cmd = table ? live.w.restart : live.w.restart_bare;

	(void)j, (void)now;
	if (cmd && system(cmd))
		fprintf(stderr, "%s: failed\n", cmd);
}

static void live_moved(void *j, msec_t now)
{
	(void)j, (void)now;
	if (live.w.move && system(live.w.move))
		fprintf(stderr, "%s: failed\n", live.w.move);
}

static void live_mode(void *j, bool rigid, bool fragments)
{
	(void)j;
	live.rigid = live.w.rigid || rigid;
	live.pad = fragments ? MAX2(live.w.pad, (unsigned)FRAGMENTED) : live.w.pad;
}

const struct judge judge_live = {.name = "live", .open = live_begin,
	.close = live_end, .ike_out = live_ike_out, .ike_in = live_ike_in,
	.esp_out = live_esp_out, .esp_in = live_esp_in, .tick = live_tick,
	.pass = live_pass, .restart = live_restart, .icmp = live_icmp,
	.icmp_ike = live_icmp_ike, .natt = live_natt, .moved = live_moved,
	.mode = live_mode};
