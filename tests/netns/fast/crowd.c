// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See hot.h: a crowd too large for the table. Thousands of flows from hosts
 * that are there and hosts that are made up, answered or not; from outside
 * packets of forged peers to ports and SPIs at random; TCP of no connection. A
 * table of 16 slots cannot hold a hundredth of them, its questions to the far
 * port overwrite each other, and every slot changes hands all the time; a few
 * flows send so much that they hold a slot for a while. The same packets are
 * then sent with the fast path held: exactly the same ones must come out, at
 * the same sides.
 *
 * After every few packets an echo goes through and is answered: what was sent
 * before it has then come out or never will, however slow the machine is. A
 * crowd in which nothing went fast (the machine stood still: leases die of
 * that) shows little, so another one follows; what differs counts in all.
 */
#include "hot.h"
#include "../../lib/frame.h"
#include "base/clock.h"

#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { STEPS = 12000, FLOWS = 600, LOUD = 6, PEERS = 8, EACH = 24, CROWDS = 4,
	RECOVER_MS = 20000 };

struct crowd {
	const struct table *t;
	uint64_t random;
	uint64_t first;		/* the mark of step 0 */
	uint8_t out[STEPS];	/* bit: came out at that side */
};

static uint32_t below(struct crowd *c, uint32_t n)
{
	c->random = c->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(c->random >> 33) % n;
}

static struct addr peer_of(bool six, uint32_t n)
{
	struct addr a = addr_from4(0x85010200 + n); /* 133.1.2.n */

	if (six) {
		enum family fam;

		(void)addr_parse("2404:1a8:7::1", &fam, &a);
		a.b[15] = (uint8_t)n;
	}
	return a;
}

static struct addr host_of(const struct table *t, bool six, uint32_t n)
{
	struct addr a = six ? t->f.lan6[0].value : t->f.lan4[0].value;

	a.b[15] = (uint8_t)(20 + n);
	return a;
}

/* Flow number n, as its first packet. */
static struct packet flow_of(const struct table *t, uint32_t n)
{
	bool six = t->f.lan6_n && (!t->f.lan4_n || n & 1);

	return (struct packet){.fam = six ? FAM_6 : FAM_4, .in = ROLE_LAN,
		.out = ROLE_WAN, .src = host_of(t, six, n % 40),
		.dst = peer_of(six, n % PEERS), .proto = PROTO_UDP,
		.sport = (uint16_t)(10000 + n), .dport = (uint16_t)(1000 + n % 7)};
}

/* Most steps go on with a flow; the others are nobody's. */
static struct packet step_of(struct crowd *c)
{
	uint32_t kind = below(c, 10), n = below(c, below(c, 5) ? FLOWS : LOUD);
	struct packet p, q = flow_of(c->t, n);

	if (kind < 4)
		return q;
	p = frame_reverse(&q);
	if (q.fam == FAM_4) /* conntrack keeps the port where it can */
		p.dst = c->t->f.wan4;
	if (kind < 7)
		return p;
	if (kind == 7) { /* from outside, of no flow */
		p.sport = (uint16_t)below(c, 65536);
		p.dport = (uint16_t)(10000 + below(c, FLOWS));
	} else if (kind == 8) { /* ESP to an SPI at random, or from inside */
		p = below(c, 2) ? p : q;
		p.proto = PROTO_ESP;
		p.spi = 256 + below(c, 1000);
	} else { /* a data segment of no connection */
		p = below(c, 2) ? p : q;
		p.proto = PROTO_TCP;
		p.tcp_flags = 0x10;
	}
	return p;
}

/* Whatever has come out until now, at all sides; is the mark among it? */
static bool collect(struct crowd *c, struct stage *st, uint64_t mark)
{
	static const enum role roles[] = {ROLE_WAN, ROLE_LAN, ROLE_SEG};
	bool came = false;
	uint64_t m;

	for (size_t r = 0; r < ARRAY_LEN(roles); r++)
		while ((m = stage_next(st, roles[r]))) {
			came |= m == mark;
			if (m >= c->first && m < c->first + STEPS)
				c->out[m - c->first] |= (uint8_t)(1 << r);
		}
	return came;
}

static void pass_through(struct crowd *c, struct stage *st,
	const struct packet *p, uint64_t mark)
{
	stage_send(st, p, NULL, mark);
	for (int ms = 0; !collect(c, st, mark); ms++) {
		if (ms == STAGE_SURELY_MS) {
			puts("FAIL: an echo does not come through");
			exit(1);
		}
		poll(NULL, 0, 1);
	}
}

/* All that was sent has come out, if it will. */
static void fence(struct crowd *c, struct stage *st)
{
	struct packet out = flow_of(c->t, FLOWS), back;
	bool six = out.fam == FAM_6;

	out.proto = six ? PROTO_ICMPV6 : PROTO_ICMP;
	out.sport = out.dport = 0;
	out.icmp_type = six ? 128 : 8;
	back = frame_reverse(&out);
	back.icmp_type = six ? 129 : 0;
	if (!six)
		back.dst = c->t->f.wan4;
	pass_through(c, st, &out, c->first + STEPS);
	pass_through(c, st, &back, c->first + STEPS + 1);
}

static void play(struct crowd *c, struct hot *h, uint64_t seed, bool fast)
{
	stage_flush_conntrack();
	dataplane_policy_changed(h->dp);
	c->random = seed;
	c->first = h->st->mark + 1;
	h->st->mark += STEPS + 2;
	memset(c->out, 0, sizeof(c->out));
	stage_drain(h->st);
	for (size_t i = 0; i < STEPS; i++) {
		struct packet p = step_of(c);

		if (i % EACH == 0)
			fast ? dataplane_beat(h->dp) : dataplane_hold(h->dp);
		stage_send(h->st, &p, NULL, c->first + i);
		if (i % EACH == EACH - 1)
			fence(c, h->st);
	}
}

/* The last crowd's leases hold the few slots until they are old. */
static void until_empty(struct hot *h)
{
	struct dataplane_status s;

	for (int i = 0; i < 100; i++) {
		dataplane_status(h->dp, &s);
		if (!s.leases)
			return;
		poll(NULL, 0, 50);
	}
}

/* One flow after all that. */
static bool recovers(struct hot *h, const struct table *t)
{
	struct packet p = flow_of(t, FLOWS + 1), back = frame_reverse(&p);
	struct dataplane_status s;
	uint64_t before;

	if (p.fam == FAM_4)
		back.dst = t->f.wan4;
	dataplane_status(h->dp, &s);
	before = s.fast_packets;
	/* others' leases first grow old */
	for (int ms = 0; ms < RECOVER_MS; ms += 5) {
		dataplane_beat(h->dp);
		stage_send(h->st, &p, NULL, ++h->st->mark);
		stage_send(h->st, &back, NULL, ++h->st->mark);
		poll(NULL, 0, 5);
		dataplane_status(h->dp, &s);
		if (s.fast_packets > before + 20)
			return true;
	}
	return false;
}

/* Packets of flows that are seen once, for a second; how many. */
static uint64_t swarm(struct hot *h, const struct table *t, uint32_t *n)
{
	struct packet p = flow_of(t, 0);
	int64_t end = clock_ms() + 1100;
	uint64_t sent = 0;

	for (; clock_ms() < end; sent++) {
		p.sport = (uint16_t)*n;
		p.dport = (uint16_t)(2000 + (*n)++ / 65536);
		if (sent % 64 == 0)
			dataplane_beat(h->dp);
		stage_send(h->st, &p, NULL, 0);
	}
	dataplane_beat(h->dp);
	stage_drain(h->st);
	return sent;
}

/*
 * Where hardly any packet finds a lease only one flow in sixteen is looked up,
 * and soon after the swarm all are again. A machine too slow to make a swarm
 * shows nothing.
 */
static bool looks_away(struct hot *h, const struct table *t)
{
	enum { TURNS = 12, SWARM = 60000, SURELY = 5 };
	struct dataplane_status s = {0};
	uint64_t most = 0, sent;
	uint32_t n = 0;
	int row = 0; /* of such seconds */

	for (int i = 0; i < TURNS && row < SURELY && s.one_in < 16; i++) {
		sent = swarm(h, t, &n);
		row = sent < SWARM ? 0 : row + 1;
		most = MAX2(most, sent);
		dataplane_status(h->dp, &s);
	}
	if (s.one_in < 16) {
		printf("%s: %llu new flows a second, one in %u looked up\n",
			row < SURELY ? "too slow a machine" : "FAIL",
			(unsigned long long)most, s.one_in);
		return row < SURELY;
	}
	for (int i = 0; i < TURNS && s.one_in > 1; i++) {
		poll(NULL, 0, 1100);
		dataplane_beat(h->dp);
		dataplane_status(h->dp, &s);
	}
	printf("%llu new flows a second: one in 16 is looked up; afterwards one in %u\n",
		(unsigned long long)most, s.one_in);
	return s.one_in == 1;
}

/* The steps that differ between the two; out: those that come out. */
static size_t compare(const struct crowd *fast, const struct crowd *kernel,
	const char *path, size_t *out)
{
	size_t bad = 0;

	for (size_t i = 0; i < STEPS; i++) {
		*out += kernel->out[i] != 0;
		if (fast->out[i] != kernel->out[i] && bad++ < 5)
			printf("%s: step %zu: sides %x with the fast path, %x by the kernel\n",
				path, i, fast->out[i], kernel->out[i]);
	}
	return bad;
}

size_t hot_crowd(struct hot *h, const struct table *t, const char *path)
{
	static struct crowd fast, kernel;
	struct dataplane_status s, end;
	size_t bad = 0, out = 0, n = 0;
	bool again, shown;

	fast.t = kernel.t = t;
	dataplane_status(h->dp, &s);
	do {
		until_empty(h);
		play(&fast, h, 20261126 + n, true);
		dataplane_status(h->dp, &end);
		play(&kernel, h, 20261126 + n, false);
		bad += compare(&fast, &kernel, path, &out);
		shown = end.fast_packets > s.fast_packets && end.full > s.full;
	} while (++n < CROWDS && !shown);
	again = recovers(h, t);
	printf("%s: %zu times %d packets of %d flows and of nobody over %llu slots: %zu come out, %zu differ; %llu fast, %llu times no slot; a flow afterwards is %s\n",
		path, n, STEPS, FLOWS, (unsigned long long)end.slots, out, bad,
		(unsigned long long)(end.fast_packets - s.fast_packets),
		(unsigned long long)(end.full - s.full),
		again ? "fast again" : "not fast");
	h->hot += again;
	h->runs += again;
	if (!t->f.lan6_n) { /* once is enough */
		again &= looks_away(h, t);
		stage_flush_conntrack();
	}
	/* a crowd that all is dropped of, or that fits, shows nothing */
	return bad + !again + (out < n * STEPS / 4) + !shown;
}
