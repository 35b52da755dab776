// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Running against wanted. nft rewrites what it is given (udp dport for th
 * dport), so both sides are listings: the wanted one comes from loading the
 * wanted text in a namespace of its own (kernel_nft_canonical).
 */
#include "nft/nft.h"

#include <stdio.h>

struct lines {
	char *buf;
	char **v;
	size_t n, cap;
};

static struct lines split(const char *s)
{
	struct lines l = {.buf = xstrdup(s)};
	char *save = NULL;

	for (char *p = strtok_r(l.buf, "\n", &save); p;
		p = strtok_r(NULL, "\n", &save))
		*GROW(l.v, l.n, l.cap) = p;
	return l;
}

static void lines_done(struct lines *l)
{
	free(l->buf);
	free(l->v);
}

/* Cut "packets N bytes N" and what stands in set elements. */
static void add_normal(struct text *out, const char *line)
{
	const char *c = strstr(line, "counter packets ");
	const char *end;

	if (!c) {
		text_addf(out, "%s\n", line);
		return;
	}
	end = strstr(c, " bytes ");
	end = end ? end + 7 + strcspn(end + 7, " ") : c + strlen(c);
	text_addn(out, line, (size_t)(c - line) + 7);
	text_addf(out, "%s\n", end);
}

char *nft_normalise(const char *listing)
{
	struct lines l = split(listing);
	struct text out = TEXT_INIT;
	bool in_elements = false;

	for (size_t i = 0; i < l.n; i++) {
		const char *p = l.v[i] + strspn(l.v[i], " \t");

		if (!strncmp(p, "elements = ", 11))
			in_elements = true;
		if (in_elements) {
			in_elements = !strchr(p, '}');
			continue;
		}
		add_normal(&out, l.v[i]);
	}
	lines_done(&l);
	return text_take(&out);
}

/* Longest common subsequence; a gateway's table has some hundred lines. */
static unsigned *lcs_table(const struct lines *a, const struct lines *b)
{
	size_t w = b->n + 1;
	unsigned *t = xcalloc((a->n + 1) * w, sizeof(*t));

	for (size_t i = a->n; i-- > 0;)
		for (size_t j = b->n; j-- > 0;)
			t[i * w + j] = !strcmp(a->v[i], b->v[j])
					       ? t[(i + 1) * w + j + 1] + 1
					       : MAX2(t[(i + 1) * w + j],
							 t[i * w + j + 1]);
	return t;
}

size_t nft_diff(const char *running, const char *wanted, struct text *out)
{
	struct lines a = split(running), b = split(wanted);
	unsigned *t = lcs_table(&a, &b);
	size_t i = 0, j = 0, w = b.n + 1, differ = 0;

	while (i < a.n || j < b.n) {
		if (i < a.n && j < b.n && !strcmp(a.v[i], b.v[j])) {
			i++;
			j++;
			continue;
		}
		differ++;
		if (j == b.n || (i < a.n && t[(i + 1) * w + j] >= t[i * w + j + 1]))
			text_addf(out, "-%s\n", a.v[i++]);
		else
			text_addf(out, "+%s\n", b.v[j++]);
	}
	free(t);
	lines_done(&a);
	lines_done(&b);
	return differ;
}

static bool filters(const char *line)
{
	return strstr(line, " hook forward ") || strstr(line, "type nat hook ");
}

static bool sees_forwarded(const char *line)
{
	static const char *const hooks[] = {"ingress", "egress", "prerouting",
		"forward", "postrouting"};

	for (size_t i = 0; i < ARRAY_LEN(hooks); i++) {
		cleanup(freep) char *s = xasprintf(" hook %s ", hooks[i]);

		if (strstr(line, s))
			return true;
	}
	return false;
}

static bool named_ours(const char *table)
{
	const char *name = strchr(table, ' ');

	return name && !strncmp(name, " kadomori", 9);
}

static size_t foreign(const char *ruleset, bool (*hit)(const char *line),
	bool (*ours)(const char *table), struct text *out)
{
	struct lines l = split(ruleset);
	const char *table = NULL;
	bool told = false;
	size_t n = 0;

	for (size_t i = 0; i < l.n; i++) {
		const char *p = l.v[i] + strspn(l.v[i], " \t");

		if (!strncmp(l.v[i], "table ", 6)) {
			table = l.v[i] + 6;
			told = false;
		}
		if (!table || told || !hit(p) || ours(table))
			continue;
		told = true;
		text_addf(out, "%s%.*s", n++ ? ", " : "",
			(int)strcspn(table, "{") - 1, table);
	}
	lines_done(&l);
	return n;
}

size_t nft_foreign_tables(const char *ruleset, struct text *out)
{
	return foreign(ruleset, filters, named_ours, out);
}

size_t nft_foreign_hooks(const char *ruleset, struct text *out)
{
	return foreign(ruleset, sees_forwarded, named_ours, out);
}
