// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events to verdicts. espnat.h says what is concluded and from what, inside.h
 * who does which part.
 *
 * An SPI seen once stands in a cell only (a hashed place that the next one may
 * overwrite), so that 10,000 forged SPIs a second fill nothing; an SPI that
 * comes again with a risen sequence number gets an entry.
 */
#include "espnat/inside.h"

static bool budget(msec_t now, struct bucket *b, unsigned rate, unsigned burst)
{
	uint64_t more = (uint64_t)(now - b->filled) * rate;

	b->filled = now;
	b->tokens = (uint32_t)MIN2((uint64_t)burst * 1000, b->tokens + more);
	if (b->tokens < 1000)
		return false;
	b->tokens -= 1000;
	return true;
}

static void verdict(struct espnat *e, struct espnat_verdict *ret,
	enum espnat_why why)
{
	ret->why = why;
	e->stats.why[why]++;
	if (ret->n > 1)
		e->stats.copies += ret->n - 1;
}

static void give(struct espnat_verdict *ret, uint32_t host)
{
	for (unsigned i = 0; i < ret->n; i++)
		if (ret->to[i] == host)
			return;
	if (host && ret->n < ESPNAT_COPIES_MAX)
		ret->to[ret->n++] = host;
}

/* To each candidate (and the mapping's device), within bounds. */
static void give_all(struct espnat *e, msec_t now, const struct peer *p,
	struct bucket *b, uint64_t cand, struct espnat_verdict *ret)
{
	enum espnat_why why = ESPNAT_COPY;
	bool first = b == &p->first;

	if (count_bits(cand) > ESPNAT_COPIES_MAX) {
		verdict(e, ret, ESPNAT_CROWD);
		return;
	}
	if (!budget(now, b, first ? e->l.first : e->l.rate,
			first ? e->l.first : e->l.burst)) {
		verdict(e, ret, ESPNAT_BUDGET);
		return;
	}
	for (uint64_t m = cand; m; m &= m - 1)
		give(ret, p->pairs[first_bit(m)]->host);
	if (ret->n == 1)
		why = ESPNAT_FIRST;
	verdict(e, ret, why);
}

static void stranger(struct espnat *e, struct espnat_verdict *ret)
{
	give(ret, e->fixed);
	verdict(e, ret, ret->n ? ESPNAT_STATIC : ESPNAT_STRANGER);
}

/* ---- IKE ---- */

static bool makes_sa(uint8_t exchange)
{
	return exchange == IKE_AUTH || exchange == IKE_CREATE_CHILD_SA ||
	       exchange == IKE1_QUICK;
}

/* The pair for an event from inside, or -1. */
static int speaks(struct espnat *e, msec_t now, uint32_t host, uint32_t peer,
	bool cold, struct peer **ret)
{
	struct peer *p = peer_find(e, peer);
	int slot;

	/* a device over its share makes no peer either */
	if (!p && peers_of(e, host) < PEERS_PER_HOST)
		p = peer_make(e, now, peer);
	*ret = p;
	slot = p ? pair_find(p, host) : -1;
	if (!e->start)
		e->start = now;
	if (slot >= 0)
		p->pairs[slot]->last = now;
	else if (p && host) {
		slot = pair_make(e, now, p, host, cold);
		if (slot >= 0 && cold)
			cold_joins(e, p, slot);
	}
	return slot;
}

void espnat_ike_out(struct espnat *e, msec_t now, uint32_t host, uint32_t peer,
	const struct ike_head *h)
{
	struct peer *p;
	int slot, owner = -1;
	struct ike_sa *k;
	struct pair *x;

	if (!h->spi_i) /* RFC 7296 3.1: never zero */
		return;
	slot = speaks(e, now, host, peer, !begins(h), &p);
	if (slot < 0)
		return;
	x = p->pairs[slot];
	k = ike_find(p, h->spi_i, &owner);
	if (k && owner != slot) {
		if (now - p->pairs[owner]->last < TAKEOVER_MS) {
			e->stats.refused++; /* another device's SPI */
			return;
		}
		ike_forget(e, p, p->pairs[owner], k);
		k = NULL;
	}
	if (!k)
		k = ike_make(e, now, p, x, h);
	if (k) {
		k->last = now;
		k->out++;
		if (h->spi_r)
			k->r = h->spi_r;
	}
	/* a login: soon everything it owns will have been seen */
	if (h->exchange == IKE_AUTH && x->cold)
		x->cold_end = MIN2(x->cold_end, now + SETTLE_MS);
	if (makes_sa(h->exchange))
		row_add(x, now, h);
}

void espnat_ike_in(struct espnat *e, msec_t now, uint32_t peer,
	const struct ike_head *h, struct espnat_verdict *ret)
{
	struct peer *p = peer_find(e, peer);
	struct ike_sa *k;
	int slot = -1;

	*ret = (struct espnat_verdict){0};
	if (!h->spi_i) {
		verdict(e, ret, ESPNAT_JUNK);
		return;
	}
	k = p ? ike_find(p, h->spi_i, &slot) : NULL;
	if (k) {
		k->last = now;
		k->in++;
		if (h->spi_r)
			k->r = h->spi_r;
		give(ret, p->pairs[slot]->host);
		verdict(e, ret, ESPNAT_BOUND);
	} else if (!p || !h->spi_r) {
		stranger(e, ret); /* a new IKE SA from outside */
	} else {
		uint64_t cand = ike_candidates(p, now);

		if (cand)
			give_all(e, now, p, &p->first, cand, ret);
		else
			stranger(e, ret);
	}
}

/* ---- ESP ---- */

void espnat_esp_out(struct espnat *e, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint32_t seq)
{
	int slot = -1;
	struct peer *p;
	struct out_sa *o;
	struct pair *x;

	if (spi)
		slot = speaks(e, now, host, peer, true, &p);
	if (slot < 0)
		return;
	x = p->pairs[slot];
	o = out_make(e, now, p, x, spi);
	if (o) {
		o->seq = MAX2(o->seq, seq);
		o->last = now;
		o->packets++;
	}
	answers(e, now, p, slot);
	x->last_esp = now;
	if (o && !o->known && !x->open_n) {
		o->known = true;
		o->kernel = 0;
		tell(e, ESPNAT_OUT_SET, p->addr, host, spi, 0);
	}
}

/*
 * A bound SPI begins again at a low number while another host may have made
 * the same SPI (2^-32, but the ICV covers the SPI: it cannot be changed on the
 * way). Both get every packet from now on.
 */
static void collision(struct espnat *e, msec_t now, struct peer *p,
	struct in_sa *s, uint32_t seq)
{
	uint64_t cand;

	if (seq > FRESH || seq >= s->seq || now - s->first < REORDER_MS)
		return;
	cand = candidates(p, now, seq);
	cand |= s->slot < 0 ? s->cand : 1ull << s->slot;
	if (count_bits(cand) < 2 || (s->slot < 0 && cand == s->cand))
		return;
	if (s->slot < 0)
		in_open(e, p, s, -1);
	in_unbind(e, p, s);
	s->cand = cand;
	s->how = ESPNAT_SHARED;
	s->copies = bucket_of(e->l.burst, now);
	in_copies(e, s);
	e->stats.shared++;
}

/* What a packet of a known SPI tells. */
static void heard_in(struct espnat *e, msec_t now, struct peer *p,
	struct in_sa *s, uint32_t seq)
{
	collision(e, now, p, s, seq);
	s->seq = MAX2(s->seq, seq);
	s->last = now;
	s->packets++;
	in_firm(e, now, s);
	if (s->packets <= 4 || now - s->checked >= CHECK_MS)
		in_exclude(e, now, s);
	if (s->slot < 0 && s->how != ESPNAT_SHARED && count_bits(s->cand) > 1)
		trial_start(p, s, now);
}

static void known_in(struct espnat *e, msec_t now, struct peer *p,
	struct in_sa *s, uint32_t seq, struct espnat_verdict *ret)
{
	heard_in(e, now, p, s, seq);
	if (s->slot >= 0) {
		give(ret, p->pairs[s->slot]->host);
		verdict(e, ret, ESPNAT_BOUND);
		return;
	}
	give_all(e, now, p, &s->copies, s->cand, ret);
}

/* The second packet of an SPI: it gets an entry. */
static struct in_sa *promote(struct espnat *e, msec_t now, struct peer *p,
	const struct cell *c)
{
	struct in_sa *s = NULL;

	if (count_bits(c->cand) == 1) {
		const struct pair *x = p->pairs[first_bit(c->cand)];

		if ((x->in_n >= e->l.in_per_pair ||
				x->tentative_n >= TENTATIVE_MAX) &&
			!in_make_way(e, now, p, first_bit(c->cand), c->hits))
			return NULL;
	} else if (p->open_n >= OPEN_MAX &&
		   !in_make_way(e, now, p, -1, c->hits)) {
		return NULL;
	}
	s = in_make(e, p, c->spi, c->t);
	if (!s)
		return NULL;
	s->seq = c->seq;
	s->packets = c->hits;
	s->copies = bucket_of(e->l.burst, now);
	s->cand = c->cand;
	for (uint64_t m = s->cand; m; m &= m - 1)
		s->cold_made |= p->pairs[first_bit(m)]->cold;
	in_open(e, p, s, 1);
	if (count_bits(s->cand) == 1)
		in_settle(e, now, s, first_bit(s->cand), ESPNAT_ONLY);
	in_copies(e, s);
	return s;
}

/* The SPI's cell, or the one of its four places that was used longest ago. */
static struct cell *cell_of(const struct espnat *e, msec_t now, uint32_t peer,
	uint32_t spi)
{
	uint32_t at = hash_of(e, peer, spi) & (e->l.cells - 1) & ~3u;
	struct cell *best = &e->cells[at];

	for (unsigned i = 0; i < 4; i++) {
		struct cell *c = &e->cells[at + i];

		if (c->spi == spi && c->peer == peer &&
			now - c->last < CELL_MS && now - c->t < CELL_LIFE_MS)
			return c;
		if (!c->spi || (best->spi && c->last < best->last))
			best = c;
	}
	best->spi = 0;
	return best;
}

/* What a packet of an SPI without an entry tells; true: it rose. */
static bool cell_heard(const struct espnat *e, msec_t now, struct peer *p,
	struct cell *c, uint32_t spi, uint32_t seq)
{
	bool rose = c->spi && seq > c->seq && seq - c->seq <= RISE_MAX;

	if (!c->spi)
		*c = (struct cell){.peer = peer_index(e, p), .spi = spi,
			.t = now, .cand = candidates(p, now, seq), .hits = 1};
	else if (!rose) /* the same number again: perhaps another's SPI */
		c->cand |= candidates(p, now, seq);
	if (!c->cand) { /* we may have been late ourselves */
		c->cand = candidates(p, now, seq);
		c->t = now;
	}
	c->seq = MAX2(c->seq, seq);
	c->last = now;
	c->hits += rose;
	return rose;
}

static void unknown_in(struct espnat *e, msec_t now, struct peer *p,
	uint32_t spi, uint32_t seq, struct espnat_verdict *ret)
{
	struct cell *c = cell_of(e, now, peer_index(e, p), spi);
	bool rose = cell_heard(e, now, p, c, spi, seq);
	struct in_sa *s = NULL;

	if (!c->cand && c->hits >= DOUBT && !e->fixed)
		c->cand = candidates_in_doubt(p, now, seq);
	if (!c->cand) {
		stranger(e, ret);
		return;
	}
	if (rose)
		s = promote(e, now, p, c);
	if (!s) {
		give_all(e, now, p, &p->first, c->cand, ret);
		return;
	}
	s->packets--; /* known_in() counts this one */
	c->spi = 0;
	known_in(e, now, p, s, seq, ret);
}

void espnat_esp_in(struct espnat *e, msec_t now, uint32_t peer, uint32_t spi,
	uint32_t seq, struct espnat_verdict *ret)
{
	struct peer *p = peer_find(e, peer);
	struct in_sa *s;

	*ret = (struct espnat_verdict){0};
	if (!spi) { /* RFC 4303 2.1: never on the wire */
		verdict(e, ret, ESPNAT_JUNK);
		return;
	}
	if (!p) {
		stranger(e, ret);
		return;
	}
	s = in_find(e, p, spi);
	if (s)
		known_in(e, now, p, s, seq, ret);
	else
		unknown_in(e, now, p, spi, seq, ret);
}

void espnat_esp_copied(struct espnat *e, msec_t now, uint32_t peer,
	uint32_t spi, uint32_t seq)
{
	struct peer *p = peer_find(e, peer);
	struct in_sa *s = p ? in_find(e, p, spi) : NULL;

	if (!s)
		return;
	s->heard++;
	heard_in(e, now, p, s, seq);
}

uint32_t espnat_icmp_esp(const struct espnat *e, uint32_t peer, uint32_t spi)
{
	const struct peer *p = peer_find(e, peer);

	for (int i = 0; p && spi && i < ESPNAT_HOSTS_MAX; i++)
		if (p->pairs[i] && p->pairs[i]->host &&
			out_find(p->pairs[i], spi))
			return p->pairs[i]->host;
	return 0;
}
