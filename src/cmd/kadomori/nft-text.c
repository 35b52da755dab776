// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nftables.conf of another machine: its interfaces are not here. nft wants "iif"
 * and the devices of a flowtable to exist; the names alone say the same, and a
 * flow offload decides nothing about who may come in.
 */
#include "cmd/kadomori/reading.h"

#include <ctype.h>
#include <string.h>

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' ||
	       c == '@' || c == '$';
}

/* Does the word w stand at s, s being in text? */
static bool word_at(const char *text, const char *s, const char *w)
{
	size_t n = strlen(w);

	return !strncmp(s, w, n) && !in_word(s[n]) &&
	       (s == text || !in_word(s[-1]));
}

/* The same lines, nothing in them. */
static void blank(struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_addf(t, "%c", s[i] == '\n' ? '\n' : ' ');
}

/* "flowtable f { ... }", "flow add @f", "flow offload @f"; 0: none at s. */
static size_t flow_len(const char *text, const char *s)
{
	const char *p = s;

	if (word_at(text, s, "flowtable")) {
		int depth = 0;

		for (; *p; p++) {
			depth += *p == '{';
			if (*p == '}' && --depth <= 0)
				return (size_t)(p + 1 - s);
		}
		return 0;
	}
	if (!word_at(text, s, "flow"))
		return 0;
	p += 4 + strspn(p + 4, " \t");
	if (strncmp(p, "add", 3) && strncmp(p, "offload", 7))
		return 0;
	p += strcspn(p, " \t\n");
	p += strspn(p, " \t");
	return *p == '@' ? (size_t)(p - s) + strcspn(p, " \t\n;") : 0;
}

static void copy(struct text *t, const char *from, const char *to)
{
	cleanup(freep) char *s = xstrndup(from, (size_t)(to - from));

	text_add(t, s);
}

char *nft_text_tame(const char *text)
{
	struct text t = TEXT_INIT;
	const char *from = text, *s = text;
	size_t n;

	text_add(&t, "");
	while (*s) {
		if (*s == '#') {
			s += strcspn(s, "\n");
		} else if (*s == '"') {
			s += 1 + strcspn(s + 1, "\"\n");
			s += *s == '"';
		} else if ((n = *s == 'f' ? flow_len(text, s) : 0)) {
			copy(&t, from, s);
			blank(&t, s, n);
			from = s += n;
		} else if (word_at(text, s, "iif") || word_at(text, s, "oif")) {
			copy(&t, from, s + 3);
			text_add(&t, "name");
			from = s += 3;
		} else {
			s++;
		}
	}
	copy(&t, from, s);
	return text_take(&t);
}
