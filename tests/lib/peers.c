// SPDX-License-Identifier: GPL-2.0-or-later
#include "peers.h"

#include <string.h>

/* What translation has made constant on the way to the filter. */
struct view {
	bool translated, at_lan;
	struct addr dst;
	int dport; /* -1: as it came */
};
static const struct view plain = {.dport = -1};

struct peer {
	const struct algebra *al;
	const struct pipeline *pl;
	const struct view *v;
};

static val none(struct peer *x)
{
	return x->al->truth(false);
}

static val all(struct peer *x)
{
	return x->al->truth(true);
}

static val not(struct peer *x, val a)
{
	return x->al->without(all(x), a);
}

/* v in the upper bits of up to four bytes, as masks have it. */
static void left(enum slot s, uint32_t v, uint8_t b[16])
{
	uint64_t w = (uint64_t)v << (64 - places[s].bits);

	memset(b, 0, 16);
	for (int i = 0; i < 8; i++)
		b[i] = (uint8_t)(w >> (56 - 8 * i));
}

static val between(struct peer *x, enum slot s, uint32_t lo, uint32_t hi)
{
	uint32_t top = places[s].bits == 32 ? UINT32_MAX
		: (1u << places[s].bits) - 1;
	uint8_t a[16], b[16];

	if (lo > top || lo > hi)
		return none(x);
	left(s, lo, a);
	left(s, hi > top ? top : hi, b);
	return x->al->range(s, a, b);
}

static val is(struct peer *x, enum slot s, uint32_t v)
{
	return between(x, s, v, v);
}

static val family(struct peer *x, enum family fam)
{
	return is(x, S_FAMILY, fam == FAM_6);
}

static val protos(struct peer *x, const uint8_t *v, size_t n)
{
	val r = none(x);

	for (size_t i = 0; i < n; i++)
		r = x->al->either(r, is(x, S_PROTO, v[i]));
	return r;
}

static const uint8_t with_ports[] = {6, 17, 33, 132, 136}, icmps[] = {1, 58},
	tcp[] = {6}, spis[] = {50, 51};

static val has(struct peer *x, enum field f)
{
	switch (f) {
	case F_SPORT:
	case F_DPORT:	 return protos(x, with_ports, 5);
	case F_ITYPE:
	case F_ICODE:	 return protos(x, icmps, 2);
	case F_TCPFLAGS: return protos(x, tcp, 1);
	case F_SPI:	 return protos(x, spis, 2);
	default:	 return all(x);
	}
}

/* ---- conditions ---- */

static bool in_nums(const struct cond *c, uint32_t v)
{
	for (size_t i = 0; i < c->num_n; i++)
		if (v >= c->nums[i].lo && v <= c->nums[i].hi)
			return true;
	return false;
}

static val out_side(struct peer *x, const struct cond *c)
{
	val r = none(x);

	for (uint32_t v = 0; v < ROLE_MAX; v++) {
		if (!in_nums(c, v) || (x->v->at_lan && v == ROLE_SELF))
			continue;
		r = x->al->either(r, is(x, S_OUT, v));
		if (x->v->at_lan && v == ROLE_LAN)
			r = x->al->either(r, is(x, S_OUT, ROLE_SELF));
	}
	return r;
}

static val nums(struct peer *x, const struct cond *c)
{
	val r = none(x);

	if (c->f == F_OUT)
		return out_side(x, c);
	if (c->f == F_DNAT && x->v->translated)
		return x->al->truth(in_nums(c, 1));
	if (c->f == F_DPORT && x->v->dport >= 0)
		return x->al->truth(in_nums(c, (uint32_t)x->v->dport));
	if (c->f == F_FAMILY) {
		if (in_nums(c, FAM_4))
			r = x->al->either(r, family(x, FAM_4));
		return in_nums(c, FAM_6) ? x->al->either(r, family(x, FAM_6)) : r;
	}
	for (size_t i = 0; i < c->num_n; i++)
		r = x->al->either(r, between(x, space_slot(c->f), c->nums[i].lo,
			c->nums[i].hi));
	return r;
}

static val exthdr(struct peer *x, const struct cond *c)
{
	val r = none(x);

	for (unsigned b = 0; b < 8; b++) {
		uint8_t bit = (uint8_t)(1u << b);

		if (in_nums(c, bit))
			r = x->al->either(r, x->al->mask(S_EXT, &bit, &bit));
	}
	return r;
}

static val flags(struct peer *x, const struct cond *c)
{
	uint8_t value = (uint8_t)(c->flag_value << 2);
	uint8_t mask = (uint8_t)(c->flag_mask << 2);

	if (c->flag_value & ~c->flag_mask)
		return none(x);
	return x->al->mask(S_FLAGS, &value, &mask);
}

static val addrs(struct peer *x, const struct cond *c)
{
	enum slot s = space_slot(c->f);
	bool fixed = c->f == F_DST && x->v->translated;
	val r = none(x);

	for (size_t i = 0; i < c->mask_n; i++) {
		const struct addrmask *m = &c->masks[i];
		struct addr low = addr_and(&x->v->dst, &m->mask);
		struct addr want = addr_and(&m->value, &m->mask);

		r = x->al->either(r, x->al->both(family(x, m->fam), fixed
			? x->al->truth(!addr_cmp(&low, &want))
			: x->al->mask(s, m->value.b, m->mask.b)));
	}
	for (size_t i = 0; i < c->range_n; i++) {
		const struct addr_range *k = &c->ranges[i];

		r = x->al->either(r, x->al->both(family(x, k->fam), fixed
			? x->al->truth(addr_cmp(&x->v->dst, &k->lo) >= 0 &&
				addr_cmp(&x->v->dst, &k->hi) <= 0)
			: x->al->range(s, k->lo.b, k->hi.b)));
	}
	return r;
}

/* An address condition says nothing of the other family, negated or not. */
static val spoken(struct peer *x, const struct cond *c)
{
	bool any = c->mask_n || c->range_n;
	val r = none(x);

	for (size_t i = 0; i < c->mask_n; i++)
		r = x->al->either(r, family(x, c->masks[i].fam));
	for (size_t i = 0; i < c->range_n; i++)
		r = x->al->either(r, family(x, c->ranges[i].fam));
	return any ? r : c->set_fam ? family(x, c->set_fam) : all(x);
}

static val cond(struct peer *x, const struct cond *c)
{
	bool addr = c->f == F_SRC || c->f == F_DST;
	val r = c->f == F_OPAQUE     ? none(x)
		: addr		     ? addrs(x, c)
		: c->f == F_EXTHDR   ? exthdr(x, c)
		: c->f == F_TCPFLAGS ? flags(x, c)
				     : nums(x, c);

	if (c->neg)
		r = not(x, r);
	return x->al->both(r, addr ? spoken(x, c) : has(x, c->f));
}

static val match(struct peer *x, const struct match *m)
{
	val r = all(x);

	for (size_t i = 0; i < m->n; i++)
		r = x->al->both(r, cond(x, &m->conds[i]));
	return x->al->named(r);
}

val peer_match(const struct algebra *al, const struct match *m)
{
	struct peer x = {.al = al, .v = &plain};

	return match(&x, m);
}

/* ---- chains ---- */

/* Of what comes in: what is accepted, and (returned) what leaves undecided. */
static val walk(struct peer *x, const struct chain *c, val in, val *accept);

static val walk_first(struct peer *x, const struct chain *c, val in, val *accept)
{
	val left = in, back = none(x);

	for (size_t i = 0; i < c->rule_n; i++) {
		const struct rule *r = &c->rules[i];
		const struct chain *to = r->target
			? pipeline_find(x->pl, r->target) : NULL;
		val m, after;

		if (r->verdict == V_CONTINUE)
			continue;
		m = x->al->named(x->al->both(left, match(x, &r->match)));
		left = x->al->named(x->al->without(left, m));
		if (r->verdict == V_ACCEPT)
			*accept = x->al->named(x->al->either(*accept, m));
		if (r->verdict == V_RETURN)
			back = x->al->either(back, m);
		if (r->verdict != V_JUMP && r->verdict != V_GOTO)
			continue;
		after = to ? walk(x, to, m, accept) : m;
		if (r->verdict == V_JUMP)
			left = x->al->either(left, after);
		else
			back = x->al->either(back, after);
	}
	return x->al->either(left, back);
}

/* pf: what the last match says, and a quick one at once. */
static val walk_last(struct peer *x, const struct chain *c, val in, val *accept)
{
	val left = in, yes = none(x), said = none(x);

	for (size_t i = 0; i < c->rule_n; i++) {
		const struct rule *r = &c->rules[i];
		bool pass = r->verdict == V_ACCEPT;
		val m;

		if (r->verdict == V_CONTINUE)
			continue;
		m = x->al->both(left, match(x, &r->match));
		if (r->quick) {
			left = x->al->without(left, m);
			*accept = pass ? x->al->either(*accept, m) : *accept;
			continue;
		}
		said = x->al->either(said, m);
		yes = pass ? x->al->either(yes, m) : x->al->without(yes, m);
	}
	*accept = x->al->either(*accept, x->al->both(left, yes));
	return x->al->without(left, said);
}

static val walk(struct peer *x, const struct chain *c, val in, val *accept)
{
	val out = c->last_match ? walk_last(x, c, in, accept)
				: walk_first(x, c, in, accept);

	if (c->end == V_RETURN)
		return out;
	if (c->end == V_ACCEPT)
		*accept = x->al->either(*accept, out);
	return none(x);
}

static val chain_passes(struct peer *x, const char *name, val in)
{
	const struct chain *c = name ? pipeline_find(x->pl, name) : NULL;
	val accept = none(x), out;

	if (!c)
		return in;
	out = walk(x, c, in, &accept);
	return x->al->either(accept, out);
}

static val path_passes(struct peer *x, enum path p, val in)
{
	val r = chain_passes(x, x->pl->entry[p], in);

	for (size_t i = 0; i < x->pl->gate_n; i++)
		if (x->pl->gates[i].path == p)
			r = chain_passes(x, x->pl->gates[i].chain, r);
	return r;
}

static val filter(struct peer *x, val in, bool to_lan)
{
	const struct algebra *al = x->al;
	val self = to_lan ? none(x) : is(x, S_OUT, ROLE_SELF);
	val own = al->without(is(x, S_IN, ROLE_SELF), self);
	val rest = al->without(al->without(in, self), own);

	return al->either(path_passes(x, PATH_INPUT, al->both(in, self)),
		al->either(path_passes(x, PATH_OUTPUT, al->both(in, own)),
			path_passes(x, PATH_FORWARD, rest)));
}

/* ---- translation ---- */

static val seen_as(struct peer *x, const struct view *v, val in)
{
	const struct view *was = x->v;
	val r;

	x->v = v;
	r = filter(x, in, v->at_lan);
	x->v = was;
	return r;
}

static val nat_to(struct peer *x, const struct nat_rule *n, val in)
{
	struct view v = {.at_lan = true, .dport = -1};
	val r = none(x);

	if (x->pl->order == FILTER_FIRST)
		return seen_as(x, &v, in);
	v.translated = true;
	v.dst = n->dst;
	if (!n->set_port)
		return seen_as(x, &v, in);
	if (!n->match_lo) {
		v.dport = n->port_lo;
		return seen_as(x, &v, in);
	}
	for (int i = 0; i <= n->port_hi - n->port_lo; i++) {
		v.dport = n->port_lo + i;
		r = x->al->either(r, seen_as(x, &v, x->al->both(in,
			is(x, S_DPORT, (uint32_t)(n->match_lo + i)))));
	}
	return r;
}

static val through_nat(struct peer *x)
{
	val left = is(x, S_CT, CT_NEW), r = none(x);

	for (size_t i = 0; i < x->pl->nat_in_n; i++) {
		const struct nat_rule *n = &x->pl->nat_in[i];
		val m = x->al->named(x->al->both(left, match(x, &n->match)));

		left = x->al->without(left, m);
		if (n->action == NAT_TO)
			r = x->al->either(r, nat_to(x, n, m));
		else if (n->action == NAT_THROUGH)
			r = x->al->either(r, filter(x, m, false));
	}
	left = x->al->either(left, not(x, is(x, S_CT, CT_NEW)));
	return x->al->either(r, filter(x, left, false));
}

static val or_zero(struct peer *x, val had, enum slot s)
{
	return x->al->either(had, is(x, s, 0));
}

/* Packets that can exist. */
static val universe(struct peer *x)
{
	static const uint8_t high[16] = {255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255};
	static const uint8_t zero[16];
	const struct algebra *al = x->al;
	val four = al->both(al->mask(S_DST, zero, high),
		al->both(al->mask(S_SRC, zero, high), is(x, S_EXT, 0)));
	val r = al->either(family(x, FAM_6), four);

	r = al->both(r, between(x, S_CT, 0, CT_MAX - 1));
	r = al->both(r, between(x, S_FRAG, 0, FRAG_LATER));
	r = al->both(r, or_zero(x, has(x, F_DPORT), S_DPORT));
	r = al->both(r, or_zero(x, has(x, F_DPORT), S_SPORT));
	r = al->both(r, or_zero(x, has(x, F_ITYPE), S_ITYPE));
	r = al->both(r, or_zero(x, has(x, F_ITYPE), S_ICODE));
	r = al->both(r, or_zero(x, has(x, F_TCPFLAGS), S_FLAGS));
	return al->both(r, or_zero(x, has(x, F_SPI), S_SPI));
}

val peer_passes(const struct algebra *al, const struct pipeline *pl)
{
	struct peer x = {.al = al, .pl = pl, .v = &plain};
	val r = through_nat(&x);

	for (size_t i = 0; i < pl->bypass_n; i++)
		r = al->either(r, match(&x, &pl->bypass[i]));
	return al->both(r, universe(&x));
}
