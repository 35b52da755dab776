// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pass, block, match and FreeBSD's rdr -> rules. A rule without a direction
 * stands in both chains, for a packet that is forwarded meets them twice.
 *
 * rdr-to belongs to the rule that wins. So the list of translations is the list
 * of rules in the order in which they win, those without rdr-to ending it, and
 * in the chain the rule stands as it looks behind the translation.
 */
#include "routers/pf/read-own.h"
#include "routers/value.h"
#include "base/tr.h"

#include <stdlib.h>
#include <string.h>

static bool is(const struct pf_line *l, size_t i, const char *w)
{
	return !strcmp(pf_word(l, i), w);
}

void pf_unknown(struct pf *p, const struct pf_line *l, bool affects)
{
	pipeline_unknown(p->pl, l->no, affects, "%s", l->text);
}

struct rule *pf_rule(struct pipeline *pl, const char *chain, enum verdict v,
	bool quick, const struct match *m, const struct origin *o)
{
	struct rule *r = chain_rule(pipeline_chain(pl, chain, true), v);

	r->quick = quick;
	match_copy(&r->match, m);
	origin_set(&r->origin, o->file, o->line, o->text, o->why);
	return r;
}

/* ---- one statement ---- */

struct draft {
	const struct pf_line *l;
	size_t i;
	enum verdict v;
	bool in, out, quick, drop_said, match_only;
	unsigned on;		/* sides; 0: not said */
	bool on_neg, on_said;
	struct pf_hosts h;
	struct match extra;	/* family, protocol, types, opaque */
	bool six;
	bool rdr;
	struct addr to;
	enum family to_fam;
	bool to_port_said;
	uint32_t to_port;
};

static void draft_done(struct draft *d)
{
	match_done(&d->h.m);
	match_done(&d->extra);
}

/* Over a list, or one word, or what stands in parentheses. */
static void skip_item(struct draft *d)
{
	static const char *const open = "({", *const close = ")}";
	const char *at = strchr(open, *pf_word(d->l, d->i));

	if (!*pf_word(d->l, d->i) || !at) {
		d->i++;
		return;
	}
	for (int depth = 0; d->i < d->l->n;) {
		const char *w = pf_word(d->l, d->i++);

		depth += *w == *at;
		if (*w == close[at - open] && --depth == 0)
			return;
	}
}

static bool interfaces(const struct pf *p, struct draft *d)
{
	bool list, ok = true;

	d->on_said = true;
	d->on_neg = is(d->l, d->i, "!");
	d->i += d->on_neg;
	list = is(d->l, d->i, "{");
	d->i += list;
	for (;; d->i++) {
		const char *w = pf_word(d->l, d->i);

		if (list && !strcmp(w, ","))
			continue;
		if (!*w || (list && !strcmp(w, "}")))
			break;
		if (!strcmp(w, "any"))
			d->on |= PF_WAN | PF_LAN | PF_SELF;
		else if (strcmp(w, "!"))
			d->on |= pf_sides(p, w);
		else
			ok = false; /* a ! in a list: every interface, in effect */
		if (!list)
			break;
	}
	d->i++;
	if (!ok) {
		d->on = PF_WAN | PF_LAN | PF_SELF;
		d->on_neg = false;
		value_opaque(&d->extra, "on");
	}
	return d->i <= d->l->n;
}

static bool rdr_target(struct draft *d)
{
	const char *w = pf_word(d->l, d->i);

	if (addr_parse(w, &d->to_fam, &d->to))
		return false;
	d->i++;
	d->rdr = true;
	if (!is(d->l, d->i, "port"))
		return true;
	d->to_port_said = true;
	d->i += 2;
	return value_port(pf_word(d->l, d->i - 1), &d->to_port);
}

static bool loopback(const struct draft *d)
{
	return d->to_fam == FAM_4 ? addr_to4(&d->to) >> 24 == 127
				  : d->to.b[15] == 1 && d->to.b[0] == 0;
}

/* Words with one argument that change nothing about who may come in. */
static bool harmless_arg(const char *w)
{
	static const char *const names[] = {"label", "queue", "tag", "set",
		"rtable", "tos", "reply-to", "dup-to", "route-to", "prio",
		"max-mss", "min-ttl", "nat-to", "divert-to", "divert-reply",
		"dnpipe", "dnqueue", "max-pkt-rate", "scrub", "ridentifier",
		NULL};

	for (size_t i = 0; names[i]; i++)
		if (!strcmp(names[i], w))
			return true;
	return false;
}

static bool harmless(const char *w)
{
	static const char *const names[] = {"keep", "modulate", "synproxy",
		"state", "allow-opts", "static-port", "round-robin", "bitmask",
		"random", "source-hash", "sticky-address", "least-states", "log",
		"no-df", "random-id", "fragment", "reassemble", ",", NULL};

	for (size_t i = 0; names[i]; i++)
		if (!strcmp(names[i], w))
			return true;
	return false;
}

static bool judged_there(const char *w)
{
	static const char *const names[] = {"user", "group", "tagged",
		"probability", "divert-packet", "once", "os", NULL};

	for (size_t i = 0; names[i]; i++)
		if (!strcmp(names[i], w))
			return true;
	return false;
}

/*
 * "flags S/SA" is what a pass rule means by itself: the first packet of a
 * connection. It is not written into the set, which is then no smaller.
 */
static bool flags(struct draft *d)
{
	static const char letters[] = "FSRPAU";
	const char *w = pf_word(d->l, d->i++), *slash = strchr(w, '/');
	struct cond *c;

	if (!strcmp(w, "any") || !strcmp(w, "S/SA"))
		return true;
	if (!slash)
		return false;
	c = match_cond(&d->extra, F_TCPFLAGS, false);
	for (const char *s = w; *s; s++) {
		const char *at = strchr(letters, *s);

		if (s == slash)
			continue;
		if (!at)
			return false;
		*(s < slash ? &c->flag_value : &c->flag_mask) |=
			(uint8_t)(1 << (at - letters));
	}
	c->flag_value &= c->flag_mask;
	return true;
}

static void family(struct draft *d, enum family fam)
{
	d->six = fam == FAM_6;
	value_family(&d->extra, fam);
}

/* One option; false: not understood. */
static bool option(struct pf *p, struct draft *d)
{
	const char *w = pf_word(d->l, d->i);

	if (!strcmp(w, "from") || !strcmp(w, "to") || !strcmp(w, "all"))
		return pf_hosts(p, d->l, &d->i, &d->h);
	d->i++;
	if (!strcmp(w, "on"))
		return interfaces(p, d);
	if (!strcmp(w, "inet") || !strcmp(w, "inet6"))
		return family(d, w[4] ? FAM_6 : FAM_4), true;
	if (!strcmp(w, "proto"))
		return pf_protos(d->l, &d->i, &d->extra);
	if (!strcmp(w, "icmp-type") || !strcmp(w, "icmp6-type"))
		return pf_icmp(d->l, &d->i, &d->extra, w[4] == '6');
	if (!strcmp(w, "flags"))
		return flags(d);
	if (!strcmp(w, "rdr-to"))
		return rdr_target(d);
	if (!strcmp(w, "no"))
		return is(d->l, d->i++, "state");
	if (!strcmp(w, "(")) { /* options of "log" or "keep state" */
		d->i--;
		skip_item(d);
		return true;
	}
	if (!strcmp(w, "set") && !is(d->l, d->i, "(")) { /* set prio 5 */
		d->i++;
		return skip_item(d), true;
	}
	if (!strcmp(w, "af-to")) { /* af-to inet from A to B */
		value_opaque(&d->extra, w);
		d->i = d->l->n;
		return true;
	}
	if (!strcmp(w, "nat-to")) {
		p->pl->masquerade = true;
		for (size_t k = d->i; k < d->l->n; k++)
			p->pl->keep_ike_port |= is(d->l, k, "static-port");
	}
	if (harmless_arg(w)) {
		skip_item(d);
		if (is(d->l, d->i, "port")) { /* of nat-to, divert-to */
			d->i++;
			skip_item(d);
		}
		return true;
	}
	if (harmless(w))
		return true;
	if (!judged_there(w))
		return false;
	value_opaque(&d->extra, w);
	if (strcmp(w, "once"))
		skip_item(d);
	return true;
}

/* "pass in log quick", "block return-rst out" */
static bool head(struct pf *p, struct draft *d)
{
	const char *w = pf_word(d->l, d->i++);

	d->match_only = !strcmp(w, "match");
	d->v = !strcmp(w, "pass") ? V_ACCEPT : d->match_only ? V_CONTINUE
							      : p->block;
	if (d->v != V_ACCEPT && !d->match_only) {
		w = pf_word(d->l, d->i);
		if (!strcmp(w, "drop") || !strncmp(w, "return", 6)) {
			d->v = *w == 'd' ? V_DROP : V_REJECT;
			d->i++;
			if (is(d->l, d->i, "("))
				skip_item(d);
		}
	}
	d->in = !is(d->l, d->i, "out");
	d->out = !is(d->l, d->i, "in");
	d->i += d->in != d->out;
	for (;; d->i++) {
		if (is(d->l, d->i, "quick"))
			d->quick = true;
		else if (!is(d->l, d->i, "log"))
			return true;
		while (is(d->l, d->i + 1, "("))
			for (d->i++; d->i + 1 < d->l->n &&
				!is(d->l, d->i, ")"); d->i++)
				;
	}
}

/* Everything but the interface, which is another field on the way out. */
static void sides_of(const struct draft *d, struct match *m, enum field f)
{
	struct cond *c;

	if (!d->on_said)
		return;
	c = match_cond(m, f, d->on_neg);
	if (d->on & PF_WAN)
		cond_num(c, ROLE_WAN, ROLE_WAN);
	if (d->on & PF_LAN)
		cond_num(c, ROLE_LAN, ROLE_LAN);
	if (d->on & PF_SELF)
		cond_num(c, ROLE_SELF, ROLE_SELF);
}

static struct origin origin_at(const struct pf_line *l)
{
	return (struct origin){.line = l->no, .text = l->text,
		.why = (char *)(uintptr_t) "pf"};
}

/* Copy without the conditions on where the packet goes. */
static void without_dest(struct match *to, const struct match *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct match one = {.conds = &from->conds[i], .n = 1};

		if (from->conds[i].f != F_DST && from->conds[i].f != F_DPORT &&
			from->conds[i].f != F_OUT)
			match_copy(to, &one);
	}
}

/* The translated packet behind rdr-to: for the inside address and port. */
static void translated(const struct draft *d, const struct match *full,
	struct match *m)
{
	struct addrmask k = {.fam = d->to_fam, .value = d->to,
		.mask = mask_of_len(d->to_fam, d->to_fam == FAM_6 ? 128 : 32)};

	without_dest(m, full);
	cond_num(match_cond(m, F_DNAT, false), 1, 1);
	cond_addr(match_cond(m, F_DST, false), &k);
	for (size_t i = 0; !d->to_port_said && i < full->n; i++) {
		struct match one = {.conds = &full->conds[i], .n = 1};

		if (full->conds[i].f == F_DPORT)
			match_copy(m, &one);
	}
	if (d->to_port_said)
		cond_num(match_cond(m, F_DPORT, false), d->to_port, d->to_port);
}

static struct nat_rule *nat(struct pf *p, const struct draft *d,
	const struct match *m, enum nat_action a)
{
	struct nat_rule *n = GROW(p->pl->nat_in, p->pl->nat_in_n,
		p->pl->nat_in_cap);
	struct origin o = origin_at(d->l);

	n->action = a;
	match_copy(&n->match, m);
	origin_set(&n->origin, NULL, o.line, o.text, "nat");
	*GROW(p->wins, p->win_n, p->win_cap) = d->match_only ? PF_MATCH
		: d->quick ? PF_QUICK : PF_LATE;
	if (a != NAT_TO)
		return n;
	value_family(&n->match, d->to_fam);
	n->set_dst = true;
	n->dst = d->to;
	n->set_port = d->to_port_said;
	n->port_lo = n->port_hi = (uint16_t)d->to_port;
	return n;
}

static void add_in(struct pf *p, const struct draft *d, const struct match *m)
{
	struct origin o = origin_at(d->l);
	struct match t = {0};

	if (d->rdr && loopback(d)) {
		pf_unknown(p, d->l, true);
	} else if (d->rdr) {
		if (!d->on_said || d->on_neg || (d->on & PF_WAN))
			*(d->match_only ? &p->line_match : &p->pass_rdr) = true;
		nat(p, d, m, NAT_TO);
		translated(d, m, &t);
		if (!d->match_only)
			pf_rule(p->pl, PF_IN, d->v, d->quick, &t, &o);
	} else if (!d->match_only) {
		pf_rule(p->pl, PF_IN, d->v, d->quick, m, &o);
		if (!p->old && p->rdrs)
			nat(p, d, m, NAT_THROUGH);
	}
	match_done(&t);
	/* rdr-to of another rule took the packet away from "to (egress)" */
	if (d->rdr || d->match_only || p->old || p->match_rdr || !d->h.to_self)
		return;
	for (size_t i = 0; i < m->n; i++) {
		struct match one = {.conds = &m->conds[i], .n = 1};

		if (m->conds[i].f != F_OUT)
			match_copy(&t, &one);
	}
	cond_num(match_cond(&t, F_DNAT, false), 1, 1);
	pf_rule(p->pl, PF_IN, d->v, d->quick, &t, &o);
	match_done(&t);
}

/* One direction's conditions: the anchors', the interface, the rule's own. */
static void all_of(const struct draft *d, const struct pf_outer *outer, int k,
	struct match *m)
{
	match_copy(m, &outer->m[k]);
	sides_of(d, m, k ? F_OUT : F_IN);
	match_copy(m, &d->extra);
	match_copy(m, &d->h.m);
}

void pf_filter(struct pf *p, const struct pf_line *l,
	const struct pf_outer *outer)
{
	struct draft d = {.l = l};
	struct origin o = origin_at(l);
	bool ok = head(p, &d);

	while (ok && d.i < l->n)
		ok = option(p, &d);
	/*
	 * A block rule for a table from a file is left out: what it would stop
	 * is shown as open, never the other way round; and it is said.
	 */
	if (!ok || (d.h.file && d.v != V_ACCEPT && !d.match_only)) {
		pf_unknown(p, l, true);
		draft_done(&d);
		return;
	}
	for (int k = 0; k < 2; k++) {
		struct match m = {0};

		if (!(k ? d.out && outer->out : d.in && outer->in))
			continue;
		all_of(&d, outer, k, &m);
		if (!k)
			add_in(p, &d, &m);
		else if (!d.match_only && !d.rdr)
			pf_rule(p->pl, PF_OUT, d.v, d.quick, &m, &o);
		match_done(&m);
	}
	draft_done(&d);
}

static bool anchor_word(const char *w)
{
	static const char *const names[] = {"in", "out", "on", "inet", "inet6",
		"proto", "from", "to", "all", "{", "quick", NULL};

	for (size_t i = 0; names[i]; i++)
		if (!strcmp(names[i], w))
			return true;
	return false;
}

bool pf_anchor(struct pf *p, const struct pf_line *l,
	const struct pf_outer *outer, struct pf_outer *ret)
{
	struct draft d = {.l = l, .i = 1};
	bool ok = true;

	d.i += !anchor_word(pf_word(l, 1));
	d.in = !is(l, d.i, "out");
	d.out = !is(l, d.i, "in");
	d.i += d.in != d.out;
	while (ok && d.i < l->n && !is(l, d.i, "{"))
		ok = option(p, &d);
	ret->in = d.in && outer->in;
	ret->out = d.out && outer->out;
	for (int k = 0; ok && k < 2; k++)
		all_of(&d, outer, k, &ret->m[k]);
	draft_done(&d);
	return ok && is(l, d.i, "{");
}

/* ---- FreeBSD: the first rdr that matches, in front of the filter ---- */

/* rdr [pass] on IF [af] proto P from A to B [port N] -> ADDR [port M] */
void pf_rdr(struct pf *p, const struct pf_line *l)
{
	bool no = is(l, 0, "no"), ok = true;
	struct draft d = {.l = l, .i = no ? 2 : 1, .in = true};
	struct origin o = origin_at(l);
	bool pass = is(l, d.i, "pass");
	struct match m = {0}, t = {0};

	d.i += pass;
	if (pass && is(l, d.i, "log"))
		d.i++;
	if (is(l, d.i, "("))
		skip_item(&d);
	while (ok && d.i < l->n && !d.rdr) {
		if (!is(l, d.i, "-")) {
			ok = option(p, &d);
			continue;
		}
		d.i += 1 + is(l, d.i + 1, ">");
		ok = rdr_target(&d);
	}
	ok = ok && (no || d.rdr) && !(d.rdr && loopback(&d));
	if (!ok) {
		pf_unknown(p, l, true);
	} else {
		sides_of(&d, &m, F_IN);
		match_copy(&m, &d.extra);
		match_copy(&m, &d.h.m);
		nat(p, &d, &m, no ? NAT_THROUGH : NAT_TO);
		if (pass) { /* such packets are not filtered where they come in */
			translated(&d, &m, &t);
			pf_rule(p->pl, PF_IN, V_ACCEPT, true, &t, &o);
		}
	}
	match_done(&m);
	match_done(&t);
	draft_done(&d);
}

/* ---- the list of translations, in winning order ---- */

static void nat_free(struct nat_rule *n)
{
	match_done(&n->match);
	free(n->origin.file);
	free(n->origin.text);
	free(n->origin.why);
}

/* Entries of that kind, in the file's order or against it, to the new list. */
static void take_kind(const struct pf *p, enum pf_wins kind, bool back,
	struct nat_rule *to, size_t *n)
{
	for (size_t k = 0; k < p->win_n; k++) {
		size_t i = back ? p->win_n - 1 - k : k;

		if (p->wins[i] == kind)
			to[(*n)++] = p->pl->nat_in[i];
	}
}

/*
 * The entries stand in the order of the file. A match rule translates at once;
 * then quick rules win by their order, the others against it. What comes behind
 * the last real translation decides nothing.
 */
void pf_nat_finish(struct pf *p)
{
	struct pipeline *pl = p->pl;
	struct nat_rule *v;
	size_t n = 0, last = 0;

	if (p->old || !pl->nat_in_n)
		return;
	v = xcalloc(p->win_n, sizeof(*v));
	take_kind(p, PF_MATCH, false, v, &n);
	take_kind(p, PF_QUICK, false, v, &n);
	take_kind(p, PF_LATE, true, v, &n);
	free(pl->nat_in);
	pl->nat_in = v;
	pl->nat_in_n = pl->nat_in_cap = n;
	for (size_t i = 0; i < n; i++)
		if (v[i].action == NAT_TO)
			last = i + 1;
	while (pl->nat_in_n > last)
		nat_free(&v[--pl->nat_in_n]);
	if (p->line_match && p->pass_rdr)
		pipeline_unknown(pl, 0, true,
			_("rdr-to in match rules and in pass rules: the mixture is not followed"));
}
