/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside slip.c and slip-line.c only: rows of words, and how a guess is handed on. */
#ifndef KADOMORI_ROUTERS_SLIP_OWN_H
#define KADOMORI_ROUTERS_SLIP_OWN_H

#include "routers/brand.h"

enum { WORDS_MAX = 40, LINES_MAX = 400, HEADERS_MAX = 12 };

struct word {
	const char *at;
	size_t n;
};
struct row {
	const char *s;	/* with its indentation, without its end */
	size_t n, indent;
	unsigned no;	/* in the text, 0: of the settings */
	struct word w[WORDS_MAX];
	size_t w_n;
};

struct slips {
	const struct slip_ask *a;
	slip_try *try;
	void *arg;
	bool enough;
	enum slip why;
	struct row *v;	/* the text's, then the settings' */
	size_t n, text_n;
	uint64_t *seen;	/* candidates tried, by hash */
	size_t seen_n, seen_cap;
};

bool slip_same_word(const struct word *a, const struct word *b);
bool slip_same_row(const struct row *a, const struct row *b);
/* How many words two rows have in common, from both ends. */
size_t slip_alike(const struct row *a, const struct row *b);

/* Hands m on, unless it was before, and empties it. */
void slip_propose(struct slips *x, struct mend *m);
/* by (freed here) in the place of r */
void slip_replace(struct slips *x, const struct row *r, char *by);
/* s stands in front of line `before` */
void slip_insert(struct slips *x, unsigned before, const struct row *s);

/* ---- slip-line.c: whole lines ---- */

bool slip_named(const struct slips *x, unsigned no);
bool slip_refuses(const struct row *r);
void slip_order(struct slips *x);
void slip_gap(struct slips *x, size_t i);
void slip_missing(struct slips *x, size_t i);
void slip_second(struct slips *x);
void slip_swap(struct slips *x, size_t i);
void slip_tail(struct slips *x, const struct row *r);
void slip_sibling(struct slips *x, const struct row *r);
void slip_section(struct slips *x, size_t i);
/* First row of the section that row i stands in. */
size_t slip_section_of(const struct slips *x, size_t i);
void slip_refusal(struct slips *x);
void slip_header(struct slips *x);

#endif
