// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ip|ipv6 access-list NAME [SEQ] {permit|deny} PROTOCOL src A [sport P] dest B
 * [dport P]: tried by sequence number (UNIVERGE IX command reference).
 */
#include "routers/ix/read-own.h"
#include "routers/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool ix_list_note(struct ix_lists *l, const struct capture_line *line)
{
	struct ix_entry e = {.line = line};
	size_t i = 2;
	uint32_t seq;

	words_split(line->text, &e.w);
	e.fam = !strcmp(words_at(&e.w, 0), "ipv6") ? FAM_6 : FAM_4;
	if (!words_are(&e.w, 1, "access-list")) {
		words_done(&e.w);
		return false;
	}
	e.dynamic = words_are(&e.w, 2, "dynamic");
	i += e.dynamic;
	e.name = words_at(&e.w, i++);
	e.seq = (uint32_t)(l->n + 1) * 10; /* none given: behind the others */
	if (value_number(words_at(&e.w, i), UINT32_MAX, &seq)) {
		e.seq = seq;
		i++;
	}
	e.at = i;
	*GROW(l->v, l->n, l->cap) = e;
	return true;
}

void ix_lists_done(struct ix_lists *l)
{
	for (size_t i = 0; i < l->n; i++)
		words_done(&l->v[i].w);
	free(l->v);
}

bool ix_list_exists(const struct ix_lists *l, enum family fam, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].fam == fam && !strcmp(l->v[i].name, name))
			return true;
	return false;
}

bool ix_list_dynamic(const struct ix_lists *l, enum family fam,
	const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].fam == fam && l->v[i].dynamic &&
			!strcmp(l->v[i].name, name))
			return true;
	return false;
}

/* ---- one line ---- */

static bool address(struct match *m, enum field f, enum family fam,
	const struct words *w, size_t *i)
{
	const char *s = words_at(w, (*i)++);
	struct cond *c;

	if (!strcmp(s, "any"))
		return true;
	if (!strcmp(s, "host"))
		s = words_at(w, (*i)++);
	c = match_cond(m, f, false);
	c->set_fam = fam;
	return value_addr(c, fam, s, NULL);
}

/* "any", "eq 500", "range 500 600", "gt 1023", "lt 1024" */
static bool ports(struct match *m, enum field f, const struct words *w,
	size_t *i)
{
	const char *op = words_at(w, (*i)++), *v;
	uint32_t a, b;
	bool neg;

	if (!strcmp(op, "any"))
		return true;
	v = words_at(w, (*i)++);
	if (!value_port(v, &a))
		return false;
	b = a;
	neg = !strcmp(op, "neq");
	if (!strcmp(op, "range")) {
		if (!value_port(words_at(w, (*i)++), &b) || b < a)
			return false;
	} else if (!strcmp(op, "gt")) {
		if (a == 65535)
			return false;
		a++;
		b = 65535;
	} else if (!strcmp(op, "lt")) {
		if (a == 0)
			return false;
		b = a - 1;
		a = 0;
	} else if (!neg && strcmp(op, "eq")) {
		return false;
	}
	cond_num(match_cond(m, f, neg), a, b);
	return true;
}

static bool protocol(struct match *m, enum family fam, const struct words *w,
	size_t *i)
{
	const char *s = words_at(w, (*i)++);
	uint32_t p;

	if (!strcmp(s, "ip") || !strcmp(s, "ipv6"))
		return true;
	if (!value_proto(s, fam, &p))
		return false;
	cond_num(match_cond(m, F_PROTO, false), p, p);
	return true;
}

static bool option(struct match *m, enum family fam, const struct words *w,
	size_t *i)
{
	const char *s = words_at(w, (*i)++);
	uint32_t v;

	if (!strcmp(s, "src"))
		return address(m, F_SRC, fam, w, i);
	if (!strcmp(s, "dest"))
		return address(m, F_DST, fam, w, i);
	if (!strcmp(s, "sport"))
		return ports(m, F_SPORT, w, i);
	if (!strcmp(s, "dport"))
		return ports(m, F_DPORT, w, i);
	if (!strcmp(s, "type") || !strcmp(s, "code")) {
		if (!value_number(words_at(w, (*i)++), 255, &v))
			return false;
		cond_num(match_cond(m, *s == 't' ? F_ITYPE : F_ICODE, false), v,
			v);
		return true;
	}
	if (!strcmp(s, "echo")) {
		v = fam == FAM_6 ? 128 : 8;
		cond_num(match_cond(m, F_ITYPE, false), v, v);
		return true;
	}
	if (!strcmp(s, "established")) {
		struct cond *c = match_cond(m, F_TCPFLAGS, false);

		c->flag_mask = c->flag_value = TCP_ACK;
		return true;
	}
	return false;
}

/* What is left of the line and not known makes the rule opaque. */
static bool entry_match(struct match *m, const struct ix_entry *e)
{
	size_t i = e->at + 1;

	value_family(m, e->fam);
	if (!protocol(m, e->fam, &e->w, &i))
		return false;
	while (i < e->w.n) {
		size_t at = i;

		if (!option(m, e->fam, &e->w, &i)) {
			value_opaque(m, words_at(&e->w, at));
			return i > at + 1 ? false : true;
		}
	}
	return true;
}

/* ---- a list ---- */

static int by_seq(const void *a, const void *b)
{
	const struct ix_entry *x = *(const struct ix_entry *const *)a;
	const struct ix_entry *y = *(const struct ix_entry *const *)b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return x->line->no < y->line->no ? -1 : x->line->no > y->line->no;
}

static size_t members(const struct ix_lists *l, enum family fam,
	const char *name, const struct ix_entry **v)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].fam == fam && !l->v[i].dynamic &&
			!strcmp(l->v[i].name, name))
			v[n++] = &l->v[i];
	qsort(v, n, sizeof(*v), by_seq);
	return n;
}

/* "option optimize", "sequence-mode": order and speed, no rule. */
static bool no_rule(const struct ix_entry *e)
{
	const char *s = words_at(&e->w, e->at);

	return !strcmp(s, "option") || !strcmp(s, "sequence-mode") ||
	       !strcmp(s, "description");
}

static bool static_rules(const struct ix_lists *l, struct chain *c,
	enum family fam, const char *name, enum verdict deny,
	const struct capture_line **bad)
{
	const struct ix_entry **v = xcalloc(l->n + 1, sizeof(*v));
	size_t n = members(l, fam, name, v);
	bool ok = true;

	for (size_t i = 0; i < n; i++) {
		const char *act = words_at(&v[i]->w, v[i]->at);
		bool permit = !strcmp(act, "permit");
		struct match m = {0};
		struct rule *r;

		if (no_rule(v[i]))
			continue;
		if ((!permit && strcmp(act, "deny")) ||
			!entry_match(&m, v[i])) {
			ok = false;
			*bad = v[i]->line;
			match_done(&m);
			continue;
		}
		r = chain_rule(c, permit ? V_ACCEPT : deny);
		match_copy(&r->match, &m);
		match_done(&m);
		origin_set(&r->origin, NULL, v[i]->line->no, v[i]->line->text,
			"access-list");
	}
	free(v);
	return ok;
}

bool ix_list_rules(const struct ix_lists *l, struct chain *c, enum family fam,
	const char *name, enum verdict deny, const struct capture_line **bad)
{
	bool ok = true;

	if (!ix_list_dynamic(l, fam, name))
		return static_rules(l, c, fam, name, deny, bad);
	/* a dynamic list lets in what its access list does, and answers */
	for (size_t i = 0; i < l->n; i++) {
		const struct ix_entry *e = &l->v[i];

		if (e->fam != fam || !e->dynamic || strcmp(e->name, name))
			continue;
		if (words_are(&e->w, e->at, "access *")) {
			ok = static_rules(l, c, fam,
				words_at(&e->w, e->at + 1), deny, bad) && ok;
		} else {
			*bad = e->line;
			ok = false;
		}
	}
	return ok;
}

/* ---- answers ---- */

static void answer(struct pipeline *pl, struct chain *c, enum family fam,
	uint32_t proto, const struct ix_entry *e)
{
	struct rule *r = chain_rule(c, V_ACCEPT);

	value_family(&r->match, fam);
	cond_num(match_cond(&r->match, F_CT, false), CT_ESTABLISHED, CT_RELATED);
	cond_num(match_cond(&r->match, F_PROTO, false), proto, proto);
	origin_set(&r->origin, NULL, e->line->no, e->line->text, "dynamic");
	pl->stateful[proto / 8] |= (uint8_t)(1 << proto % 8);
}

/*
 * TCP, UDP and ICMP are followed for certain. The command reference has a timer
 * for other protocols, too, but ESP was not seen working by it: opaque.
 */
static void answers_of_any(struct pipeline *pl, struct chain *c,
	enum family fam, const struct ix_entry *e)
{
	struct rule *r;

	answer(pl, c, fam, PROTO_TCP, e);
	answer(pl, c, fam, PROTO_UDP, e);
	answer(pl, c, fam, fam == FAM_6 ? PROTO_ICMPV6 : PROTO_ICMP, e);
	r = chain_rule(c, V_ACCEPT);
	value_family(&r->match, fam);
	cond_num(match_cond(&r->match, F_CT, false), CT_ESTABLISHED, CT_RELATED);
	value_opaque(&r->match, "dynamic access-list and protocols beside TCP, UDP, ICMP");
	origin_set(&r->origin, NULL, e->line->no, e->line->text, "dynamic");
}

void ix_list_answers(const struct ix_lists *l, struct pipeline *pl,
	struct chain *c, enum family fam, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ix_entry *e = &l->v[i];
		const char *app = words_at(&e->w, e->at);

		if (e->fam != fam || !e->dynamic || strcmp(e->name, name))
			continue;
		if (!strcmp(app, "access"))
			answers_of_any(pl, c, fam, e);
		else
			answer(pl, c, fam, !strcmp(app, "udp") ||
					!strcmp(app, "dns") ||
					!strcmp(app, "tftp")
				? PROTO_UDP : PROTO_TCP, e);
	}
}
