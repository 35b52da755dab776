// SPDX-License-Identifier: GPL-2.0-or-later
#include "proof/bdd.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_NODES = 1 << 14, FIRST_CACHE = 1 << 14, CACHE_MAX = 1 << 22,
	FREE_VAR = 0xfffe };

struct node {
	uint32_t lo, hi, next; /* next: chain of the unique table, or free list */
	uint16_t var;
	uint16_t mark : 1, held : 15;
};

enum { HELD_MAX = 0x7fff }; /* held so often: kept for good */

enum op { OP_NONE, OP_AND, OP_OR, OP_MINUS, OP_FIX, OP_SIMPLIFY,
	OP_MEETS };
/* bdd_ite() has three operands: the third stands where the others have op. */
#define OP_ITE 0x80000000u

struct entry {
	uint32_t op, a, b, r;
};

struct bdd_world {
	struct node *node;
	uint32_t n, cap, free, live; /* n: numbers ever given out */
	uint32_t *bucket;
	uint32_t bucket_mask;
	struct entry *cache;
	uint32_t cache_mask;
	uint32_t stamp; /* makes each bdd_fix call its own operation */
	size_t tidy_at;
	const int8_t *fix;
	unsigned fix_n, forget_lo, forget_hi;
};


struct bdd_world *bdd_new(void)
{
	struct bdd_world *w = xcalloc(1, sizeof(*w));

	w->cap = FIRST_NODES;
	w->node = xcalloc(w->cap, sizeof(*w->node));
	w->bucket_mask = FIRST_NODES - 1;
	w->bucket = xcalloc(FIRST_NODES, sizeof(*w->bucket));
	w->cache_mask = FIRST_CACHE - 1;
	w->cache = xcalloc(FIRST_CACHE, sizeof(*w->cache));
	w->node[BDD_NO] = (struct node){.var = BDD_END};
	w->node[BDD_ALL] = (struct node){.lo = 1, .hi = 1, .var = BDD_END};
	w->n = w->live = 2;
	w->tidy_at = 1 << 20;
	return w;
}

void bdd_free(struct bdd_world *w)
{
	if (!w)
		return;
	free(w->node);
	free(w->bucket);
	free(w->cache);
	free(w);
}

unsigned bdd_var(const struct bdd_world *w, bdd f)
{
	return w->node[f].var;
}
bdd bdd_lo(const struct bdd_world *w, bdd f)
{
	return w->node[f].lo;
}
bdd bdd_hi(const struct bdd_world *w, bdd f)
{
	return w->node[f].hi;
}
size_t bdd_count(const struct bdd_world *w)
{
	return w->live;
}

static uint32_t bucket_of(const struct bdd_world *w, const struct node *n)
{
	/* not mixed well on purpose: what is made together lies together */
	return (n->lo * 5 + n->hi * 7 + n->var * 3u) & w->bucket_mask;
}

static void rehash(struct bdd_world *w)
{
	memset(w->bucket, 0, ((size_t)w->bucket_mask + 1) * sizeof(*w->bucket));
	for (uint32_t i = 2; i < w->n; i++) {
		uint32_t b;

		if (w->node[i].var == FREE_VAR)
			continue;
		b = bucket_of(w, &w->node[i]);
		w->node[i].next = w->bucket[b];
		w->bucket[b] = i;
	}
}

static void grow_cache(struct bdd_world *w)
{
	if (w->cache_mask + 1 >= CACHE_MAX)
		return;
	free(w->cache);
	w->cache_mask = w->cache_mask * 2 + 1;
	w->cache = xcalloc((size_t)w->cache_mask + 1, sizeof(*w->cache));
}

static void grow(struct bdd_world *w)
{
	uint32_t old = w->cap;

	if (old >= 1u << 30)
		abort(); /* 16 GiB of nodes: no rule set of a home comes near */
	w->cap *= 2;
	w->node = xrealloc(w->node, (size_t)w->cap * sizeof(*w->node));
	free(w->bucket);
	w->bucket_mask = w->cap - 1;
	w->bucket = xcalloc(w->cap, sizeof(*w->bucket));
	rehash(w);
	grow_cache(w);
}

static uint32_t fresh(struct bdd_world *w)
{
	uint32_t i = w->free;

	if (i) {
		w->free = w->node[i].next;
		return i;
	}
	if (w->n == w->cap)
		grow(w);
	return w->n++;
}

bdd bdd_node(struct bdd_world *w, unsigned var, bdd lo, bdd hi)
{
	struct node want = {.lo = lo, .hi = hi, .var = (uint16_t)var};
	uint32_t i, b;

	if (lo == hi)
		return lo;
	for (i = w->bucket[bucket_of(w, &want)]; i; i = w->node[i].next) {
		const struct node *n = &w->node[i];

		if (n->lo == lo && n->hi == hi && n->var == var)
			return i;
	}
	i = fresh(w);
	b = bucket_of(w, &want);
	want.next = w->bucket[b];
	w->node[i] = want;
	w->bucket[b] = i;
	w->live++;
	return i;
}

static struct entry *slot(struct bdd_world *w, uint32_t op, bdd a, bdd b)
{
	return &w->cache[(a * 5 + b * 7 + op * 11) & w->cache_mask];
}

/* What needs no look at the nodes. */
static bool easy(enum op op, bdd a, bdd b, bdd *r)
{
	switch (op) {
	case OP_AND:
		if (a == BDD_NO || b == BDD_NO)
			return *r = BDD_NO, true;
		if (a == BDD_ALL || a == b)
			return *r = b, true;
		return b == BDD_ALL ? (*r = a, true) : false;
	case OP_OR:
		if (a == BDD_ALL || b == BDD_ALL)
			return *r = BDD_ALL, true;
		if (a == BDD_NO || a == b)
			return *r = b, true;
		return b == BDD_NO ? (*r = a, true) : false;
	case OP_MINUS:
		if (a == BDD_NO || b == BDD_ALL || a == b)
			return *r = BDD_NO, true;
		return b == BDD_NO ? (*r = a, true) : false;
	default:
		return false;
	}
}

static bdd apply(struct bdd_world *w, enum op op, bdd a, bdd b)
{
	struct entry *e;
	unsigned va, vb, v;
	bdd r, lo, hi;

	if (easy(op, a, b, &r))
		return r;
	if (op != OP_MINUS && a > b) {
		bdd t = a;

		a = b;
		b = t;
	}
	e = slot(w, op, a, b);
	if (e->op == (uint32_t)op && e->a == a && e->b == b)
		return e->r;
	va = w->node[a].var;
	vb = w->node[b].var;
	v = va < vb ? va : vb;
	lo = apply(w, op, va == v ? w->node[a].lo : a,
		vb == v ? w->node[b].lo : b);
	hi = apply(w, op, va == v ? w->node[a].hi : a,
		vb == v ? w->node[b].hi : b);
	r = bdd_node(w, v, lo, hi);
	*slot(w, op, a, b) = (struct entry){op, a, b, r};
	return r;
}

bdd bdd_and(struct bdd_world *w, bdd a, bdd b)
{
	return apply(w, OP_AND, a, b);
}
bdd bdd_or(struct bdd_world *w, bdd a, bdd b)
{
	return apply(w, OP_OR, a, b);
}
bdd bdd_minus(struct bdd_world *w, bdd a, bdd b)
{
	return apply(w, OP_MINUS, a, b);
}

/* Below var: itself. */
static bdd below(const struct bdd_world *w, bdd f, unsigned var, bool hi)
{
	const struct node *n = &w->node[f];

	return n->var != var ? f : hi ? n->hi : n->lo;
}

static bool easy_ite(struct bdd_world *w, bdd f, bdd g, bdd h, bdd *r)
{
	if (f == BDD_ALL || g == h)
		return *r = g, true;
	if (f == BDD_NO)
		return *r = h, true;
	if (g == BDD_NO || f == h)
		return *r = g == BDD_NO ? bdd_minus(w, h, f) : bdd_and(w, f, g), true;
	if (h == BDD_NO || f == g)
		return *r = h == BDD_NO ? bdd_and(w, f, g) : bdd_or(w, f, h), true;
	return g == BDD_ALL ? (*r = bdd_or(w, f, h), true) : false;
}

bdd bdd_ite(struct bdd_world *w, bdd f, bdd g, bdd h)
{
	struct entry *e;
	unsigned v, vg, vh;
	bdd r, lo;

	if (easy_ite(w, f, g, h, &r))
		return r;
	e = slot(w, h ^ OP_ITE, f, g);
	if (e->op == (h ^ OP_ITE) && e->a == f && e->b == g)
		return e->r;
	v = w->node[f].var;
	vg = w->node[g].var;
	vh = w->node[h].var;
	v = vg < v ? vg : v;
	v = vh < v ? vh : v;
	lo = bdd_ite(w, below(w, f, v, false), below(w, g, v, false),
		below(w, h, v, false));
	r = bdd_ite(w, below(w, f, v, true), below(w, g, v, true),
		below(w, h, v, true));
	r = bdd_node(w, v, lo, r);
	*slot(w, h ^ OP_ITE, f, g) = (struct entry){h ^ OP_ITE, f, g, r};
	return r;
}

static bdd fix(struct bdd_world *w, bdd f)
{
	struct entry *e;
	unsigned v = w->node[f].var;
	bdd lo, hi, r;

	if (v >= w->fix_n)
		return f;
	e = slot(w, OP_FIX, f, w->stamp);
	if (e->op == OP_FIX && e->a == f && e->b == w->stamp)
		return e->r;
	if (w->fix[v] >= 0) {
		r = fix(w, w->fix[v] ? w->node[f].hi : w->node[f].lo);
	} else {
		lo = fix(w, w->node[f].lo);
		hi = fix(w, w->node[f].hi);
		r = bdd_node(w, v, lo, hi);
	}
	*slot(w, OP_FIX, f, w->stamp) = (struct entry){OP_FIX, f, w->stamp, r};
	return r;
}

bdd bdd_fix(struct bdd_world *w, bdd f, const int8_t *values, unsigned n)
{
	w->fix = values;
	w->fix_n = n;
	w->stamp++;
	return fix(w, f);
}

/*
 * 0 before 1, so that the way found is the smallest. Only what failed is
 * remembered: what meets ends the search.
 */
static bool meets(struct bdd_world *w, bdd f, uint8_t *way)
{
	const struct node *n = &w->node[f];
	struct entry *e;

	if (f <= BDD_ALL)
		return f == BDD_ALL;
	e = slot(w, OP_MEETS, f, w->stamp);
	if (e->op == OP_MEETS && e->a == f && e->b == w->stamp)
		return false;
	for (int bit = 0; bit < 2; bit++) {
		if (w->fix[n->var] >= 0 && w->fix[n->var] != bit)
			continue;
		if (!meets(w, bit ? n->hi : n->lo, way))
			continue;
		if (way)
			way[n->var] = (uint8_t)bit;
		return true;
	}
	*e = (struct entry){OP_MEETS, f, w->stamp, BDD_NO};
	return false;
}

bool bdd_meets(struct bdd_world *w, bdd f, const int8_t *values, uint8_t *way)
{
	w->fix = values;
	w->stamp++;
	return meets(w, f, way);
}

bdd bdd_simplify(struct bdd_world *w, bdd f, bdd care)
{
	struct entry *e;
	unsigned vf = w->node[f].var, vc = w->node[care].var;
	bdd lo, hi, r;

	if (care <= BDD_ALL || f <= BDD_ALL)
		return f;
	e = slot(w, OP_SIMPLIFY, f, care);
	if (e->op == OP_SIMPLIFY && e->a == f && e->b == care)
		return e->r;
	lo = vc <= vf ? w->node[care].lo : care;
	hi = vc <= vf ? w->node[care].hi : care;
	if (vc < vf)
		r = bdd_simplify(w, f, bdd_or(w, lo, hi));
	else if (lo == BDD_NO)
		r = bdd_simplify(w, w->node[f].hi, hi);
	else if (hi == BDD_NO)
		r = bdd_simplify(w, w->node[f].lo, lo);
	else {
		bdd a = bdd_simplify(w, w->node[f].lo, lo);

		r = bdd_node(w, vf, a, bdd_simplify(w, w->node[f].hi, hi));
	}
	*slot(w, OP_SIMPLIFY, f, care) = (struct entry){OP_SIMPLIFY, f, care, r};
	return r;
}

static bdd forget(struct bdd_world *w, bdd f)
{
	struct entry *e;
	unsigned v = w->node[f].var;
	bdd lo, hi, r;

	if (v >= w->forget_hi)
		return f;
	e = slot(w, OP_FIX, f, w->stamp);
	if (e->op == OP_FIX && e->a == f && e->b == w->stamp)
		return e->r;
	lo = forget(w, w->node[f].lo);
	hi = forget(w, w->node[f].hi);
	r = v >= w->forget_lo ? bdd_or(w, lo, hi) : bdd_node(w, v, lo, hi);
	*slot(w, OP_FIX, f, w->stamp) = (struct entry){OP_FIX, f, w->stamp, r};
	return r;
}

bdd bdd_forget(struct bdd_world *w, bdd f, unsigned lo, unsigned hi)
{
	w->forget_lo = lo;
	w->forget_hi = hi;
	w->stamp++;
	return forget(w, f);
}

bdd bdd_hold(struct bdd_world *w, bdd f)
{
	if (w->node[f].held < HELD_MAX)
		w->node[f].held++;
	return f;
}

bdd bdd_release(struct bdd_world *w, bdd f)
{
	if (w->node[f].held && w->node[f].held < HELD_MAX)
		w->node[f].held--;
	return f;
}

static void mark(struct bdd_world *w, bdd f)
{
	while (f > BDD_ALL && !w->node[f].mark) {
		w->node[f].mark = 1;
		mark(w, w->node[f].lo);
		f = w->node[f].hi;
	}
}

static void sweep(struct bdd_world *w)
{
	w->free = 0;
	for (uint32_t i = 2; i < w->n; i++) {
		struct node *n = &w->node[i];

		if (n->mark) {
			n->mark = 0;
			continue;
		}
		if (n->var != FREE_VAR)
			w->live--;
		n->var = FREE_VAR;
		n->next = w->free;
		w->free = i;
	}
	rehash(w);
	memset(w->cache, 0, ((size_t)w->cache_mask + 1) * sizeof(*w->cache));
}

bool bdd_tidy(struct bdd_world *w)
{
	if (w->live < w->tidy_at)
		return false;
	for (uint32_t i = 2; i < w->n; i++)
		if (w->node[i].held && w->node[i].var != FREE_VAR)
			mark(w, i);
	sweep(w);
	/* few freed: the work itself needs more */
	w->tidy_at = w->live * 2 > 1 << 20 ? (size_t)w->live * 2 : 1 << 20;
	return true;
}

static size_t count(struct bdd_world *w, bdd f)
{
	if (f <= BDD_ALL || w->node[f].mark)
		return 0;
	w->node[f].mark = 1;
	return 1 + count(w, w->node[f].lo) + count(w, w->node[f].hi);
}

static void unmark(struct bdd_world *w, bdd f)
{
	if (f <= BDD_ALL || !w->node[f].mark)
		return;
	w->node[f].mark = 0;
	unmark(w, w->node[f].lo);
	unmark(w, w->node[f].hi);
}

size_t bdd_size(struct bdd_world *w, bdd f)
{
	size_t n = count(w, f);

	unmark(w, f);
	return n;
}
