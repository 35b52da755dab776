// SPDX-License-Identifier: GPL-2.0-or-later
/* BuDDy 2.4. Loaded, not linked: bdd_and() and others are names of ours too. */
#include "peers.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static void *lib;
static int (*b_init)(int, int), (*b_setvarnum)(int), (*b_ithvar)(int),
	(*b_nithvar)(int), (*b_and)(int, int), (*b_or)(int, int),
	(*b_apply)(int, int, int), (*b_ite)(int, int, int), (*b_addref)(int),
	(*b_delref)(int), (*b_nodecount)(int), (*b_setmaxincrease)(int);
static void (*b_done)(void), (*b_gbc_hook)(void *);
enum { BUDDY_DIFF = 7 /* bddop_diff */ };

static int *kept;
static size_t kept_n, kept_cap;

static val keep(int r)
{
	*GROW(kept, kept_n, kept_cap) = b_addref(r);
	return (val)r;
}

static val b_truth(bool yes)
{
	return yes;
}
static val b_both(val a, val b)
{
	return keep(b_and((int)a, (int)b));
}
static val b_either(val a, val b)
{
	return keep(b_or((int)a, (int)b));
}
static val b_without(val a, val b)
{
	return keep(b_apply((int)a, (int)b, BUDDY_DIFF));
}
static val b_named(val a)
{
	return a;
}

static bool bit(const uint8_t *b, unsigned i)
{
	return b[i / 8] >> (7 - i % 8) & 1;
}

static int var(enum slot s, unsigned i, bool yes)
{
	int v = (int)(places[s].at + i);

	return yes ? b_ithvar(v) : b_nithvar(v);
}

static val b_mask(enum slot s, const uint8_t *value, const uint8_t *mask)
{
	int r = 1, old;

	for (unsigned i = places[s].bits; i-- > 0;) {
		if (!bit(mask, i))
			continue;
		old = r;
		r = b_addref(b_and(var(s, i, bit(value, i)), old));
		b_delref(old);
	}
	b_delref(r);
	return keep(r);
}

static int bound(enum slot s, const uint8_t *b, bool least)
{
	int r = 1, old;

	for (unsigned i = places[s].bits; i-- > 0;) {
		old = r;
		r = bit(b, i) == least
			? b_and(var(s, i, least), old)
			: b_or(var(s, i, least), old);
		b_addref(r);
		b_delref(old);
	}
	return r; /* held */
}

static val b_range(enum slot s, const uint8_t *lo, const uint8_t *hi)
{
	int a = bound(s, lo, true), b = bound(s, hi, false);
	val r = keep(b_and(a, b));

	b_delref(a);
	b_delref(b);
	return r;
}

static const struct algebra algebra = {b_truth, b_both, b_either, b_without,
	b_mask, b_range, b_named};

static bool all_found(void)
{
	const struct {
		const char *name;
		void *to;
	} rows[] = {{"bdd_init", &b_init}, {"bdd_setvarnum", &b_setvarnum},
		{"bdd_ithvar", &b_ithvar}, {"bdd_nithvar", &b_nithvar},
		{"bdd_and", &b_and}, {"bdd_or", &b_or}, {"bdd_apply", &b_apply},
		{"bdd_ite", &b_ite}, {"bdd_addref", &b_addref},
		{"bdd_delref", &b_delref}, {"bdd_nodecount", &b_nodecount},
		{"bdd_setmaxincrease", &b_setmaxincrease}, {"bdd_done", &b_done},
		{"bdd_gbc_hook", &b_gbc_hook}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		void *f = dlsym(lib, rows[i].name);

		if (!f)
			return false;
		memcpy(rows[i].to, &f, sizeof(f));
	}
	return true;
}

const struct algebra *buddy_open(unsigned nodes)
{
	if (!lib)
		lib = dlopen("libbdd.so", RTLD_NOW | RTLD_LOCAL);
	if (!lib || !all_found())
		return NULL;
	b_init((int)nodes, (int)nodes / 4);
	b_gbc_hook(NULL);
	b_setmaxincrease(1 << 22);
	b_setvarnum(VARS);
	return &algebra;
}

void buddy_forget(void)
{
	while (kept_n)
		b_delref(kept[--kept_n]);
}

void buddy_close(void)
{
	buddy_forget();
	free(kept);
	kept = NULL;
	kept_cap = 0;
	b_done();
}

val buddy_ite(val f, val g, val h)
{
	return keep(b_ite((int)f, (int)g, (int)h));
}

size_t buddy_nodes(val f)
{
	return (size_t)b_nodecount((int)f);
}

struct seen {
	pset of;
	int is;
};

static int convert(const struct proof *pr, pset s, struct seen *memo, size_t n)
{
	struct seen *m = &memo[s % n];
	unsigned v;

	if (s <= BDD_ALL)
		return (int)s;
	while (m->of && m->of != s)
		m = m + 1 < memo + n ? m + 1 : memo;
	if (m->of)
		return m->is;
	v = bdd_var(pr->w, s);
	m->is = 0;
	int hi = convert(pr, bdd_hi(pr->w, s), memo, n);
	int lo = convert(pr, bdd_lo(pr->w, s), memo, n);
	int r = (int)keep(b_ite(b_ithvar((int)v), hi, lo));

	for (m = &memo[s % n]; m->of; m = m + 1 < memo + n ? m + 1 : memo)
		;
	*m = (struct seen){s, r};
	return r;
}

val buddy_of(const struct proof *pr, pset s)
{
	size_t n = bdd_size(pr->w, s) * 2 + 16;
	struct seen *memo = xcalloc(n, sizeof(*memo));
	int r = convert(pr, s, memo, n);

	free(memo);
	return (val)r;
}
