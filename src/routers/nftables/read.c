// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nftables -> pipeline. What is read is nft's own JSON ("nft -j list ruleset"):
 * nft itself has resolved defines, includes and every short form. Each base
 * chain of a hook becomes a gate, because netfilter asks them all.
 */
#include "routers/nftables/read-own.h"
#include "base/tr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { JUMPS_MAX = 16 };

static const char *str(json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	return json_is_string(v) ? json_string_value(v) : "";
}

static enum family family_of(const char *word)
{
	return !strcmp(word, "ip")    ? FAM_4
	       : !strcmp(word, "ip6") ? FAM_6
				      : FAM_NONE;
}

static char *chain_name(json_t *o, const char *key)
{
	return xasprintf("%s %s %s", str(o, "family"), str(o, "table"),
		str(o, key));
}

/* ---- the line as nft prints it ---- */

/* "... # handle 7" in the listing with handles. NULL: not there. */
static char *line_of_handle(const struct nft_reader *r, json_t *rule)
{
	cleanup(freep) char *table = xasprintf("table %s %s {",
		str(rule, "family"), str(rule, "table"));
	cleanup(freep) char *mark = xasprintf("# handle %lld",
		(long long)json_integer_value(json_object_get(rule, "handle")));
	const char *p = r->h->handles ? strstr(r->h->handles, table) : NULL;

	while (p && (p = strstr(p, mark))) {
		const char *end = p + strlen(mark), *from = p;

		p = end;
		if (*end != '\n' && *end)
			continue;
		while (from > r->h->handles && from[-1] != '\n')
			from--;
		from += strspn(from, " \t");
		while (end > from && end[-1] != '#')
			end--;
		return xstrndup(from, (size_t)(end - 1 - from));
	}
	return NULL;
}

static void set_origin(const struct nft_reader *r, struct origin *o, json_t *rule)
{
	cleanup(freep) char *text = line_of_handle(r, rule);
	cleanup(freep) char *file = chain_name(rule, "chain");
	const char *comment = str(rule, "comment");

	origin_set(o, file, r->line, text ? text : comment,
		*comment ? comment : "rule");
}

/* ---- verdicts ---- */

static bool verdict_of(json_t *stmt, enum verdict *v, const char **target)
{
	static const struct {
		const char *name;
		enum verdict v;
	} rows[] = {{"accept", V_ACCEPT}, {"drop", V_DROP},
		{"reject", V_REJECT}, {"return", V_RETURN}, {"jump", V_JUMP},
		{"goto", V_GOTO}, {"continue", V_CONTINUE},
		{"queue", V_DROP}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *k = json_object_get(stmt, rows[i].name);

		if (!k)
			continue;
		*v = rows[i].v;
		*target = str(k, "target");
		return true;
	}
	return false;
}

static void emit(struct nft_reader *r, struct chain *c, json_t *rule,
	const struct match *m, enum verdict v, const char *target)
{
	struct rule *to = chain_rule(c, v);

	if (r->fam) {
		struct cond *f = match_cond(&to->match, F_FAMILY, false);

		cond_num(f, r->fam, r->fam);
	}
	match_copy(&to->match, m);
	set_origin(r, &to->origin, rule);
	if (v == V_JUMP || v == V_GOTO)
		to->target = xasprintf("%s %s %s", r->family, r->table, target);
}

/* {"vmap": {"key": ..., "data": {"set": [[key, verdict], ...]}}} */
static void verdict_map(struct nft_reader *r, struct chain *c, json_t *rule,
	const struct drafts *d, json_t *vmap)
{
	json_t *key = json_object_get(vmap, "key"), *pair;
	json_t *list = nft_elements(r, json_object_get(vmap, "data"));
	size_t i;

	for (size_t k = 0; k < d->n; k++) {
		json_array_foreach(list, i, pair) {
			struct match m = {0};
			const char *target;
			enum verdict v;

			match_copy(&m, &d->v[k]);
			nft_key_is(r, &m, key, json_array_get(pair, 0));
			if (verdict_of(json_array_get(pair, 1), &v, &target))
				emit(r, c, rule, &m, v, target);
			match_done(&m);
		}
	}
}

/* ---- address translation ---- */

static void nat_to(struct nft_reader *r, json_t *rule, const struct match *m,
	json_t *dnat)
{
	json_t *addr = json_object_get(dnat, "addr");
	json_t *port = json_object_get(dnat, "port");
	struct nat_rule *n;
	enum family fam;
	struct addr a;

	if (!json_is_string(addr) || addr_parse(json_string_value(addr), &fam, &a)) {
		pipeline_unknown(r->pl, 0, true,
			_("a translation that is no single address"));
		return;
	}
	n = GROW(r->pl->nat_in, r->pl->nat_in_n, r->pl->nat_in_cap);
	n->action = NAT_TO;
	n->set_dst = true;
	n->dst = a;
	if (r->fam) {
		struct cond *c = match_cond(&n->match, F_FAMILY, false);

		cond_num(c, r->fam, r->fam);
	}
	match_copy(&n->match, m);
	if (json_is_integer(port)) {
		n->set_port = true;
		n->port_lo = n->port_hi = (uint16_t)json_integer_value(port);
	}
	set_origin(r, &n->origin, rule);
}

static void nat_other(struct nft_reader *r, json_t *rule, const struct match *m,
	enum nat_action a)
{
	struct nat_rule *n = GROW(r->pl->nat_in, r->pl->nat_in_n,
		r->pl->nat_in_cap);

	n->action = a;
	if (r->fam)
		cond_num(match_cond(&n->match, F_FAMILY, false), r->fam, r->fam);
	match_copy(&n->match, m);
	set_origin(r, &n->origin, rule);
}

static void nat_through(struct nft_reader *r, json_t *rule,
	const struct match *m)
{
	nat_other(r, rule, m, NAT_THROUGH);
}

static void nat_ends(struct nft_reader *r, json_t *rule, const struct match *m)
{
	nat_other(r, rule, m, NAT_DISCARD);
}

/* ---- rules ---- */

/* Statements that count, mark or log decide nothing. */
static bool harmless(const char *name)
{
	static const char *const names[] = {"counter", "log", "mangle", "quota",
		"meter", "ct helper", "ct timeout", "ct expectation", "flow",
		"set", "last", "comment", NULL};

	for (size_t i = 0; names[i]; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* Where a rule stands: c for filters; NULL: on the way of destination NAT. */
struct place {
	struct chain *c;
	bool source_nat; /* postrouting: decides nothing about what comes in */
	int depth;	 /* jumps of NAT chains that led here */
};

static void nat_jump(struct nft_reader *r, const char *chain,
	const struct match *m, int depth);

static void nat_verdict(struct nft_reader *r, json_t *rule,
	const struct match *m, enum verdict v, const char *target, int depth)
{
	if (v == V_JUMP || v == V_GOTO)
		nat_jump(r, target, m, depth + 1);
	else if (v == V_ACCEPT || (v == V_RETURN && depth == 0))
		nat_through(r, rule, m);
	else if (v == V_RETURN)
		pipeline_unknown(r->pl, 0, true,
			_("a return inside a chain of address translation"));
	else if (v == V_DROP || v == V_REJECT)
		nat_ends(r, rule, m);
}

static void statement(struct nft_reader *r, const struct place *at,
	json_t *rule, struct drafts *d, json_t *stmt)
{
	const char *name = json_object_iter_key(json_object_iter(stmt));
	json_t *arg = json_object_iter_value(json_object_iter(stmt));
	const char *target;
	enum verdict v;

	if (!name || harmless(name))
		return;
	if (!strcmp(name, "match")) {
		nft_match(r, d, arg);
		return;
	}
	if (!strcmp(name, "masquerade") || !strcmp(name, "snat"))
		r->pl->masquerade = true;
	if (at->source_nat)
		return;
	if (!strcmp(name, "vmap") && at->c) {
		verdict_map(r, at->c, rule, d, arg);
		return;
	}
	for (size_t i = 0; i < d->n; i++) {
		if (verdict_of(stmt, &v, &target)) {
			if (at->c)
				emit(r, at->c, rule, &d->v[i], v, target);
			else
				nat_verdict(r, rule, &d->v[i], v, target,
					at->depth);
		} else if (!strcmp(name, "dnat") && !at->c) {
			nat_to(r, rule, &d->v[i], arg);
		} else if (strcmp(name, "masquerade") && strcmp(name, "snat")) {
			nft_opaque(&d->v[i], stmt);
		}
	}
}

/* The base chain of type nat that a rule stands in, or NULL. */
static json_t *nat_chain_of(const struct nft_reader *r, json_t *rule)
{
	json_t *o, *c;
	size_t i;

	json_array_foreach(r->objects, i, o) {
		c = json_object_get(o, "chain");
		if (c && !strcmp(str(c, "type"), "nat") &&
			!strcmp(str(c, "name"), str(rule, "chain")) &&
			!strcmp(str(c, "table"), str(rule, "table")) &&
			!strcmp(str(c, "family"), str(rule, "family")))
			return c;
	}
	return NULL;
}

static void read_statements(struct nft_reader *r, const struct place *at,
	json_t *rule, const struct match *before)
{
	struct drafts d = {0};
	json_t *stmt;
	size_t i;

	match_copy(GROW(d.v, d.n, d.cap), before);
	json_array_foreach(json_object_get(rule, "expr"), i, stmt)
		statement(r, at, rule, &d, stmt);
	for (i = 0; i < d.n; i++)
		match_done(&d.v[i]);
	free(d.v);
}

/* The rules of a chain that a NAT chain jumps to, under its conditions. */
static void nat_jump(struct nft_reader *r, const char *chain,
	const struct match *m, int depth)
{
	struct place at = {.depth = depth};
	json_t *o, *rule;
	size_t i;

	if (depth > JUMPS_MAX)
		return; /* the kernel refuses this, too */
	json_array_foreach(r->objects, i, o) {
		rule = json_object_get(o, "rule");
		if (rule && !strcmp(str(rule, "chain"), chain) &&
			!strcmp(str(rule, "table"), r->table) &&
			!strcmp(str(rule, "family"), r->family))
			read_statements(r, &at, rule, m);
	}
}

static void read_rule(struct nft_reader *r, json_t *rule)
{
	cleanup(freep) char *name = chain_name(rule, "chain");
	json_t *nat = nat_chain_of(r, rule);
	struct place at = {.source_nat = nat &&
			strcmp(str(nat, "hook"), "prerouting") != 0};
	struct match none = {0};

	r->family = str(rule, "family");
	r->table = str(rule, "table");
	r->fam = family_of(r->family);
	if (!nat)
		at.c = pipeline_chain(r->pl, name, true);
	read_statements(r, &at, rule, &none);
}

/* ---- where it stands in the text ---- */

static void count_listed(struct nft_reader *r)
{
	json_t *o, *rule;
	size_t i;

	json_array_foreach(r->objects, i, o) {
		rule = json_object_get(o, "rule");
		if (rule) {
			cleanup(freep) char *name = chain_name(rule, "chain");
			struct nft_chain_lines *l = nft_lines_of(&r->lines, name);

			if (l)
				l->listed++;
		}
	}
}

/* The rules of a chain come in their order. */
static unsigned next_line(struct nft_reader *r, const char *chain)
{
	struct nft_chain_lines *l = nft_lines_of(&r->lines, chain);

	return l && l->n == l->listed && l->used < l->n ? l->v[l->used++] : 0;
}

static unsigned policy_line(const struct nft_reader *r, const char *chain)
{
	const struct nft_chain_lines *l = nft_lines_of(&r->lines, chain);

	return l ? l->policy : 0;
}

/* ---- chains ---- */

static const struct {
	const char *hook;
	enum path path[2];
	int n;
} hooks[] = {
	{"forward", {PATH_FORWARD}, 1},
	{"input", {PATH_INPUT}, 1},
	{"output", {PATH_OUTPUT}, 1},
	{"prerouting", {PATH_FORWARD, PATH_INPUT}, 2},
	{"postrouting", {PATH_FORWARD, PATH_OUTPUT}, 2},
	{"ingress", {PATH_FORWARD, PATH_INPUT}, 2},
};

static void read_chain(struct nft_reader *r, json_t *o)
{
	cleanup(freep) char *name = chain_name(o, "name");
	const char *hook = str(o, "hook"), *family = str(o, "family");
	struct chain *c = pipeline_chain(r->pl, name, true);

	if (!*hook || !strcmp(str(o, "type"), "nat"))
		return;
	c->end = !strcmp(str(o, "policy"), "drop") ? V_DROP : V_ACCEPT;
	origin_set(&c->end_origin, name, policy_line(r, name), str(o, "policy"),
		"policy");
	if (!strcmp(family, "bridge") || !strcmp(family, "netdev") ||
		!strcmp(family, "arp")) {
		pipeline_unknown(r->pl, 0, strcmp(family, "arp") != 0,
			_("chain %s: what it filters below IP is not judged"),
			name);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(hooks); i++)
		for (int k = 0; !strcmp(hooks[i].hook, hook) && k < hooks[i].n; k++)
			read_gate(r->pl, hooks[i].path[k], name,
				family_of(family));
}

static void place_rule(struct nft_reader *r, json_t *rule)
{
	cleanup(freep) char *name = chain_name(rule, "chain");

	r->line = next_line(r, name);
	read_rule(r, rule);
}

/* ---- which side is the line? ---- */

static void add_wan(struct nft_reader *r, json_t *name)
{
	const char *s = json_string_value(name);
	char *was = r->wan;

	if (!s || (was && names_have(was, s)) || !strncmp(s, "docker", 6) ||
		!strncmp(s, "br-", 3) || !strncmp(s, "virbr", 5))
		return;
	r->wan = xasprintf("%s%s%s", was ? was : "", was ? "," : "", s);
	free(was);
}

/* { "match": { "op": "==", "left": { "meta": { "key": "oifname" } }, ... */
static void way_out(struct nft_reader *r, json_t *match)
{
	json_t *right = json_object_get(match, "right"), *set, *v;
	const char *op = str(match, "op");
	const char *key = str(json_object_get(json_object_get(match, "left"),
		"meta"), "key");
	size_t i;

	if ((strcmp(key, "oifname") && strcmp(key, "oif")) ||
		(strcmp(op, "==") && strcmp(op, "in")))
		return;
	add_wan(r, right);
	set = json_object_get(right, "set");
	json_array_foreach(set, i, v)
		add_wan(r, v);
}

/* oifname "ppp0" masquerade: that is the line, all else the home. */
static void guess_wan(struct nft_reader *r)
{
	json_t *o, *e, *exprs;
	size_t i, k;

	if (r->h->wan || r->h->lan)
		return;
	json_array_foreach(r->objects, i, o) {
		bool out = false;

		exprs = json_object_get(json_object_get(o, "rule"), "expr");
		json_array_foreach(exprs, k, e)
			out |= json_object_get(e, "masquerade") ||
			       json_object_get(e, "snat");
		if (!out)
			continue;
		json_array_foreach(exprs, k, e)
			way_out(r, json_object_get(e, "match"));
	}
}

static void read_objects(struct nft_reader *r)
{
	json_t *o, *k;
	size_t i;

	json_array_foreach(r->objects, i, o) {
		k = json_object_get(o, "chain");
		if (k)
			read_chain(r, k);
	}
	json_array_foreach(r->objects, i, o) {
		k = json_object_get(o, "rule");
		if (k)
			place_rule(r, k);
	}
}

int nftables_looks(const char *text)
{
	text += strspn(text, " \t\r\n");
	if (*text == '{' && strstr(text, "\"nftables\""))
		return 9;
	return 0;
}

int nftables_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why)
{
	struct nft_reader r = {.h = h, .pl = pl};
	json_error_t err;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &err);

	r.objects = json_object_get(root, "nftables");
	if (!json_is_array(r.objects)) {
		*why = xasprintf(_("no nftables listing in JSON (\"nft -j list ruleset\"): line %d: %s"),
			err.line, root ? "\"nftables\"?" : err.text);
		json_decref(root);
		return -EINVAL;
	}
	pl->order = NAT_FIRST;
	if (h->source)
		nft_lines_read(h->source, &r.lines);
	count_listed(&r);
	memset(pl->stateful, 0xff, sizeof(pl->stateful));
	guess_wan(&r);
	read_objects(&r);
	nft_lines_done(&r.lines);
	if (r.unnamed && !h->wan && !h->lan)
		pipeline_unknown(pl, 0, true,
			_("which interface is the line's is not said in it: name it with --wan"));
	free(r.wan);
	json_decref(root);
	return 0;
}
