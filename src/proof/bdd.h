/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reduced ordered binary decision diagrams (Bryant 1986), as small as this
 * house needs them: 32-bit node numbers, one unique table, one operation cache,
 * mark and sweep. No reordering: the order of the fields is known (proof.h).
 *
 * A set is a node number; equal sets have equal numbers. BDD_NO and BDD_ALL are
 * the empty and the full one. Sweeping happens only in bdd_tidy(); what must
 * survive it is held.
 */
#ifndef KADOMORI_PROOF_BDD_H
#define KADOMORI_PROOF_BDD_H

#include "base/base.h"

typedef uint32_t bdd;
enum { BDD_NO = 0, BDD_ALL = 1 };

struct bdd_world;
struct bdd_world *bdd_new(void);
void bdd_free(struct bdd_world *w);

/* The node "var ? hi : lo"; both sides know only later variables. */
bdd bdd_node(struct bdd_world *w, unsigned var, bdd lo, bdd hi);
/* Of a node that is not BDD_NO or BDD_ALL; their variable is BDD_END. */
enum { BDD_END = 0xffff };
unsigned bdd_var(const struct bdd_world *w, bdd f);
bdd bdd_lo(const struct bdd_world *w, bdd f);
bdd bdd_hi(const struct bdd_world *w, bdd f);

bdd bdd_and(struct bdd_world *w, bdd a, bdd b);
bdd bdd_or(struct bdd_world *w, bdd a, bdd b);
bdd bdd_minus(struct bdd_world *w, bdd a, bdd b);
static inline bdd bdd_not(struct bdd_world *w, bdd a)
{
	return bdd_minus(w, BDD_ALL, a);
}
/* f ? g : h */
bdd bdd_ite(struct bdd_world *w, bdd f, bdd g, bdd h);
/* fix[var] 0 or 1: that variable becomes the constant; -1: stays. n entries. */
bdd bdd_fix(struct bdd_world *w, bdd f, const int8_t *fix, unsigned n);
/*
 * Is there a member with these variables? One entry for every variable of f. way
 * (may be NULL) is set where f asks on the way to the smallest such member.
 */
bool bdd_meets(struct bdd_world *w, bdd f, const int8_t *fix, uint8_t *way);
/*
 * Some simpler f that is the same inside care (Coudert and Madre 1990): what
 * cannot occur is filled so that the diagram shrinks.
 */
bdd bdd_simplify(struct bdd_world *w, bdd f, bdd care);
/* Members without regard to the variables from lo to below hi. */
bdd bdd_forget(struct bdd_world *w, bdd f, unsigned lo, unsigned hi);

/* Counted: as many releases as holds. Both return f. */
bdd bdd_hold(struct bdd_world *w, bdd f);
bdd bdd_release(struct bdd_world *w, bdd f);
/* Sweep what nobody holds, when it pays. True if it did. */
bool bdd_tidy(struct bdd_world *w);
/* Nodes in use now (live and not yet swept). */
size_t bdd_count(const struct bdd_world *w);
/* Nodes of one diagram. */
size_t bdd_size(struct bdd_world *w, bdd f);

#endif
