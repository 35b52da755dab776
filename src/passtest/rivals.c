// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The others, as published, in the same world. IKE of all four passes by port
 * translation, so that only what they do with ESP is compared; a peer that
 * answers to port 500 whatever it saw reaches the first device there, except
 * where cookies are looked at (serial, wildcard).
 *
 *	masquerade  Linux 6.18: conntrack knows addresses and protocol only.
 *	            The first device to a peer has it for 600 s; the second's
 *	            packets fail at confirm and are dropped.
 *	oldest      the netfilter patch of April-May 2021 (v3): outbound SPIs
 *	            wait in a list per peer, an unknown inbound SPI completes
 *	            the oldest; 60 s without an answer, 3600 s with.
 *	serial      VPN masquerade of Linux 2.2: the first packet of a new
 *	            outbound SPI is outstanding, other new ones to that peer are
 *	            blocked until an unknown inbound SPI comes (taken as its
 *	            answer) or 5 s pass; with none outstanding an unknown inbound
 *	            SPI goes to the one that last sent a new SPI.
 *	wildcard    IPFilter: IKE opens a mapping device-peer for all ESP, 60 s,
 *	            renewed by traffic; the first that lives matches.
 */
#include "passtest/passtest.h"

enum { ENTRIES = 4096 };

struct entry {
	uint32_t host, peer, out, in; /* host 0: free */
	msec_t t, last;
	uint64_t order;
};

enum { PORTS = 64 };

struct rival {
	struct entry e[ENTRIES];
	unsigned n;
	uint64_t order;
	/* who has port 500 to a peer */
	struct {
		uint32_t peer, host;
		msec_t last;
	} port500[PORTS];
};

static void *rival_open(void)
{
	return xcalloc(1, sizeof(struct rival));
}

static void rival_close(void *j)
{
	free(j);
}

static void no_ike_out(void *j, msec_t now, uint32_t host, uint32_t peer,
	const struct ike_head *h)
{
	(void)j, (void)now, (void)host, (void)peer, (void)h;
}

enum { UDP_IDLE_MS = 120 * 1000 };

/* The first to speak keeps port 500 while it lives; the next get others. */
static void ike_out_500(void *j, msec_t now, uint32_t host, uint32_t peer,
	const struct ike_head *h)
{
	struct rival *r = j;
	unsigned at = PORTS;

	(void)h;
	for (unsigned i = PORTS; i--;) {
		bool lives = r->port500[i].host &&
			     now - r->port500[i].last < UDP_IDLE_MS;

		if (lives && r->port500[i].peer == peer) {
			if (r->port500[i].host == host)
				r->port500[i].last = now;
			return;
		}
		if (!lives)
			at = i;
	}
	if (at == PORTS)
		return;
	r->port500[at].peer = peer;
	r->port500[at].host = host;
	r->port500[at].last = now;
}

static void ike_to_500(void *j, msec_t now, uint32_t peer, uint32_t to,
	const struct ike_head *h, struct espnat_verdict *ret)
{
	struct rival *r = j;

	(void)to, (void)h;
	*ret = (struct espnat_verdict){0};
	for (unsigned i = 0; i < PORTS; i++)
		if (r->port500[i].host && r->port500[i].peer == peer &&
			now - r->port500[i].last < UDP_IDLE_MS)
			*ret = (struct espnat_verdict){.n = 1,
				.to = {r->port500[i].host}};
}

static void ike_by_port(void *j, msec_t now, uint32_t peer, uint32_t to,
	const struct ike_head *h, struct espnat_verdict *ret)
{
	(void)j, (void)now, (void)peer, (void)h;
	*ret = (struct espnat_verdict){.n = 1, .to = {to}};
}

static void no_tick(void *j, msec_t now)
{
	(void)j, (void)now;
}

/* A table saved and loaded again is what it was; none of them has one. */
static void rival_restart(void *j, msec_t now, bool table)
{
	(void)now;
	if (!table)
		memset(j, 0, sizeof(struct rival));
}

static struct entry *add(struct rival *r, msec_t now, uint32_t host,
	uint32_t peer, uint32_t out, uint32_t in)
{
	struct entry *e = NULL;

	for (unsigned i = 0; i < r->n && !e; i++)
		if (!r->e[i].host)
			e = &r->e[i];
	if (!e && r->n < ENTRIES)
		e = &r->e[r->n++];
	if (!e)
		return NULL;
	*e = (struct entry){host, peer, out, in, now, now, ++r->order};
	return e;
}

static void give_one(struct espnat_verdict *ret, struct entry *e, msec_t now)
{
	*ret = (struct espnat_verdict){.why = ESPNAT_STRANGER};
	if (!e)
		return;
	e->last = now;
	ret->why = ESPNAT_BOUND;
	ret->n = 1;
	ret->to[0] = e->host;
}

/* ---- masquerade ---- */

static struct entry *by_peer(struct rival *r, msec_t now, uint32_t peer,
	msec_t idle)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->e[i].host && r->e[i].peer == peer &&
			now - r->e[i].last < idle)
			return &r->e[i];
	return NULL;
}

enum { CT_IDLE_MS = 600 * 1000, WILD_IDLE_MS = 60 * 1000 };

static bool masq_out(void *j, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint32_t seq)
{
	struct entry *e = by_peer(j, now, peer, CT_IDLE_MS);

	(void)spi, (void)seq;
	if (!e)
		e = add(j, now, host, peer, 0, 0);
	if (!e || e->host != host)
		return false;
	e->last = now;
	return true;
}

static void masq_in(void *j, msec_t now, uint32_t peer, uint32_t to,
	uint32_t spi, uint32_t seq, struct espnat_verdict *ret)
{
	(void)to, (void)spi, (void)seq;
	give_one(ret, by_peer(j, now, peer, CT_IDLE_MS), now);
}

static uint32_t masq_icmp(void *j, uint32_t peer, uint32_t spi)
{
	struct entry *e = by_peer(j, 0, peer, INT64_MAX);

	(void)spi;
	return e ? e->host : 0;
}

/* ---- wildcard ---- */

static void wild_ike(void *j, msec_t now, uint32_t host, uint32_t peer,
	const struct ike_head *h)
{
	struct rival *r = j;

	(void)h;
	for (unsigned i = 0; i < r->n; i++)
		if (r->e[i].host == host && r->e[i].peer == peer) {
			r->e[i].last = now;
			return;
		}
	add(r, now, host, peer, 0, 0);
}

static bool wild_out(void *j, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint32_t seq)
{
	wild_ike(j, now, host, peer, NULL);
	(void)spi, (void)seq;
	return true;
}

static void wild_in(void *j, msec_t now, uint32_t peer, uint32_t to,
	uint32_t spi, uint32_t seq, struct espnat_verdict *ret)
{
	(void)to, (void)spi, (void)seq;
	give_one(ret, by_peer(j, now, peer, WILD_IDLE_MS), now);
}

/* ---- oldest first ---- */

static struct entry *by_out(struct rival *r, uint32_t host, uint32_t peer,
	uint32_t spi)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->e[i].host && (!host || r->e[i].host == host) &&
			r->e[i].peer == peer && r->e[i].out == spi)
			return &r->e[i];
	return NULL;
}

static struct entry *by_in(struct rival *r, uint32_t peer, uint32_t spi)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->e[i].host && r->e[i].peer == peer && r->e[i].in == spi)
			return &r->e[i];
	return NULL;
}

static struct entry *incomplete(struct rival *r, uint32_t peer, bool newest)
{
	struct entry *best = NULL;

	for (unsigned i = 0; i < r->n; i++) {
		struct entry *e = &r->e[i];

		if (!e->host || e->peer != peer || e->in)
			continue;
		if (!best || (e->order > best->order) == newest)
			best = e;
	}
	return best;
}

static void expire(struct rival *r, msec_t now, msec_t open, msec_t whole)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->e[i].host && now - r->e[i].last >= (r->e[i].in ? whole : open))
			r->e[i].host = 0;
}

static bool oldest_out(void *j, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint32_t seq)
{
	struct entry *e;

	(void)seq;
	expire(j, now, 60 * 1000, 3600 * 1000);
	e = by_out(j, host, peer, spi);
	if (!e)
		e = add(j, now, host, peer, spi, 0);
	if (e)
		e->last = now;
	return e != NULL;
}

static void oldest_in(void *j, msec_t now, uint32_t peer, uint32_t to,
	uint32_t spi, uint32_t seq, struct espnat_verdict *ret)
{
	struct entry *e;

	(void)to, (void)seq;
	expire(j, now, 60 * 1000, 3600 * 1000);
	e = by_in(j, peer, spi);
	if (!e) {
		e = incomplete(j, peer, false);
		if (e)
			e->in = spi;
	}
	give_one(ret, e, now);
}

static uint32_t out_icmp(void *j, uint32_t peer, uint32_t spi)
{
	struct entry *e = by_out(j, 0, peer, spi);

	return e ? e->host : 0;
}

/* ---- serialising ---- */

enum { OUTSTANDING_MS = 5000, SERIAL_IDLE_MS = 300 * 1000 };

static bool serial_out(void *j, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint32_t seq)
{
	struct entry *e, *other;

	(void)seq;
	expire(j, now, SERIAL_IDLE_MS, SERIAL_IDLE_MS);
	e = by_out(j, host, peer, spi);
	other = incomplete(j, peer, true);
	if (!e && other && now - other->t < OUTSTANDING_MS)
		return false; /* blocked until that one is answered */
	if (!e)
		e = add(j, now, host, peer, spi, 0);
	if (e)
		e->last = now;
	return e != NULL;
}

static struct entry *newest(struct rival *r, uint32_t peer)
{
	struct entry *best = NULL;

	for (unsigned i = 0; i < r->n; i++)
		if (r->e[i].host && r->e[i].peer == peer &&
			(!best || r->e[i].order > best->order))
			best = &r->e[i];
	return best;
}

static void serial_in(void *j, msec_t now, uint32_t peer, uint32_t to,
	uint32_t spi, uint32_t seq, struct espnat_verdict *ret)
{
	struct entry *e;

	(void)to, (void)seq;
	expire(j, now, SERIAL_IDLE_MS, SERIAL_IDLE_MS);
	e = by_in(j, peer, spi);
	if (!e) {
		e = incomplete(j, peer, true);
		if (e && now - e->t < OUTSTANDING_MS) {
			e->in = spi;
		} else {
			e = newest(j, peer);
			if (e)
				e = add(j, now, e->host, peer, 0, spi);
		}
	}
	give_one(ret, e, now);
}

#define RIVAL(jn, text, ikeo, rigid, out, inn, ic)                                    \
	const struct judge jn = {.name = text, .open = rival_open,             \
		.close = rival_close, .ike_out = ikeo, .ike_in = ike_by_port,  \
		.ike_rigid = rigid,                                            \
		.esp_out = out, .esp_in = inn, .tick = no_tick,                \
		.restart = rival_restart, .icmp = ic}
RIVAL(judge_masquerade, "masquerade", ike_out_500, ike_to_500, masq_out, masq_in, masq_icmp);
RIVAL(judge_oldest, "oldest-first", ike_out_500, ike_to_500, oldest_out, oldest_in, out_icmp);
RIVAL(judge_serial, "serialising", no_ike_out, NULL, serial_out, serial_in, out_icmp);
RIVAL(judge_wildcard, "wildcard", wild_ike, NULL, wild_out, wild_in, masq_icmp);

/* ---- kadomori ---- */

struct own {
	struct espnat *e;
	struct espnat_limits l;
};

static struct espnat *own_new(const struct espnat_limits *l)
{
	static const struct hash_key key = {{1, 2}};

	return espnat_new(l, &key, NULL, NULL);
}

static void *open_with(const struct espnat_limits *l)
{
	struct own *o = xcalloc(1, sizeof(*o));

	o->l = *l;
	o->e = own_new(l);
	return o;
}

static void *own_open(void)
{
	return open_with(&espnat_limits_home);
}

static void *small_open(void)
{
	static const struct espnat_limits l = {.peers = 4, .in = 32,
		.in_per_pair = 16, .cells = 64, .rate = 2000, .burst = 500,
		.first = 200};

	return open_with(&l);
}

static void own_close(void *j)
{
	struct own *o = j;

	espnat_free(o->e);
	free(o);
}

static void own_ike_out(void *j, msec_t now, uint32_t host, uint32_t peer,
	const struct ike_head *h)
{
	espnat_ike_out(((struct own *)j)->e, now, host, peer, h);
}

static void own_ike_in(void *j, msec_t now, uint32_t peer, uint32_t to,
	const struct ike_head *h, struct espnat_verdict *ret)
{
	(void)to;
	espnat_ike_in(((struct own *)j)->e, now, peer, h, ret);
}

static bool own_out(void *j, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint32_t seq)
{
	espnat_esp_out(((struct own *)j)->e, now, host, peer, spi, seq);
	return true;
}

static void own_in(void *j, msec_t now, uint32_t peer, uint32_t to,
	uint32_t spi, uint32_t seq, struct espnat_verdict *ret)
{
	(void)to;
	espnat_esp_in(((struct own *)j)->e, now, peer, spi, seq, ret);
}

static void own_tick(void *j, msec_t now)
{
	espnat_tick(((struct own *)j)->e, now);
}

static void own_restart(void *j, msec_t now, bool table)
{
	struct own *o = j;
	struct text t = TEXT_INIT;

	espnat_save(o->e, now, &t);
	espnat_free(o->e);
	o->e = own_new(&o->l);
	if (table)
		espnat_restore(o->e, now, text_str(&t), t.len);
	text_done(&t);
}

static void own_fix(void *j, uint32_t host)
{
	espnat_static(((struct own *)j)->e, host);
}

struct ike_find {
	uint32_t peer, host;
	uint64_t spi_i;
};

static void ike_found(void *arg, const struct espnat_ike *k)
{
	struct ike_find *f = arg;

	if (k->peer == f->peer && k->spi_i == f->spi_i)
		f->host = k->host;
}

/* nft/emit-esp.c: the quoted SPI in the map of IKE SAs. */
static uint32_t own_icmp_ike(void *j, uint32_t peer, uint32_t host,
	uint64_t spi_i)
{
	struct ike_find f = {.peer = peer, .spi_i = spi_i};

	(void)host;
	espnat_each_ike(((struct own *)j)->e, ike_found, &f);
	return f.host;
}

static void own_moved(void *j, msec_t now)
{
	(void)now;
	espnat_flush(((struct own *)j)->e);
}

static uint32_t own_icmp(void *j, uint32_t peer, uint32_t spi)
{
	return espnat_icmp_esp(((struct own *)j)->e, peer, spi);
}

#define OWN(jn, op)                                                            \
	const struct judge jn = {.name = "kadomori", .open = op,               \
		.close = own_close, .ike_out = own_ike_out,                    \
		.ike_in = own_ike_in, .esp_out = own_out, .esp_in = own_in,    \
		.tick = own_tick, .restart = own_restart, .fix = own_fix,      \
		.icmp = own_icmp, .icmp_ike = own_icmp_ike,                    \
		.moved = own_moved}
OWN(judge_kadomori, own_open);
OWN(judge_small, small_open);

const struct judge *const judges[JUDGES] = {&judge_kadomori, &judge_masquerade,
	&judge_oldest, &judge_serial, &judge_wildcard};
