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
	space_forget_asked(pr);
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

pset proof_where(struct proof *pr, pset s, enum field f, uint32_t v)
{
	return proof_and(pr, s,
		space_equal(pr, space_slot(f), space_number(f, v)));
}

pset proof_whatever(struct proof *pr, pset s, enum field f)
{
	const struct place *p = &places[space_slot(f)];

	return bdd_hold(pr->w, bdd_forget(pr->w, s, p->at, p->at + p->bits));
}

size_t proof_nodes(const struct proof *pr)
{
	return bdd_count(pr->w);
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

pset proof_match(struct proof *pr, const struct match *m, enum proof_mode mode)
{
	return bdd_hold(pr->w, space_match(pr, m, mode, pr->universe));
}

pset proof_frame(struct proof *pr, const struct match *m)
{
	bdd r = BDD_ALL;

	for (size_t i = 0; i < m->n; i++) {
		enum field f = m->conds[i].f;

		if (f == F_FAMILY || f == F_IN || f == F_CT || f == F_PROTO)
			r = bdd_and(pr->w, r, space_condition(pr, &m->conds[i],
				PROOF_PERHAPS));
	}
	return bdd_hold(pr->w, r);
}

/* ---- chains ---- */

/* What a piece of a chain does; the rest flows on. Held. */
struct piece {
	bdd accept, back; /* back: returns to the caller */
	bdd decided;	  /* these, and what is dropped */
};

struct chains {
	struct proof *pr;
	const struct pipeline *pl;
	enum proof_mode mode;
	bdd only;	/* nothing else is asked */
	struct piece *done[2]; /* by mode and index of the chain */
	bool *known[2];
	enum clear { CLEAR_UNSEEN, CLEAR_LOOKING, CLEAR_NO, CLEAR_YES } *clear;
	unsigned depth;
	int error;
};

static bdd match_set(struct chains *ch, const struct match *m,
	enum proof_mode mode)
{
	return space_match(ch->pr, m, mode, ch->only);
}

static struct piece hold(struct proof *pr, bdd accept, bdd back, bdd decided)
{
	return (struct piece){bdd_hold(pr->w, accept), bdd_hold(pr->w, back),
		bdd_hold(pr->w, decided)};
}

static void drop_piece(struct proof *pr, const struct piece *p)
{
	bdd_release(pr->w, p->accept);
	bdd_release(pr->w, p->back);
	bdd_release(pr->w, p->decided);
}

static bdd dropped(struct proof *pr, const struct piece *p)
{
	return bdd_minus(pr->w, bdd_minus(pr->w, p->decided, p->accept),
		p->back);
}

/* First a, then b for what a leaves. Releases both. */
static struct piece then(struct proof *pr, struct piece a, struct piece b)
{
	struct piece r = hold(pr,
		bdd_ite(pr->w, a.decided, a.accept, b.accept),
		bdd_ite(pr->w, a.decided, a.back, b.back),
		bdd_or(pr->w, a.decided, b.decided));

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

static bool opaque_in(const struct match *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->conds[i].f == F_OPAQUE)
			return true;
	return false;
}

/*
 * goto and return skip what follows. Where only an opaque condition says
 * whether they do, nobody knows what comes next: the packet surely does not
 * pass, or perhaps does.
 */
static struct piece skip(struct chains *ch, const struct match *m,
	struct piece t)
{
	struct bdd_world *w = ch->pr->w;
	bdd yes = match_set(ch, m, PROOF_SURELY);
	bdd all = opaque_in(m) ? match_set(ch, m, PROOF_PERHAPS) : yes;
	bdd a = bdd_and(w, yes, t.accept);
	bdd back = bdd_or(w, bdd_and(w, yes, t.back),
		bdd_minus(w, yes, t.decided));

	if (ch->mode == PROOF_PERHAPS)
		a = bdd_or(w, a, bdd_minus(w, all, yes));
	return hold(ch->pr, a, back, all);
}

/*
 * What a called chain does not decide flows on, taken or not; so an opaque
 * condition on a jump is as exact as one on a verdict.
 */
static struct piece call_piece(struct chains *ch, const struct rule *r)
{
	const struct chain *c = pipeline_find(ch->pl, r->target);
	struct piece t = {BDD_NO, BDD_NO, BDD_NO};
	struct bdd_world *w = ch->pr->w;
	bdd a;

	if (c) /* an undefined chain decides nothing */
		t = chain_piece(ch, c); /* stays held */
	if (r->verdict == V_GOTO)
		return skip(ch, &r->match, t);
	a = bdd_and(w, match_set(ch, &r->match, ch->mode), t.accept);
	return hold(ch->pr, a, BDD_NO, bdd_or(w, a,
		bdd_and(w, match_set(ch, &r->match, mode_for(ch, V_DROP)),
			dropped(ch->pr, &t))));
}

static struct piece rule_piece(struct chains *ch, const struct rule *r)
{
	bdd m;

	if (r->verdict == V_CONTINUE)
		return hold(ch->pr, BDD_NO, BDD_NO, BDD_NO);
	if (r->verdict == V_JUMP || r->verdict == V_GOTO)
		return call_piece(ch, r);
	if (r->verdict == V_RETURN)
		return skip(ch, &r->match, (struct piece){BDD_NO, BDD_NO, BDD_NO});
	m = match_set(ch, &r->match, mode_for(ch, r->verdict));
	return hold(ch->pr, r->verdict == V_ACCEPT ? m : BDD_NO, BDD_NO, m);
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

static struct piece end_piece(struct chains *ch, enum verdict v)
{
	return hold(ch->pr, v == V_ACCEPT ? ch->only : BDD_NO,
		v == V_RETURN ? ch->only : BDD_NO, ch->only);
}

/* Who returns from a chain with an end of its own meets that end (a policy). */
static struct piece finish(struct chains *ch, struct piece p, enum verdict end)
{
	struct piece q = p;

	if (end != V_RETURN && p.back != BDD_NO) {
		q = hold(ch->pr, p.accept, BDD_NO,
			bdd_minus(ch->pr->w, p.decided, p.back));
		drop_piece(ch->pr, &p);
	}
	return then(ch->pr, q, end_piece(ch, end));
}

static size_t index_of(const struct pipeline *pl, const struct chain *c)
{
	size_t i = 0;

	while (pl->chains[i] != c)
		i++;
	return i;
}

/* No unknown condition in it or in what it calls: both modes are the same. */
static bool is_clear(struct chains *ch, const struct chain *c)
{
	enum clear *k = &ch->clear[index_of(ch->pl, c)];
	bool yes = true;

	if (*k != CLEAR_UNSEEN)
		return *k == CLEAR_YES;
	*k = CLEAR_LOOKING; /* a circle ends here */
	for (size_t i = 0; i < c->rule_n && yes; i++) {
		const struct rule *r = &c->rules[i];
		const struct chain *next = r->target
			? pipeline_find(ch->pl, r->target) : NULL;

		yes = !opaque_in(&r->match) && (!next || is_clear(ch, next));
	}
	*k = yes ? CLEAR_YES : CLEAR_NO;
	return yes;
}

static struct piece keep_piece(struct chains *ch, size_t i,
	enum proof_mode mode, struct piece p)
{
	ch->done[mode][i] = p;
	ch->known[mode][i] = true;
	return p;
}

/* Each chain once. The result stays held by ch->done. */
static struct piece chain_piece(struct chains *ch, const struct chain *c)
{
	enum proof_mode m = ch->mode, other = m == PROOF_SURELY ? PROOF_PERHAPS
								: PROOF_SURELY;
	size_t i = index_of(ch->pl, c), n;
	const struct rule **v;
	struct piece p;

	if (ch->known[m][i])
		return ch->done[m][i];
	if (ch->known[other][i] && is_clear(ch, c)) {
		p = ch->done[other][i];
		return keep_piece(ch, i, m,
			hold(ch->pr, p.accept, p.back, p.decided));
	}
	if (++ch->depth > CHAINS_DEEP) {
		ch->error = -ELOOP;
		ch->depth--;
		return (struct piece){BDD_NO, BDD_NO, BDD_NO};
	}
	v = xcalloc(c->rule_n + 1, sizeof(*v));
	n = order(c, v);
	p = finish(ch, fold(ch, v, n), c->end);
	ch->depth--;
	free(v);
	return keep_piece(ch, i, m, p);
}

/* No chain bars nothing. */
static bdd chain_accepts(struct chains *ch, const char *name)
{
	const struct chain *c = name ? pipeline_find(ch->pl, name) : NULL;
	struct piece p;

	if (!c)
		return ch->only;
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
	bdd fresh = bdd_and(pr->w, ch->only, space_equal(pr, S_CT, CT_NEW));
	bdd r = bdd_minus(pr->w, f, fresh), left = fresh;

	for (size_t i = 0; i < ch->pl->nat_in_n; i++) {
		const struct nat_rule *n = &ch->pl->nat_in[i];
		bdd m = space_match(pr, &n->match, ch->mode, left);

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
			match_set(ch, &ch->pl->bypass[i], ch->mode));
	return r;
}

static pset passes(struct chains *ch, enum proof_mode mode)
{
	struct proof *pr = ch->pr;
	bdd f, r;

	ch->mode = mode;
	f = filter(ch);
	r = bdd_or(pr->w, bypass(ch), before_nat(ch, f));
	r = bdd_and(pr->w, r, bdd_and(pr->w, ch->only, pr->universe));
	bdd_release(pr->w, f);
	return bdd_hold(pr->w, r);
}

static void chains_open(struct chains *ch, struct proof *pr,
	const struct pipeline *pl, pset only)
{
	*ch = (struct chains){.pr = pr, .pl = pl, .only = only,
		.clear = xcalloc(pl->chain_n + 1, sizeof(*ch->clear))};
	for (int i = 0; i < 2; i++) {
		ch->done[i] = xcalloc(pl->chain_n + 1, sizeof(struct piece));
		ch->known[i] = xcalloc(pl->chain_n + 1, sizeof(bool));
	}
}

static int chains_close(struct chains *ch)
{
	for (int m = 0; m < 2; m++) {
		for (size_t i = 0; i < ch->pl->chain_n; i++)
			if (ch->known[m][i])
				drop_piece(ch->pr, &ch->done[m][i]);
		free(ch->done[m]);
		free(ch->known[m]);
	}
	free(ch->clear);
	return ch->error;
}

static bool any_opaque(const struct pipeline *pl)
{
	for (size_t i = 0; i < pl->chain_n; i++)
		for (size_t k = 0; k < pl->chains[i]->rule_n; k++)
			if (opaque_in(&pl->chains[i]->rules[k].match))
				return true;
	for (size_t i = 0; i < pl->nat_in_n; i++)
		if (opaque_in(&pl->nat_in[i].match))
			return true;
	for (size_t i = 0; i < pl->bypass_n; i++)
		if (opaque_in(&pl->bypass[i]))
			return true;
	return false;
}

int proof_both(struct proof *pr, const struct pipeline *pl, pset only,
	pset *surely, pset *perhaps)
{
	struct chains ch;

	chains_open(&ch, pr, pl, only);
	*surely = *perhaps = passes(&ch, PROOF_SURELY);
	if (any_opaque(pl))
		*perhaps = passes(&ch, PROOF_PERHAPS);
	return chains_close(&ch);
}

int proof_passes(struct proof *pr, const struct pipeline *pl,
	enum proof_mode mode, pset *ret)
{
	struct chains ch;

	chains_open(&ch, pr, pl, PSET_ALL);
	*ret = passes(&ch, mode);
	return chains_close(&ch);
}
