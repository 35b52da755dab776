// SPDX-License-Identifier: GPL-2.0-or-later
#include "routers/capture.h"

#include <ctype.h>
#include <string.h>

enum { SCREEN = 80, PROMPT_MAX = 40 };

/* "name# ", "name> ", "name(config)# ", "[admin@name] /ip> " in front. */
static const char *skip_prompt(const char *s, size_t *n)
{
	for (size_t i = 1; i < *n && i < PROMPT_MAX; i++) {
		if (s[i] == ' ' && *s != '[')
			return s;
		if ((s[i] != '#' && s[i] != '>') || i + 1 >= *n || s[i + 1] != ' ')
			continue;
		*n -= i + 2;
		return s + i + 2;
	}
	return s;
}

static void trim(const char **s, size_t *n)
{
	while (*n && isspace((unsigned char)**s)) {
		(*s)++;
		(*n)--;
	}
	while (*n && isspace((unsigned char)(*s)[*n - 1]))
		(*n)--;
}

static bool wrapped(size_t columns)
{
	return columns == SCREEN || columns == SCREEN - 1;
}

void capture_read(const char *text, bool (*begins)(const char *line),
	struct capture *ret)
{
	bool join = false, gap = false;
	unsigned no = 0;

	*ret = (struct capture){0};
	while (*text) {
		size_t len = strcspn(text, "\n"), n = len;
		const char *s = text, *tail;
		cleanup(freep) char *one = NULL;
		struct capture_line *l;
		size_t indent = strspn(s, " \t");

		no++;
		text += len + (text[len] == '\n');
		while (n && s[n - 1] == '\r')
			n--;
		len = n;
		tail = s + n;
		trim(&s, &n);
		if (!join)
			s = skip_prompt(s, &n);
		one = xstrndup(s, n);
		if (join && n && !begins(one)) {
			l = &ret->v[ret->n - 1];
			s = l->text;
			/* the blank between two words stood at the edge */
			l->text = xasprintf("%s%s%s", s,
				gap || indent ? " " : "", one);
			free((char *)(uintptr_t)s);
		} else {
			l = GROW(ret->v, ret->n, ret->cap);
			l->no = no;
			l->indent = indent;
			l->text = take(one);
		}
		gap = len && isspace((unsigned char)tail[-1]);
		join = begins && wrapped(len);
	}
}

void capture_done(struct capture *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].text);
	free(c->v);
}

char *words_room(const char *line, struct words *ret, size_t *max)
{
	size_t n = strlen(line);
	char *copy;

	/* two letters a word, but for the last */
	*max = MIN2(n / 2 + 2, (size_t)CAPTURE_WORDS_MAX);
	ret->n = 0;
	ret->w = xmalloc(*max * sizeof(*ret->w) + n + 1);
	copy = (char *)(ret->w + *max);
	memcpy(copy, line, n + 1);
	return copy;
}

void words_split(const char *line, struct words *ret)
{
	size_t max;
	char *p = words_room(line, ret, &max);

	while (ret->n < max) {
		char end;

		while (*p == ' ' || *p == '\t')
			p++;
		if (!*p)
			return;
		end = *p == '"' ? '"' : ' ';
		if (end == '"')
			p++;
		ret->w[ret->n++] = p;
		while (*p && *p != end && !(end == ' ' && *p == '\t'))
			p++;
		if (*p)
			*p++ = '\0';
	}
}

void words_done(struct words *w)
{
	free(w->w);
}

const char *words_at(const struct words *w, size_t i)
{
	return i < w->n ? w->w[i] : "";
}

bool words_are(const struct words *w, size_t i, const char *want)
{
	while (*want) {
		const char *have = words_at(w, i++);

		if (*want == '*' && *have && (!want[1] || want[1] == ' ')) {
			want++;
		} else {
			while (*have && *want != ' ' && *have == *want)
				have++, want++;
			if (*have || (*want && *want != ' '))
				return false;
		}
		want += *want == ' ';
	}
	return true;
}

static bool about_filters(const char *command)
{
	static const char *const words[] = {"access-group", "traffic-filter",
		"access-list", "filter", "napt", "nat", "inspect",
		"zone-member", "zone-pair", "service-policy"};
	struct words w;
	bool is = false;

	words_split(command, &w);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		for (size_t k = 0; k < 2; k++)
			is |= !strcmp(words_at(&w, k), words[i]);
	words_done(&w);
	return is;
}

bool capture_takes_back(const struct capture *c, size_t i)
{
	const char *what = c->v[i].text;
	size_t n;

	if (strncmp(what, "no ", 3) != 0)
		return false;
	what += 3 + strspn(what + 3, " ");
	n = strlen(what);
	for (size_t k = 0; k < i; k++)
		if (!strncmp(c->v[k].text, what, n) &&
			(!c->v[k].text[n] || c->v[k].text[n] == ' '))
			return about_filters(what);
	return false;
}
