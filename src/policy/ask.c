// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The concrete interpreter: one packet through one pipeline, step by step, as
 * a person would read the rules. proof answers the same question for all
 * packets at once by other means; that the two agree is tested.
 */
#include "policy/policy.h"

#include <errno.h>

/*
 * Deep enough for the largest public rule sets seen (96 chains), and a cycle
 * ends: nft itself allows 16 jumps.
 */
enum { DEPTH_MAX = 128 };

static bool nums_have(const struct cond *c, uint32_t v)
{
	for (size_t i = 0; i < c->num_n; i++)
		if (v >= c->nums[i].lo && v <= c->nums[i].hi)
			return true;
	return false;
}

static bool addrs_have(const struct cond *c, enum family fam,
	const struct addr *a)
{
	for (size_t i = 0; i < c->mask_n; i++)
		if (addrmask_has(&c->masks[i], fam, a))
			return true;
	for (size_t i = 0; i < c->range_n; i++)
		if (c->ranges[i].fam == fam &&
			addr_cmp(a, &c->ranges[i].lo) >= 0 &&
			addr_cmp(a, &c->ranges[i].hi) <= 0)
			return true;
	return false;
}

static bool any_exthdr(const struct cond *c, uint8_t have)
{
	for (int b = 0; b < 8; b++)
		if ((have & 1 << b) && nums_have(c, 1u << b))
			return true;
	return false;
}

static bool has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP ||
	       proto == PROTO_UDPLITE || proto == PROTO_SCTP ||
	       proto == PROTO_DCCP;
}

/*
 * A field that the packet's protocol does not have matches nothing, negated or
 * not: "dport != 22" is no statement about ESP (as in nft and iptables).
 */
static bool field_exists(enum field f, const struct packet *p)
{
	switch (f) {
	case F_SPORT:
	case F_DPORT:
		return has_ports(p->proto);
	case F_ITYPE:
	case F_ICODE:
		return p->proto == PROTO_ICMP || p->proto == PROTO_ICMPV6;
	case F_TCPFLAGS:
		return p->proto == PROTO_TCP;
	case F_SPI:
		return p->proto == PROTO_ESP || p->proto == PROTO_AH;
	default:
		return true;
	}
}

/* An address condition speaks of one family; the other never matches. */
static bool same_family(const struct cond *c, enum family fam)
{
	bool any = c->mask_n || c->range_n;

	for (size_t i = 0; i < c->mask_n; i++)
		if (c->masks[i].fam == fam)
			return true;
	for (size_t i = 0; i < c->range_n; i++)
		if (c->ranges[i].fam == fam)
			return true;
	return !any && (!c->set_fam || c->set_fam == fam);
}

static bool cond_has(const struct cond *c, const struct packet *p)
{
	switch (c->f) {
	case F_FAMILY:	return nums_have(c, p->fam);
	case F_IN:	return nums_have(c, p->in);
	case F_OUT:	return nums_have(c, p->out);
	case F_CT:	return nums_have(c, p->ct);
	case F_DNAT:	return nums_have(c, p->dnat);
	case F_SRC:	return addrs_have(c, p->fam, &p->src);
	case F_DST:	return addrs_have(c, p->fam, &p->dst);
	case F_PROTO:	return nums_have(c, p->proto);
	case F_SPORT:	return nums_have(c, p->sport);
	case F_DPORT:	return nums_have(c, p->dport);
	case F_ITYPE:	return nums_have(c, p->icmp_type);
	case F_ICODE:	return nums_have(c, p->icmp_code);
	case F_TCPFLAGS:
		return (p->tcp_flags & c->flag_mask) == c->flag_value;
	case F_EXTHDR:	return any_exthdr(c, p->exthdrs);
	case F_FRAG:	return nums_have(c, p->frag);
	case F_SPI:	return nums_have(c, p->spi);
	case F_OPAQUE:	return true;
	}
	return false;
}

bool match_has(const struct match *m, const struct packet *p, bool *opaque)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct cond *c = &m->conds[i];

		if (c->f == F_OPAQUE) {
			if (opaque)
				*opaque = true;
			continue;
		}
		if (!field_exists(c->f, p))
			return false;
		if ((c->f == F_SRC || c->f == F_DST) &&
			!same_family(c, p->fam))
			return false;
		if (cond_has(c, p) == c->neg)
			return false;
	}
	return true;
}

struct walk {
	const struct pipeline *pl;
	const struct packet *p;
	const struct supposed *s; /* or NULL */
	struct decision *d;
	int depth;
};

static bool holds(const struct match *m, const struct packet *p, bool *opaque,
	const struct supposed *s)
{
	return (s && s->holds == m) || match_has(m, p, opaque);
}

/* What a rule says; a supposed one that only counts says what is supposed. */
static enum verdict says(const struct walk *w, const struct rule *r)
{
	return r->verdict == V_CONTINUE && w->s && w->s->holds == &r->match
		? w->s->as : r->verdict;
}

static void decide(struct walk *w, const struct chain *c, const struct rule *r,
	enum verdict v)
{
	w->d->verdict = v;
	w->d->via = NULL;
	w->d->chain = c;
	w->d->rule = r;
	w->d->origin = r ? &r->origin : &c->end_origin;
}

static int walk_chain(struct walk *w, const struct chain *c, bool *decided);

static int follow(struct walk *w, const struct rule *r, bool *decided)
{
	const struct chain *next = pipeline_find(w->pl, r->target);
	int rc;

	if (!next)
		return 0; /* an undefined chain decides nothing */
	rc = walk_chain(w, next, decided);
	if (*decided && w->d->chain == next)
		w->d->via = r;
	return rc;
}

/* pf: the last matching rule decides, a quick one at once. */
static void walk_last(struct walk *w, const struct chain *c, bool *decided)
{
	for (size_t i = 0; i < c->rule_n; i++) {
		const struct rule *r = &c->rules[i];
		bool opaque = false;

		if (says(w, r) == V_CONTINUE ||
			!holds(&r->match, w->p, &opaque, w->s))
			continue;
		w->d->uncertain |= opaque;
		decide(w, c, r, says(w, r));
		*decided = true;
		if (r->quick)
			return;
	}
}

static int walk_first(struct walk *w, const struct chain *c, bool *decided)
{
	for (size_t i = 0; i < c->rule_n && !*decided; i++) {
		const struct rule *r = &c->rules[i];
		bool opaque = false;
		int rc;

		if (says(w, r) == V_CONTINUE ||
			!holds(&r->match, w->p, &opaque, w->s))
			continue;
		w->d->uncertain |= opaque;
		if (r->verdict == V_RETURN)
			return 0;
		if (r->verdict == V_JUMP || r->verdict == V_GOTO) {
			rc = follow(w, r, decided);
			if (rc || *decided || r->verdict == V_GOTO)
				return rc;
			continue;
		}
		decide(w, c, r, says(w, r));
		*decided = true;
	}
	return 0;
}

static int walk_chain(struct walk *w, const struct chain *c, bool *decided)
{
	int rc = 0;

	if (++w->depth > DEPTH_MAX)
		return -ELOOP;
	if (c->last_match)
		walk_last(w, c, decided);
	else
		rc = walk_first(w, c, decided);
	if (!rc && !*decided && c->end != V_RETURN) {
		decide(w, c, NULL, c->end);
		*decided = true;
	}
	w->depth--;
	return rc;
}

static bool try_bypass(const struct pipeline *pl, const struct packet *p,
	struct decision *d)
{
	for (size_t i = 0; i < pl->bypass_n; i++) {
		if (!match_has(&pl->bypass[i], p, &d->uncertain))
			continue;
		d->verdict = V_ACCEPT;
		d->bypassed = true;
		if (pl->bypass_origin)
			d->origin = &pl->bypass_origin[i];
		return true;
	}
	return false;
}

/* First match decides. True: NAT itself ended the packet's way. */
static bool try_nat(const struct pipeline *pl, struct packet *p,
	const struct supposed *s, struct decision *d)
{
	for (size_t i = 0; i < pl->nat_in_n; i++) {
		const struct nat_rule *n = &pl->nat_in[i];

		if (!holds(&n->match, p, &d->uncertain, s))
			continue;
		d->nat = n;
		if (n->action == NAT_REJECT || n->action == NAT_DISCARD) {
			d->verdict = n->action == NAT_REJECT ? V_REJECT : V_DROP;
			d->origin = &n->origin;
			return true;
		}
		if (n->action == NAT_THROUGH)
			return false;
		p->dst = n->dst;
		p->dnat = true;
		if (p->out == ROLE_SELF)
			p->out = ROLE_LAN;
		if (n->set_port && n->match_lo)
			p->dport = (uint16_t)(n->port_lo + (p->dport - n->match_lo));
		else if (n->set_port)
			p->dport = n->port_lo;
		return false;
	}
	return false;
}

static enum path path_of(const struct packet *p)
{
	return p->out == ROLE_SELF  ? PATH_INPUT
	       : p->in == ROLE_SELF ? PATH_OUTPUT
				    : PATH_FORWARD;
}

static int through(const struct pipeline *pl, const struct packet *p,
	const char *name, const struct supposed *s, struct decision *d)
{
	struct walk w = {.pl = pl, .p = p, .s = s, .d = d};
	const struct chain *c = name ? pipeline_find(pl, name) : NULL;
	bool decided = false;
	int rc;

	d->verdict = V_ACCEPT; /* no chain: nothing stands in the way */
	if (!c)
		return 0;
	rc = walk_chain(&w, c, &decided);
	if (!rc && !decided)
		decide(&w, c, NULL, V_ACCEPT);
	return rc;
}

/* How much is said by what decided: a rule's own line, a policy's, nothing. */
static int words_of(const struct decision *d)
{
	if (d->rule && d->rule->origin.text)
		return 2;
	return d->origin && d->origin->line;
}

/*
 * The entry chain and every further gate must let it pass. Somebody's line that
 * lets it pass says more than a gate that had nothing against it.
 */
static int filter(const struct pipeline *pl, const struct packet *p,
	enum path path, const struct supposed *s, struct decision *d)
{
	int rc = through(pl, p, pl->entry[path], s, d);

	for (size_t i = 0; !rc && i < pl->gate_n; i++) {
		struct decision before = *d;

		if (d->verdict != V_ACCEPT || pl->gates[i].path != path)
			continue;
		rc = through(pl, p, pl->gates[i].chain, s, d);
		if (d->verdict != V_ACCEPT || words_of(d) >= words_of(&before))
			continue;
		before.uncertain |= d->uncertain;
		*d = before;
	}
	return rc;
}

int pipeline_suppose(const struct pipeline *pl, const struct packet *p,
	const struct supposed *s, struct decision *ret)
{
	struct decision d = {.after = *p};
	int rc = 0;

	if (try_bypass(pl, p, &d)) {
		*ret = d;
		return 0;
	}
	/* NAT looks at the first packet of a flow only */
	if (p->ct == CT_NEW && try_nat(pl, &d.after, s, &d)) {
		*ret = d;
		return 0;
	}
	if (pl->order == FILTER_FIRST) {
		struct packet outer = *p;

		outer.out = d.after.out;
		rc = filter(pl, &outer, path_of(&d.after), s, &d);
	} else {
		rc = filter(pl, &d.after, path_of(&d.after), s, &d);
	}
	if (!rc)
		*ret = d;
	return rc;
}

int pipeline_ask(const struct pipeline *pl, const struct packet *p,
	struct decision *ret)
{
	return pipeline_suppose(pl, p, NULL, ret);
}
