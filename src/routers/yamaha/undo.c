// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "no COMMAND" takes back what an earlier line said, as at the console: a text
 * of commands may hold some, a saved configuration none.
 */
#include "routers/yamaha/read-own.h"

#include <stdio.h>
#include <string.h>

/* How many words name the thing: the rest of a "no" line does not matter. */
static size_t key_words(const struct words *w, size_t from)
{
	static const struct {
		size_t at;	/* word that must be ... */
		const char *what;
		size_t n;
	} keys[] = {
		{1, "filter dynamic", 4}, {1, "filter", 3},
		{2, "secure filter", 5}, {2, "nat descriptor", 4},
		{0, "nat descriptor masquerade static", 6},
		{0, "nat descriptor static", 5}, {0, "nat descriptor type", 4},
		{0, "nat descriptor masquerade", 5},
	};
	size_t n = w->n - from;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (words_are(w, from + keys[i].at, keys[i].what))
			return MIN2(n, keys[i].n);
	return n;
}

static bool same_begin(const struct words *a, const struct words *no, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words_at(a, i), words_at(no, 1 + i)) != 0)
			return false;
	return n > 0;
}

/* "pp select 1": the lines below belong to it. */
static void note_scope(const struct words *w, char scope[32])
{
	if ((!strcmp(words_at(w, 0), "pp") ||
		    !strcmp(words_at(w, 0), "tunnel")) &&
		words_are(w, 1, "select"))
		snprintf(scope, 32, "%.8s%.16s", words_at(w, 0),
			words_at(w, 2));
}

static void take_back(struct capture *c, size_t until, const struct words *no,
	const char *scope)
{
	size_t n = key_words(no, 1);
	/* "ip pp ...", "ip tunnel ..." mean the one that is selected */
	bool selected = !strcmp(words_at(no, 2), "pp") ||
		!strcmp(words_at(no, 2), "tunnel");
	char at[32] = "";

	for (size_t i = 0; i < until; i++) {
		struct words w;

		words_split(c->v[i].text, &w);
		note_scope(&w, at);
		if ((!selected || !strcmp(at, scope)) && same_begin(&w, no, n))
			*c->v[i].text = '\0';
		words_done(&w);
	}
}

void yamaha_take_back(struct capture *c)
{
	char scope[32] = "";

	for (size_t i = 0; i < c->n; i++) {
		struct words w;

		words_split(c->v[i].text, &w);
		note_scope(&w, scope);
		if (w.n > 1 && !strcmp(words_at(&w, 0), "no"))
			take_back(c, i, &w, scope);
		words_done(&w);
	}
}
