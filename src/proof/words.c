// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A set in words. The diagram is walked field by field: all values of a field
 * that lead to the same rest belong together, so that what comes out are a few
 * boxes of ranges, never bits. What cannot exist fills the gaps first, and so
 * does what is not worth words where ordinary packets are in the set: addresses
 * that no route leads to, extension headers, later fragments.
 */
#include "proof/own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUBES_MAX = 4096, GROUPS_MAX = 256, ITEMS_SHOWN = 8 };

/* Values of one field: fixed bits and free ones. */
struct cube {
	uint8_t value[16], care[16];
};

struct group {
	bdd rest;	/* what the other fields must be */
	struct cube *v;
	size_t n, cap;
	double weight;	/* part of the field's values */
};

struct groups {
	struct group v[GROUPS_MAX];
	size_t n, cubes;
	bool overflow;
};

/* The family as a constant, for sets that speak of it. */
static const int8_t fix4[1] = {0}, fix6[1] = {1};

struct teller {
	struct proof *pr;
	struct text *out;
	char *said[SLOT_MAX]; /* per field, "" = any; owned */
	bool four;	      /* the box speaks of IPv4 */
	bool fill;	      /* gaps were filled with unrouted addresses */
	size_t lines, max;
	bool more;
};

static unsigned end_of(enum slot s)
{
	return places[s].at + places[s].bits;
}

static struct group *group_for(struct groups *g, bdd rest)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].rest == rest)
			return &g->v[i];
	if (g->n == GROUPS_MAX) {
		g->overflow = true;
		return NULL;
	}
	g->v[g->n] = (struct group){.rest = rest};
	return &g->v[g->n++];
}

static void collect(struct proof *pr, enum slot s, bdd f, struct cube *at,
	double weight, struct groups *g)
{
	unsigned v = bdd_var(pr->w, f), bit;
	struct group *to;

	if (f == BDD_NO || g->overflow)
		return;
	if (v >= end_of(s)) {
		to = group_for(g, f);
		if (!to || ++g->cubes > CUBES_MAX) {
			g->overflow = true;
			return;
		}
		*GROW(to->v, to->n, to->cap) = *at;
		to->weight += weight;
		return;
	}
	bit = v - places[s].at;
	at->care[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	collect(pr, s, bdd_lo(pr->w, f), at, weight / 2, g);
	at->value[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	collect(pr, s, bdd_hi(pr->w, f), at, weight / 2, g);
	at->value[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	at->care[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
}

static int by_weight(const void *a, const void *b)
{
	double x = ((const struct group *)a)->weight;
	double y = ((const struct group *)b)->weight;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void groups_done(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->v[i].v);
}

/* ---- numbers ---- */

static int by_lo(const void *a, const void *b)
{
	const struct num_range *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static uint32_t bits_of(const uint8_t *b, unsigned n)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 1 | (b[i / 8] >> (7 - i % 8) & 1);
	return v;
}

/* One cube as ranges: free bits at the end make a range, others repeat it. */
static void cube_ranges(const struct cube *c, unsigned bits,
	struct num_range **v, size_t *n, size_t *cap)
{
	uint32_t care = bits_of(c->care, bits), value = bits_of(c->value, bits);
	uint32_t top = bits == 32 ? UINT32_MAX : (1u << bits) - 1;
	uint32_t loose = ~care & top, low = 0, high;

	while (low < bits && !(care >> low & 1))
		low++;
	high = low >= 32 ? 0 : loose & ~((1u << low) - 1);
	if (__builtin_popcount(high) > 10)
		high = 0; /* too many to tell; tcp flags and the like are few */
	for (uint32_t sub = 0;; sub = (sub - high) & high) {
		uint32_t lo = value | sub;

		*GROW(*v, *n, *cap) = (struct num_range){lo,
			low >= 32 ? UINT32_MAX : lo | ((1u << low) - 1)};
		if (sub == high)
			break;
	}
}

static size_t merge(struct num_range *v, size_t n)
{
	size_t k = 0;

	qsort(v, n, sizeof(*v), by_lo);
	for (size_t i = 1; i < n; i++) {
		if (v[i].lo <= v[k].hi || v[i].lo == v[k].hi + 1) {
			if (v[i].hi > v[k].hi)
				v[k].hi = v[i].hi;
		} else {
			v[++k] = v[i];
		}
	}
	return n ? k + 1 : 0;
}

static const char *name_number(enum slot s, uint32_t v, char buf[24])
{
	static const struct packet none;
	struct packet p = none;
	char *words;

	switch (s) {
	case S_IN:
	case S_OUT: return role_name((enum role)v);
	case S_CT:  return ct_state_name((enum ct_state)v);
	case S_PROTO:
		p.proto = (uint8_t)v;
		p.fam = FAM_6;
		words = packet_format(&p);
		snprintf(buf, 24, "%.*s", (int)strcspn(words, " "), words);
		free(words);
		return buf;
	default:
		snprintf(buf, 24, "%u", v);
		return buf;
	}
}

static void say_range(enum slot s, const struct num_range *r, struct text *t)
{
	bool named = s == S_IN || s == S_OUT || s == S_CT;
	char a[24], b[24];

	named |= s == S_PROTO && r->hi - r->lo < 3;
	text_add(t, name_number(s, r->lo, a));
	for (uint32_t v = r->lo + 1; named && v <= r->hi; v++)
		text_addf(t, ",%s", name_number(s, v, a));
	if (r->hi != r->lo && !named)
		text_addf(t, "-%s", name_number(s, r->hi, b));
}

/* What a list of ranges leaves out of 0 to top. Returns how many. */
static size_t gaps(const struct num_range *v, size_t n, uint32_t top,
	struct num_range **ret)
{
	uint32_t from = 0;
	size_t k = 0, cap = 0;

	*ret = NULL;
	for (size_t i = 0; i <= n; i++) {
		uint32_t to = i < n ? v[i].lo : top + 1;

		if (to > from)
			*GROW(*ret, k, cap) = (struct num_range){from, to - 1};
		if (i < n)
			from = v[i].hi + 1;
	}
	return k;
}

/* "any but tcp,udp" where that is shorter. */
static const char *shorter(enum slot s, struct num_range **v, size_t *n)
{
	struct num_range *other;
	size_t k, many = 0;

	if (s != S_PROTO && s != S_DPORT && s != S_SPORT)
		return "";
	for (size_t i = 0; i < *n; i++)
		many += (*v)[i].hi - (*v)[i].lo + 1;
	k = gaps(*v, *n, (1u << places[s].bits) - 1, &other);
	if (many * 2 < 1u << places[s].bits || k >= *n) {
		free(other);
		return "";
	}
	free(*v);
	*v = other;
	*n = k;
	return "any but ";
}

static char *say_numbers(enum slot s, const struct group *g)
{
	struct num_range *v = NULL;
	size_t n = 0, cap = 0;
	struct text t = TEXT_INIT;

	for (size_t i = 0; i < g->n; i++)
		cube_ranges(&g->v[i], places[s].bits, &v, &n, &cap);
	n = merge(v, n);
	text_add(&t, shorter(s, &v, &n));
	for (size_t i = 0; i < n; i++) {
		if (i == ITEMS_SHOWN) {
			text_addf(&t, ",... (%zu more)", n - i);
			break;
		}
		if (i)
			text_addc(&t, ',');
		say_range(s, &v[i], &t);
	}
	free(v);
	return text_take(&t);
}

/* ---- addresses ---- */

static bdd unrouted(struct proof *pr, enum slot slot);

/*
 * Filling the gaps may have freed a bit in front of a prefix. If nothing that
 * is routed has that bit the other way, the plain prefix says the same.
 */
static void as_prefix(struct teller *te, enum slot s, struct addrmask *m)
{
	struct bdd_world *w = te->pr->w;
	unsigned bits = te->four ? 32 : 128, len = bits;
	struct addr mask;
	bdd lost;

	if (!te->four) /* of the freed ones, those that are routed */
		m->value.b[0] |= 0x20 & ~m->mask.b[0];

	while (len > 0 && !(m->mask.b[16 - bits / 8 + (len - 1) / 8] >>
			(7 - (len - 1) % 8) & 1))
		len--;
	mask = mask_of_len(m->fam, len);
	if (!addr_cmp(&mask, &m->mask)) {
		m->value = addr_and(&m->value, &m->mask);
		return;
	}
	/* a bit is free: does one of its values lead to what is routed alone? */
	for (unsigned i = 0; i < len && te->four; i++) {
		uint8_t *b = &m->value.b[16 - bits / 8 + i / 8];
		uint8_t bit = (uint8_t)(0x80 >> i % 8);
		uint8_t *care = &m->mask.b[16 - bits / 8 + i / 8];
		struct addr one;
		bdd half;

		if (*care & bit)
			continue;
		*care |= bit;
		*b |= bit;
		one = m->value;
		one.b[16 - bits / 8 + i / 8] &= (uint8_t)~bit;
		half = bdd_and(w, space_mask(te->pr, s, one.b, m->mask.b),
			te->four ? te->pr->is4 : te->pr->is6);
		if (bdd_minus(w, half, unrouted(te->pr, s)) != BDD_NO) {
			m->value = one;
			*care &= (uint8_t)~bit;
		}
	}
	lost = bdd_minus(w, space_mask(te->pr, s, m->value.b, m->mask.b),
		space_mask(te->pr, s, m->value.b, mask.b));
	lost = bdd_and(w, lost, te->four ? te->pr->is4 : te->pr->is6);
	if (bdd_minus(w, lost, unrouted(te->pr, s)) == BDD_NO)
		m->mask = mask;
	m->value = addr_and(&m->value, &m->mask);
}

static void cube_addr(struct teller *te, enum slot s, const struct cube *c,
	struct text *t)
{
	bool four = te->four;
	struct addrmask m = {.fam = four ? FAM_4 : FAM_6};
	struct addr suffix;
	char buf[ADDRMASK_STR];

	memcpy(m.value.b, c->value, 16);
	memcpy(m.mask.b, c->care, 16);
	if (four) /* the upper bits are always zero and say nothing */
		memset(m.mask.b, 0, 12);
	if (te->fill)
		as_prefix(te, s, &m);
	suffix = mask_suffix(FAM_6, 64);
	if (!four && !addr_cmp(&m.mask, &suffix))
		text_addf(t, "%s/-64", addr_format(FAM_6, &m.value, buf));
	else
		text_add(t, addrmask_format(&m, buf));
}

static bdd cube_bdd(struct proof *pr, enum slot s, const struct group *g)
{
	bdd r = BDD_NO;

	for (size_t i = 0; i < g->n; i++)
		r = bdd_or(pr->w, r, space_mask(pr, s, g->v[i].value,
			g->v[i].care));
	return r;
}

static void say_cubes(struct teller *te, enum slot s, const struct group *g,
	struct text *t)
{
	for (size_t i = 0; i < g->n; i++) {
		if (i == ITEMS_SHOWN) {
			text_addf(t, ",... (%zu more)", g->n - i);
			return;
		}
		if (i)
			text_addc(t, ',');
		cube_addr(te, s, &g->v[i], t);
	}
}

/* One field's values told as cubes: which set, and is it left out? */
struct telling {
	bdd set;
	bool but;
};

/*
 * The same addresses can be told exactly, with unrouted ones filled in, or by
 * what is left out. The fewest cubes are the best words.
 */
static size_t tellings(struct teller *te, enum slot s, bdd g,
	struct telling v[6])
{
	static const uint8_t high[16] = {255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 0, 0, 0, 0};
	static const uint8_t zero[16];
	struct bdd_world *w = te->pr->w;
	bdd all = te->four ? space_mask(te->pr, s, zero, high) : BDD_ALL;
	bdd loose = unrouted(te->pr, s), routed;
	size_t n = 0;

	/* unrouted() speaks of the family too, which stands above this field */
	loose = bdd_fix(w, loose, te->four ? fix4 : fix6, 1);
	loose = bdd_and(w, loose, all);
	routed = bdd_minus(w, all, loose);
	v[n++] = (struct telling){g, false};
	v[n++] = (struct telling){bdd_minus(w, all, g), true};
	if (!te->fill)
		return n;
	v[n++] = (struct telling){bdd_and(w, g, routed), false};
	v[n++] = (struct telling){bdd_or(w, bdd_and(w, g, all), loose), false};
	v[n++] = (struct telling){bdd_minus(w, routed, g), true};
	v[n++] = (struct telling){bdd_or(w, bdd_minus(w, routed, g), loose), true};
	return n;
}

/* One way to tell the addresses: cubes, or one large cube except some. */
struct best {
	struct groups *cubes;	/* NULL: none yet */
	struct cube cover;
	bool but, covered;
	size_t count;
};

static void best_done(struct best *b)
{
	if (b->cubes)
		groups_done(b->cubes);
	free(b->cubes);
}

/* The smallest cube around all of g. */
static struct cube around(const struct group *g)
{
	struct cube c = g->v[0];

	for (size_t i = 1; i < g->n; i++)
		for (int k = 0; k < 16; k++)
			c.care[k] &= g->v[i].care[k] &
				(uint8_t)~(c.value[k] ^ g->v[i].value[k]);
	for (int k = 0; k < 16; k++)
		c.value[k] &= c.care[k];
	return c;
}

/* "::/1": right, but nobody thinks so; "any but fe80::/10" is better. */
static bool shallow(const struct group *g)
{
	static const uint8_t none[15];

	return g->n == 1 && g->v[0].care[0] && !(g->v[0].care[0] & 0x3f) &&
	       !memcmp(g->v[0].care + 1, none, 15);
}

/* Takes k when it is told in fewer cubes. */
static void offer(struct best *b, struct groups *k, bool but,
	const struct cube *cover)
{
	size_t n = k->n != 1 ? SIZE_MAX : k->v[0].n + (cover != NULL) +
		(shallow(&k->v[0]) && !but ? 1 : 0);

	if (n == SIZE_MAX || (b->cubes && n >= b->count)) {
		groups_done(k);
		free(k);
		return;
	}
	best_done(b);
	*b = (struct best){.cubes = k, .but = but, .count = n,
		.covered = cover != NULL};
	if (cover)
		b->cover = *cover;
}

static struct groups *cubes_of(struct teller *te, enum slot s, bdd set)
{
	struct groups *k = xcalloc(1, sizeof(*k));
	struct cube at = {{0}, {0}};

	collect(te->pr, s, set, &at, 1, k);
	return k;
}

static void try_telling(struct teller *te, enum slot s,
	const struct telling *v, struct best *b)
{
	struct groups *k = cubes_of(te, s, v->set);
	struct cube c;
	bool many = k->n == 1 && !k->overflow && k->v[0].n > 2;
	bdd rest;

	if (many)
		c = around(&k->v[0]);
	offer(b, k, v->but, NULL);
	if (!many)
		return;
	rest = bdd_minus(te->pr->w, space_mask(te->pr, s, c.value, c.care),
		v->set);
	offer(b, cubes_of(te, s, rest), v->but, &c);
}

static char *say_addresses(struct teller *te, enum slot s,
	const struct group *g)
{
	struct telling v[6];
	struct best b = {0};
	size_t n = tellings(te, s, cube_bdd(te->pr, s, g), v);
	struct text t = TEXT_INIT;

	/* one address that stands for itself needs no better words */
	for (size_t i = 0; i < n && !(b.count == 1 && !b.but); i++)
		try_telling(te, s, &v[i], &b);
	if (b.but)
		text_addf(&t, "any but %s", b.covered ? "(" : "");
	if (b.covered) {
		cube_addr(te, s, &b.cover, &t);
		text_add(&t, " except ");
	}
	say_cubes(te, s, b.cubes ? &b.cubes->v[0] : g, &t);
	if (b.but && b.covered)
		text_addc(&t, ')');
	best_done(&b);
	return text_take(&t);
}

/* ---- boxes ---- */

static void part(struct teller *te, const char *word, enum slot s)
{
	if (*te->said[s])
		text_addf(te->out, " %s%s%s", word, *word ? " " : "",
			te->said[s]);
}

static void box(struct teller *te)
{
	const char *proto = te->said[S_PROTO];

	if (te->lines == te->max) {
		te->more = true;
		return;
	}
	te->lines++;
	text_addf(te->out, "%s", *proto ? proto : "any protocol");
	if (*te->said[S_FAMILY])
		text_addf(te->out, " (%s)", te->four ? "IPv4" : "IPv6");
	text_addf(te->out, " from %s", *te->said[S_SRC] ? te->said[S_SRC]
							: "any");
	part(te, "port", S_SPORT);
	text_addf(te->out, " to %s", *te->said[S_DST] ? te->said[S_DST] : "any");
	part(te, "port", S_DPORT);
	part(te, "type", S_ITYPE);
	part(te, "code", S_ICODE);
	part(te, "tcp flags", S_FLAGS);
	part(te, "spi", S_SPI);
	part(te, "extension headers", S_EXT);
	part(te, "fragment", S_FRAG);
	if (strcmp(te->said[S_DNAT], "0")) /* as all packets arrive */
		part(te, "dnat", S_DNAT);
	part(te, "in", S_IN);
	part(te, "out", S_OUT);
	part(te, "", S_CT);
	text_addc(te->out, '\n');
}

static void tell(struct teller *te, bdd f, int slot);

static bool group_is_all(const struct group *g)
{
	static const uint8_t none[16];

	return g->n == 1 && !memcmp(g->v[0].care, none, 16);
}

static void tell_group(struct teller *te, int slot, const struct group *g)
{
	enum slot s = (enum slot)slot;
	bool was = te->four;

	if (s == S_FAMILY && !group_is_all(g))
		te->four = !(g->v[0].value[0] & 0x80);
	free(te->said[s]);
	if (group_is_all(g))
		te->said[s] = xstrdup("");
	else if (s == S_SRC || s == S_DST)
		te->said[s] = say_addresses(te, s, g);
	else
		te->said[s] = say_numbers(s, g);
	tell(te, g->rest, slot + 1);
	te->four = was;
}

static void tell(struct teller *te, bdd f, int slot)
{
	struct groups *g;
	struct cube at = {{0}, {0}};

	if (f == BDD_NO || te->more)
		return;
	if (slot == SLOT_MAX) {
		box(te);
		return;
	}
	g = xcalloc(1, sizeof(*g));
	collect(te->pr, (enum slot)slot, f, &at, 1, g);
	qsort(g->v, g->n, sizeof(g->v[0]), by_weight);
	for (size_t i = 0; i < g->n; i++)
		tell_group(te, slot, &g->v[i]);
	te->more |= g->overflow;
	groups_done(g);
	free(g);
}

/* Nobody on the Internet has these; a rule about them is not worth a line. */
static bdd unrouted(struct proof *pr, enum slot slot)
{
	/* global unicast is 2000::/3 so far (IANA) */
	static const char *const six[] = {"::/3", "4000::/2", "8000::/1",
		"2001:db8::/32", "2001:10::/28", "3fff::/20", NULL};
	static const char *const four[] = {"0.0.0.0/8", "127.0.0.0/8",
		"169.254.0.0/16", "192.0.2.0/24", "198.51.100.0/24",
		"203.0.113.0/24", "224.0.0.0/3", NULL};
	const char *const *lists[] = {six, four};
	bdd r = BDD_NO;

	if (pr->unrouted[slot] != BDD_NO)
		return pr->unrouted[slot];
	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; lists[l][i]; i++) {
			struct addrmask m;

			if (addrmask_parse(lists[l][i], &m))
				continue;
			r = bdd_or(pr->w, r, bdd_and(pr->w,
				m.fam == FAM_6 ? pr->is6 : pr->is4,
				space_mask(pr, slot, m.value.b, m.mask.b)));
		}
	return pr->unrouted[slot] = bdd_hold(pr->w, r);
}

/* Packets as people send them: whole, plain, with addresses that exist. */
static bdd ordinary(struct proof *pr)
{
	bdd r;

	if (pr->ordinary != BDD_NO)
		return pr->ordinary;
	r = bdd_and(pr->w, pr->universe, space_equal(pr, S_EXT, 0));

	r = bdd_and(pr->w, r, space_equal(pr, S_FRAG, FRAG_NONE));
	r = bdd_and(pr->w, r, space_equal(pr, S_DNAT, 0));
	r = bdd_minus(pr->w, r, bdd_and(pr->w, pr->is4,
		space_equal(pr, S_PROTO, PROTO_ICMPV6)));
	r = bdd_minus(pr->w, r, bdd_and(pr->w, pr->is6,
		space_equal(pr, S_PROTO, PROTO_ICMP)));
	r = bdd_minus(pr->w, r, unrouted(pr, S_SRC));
	r = bdd_minus(pr->w, r, unrouted(pr, S_DST));
	return pr->ordinary = bdd_hold(pr->w, r);
}

size_t proof_words(struct proof *pr, pset s, size_t max, struct text *out,
	bool *more)
{
	struct teller te = {.pr = pr, .out = out, .max = max};
	bdd care = ordinary(pr);
	bdd f = bdd_and(pr->w, s, care);

	if (f != care)
		f = bdd_minus(pr->w, f, space_equal(pr, S_CT, CT_UNTRACKED));
	te.fill = f != BDD_NO;
	if (!te.fill) {
		care = pr->universe;
		f = bdd_and(pr->w, s, care);
	}

	for (int i = 0; i < SLOT_MAX; i++)
		te.said[i] = xstrdup("");
	tell(&te, bdd_simplify(pr->w, f, care), 0);
	for (int i = 0; i < SLOT_MAX; i++)
		free(te.said[i]);
	if (more)
		*more = te.more;
	return te.lines;
}
