// SPDX-License-Identifier: GPL-2.0-or-later
/* Static and destination NAT; both are asked before the policies. */
#include "routers/srx/read-own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct set {
	struct match from;	/* zone or interface of the rule-set */
	char *head;
};

/* "from zone U", "from interface ge-0/0/0.0" */
static void from(struct srx *x, const struct tree *t, struct match *m)
{
	const struct tree *zone = tree_at(t, "from zone");
	const struct tree *ifs = tree_at(t, "from interface");
	struct cond *c;
	enum role r;

	if (!zone && !ifs) {
		value_opaque(m, "from");
		return;
	}
	c = match_cond(m, F_IN, false);
	for (size_t i = 0; zone && i < zone->n; i++)
		if (srx_zone_role(x, zone->kids[i]->name, &r))
			cond_num(c, r, r);
	for (size_t i = 0; ifs && i < ifs->n; i++)
		if (srx_if_role(x, ifs->kids[i]->name, &r))
			cond_num(c, r, r);
	if (!c->num_n)
		cond_opaque(c, "from");
}

static bool host(const char *s, struct addr *ret)
{
	struct addrmask m;

	if (!s || addrmask_parse(s, &m) || m.fam != FAM_4 ||
		mask_to_len(FAM_4, &m.mask) != 32)
		return false;
	*ret = m.value;
	return true;
}

static void conditions(struct srx *x, struct match *m, struct tree *match)
{
	static const struct {
		const char *key;
		enum field f;
	} rows[] = {{"source-address", F_SRC}, {"source-address-name", F_SRC},
		{"destination-address", F_DST},
		{"destination-address-name", F_DST}};

	tree_hoist(match, srx_keys);
	for (size_t i = 0; match && i < match->n; i++) {
		const struct tree *k = match->kids[i];
		size_t j = 0;

		while (j < ARRAY_LEN(rows) && strcmp(rows[j].key, k->name))
			j++;
		if (j < ARRAY_LEN(rows))
			srx_addresses(x, m, rows[j].f, k, NULL, false);
		else if (!strcmp(k->name, "protocol"))
			srx_protocols(m, k, FAM_4);
		else if (!strcmp(k->name, "destination-port"))
			srx_ports(m, F_DPORT, k);
		else if (!strcmp(k->name, "source-port"))
			srx_ports(m, F_SPORT, k);
		else if (strcmp(k->name, "application"))
			value_opaque(m, k->name);
	}
}

static void add(struct srx *x, const struct set *s, struct tree *rule,
	enum nat_action a, const struct addr *to, uint32_t port)
{
	cleanup(freep) char *text = tree_quote(s->head, rule);
	struct tree *match = tree_kid(rule, "match");
	struct srx_apps apps;

	srx_applications(x, tree_kid(match, "application"), &apps);
	if (!apps.n)
		(void)GROW(apps.v, apps.n, apps.cap);
	for (size_t i = 0; i < apps.n; i++) {
		struct nat_rule *n = GROW(x->pl->nat_in, x->pl->nat_in_n,
			x->pl->nat_in_cap);

		n->action = a;
		value_family(&n->match, FAM_4);
		match_copy(&n->match, &s->from);
		conditions(x, &n->match, match);
		match_copy(&n->match, &apps.v[i]);
		if (a == NAT_TO) {
			n->set_dst = true;
			n->dst = *to;
			n->set_port = port != 0;
			n->port_lo = n->port_hi = (uint16_t)port;
		}
		origin_set(&n->origin, NULL, rule->line, text, "nat");
		tree_lines(&n->origin, rule);
	}
	srx_apps_done(&apps);
}

static void destination_rule(struct srx *x, const struct set *s,
	struct tree *rule)
{
	struct tree *then = tree_at(rule, "then destination-nat");
	const char *name = tree_value(then, "pool");
	struct tree *pool = tree_kid(tree_at(x->root,
		"security nat destination pool"), name ? name : "");
	struct tree *addr;
	const char *port;
	struct addr to;
	uint32_t n = 0;

	if (tree_kid(then, "off")) {
		add(x, s, rule, NAT_THROUGH, NULL, 0);
		return;
	}
	addr = tree_kid(pool, "address");
	/* "address A port N", "address A" and "address port N" */
	tree_hoist(addr, srx_keys);
	port = tree_value(pool, "address port");
	for (size_t i = 0; addr && i < addr->n; i++)
		if (tree_value(addr->kids[i], "port"))
			port = tree_value(addr->kids[i], "port");
	for (size_t i = 0; addr && i < addr->n; i++)
		if (strcmp(addr->kids[i]->name, "port") &&
			host(addr->kids[i]->name, &to) &&
			(!port || value_port(port, &n))) {
			add(x, s, rule, NAT_TO, &to, n);
			return;
		}
	srx_unknown(x, s->head, rule, true);
}

static void static_rule(struct srx *x, const struct set *s, struct tree *rule)
{
	struct tree *prefix = tree_at(rule, "then static-nat prefix");
	struct addr to;
	uint32_t n = 0;
	const char *port = NULL, *a = NULL;

	for (size_t i = 0; prefix && i < prefix->n; i++) {
		if (!strcmp(prefix->kids[i]->name, "mapped-port"))
			port = prefix->kids[i]->n
				? prefix->kids[i]->kids[0]->name : NULL;
		else
			a = prefix->kids[i]->name;
		if (tree_value(prefix->kids[i], "mapped-port"))
			port = tree_value(prefix->kids[i], "mapped-port");
	}
	if (host(a, &to) && (!port || value_port(port, &n)))
		add(x, s, rule, NAT_TO, &to, n);
	else
		srx_unknown(x, s->head, rule, true);
}

static void rule_sets(struct srx *x, const char *kind,
	void (*fn)(struct srx *, const struct set *, struct tree *))
{
	cleanup(freep) char *path = xasprintf("security nat %s rule-set", kind);
	const struct tree *sets = tree_at(x->root, path);

	for (size_t i = 0; sets && i < sets->n; i++) {
		const struct tree *rules = tree_kid(sets->kids[i], "rule");
		struct set s = {.head = xasprintf("%s %s rule", path,
			sets->kids[i]->name)};

		from(x, sets->kids[i], &s.from);
		for (size_t k = 0; rules && k < rules->n; k++)
			fn(x, &s, rules->kids[k]);
		match_done(&s.from);
		free(s.head);
	}
}

void srx_nat(struct srx *x)
{
	const struct tree *src = tree_at(x->root, "security nat source rule-set");

	rule_sets(x, "static", static_rule);
	rule_sets(x, "destination", destination_rule);
	x->pl->masquerade = src && src->n;
	x->pl->ndproxy = tree_at(x->root, "security nat proxy-ndp") != NULL;
}
