// SPDX-License-Identifier: GPL-2.0-or-later
/* Conditions and their conjunctions as diagrams. */
#include "proof/own.h"

uint32_t space_number(enum field f, uint32_t v)
{
	return f == F_FAMILY ? v == FAM_6 : v;
}


/* The union of n parts in halves, so that small diagrams meet small ones. */
static bdd union_of(struct proof *pr, const struct cond *c, size_t from,
	size_t n, bdd (*part)(struct proof *, const struct cond *, size_t))
{
	if (n == 0)
		return BDD_NO;
	if (n == 1)
		return part(pr, c, from);
	return bdd_or(pr->w, union_of(pr, c, from, n / 2, part),
		union_of(pr, c, from + n / 2, n - n / 2, part));
}

static bdd number_part(struct proof *pr, const struct cond *c, size_t i)
{
	return space_range(pr, space_slot(c->f),
		space_number(c->f, c->nums[i].lo), space_number(c->f, c->nums[i].hi));
}

static bdd numbers(struct proof *pr, const struct cond *c)
{
	return union_of(pr, c, 0, c->num_n, number_part);
}

static bdd exthdrs(struct proof *pr, const struct cond *c)
{
	bdd r = BDD_NO;

	for (unsigned b = 0; b < 8; b++) {
		uint8_t bit = (uint8_t)(1 << b);

		for (size_t i = 0; i < c->num_n; i++)
			if (1u << b >= c->nums[i].lo && 1u << b <= c->nums[i].hi)
				r = bdd_or(pr->w, r,
					space_mask(pr, S_EXT, &bit, &bit));
	}
	return r;
}

static bdd flags(struct proof *pr, const struct cond *c)
{
	/* six bits stand at the top of the byte that space_mask() reads */
	uint8_t value = (uint8_t)(c->flag_value << 2);
	uint8_t mask = (uint8_t)(c->flag_mask << 2);

	if (c->flag_value & ~c->flag_mask)
		return BDD_NO;
	return space_mask(pr, S_FLAGS, &value, &mask);
}

static bool speaks_of(const struct cond *c, enum family fam)
{
	for (size_t i = 0; i < c->mask_n; i++)
		if (c->masks[i].fam == fam)
			return true;
	for (size_t i = 0; i < c->range_n; i++)
		if (c->ranges[i].fam == fam)
			return true;
	return false;
}

/* The families that an address condition speaks of; see ask.c. */
static bdd families(struct proof *pr, const struct cond *c)
{
	bool six = speaks_of(c, FAM_6), four = speaks_of(c, FAM_4);

	if (!six && !four && c->set_fam) {
		six = c->set_fam == FAM_6;
		four = !six;
	}
	return six == four ? BDD_ALL : six ? pr->is6 : pr->is4;
}

static bdd mask_part(struct proof *pr, const struct cond *c, size_t i)
{
	bdd m = space_mask(pr, space_slot(c->f), c->masks[i].value.b,
		c->masks[i].mask.b);

	/* in a condition on one family the family is said once */
	return families(pr, c) != BDD_ALL ? m
		: bdd_and(pr->w, c->masks[i].fam == FAM_6 ? pr->is6 : pr->is4, m);
}

static bdd range_part(struct proof *pr, const struct cond *c, size_t i)
{
	bdd r = space_addr_range(pr, space_slot(c->f), &c->ranges[i].lo,
		&c->ranges[i].hi);

	return families(pr, c) != BDD_ALL ? r
		: bdd_and(pr->w, c->ranges[i].fam == FAM_6 ? pr->is6 : pr->is4, r);
}

static bdd addresses(struct proof *pr, const struct cond *c)
{
	return bdd_or(pr->w, union_of(pr, c, 0, c->mask_n, mask_part),
		union_of(pr, c, 0, c->range_n, range_part));
}

/* Packets that have the field at all: only of these can it be said, or denied. */
static bdd has_field(struct proof *pr, const struct cond *c)
{
	switch (c->f) {
	case F_SPORT:
	case F_DPORT:	 return pr->has_ports;
	case F_ITYPE:
	case F_ICODE:	 return pr->is_icmp;
	case F_TCPFLAGS: return pr->is_tcp;
	case F_SPI:	 return pr->has_spi;
	case F_SRC:
	case F_DST:	 return families(pr, c);
	default:	 return BDD_ALL;
	}
}

bdd space_condition(struct proof *pr, const struct cond *c,
	enum proof_mode mode)
{
	bdd r;

	switch (c->f) {
	case F_OPAQUE:	 return mode == PROOF_PERHAPS ? BDD_ALL : BDD_NO;
	case F_SRC:
	case F_DST:	 r = addresses(pr, c); break;
	case F_EXTHDR:	 r = exthdrs(pr, c); break;
	case F_TCPFLAGS: r = flags(pr, c); break;
	default:	 r = numbers(pr, c); break;
	}
	return c->neg ? bdd_not(pr->w, r) : r;
}

/*
 * rest knows only fields behind this one: then one address or one number is a
 * chain put in front of it, which leaves no garbage behind.
 */
static bdd in_front(struct proof *pr, const struct cond *c,
	enum proof_mode mode, bdd rest)
{
	enum slot s = space_slot(c->f);
	bool free = bdd_var(pr->w, rest) >= places[s].at + places[s].bits;

	if (free && !c->neg && c->mask_n == 1 && !c->range_n)
		return space_mask_on(pr, s, c->masks[0].value.b,
			c->masks[0].mask.b, rest);
	if (free && !c->neg && c->num_n == 1 && c->f != F_EXTHDR &&
		c->nums[0].lo == c->nums[0].hi)
		return space_equal_on(pr, s, c->nums[0].lo, rest);
	return bdd_and(pr->w, space_condition(pr, c, mode), rest);
}

/* What stands before the addresses in the order, and says no soonest. */
static bool early(const struct cond *c)
{
	return c->f == F_OPAQUE || space_slot(c->f) < S_DST;
}

static bdd early_part(struct proof *pr, const struct match *m,
	enum proof_mode mode, bdd r)
{
	for (size_t i = 0; i < m->n && r != BDD_NO; i++) {
		const struct cond *c = &m->conds[i];

		if (early(c) || c->f == F_PROTO)
			r = bdd_and(pr->w, r, space_condition(pr, c, mode));
		else if (c->f == F_SRC || c->f == F_DST)
			r = bdd_and(pr->w, r, families(pr, c));
	}
	return r;
}

/* Whether the protocol has the fields that are spoken of. */
static bdd guard(struct proof *pr, const struct match *m)
{
	bdd r = BDD_ALL;

	for (size_t i = 0; i < m->n; i++) {
		const struct cond *c = &m->conds[i];

		if (!early(c) && c->f != F_SRC && c->f != F_DST)
			r = bdd_and(pr->w, r, has_field(pr, c));
	}
	return r;
}

/*
 * Inside `in` only, field by field from the last to the first. What cannot
 * exist is left in: it goes once, at the end, not with every rule.
 */
bdd space_match(struct proof *pr, const struct match *m,
	enum proof_mode mode, bdd in)
{
	bdd top = early_part(pr, m, mode, in), r = BDD_ALL;

	if (top == BDD_NO)
		return BDD_NO;
	for (int s = S_SRC; s >= S_DST; s--) {
		for (size_t i = m->n; i-- > 0;)
			if (!early(&m->conds[i]) &&
				space_slot(m->conds[i].f) == (enum slot)s)
				r = in_front(pr, &m->conds[i], mode, r);
		if (s == S_PROTO)
			r = bdd_and(pr->w, guard(pr, m), r);
	}
	return bdd_and(pr->w, top, r);
}
