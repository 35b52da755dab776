// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pf.conf of OpenBSD and FreeBSD -> pipeline. The last rule that matches wins,
 * "quick" ends at once, what no rule names passes. A forwarded packet meets the
 * rules twice, in on one interface and out on the other.
 */
#include "routers/pf/read-own.h"
#include "routers/value.h"
#include "base/tr.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { ANCHORS_MAX = 16 };

int pf_looks(const char *text)
{
	static const char *const signs[] = {"pass in ", "pass out ", "block in",
		"block all", "block drop", "block return", "set skip on",
		" inet6 proto ", " rdr-to ", " nat-to ", "rdr on ", "nat on ",
		"antispoof ", "pass quick", "block quick", "table <", "block log",
		"set block-policy", "pass on ", "block return", "keep state", "\nscrub ", "match in ", "egress"};
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		n += strstr(text, signs[i]) != NULL;
	return n >= 2 ? n * 2 : 0;
}

/* ---- sides ---- */

static bool ifname_like(const char *s)
{
	size_t n = 0;

	while (isalpha((unsigned char)s[n]))
		n++;
	if (!n || !isdigit((unsigned char)s[n]))
		return false;
	while (isdigit((unsigned char)s[n]) || s[n] == '.')
		n++;
	return !s[n] && n < 20;
}

unsigned pf_sides(const struct pf *p, const char *name)
{
	enum role role;

	if (read_role(p->h, name, &role))
		return role == ROLE_WAN ? PF_WAN : role == ROLE_LAN ? PF_LAN
								    : PF_SELF;
	if (!strncmp(name, "lo", 2) && strspn(name + 2, "0123456789") ==
			strlen(name + 2))
		return PF_SELF;
	if (names_have(p->wans, name) || !strcmp(name, "egress"))
		return PF_WAN;
	return names_have(p->lans, name) || ifname_like(name) ? PF_LAN : 0;
}

static void add_name(char **list, const char *name)
{
	char *was = *list;

	if (!ifname_like(name))
		return;
	*list = was ? xasprintf("%s,%s", was, name) : xstrdup(name);
	free(was);
}

static bool has(const char *name, const char *const *parts)
{
	for (size_t i = 0; parts[i]; i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

/* ext_if, wan: the line; int_if, lan: the home. So people name their macros. */
static void sides_by_macros(struct pf *p)
{
	static const char *const out[] = {"ext", "wan", "Ext", "WAN", "internet",
		NULL};
	static const char *const in[] = {"int", "lan", "Int", "LAN", "wifi",
		"guest", "dmz", NULL};

	for (size_t i = 0; i < p->file.macro_n; i++)
		for (size_t k = 0; k < p->file.macros[i].n; k++) {
			const char *name = p->file.macros[i].name;

			if (has(name, out))
				add_name(&p->wans, p->file.macros[i].w[k]);
			else if (has(name, in))
				add_name(&p->lans, p->file.macros[i].w[k]);
		}
}

/* Where addresses are translated on the way out, there is the line. */
static void sides_by_nat(struct pf *p)
{
	for (size_t i = 0; i < p->file.n; i++) {
		const struct pf_line *l = &p->file.v[i];
		bool nat = !strcmp(pf_word(l, 0), "nat");
		bool egress = false;

		for (size_t k = 0; k < l->n; k++) {
			nat |= !strcmp(l->w[k], "nat-to");
			egress |= !strncmp(l->w[k], "egress", 6);
		}
		p->wan_known |= egress;
		for (size_t k = 0; nat && k + 1 < l->n; k++)
			if (!strcmp(l->w[k], "on"))
				add_name(&p->wans, l->w[k + 1]);
	}
}

static void find_sides(struct pf *p)
{
	sides_by_macros(p);
	if (!p->wans)
		sides_by_nat(p);
	for (size_t i = 0; i < p->file.n; i++)
		for (size_t k = 0; k < p->file.v[i].n; k++)
			p->wan_known |= !strncmp(p->file.v[i].w[k], "egress", 6);
	if (p->h->wan || p->wans || p->wan_known)
		return;
	pipeline_unknown(p->pl, 0, true,
		_("which interface is the line's is not said in it: name it with --wan"));
}

/* ---- the chains ---- */

static void answers(struct chain *c)
{
	struct rule *r = chain_rule(c, V_ACCEPT);

	cond_num(match_cond(&r->match, F_CT, false), CT_ESTABLISHED, CT_RELATED);
	r->quick = true;
	origin_set(&r->origin, NULL, 0, "state", "keep state");
}

void pf_chains(struct pipeline *pl)
{
	struct chain *in = pipeline_chain(pl, PF_IN, true);
	struct chain *out = pipeline_chain(pl, PF_OUT, true);

	in->last_match = out->last_match = true;
	in->end = out->end = V_ACCEPT;
	origin_set(&in->end_origin, NULL, 0, "no rule matches: pf passes it",
		"pf");
	origin_set(&out->end_origin, NULL, 0, "no rule matches: pf passes it",
		"pf");
	answers(in);
	answers(out);
	/* the way out is asked first, so that the rule on the line is quoted */
	pipeline_gate(pl, PATH_FORWARD, PF_OUT);
	pipeline_gate(pl, PATH_FORWARD, PF_IN);
	pipeline_gate(pl, PATH_INPUT, PF_IN);
	pipeline_gate(pl, PATH_OUTPUT, PF_OUT);
	memset(pl->stateful, 0xff, sizeof(pl->stateful));
}

/* ---- statements ---- */

static bool is(const struct pf_line *l, size_t i, const char *w)
{
	return !strcmp(pf_word(l, i), w);
}

static void skip_on(struct pf *p, const struct pf_line *l)
{
	struct origin o = {.line = l->no, .text = l->text};

	for (size_t i = 3; i < l->n; i++) {
		unsigned s = pf_sides(p, l->w[i]);

		for (int k = 0; k < 2 && (s & (PF_WAN | PF_LAN)); k++) {
			struct match m = {0};
			enum role r = s & PF_WAN ? ROLE_WAN : ROLE_LAN;

			cond_num(match_cond(&m, k ? F_OUT : F_IN, false), r, r);
			pf_rule(p->pl, k ? PF_OUT : PF_IN, V_ACCEPT, true, &m, &o);
			match_done(&m);
		}
	}
}

static void set_line(struct pf *p, const struct pf_line *l)
{
	if (is(l, 1, "skip") && is(l, 2, "on"))
		skip_on(p, l);
	else if (is(l, 1, "block-policy"))
		p->block = is(l, 2, "return") ? V_REJECT : V_DROP;
	else if (is(l, 1, "state-defaults") && strstr(l->text, "no "))
		pf_unknown(p, l, true);
}

/* Statements that decide nothing about who may come in. */
static bool irrelevant(const char *w)
{
	static const char *const names[] = {"scrub", "queue", "altq", "table",
		"antispoof", "nat", "dummynet-anchor", "match", NULL};

	for (size_t i = 0; names[i]; i++)
		if (!strcmp(names[i], w))
			return true;
	return false;
}

struct nest {
	struct pf_outer v[ANCHORS_MAX];
	size_t n;
};

/* Filled with the answers that FTP needs, for connections from the home. */
static bool proxy_anchor(const struct pf_line *l)
{
	const char *name = pf_word(l, 1);

	return !strncmp(name, "ftp-proxy", 9) || !strncmp(name, "tftp-proxy", 10);
}

static void push_anchor(struct pf *p, const struct pf_line *l, struct nest *a)
{
	bool rules = is(l, l->n - 1, "{");

	if (!rules && proxy_anchor(l))
		return;
	if (!rules || a->n == ANCHORS_MAX) {
		/* other programs put rules there while the machine runs */
		pf_unknown(p, l, true);
		return;
	}
	a->n++;
	if (!pf_anchor(p, l, &a->v[a->n - 2], &a->v[a->n - 1]))
		pf_unknown(p, l, true);
}

static void pop_anchor(struct nest *a)
{
	struct pf_outer *o;

	if (a->n <= 1)
		return;
	o = &a->v[--a->n];
	match_done(&o->m[0]);
	match_done(&o->m[1]);
	*o = (struct pf_outer){0};
}

static void statement(struct pf *p, const struct pf_line *l, struct nest *a)
{
	const char *w = pf_word(l, 0);

	if (is(l, 1, "=")) /* a macro */
		return;
	if (!strcmp(w, "pass") || !strcmp(w, "block") || !strcmp(w, "match"))
		pf_filter(p, l, &a->v[a->n - 1]);
	else if (!strcmp(w, "rdr") || (!strcmp(w, "no") && is(l, 1, "rdr")))
		pf_rdr(p, l);
	else if (!strcmp(w, "set"))
		set_line(p, l);
	else if (!strcmp(w, "anchor"))
		push_anchor(p, l, a);
	else if (!strcmp(w, "}"))
		pop_anchor(a);
	else if (!strcmp(w, "nat") || (!strcmp(w, "no") && is(l, 1, "nat"))) {
		p->pl->masquerade = true;
		for (size_t k = 0; k < l->n; k++)
			p->pl->keep_ike_port |= is(l, k, "static-port");
	} else if (!irrelevant(w) && !(strstr(w, "-anchor") && proxy_anchor(l)))
		pf_unknown(p, l, true);
}

static void look_ahead(struct pf *p)
{
	for (size_t i = 0; i < p->file.n; i++) {
		const struct pf_line *l = &p->file.v[i];

		p->old |= is(l, 0, "rdr") || is(l, 0, "nat");
		if (is(l, 0, "table") && l->n > 1)
			*GROW(p->tables, p->table_n, p->table_cap) =
				(struct pf_table){l->w[1], l};
		for (size_t k = 0; k < l->n; k++) {
			bool rdr = is(l, k, "rdr-to");

			p->rdrs |= rdr;
			p->match_rdr |= rdr && is(l, 0, "match");
		}
	}
}

static void done(struct pf *p, struct nest *a)
{
	while (a->n > 1)
		pop_anchor(a);
	pf_lex_done(&p->file);
	free(p->tables);
	free(p->wans);
	free(p->lans);
	free(p->wins);
}

int pf_read(const char *text, const struct read_hints *h, struct pipeline *pl,
	char **why)
{
	struct pf p = {.h = h, .pl = pl, .block = V_DROP};
	struct nest a = {.n = 1, .v = {{.in = true, .out = true}}};
	bool any = false;

	pf_lex(text, &p.file);
	look_ahead(&p);
	find_sides(&p);
	pf_chains(pl);
	for (size_t i = 0; i < p.file.n; i++) {
		any |= is(&p.file.v[i], 0, "pass") || is(&p.file.v[i], 0, "block");
		statement(&p, &p.file.v[i], &a);
	}
	if (p.file.unclosed || a.n > 1)
		pipeline_unknown(pl, 0, true,
			_("a brace is not closed; is the text whole?"));
	pf_nat_finish(&p);
	pl->order = NAT_FIRST;
	done(&p, &a);
	if (any)
		return 0;
	*why = xstrdup(_("neither a pass nor a block rule in it: give /etc/pf.conf"));
	return -EINVAL;
}
