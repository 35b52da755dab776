// SPDX-License-Identifier: GPL-2.0-or-later
/* firewall ... rule N { ... } -> conditions and verdicts. */
#include "routers/vyos/read-own.h"
#include "base/tr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- addresses and ports ---- */

static bool negated(const char **s)
{
	if (**s != '!')
		return false;
	++*s;
	return true;
}

/* "address ::beef" + "address-mask ::ffff:...": the host, whatever the prefix */
static bool masked(struct cond *c, const char *s, const char *mask)
{
	struct addrmask m;
	enum family f, g;

	if (addr_parse(s, &f, &m.value) || addr_parse(mask, &g, &m.mask) || f != g)
		return false;
	m.fam = f;
	m.value = addr_and(&m.value, &m.mask);
	cond_addr(c, &m);
	return true;
}

static void address(struct match *m, enum field f, const char *s,
	const char *mask)
{
	bool neg = negated(&s);

	if (!mask)
		match_address(m, f, neg, s);
	else if (!masked(match_cond(m, f, neg), s, mask))
		cond_opaque(&m->conds[m->n - 1], s);
}

static void port(struct match *m, enum field f, const char *s)
{
	bool neg = negated(&s);

	match_ports(m, f, neg, s);
}

/* Members of a group and of the groups it includes. False: not known. */
static bool members(struct vyos *v, const char *kind, const char *name,
	const char *mask, struct cond *c, int depth)
{
	const struct tree *g = tree_kid(tree_kid(v->group, kind), name);
	static const char *const words[] = {"address", "network", "port"};
	bool ok = g != NULL && depth < 8;

	for (size_t i = 0; ok && i < ARRAY_LEN(words); i++) {
		const struct tree *k = tree_kid(g, words[i]);

		for (size_t j = 0; ok && k && j < k->n; j++) {
			const char *s = k->kids[j]->name;

			ok = i == 2 ? value_ports(c, s)
			     : mask ? masked(c, s, mask) : value_addr(c, FAM_NONE, s, NULL);
		}
	}
	g = tree_kid(g, "include");
	for (size_t j = 0; ok && g && j < g->n; j++)
		ok = members(v, kind, g->kids[j]->name, mask, c, depth + 1);
	return ok;
}

static void group(struct vyos *v, const struct tree *t, bool src,
	const char *mask, enum family fam, struct match *m)
{
	for (size_t i = 0; i < t->n; i++) {
		const char *kind = t->kids[i]->name;
		const char *name = t->kids[i]->n ? t->kids[i]->kids[0]->name : "";
		bool neg = negated(&name);
		bool ports = !strcmp(kind, "port-group");
		char six[64];
		struct cond *c = match_cond(m, ports ? (src ? F_SPORT : F_DPORT)
			: src ? F_SRC : F_DST, neg);

		/* 1.4: "group address-group X" in an IPv6 rule is the IPv6 one */
		snprintf(six, sizeof(six), "%s%s", fam == FAM_6 && !ports &&
			strncmp(kind, "ipv6-", 5) ? "ipv6-" : "", kind);
		if (members(v, six, name, mask, c, 0) ||
			members(v, kind, name, mask, c, 0))
			continue;
		cond_opaque(c, name);
	}
}

static void side(struct vyos *v, const struct tree *t, bool src,
	enum family fam, struct match *m)
{
	const char *mask = tree_value(t, "address-mask");

	for (size_t i = 0; i < t->n; i++) {
		const struct tree *k = t->kids[i];
		const char *val = k->n ? k->kids[k->n - 1]->name : "";

		if (!strcmp(k->name, "address"))
			address(m, src ? F_SRC : F_DST, val, mask);
		else if (!strcmp(k->name, "port"))
			port(m, src ? F_SPORT : F_DPORT, val);
		else if (!strcmp(k->name, "group"))
			group(v, k, src, mask, fam, m);
		else if (strcmp(k->name, "address-mask"))
			value_opaque(m, k->name);
	}
}

/* ---- what else a packet is asked ---- */

bool vyos_proto(const char *s, struct match *m)
{
	bool neg = negated(&s);
	struct cond *c;
	uint32_t p;

	if (!strcmp(s, "all") || !strcmp(s, "any") || !strcmp(s, "0") ||
		!strcmp(s, "ip"))
		return !neg;
	c = match_cond(m, F_PROTO, neg);
	if (!strcmp(s, "tcp_udp")) {
		cond_num(c, PROTO_TCP, PROTO_TCP);
		cond_num(c, PROTO_UDP, PROTO_UDP);
		return true;
	}
	if (value_proto(s, FAM_4, &p)) {
		cond_num(c, p, p);
		return true;
	}
	cond_opaque(c, s);
	return true;
}

/* "state established enable" (old), "state established" (1.4) */
static void state(const struct tree *t, struct match *m)
{
	struct cond *c = match_cond(m, F_CT, false);

	for (size_t i = 0; i < t->n; i++) {
		const char *on = t->kids[i]->n ? t->kids[i]->kids[0]->name : "";

		for (uint32_t k = 0; k < CT_MAX; k++)
			if (!strcmp(t->kids[i]->name,
				    ct_state_name((enum ct_state)k)) &&
				strcmp(on, "disable"))
				cond_num(c, k, k);
	}
	if (!c->num_n)
		m->n--; /* all of them disabled: no condition */
}

static void icmp(const struct tree *t, bool six, struct match *m)
{
	const char *type = tree_value(t, "type");
	const char *name = tree_value(t, "type-name");
	const char *code = tree_value(t, "code");
	struct cond *c;
	uint8_t v;
	int implied = -1;

	if (!type)
		type = name;
	if (!type)
		return;
	if (!value_icmp(type, six, &v, &implied)) {
		/* old: "icmpv6 type 1/4" */
		unsigned a, b;

		if (sscanf(type, "%u/%u", &a, &b) != 2 || a > 255 || b > 255) {
			value_opaque(m, type);
			return;
		}
		v = (uint8_t)a;
		implied = (int)b;
	}
	c = match_cond(m, F_ITYPE, false);
	cond_num(c, v, v);
	if (code)
		implied = (int)strtoul(code, NULL, 10) & 255;
	if (implied >= 0)
		cond_num(match_cond(m, F_ICODE, false), (uint32_t)implied,
			(uint32_t)implied);
}

static bool flag(const char *s, uint8_t *ret)
{
	static const char *const names[] = {"fin", "syn", "rst", "psh", "ack",
		"urg"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcasecmp(names[i], s))
			return *ret = (uint8_t)(1 << i), true;
	return false;
}

/* 1.4: flags { syn; not { ack } }; old: flags SYN,!ACK */
static bool tcp_flags(const struct tree *t, struct cond *c)
{
	for (size_t i = 0; t && i < t->n; i++) {
		char buf[64], *save = NULL;
		const struct tree *no = t->kids[i];
		uint8_t bit;

		if (!strcmp(no->name, "not")) {
			for (size_t k = 0; k < no->n; k++) {
				if (!flag(no->kids[k]->name, &bit))
					return false;
				c->flag_mask |= bit;
			}
			continue;
		}
		snprintf(buf, sizeof(buf), "%s", no->name);
		for (char *w = strtok_r(buf, ",", &save); w;
			w = strtok_r(NULL, ",", &save)) {
			bool off = *w == '!';

			if (!flag(w + off, &bit))
				return false;
			c->flag_mask |= bit;
			c->flag_value |= off ? 0 : bit;
		}
	}
	return c->flag_mask != 0;
}

static void fragment(const struct tree *t, struct match *m)
{
	if (tree_kid(t, "match-frag"))
		cond_num(match_cond(m, F_FRAG, false), FRAG_LATER, FRAG_LATER);
	else if (tree_kid(t, "match-non-frag"))
		cond_num(match_cond(m, F_FRAG, true), FRAG_LATER, FRAG_LATER);
}

static void one_iface(struct vyos *v, const char *name, struct cond *c)
{
	enum role r = vyos_role(v, name);

	cond_num(c, r, r);
}

void vyos_iface(struct vyos *v, const struct tree *t, enum field f,
	struct match *m)
{
	const char *name = tree_value(t, "name"), *list = NULL;
	const struct tree *g;
	struct cond *c;
	bool neg;

	if (!name)
		name = tree_value(t, "interface-name");
	if (!name)
		list = tree_value(t, "group");
	if (!name && !list)
		list = tree_value(t, "interface-group");
	if (!name && !list)
		name = t->n ? t->kids[t->n - 1]->name : "";
	if (name && !strcmp(name, "any"))
		return;
	neg = negated(name ? &name : &list);
	c = match_cond(m, f, neg);
	if (name) {
		one_iface(v, name, c);
		return;
	}
	g = tree_at(tree_kid(tree_kid(v->group, "interface-group"), list),
		"interface");
	for (size_t i = 0; g && i < g->n; i++)
		one_iface(v, g->kids[i]->name, c);
	if (!g) {
		cond_opaque(c, list);
	}
}

static bool is_word(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(s, *words))
			return true;
	return false;
}

void vyos_match(struct vyos *v, const struct tree *rule, enum family fam,
	struct match *m)
{
	/* decide nothing, or are read elsewhere */
	static const char *const quiet[] = {"action", "description", "log",
		"log-options", "jump-target", "disable", "set", "queue",
		"queue-options", "synproxy", "offload-target", "conntrack-helper",
		"add-address-to-group", /* of NAT: */ "translation",
		"inside-address", "exclude", "type", "load-balance", NULL};

	cond_num(match_cond(m, F_FAMILY, false), fam, fam);
	for (size_t i = 0; i < rule->n; i++) {
		const struct tree *k = rule->kids[i];
		const char *s = k->name, *val = k->n ? k->kids[k->n - 1]->name : "";

		if (!strcmp(s, "protocol"))
			vyos_proto(val, m);
		else if (!strcmp(s, "source") || !strcmp(s, "destination"))
			side(v, k, *s == 's', fam, m);
		else if (!strcmp(s, "state"))
			state(k, m);
		else if (!strcmp(s, "icmp") || !strcmp(s, "icmpv6"))
			icmp(k, s[4] != '\0', m);
		else if (!strcmp(s, "inbound-interface"))
			vyos_iface(v, k, F_IN, m);
		else if (!strcmp(s, "outbound-interface"))
			vyos_iface(v, k, F_OUT, m);
		else if (!strcmp(s, "connection-status") &&
			!strcmp(tree_value(k, "nat") ? tree_value(k, "nat") : "",
				"destination"))
			cond_num(match_cond(m, F_DNAT, false), 1, 1);
		else if (!strcmp(s, "fragment"))
			fragment(k, m);
		else if (!strcmp(s, "tcp") && tree_kid(k, "flags") &&
			tcp_flags(tree_kid(k, "flags"),
				match_cond(m, F_TCPFLAGS, false)))
			;
		else if (!is_word(s, quiet))
			value_opaque(m, s);
	}
}

/* ---- lists ---- */

static bool verdict(const char *s, enum verdict *ret)
{
	static const struct {
		const char *name;
		enum verdict v;
	} rows[] = {{"accept", V_ACCEPT}, {"drop", V_DROP}, {"reject", V_REJECT},
		{"return", V_RETURN}, {"jump", V_JUMP}, {"continue", V_CONTINUE},
		{"offload", V_CONTINUE}, {"notrack", V_CONTINUE},
		{"inspect", V_ACCEPT}, {"queue", V_DROP}, {"synproxy", V_CONTINUE}};

	for (size_t i = 0; s && i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, s))
			return *ret = rows[i].v, true;
	return false;
}

static void one_rule(struct vyos *v, struct chain *c, const struct tree *rule,
	const char *prefix, enum family fam)
{
	cleanup(freep) char *head = xasprintf("%s rule", prefix);
	cleanup(freep) char *text = tree_quote(head, rule);
	const char *to = tree_value(rule, "jump-target");
	enum verdict what;
	struct rule *r;

	if (tree_kid(rule, "disable"))
		return;
	if (!verdict(tree_value(rule, "action"), &what) ||
		(what == V_JUMP && !to)) {
		/* not loadable as it stands: what it does is not known */
		vyos_unknown(v, head, rule, true);
		return;
	}
	r = chain_rule(c, what);
	vyos_match(v, rule, fam, &r->match);
	/* an older "tcp" match without flags left an empty mask behind */
	for (size_t i = 0; i < r->match.n; i++)
		if (r->match.conds[i].f == F_TCPFLAGS &&
			!r->match.conds[i].flag_mask) {
			cond_opaque(&r->match.conds[i], "tcp flags");
		}
	if (what == V_JUMP)
		r->target = xasprintf("%s name %s",
			fam == FAM_6 ? "ipv6" : "ipv4", to);
	origin_set(&r->origin, NULL, rule->line, text, "rule");
	tree_lines(&r->origin, rule);
}

/*
 * "return" in a named list goes back past its default, which is its last rule;
 * in a base chain it meets the default.
 */
static void finish(struct chain *c, enum verdict what, bool base, unsigned line,
	const char *text)
{
	bool ends = what == V_ACCEPT || what == V_DROP || what == V_REJECT;
	struct rule *r;

	c->end = V_RETURN;
	if (!ends)
		return;
	if (base) {
		c->end = what;
		origin_set(&c->end_origin, NULL, line, text, "default-action");
		return;
	}
	r = chain_rule(c, what);
	origin_set(&r->origin, NULL, line, text, "default-action");
}

struct chain *vyos_chain(struct vyos *v, const struct tree *list,
	const char *prefix, const char *name, enum family fam, enum verdict end)
{
	struct chain *c = pipeline_chain(v->pl, name, true);
	cleanup(freep) char *text = NULL;
	struct tree *rules = tree_kid(list, "rule");
	const char *def = tree_value(list, "default-action");
	enum verdict what = end;
	struct rule *r;

	tree_sort(rules);
	for (size_t i = 0; rules && i < rules->n; i++)
		one_rule(v, c, rules->kids[i], prefix, fam);
	if (def && !verdict(def, &what))
		vyos_unknown(v, prefix, tree_kid(list, "default-action"), true);
	text = xasprintf("%s default-action %s", prefix,
		def ? def : what == V_DROP ? "drop" : "accept");
	if (what == V_JUMP) {
		r = chain_rule(c, V_JUMP);
		r->target = xasprintf("%s name %s", fam == FAM_6 ? "ipv6" : "ipv4",
			tree_value(list, "default-jump-target")
				? tree_value(list, "default-jump-target") : "");
	}
	finish(c, what, end == V_ACCEPT, def
		? tree_kid(list, "default-action")->line : list->line, text);
	return c;
}
