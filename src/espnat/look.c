// SPDX-License-Identifier: GPL-2.0-or-later
/* espnat for people and for the file of bindings: names, walks, restoring. */
#include "espnat/inside.h"

const char *espnat_how_name(enum espnat_how h)
{
	switch (h) {
	case ESPNAT_OPEN:	return "open";
	case ESPNAT_ONLY:	return "only";
	case ESPNAT_EXCLUDED:	return "excluded";
	case ESPNAT_ANSWERS:	return "answers";
	case ESPNAT_RESTORED:	return "restored";
	case ESPNAT_SHARED:	return "shared";
	}
	return "?";
}

const char *espnat_why_name(enum espnat_why w)
{
	switch (w) {
	case ESPNAT_BOUND:	return "bound";
	case ESPNAT_FIRST:	return "first";
	case ESPNAT_COPY:	return "copy";
	case ESPNAT_STATIC:	return "static";
	case ESPNAT_STRANGER:	return "stranger";
	case ESPNAT_CROWD:	return "crowd";
	case ESPNAT_BUDGET:	return "budget";
	case ESPNAT_JUNK:	return "junk";
	}
	return "?";
}

void espnat_stats_get(const struct espnat *e, struct espnat_stats *ret)
{
	*ret = e->stats;
}

void espnat_each_in(const struct espnat *e, espnat_sa_fn fn, void *arg)
{
	for (uint32_t i = 0; i < e->l.in; i++) {
		const struct in_sa *s = &e->in[i];
		const struct peer *p = &e->peers[s->peer];
		struct espnat_sa v;

		if (!s->spi)
			continue;
		v = (struct espnat_sa){.peer = p->addr, .spi = s->spi,
			.seq = s->seq,
			.how = s->how, .firm = s->firm, .first = s->first,
			.last = s->last, .packets = s->packets};
		if (s->slot >= 0)
			v.host = v.hosts[v.host_n++] = p->pairs[s->slot]->host;
		for (uint64_t m = s->slot < 0 ? s->cand : 0;
			m && v.host_n < ESPNAT_COPIES_MAX; m &= m - 1)
			v.hosts[v.host_n++] = p->pairs[first_bit(m)]->host;
		fn(arg, &v);
	}
}

typedef void (*pair_fn)(void *arg, const struct peer *p, const struct pair *x);

static void each_pair(const struct espnat *e, pair_fn fn, void *arg)
{
	for (unsigned i = 0; i < e->l.peers; i++)
		for (unsigned j = 0; e->peers[i].addr && j < ESPNAT_HOSTS_MAX; j++)
			if (e->peers[i].pairs[j] && e->peers[i].pairs[j]->host)
				fn(arg, &e->peers[i], e->peers[i].pairs[j]);
}

struct each {
	espnat_out_fn out;
	espnat_ike_fn ike;
	void *arg;
};

static void pair_outs(void *arg, const struct peer *p, const struct pair *x)
{
	const struct each *a = arg;

	for (unsigned i = 0; i < ESPNAT_OUT_MAX; i++) {
		const struct out_sa *o = &x->outs[i];
		struct espnat_out v = {p->addr, x->host, o->spi, o->first,
			o->last, o->packets};

		if (o->spi)
			a->out(a->arg, &v);
	}
}

static void pair_ikes(void *arg, const struct peer *p, const struct pair *x)
{
	const struct each *a = arg;

	for (unsigned i = 0; i < ESPNAT_IKE_MAX; i++) {
		const struct ike_sa *k = &x->ikes[i];
		struct espnat_ike v = {p->addr, x->host, k->i, k->r, k->first,
			k->last, k->in, k->out};

		if (k->i)
			a->ike(a->arg, &v);
	}
}

void espnat_each_out(const struct espnat *e, espnat_out_fn fn, void *arg)
{
	struct each a = {.out = fn, .arg = arg};

	each_pair(e, pair_outs, &a);
}

void espnat_each_ike(const struct espnat *e, espnat_ike_fn fn, void *arg)
{
	struct each a = {.ike = fn, .arg = arg};

	each_pair(e, pair_ikes, &a);
}

void espnat_restore_in(struct espnat *e, msec_t now, uint32_t peer,
	uint32_t host, uint32_t spi, uint32_t seq)
{
	struct peer *p = spi && host ? peer_make(e, now, peer) : NULL;
	int slot = p ? pair_make(e, now, p, host, true) : -1;
	struct in_sa *s;

	if (slot < 0 || in_find(e, p, spi))
		return;
	s = in_make(e, p, spi, now);
	if (!s)
		return;
	s->seq = seq;
	s->cand = 1ull << slot;
	if (in_bind(e, now, s, slot, ESPNAT_RESTORED))
		return;
	in_open(e, p, s, 1);
	in_free(e, s);
}

void espnat_restore_ike(struct espnat *e, msec_t now, uint32_t peer,
	uint32_t host, uint64_t spi_i, uint64_t spi_r)
{
	struct peer *p = spi_i && host ? peer_make(e, now, peer) : NULL;
	int slot = p ? pair_make(e, now, p, host, true) : -1, other;
	struct ike_head h = {.spi_i = spi_i, .spi_r = spi_r,
		.exchange = IKE_SA_INIT};
	struct ike_sa *k;

	if (slot < 0 || ike_find(p, spi_i, &other))
		return;
	k = ike_make(e, now, p, p->pairs[slot], &h);
	if (k)
		k->r = spi_r;
}
