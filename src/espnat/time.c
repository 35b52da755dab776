// SPDX-License-Identifier: GPL-2.0-or-later
/* What ages, what the kernel counted meanwhile, what is forgotten at once. */
#include "espnat/inside.h"

/* What is new in a running total; a smaller one began again. */
static uint64_t newly(uint64_t *last, uint64_t total)
{
	uint64_t n = total >= *last ? total - *last : total;

	*last = total;
	return n;
}

static struct in_sa *sa_in(struct espnat *e, uint32_t peer, uint32_t spi)
{
	struct peer *p = peer_find(e, peer);

	return p ? in_find(e, p, spi) : NULL;
}

static void more_in(struct espnat *e, msec_t now, struct in_sa *s,
	uint64_t packets)
{
	s->packets += packets;
	s->last = now;
	if (s->slot >= 0)
		in_firm(e, now, s);
}

void espnat_seen_in(struct espnat *e, msec_t now, uint32_t peer, uint32_t spi,
	uint64_t total)
{
	struct in_sa *s = sa_in(e, peer, spi);
	uint64_t packets = s ? newly(&s->kernel, total) : 0;
	uint64_t heard = s ? s->heard : 0;

	if (!packets)
		return;
	s->heard = 0;
	more_in(e, now, s, packets > heard ? packets - heard : 0);
}

void espnat_fast_in(struct espnat *e, msec_t now, uint32_t peer, uint32_t spi,
	uint64_t total)
{
	struct in_sa *s = sa_in(e, peer, spi);
	uint64_t packets = s ? newly(&s->fast, total) : 0;

	if (packets)
		more_in(e, now, s, packets);
}

/* Which of the two counters: the kernel's or the fast path's. */
static void more_out(struct espnat *e, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, bool fast, uint64_t total)
{
	struct peer *p = peer_find(e, peer);
	int slot = p ? pair_find(p, host) : -1;
	struct out_sa *o = slot < 0 ? NULL : out_find(p->pairs[slot], spi);
	uint64_t packets = o ? newly(fast ? &o->fast : &o->kernel, total) : 0;

	if (!packets)
		return;
	o->packets += packets;
	o->last = p->pairs[slot]->last = p->pairs[slot]->last_esp = now;
}

void espnat_seen_out(struct espnat *e, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint64_t total)
{
	more_out(e, now, host, peer, spi, false, total);
}

void espnat_fast_out(struct espnat *e, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint64_t total)
{
	more_out(e, now, host, peer, spi, true, total);
}

void espnat_seen_ike(struct espnat *e, msec_t now, uint64_t spi_i,
	uint64_t total)
{
	int slot;

	for (unsigned i = 0; i < e->l.peers; i++) {
		struct ike_sa *k = e->peers[i].addr
			? ike_find(&e->peers[i], spi_i, &slot)
			: NULL;
		uint64_t n = k ? newly(&k->kernel, total) : 0;

		if (!n)
			continue;
		k->in += (uint32_t)n;
		k->last = now;
	}
}

void espnat_lost(struct espnat *e, msec_t now)
{
	for (unsigned i = 0; i < e->l.peers; i++)
		for (unsigned j = 0; j < ESPNAT_HOSTS_MAX; j++) {
			struct pair *x = e->peers[i].pairs[j];

			if (!x || !x->host)
				continue;
			x->cold = true;
			x->cold_end = now + COLD_MS;
		}
}

/* While ESP of a pair lives its IKE lives, and the other way round. */
static void pair_tick(struct espnat *e, msec_t now, struct peer *p, int slot)
{
	struct pair *x = p->pairs[slot];

	if (x->cold && now >= x->cold_end)
		x->cold = false;
	if (now - x->last < IDLE_MS || x->in_n || x->open_n)
		return;
	for (unsigned i = 0; i < ESPNAT_IKE_MAX; i++)
		ike_forget(e, p, x, &x->ikes[i]);
	for (unsigned i = 0; i < ESPNAT_OUT_MAX; i++)
		out_forget(e, p, x, &x->outs[i]);
	x->host = 0;
	x->freed = now;
}

static bool in_stale(const struct in_sa *s, msec_t now)
{
	/* an open one that was an SA has used a credit up, dead or alive */
	bool lasts = s->firm || s->how == ESPNAT_RESTORED ||
		s->how == ESPNAT_SHARED ||
		(s->slot < 0 && s->packets >= FIRM_PACKETS);

	return now - s->last >= (lasts ? IDLE_MS : TENTATIVE_IDLE_MS);
}

void espnat_tick(struct espnat *e, msec_t now)
{
	for (uint32_t i = 0; i < e->l.in; i++) {
		struct in_sa *s = &e->in[i];

		if (!s->spi)
			continue;
		in_firm(e, now, s);
		if (in_stale(s, now))
			in_free(e, s);
	}
	for (unsigned i = 0; i < e->l.peers; i++) {
		struct peer *p = &e->peers[i];
		bool any = false;

		if (!p->addr)
			continue;
		for (int j = 0; j < ESPNAT_HOSTS_MAX; j++) {
			if (!p->pairs[j] || !p->pairs[j]->host)
				continue;
			pair_tick(e, now, p, j);
			any |= p->pairs[j]->host != 0;
		}
		exclude_all(e, now, i);
		if (any)
			continue;
		tell(e, ESPNAT_PEER_DEL, p->addr, 0, 0, 0);
		p->addr = 0;
		p->freed = now;
		e->stats.peers--;
	}
}

void espnat_flush(struct espnat *e)
{
	for (uint32_t i = 0; i < e->l.in; i++)
		if (e->in[i].spi)
			in_free(e, &e->in[i]);
	for (unsigned i = 0; i < e->l.peers; i++) {
		struct peer *p = &e->peers[i];

		for (int j = 0; p->addr && j < ESPNAT_HOSTS_MAX; j++) {
			if (!p->pairs[j] || !p->pairs[j]->host)
				continue;
			pair_tick(e, INT64_MAX / 2, p, j);
			p->pairs[j]->freed = 0;
		}
		if (p->addr)
			tell(e, ESPNAT_PEER_DEL, p->addr, 0, 0, 0);
		p->addr = 0;
		p->freed = 0;
	}
	memset(e->cells, 0, e->l.cells * sizeof(*e->cells));
	e->stats.peers = 0;
}
