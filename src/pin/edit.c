// SPDX-License-Identifier: GPL-2.0-or-later
#include "pin/edit.h"
#include "pin/pin.h"

#include <stdlib.h>

enum { LINES_MAX = 4096 };

void edits_done(struct edits *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i].text);
	free(e->v);
}

void edit_add(struct edits *e, unsigned file, size_t off, size_t del,
	const char *text)
{
	struct edit *new = GROW(e->v, e->n, e->cap);

	*new = (struct edit){.file = file, .off = off, .del = del,
		.order = e->n, .text = xstrdup(text)};
}

static int by_place(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

char *edits_apply(struct edits *e, unsigned file, const char *body)
{
	struct text t = TEXT_INIT;
	size_t at = 0;
	bool any = false;

	if (e->n)
		qsort(e->v, e->n, sizeof(*e->v), by_place);
	for (size_t i = 0; i < e->n; i++) {
		const struct edit *x = &e->v[i];

		if (x->file != file)
			continue;
		any = true;
		if (x->off > at) {
			text_addn(&t, body + at, x->off - at);
			at = x->off;
		}
		text_add(&t, x->text);
		at = MAX2(at, x->off + x->del);
	}
	if (!any) {
		text_done(&t);
		return NULL;
	}
	text_add(&t, body + at);
	return text_take(&t);
}

size_t line_start(const char *body, unsigned line)
{
	const char *p = body, *nl;

	while (line > 1 && (nl = strchr(p, '\n'))) {
		p = nl + 1;
		line--;
	}
	return (size_t)(p - body);
}

size_t line_len(const char *body, size_t off)
{
	return strcspn(body + off, "\n");
}

bool word_next(const char **at, const char *end, struct word *ret)
{
	const char *p = *at;

	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	if (p < end && *p == '#')
		while (p < end && *p != '\n')
			p++;
	if (p >= end)
		return false;
	ret->p = p;
	if (strchr("{};\n", *p)) {
		p++;
	} else if (*p == '"') {
		for (p++; p < end && *p != '"' && *p != '\n'; p++)
			;
		p += p < end && *p == '"';
	} else {
		while (p < end && !strchr(" \t\r\n{}#;\"", *p))
			p++;
	}
	ret->n = (size_t)(p - ret->p);
	*at = p;
	return true;
}

bool word_is(const struct word *w, const char *s)
{
	const char *p = w->p;
	size_t n = w->n;

	if (n && *p == '"') { /* a quoted word is a word */
		p++;
		n -= n > 1 && p[n - 2] == '"' ? 2 : 1;
	}
	return n == strlen(s) && !memcmp(p, s, n);
}

/* --- the difference ----------------------------------------------------------- */

struct lines {
	const char *p[LINES_MAX];
	size_t len[LINES_MAX], n;
};

static void split(const char *s, struct lines *l)
{
	l->n = 0;
	while (*s && l->n < LINES_MAX) {
		size_t n = strcspn(s, "\n");

		l->p[l->n] = s;
		l->len[l->n++] = n;
		s += n + (s[n] == '\n');
	}
}

static bool same(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
	return a->len[i] == b->len[j] && !memcmp(a->p[i], b->p[j], a->len[i]);
}

static void put(struct text *out, char mark, const struct lines *l, size_t i)
{
	cleanup(freep) char *safe = text_printable(l->p[i], l->len[i]);

	for (char *t = safe; *t; t++)
		if (*t == '\t')
			*t = ' ';
	text_addf(out, "%c %s\n", mark, safe);
}

/*
 * Greedy: at a difference the nearest lines that meet again. Edits are few and
 * short here; the least difference is not needed.
 */
static bool meet(const struct lines *a, size_t i, const struct lines *b, size_t j,
	size_t *di, size_t *dj)
{
	for (size_t far = 1; i + far <= a->n || j + far <= b->n; far++)
		for (size_t x = 0; x <= far; x++) {
			size_t y = far - x;

			if (i + x < a->n && j + y < b->n &&
				same(a, i + x, b, j + y)) {
				*di = x;
				*dj = y;
				return true;
			}
		}
	return false;
}

size_t pin_diff(const char *before, const char *after, struct text *out)
{
	struct lines *a = xcalloc(1, sizeof(*a)), *b = xcalloc(1, sizeof(*b));
	size_t i = 0, j = 0, differ = 0, shown = 0;

	split(before, a);
	split(after, b);
	while (i < a->n || j < b->n) {
		size_t di = a->n - i, dj = b->n - j;

		if (i < a->n && j < b->n && same(a, i, b, j)) {
			i++;
			j++;
			continue;
		}
		if (i && shown < i)
			put(out, ' ', a, i - 1);
		(void)meet(a, i, b, j, &di, &dj);
		differ += di + dj;
		for (; di; di--)
			put(out, '-', a, i++);
		for (; dj; dj--)
			put(out, '+', b, j++);
		if (i < a->n && j < b->n && same(a, i, b, j))
			put(out, ' ', a, i);
		shown = i + 1;
	}
	free(a);
	free(b);
	return differ;
}
