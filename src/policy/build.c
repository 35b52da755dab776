// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/build.h"

void b_origin(struct build *b, struct origin *o)
{
	cleanup(freep) char *text = NULL;
	const char *file = NULL;
	unsigned line = 0;

	if (b->at && b->at->line && b->at->file < b->in->file_n) {
		file = b->in->files[b->at->file];
		line = b->at->line;
		text = intent_quote(b->in, b->at);
	}
	origin_set(o, file, line, text, b->why);
}

bool b_has_segment(const struct build *b)
{
	for (size_t i = 0; i < b->in->device_n; i++)
		if (b->in->devices[i].segment)
			return true;
	return false;
}

struct rule *b_rule(struct build *b, const char *chain, enum verdict v)
{
	struct rule *r = chain_rule(pipeline_chain(b->pl, chain, true), v);

	b_origin(b, &r->origin);
	return r;
}

struct rule *b_jump(struct build *b, const char *chain, const char *target)
{
	struct rule *r = b_rule(b, chain, V_JUMP);

	r->target = xstrdup(target);
	return r;
}

void r_num(struct rule *r, enum field f, uint32_t v)
{
	cond_num(match_cond(&r->match, f, false), v, v);
}

void r_nums(struct rule *r, enum field f, const uint32_t *v, size_t n)
{
	struct cond *c = match_cond(&r->match, f, false);

	for (size_t i = 0; i < n; i++)
		cond_num(c, v[i], v[i]);
}

void r_range(struct rule *r, enum field f, uint32_t lo, uint32_t hi)
{
	cond_num(match_cond(&r->match, f, false), lo, hi);
}

void r_addr(struct rule *r, enum field f, bool neg, const struct addrmask *m)
{
	cond_addr(match_cond(&r->match, f, neg), m);
}

void r_addr_text(struct rule *r, enum field f, const char *const *prefixes)
{
	struct cond *c = match_cond(&r->match, f, false);

	for (; *prefixes; prefixes++) {
		struct addrmask m;

		if (addrmask_parse(*prefixes, &m))
			abort(); /* a built-in prefix is wrong */
		cond_addr(c, &m);
	}
}

void r_set(struct rule *r, enum field f, bool neg, const char *name,
	enum family fam, const struct addrmask *m, size_t n)
{
	struct cond *c = match_cond(&r->match, f, neg);

	c->set = xstrdup(name);
	c->set_fam = fam;
	for (size_t i = 0; i < n; i++)
		cond_addr(c, &m[i]);
}

bool what_part(const struct what *w, int n, uint8_t *proto, uint16_t *lo,
	uint16_t *hi)
{
	static const struct {
		uint8_t proto;
		uint16_t port;
	} ipsec[] = {{PROTO_UDP, 500}, {PROTO_UDP, 4500}, {PROTO_ESP, 0}};

	*lo = *hi = 0;
	switch (w->kind) {
	case WHAT_TCP:
	case WHAT_UDP:
		*proto = w->kind == WHAT_TCP ? PROTO_TCP : PROTO_UDP;
		*lo = w->port_lo;
		*hi = w->port_hi;
		return n == 0;
	case WHAT_ESP:
		*proto = PROTO_ESP;
		return n == 0;
	case WHAT_AH:
		*proto = PROTO_AH;
		return n == 0;
	case WHAT_PROTO:
		*proto = w->proto;
		return n == 0;
	case WHAT_IKE:
		*proto = PROTO_UDP;
		*lo = *hi = n ? 4500 : 500;
		return n < 2;
	case WHAT_IPSEC:
		if (n >= (int)ARRAY_LEN(ipsec))
			return false;
		*proto = ipsec[n].proto;
		*lo = *hi = ipsec[n].port;
		return true;
	}
	return false;
}
