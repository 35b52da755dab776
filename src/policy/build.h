/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside policy only: how the compiler's files write rules. */
#ifndef KADOMORI_POLICY_BUILD_H
#define KADOMORI_POLICY_BUILD_H

#include "policy/policy.h"

/*
 * The compiler's desk. at and why are given to every rule made until they
 * change, so that a rule cannot be without its origin.
 */
struct build {
	const struct intent *in;
	const struct facts *f;
	struct complaints *c;
	struct policy *pol;
	struct pipeline *pl;
	const struct span *at; /* the user's words; NULL: built in */
	const char *why;
};

/* A rule in the chain of that name (made when new) with the current origin. */
struct rule *b_rule(struct build *b, const char *chain, enum verdict v);
struct rule *b_jump(struct build *b, const char *chain, const char *target);
/* Some device lives on a segment of its own. */
bool b_has_segment(const struct build *b);
void b_origin(struct build *b, struct origin *o);

/* Conditions; each appends to the rule's match. */
void r_num(struct rule *r, enum field f, uint32_t v);
void r_nums(struct rule *r, enum field f, const uint32_t *v, size_t n);
void r_range(struct rule *r, enum field f, uint32_t lo, uint32_t hi);
void r_addr(struct rule *r, enum field f, bool neg, const struct addrmask *m);
void r_addr_text(struct rule *r, enum field f, const char *const *prefixes);
/* Member of a set that the gateway keeps up to date; content as of now. */
void r_set(struct rule *r, enum field f, bool neg, const char *name,
	enum family fam, const struct addrmask *m, size_t n);

/* builtin.c: the rules that no household needs to write. */
void builtin_forward_head(struct build *b);
void builtin_sanity(struct build *b);
void builtin_input(struct build *b);
void builtin_wan_in_standard(struct build *b);
void builtin_echo(struct build *b);
void builtin_icmp_out(struct build *b);

/* nat.c: port mappings, and their refusal where they cannot work. */
void nat_compile(struct build *b);

/* What one protocol of a "what" asks of a packet; n-th of it, false at end. */
bool what_part(const struct what *w, int n, uint8_t *proto, uint16_t *lo,
	uint16_t *hi);

/* compile.c: the device's peers of one family; no condition while none is known. */
void b_peers(struct rule *r, enum field f, const struct device *d,
	enum family fam);

#endif
