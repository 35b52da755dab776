// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Routers with web pages only: what their owner answered, a line an answer, as
 * the questions of web-ask.c word it.
 *
 *	router aterm
 *	ipv6 ndproxy
 *	filter6 on
 *	entry6 pass in udp from any to 2404:7a80:1:1::50 port 500
 *	map esp to 192.168.10.9
 *
 * What was not answered is not guessed: it becomes a condition that nobody
 * knows, so that the report says "perhaps".
 */
#include "routers/web-read.h"
#include "routers/capture.h"
#include "base/text.h"
#include "base/tr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer_line {
	unsigned no;
	const char *text;	/* of the capture */
	struct words w;
};

struct web {
	struct pipeline *pl;
	struct capture cap;
	struct answer_line *v;
	size_t n, size;
	struct chain *fwd, *self;
};

static int looks_like(const char *text, const char *brand)
{
	cleanup(freep) char *mark = xasprintf("router %s", brand);
	const char *p = strstr(text, mark);
	size_t n = strlen(mark);

	return p && (p == text || p[-1] == '\n') &&
		(!p[n] || strchr(" \t\r\n", p[n])) ? 100 : 0;
}

#define LOOKS(name) \
	int web_looks_##name(const char *text) \
	{ \
		return looks_like(text, #name); \
	}
LOOKS(aterm)
LOOKS(ntt)
LOOKS(buffalo)
LOOKS(iodata)
LOOKS(elecom)
LOOKS(tplink)
LOOKS(au)
LOOKS(asus)
LOOKS(nuro)
#undef LOOKS

/* The last answer to a question counts. NULL: not answered. */
static const struct answer_line *answer(const struct web *q, const char *key)
{
	const struct answer_line *a = NULL;

	for (size_t i = 0; i < q->n; i++)
		if (!strcmp(words_at(&q->v[i].w, 0), key))
			a = &q->v[i];
	return a;
}

static bool says(const struct answer_line *a, const char *word)
{
	return a && !strcmp(words_at(&a->w, 1), word);
}

static bool unsaid(const struct answer_line *a)
{
	return !a || says(a, "unknown") || a->w.n < 2;
}

static void from(struct origin *o, const struct answer_line *a,
	const char *otherwise)
{
	origin_set(o, NULL, a ? a->no : 0, a ? a->text : otherwise, "answer");
}

static void num(struct match *m, enum field f, uint32_t lo, uint32_t hi)
{
	cond_num(match_cond(m, f, false), lo, hi);
}

static void opaque(struct match *m, const char *why)
{
	match_cond(m, F_OPAQUE, false)->opaque = xstrdup(why);
}

static void not_understood(struct web *q, const struct answer_line *a)
{
	pipeline_unknown(q->pl, a->no, true, "%s", a->text);
}

/* ---- IPv6 ---- */

static void mode6(struct web *q)
{
	const struct answer_line *a = answer(q, "ipv6");
	struct match *m;

	q->pl->ndproxy = says(a, "ndproxy");
	if (says(a, "ndproxy") || says(a, "router") || says(a, "off"))
		return;
	if (a && !says(a, "bridge") && !unsaid(a))
		not_understood(q, a);
	q->pl->bridge6 = says(a, "bridge");
	m = read_bypass(q->pl, a ? a->no : 0, a ? a->text
		: _("the mode of IPv6 was not answered"));
	num(m, F_FAMILY, FAM_6, FAM_6);
	if (!q->pl->bridge6)
		opaque(m, "ipv6");
}

/* "pass in udp from any to 2404::1 port 500": the page's row, typed off. */
static bool entry6(struct web *q, const struct answer_line *a)
{
	const char *kind = words_at(&a->w, 1), *dir = words_at(&a->w, 2);
	cleanup(freep) char *rest = NULL;
	const char *proto = words_at(&a->w, 3);
	bool pass = !strcmp(kind, "pass"), in = !strcmp(dir, "in");
	struct match m = {0};
	struct text t = TEXT_INIT;
	struct rule *r;
	char *why = NULL;

	if ((!pass && strcmp(kind, "drop")) || (!in && strcmp(dir, "out")))
		return false;
	/* the pages take a number where we take a name */
	text_addf(&t, "%s%s", strspn(proto, "0123456789") && *proto ? "proto"
		: "", !strcmp(proto, "all") ? "any" : proto);
	for (size_t i = 4; i < a->w.n; i++)
		text_addf(&t, " %s", words_at(&a->w, i));
	rest = text_take(&t);
	if (match_parse(rest, &m, &why)) {
		free(why);
		match_done(&m);
		return false;
	}
	if (in) {
		r = chain_rule(q->fwd, pass ? V_ACCEPT : V_DROP);
		num(&r->match, F_FAMILY, FAM_6, FAM_6);
		for (size_t i = 0; i < m.n; i++) {
			struct match one = {.conds = &m.conds[i], .n = 1};

			if (m.conds[i].f != F_CT) /* rows know no state */
				match_copy(&r->match, &one);
		}
		from(&r->origin, a, "");
	}
	match_done(&m);
	return true;
}

/* Fold-back traffic of the FLET'S network: these senders pass at 標準. The
 * prefixes are NTT East's and West's (line/tables.def). */
static void level(struct web *q)
{
	static const char *const ngn[] = {"2001:c90::/32", "2404:1a8::/32",
		"2408::/22", "2001:d70::/30", "2001:a000::/21"};
	const struct answer_line *a = answer(q, "level");
	struct rule *r;
	struct cond *c;

	if (says(a, "high"))
		return;
	if (a && !says(a, "standard") && !unsaid(a))
		not_understood(q, a);
	r = chain_rule(q->fwd, V_ACCEPT);
	num(&r->match, F_FAMILY, FAM_6, FAM_6);
	c = match_cond(&r->match, F_SRC, false);
	for (size_t i = 0; i < ARRAY_LEN(ngn); i++) {
		struct addrmask m;

		if (!addrmask_parse(ngn[i], &m))
			cond_addr(c, &m);
	}
	if (!says(a, "standard"))
		opaque(&r->match, "level");
	from(&r->origin, a, _("the level of IPv6 security was not answered"));
}

/* Without Hikari Denwa the filter of an NTT gateway may do nothing. */
static void phone(struct web *q)
{
	const struct answer_line *a = answer(q, "phone");
	struct rule *r;

	if (says(a, "yes"))
		return;
	r = chain_rule(q->fwd, V_ACCEPT);
	num(&r->match, F_FAMILY, FAM_6, FAM_6);
	opaque(&r->match, "phone");
	from(&r->origin, a, _("whether there is Hikari Denwa was not answered"));
}

static void rest6(struct web *q)
{
	const struct answer_line *a = answer(q, "filter6");
	struct rule *r;

	if (says(answer(q, "ipv6"), "off"))
		return;
	if (a && !says(a, "on") && !says(a, "off") && !unsaid(a))
		not_understood(q, a);
	if (says(a, "on"))
		return;
	r = chain_rule(q->fwd, V_ACCEPT);
	num(&r->match, F_FAMILY, FAM_6, FAM_6);
	if (!says(a, "off"))
		opaque(&r->match, "filter6");
	from(&r->origin, a, _("whether the IPv6 filter is on was not answered"));
}

/* ---- answers, and IPv4 ---- */

static void stateful(struct web *q, struct chain *c)
{
	static const uint32_t known[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP,
		PROTO_ICMPV6};

	for (int sure = 1; sure >= 0; sure--) {
		struct rule *r = chain_rule(c, V_ACCEPT);
		struct cond *k;

		num(&r->match, F_CT, CT_ESTABLISHED, CT_RELATED);
		k = match_cond(&r->match, F_PROTO, !sure);
		for (size_t i = 0; i < ARRAY_LEN(known); i++) {
			cond_num(k, known[i], known[i]);
			q->pl->stateful[known[i] / 8] |=
				(uint8_t)(1 << known[i] % 8);
		}
		if (!sure)
			opaque(&r->match, "esp followed?");
		origin_set(&r->origin, NULL, 0, sure ? _("answers to connections from inside")
			: _("answers to ESP: not known whether this router follows it"), "stateful");
	}
}

static void mapped_passes(struct chain *c)
{
	struct rule *r = chain_rule(c, V_ACCEPT);

	num(&r->match, F_DNAT, 1, 1);
	num(&r->match, F_FAMILY, FAM_4, FAM_4);
	origin_set(&r->origin, NULL, 0, _("what a port mapping hands in passes"),
		"map");
}

static struct nat_rule *nat(struct web *q, enum nat_action action,
	const struct answer_line *a)
{
	struct nat_rule *n = GROW(q->pl->nat_in, q->pl->nat_in_n,
		q->pl->nat_in_cap);

	n->action = action;
	num(&n->match, F_FAMILY, FAM_4, FAM_4);
	num(&n->match, F_IN, ROLE_WAN, ROLE_WAN);
	num(&n->match, F_OUT, ROLE_SELF, ROLE_SELF);
	from(&n->origin, a, _("no port mapping for it"));
	return n;
}

static bool proto_of(const char *s, uint32_t *ret)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	*ret = !strcmp(s, "tcp")   ? PROTO_TCP
	       : !strcmp(s, "udp") ? PROTO_UDP
	       : !strcmp(s, "esp") ? PROTO_ESP
	       : !strcmp(s, "ah")  ? PROTO_AH
				   : (uint32_t)v;
	return *ret && *ret < 256 && (v == 0 || !*end);
}

/* "map udp 500 to 192.168.1.9", "map esp to 192.168.1.9" */
static bool map(struct web *q, const struct answer_line *a)
{
	bool port = a->w.n == 5;
	const char *to = words_at(&a->w, port ? 4 : 3);
	unsigned lo = 0, hi = 0;
	struct nat_rule *n;
	enum family fam;
	struct addr dst;
	uint32_t p;

	if (!proto_of(words_at(&a->w, 1), &p) || addr_parse(to, &fam, &dst) ||
		fam != FAM_4 || strcmp(words_at(&a->w, port ? 3 : 2), "to"))
		return false;
	if (port && sscanf(words_at(&a->w, 2), "%u-%u", &lo, &hi) < 1)
		return false;
	hi = hi ? hi : lo;
	if (lo > hi || hi > 65535)
		return false;
	n = nat(q, NAT_TO, a);
	n->set_dst = true;
	n->dst = dst;
	num(&n->match, F_PROTO, p, p);
	if (port)
		num(&n->match, F_DPORT, lo, hi);
	return true;
}

static void rest4(struct web *q)
{
	const struct answer_line *a = answer(q, "dmz");
	struct nat_rule *n;
	enum family fam;
	struct addr dst;

	if (a && !says(a, "none") && !unsaid(a)) {
		if (addr_parse(words_at(&a->w, 1), &fam, &dst) || fam != FAM_4) {
			not_understood(q, a);
		} else {
			n = nat(q, NAT_TO, a);
			n->set_dst = true;
			n->dst = dst;
		}
	}
	if (answer(q, "remote") && says(answer(q, "remote"), "yes"))
		return; /* it is the router's own then */
	nat(q, NAT_DISCARD, a && says(a, "none") ? a : NULL);
}

static void to_self(struct web *q)
{
	static const char *const words[] = {"icmpv6", "icmp",
		"udp from fe80::/10 to any port 546", "udp port 68"};
	const struct answer_line *a = answer(q, "remote");
	struct rule *r;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		char *why = NULL;

		r = chain_rule(q->self, V_ACCEPT);
		match_parse(words[i], &r->match, &why);
		free(why);
		origin_set(&r->origin, NULL, 0, _("the router's own ICMP and DHCP"),
			"own");
	}
	if (!a || says(a, "no"))
		return;
	r = chain_rule(q->self, V_ACCEPT);
	num(&r->match, F_PROTO, PROTO_TCP, PROTO_TCP);
	if (!says(a, "yes"))
		opaque(&r->match, "remote");
	from(&r->origin, a, "");
}

/* ---- the whole ---- */

static struct chain *chain(struct web *q, enum path path, const char *name)
{
	struct chain *c = pipeline_chain(q->pl, name, true);
	struct rule *r = chain_rule(c, V_ACCEPT);

	cond_num(match_cond(&r->match, F_IN, true), ROLE_WAN, ROLE_WAN);
	c->end = V_DROP;
	from(&c->end_origin, answer(q, "filter6"), "");
	pipeline_gate(q->pl, path, name);
	return c;
}

static void rows(struct web *q)
{
	static const char *const keys[] = {"router", "ipv6", "filter6", "level",
		"phone", "dmz", "remote"};

	for (size_t i = 0; i < q->n; i++) {
		const struct answer_line *a = &q->v[i];
		const char *key = words_at(&a->w, 0);
		bool known = false;

		if (!strcmp(key, "entry6")) {
			known = entry6(q, a);
		} else if (!strcmp(key, "map")) {
			known = map(q, a);
		} else {
			for (size_t k = 0; k < ARRAY_LEN(keys); k++)
				known |= !strcmp(keys[k], key);
		}
		if (!known)
			not_understood(q, a);
	}
}

static void note(struct web *q)
{
	for (size_t i = 0; i < q->cap.n; i++) {
		const struct capture_line *l = &q->cap.v[i];
		struct answer_line *a;

		if (!*l->text || *l->text == '#')
			continue;
		a = GROW(q->v, q->n, q->size);
		*a = (struct answer_line){.no = l->no, .text = l->text};
		words_split(l->text, &a->w);
	}
}

int web_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why)
{
	struct web q = {.pl = pl};
	bool ntt;

	(void)h;
	capture_read(text, NULL, &q.cap);
	note(&q);
	ntt = says(answer(&q, "router"), "ntt");
	if (answer(&q, "router")) {
		q.fwd = chain(&q, PATH_FORWARD, "forward");
		q.self = chain(&q, PATH_INPUT, "self");
		stateful(&q, q.fwd);
		stateful(&q, q.self);
		mode6(&q);
		if (ntt)
			phone(&q);
		mapped_passes(q.fwd);
		rows(&q);
		if (ntt)
			level(&q);
		rest6(&q);
		rest4(&q);
		to_self(&q);
		pl->masquerade = true;
		pl->order = NAT_FIRST;
	}
	for (size_t i = 0; i < q.n; i++)
		words_done(&q.v[i].w);
	free(q.v);
	capture_done(&q.cap);
	if (pl->gate_n)
		return 0;
	*why = xstrdup(_("answers begin with a line \"router MAKER\", as \"router aterm\" or \"router ntt\""));
	return -EINVAL;
}
