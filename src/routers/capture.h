/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration as people have it: copied from a console, with prompts, CRLF,
 * lines wrapped at the screen's width, comments in any old encoding.
 */
#ifndef KADOMORI_ROUTERS_CAPTURE_H
#define KADOMORI_ROUTERS_CAPTURE_H

#include "base/base.h"

enum { CAPTURE_WORDS_MAX = 400 };

struct capture_line {
	unsigned no;	/* from 1, of the first piece when joined */
	char *text;	/* trimmed; comments are left out by the caller */
	size_t indent;	/* blanks that stood in front of it */
};

struct capture {
	struct capture_line *v;
	size_t n, cap;
};

/*
 * Split, trim, drop prompts ("RTX830# ", "Router(config)# ", "[admin@x] > ").
 * Lines of exactly 79 or 80 columns are joined with the next when that does not
 * begin a statement: begins(line) tells (NULL: never join).
 */
void capture_read(const char *text, bool (*begins)(const char *line),
	struct capture *ret);
void capture_done(struct capture *c);

/* The words of a line, cut in place of a copy that stands behind w. */
struct words {
	char **w;	/* room for CAPTURE_WORDS_MAX at most */
	size_t n;
};
/* Room for the words of line; returns the copy to cut, and how many fit. */
char *words_room(const char *line, struct words *ret, size_t *max);
/* Quotes ("...") hold a word together and are removed. */
void words_split(const char *line, struct words *ret);
void words_done(struct words *w);
/* Word i, or "" behind the end. */
const char *words_at(const struct words *w, size_t i);
/*
 * Does line i, a "no COMMAND" about a filter, a list or a translation, take
 * back what an earlier line says? Saved configurations hold no such line.
 */
bool capture_takes_back(const struct capture *c, size_t i);
/* Do words i, i+1, ... equal the space-separated `want`? "*" is any word. */
bool words_are(const struct words *w, size_t i, const char *want);

#endif
