// SPDX-License-Identifier: GPL-2.0-or-later
/* z3: fields are bit vectors, masks and ranges its own comparisons. */
#include "peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <z3.h>

static Z3_context c;
static Z3_solver solver;
static Z3_ast fields[SLOT_MAX];
static unsigned names;

static val ast(Z3_ast a)
{
	return (val)a;
}

static Z3_ast of(val v)
{
	return (Z3_ast)v;
}

static bool bit(const uint8_t *b, unsigned i)
{
	return b[i / 8] >> (7 - i % 8) & 1;
}

static Z3_ast number(enum slot s, const uint8_t *b)
{
	unsigned n = places[s].bits;
	bool bits[128];

	for (unsigned i = 0; i < n; i++) /* z3 counts from the least */
		bits[n - 1 - i] = bit(b, i);
	return Z3_mk_bv_numeral(c, n, bits);
}

static val z_truth(bool yes)
{
	return ast(yes ? Z3_mk_true(c) : Z3_mk_false(c));
}
static val z_both(val a, val b)
{
	return ast(Z3_mk_and(c, 2, (Z3_ast[]){of(a), of(b)}));
}
static val z_either(val a, val b)
{
	return ast(Z3_mk_or(c, 2, (Z3_ast[]){of(a), of(b)}));
}
static val z_without(val a, val b)
{
	return z_both(a, ast(Z3_mk_not(c, of(b))));
}

static val z_mask(enum slot s, const uint8_t *value, const uint8_t *mask)
{
	Z3_ast m = number(s, mask);

	return ast(Z3_mk_eq(c, Z3_mk_bvand(c, fields[s], m),
		Z3_mk_bvand(c, number(s, value), m)));
}

static val z_range(enum slot s, const uint8_t *lo, const uint8_t *hi)
{
	return z_both(ast(Z3_mk_bvuge(c, fields[s], number(s, lo))),
		ast(Z3_mk_bvule(c, fields[s], number(s, hi))));
}

static Z3_ast constant(const char *kind, unsigned n, Z3_sort sort)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%u", kind, n);
	return Z3_mk_const(c, Z3_mk_string_symbol(c, name), sort);
}

/* Without names the formulas of nested chains grow without end. */
static val z_named(val a)
{
	Z3_ast k = constant("r", names++, Z3_mk_bool_sort(c));

	Z3_solver_assert(c, solver, Z3_mk_eq(c, k, of(a)));
	return ast(k);
}

static const struct algebra algebra = {z_truth, z_both, z_either, z_without,
	z_mask, z_range, z_named};

const struct algebra *z3_open(void)
{
	Z3_config cfg = Z3_mk_config();

	Z3_set_param_value(cfg, "timeout", "60000");
	c = Z3_mk_context(cfg);
	Z3_del_config(cfg);
	solver = Z3_mk_solver_for_logic(c, Z3_mk_string_symbol(c, "QF_BV"));
	Z3_solver_inc_ref(c, solver);
	names = 0;
	for (unsigned i = 0; i < SLOT_MAX; i++)
		fields[i] = constant("f", i, Z3_mk_bv_sort(c, places[i].bits));
	return &algebra;
}

void z3_close(void)
{
	Z3_solver_dec_ref(c, solver);
	Z3_del_context(c);
}

static Z3_ast var(unsigned v)
{
	int s = 0;
	unsigned at;

	while (v >= places[s].at + places[s].bits)
		s++;
	at = places[s].bits - 1 - (v - places[s].at);
	return Z3_mk_eq(c, Z3_mk_extract(c, at, at, fields[s]),
		Z3_mk_unsigned_int64(c, 1, Z3_mk_bv_sort(c, 1)));
}

struct seen {
	pset of;
	Z3_ast is;
};

static Z3_ast convert(const struct proof *pr, pset s, struct seen *memo, size_t n)
{
	size_t i = s % n;
	Z3_ast hi, lo, r;

	if (s <= BDD_ALL)
		return of(z_truth(s == BDD_ALL));
	for (; memo[i].of; i = (i + 1) % n)
		if (memo[i].of == s)
			return memo[i].is;
	hi = convert(pr, bdd_hi(pr->w, s), memo, n);
	lo = convert(pr, bdd_lo(pr->w, s), memo, n);
	r = of(z_named(ast(Z3_mk_ite(c, var(bdd_var(pr->w, s)), hi, lo))));
	for (i = s % n; memo[i].of; i = (i + 1) % n)
		;
	memo[i] = (struct seen){s, r};
	return r;
}

int z3_equal(const struct proof *pr, pset ours, val theirs)
{
	size_t n = bdd_size(pr->w, ours) * 2 + 16;
	struct seen *memo = xcalloc(n, sizeof(*memo));
	Z3_ast k = convert(pr, ours, memo, n);
	Z3_lbool r;

	free(memo);
	Z3_solver_assert(c, solver, Z3_mk_xor(c, k, of(theirs)));
	r = Z3_solver_check(c, solver);
	return r == Z3_L_FALSE ? 1 : r == Z3_L_TRUE ? 0 : -1;
}

int z3_member(val s, struct packet *p)
{
	uint8_t bits[VARS];
	Z3_lbool r;
	Z3_model m;

	Z3_solver_push(c, solver);
	Z3_solver_assert(c, solver, of(s));
	r = Z3_solver_check(c, solver);
	if (r == Z3_L_TRUE) {
		m = Z3_solver_get_model(c, solver);
		Z3_model_inc_ref(c, m);
		for (unsigned v = 0; v < VARS; v++) {
			Z3_ast is = NULL;

			bits[v] = Z3_model_eval(c, m, var(v), true, &is) &&
				Z3_get_bool_value(c, is) == Z3_L_TRUE;
		}
		Z3_model_dec_ref(c, m);
		space_packet(bits, p);
	}
	Z3_solver_pop(c, solver, 1);
	return r == Z3_L_TRUE ? 1 : r == Z3_L_FALSE ? 0 : -1;
}
