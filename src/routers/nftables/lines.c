// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where in the text a rule stands. nft's listing has no line numbers, but keeps
 * the order of rules in a chain: the n-th rule of the listing is the n-th in the
 * text. Where the two count differently (an include, a loop of defines), nothing
 * is said.
 */
#include "routers/nftables/read-own.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static struct nft_chain_lines *chain_of(struct nft_lines *l, const char *family,
	const char *table, const char *chain)
{
	cleanup(freep) char *name = xasprintf("%s %s %s", family, table, chain);
	struct nft_chain_lines *c;

	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].name, name))
			return &l->v[i];
	c = GROW(l->v, l->n, l->cap);
	c->name = take(name);
	return c;
}

/* Words apart from each other, braces and semicolons being words. */
static size_t word(const char **s, const char **w)
{
	const char *p = *s;
	size_t n;

	while (*p == ' ' || *p == '\t' || *p == '\r')
		p++;
	*w = p;
	if (*p == '"') {
		n = strcspn(p + 1, "\"\n");
		n += 1 + (p[n + 1] == '"');
	} else {
		n = strchr("{};\n", *p) && *p ? 1 : strcspn(p, " \t\r\n{};\"");
	}
	*s = p + n;
	return n;
}

static bool is(const char *w, size_t n, const char *want)
{
	return n == strlen(want) && !memcmp(w, want, n);
}

static bool is_family(const char *w, size_t n)
{
	static const char *const names[] = {"ip", "ip6", "inet", "arp", "bridge",
		"netdev"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (is(w, n, names[i]))
			return true;
	return false;
}

struct scan {
	struct nft_lines *l;
	const char *s;
	unsigned no;
	char *family, *table, *chain;
	int depth;
};

static void name_of(char **to, const char *w, size_t n)
{
	free(*to);
	*to = xstrndup(w, n);
}

/* "[family] name" after "table"; leaves s behind it. */
static void table_of(struct scan *k)
{
	const char *w;
	size_t n = word(&k->s, &w);

	if (is_family(w, n)) {
		name_of(&k->family, w, n);
		n = word(&k->s, &w);
	} else {
		name_of(&k->family, "ip", 2);
	}
	name_of(&k->table, w, n);
}

static void rule_at(struct scan *k, const char *chain, unsigned no)
{
	struct nft_chain_lines *c = chain_of(k->l, k->family, k->table, chain);

	*GROW(c->v, c->n, c->cap) = no;
}

/* To the end of a statement, over braces that it opens. */
static void skip(struct scan *k)
{
	int open = 0;

	while (*k->s) {
		const char *w, *before = k->s;
		size_t n = word(&k->s, &w);

		if (*w == '#') {
			k->s = w + strcspn(w, "\n");
			continue;
		}
		if (is(w, n, "{"))
			open++;
		if (is(w, n, "}") && --open < 0) {
			k->s = before;
			return;
		}
		if (!open && (is(w, n, ";") || is(w, n, "\n"))) {
			k->no += *w == '\n' && w[-1] == '\\';
			if (*w == '\n' && w[-1] == '\\')
				continue;
			k->s = before; /* the caller counts lines */
			if (*w == ';')
				k->s = w + 1;
			return;
		}
		k->no += is(w, n, "\n");
	}
}

static void in_chain(struct scan *k, const char *w, size_t n)
{
	static const char *const others[] = {"type", "policy", "comment",
		"device", "devices", "flags"};
	struct nft_chain_lines *c;

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (is(w, n, others[i])) {
			c = chain_of(k->l, k->family, k->table, k->chain);
			if (i < 2)
				c->policy = k->no;
			skip(k);
			return;
		}
	rule_at(k, k->chain, k->no);
	k->s = w;
	skip(k);
}

/* "add rule [family] table chain ..." */
static void add_rule(struct scan *k)
{
	cleanup(freep) char *chain = NULL;
	unsigned no = k->no;
	const char *w;
	size_t n;

	table_of(k);
	n = word(&k->s, &w);
	chain = xstrndup(w, n);
	rule_at(k, chain, no);
	skip(k);
}

static void at_top(struct scan *k, const char *w, size_t n)
{
	if (is(w, n, "add") || is(w, n, "create"))
		n = word(&k->s, &w);
	if (is(w, n, "table"))
		table_of(k);
	else if (is(w, n, "rule"))
		add_rule(k);
	else if (!is(w, n, "{"))
		skip(k);
}

static void in_table(struct scan *k, const char *w, size_t n)
{
	if (!is(w, n, "chain")) {
		skip(k);
		return;
	}
	n = word(&k->s, &w);
	name_of(&k->chain, w, n);
}

void nft_lines_read(const char *text, struct nft_lines *ret)
{
	struct scan k = {.l = ret, .s = text, .no = 1};

	while (*k.s) {
		const char *w;
		size_t n = word(&k.s, &w);

		if (!n)
			break;
		if (is(w, n, "\n"))
			k.no++;
		else if (*w == '#')
			k.s = w + strcspn(w, "\n");
		else if (is(w, n, "{"))
			k.depth++;
		else if (is(w, n, "}"))
			k.depth -= k.depth > 0;
		else if (is(w, n, ";"))
			;
		else if (k.depth == 0)
			at_top(&k, w, n);
		else if (k.depth == 1)
			in_table(&k, w, n);
		else
			in_chain(&k, w, n);
	}
	free(k.family);
	free(k.table);
	free(k.chain);
}

struct nft_chain_lines *nft_lines_of(const struct nft_lines *l,
	const char *chain)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].name, chain))
			return &l->v[i];
	return NULL;
}

void nft_lines_done(struct nft_lines *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].v);
	}
	free(l->v);
}
