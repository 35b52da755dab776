/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A string that grows. Zero-initialise (or TEXT_INIT); text_done() frees. */
#ifndef KADOMORI_BASE_TEXT_H
#define KADOMORI_BASE_TEXT_H

#include "base/base.h"

struct text {
	char *s; /* NUL-terminated once anything was added, else NULL */
	size_t len, cap;
};
#define TEXT_INIT                                                              \
	{                                                                      \
		0                                                              \
	}

void text_done(struct text *t);
/* Forget the content, keep the memory. */
void text_clear(struct text *t);
void text_add(struct text *t, const char *s);
void text_addn(struct text *t, const char *s, size_t n);
static inline void text_addc(struct text *t, char c)
{
	if (t->len + 2 > t->cap) {
		text_addn(t, &c, 1);
		return;
	}
	t->s[t->len++] = c;
	t->s[t->len] = '\0';
}
void text_addf(struct text *t, const char *fmt, ...) printf_like(2, 3);
/* The string so far; "" when empty. Owned by t, valid until the next add. */
static inline const char *text_str(const struct text *t)
{
	return t->s ? t->s : "";
}
/* Hand the string (never NULL) to the caller; t is empty afterwards. */
char *text_take(struct text *t);

/*
 * Copy s with control characters (C0, DEL, C1 in UTF-8) shown as \xNN, so that
 * what a stranger sent cannot steer a terminal. Caller frees.
 */
char *text_printable(const char *s, size_t n);

/*
 * The word of list (NULL-terminated) nearest to s by edit distance, or NULL if
 * none is near enough to be meant ("did you mean").
 */
const char *text_nearest(const char *s, const char *const *list);

/*
 * Columns on a terminal that n bytes of UTF-8 take (East Asian wide = 2),
 * without a locale. Bytes that are not UTF-8 count one.
 */
int text_columns(const char *s, size_t n);

#endif
