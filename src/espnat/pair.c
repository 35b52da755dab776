// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pairing algorithm. espnat.h says what it concludes and from what; here
 * is how.
 *
 *	peer ── pair (device) ── row: credit, one per exchange that can make SAs
 *	  │                   ├─ ike: IKE SA, told by the initiator's SPI
 *	  │                   └─ out: outbound SPI
 *	  └── in: inbound SPI ── cand: the pairs that may own it (a bit each),
 *	                         fixed when it is first seen: an exchange that
 *	                         begins later cannot have made it
 *
 * A credit is spent when the binding that took it is firm; until then its
 * host stays a candidate for other SPIs, so that a forged SPI takes nothing
 * away. Which of a host's credits an SPI came from is not known: the newest
 * that is old enough is spent, because the older ones leave it a candidate for
 * more SPIs, never for fewer.
 *
 * SPIs that stay open still use up credits: two that began together leave no
 * credit of that time for a third. So an open SPI may belong to a host only if
 * all solid open SPIs of the peer can have a credit each beside it (Hall's
 * marriage theorem); after a start of all at once the next rekey is certain.
 *
 * An SPI seen once stands in a cell only (a hashed place that the next one may
 * overwrite), so that 10,000 forged SPIs a second fill nothing; an SPI that
 * comes again with a risen sequence number gets an entry. (pair.c stays one
 * file, long as it is: the whole algorithm is to be read and tested at once.)
 */
#include "espnat/espnat.h"

enum {
	FRESH = 8,		/* sequence numbers of a new SA; nft/emit-esp.c
				   shows us the same ones */
	RISE_MAX = 256,		/* from the first to the second packet seen */
	NEW_SEQ_MAX = 1024,	/* an SA of which more was sent was made before
				   we looked: only a cold pair can own it */
	REORDER_MS = 1000,
	TAKEOVER_MS = 30 * 1000, /* a device came back with another address */
	PEERS_PER_HOST = 16,
	CHECK_MS = 200,
	CELL_MS = 10 * 1000,
	CREDIT_MS = 3600 * 1000, /* an SA may stay silent that long */
	TENTATIVE_IDLE_MS = 60 * 1000,
	IDLE_MS = 2 * 3600 * 1000,
	COLD_MS = 8 * 3600 * 1000,
	SETTLE_MS = 60 * 1000,	/* after a login the old SAs fade */
	FIRM_PACKETS = 16,
	FIRM_MS = 2000,
	OPEN_MAX = 64,		/* of a peer, without an owner */
	TENTATIVE_MAX = 8,	/* SPIs of a pair that are not firm */
	/* an answer: sent within, after silence of */
	ANSWER_MS = 30,
	SILENCE_MS = 100,
	ANSWERS = 16,
};

const struct espnat_limits espnat_limits_home = {.peers = 64, .in = 2048,
	.in_per_pair = 64, .cells = 16384, .rate = 2000, .burst = 500};

struct row {
	uint64_t spi_i;
	uint32_t msgid;
	uint8_t kind; /* 0: free */
	bool spent;
	uint32_t spi; /* the binding that would spend it, 0: none */
	msec_t t;
};

struct ike_sa {
	uint64_t i, r; /* i 0: free */
	msec_t first, last;
	uint32_t in, out;
	uint64_t kernel;
};

struct out_sa {
	uint32_t spi, seq; /* spi 0: free */
	msec_t first, last;
	uint64_t packets;
	bool known; /* the kernel passes it without an event */
	uint64_t kernel; /* its count when last told */
};

struct pair {
	uint32_t host; /* 0: free */
	bool cold;
	msec_t cold_end, last, last_esp, freed;
	unsigned in_n, tentative_n, open_n;
	struct row rows[ESPNAT_ROWS_MAX];
	struct ike_sa ikes[ESPNAT_IKE_MAX];
	struct out_sa outs[ESPNAT_OUT_MAX];
};

/* Undecided packets: so many a second. */
struct bucket {
	uint32_t tokens; /* in 1/1000 packet */
	msec_t filled;
};

struct peer {
	uint32_t addr; /* 0: free */
	struct bucket first; /* for SPIs that have no entry */
	unsigned open_n;     /* entries without an owner */
	msec_t freed;
	struct pair *pairs[ESPNAT_HOSTS_MAX];
};

struct trial {
	uint8_t slot;
	bool running; /* was silent when the packet came */
	uint16_t tried, hit;
};

struct in_sa {
	uint32_t spi; /* 0: free */
	uint32_t peer, next; /* indices; next + 1, 0: end */
	uint64_t cand;
	int slot; /* owner, -1: open or shared */
	enum espnat_how how;
	bool firm, excluded;
	bool counted;	/* in tentative_n */
	bool cold_made;	/* some candidate was cold when it was first seen */
	uint32_t seq;
	msec_t first, last, bound, trial_end, checked;
	msec_t trial_last, trial_gap; /* regular traffic proves nothing */
	unsigned irregular;
	uint64_t packets, kernel;
	struct bucket copies; /* its own: a forger's SPIs do not eat it */
	struct trial trials[ESPNAT_COPIES_MAX];
};

struct cell {
	uint32_t peer, spi, seq;
	msec_t t;
	uint64_t cand;
};

struct espnat {
	struct espnat_limits l;
	struct hash_key key;
	espnat_change_fn change;
	void *arg;
	uint32_t fixed; /* static mapping's device */
	msec_t start;	/* of the first event, 0: none yet */
	struct peer *peers;
	struct in_sa *in;
	uint32_t *buckets, free_in, bucket_mask;
	struct cell *cells;
	struct espnat_stats stats;
};

/* ---- small things ---- */

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

static uint32_t hash_of(const struct espnat *e, uint32_t peer, uint32_t spi)
{
	uint32_t k[2] = {peer, spi};

	return (uint32_t)hash_bytes(&e->key, k, sizeof(k));
}

static void tell(struct espnat *e, enum espnat_change_kind k, uint32_t peer,
	uint32_t host, uint32_t spi, uint64_t ike)
{
	struct espnat_change c = {k, peer, host, spi, ike};

	if (e->change)
		e->change(e->arg, &c);
}

static unsigned count_bits(uint64_t m)
{
	return (unsigned)__builtin_popcountll(m);
}

static int first_bit(uint64_t m)
{
	return __builtin_ctzll(m);
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

static struct peer *peer_find(const struct espnat *e, uint32_t addr)
{
	for (unsigned i = 0; addr && i < e->l.peers; i++)
		if (e->peers[i].addr == addr)
			return &e->peers[i];
	return NULL;
}

static struct peer *peer_make(struct espnat *e, msec_t now, uint32_t addr)
{
	struct peer *p = peer_find(e, addr);

	if (p || !addr)
		return p;
	for (unsigned i = 0; i < e->l.peers; i++) {
		p = &e->peers[i];
		/* a cell may still name the place of a peer that left */
		if (p->addr || (p->freed && now - p->freed < CELL_MS))
			continue;
		p->addr = addr;
		p->first = (struct bucket){e->l.burst * 1000, now};
		p->open_n = 0;
		e->stats.peers++;
		tell(e, ESPNAT_PEER_SET, addr, 0, 0, 0);
		return p;
	}
	e->stats.refused++;
	return NULL;
}

static uint32_t peer_index(const struct espnat *e, const struct peer *p)
{
	return (uint32_t)(p - e->peers);
}

static struct pair *pair_at(const struct peer *p, int slot)
{
	return slot < 0 ? NULL : p->pairs[slot];
}

static int pair_find(const struct peer *p, uint32_t host)
{
	for (int i = 0; i < ESPNAT_HOSTS_MAX; i++)
		if (p->pairs[i] && p->pairs[i]->host == host)
			return i;
	return -1;
}

/* Peers of one device: a device that talks to everybody fills nothing. */
static unsigned peers_of(const struct espnat *e, uint32_t host)
{
	unsigned n = 0;

	for (unsigned i = 0; i < e->l.peers; i++)
		n += e->peers[i].addr && pair_find(&e->peers[i], host) >= 0;
	return n;
}

/* A pair whose beginning was not seen is cold: it may own anything. */
static int pair_make(struct espnat *e, msec_t now, struct peer *p,
	uint32_t host, bool cold)
{
	int slot = pair_find(p, host);
	bool full = slot < 0 && peers_of(e, host) >= PEERS_PER_HOST;
	struct pair *x;

	for (int i = 0; slot < 0 && !full && i < ESPNAT_HOSTS_MAX; i++) {
		x = p->pairs[i];
		if (x && (x->host || now - x->freed < CELL_MS))
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

static uint64_t candidates(const struct peer *p, msec_t now, uint32_t seq)
{
	bool old = seq > NEW_SEQ_MAX;
	uint64_t m = 0;

	for (int i = 0; i < ESPNAT_HOSTS_MAX; i++)
		if (p->pairs[i] && p->pairs[i]->host &&
			(old ? p->pairs[i]->cold : pair_may(p->pairs[i], now)))
			m |= 1ull << i;
	return m;
}

/* ---- inbound SPIs ---- */

static struct in_sa *in_find(const struct espnat *e, const struct peer *p,
	uint32_t spi)
{
	uint32_t at = peer_index(e, p);
	uint32_t i = e->buckets[hash_of(e, at, spi) & e->bucket_mask];

	for (; i; i = e->in[i - 1].next)
		if (e->in[i - 1].spi == spi && e->in[i - 1].peer == at)
			return &e->in[i - 1];
	return NULL;
}

static struct in_sa *in_make(struct espnat *e, const struct peer *p,
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

static struct row *row_of_spi(struct pair *x, uint32_t spi)
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

static void in_open(struct espnat *e, struct peer *p, struct in_sa *s, int d)
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

/* Take the owner away; the credit comes back unless it was spent. */
static void in_unbind(struct espnat *e, struct peer *p, struct in_sa *s)
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
	s->counted = false;
	tell(e, ESPNAT_IN_DEL, p->addr, x->host, s->spi, 0);
	s->slot = -1;
	s->firm = false;
}

static void in_free(struct espnat *e, struct in_sa *s)
{
	struct peer *p = &e->peers[s->peer];
	uint32_t *b = &e->buckets[hash_of(e, s->peer, s->spi) & e->bucket_mask];
	uint32_t at = (uint32_t)(s - e->in) + 1;

	if (s->slot < 0)
		in_open(e, p, s, -1);
	in_unbind(e, p, s);
	while (*b != at)
		b = &e->in[*b - 1].next;
	*b = s->next;
	s->spi = 0;
	s->next = e->free_in;
	e->free_in = at;
	e->stats.in--;
}

static void row_take(struct pair *x, const struct in_sa *s)
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
}

/* false: the device has its share; s stays as it is. */
static bool in_bind(struct espnat *e, msec_t now, struct in_sa *s, int slot,
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
	row_take(x, s);
	e->stats.bound++;
	tell(e, ESPNAT_IN_SET, p->addr, x->host, s->spi, 0);
	return true;
}

/* Just started, a device that has not spoken yet may be a cold one too. */
static bool too_early(const struct espnat *e, msec_t now, const struct in_sa *s)
{
	return s->cold_made && now - e->start < SETTLE_MS;
}

static void in_settle(struct espnat *e, msec_t now, struct in_sa *s, int slot,
	enum espnat_how how)
{
	if (too_early(e, now, s))
		return;
	in_open(e, &e->peers[s->peer], s, -1);
	if (!in_bind(e, now, s, slot, how))
		in_open(e, &e->peers[s->peer], s, 1);
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
static void in_exclude(struct espnat *e, msec_t now, struct in_sa *s)
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
	}
	if (count_bits(s->cand) == 1)
		in_settle(e, now, s, first_bit(s->cand),
			s->excluded ? ESPNAT_EXCLUDED : ESPNAT_ONLY);
}

static void exclude_all(struct espnat *e, msec_t now, uint32_t peer)
{
	if (!e->stats.open)
		return;
	for (uint32_t i = 0; i < e->l.in; i++)
		if (e->in[i].spi && e->in[i].peer == peer)
			in_exclude(e, now, &e->in[i]);
}

/* Enough has come for long enough: the credit is spent. */
static void in_firm(struct espnat *e, msec_t now, struct in_sa *s)
{
	struct pair *x = pair_at(&e->peers[s->peer], s->slot);
	struct row *r;

	if (!x || s->firm || s->packets < FIRM_PACKETS ||
		now - s->bound < FIRM_MS)
		return;
	if (s->how == ESPNAT_RESTORED && x->last_esp < s->bound)
		return; /* its owner has not spoken since */
	s->firm = true;
	x->tentative_n -= s->counted;
	s->counted = false;
	r = row_of_spi(x, s->spi);
	if (r)
		r->spent = true;
	exclude_all(e, now, s->peer);
}

/* ---- answers ---- */

static void trial_close(struct in_sa *s)
{
	for (unsigned i = 0; i < ESPNAT_COPIES_MAX; i++)
		s->trials[i].running = false;
	s->trial_end = 0;
}

static void trial_start(const struct peer *p, struct in_sa *s, msec_t now)
{
	unsigned n = 0;
	msec_t gap;

	if (s->trial_end && now <= s->trial_end)
		return;
	trial_close(s);
	for (uint64_t m = s->cand; m && n < ESPNAT_COPIES_MAX; m &= m - 1) {
		struct trial *t = &s->trials[n++];
		int slot = first_bit(m);

		if (t->slot != slot)
			*t = (struct trial){.slot = (uint8_t)slot};
		t->running = now - p->pairs[slot]->last_esp > SILENCE_MS;
		t->tried = (uint16_t)(t->tried + t->running);
	}
	gap = now - s->trial_last;
	if (gap * 5 > s->trial_gap * 6 || gap * 6 < s->trial_gap * 5)
		s->irregular++;
	s->trial_gap = gap;
	s->trial_last = now;
	s->trial_end = now + ANSWER_MS;
}

/*
 * One candidate answered nearly each of its trials, all others hardly ever.
 * Where packets come at irregular times that is less likely by chance than
 * 10^-6, whatever the rates. Regular traffic may fall in step with anybody's
 * and is not judged. It is evidence, not proof, and said as such ("answers").
 */
static int trial_winner(const struct in_sa *s)
{
	unsigned n = count_bits(s->cand);
	int winner = -1;

	if (s->irregular < ANSWERS)
		return -1;
	for (unsigned i = 0; i < n && i < ESPNAT_COPIES_MAX; i++) {
		const struct trial *t = &s->trials[i];

		if (t->tried < ANSWERS)
			return -1;
		if (t->hit * 16 >= t->tried * 15 && winner < 0)
			winner = t->slot;
		else if (t->hit * 8 > t->tried)
			return -1;
	}
	return winner;
}

static void trial_hit(struct espnat *e, msec_t now, struct in_sa *s, int slot)
{
	int winner;

	if (s->slot >= 0 || s->how == ESPNAT_SHARED || !s->trial_end ||
		now > s->trial_end || !(s->cand >> slot & 1))
		return;
	for (unsigned i = 0; i < ESPNAT_COPIES_MAX; i++) {
		struct trial *t = &s->trials[i];

		if (t->slot != slot || !t->running)
			continue;
		t->running = false;
		t->hit++;
	}
	winner = trial_winner(s);
	if (winner >= 0)
		in_settle(e, now, s, winner, ESPNAT_ANSWERS);
}

static void answers(struct espnat *e, msec_t now, const struct peer *p, int slot)
{
	if (!p->pairs[slot]->open_n)
		return;
	for (uint32_t i = 0; i < e->l.in; i++)
		if (e->in[i].spi && e->in[i].peer == peer_index(e, p))
			trial_hit(e, now, &e->in[i], slot);
}

/* ---- IKE ---- */

static bool makes_sa(uint8_t exchange)
{
	return exchange == IKE_AUTH || exchange == IKE_CREATE_CHILD_SA ||
	       exchange == IKE1_QUICK;
}

static bool begins(const struct ike_head *h)
{
	return h->exchange == IKE_SA_INIT || h->exchange == IKE1_MAIN ||
	       h->exchange == IKE1_AGGRESSIVE;
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

static void row_add(struct pair *x, msec_t now, const struct ike_head *h)
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
static void row_was_ike(struct pair *x)
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

static struct ike_sa *ike_find(const struct peer *p, uint64_t spi_i, int *slot)
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

static void ike_forget(struct espnat *e, const struct peer *p,
	const struct pair *x, struct ike_sa *k)
{
	if (k->i)
		tell(e, ESPNAT_IKE_DEL, p->addr, x->host, 0, k->i);
	*k = (struct ike_sa){0};
}

/* The place of the IKE SA that was silent longest; never one in use now. */
static struct ike_sa *ike_place(struct pair *x, msec_t now)
{
	struct ike_sa *best = &x->ikes[0];

	for (unsigned i = 0; i < ESPNAT_IKE_MAX; i++) {
		if (!x->ikes[i].i)
			return &x->ikes[i];
		if (x->ikes[i].last < best->last)
			best = &x->ikes[i];
	}
	return now - best->last > TENTATIVE_IDLE_MS ? best : NULL;
}

static struct ike_sa *ike_make(struct espnat *e, msec_t now, struct peer *p,
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

/*
 * A device is heard for the first time, in the middle of its life: it may own
 * what was given to other cold ones.
 */
static void cold_joins(struct espnat *e, struct peer *p, int slot)
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
	}
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

static bool budget(const struct espnat *e, msec_t now, struct bucket *b)
{
	uint64_t more = (uint64_t)(now - b->filled) * e->l.rate;

	b->filled = now;
	b->tokens = (uint32_t)MIN2((uint64_t)e->l.burst * 1000, b->tokens + more);
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

	if (count_bits(cand) > ESPNAT_COPIES_MAX) {
		verdict(e, ret, ESPNAT_CROWD);
		return;
	}
	if (!budget(e, now, b)) {
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

/* Hosts that may just have renewed their IKE SA with new SPIs. */
static uint64_t ike_candidates(const struct peer *p, msec_t now)
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

static struct out_sa *out_find(struct pair *x, uint32_t spi)
{
	for (unsigned i = 0; i < ESPNAT_OUT_MAX; i++)
		if (x->outs[i].spi == spi)
			return &x->outs[i];
	return NULL;
}

static void out_forget(struct espnat *e, const struct peer *p,
	const struct pair *x, struct out_sa *o)
{
	if (!o->spi)
		return;
	if (o->known)
		tell(e, ESPNAT_OUT_DEL, p->addr, x->host, o->spi, 0);
	tell(e, ESPNAT_ERR_DEL, p->addr, x->host, o->spi, 0);
	o->spi = 0;
}

static struct out_sa *out_make(struct espnat *e, msec_t now,
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
	s->copies = (struct bucket){e->l.burst * 1000, now};
	e->stats.shared++;
}

static void known_in(struct espnat *e, msec_t now, struct peer *p,
	struct in_sa *s, uint32_t seq, struct espnat_verdict *ret)
{
	collision(e, now, p, s, seq);
	s->seq = MAX2(s->seq, seq);
	s->last = now;
	s->packets++;
	in_firm(e, now, s);
	if (s->packets <= 4 || now - s->checked >= CHECK_MS)
		in_exclude(e, now, s);
	if (s->slot >= 0) {
		give(ret, p->pairs[s->slot]->host);
		verdict(e, ret, ESPNAT_BOUND);
		return;
	}
	if (s->how != ESPNAT_SHARED && count_bits(s->cand) > 1)
		trial_start(p, s, now);
	give_all(e, now, p, &s->copies, s->cand, ret);
}

/* The second packet of an SPI: it gets an entry. */
static struct in_sa *promote(struct espnat *e, msec_t now, struct peer *p,
	const struct cell *c)
{
	struct in_sa *s = NULL;

	if (count_bits(c->cand) == 1) {
		const struct pair *x = p->pairs[first_bit(c->cand)];

		if (x->in_n >= e->l.in_per_pair || x->tentative_n >= TENTATIVE_MAX)
			return NULL;
	} else if (p->open_n >= OPEN_MAX) {
		return NULL;
	}
	s = in_make(e, p, c->spi, c->t);
	if (!s)
		return NULL;
	s->seq = c->seq;
	s->packets = 1;
	s->copies = (struct bucket){e->l.burst * 1000, now};
	s->cand = c->cand;
	for (uint64_t m = s->cand; m; m &= m - 1)
		s->cold_made |= p->pairs[first_bit(m)]->cold;
	in_open(e, p, s, 1);
	if (count_bits(s->cand) == 1)
		in_settle(e, now, s, first_bit(s->cand), ESPNAT_ONLY);
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

		if (c->spi == spi && c->peer == peer && now - c->t < CELL_MS)
			return c;
		if (!c->spi || (best->spi && c->t < best->t))
			best = c;
	}
	best->spi = 0;
	return best;
}

static void unknown_in(struct espnat *e, msec_t now, struct peer *p,
	uint32_t spi, uint32_t seq, struct espnat_verdict *ret)
{
	uint32_t at = peer_index(e, p);
	struct cell *c = cell_of(e, now, at, spi);
	struct in_sa *s;

	if (c->spi && seq > c->seq && seq - c->seq <= RISE_MAX) {
		s = promote(e, now, p, c);
		if (s) {
			c->spi = 0;
			known_in(e, now, p, s, seq, ret);
			return;
		}
	}
	if (!c->spi)
		*c = (struct cell){at, spi, seq, now, candidates(p, now, seq)};
	else /* the same number again: perhaps another's SPI */
		c->cand |= candidates(p, now, seq);
	if (!c->cand) {
		c->spi = 0;
		stranger(e, ret);
		return;
	}
	give_all(e, now, p, &p->first, c->cand, ret);
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

uint32_t espnat_icmp_esp(const struct espnat *e, uint32_t peer, uint32_t spi)
{
	const struct peer *p = peer_find(e, peer);

	for (int i = 0; p && spi && i < ESPNAT_HOSTS_MAX; i++)
		if (p->pairs[i] && p->pairs[i]->host &&
			out_find(p->pairs[i], spi))
			return p->pairs[i]->host;
	return 0;
}

/* ---- time ---- */

/* What is new in a running total; a smaller one began again. */
static uint64_t newly(uint64_t *last, uint64_t total)
{
	uint64_t n = total >= *last ? total - *last : total;

	*last = total;
	return n;
}

void espnat_seen_in(struct espnat *e, msec_t now, uint32_t peer, uint32_t spi,
	uint64_t total)
{
	uint64_t packets;
	struct peer *p = peer_find(e, peer);
	struct in_sa *s = p ? in_find(e, p, spi) : NULL;

	packets = s ? newly(&s->kernel, total) : 0;
	if (!packets)
		return;
	s->packets += packets;
	s->last = now;
	if (s->slot >= 0)
		in_firm(e, now, s);
}

void espnat_seen_out(struct espnat *e, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint64_t total)
{
	struct peer *p = peer_find(e, peer);
	int slot = p ? pair_find(p, host) : -1;
	struct out_sa *o = slot < 0 ? NULL : out_find(p->pairs[slot], spi);
	uint64_t packets = o ? newly(&o->kernel, total) : 0;

	if (!packets)
		return;
	o->packets += packets;
	o->last = p->pairs[slot]->last = p->pairs[slot]->last_esp = now;
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

/* ---- looking, restoring ---- */

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
