/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside pin: changes to texts, by place. */
#ifndef KADOMORI_PIN_EDIT_H
#define KADOMORI_PIN_EDIT_H

#include "base/text.h"
#include "intent/intent.h"

/* At off of a file: take del bytes away, put text there. */
struct edit {
	unsigned file;
	size_t off, del, order;
	char *text;
};

struct edits {
	struct edit *v;
	size_t n, cap;
};

void edits_done(struct edits *e);
void edit_add(struct edits *e, unsigned file, size_t off, size_t del,
	const char *text);
/* The body with all edits of that file; NULL when there are none. */
char *edits_apply(struct edits *e, unsigned file, const char *body);

/* Where a line begins (lines count from 1), and its length without "\n". */
size_t line_start(const char *body, unsigned line);
size_t line_len(const char *body, size_t off);

/* A word of a text, as the grammar of kadomori.conf splits them. */
struct word {
	const char *p;
	size_t n;
};
/*
 * The next word before end, from *at on; comments are skipped, '{', '}', ';' and
 * '\n' are words of their own. False at the end.
 */
bool word_next(const char **at, const char *end, struct word *ret);
bool word_is(const struct word *w, const char *s);

#endif
