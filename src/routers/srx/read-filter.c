// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Firewall filters on interfaces: without memory, asked for every packet before
 * translation and sessions. No term matches: discarded.
 */
#include "routers/srx/read-own.h"
#include "base/tr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prefix lists are written apart, in policy-options. */
static void prefix_list(struct srx *x, struct match *m, enum field f,
	const struct tree *names)
{
	struct cond *c = match_cond(m, f, false);

	for (size_t i = 0; i < names->n; i++) {
		const struct tree *l = tree_kid(tree_at(x->root,
			"policy-options prefix-list"), names->kids[i]->name);

		for (size_t k = 0; l && k < l->n; k++)
			if (!value_addr(c, FAM_NONE, l->kids[k]->name, NULL))
				l = NULL;
		if (!l) {
			cond_opaque(c, names->kids[i]->name);
			return;
		}
	}
}

/* "A except" takes A out of the others: more than one condition can say. */
static void prefixes(struct match *m, enum field f, const struct tree *t)
{
	struct cond *c = match_cond(m, f, false);

	for (size_t i = 0; i < t->n; i++)
		if (tree_kid(t->kids[i], "except") ||
			!value_addr(c, FAM_NONE, t->kids[i]->name, NULL)) {
			cond_opaque(c, t->kids[i]->name);
			return;
		}
}

static void icmp_types(struct match *m, enum field f, const struct tree *t,
	bool six)
{
	struct cond *c = match_cond(m, f, false);

	for (size_t i = 0; i < t->n; i++) {
		uint8_t type;
		uint32_t n;
		int code;

		if (f == F_ICODE && value_number(t->kids[i]->name, 255, &n)) {
			cond_num(c, n, n);
		} else if (f == F_ITYPE &&
			value_icmp(t->kids[i]->name, six, &type, &code)) {
			cond_num(c, type, type);
		} else {
			cond_opaque(c, t->kids[i]->name);
			return;
		}
	}
}

static void flags(struct match *m, uint8_t mask, uint8_t value)
{
	struct cond *c = match_cond(m, F_TCPFLAGS, false);

	c->flag_mask = mask;
	c->flag_value = value;
}

static void from_word(struct srx *x, struct match *m, const struct tree *k,
	enum family fam)
{
	const char *s = k->name;

	if (!strcmp(s, "source-address"))
		prefixes(m, F_SRC, k);
	else if (!strcmp(s, "destination-address"))
		prefixes(m, F_DST, k);
	else if (!strcmp(s, "source-prefix-list"))
		prefix_list(x, m, F_SRC, k);
	else if (!strcmp(s, "destination-prefix-list"))
		prefix_list(x, m, F_DST, k);
	else if (!strcmp(s, "protocol") || !strcmp(s, "next-header") ||
		!strcmp(s, "payload-protocol"))
		srx_protocols(m, k, fam);
	else if (!strcmp(s, "destination-port"))
		srx_ports(m, F_DPORT, k);
	else if (!strcmp(s, "source-port"))
		srx_ports(m, F_SPORT, k);
	else if (!strcmp(s, "icmp-type"))
		icmp_types(m, F_ITYPE, k, fam == FAM_6);
	else if (!strcmp(s, "icmp-code"))
		icmp_types(m, F_ICODE, k, fam == FAM_6);
	else if (!strcmp(s, "tcp-initial"))
		flags(m, TCP_SYN | TCP_ACK, TCP_SYN);
	else if (!strcmp(s, "is-fragment"))
		cond_num(match_cond(m, F_FRAG, false), FRAG_LATER, FRAG_LATER);
	else
		value_opaque(m, s);
}

static bool verdict(const struct tree *then, enum verdict *ret)
{
	static const struct {
		const char *word;
		enum verdict v;
	} rows[] = {{"accept", V_ACCEPT}, {"discard", V_DROP},
		{"reject", V_REJECT}, {"next", V_CONTINUE},
		{"routing-instance", V_ACCEPT}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (tree_kid(then, rows[i].word))
			return *ret = rows[i].v, true;
	*ret = V_ACCEPT; /* only counted, marked or policed: goes on */
	return then == NULL || then->n > 0;
}

/* tcp-established: ACK or RST, two rules. */
static void term(struct srx *x, struct chain *c, const struct tree *t,
	enum family fam, const char *head, bool opaque_dst)
{
	cleanup(freep) char *text = tree_quote(head, t);
	struct tree *from = tree_kid(t, "from");
	bool est = tree_kid(from, "tcp-established") != NULL;
	struct match m = {0};
	enum verdict v;

	if (tree_at(t, "then packet-mode"))
		srx_unknown(x, head, t, true); /* past the sessions */
	if (!verdict(tree_kid(t, "then"), &v))
		srx_unknown(x, head, t, true);
	value_family(&m, fam);
	for (size_t i = 0; from && i < from->n; i++) {
		if (opaque_dst && !strncmp(from->kids[i]->name, "destination-a", 13))
			value_opaque(&m, from->kids[i]->name);
		else if (strcmp(from->kids[i]->name, "tcp-established"))
			from_word(x, &m, from->kids[i], fam);
	}
	for (int k = 0; k < (est ? 2 : 1); k++) {
		struct rule *r = chain_rule(c, v);

		match_copy(&r->match, &m);
		if (est)
			flags(&r->match, k ? TCP_RST : TCP_ACK,
				k ? TCP_RST : TCP_ACK);
		origin_set(&r->origin, NULL, t->line, text, "filter");
		tree_lines(&r->origin, t);
	}
	match_done(&m);
}

static const struct tree *find(const struct srx *x, const char *name,
	enum family fam)
{
	const struct tree *t = tree_kid(tree_at(x->root, fam == FAM_6
		? "firewall family inet6 filter"
		: "firewall family inet filter"), name);

	if (!t && fam == FAM_4)
		t = tree_kid(tree_at(x->root, "firewall filter"), name);
	return t;
}

static void filter(struct srx *x, const char *ifname, const struct tree *said,
	const char *name, enum family fam, bool out)
{
	cleanup(freep) char *id = xasprintf("%s %s filter %s", ifname,
		fam == FAM_6 ? "inet6" : "inet", out ? "output" : "input");
	cleanup(freep) char *head = xasprintf("firewall filter %s term", name);
	const struct tree *f = find(x, name, fam);
	const struct tree *terms = tree_kid(f, "term");
	struct chain *c;
	struct rule *r;
	enum role role;

	if (!srx_if_role(x, ifname, &role))
		return;
	if (!f) {
		pipeline_unknown(x->pl, said->line, true,
			_("%s names the filter %s, which is not defined"),
			ifname, name);
		return;
	}
	c = pipeline_chain(x->pl, id, true);
	r = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&r->match, F_FAMILY, true), fam, fam);
	r = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&r->match, out ? F_OUT : F_IN, true), role, role);
	for (size_t i = 0; terms && i < terms->n; i++)
		term(x, c, terms->kids[i], fam, head,
			fam == FAM_4 && !out && x->pl->nat_in_n);
	c->end = V_DROP;
	origin_set(&c->end_origin, NULL, f->line, head, "no term matches");
	pipeline_gate(x->pl, PATH_FORWARD, id);
	if (!out)
		pipeline_gate(x->pl, PATH_INPUT, id);
}

static void unit(struct srx *x, const char *ifname, const struct tree *u)
{
	static const char *const families[] = {"family inet filter",
		"family inet6 filter"};
	static const char *const dirs[] = {"input", "output"};

	for (int k = 0; k < 4; k++) {
		const struct tree *d = tree_kid(tree_at(u, families[k / 2]),
			dirs[k % 2]);

		if (d && d->n)
			filter(x, ifname, d, d->kids[0]->name,
				k / 2 ? FAM_6 : FAM_4, k % 2);
		if (tree_kid(tree_at(u, families[k / 2]), k % 2
				? "output-list" : "input-list"))
			srx_unknown(x, ifname, tree_at(u, families[k / 2]), true);
	}
}

void srx_filters(struct srx *x)
{
	const struct tree *ifs = tree_kid(x->root, "interfaces");

	for (size_t i = 0; ifs && i < ifs->n; i++) {
		const struct tree *units = tree_kid(ifs->kids[i], "unit");

		for (size_t k = 0; units && k < units->n; k++) {
			cleanup(freep) char *name = xasprintf("%s.%s",
				ifs->kids[i]->name, units->kids[k]->name);

			unit(x, name, units->kids[k]);
		}
	}
}
