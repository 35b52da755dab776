// SPDX-License-Identifier: GPL-2.0-or-later
/* Matches, chains and translations as sets of packets. */
#include "proof/own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHAINS_DEEP = 128, SHIFTS_MAX = 1024 };

struct proof *proof_new(void)
{
	struct proof *pr = xcalloc(1, sizeof(*pr));

	space_init(pr);
	return pr;
}

void proof_free(struct proof *pr)
{
	if (!pr)
		return;
	bdd_free(pr->w);
	free(pr);
}

void proof_freep(struct proof **pr)
{
	proof_free(*pr);
}

pset proof_universe(struct proof *pr)
{
	return pr->universe;
}

pset proof_and(struct proof *pr, pset a, pset b)
{
	return bdd_hold(pr->w, bdd_and(pr->w, a, b));
}
pset proof_or(struct proof *pr, pset a, pset b)
{
	return bdd_hold(pr->w, bdd_or(pr->w, a, b));
}
pset proof_minus(struct proof *pr, pset a, pset b)
{
	return bdd_hold(pr->w, bdd_minus(pr->w, a, b));
}

static uint32_t number_of(enum field f, uint32_t v)
{
	return f == F_FAMILY ? v == FAM_6 : v;
}

pset proof_where(struct proof *pr, pset s, enum field f, uint32_t v)
{
	return proof_and(pr, s,
		space_equal(pr, space_slot(f), number_of(f, v)));
}

size_t proof_size(struct proof *pr, pset s)
{
	return bdd_size(pr->w, s);
}

bool proof_has(const struct proof *pr, pset s, const struct packet *p)
{
	uint8_t bits[VARS];

	space_bits(p, bits);
	while (s > BDD_ALL)
		s = bits[bdd_var(pr->w, s)] ? bdd_hi(pr->w, s)
					    : bdd_lo(pr->w, s);
	return s == BDD_ALL;
}

pset proof_of_packet(struct proof *pr, const struct packet *p)
{
	uint8_t bits[VARS];
	bdd r = BDD_ALL;

	space_bits(p, bits);
	for (unsigned i = VARS; i-- > 0;)
		r = bits[i] ? bdd_node(pr->w, i, BDD_NO, r)
			    : bdd_node(pr->w, i, r, BDD_NO);
	return bdd_hold(pr->w, r);
}

/* ---- conditions ---- */

static bdd numbers(struct proof *pr, const struct cond *c)
{
	bdd r = BDD_NO;

	for (size_t i = 0; i < c->num_n; i++)
		r = bdd_or(pr->w, r, space_range(pr, space_slot(c->f),
			number_of(c->f, c->nums[i].lo),
			number_of(c->f, c->nums[i].hi)));
	return r;
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

static bdd addresses(struct proof *pr, const struct cond *c)
{
	enum slot s = space_slot(c->f);
	bdd r = BDD_NO;

	for (size_t i = 0; i < c->mask_n; i++)
		r = bdd_or(pr->w, r,
			bdd_and(pr->w, c->masks[i].fam == FAM_6 ? pr->is6 : pr->is4,
				space_mask(pr, s, c->masks[i].value.b,
					c->masks[i].mask.b)));
	for (size_t i = 0; i < c->range_n; i++)
		r = bdd_or(pr->w, r,
			bdd_and(pr->w, c->ranges[i].fam == FAM_6 ? pr->is6 : pr->is4,
				space_addr_range(pr, s, &c->ranges[i].lo,
					&c->ranges[i].hi)));
	return r;
}

/* The families that an address condition speaks of; see ask.c. */
static bdd families(struct proof *pr, const struct cond *c)
{
	bdd r = BDD_NO;

	for (size_t i = 0; i < c->mask_n; i++)
		r = bdd_or(pr->w, r, c->masks[i].fam == FAM_6 ? pr->is6 : pr->is4);
	for (size_t i = 0; i < c->range_n; i++)
		r = bdd_or(pr->w, r, c->ranges[i].fam == FAM_6 ? pr->is6 : pr->is4);
	if (c->mask_n || c->range_n)
		return r;
	return !c->set_fam ? BDD_ALL : c->set_fam == FAM_6 ? pr->is6 : pr->is4;
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

static bdd condition(struct proof *pr, const struct cond *c,
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
	if (c->neg)
		r = bdd_not(pr->w, r);
	return bdd_and(pr->w, r, has_field(pr, c));
}

static bdd match_set(struct proof *pr, const struct match *m,
	enum proof_mode mode)
{
	bdd r = pr->universe;

	/* later fields first: each step adds nodes above the last */
	for (size_t i = m->n; i-- > 0;)
		r = bdd_and(pr->w, r, condition(pr, &m->conds[i], mode));
	return r;
}

pset proof_match(struct proof *pr, const struct match *m, enum proof_mode mode)
{
	return bdd_hold(pr->w, match_set(pr, m, mode));
}

/* ---- chains ---- */

/* What a piece of a chain does; the rest of the universe flows on. Held. */
struct piece {
	bdd accept, drop, back; /* back: returns to the caller */
};

struct chains {
	struct proof *pr;
	const struct pipeline *pl;
	enum proof_mode mode;
	struct piece *done; /* by index of the chain */
	bool *known;
	unsigned depth;
	int error;
};

static struct piece hold(struct proof *pr, bdd a, bdd d, bdd b)
{
	return (struct piece){bdd_hold(pr->w, a), bdd_hold(pr->w, d),
		bdd_hold(pr->w, b)};
}

static void drop_piece(struct proof *pr, const struct piece *p)
{
	bdd_release(pr->w, p->accept);
	bdd_release(pr->w, p->drop);
	bdd_release(pr->w, p->back);
}

static bdd decided(struct proof *pr, const struct piece *p)
{
	return bdd_or(pr->w, bdd_or(pr->w, p->accept, p->drop), p->back);
}

/* First a, then b for what a leaves. Releases both. */
static struct piece then(struct proof *pr, struct piece a, struct piece b)
{
	bdd left = decided(pr, &a);
	struct piece r = hold(pr,
		bdd_or(pr->w, a.accept, bdd_minus(pr->w, b.accept, left)),
		bdd_or(pr->w, a.drop, bdd_minus(pr->w, b.drop, left)),
		bdd_or(pr->w, a.back, bdd_minus(pr->w, b.back, left)));

	drop_piece(pr, &a);
	drop_piece(pr, &b);
	bdd_tidy(pr->w);
	return r;
}

static struct piece chain_piece(struct chains *ch, const struct chain *c);

/*
 * An opaque condition turns against the verdict in SURELY and for it in
 * PERHAPS, so that what surely passes is never too much.
 */
static enum proof_mode mode_for(const struct chains *ch, enum verdict v)
{
	bool bars = v == V_DROP || v == V_REJECT;

	if (!bars)
		return ch->mode;
	return ch->mode == PROOF_SURELY ? PROOF_PERHAPS : PROOF_SURELY;
}

/*
 * goto and return skip what follows. Where only an opaque condition says
 * whether they do, nobody knows what comes next: the packet surely does not
 * pass, or perhaps does.
 */
static struct piece skip(struct chains *ch, const struct match *m,
	struct piece target)
{
	struct proof *pr = ch->pr;
	bdd yes = match_set(pr, m, PROOF_SURELY);
	bdd perhaps = bdd_minus(pr->w, match_set(pr, m, PROOF_PERHAPS), yes);
	bdd a = bdd_and(pr->w, yes, target.accept);
	bdd d = bdd_and(pr->w, yes, target.drop);
	bdd back = bdd_minus(pr->w, yes, bdd_or(pr->w, a, d));

	if (ch->mode == PROOF_SURELY)
		d = bdd_or(pr->w, d, perhaps);
	else
		a = bdd_or(pr->w, a, perhaps);
	return hold(pr, a, d, back);
}

/*
 * What a called chain does not decide flows on, taken or not; so an opaque
 * condition on a jump is as exact as one on a verdict.
 */
static struct piece call_piece(struct chains *ch, const struct rule *r)
{
	const struct chain *c = pipeline_find(ch->pl, r->target);
	struct piece t = {BDD_NO, BDD_NO, BDD_NO};
	struct proof *pr = ch->pr;

	if (c) /* an undefined chain decides nothing */
		t = chain_piece(ch, c); /* stays held */
	if (r->verdict == V_GOTO)
		return skip(ch, &r->match, t);
	return hold(pr,
		bdd_and(pr->w, match_set(pr, &r->match, ch->mode), t.accept),
		bdd_and(pr->w, match_set(pr, &r->match, mode_for(ch, V_DROP)),
			t.drop),
		BDD_NO);
}

static struct piece rule_piece(struct chains *ch, const struct rule *r)
{
	struct proof *pr = ch->pr;
	bdd m;

	if (r->verdict == V_CONTINUE)
		return hold(pr, BDD_NO, BDD_NO, BDD_NO);
	if (r->verdict == V_JUMP || r->verdict == V_GOTO)
		return call_piece(ch, r);
	if (r->verdict == V_RETURN)
		return skip(ch, &r->match, (struct piece){BDD_NO, BDD_NO, BDD_NO});
	m = match_set(pr, &r->match, mode_for(ch, r->verdict));
	if (r->verdict == V_ACCEPT)
		return hold(pr, m, BDD_NO, BDD_NO);
	return hold(pr, BDD_NO, m, BDD_NO);
}

/* In halves: the diagrams stay small, and big ones meet only at the end. */
static struct piece fold(struct chains *ch, const struct rule **v, size_t n)
{
	struct piece a, b;

	if (n == 0)
		return hold(ch->pr, BDD_NO, BDD_NO, BDD_NO);
	if (n == 1)
		return rule_piece(ch, v[0]);
	a = fold(ch, v, n / 2);
	b = fold(ch, v + n / 2, n - n / 2);
	return then(ch->pr, a, b);
}

/*
 * The order in which rules win: as written, or for pf the quick ones first and
 * then the others from the last to the first.
 */
static size_t order(const struct chain *c, const struct rule **v)
{
	size_t n = 0;

	for (size_t i = 0; i < c->rule_n; i++)
		if (!c->last_match || c->rules[i].quick)
			v[n++] = &c->rules[i];
	for (size_t i = c->rule_n; c->last_match && i-- > 0;)
		if (!c->rules[i].quick)
			v[n++] = &c->rules[i];
	return n;
}

static struct piece end_piece(struct proof *pr, enum verdict v)
{
	switch (v) {
	case V_ACCEPT: return hold(pr, pr->universe, BDD_NO, BDD_NO);
	case V_RETURN: return hold(pr, BDD_NO, BDD_NO, pr->universe);
	default:       return hold(pr, BDD_NO, pr->universe, BDD_NO);
	}
}

/* Who returns from a chain with an end of its own meets that end (a policy). */
static struct piece finish(struct proof *pr, struct piece p, enum verdict end)
{
	if (end != V_RETURN) {
		bdd_release(pr->w, p.back);
		p.back = BDD_NO;
	}
	return then(pr, p, end_piece(pr, end));
}

/* Each chain once. The result stays held by ch->done. */
static struct piece chain_piece(struct chains *ch, const struct chain *c)
{
	const struct rule **v;
	size_t i = 0, n;

	while (ch->pl->chains[i] != c)
		i++;
	if (ch->known[i])
		return ch->done[i];
	if (++ch->depth > CHAINS_DEEP) {
		ch->error = -ELOOP;
		ch->depth--;
		return (struct piece){BDD_NO, BDD_NO, BDD_NO};
	}
	v = xcalloc(c->rule_n + 1, sizeof(*v));
	n = order(c, v);
	ch->done[i] = finish(ch->pr, fold(ch, v, n), c->end);
	ch->known[i] = true;
	ch->depth--;
	free(v);
	return ch->done[i];
}

/* No chain bars nothing. */
static bdd chain_accepts(struct chains *ch, const char *name)
{
	const struct chain *c = name ? pipeline_find(ch->pl, name) : NULL;
	struct piece p;

	if (!c)
		return ch->pr->universe;
	p = chain_piece(ch, c);
	return bdd_or(ch->pr->w, p.accept, p.back);
}

/* What entry and gates of one path accept. Held. */
static bdd path_accepts(struct chains *ch, enum path path)
{
	struct bdd_world *w = ch->pr->w;
	bdd r = bdd_hold(w, chain_accepts(ch, ch->pl->entry[path]));

	for (size_t i = 0; i < ch->pl->gate_n; i++) {
		bdd both;

		if (ch->pl->gates[i].path != path)
			continue;
		both = bdd_and(w, r, chain_accepts(ch, ch->pl->gates[i].chain));
		bdd_release(w, r);
		r = bdd_hold(w, both);
	}
	return r;
}

static bdd filter(struct chains *ch)
{
	struct proof *pr = ch->pr;
	bdd fwd = path_accepts(ch, PATH_FORWARD);
	bdd in = path_accepts(ch, PATH_INPUT);
	bdd out = path_accepts(ch, PATH_OUTPUT);
	bdd to_self = space_equal(pr, S_OUT, ROLE_SELF);
	bdd from_self = bdd_minus(pr->w, space_equal(pr, S_IN, ROLE_SELF),
		to_self);
	bdd r = bdd_and(pr->w, in, to_self);

	r = bdd_or(pr->w, r, bdd_and(pr->w, out, from_self));
	r = bdd_or(pr->w, r, bdd_minus(pr->w, fwd,
		bdd_or(pr->w, to_self, from_self)));
	bdd_release(pr->w, fwd);
	bdd_release(pr->w, in);
	bdd_release(pr->w, out);
	return bdd_hold(pr->w, r);
}

/* ---- translation: which packets outside become one of f inside ---- */

static void fix_number(int8_t *fix, enum slot s, uint32_t v)
{
	const struct place *p = &places[s];

	for (unsigned i = 0; i < p->bits; i++)
		fix[p->at + i] = v >> (p->bits - 1 - i) & 1;
}

static void fix_addr(int8_t *fix, const struct addr *a)
{
	for (unsigned i = 0; i < 128; i++)
		fix[places[S_DST].at + i] = a->b[i / 8] >> (7 - i % 8) & 1;
}

/* To the gateway before translation is to the LAN after it. */
static bdd self_becomes_lan(struct proof *pr, bdd f)
{
	int8_t fix[VARS];
	bdd self = space_equal(pr, S_OUT, ROLE_SELF), lan;

	memset(fix, -1, sizeof(fix));
	fix_number(fix, S_OUT, ROLE_LAN);
	lan = bdd_fix(pr->w, f, fix, VARS);
	return bdd_or(pr->w, bdd_and(pr->w, lan, self),
		bdd_minus(pr->w, f, self));
}

static bdd before_rewrite(struct proof *pr, const struct nat_rule *n, bdd f,
	bool port, uint16_t inner)
{
	int8_t fix[VARS];

	memset(fix, -1, sizeof(fix));
	fix_addr(fix, &n->dst);
	fix_number(fix, S_DNAT, 1);
	if (port)
		fix_number(fix, S_DPORT, inner);
	f = bdd_fix(pr->w, f, fix, VARS);
	return self_becomes_lan(pr, f);
}

/* A range of ports that moves: one outer port at a time. */
static bdd shifted(struct proof *pr, const struct nat_rule *n, bdd f)
{
	unsigned count = (unsigned)(n->port_hi - n->port_lo) + 1;
	bdd r = BDD_NO;

	for (unsigned i = 0; i < count && i < SHIFTS_MAX; i++)
		r = bdd_or(pr->w, r, bdd_and(pr->w,
			space_equal(pr, S_DPORT, n->match_lo + i),
			before_rewrite(pr, n, f, true,
				(uint16_t)(n->port_lo + i))));
	return r;
}

static bdd through_nat_to(struct proof *pr, const struct pipeline *pl,
	const struct nat_rule *n, bdd f)
{
	if (pl->order == FILTER_FIRST)
		return self_becomes_lan(pr, f);
	if (!n->set_port || (n->match_lo && n->match_lo == n->port_lo))
		return before_rewrite(pr, n, f, false, 0);
	if (n->match_lo)
		return shifted(pr, n, f);
	return before_rewrite(pr, n, f, true, n->port_lo);
}

static bdd nat_rule_passes(struct proof *pr, const struct pipeline *pl,
	const struct nat_rule *n, bdd f)
{
	switch (n->action) {
	case NAT_TO:	  return through_nat_to(pr, pl, n, f);
	case NAT_THROUGH: return f;
	case NAT_REJECT:
	case NAT_DISCARD: break;
	}
	return BDD_NO;
}

/* Translation asks about the first packet of a flow only. f is held. */
static bdd before_nat(struct chains *ch, bdd f)
{
	struct proof *pr = ch->pr;
	bdd fresh = bdd_and(pr->w, pr->universe,
		space_equal(pr, S_CT, CT_NEW));
	bdd r = bdd_minus(pr->w, f, fresh), left = fresh;

	for (size_t i = 0; i < ch->pl->nat_in_n; i++) {
		const struct nat_rule *n = &ch->pl->nat_in[i];
		bdd m = bdd_and(pr->w, left,
			match_set(pr, &n->match, ch->mode));

		r = bdd_or(pr->w, r, bdd_and(pr->w, m,
			nat_rule_passes(pr, ch->pl, n, f)));
		left = bdd_minus(pr->w, left, m);
	}
	return bdd_or(pr->w, r, bdd_and(pr->w, left, f));
}

static bdd bypass(struct chains *ch)
{
	struct proof *pr = ch->pr;
	bdd r = BDD_NO;

	for (size_t i = 0; i < ch->pl->bypass_n; i++)
		r = bdd_or(pr->w, r,
			match_set(pr, &ch->pl->bypass[i], ch->mode));
	return r;
}

int proof_passes(struct proof *pr, const struct pipeline *pl,
	enum proof_mode mode, pset *ret)
{
	struct chains ch = {.pr = pr, .pl = pl, .mode = mode,
		.done = xcalloc(pl->chain_n + 1, sizeof(struct piece)),
		.known = xcalloc(pl->chain_n + 1, sizeof(bool))};
	bdd f = filter(&ch);
	bdd r = bdd_and(pr->w, pr->universe,
		bdd_or(pr->w, bypass(&ch), before_nat(&ch, f)));

	bdd_hold(pr->w, r);
	bdd_release(pr->w, f);
	for (size_t i = 0; i < pl->chain_n; i++)
		if (ch.known[i])
			drop_piece(pr, &ch.done[i]);
	free(ch.done);
	free(ch.known);
	*ret = r;
	return ch.error;
}
