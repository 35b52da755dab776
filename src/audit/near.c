// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The line that was meant: where a packet's fate is decided by a default, or by
 * a line for everything else, a rule often stands there that would decide
 * otherwise if one thing in it were other (port 50 for protocol 50, a wrong
 * digit in an address, the other interface). Each rule is asked of the
 * interpreter: what if it matched?
 */
#include "audit/own.h"
#include "base/tr.h"

#include <string.h>

/* What of a rule differs from the packet. */
enum part {
	PART_SIDE = 1,
	PART_FROM = 2,
	PART_TO = 4,
	PART_PROTOCOL = 8,
	PART_PORT = 16,
	PART_STATE = 32,
	PART_OTHER = 64,
	PART_NOTHING = 128, /* it matches, but decides nothing */
	PART_UNUSED = 256,  /* it would, but nothing uses it */
};

static enum part part_of(enum field f)
{
	switch (f) {
	case F_FAMILY:
	case F_IN:
	case F_OUT:	 return PART_SIDE;
	case F_SRC:	 return PART_FROM;
	case F_DST:	 return PART_TO;
	case F_PROTO:	 return PART_PROTOCOL;
	case F_SPORT:
	case F_DPORT:
	case F_ITYPE:
	case F_ICODE:	 return PART_PORT;
	case F_CT:
	case F_DNAT:	 return PART_STATE;
	case F_TCPFLAGS:
	case F_EXTHDR:
	case F_FRAG:
	case F_SPI:
	case F_OPAQUE:	 return PART_OTHER;
	}
	return PART_OTHER;
}

static const char *part_words(unsigned p)
{
	switch (p) {
	case PART_SIDE:	    return _("the side or family it is for");
	case PART_FROM:	    return _("its source address");
	case PART_TO:	    return _("its destination address");
	case PART_PROTOCOL: return _("its protocol");
	case PART_PORT:	    return _("its port or type");
	case PART_STATE:    return _("the state of connection it is for");
	default:	    return _("a condition in it");
	}
}

struct nearly {
	const struct origin *o;
	unsigned part;
	unsigned rank; /* the higher the nearer */
};

/* Which parts differ; what holds and says something counts for its rank. */
static unsigned differs(const struct match *m, const struct packet *p,
	unsigned *rank)
{
	unsigned bad = 0;

	*rank = 0;
	for (size_t i = 0; i < m->n; i++) {
		struct match one = {.conds = &m->conds[i], .n = 1};
		enum part part = part_of(m->conds[i].f);

		if (!match_has(&one, p, NULL))
			bad |= part;
		else if (part == PART_TO)
			*rank += 4;
		else if (part == PART_PROTOCOL || part == PART_PORT)
			*rank += 2;
		else if (part == PART_SIDE || part == PART_FROM)
			*rank += 1;
	}
	/* ports belong to their protocol */
	if ((bad & PART_PROTOCOL) && (bad & PART_PORT))
		bad &= ~(unsigned)PART_PORT;
	return bad;
}

static bool one_part(unsigned bad)
{
	return bad && !(bad & (bad - 1));
}

struct looking {
	struct auditor *x;
	const struct finding *f;
	struct packet inner; /* as chains see it */
	const bool *reached;
	struct nearly best[2];
};

static bool names_protocol(const struct match *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->conds[i].f == F_PROTO)
			return true;
	return false;
}

/* Rules of the kind of m (the chain's, or NAT's) that are there for p. */
static unsigned servers(const struct pipeline *pl, const struct match *m,
	const struct packet *p)
{
	unsigned n = 0, nats = 0;
	bool nat = false;

	for (size_t i = 0; i < pl->nat_in_n; i++) {
		nat |= m == &pl->nat_in[i].match;
		nats += pl->nat_in[i].action == NAT_TO &&
			names_protocol(&pl->nat_in[i].match) &&
			match_has(&pl->nat_in[i].match, p, NULL);
	}
	for (size_t i = 0; !nat && i < pl->chain_n; i++)
		for (size_t k = 0; k < pl->chains[i]->rule_n; k++)
			n += pl->chains[i]->rules[k].verdict == V_ACCEPT &&
			     names_protocol(&pl->chains[i]->rules[k].match) &&
			     match_has(&pl->chains[i]->rules[k].match, p, NULL);
	return nat ? nats : n;
}

/* Ends at the device, if it is a packet for it. */
static bool turns(const struct looking *k, const struct match *m)
{
	const struct supposed s = {m, k->f->passes ? V_DROP : V_ACCEPT};
	const struct audit_request *rq = k->x->rq;
	struct decision d;

	if (pipeline_suppose(rq->pl, &k->f->packet, &s, &d))
		return false;
	if (k->f->passes)
		return d.verdict != V_ACCEPT;
	if (d.verdict != V_ACCEPT)
		return false;
	return k->f->packet.fam == FAM_6 || k->f->packet.out != ROLE_SELF ||
	       !rq->has4 ||
	       (d.nat && !addr_cmp(&d.after.dst, &rq->device4));
}

/*
 * It does what it is for: for another packet that the device needs, which no
 * second rule serves as well.
 */
static bool serves(const struct looking *k, const struct match *m,
	const struct packet *p)
{
	static const struct { uint8_t proto; uint16_t port; } needs[] = {
		{PROTO_ESP, 0}, {PROTO_UDP, 500}, {PROTO_UDP, 4500}};
	const struct audit_request *rq = k->x->rq;

	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		struct packet o = *p;

		if ((o.proto == needs[i].proto && o.dport == needs[i].port) ||
			(needs[i].port == 4500 && o.fam == FAM_6 && !rq->nat_t))
			continue;
		o.proto = needs[i].proto;
		o.dport = needs[i].port;
		o.sport = needs[i].port ? 40000 : 0;
		o.spi = needs[i].port ? 0 : 0x100;
		if (match_has(m, &o, NULL) && servers(rq->pl, m, &o) < 2)
			return true;
	}
	return false;
}

static void candidate(struct looking *k, const struct match *m,
	const struct packet *p, const struct origin *o, bool idle, bool unused)
{
	struct nearly n = {.o = o};
	size_t at = ARRAY_LEN(k->best);

	n.part = differs(m, p, &n.rank);
	if (!n.part && idle)
		n.part = PART_NOTHING;
	if (!n.part && unused)
		n.part = PART_UNUSED;
	if (unused && n.part != PART_UNUSED)
		return;
	if (!o->text || !*o->text || !one_part(n.part) ||
		n.part == PART_OTHER || o->line == k->f->line_no)
		return;
	/* "established" nearly matches everything */
	if (n.rank < (k->f->passes ? 1 : 2) ||
		(n.part == PART_STATE && n.rank < 4))
		return;
	if (!k->f->passes && !unused && serves(k, m, p))
		return;
	if (!unused && !turns(k, m))
		return;
	while (at && k->best[at - 1].rank < n.rank)
		at--;
	if (at == ARRAY_LEN(k->best) ||
		(at && k->best[at - 1].o->line == o->line))
		return;
	memmove(&k->best[at + 1], &k->best[at],
		(ARRAY_LEN(k->best) - at - 1) * sizeof(n));
	k->best[at] = n;
}

static void reach(const struct pipeline *pl, bool *to, const char *name)
{
	for (size_t i = 0; name && i < pl->chain_n; i++)
		if (!strcmp(pl->chains[i]->name, name))
			to[i] = true;
}

/* The chains that a packet may come to; caller frees. */
static bool *reached(const struct pipeline *pl)
{
	bool *to = xcalloc(pl->chain_n + 1, 1);
	size_t seen = 0, now = 0;

	for (int i = 0; i < PATH_MAX_; i++)
		reach(pl, to, pl->entry[i]);
	for (size_t i = 0; i < pl->gate_n; i++)
		reach(pl, to, pl->gates[i].chain);
	do {
		seen = now;
		now = 0;
		for (size_t i = 0; i < pl->chain_n; i++) {
			now += to[i];
			for (size_t k = 0; to[i] && k < pl->chains[i]->rule_n; k++)
				reach(pl, to, pl->chains[i]->rules[k].target);
		}
	} while (now != seen);
	return to;
}

static void look(struct looking *k)
{
	const struct pipeline *pl = k->x->rq->pl;

	for (size_t i = 0; !k->f->passes && i < pl->nat_in_n; i++)
		candidate(k, &pl->nat_in[i].match, &k->f->packet,
			&pl->nat_in[i].origin, false, false);
	for (size_t i = 0; i < pl->chain_n; i++) {
		bool unused = !k->reached[i];

		for (size_t j = 0; j < pl->chains[i]->rule_n; j++) {
			const struct rule *r = &pl->chains[i]->rules[j];

			if (unused && (r->verdict == V_ACCEPT) == k->f->passes)
				continue;
			candidate(k, &r->match, &k->inner, &r->origin,
				r->verdict == V_CONTINUE, unused);
			if (unused && !match_has(&r->match, &k->inner, NULL))
				candidate(k, &r->match, &k->f->packet,
					&r->origin, false, true);
		}
	}
}

static char *note_of(const struct finding *f, unsigned part)
{
	if (part == PART_NOTHING)
		return xstrdup(_("this line matches, but decides nothing"));
	if (part == PART_UNUSED)
		return xstrdup(f->passes
			? _("this line would stop it, but nothing uses it")
			: _("this line would let it pass, but nothing uses it"));
	return xasprintf(f->passes ? _("this line would stop it, but for %s")
				   : _("this line would let it pass, but for %s"),
		part_words(part));
}

static void tell(struct finding *f, const struct nearly *n)
{
	finding_about(f, n->o->line, ABOUT_NEAR, note_of(f, n->part));
	for (size_t i = 0; i < n->o->more_n; i++)
		finding_about(f, n->o->more[i], ABOUT_NEAR, NULL);
}

/* By IPv4: a mapping is there, but hands it to somebody else. */
static void elsewhere(const struct audit_request *rq, struct finding *f,
	const struct decision *d)
{
	char buf[ADDR_STR];

	if (f->passes || !rq->has4 || strncmp(f->id, "need-", 5) || !d->nat ||
		d->nat->action != NAT_TO || f->packet.fam != FAM_4 ||
		!addr_cmp(&d->nat->dst, &rq->device4))
		return;
	finding_about(f, d->nat->origin.line, ABOUT_NEAR, xasprintf(
		_("this line hands it to %s"),
		addr_format(FAM_4, &d->nat->dst, buf)));
	for (size_t i = 0; i < d->nat->origin.more_n; i++)
		finding_about(f, d->nat->origin.more[i], ABOUT_NEAR, NULL);
}

void au_near(struct auditor *x)
{
	cleanup(freep) bool *to = reached(x->rq->pl);

	for (size_t i = 0; i < x->a->n; i++) {
		struct finding *f = &x->a->v[i];
		struct looking k = {.x = x, .f = f, .inner = f->packet,
			.reached = to};
		struct decision d;

		if (!f->has_packet || f->perhaps || f->before ||
			pipeline_ask(x->rq->pl, &f->packet, &d) ||
			(f->passes && (d.rule || d.bypassed)))
			continue; /* the line that lets it in is the one */
		elsewhere(x->rq, f, &d);
		if (x->rq->pl->order == FILTER_FIRST)
			k.inner.out = d.after.out;
		else
			k.inner = d.after;
		look(&k);
		for (size_t b = 0; b < ARRAY_LEN(k.best) && k.best[b].o; b++)
			if (!b || k.best[b].rank == k.best[0].rank)
				tell(f, &k.best[b]);
	}
}
