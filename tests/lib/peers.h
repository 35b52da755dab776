/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The meaning of a pipeline written down a second time, over an algebra of sets
 * that somebody else made: BuDDy (loaded at run time, its names are ours too) and
 * z3. The walk is by reachability, rule by rule; src/proof folds triples.
 */
#ifndef KADOMORI_TESTS_PEERS_H
#define KADOMORI_TESTS_PEERS_H

#include "policy/policy.h"
#include "proof/own.h"

typedef uintptr_t val; /* a set, of whichever algebra */

struct algebra {
	val (*truth)(bool yes);
	val (*both)(val a, val b);
	val (*either)(val a, val b);
	val (*without)(val a, val b);
	/* field & mask == value, most significant bit first */
	val (*mask)(enum slot s, const uint8_t *value, const uint8_t *mask);
	/* lo <= field <= hi, as bytes like a mask's */
	val (*range)(enum slot s, const uint8_t *lo, const uint8_t *hi);
	val (*named)(val a); /* the same; z3: a constant for it */
};

/* What passes pl for sure, of packets that can exist. */
val peer_passes(const struct algebra *al, const struct pipeline *pl);
val peer_match(const struct algebra *al, const struct match *m);

/* NULL: the library is not there. One at a time. */
const struct algebra *buddy_open(unsigned nodes);
/* Forget all sets but keep the tables. */
void buddy_forget(void);
void buddy_close(void);
/* A set of ours as BuDDy's. */
val buddy_of(const struct proof *pr, pset s);
val buddy_ite(val f, val g, val h);
size_t buddy_nodes(val f);
const struct algebra *z3_open(void);
void z3_close(void);
/* Are both the same? 1, 0, or -1 when z3 gives up. */
int z3_equal(const struct proof *pr, pset ours, val theirs);
/* Is there a member? As above; *p is one. */
int z3_member(val s, struct packet *p);

#endif
