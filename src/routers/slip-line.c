// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole lines that may have got lost, or stand in the wrong order: what others of
 * the text's sections and lists have, their headers, what refuses at their end.
 */
#include "routers/slip-own.h"

#include <string.h>

/* The rest of another line behind a word that both have. */
void slip_tail(struct slips *x, const struct row *r)
{
	for (size_t k = 0; k < x->n; k++) {
		const struct row *o = &x->v[k];
		size_t i = r->w_n - 1;

		if (!o->w_n || !slip_same_word(&o->w[0], &r->w[0]))
			continue;
		for (size_t j = 0; j + 1 < o->w_n; j++)
			if (slip_same_word(&o->w[j], &r->w[i])) {
				const char *t = o->w[j].at + o->w[j].n;

				slip_replace(x, r, xasprintf("%.*s%.*s",
					(int)r->n, r->s,
					(int)(o->s + o->n - t), t));
			}
	}
}

/* Do other lines of the text begin with r's first n words, too? */
static bool is_path(const struct slips *x, const struct row *r, size_t n)
{
	for (size_t k = 0; k < x->text_n; k++) {
		const struct row *o = &x->v[k];
		size_t i = 0;

		while (o != r && i < n && i < o->w_n &&
			slip_same_word(&r->w[i], &o->w[i]))
			i++;
		if (i == n)
			return true;
	}
	return false;
}

/* A line that a sibling has: the same path but for one word. */
void slip_sibling(struct slips *x, const struct row *r)
{
	for (size_t k = 0; k < x->n; k++) {
		const struct row *o = &x->v[k];
		struct mend m = {0};
		char *line;
		size_t i = 0;

		while (i < r->w_n && i < o->w_n &&
			slip_same_word(&r->w[i], &o->w[i]))
			i++;
		if (i < 2 || i >= r->w_n || i + 1 >= o->w_n ||
			!is_path(x, r, i + 1))
			continue;
		line = xasprintf("%.*s%.*s", (int)(r->w[i].at + r->w[i].n - r->s),
			r->s, (int)(o->s + o->n - o->w[i].at - (ptrdiff_t)o->w[i].n),
			o->w[i].at + o->w[i].n);
		mend_insert(&m, r->no + 1, line);
		slip_propose(x, &m);
		free(line);
	}
}

/* First row of the section that row i stands in. */
size_t slip_section_of(const struct slips *x, size_t i)
{
	while (i && x->v[i].indent)
		i--;
	return i;
}

/* In sections (a header, then indented lines): what others of them have. */
void slip_section(struct slips *x, size_t i)
{
	size_t from = slip_section_of(x, i), to = from + 1;

	while (to < x->text_n && x->v[to].w_n && x->v[to].indent)
		to++;
	for (size_t k = 0; k < x->n && to > from + 1; k++)
		if (x->v[k].w_n && x->v[k].indent && (k < from || k >= to)) {
			slip_insert(x, (unsigned)to + 1, &x->v[k]);
			slip_insert(x, (unsigned)from + 2, &x->v[k]);
		}
}

bool slip_named(const struct slips *x, unsigned no)
{
	for (size_t i = 0; i < x->a->line_n; i++)
		if (x->a->lines[i] == no)
			return true;
	return false;
}

static bool same_key(const struct row *a, const struct row *b)
{
	return a->w_n > 1 && b->w_n > 1 && slip_same_word(&a->w[0], &b->w[0]) &&
	       slip_same_word(&a->w[1], &b->w[1]);
}

/* Does the section with the header at row `from` say o's first words? */
static bool section_has(const struct slips *x, size_t from, const struct row *o)
{
	for (size_t i = from + 1; i < x->text_n && x->v[i].indent; i++)
		if (same_key(&x->v[i], o))
			return true;
	return false;
}

/*
 * What other sections of the same kind ("config rule") say, each of its kinds of
 * lines that this one has not.
 */
void slip_missing(struct slips *x, size_t i)
{
	size_t from = slip_section_of(x, i), home;

	if (i && slip_section_of(x, i - 1) == from && slip_named(x, x->v[i - 1].no))
		return; /* a section once */
	for (size_t k = 0; k < x->n; k++) {
		if (!x->v[k].indent || x->v[k].w_n < 2)
			continue;
		home = slip_section_of(x, k);
		if (home != from && x->v[home].w_n && x->v[from].w_n > 1 &&
			same_key(&x->v[home], &x->v[from]) &&
			!section_has(x, from, &x->v[k]))
			slip_insert(x, (unsigned)from + 2, &x->v[k]);
	}
}

/* An empty line inside a section: a line of another, of which this has none. */
void slip_gap(struct slips *x, size_t i)
{
	size_t from = slip_section_of(x, i), indent;

	if (x->v[i].w_n || i + 1 >= x->text_n || !i)
		return;
	indent = x->v[i + 1].indent;
	if (!indent || !x->v[i + 1].w_n || x->v[i - 1].n == 0)
		return;
	while (from && !x->v[from].n)
		from = slip_section_of(x, from - 1); /* the gap is none of its own */
	for (size_t k = 0; k < x->n; k++) {
		const struct row *o = &x->v[k];
		bool has = o->w_n < 2 || o->indent != indent;

		for (size_t j = from; !has && j < x->text_n &&
			(j <= i || x->v[j].indent); j++)
			has = slip_alike(&x->v[j], o) >= 2 &&
			      slip_same_word(&x->v[j].w[1], &o->w[1]);
		if (!has)
			slip_replace(x, &x->v[i], xstrndup(o->s, o->n));
	}
}

/* Another kind of line than the one above, by its first words. */
static bool begins_kind(const struct slips *x, size_t i)
{
	const struct row *r = &x->v[i];

	for (size_t k = 0; i && k < 3 && k < r->w_n; k++)
		if (k >= r[-1].w_n || !slip_same_word(&r->w[k], &r[-1].w[k]))
			return true;
	return i == 0;
}

static bool heads(const struct slips *x, size_t i)
{
	const struct row *r = &x->v[i];

	if (!r->n || r->indent)
		return false;
	if (strchr("/*", *r->s))
		return true;
	return r->w_n && i + 1 < x->text_n && x->v[i + 1].w_n &&
	       x->v[i + 1].indent;
}

/*
 * Does row i say again what its section has said before? One below the other they
 * are a list.
 */
static bool says_again(const struct slips *x, size_t i)
{
	const struct row *r = &x->v[i];

	for (size_t k = slip_section_of(x, i) + 1; k < i; k++)
		if (same_key(r, &x->v[k]))
			return !same_key(r, r - 1);
	return false;
}

/* Is row i in a section that is two, perhaps, and before the second's end? */
static bool in_two(const struct slips *x, size_t i)
{
	bool again = false;

	if (i && !x->v[i - 1].n)
		return true; /* no header at all */
	if (says_again(x, i))
		return !says_again(x, i - 1);
	for (size_t k = i + 1; k < x->text_n && x->v[k].indent && !again; k++)
		again = says_again(x, k);
	return again;
}

/* The different headers of the text. Returns how many; at most HEADERS_MAX. */
static size_t headers(const struct slips *x, size_t head[HEADERS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < x->text_n && n < HEADERS_MAX; i++) {
		size_t k = 0;

		if (!heads(x, i))
			continue;
		while (k < n && !slip_same_row(&x->v[head[k]], &x->v[i]))
			k++;
		if (k == n)
			head[n++] = i;
	}
	return n;
}

/* A section that says things twice: the header of a second one got lost. */
void slip_second(struct slips *x)
{
	size_t head[HEADERS_MAX], n = headers(x, head);

	for (size_t i = 0; i < x->text_n; i++)
		for (size_t k = 0; k < n && x->v[i].indent; k++)
			if (in_two(x, i) && !strchr("/*", *x->v[head[k]].s))
				slip_insert(x, (unsigned)i + 1, &x->v[head[k]]);
}

/* A section or a list that lost its header. */
void slip_header(struct slips *x)
{
	size_t head[HEADERS_MAX], n = headers(x, head);

	for (size_t i = 0; i < x->text_n; i++)
		for (size_t k = 0; k < n && x->v[i].w_n; k++) {
			bool list = strchr("/*", *x->v[head[k]].s);

			if (list ? begins_kind(x, i) && !heads(x, i)
				 : x->v[i].indent > 0)
				slip_insert(x, (unsigned)i + 1, &x->v[head[k]]);
		}
}

bool slip_refuses(const struct row *r)
{
	static const char *const words[] = {"drop", "DROP", "deny", "block",
		"REJECT", "reject"};

	for (size_t i = 0; i < r->w_n; i++)
		for (size_t k = 0; k < ARRAY_LEN(words); k++)
			if (strlen(words[k]) == r->w[i].n &&
				!memcmp(words[k], r->w[i].at, r->w[i].n))
				return true;
	return false;
}

/* A list that lost the line at its end: what slip_refuses in another. */
void slip_refusal(struct slips *x)
{
	for (size_t k = 0; k < x->n; k++)
		for (size_t i = 0; slip_refuses(&x->v[k]) && i < x->text_n; i++)
			if (i != k && slip_alike(&x->v[i], &x->v[k]) >= 2 &&
				!heads(x, i) && (i + 1 == x->text_n ||
					begins_kind(x, i + 1)))
				slip_insert(x, (unsigned)i + 2, &x->v[k]);
}

void slip_swap(struct slips *x, size_t i)
{
	const struct row *a = &x->v[i], *b = a + 1;
	cleanup(freep) char *was = xstrndup(a->s, a->n);
	cleanup(freep) char *now = xstrndup(b->s, b->n);
	struct mend m = {0};

	if (!a->w_n || !b->w_n || slip_same_row(a, b))
		return;
	mend_replace(&m, a->no, now);
	mend_replace(&m, b->no, was);
	slip_propose(x, &m);
}

/* Two lines that the settings have the other way round. */
void slip_order(struct slips *x)
{
	for (size_t i = 0; i + 1 < x->text_n && !x->enough; i++)
		for (size_t k = x->text_n; k + 1 < x->n; k++)
			if (x->v[i].w_n && slip_same_row(&x->v[i + 1], &x->v[k]) &&
				slip_same_row(&x->v[i], &x->v[k + 1])) {
				slip_swap(x, i);
				break;
			}
}

