// SPDX-License-Identifier: GPL-2.0-or-later
/* Making and freeing the parts of a pipeline. */
#include "policy/policy.h"

#include <stdarg.h>
#include <stdio.h>

struct pipeline *pipeline_new(void)
{
	return xcalloc(1, sizeof(struct pipeline));
}

static void origin_done(struct origin *o)
{
	free(o->file);
	free(o->text);
	free(o->why);
	free(o->more);
}

void match_done(struct match *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->conds[i].nums);
		free(m->conds[i].masks);
		free(m->conds[i].ranges);
		free(m->conds[i].set);
		free(m->conds[i].opaque);
	}
	free(m->conds);
	memset(m, 0, sizeof(*m));
}

static void chain_free(struct chain *c)
{
	for (size_t i = 0; i < c->rule_n; i++) {
		match_done(&c->rules[i].match);
		origin_done(&c->rules[i].origin);
		free(c->rules[i].target);
	}
	origin_done(&c->end_origin);
	free(c->rules);
	free(c->name);
	free(c);
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->iface_n; i++) {
		free(p->ifaces[i].name);
		free(p->ifaces[i].nets);
	}
	for (size_t i = 0; i < p->bypass_n; i++) {
		match_done(&p->bypass[i]);
		if (p->bypass_origin)
			origin_done(&p->bypass_origin[i]);
	}
	for (size_t i = 0; i < p->nat_in_n; i++) {
		match_done(&p->nat_in[i].match);
		origin_done(&p->nat_in[i].origin);
	}
	for (size_t i = 0; i < p->chain_n; i++)
		chain_free(p->chains[i]);
	for (int i = 0; i < PATH_MAX_; i++)
		free(p->entry[i]);
	for (size_t i = 0; i < p->gate_n; i++)
		free(p->gates[i].chain);
	for (size_t i = 0; i < p->unknown_n; i++)
		free(p->unknown[i].text);
	free(p->gates);
	free(p->ifaces);
	free(p->bypass);
	free(p->bypass_origin);
	free(p->nat_in);
	free(p->chains);
	free(p->unknown);
	free(p);
}

void pipeline_freep(struct pipeline **p)
{
	pipeline_free(*p);
}

const struct chain *pipeline_find(const struct pipeline *p, const char *name)
{
	for (size_t i = 0; i < p->chain_n; i++)
		if (!strcmp(p->chains[i]->name, name))
			return p->chains[i];
	return NULL;
}

struct chain *pipeline_chain(struct pipeline *p, const char *name, bool make)
{
	struct chain *c = (struct chain *)(uintptr_t)pipeline_find(p, name);

	if (c || !make)
		return c;
	c = xcalloc(1, sizeof(*c));
	c->name = xstrdup(name);
	c->end = V_RETURN;
	*GROW(p->chains, p->chain_n, p->chain_cap) = c;
	return c;
}

struct rule *chain_rule(struct chain *c, enum verdict v)
{
	struct rule *r = GROW(c->rules, c->rule_n, c->rule_cap);

	r->verdict = v;
	return r;
}

struct cond *match_cond(struct match *m, enum field f, bool neg)
{
	struct cond *c = GROW(m->conds, m->n, m->cap);

	c->f = f;
	c->neg = neg;
	return c;
}

void cond_num(struct cond *c, uint32_t lo, uint32_t hi)
{
	struct num_range *r = GROW(c->nums, c->num_n, c->num_cap);

	r->lo = lo;
	r->hi = hi;
}

void cond_addr(struct cond *c, const struct addrmask *m)
{
	*GROW(c->masks, c->mask_n, c->mask_cap) = *m;
}

void cond_range(struct cond *c, enum family fam, const struct addr *lo,
	const struct addr *hi)
{
	struct addr_range *r = GROW(c->ranges, c->range_n, c->range_cap);

	r->fam = fam;
	r->lo = *lo;
	r->hi = *hi;
}

static void set_string(char **to, const char *s)
{
	free(*to);
	*to = s ? xstrdup(s) : NULL;
}

void origin_set(struct origin *o, const char *file, unsigned line,
	const char *text, const char *why)
{
	set_string(&o->file, file);
	set_string(&o->text, text);
	set_string(&o->why, why);
	o->line = line;
	o->more_n = 0;
}

void origin_more(struct origin *o, unsigned line)
{
	size_t i = o->more_n;

	if (!line || line == o->line)
		return;
	while (i && o->more[i - 1] > line)
		i--;
	if (i && o->more[i - 1] == line)
		return;
	(void)GROW(o->more, o->more_n, o->more_cap);
	memmove(&o->more[i + 1], &o->more[i],
		(o->more_n - 1 - i) * sizeof(*o->more));
	o->more[i] = line;
}

void facts_done(struct facts *f)
{
	free(f->lan6);
	free(f->seg6);
	free(f->lan4);
	free(f->known);
	free(f->learnt);
	memset(f, 0, sizeof(*f));
}

static void matches_free(struct match *m, struct origin *o, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		match_done(&m[i]);
		if (o)
			origin_done(&o[i]);
	}
	free(m);
	free(o);
}

void contract_done(struct contract *c)
{
	matches_free(c->must, c->must_origin, c->must_n);
	matches_free(c->may, c->may_origin, c->may_n);
	memset(c, 0, sizeof(*c));
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	pipeline_free(p->pipe);
	contract_done(&p->contract);
	free(p);
}

void policy_freep(struct policy **p)
{
	policy_free(*p);
}

void match_copy(struct match *to, const struct match *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct cond *s = &from->conds[i];
		struct cond *c = match_cond(to, s->f, s->neg);

		for (size_t j = 0; j < s->num_n; j++)
			cond_num(c, s->nums[j].lo, s->nums[j].hi);
		for (size_t j = 0; j < s->mask_n; j++)
			cond_addr(c, &s->masks[j]);
		for (size_t j = 0; j < s->range_n; j++)
			cond_range(c, s->ranges[j].fam, &s->ranges[j].lo,
				&s->ranges[j].hi);
		c->set = s->set ? xstrdup(s->set) : NULL;
		c->set_fam = s->set_fam;
		c->opaque = s->opaque ? xstrdup(s->opaque) : NULL;
		c->flag_mask = s->flag_mask;
		c->flag_value = s->flag_value;
	}
}

void match_move(struct match *to, struct match *from)
{
	for (size_t i = 0; i < from->n; i++)
		*GROW(to->conds, to->n, to->cap) = from->conds[i];
	free(from->conds);
	*from = (struct match){0};
}

void pipeline_unknown(struct pipeline *p, unsigned line, bool affects_filter,
	const char *fmt, ...)
{
	struct unknown_line *u = GROW(p->unknown, p->unknown_n, p->unknown_cap);
	va_list ap;

	u->line = line;
	u->affects_filter = affects_filter;
	va_start(ap, fmt);
	if (vasprintf(&u->text, fmt, ap) < 0)
		u->text = NULL;
	va_end(ap);
}

void pipeline_gate(struct pipeline *p, enum path path, const char *chain)
{
	struct gate *g = GROW(p->gates, p->gate_n, p->gate_cap);

	g->path = path;
	g->chain = xstrdup(chain);
}
