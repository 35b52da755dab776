// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may own an SPI. A credit is spent when the binding that took it is firm;
 * until then its host stays a candidate for other SPIs, so that a forged SPI
 * takes nothing away. A device with more SPIs than credits has one that is
 * forged, which is not known: until they are as many, none of its credits is
 * spent, and the one too many stays on trial. Which of a host's credits an SPI came from is not known:
 * the newest that is old enough is spent, because the older ones leave it a
 * candidate for more SPIs, never for fewer.
 *
 * SPIs that stay open still use up credits: two that began together leave no
 * credit of that time for a third. So an open SPI may belong to a host only if
 * all solid open SPIs of the peer can have a credit each beside it (Hall's
 * marriage theorem); after a start of all at once the next rekey is certain.
 */
#include "espnat/inside.h"

static bool row_may(const struct row *r, msec_t first)
{
	return r->kind && !r->spent && r->t <= first &&
	       first - r->t <= CREDIT_MS;
}

/* Could the pair own an SPI that was first seen at first? */
static bool pair_may(const struct pair *x, msec_t first)
{
	if (x->cold)
		return true;
	for (unsigned i = 0; i < ESPNAT_ROWS_MAX; i++)
		if (row_may(&x->rows[i], first))
			return true;
	return false;
}

uint64_t candidates(const struct peer *p, msec_t now, uint32_t seq)
{
	bool old = seq > NEW_SEQ_MAX;
	uint64_t m = 0;

	for (int i = 0; i < ESPNAT_HOSTS_MAX; i++)
		if (p->pairs[i] && p->pairs[i]->host &&
			(old ? p->pairs[i]->cold : pair_may(p->pairs[i], now)))
			m |= 1ull << i;
	return m;
}

static struct row *row_find(struct pair *x, const struct ike_head *h)
{
	for (unsigned i = 0; i < ESPNAT_ROWS_MAX; i++) {
		struct row *r = &x->rows[i];

		if (r->kind != h->exchange || r->spi_i != h->spi_i)
			continue;
		/* IKE_AUTH makes one SA however many messages EAP takes */
		if (r->kind == IKE_AUTH || r->msgid == h->msgid)
			return r;
	}
	return NULL;
}

/*
 * RFC 7296 2.2: the two sides count their requests apart, so that a request
 * and a response of the same number are two exchanges.
 */
static uint32_t row_id(const struct ike_head *h)
{
	return h->exchange == IKE_CREATE_CHILD_SA &&
			       (h->flags & IKE_FLAG_RESPONSE)
		       ? h->msgid ^ 0x80000000
		       : h->msgid;
}

void row_add(struct pair *x, msec_t now, const struct ike_head *h)
{
	struct ike_head k = *h;
	struct row *r;

	k.msgid = row_id(h);
	r = row_find(x, &k);
	if (r)
		return; /* sent again */
	for (unsigned i = 0; i < ESPNAT_ROWS_MAX; i++) {
		r = &x->rows[i];
		/* an open SPI's candidates must not lose what they stand on */
		if (r->kind && !r->spent && (x->open_n || now - r->t <= CREDIT_MS))
			continue;
		*r = (struct row){.spi_i = h->spi_i, .msgid = k.msgid,
			.kind = h->exchange, .t = now};
		return;
	}
	/* more than we can remember: it may own anything */
	x->cold = true;
	x->cold_end = now + COLD_MS;
}

/* A CREATE_CHILD_SA turned out to have renewed the IKE SA: no ESP from it. */
void row_was_ike(struct pair *x)
{
	struct row *best = NULL;

	for (unsigned i = 0; i < ESPNAT_ROWS_MAX; i++) {
		struct row *r = &x->rows[i];

		if (r->kind == IKE_CREATE_CHILD_SA && !r->spent && !r->spi &&
			(!best || r->t > best->t))
			best = r;
	}
	if (best)
		best->spent = true;
}

/* Hosts that may just have renewed their IKE SA with new SPIs. */
uint64_t ike_candidates(const struct peer *p, msec_t now)
{
	uint64_t m = 0;

	for (int i = 0; i < ESPNAT_HOSTS_MAX; i++) {
		const struct pair *x = p->pairs[i];
		bool may = x && x->host && x->cold;

		if (!x || !x->host)
			continue;
		for (unsigned j = 0; j < ESPNAT_ROWS_MAX; j++)
			may |= x->rows[j].kind == IKE_CREATE_CHILD_SA &&
			       row_may(&x->rows[j], now);
		if (may)
			m |= 1ull << i;
	}
	return m;
}

/*
 * A device is heard for the first time, in the middle of its life: it may own
 * what was given to other cold ones.
 */
void cold_joins(struct espnat *e, struct peer *p, int slot)
{
	for (uint32_t i = 0; i < e->l.in; i++) {
		struct in_sa *s = &e->in[i];

		if (!s->spi || s->peer != peer_index(e, p) || !s->cold_made ||
			s->how == ESPNAT_SHARED)
			continue;
		if (s->slot >= 0)
			in_unbind(e, p, s);
		else
			in_open(e, p, s, -1);
		s->cand |= 1ull << slot;
		s->how = ESPNAT_OPEN;
		in_open(e, p, s, 1);
		in_copies(e, s);
	}
}

uint64_t candidates_in_doubt(struct peer *p, msec_t now, uint32_t seq)
{
	uint64_t m = 0;

	for (int i = 0; seq <= NEW_SEQ_MAX && i < ESPNAT_HOSTS_MAX; i++) {
		struct pair *x = p->pairs[i];

		for (unsigned k = 0; x && x->host && k < ESPNAT_ROWS_MAX; k++) {
			struct row *r = &x->rows[k];

			if (!r->kind || !r->spi || now - r->t > CREDIT_MS)
				continue;
			r->spent = false;
			m |= 1ull << i;
		}
	}
	return m;
}

/* On trial, silent, and seen less often than the newcomer. */
static bool weaker(const struct in_sa *s, const struct in_sa *than, msec_t now,
	uint32_t hits)
{
	bool trial = s->slot < 0 ? s->packets < FIRM_PACKETS : s->counted;

	return trial && s->how != ESPNAT_SHARED && now - s->last >= WEAK_MS &&
	       s->packets < hits && (!than || s->packets < than->packets);
}

bool in_make_way(struct espnat *e, msec_t now, const struct peer *p, int slot,
	uint32_t hits)
{
	struct in_sa *weakest = NULL;

	for (uint32_t i = 0; i < e->l.in; i++) {
		struct in_sa *s = &e->in[i];

		if (s->spi && s->peer == peer_index(e, p) && s->slot == slot &&
			weaker(s, weakest, now, hits))
			weakest = s;
	}
	if (weakest)
		in_free(e, weakest);
	return weakest != NULL;
}

/* false: none is left for it. */
static bool row_take(struct pair *x, const struct in_sa *s)
{
	struct row *best = NULL;

	for (unsigned i = 0; i < ESPNAT_ROWS_MAX; i++) {
		struct row *r = &x->rows[i];

		if (!r->kind || r->spent || r->spi || r->t > s->first)
			continue;
		if (!best || r->t > best->t)
			best = r;
	}
	if (best)
		best->spi = s->spi;
	return best;
}

/* false: the device has its share; s stays as it is. */
bool in_bind(struct espnat *e, msec_t now, struct in_sa *s, int slot,
	enum espnat_how how)
{
	struct peer *p = &e->peers[s->peer];
	struct pair *x = p->pairs[slot];

	if (x->in_n >= e->l.in_per_pair || (how != ESPNAT_RESTORED &&
			x->tentative_n >= TENTATIVE_MAX)) {
		e->stats.refused++;
		return false;
	}
	s->slot = slot;
	s->how = how;
	s->kernel = 0;
	s->bound = now;
	x->in_n++;
	s->counted = how != ESPNAT_RESTORED;
	x->tentative_n += s->counted;
	s->loose = !row_take(x, s) && !x->cold && how != ESPNAT_RESTORED;
	x->loose_n += s->loose;
	e->stats.bound++;
	tell(e, ESPNAT_IN_SET, p->addr, x->host, s->spi, 0);
	return true;
}

/* Just started, a device that has not spoken yet may be a cold one too. */
static bool too_early(const struct espnat *e, msec_t now, const struct in_sa *s)
{
	return s->cold_made && now - e->start < SETTLE_MS;
}

void in_settle(struct espnat *e, msec_t now, struct in_sa *s, int slot,
	enum espnat_how how)
{
	if (too_early(e, now, s))
		return;
	in_open(e, &e->peers[s->peer], s, -1);
	if (!in_bind(e, now, s, slot, how))
		in_open(e, &e->peers[s->peer], s, 1);
	in_copies(e, s);
}

/* Enough has come to believe that it is an SA at all. */
static bool in_solid(const struct in_sa *s, msec_t now)
{
	return s->packets >= FIRM_PACKETS && now - s->first >= FIRM_MS;
}

/* ---- a credit for each: bipartite matching ---- */

struct marriage {
	struct espnat *e;
	struct peer *p;
	const struct in_sa *sa[OPEN_MAX + 1];
	unsigned n;
	int slot; /* where sa[0] must go */
	/* which SPI has the credit: its index + 1 */
	uint8_t taken[ESPNAT_HOSTS_MAX][ESPNAT_ROWS_MAX];
	uint16_t seen[ESPNAT_HOSTS_MAX];
};

static bool marry(struct marriage *m, unsigned i, unsigned depth)
{
	const struct in_sa *s = m->sa[i];
	uint64_t cand = i ? s->cand : 1ull << m->slot;

	for (; cand; cand &= cand - 1) {
		int slot = first_bit(cand);
		const struct pair *x = m->p->pairs[slot];

		if (!x->host)
			continue;
		if (x->cold)
			return true; /* may own any number */
		for (unsigned r = 0; r < ESPNAT_ROWS_MAX; r++) {
			uint8_t *t = &m->taken[slot][r];

			if (m->seen[slot] >> r & 1 ||
				!row_may(&x->rows[r], s->first))
				continue;
			m->seen[slot] |= (uint16_t)(1u << r);
			if (*t && (depth > OPEN_MAX ||
					!marry(m, *t - 1u, depth + 1)))
				continue;
			*t = (uint8_t)(i + 1);
			return true;
		}
	}
	return false;
}

/* Can all solid open SPIs of the peer have a credit each if s is slot's? */
static bool fits(struct espnat *e, struct peer *p, msec_t now,
	const struct in_sa *s, int slot)
{
	struct marriage m = {.e = e, .p = p, .slot = slot, .n = 1, .sa = {s}};

	for (uint32_t i = 0; i < e->l.in && m.n <= OPEN_MAX; i++) {
		const struct in_sa *o = &e->in[i];

		if (o->spi && o != s && o->slot < 0 &&
			o->how != ESPNAT_SHARED &&
			o->peer == peer_index(e, p) && in_solid(o, now))
			m.sa[m.n++] = o;
	}
	for (unsigned i = 0; i < m.n; i++) {
		memset(m.seen, 0, sizeof(m.seen));
		if (!marry(&m, i, 0))
			return false;
	}
	return true;
}

/* Strike out candidates whose SAs are all accounted for, or who left. */
void in_exclude(struct espnat *e, msec_t now, struct in_sa *s)
{
	struct peer *p = &e->peers[s->peer];
	bool more = count_bits(s->cand) > 1;
	uint64_t left = 0;

	if (s->slot >= 0 || s->how == ESPNAT_SHARED)
		return;
	s->checked = now;
	for (uint64_t m = s->cand; m; m &= m - 1) {
		const struct pair *x = p->pairs[first_bit(m)];

		if (x->host && pair_may(x, s->first) &&
			(!more || fits(e, p, now, s, first_bit(m))))
			left |= 1ull << first_bit(m);
	}
	if (left && left != s->cand) {
		in_open(e, p, s, -1);
		s->cand = left;
		in_open(e, p, s, 1);
		s->excluded = true;
		in_copies(e, s);
	}
	if (count_bits(s->cand) == 1)
		in_settle(e, now, s, first_bit(s->cand),
			s->excluded ? ESPNAT_EXCLUDED : ESPNAT_ONLY);
}

void exclude_all(struct espnat *e, msec_t now, uint32_t peer)
{
	if (!e->stats.open)
		return;
	for (uint32_t i = 0; i < e->l.in; i++)
		if (e->in[i].spi && e->in[i].peer == peer)
			in_exclude(e, now, &e->in[i]);
}

/* One too many, but a credit came back: it is the one's. */
static void loose_take(struct pair *x, struct in_sa *s)
{
	if (!s->loose || (!x->cold && !row_take(x, s)))
		return;
	s->loose = false;
	x->loose_n--;
}

/* Enough has come for long enough. */
static bool in_ripe(const struct in_sa *s, const struct pair *x, msec_t now)
{
	if (s->loose || s->packets < FIRM_PACKETS || now - s->bound < FIRM_MS)
		return false;
	/* its owner has not spoken since? */
	return s->how != ESPNAT_RESTORED || x->last_esp >= s->bound;
}

/* ... then the credit is spent, if no other SPI may have been meant. */
void in_firm(struct espnat *e, msec_t now, struct in_sa *s)
{
	struct pair *x = pair_at(&e->peers[s->peer], s->slot);
	struct row *r;

	if (!x)
		return;
	loose_take(x, s);
	if (!s->firm && !in_ripe(s, x, now))
		return;
	r = row_of_spi(x, s->spi);
	if (s->firm && (!r || r->spent))
		return;
	if (!s->firm)
		x->tentative_n -= s->counted;
	s->firm = true;
	s->counted = false;
	if (r && !x->loose_n)
		r->spent = true;
	exclude_all(e, now, s->peer);
}
