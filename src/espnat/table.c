// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What espnat remembers, and no more than that: peers, pairs, IKE SAs, SPIs in
 * each direction, each within its limit. What enters or leaves is told.
 */
#include "espnat/inside.h"

const struct espnat_limits espnat_limits_home = {.peers = 64, .in = 2048,
	.in_per_pair = 64, .cells = 131072, .rate = 2000, .burst = 500,
	.first = 200};

uint32_t hash_of(const struct espnat *e, uint32_t peer, uint32_t spi)
{
	uint32_t k[2] = {peer, spi};

	return (uint32_t)hash_bytes(&e->key, k, sizeof(k));
}

void tell(struct espnat *e, enum espnat_change_kind k, uint32_t peer,
	uint32_t host, uint32_t spi, uint64_t ike)
{
	struct espnat_change c = {.kind = k, .peer = peer, .host = host,
		.spi = spi, .ike = ike};

	if (e->change)
		e->change(e->arg, &c);
}

struct espnat *espnat_new(const struct espnat_limits *l,
	const struct hash_key *key, espnat_change_fn change, void *arg)
{
	struct espnat *e = xcalloc(1, sizeof(*e));
	uint32_t b = 16;

	while (b < l->in)
		b *= 2;
	e->l = *l;
	e->key = *key;
	e->change = change;
	e->arg = arg;
	e->peers = xcalloc(l->peers, sizeof(*e->peers));
	e->in = xcalloc(l->in, sizeof(*e->in));
	e->buckets = xcalloc(b, sizeof(*e->buckets));
	e->bucket_mask = b - 1;
	e->cells = xcalloc(l->cells, sizeof(*e->cells));
	for (uint32_t i = 0; i < l->in; i++)
		e->in[i].next = i + 1 < l->in ? i + 2 : 0;
	e->free_in = 1;
	return e;
}

void espnat_free(struct espnat *e)
{
	if (!e)
		return;
	for (unsigned i = 0; i < e->l.peers; i++)
		for (unsigned j = 0; j < ESPNAT_HOSTS_MAX; j++)
			free(e->peers[i].pairs[j]);
	free(e->peers);
	free(e->in);
	free(e->buckets);
	free(e->cells);
	free(e);
}

void espnat_static(struct espnat *e, uint32_t host)
{
	e->fixed = host;
}

/* ---- peers and pairs ---- */

struct peer *peer_find(const struct espnat *e, uint32_t addr)
{
	for (unsigned i = 0; addr && i < e->l.peers; i++)
		if (e->peers[i].addr == addr)
			return &e->peers[i];
	return NULL;
}

struct peer *peer_make(struct espnat *e, msec_t now, uint32_t addr)
{
	struct peer *p = peer_find(e, addr);

	if (p || !addr)
		return p;
	for (unsigned i = 0; i < e->l.peers; i++) {
		p = &e->peers[i];
		/* a cell may still name the place of a peer that left */
		if (p->addr || (p->freed && now - p->freed < CELL_LIFE_MS))
			continue;
		p->addr = addr;
		p->first = bucket_of(e->l.first, now);
		p->open_n = 0;
		e->stats.peers++;
		tell(e, ESPNAT_PEER_SET, addr, 0, 0, 0);
		return p;
	}
	e->stats.refused++;
	return NULL;
}

int pair_find(const struct peer *p, uint32_t host)
{
	for (int i = 0; i < ESPNAT_HOSTS_MAX; i++)
		if (p->pairs[i] && p->pairs[i]->host == host)
			return i;
	return -1;
}

/* Peers of one device: a device that talks to everybody fills nothing. */
unsigned peers_of(const struct espnat *e, uint32_t host)
{
	unsigned n = 0;

	for (unsigned i = 0; i < e->l.peers; i++)
		n += e->peers[i].addr && pair_find(&e->peers[i], host) >= 0;
	return n;
}

/* A pair whose beginning was not seen is cold: it may own anything. */
int pair_make(struct espnat *e, msec_t now, struct peer *p,
	uint32_t host, bool cold)
{
	int slot = pair_find(p, host);
	bool full = slot < 0 && peers_of(e, host) >= PEERS_PER_HOST;
	struct pair *x;

	for (int i = 0; slot < 0 && !full && i < ESPNAT_HOSTS_MAX; i++) {
		x = p->pairs[i];
		if (x && (x->host || now - x->freed < CELL_LIFE_MS))
			continue;
		if (!x)
			x = p->pairs[i] = xcalloc(1, sizeof(*x));
		memset(x, 0, sizeof(*x));
		x->host = host;
		x->cold = cold;
		x->cold_end = now + COLD_MS;
		x->last_esp = INT64_MIN / 2;
		slot = i;
	}
	if (slot < 0)
		e->stats.refused++;
	else
		p->pairs[slot]->last = now;
	return slot;
}

/* ---- inbound SPIs ---- */

struct in_sa *in_find(const struct espnat *e, const struct peer *p,
	uint32_t spi)
{
	uint32_t at = peer_index(e, p);
	uint32_t i = e->buckets[hash_of(e, at, spi) & e->bucket_mask];

	for (; i; i = e->in[i - 1].next)
		if (e->in[i - 1].spi == spi && e->in[i - 1].peer == at)
			return &e->in[i - 1];
	return NULL;
}

struct in_sa *in_make(struct espnat *e, const struct peer *p,
	uint32_t spi, msec_t first)
{
	uint32_t *b = &e->buckets[hash_of(e, peer_index(e, p), spi) &
		e->bucket_mask];
	uint32_t i = e->free_in;
	struct in_sa *s;

	if (!i) {
		e->stats.refused++;
		return NULL;
	}
	s = &e->in[i - 1];
	e->free_in = s->next;
	*s = (struct in_sa){.spi = spi, .peer = peer_index(e, p), .slot = -1,
		.first = first, .last = first, .next = *b};
	*b = i;
	e->stats.in++;
	return s;
}

struct row *row_of_spi(struct pair *x, uint32_t spi)
{
	for (unsigned i = 0; i < ESPNAT_ROWS_MAX; i++)
		if (x->rows[i].kind && x->rows[i].spi == spi)
			return &x->rows[i];
	return NULL;
}

/* Watch what the candidates send while somebody waits for an answer. */
static void out_watch(struct espnat *e, const struct peer *p, struct pair *x)
{
	for (unsigned i = 0; i < ESPNAT_OUT_MAX; i++) {
		struct out_sa *o = &x->outs[i];

		if (!o->spi || !o->known)
			continue;
		o->known = false;
		tell(e, ESPNAT_OUT_DEL, p->addr, x->host, o->spi, 0);
	}
}

void in_open(struct espnat *e, struct peer *p, struct in_sa *s, int d)
{
	if (s->how == ESPNAT_SHARED)
		return; /* no answer will settle it */
	for (uint64_t m = s->cand; m; m &= m - 1) {
		struct pair *x = p->pairs[first_bit(m)];

		x->open_n += (unsigned)d;
		if (d > 0)
			out_watch(e, p, x);
	}
	e->stats.open += (unsigned)d;
	p->open_n += (unsigned)d;
}

static void copy_tell(struct espnat *e, enum espnat_change_kind k,
	const struct in_sa *s, unsigned at, uint32_t host)
{
	struct espnat_change c = {.kind = k, .peer = e->peers[s->peer].addr,
		.host = host, .spi = s->spi, .at = at};

	if (e->change)
		e->change(e->arg, &c);
}

/* Who gets a copy; 0: has an owner, or is a crowd. */
static unsigned copies_to(const struct espnat *e, const struct in_sa *s,
	uint32_t to[ESPNAT_COPIES_MAX])
{
	const struct peer *p = &e->peers[s->peer];
	unsigned n = 0;

	if (s->slot >= 0 || count_bits(s->cand) > ESPNAT_COPIES_MAX)
		return 0;
	for (uint64_t m = s->cand; m; m &= m - 1)
		if (p->pairs[first_bit(m)]->host)
			to[n++] = p->pairs[first_bit(m)]->host;
	return n;
}

void in_copies(struct espnat *e, struct in_sa *s)
{
	uint32_t to[ESPNAT_COPIES_MAX] = {0};
	unsigned n = copies_to(e, s, to);

	if (!memcmp(to, s->told, sizeof(to)))
		return;
	if (s->told[0] && !n)
		copy_tell(e, ESPNAT_OPEN_DEL, s, 0, 0);
	for (unsigned i = 0; i < ESPNAT_COPIES_MAX; i++) {
		if (s->told[i] == to[i])
			continue;
		if (s->told[i])
			copy_tell(e, ESPNAT_COPY_DEL, s, i, s->told[i]);
		if (to[i])
			copy_tell(e, ESPNAT_COPY_SET, s, i, to[i]);
	}
	if (!s->told[0] && n) {
		copy_tell(e, ESPNAT_OPEN_SET, s, 0, 0);
		s->kernel = s->heard = 0;
	}
	memcpy(s->told, to, sizeof(to));
}

/* Take the owner away; the credit comes back unless it was spent. */
void in_unbind(struct espnat *e, struct peer *p, struct in_sa *s)
{
	struct pair *x = pair_at(p, s->slot);
	struct row *r;

	if (!x)
		return;
	r = row_of_spi(x, s->spi);
	if (r)
		r->spi = 0;
	x->in_n--;
	if (s->counted)
		x->tentative_n--;
	x->loose_n -= s->loose;
	s->counted = s->loose = false;
	tell(e, ESPNAT_IN_DEL, p->addr, x->host, s->spi, 0);
	s->slot = -1;
	s->firm = false;
}

void in_free(struct espnat *e, struct in_sa *s)
{
	struct peer *p = &e->peers[s->peer];
	uint32_t *b = &e->buckets[hash_of(e, s->peer, s->spi) & e->bucket_mask];
	uint32_t at = (uint32_t)(s - e->in) + 1;

	if (s->slot < 0)
		in_open(e, p, s, -1);
	in_unbind(e, p, s);
	s->cand = 0;
	in_copies(e, s);
	while (*b != at)
		b = &e->in[*b - 1].next;
	*b = s->next;
	s->spi = 0;
	s->next = e->free_in;
	e->free_in = at;
	e->stats.in--;
}

struct ike_sa *ike_find(const struct peer *p, uint64_t spi_i, int *slot)
{
	for (int i = 0; i < ESPNAT_HOSTS_MAX; i++) {
		if (!p->pairs[i] || !p->pairs[i]->host)
			continue;
		for (unsigned j = 0; j < ESPNAT_IKE_MAX; j++) {
			if (p->pairs[i]->ikes[j].i != spi_i)
				continue;
			*slot = i;
			return &p->pairs[i]->ikes[j];
		}
	}
	return NULL;
}

void ike_forget(struct espnat *e, const struct peer *p,
	const struct pair *x, struct ike_sa *k)
{
	if (k->i)
		tell(e, ESPNAT_IKE_DEL, p->addr, x->host, 0, k->i);
	*k = (struct ike_sa){0};
}

/* A login that failed or is not over: four messages or fewer. */
static bool ike_young(const struct ike_sa *k)
{
	return k->in + k->out <= 4;
}

/*
 * The place of a login that led nowhere (a device that tries again and again
 * replaces its own), else of the IKE SA that was silent longest; never one in
 * use now.
 */
static struct ike_sa *ike_place(struct pair *x, msec_t now)
{
	struct ike_sa *best = &x->ikes[0];

	for (unsigned i = 0; i < ESPNAT_IKE_MAX; i++) {
		struct ike_sa *k = &x->ikes[i];

		if (!k->i)
			return k;
		if (ike_young(k) != ike_young(best) ? ike_young(k)
						    : k->last < best->last)
			best = k;
	}
	return ike_young(best) || now - best->last > TENTATIVE_IDLE_MS ? best
									: NULL;
}

struct ike_sa *ike_make(struct espnat *e, msec_t now, struct peer *p,
	struct pair *x, const struct ike_head *h)
{
	struct ike_sa *k = ike_place(x, now);

	if (!k) {
		e->stats.refused++;
		return NULL;
	}
	ike_forget(e, p, x, k);
	*k = (struct ike_sa){.i = h->spi_i, .first = now, .last = now};
	tell(e, ESPNAT_IKE_SET, p->addr, x->host, 0, k->i);
	if (!begins(h))
		row_was_ike(x);
	return k;
}

struct out_sa *out_find(struct pair *x, uint32_t spi)
{
	for (unsigned i = 0; i < ESPNAT_OUT_MAX; i++)
		if (x->outs[i].spi == spi)
			return &x->outs[i];
	return NULL;
}

void out_forget(struct espnat *e, const struct peer *p,
	const struct pair *x, struct out_sa *o)
{
	if (!o->spi)
		return;
	if (o->known)
		tell(e, ESPNAT_OUT_DEL, p->addr, x->host, o->spi, 0);
	tell(e, ESPNAT_ERR_DEL, p->addr, x->host, o->spi, 0);
	o->spi = 0;
}

struct out_sa *out_make(struct espnat *e, msec_t now,
	const struct peer *p, struct pair *x, uint32_t spi)
{
	struct out_sa *o = out_find(x, spi);

	if (o)
		return o;
	o = &x->outs[0];
	for (unsigned i = 0; i < ESPNAT_OUT_MAX && o->spi; i++)
		if (!x->outs[i].spi || x->outs[i].last < o->last)
			o = &x->outs[i];
	/* a device that makes up SPIs does not turn our tables over */
	if (o->spi && now - o->last < TENTATIVE_IDLE_MS) {
		e->stats.refused++;
		return NULL;
	}
	out_forget(e, p, x, o);
	*o = (struct out_sa){.spi = spi, .first = now};
	tell(e, ESPNAT_ERR_SET, p->addr, x->host, spi, 0);
	return o;
}
