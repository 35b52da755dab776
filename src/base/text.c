// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void text_done(struct text *t)
{
	free(t->s);
	*t = (struct text)TEXT_INIT;
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->s)
		t->s[0] = '\0';
}

static void reserve(struct text *t, size_t more)
{
	size_t need = t->len + more + 1;

	if (need <= t->cap)
		return;
	t->cap = MAX2(need, t->cap ? t->cap * 2 : 64);
	t->s = xrealloc(t->s, t->cap);
}

void text_addn(struct text *t, const char *s, size_t n)
{
	reserve(t, n);
	if (n)
		memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s));
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap, ap2;
	int n;

	va_start(ap, fmt);
	va_copy(ap2, ap);
	n = vsnprintf(t->s ? t->s + t->len : NULL, t->cap - t->len, fmt, ap);
	va_end(ap);
	if (n > 0 && t->cap - t->len <= (size_t)n) {
		reserve(t, (size_t)n);
		vsnprintf(t->s + t->len, (size_t)n + 1, fmt, ap2);
	}
	if (n > 0)
		t->len += (size_t)n;
	va_end(ap2);
}

char *text_take(struct text *t)
{
	char *s = t->s ? t->s : xstrdup("");

	*t = (struct text)TEXT_INIT;
	return s;
}

char *text_printable(const char *s, size_t n)
{
	struct text t = TEXT_INIT;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == 0x7f)
			text_addf(&t, "\\x%02x", c);
		else if (c == 0xc2 && i + 1 < n &&
			(unsigned char)s[i + 1] >= 0x80 &&
			(unsigned char)s[i + 1] < 0xa0)
			text_addf(&t, "\\x%02x", (unsigned char)s[++i]);
		else
			text_addc(&t, (char)c);
	}
	return text_take(&t);
}

/* Levenshtein over two rows; words here are short. */
static unsigned distance(const char *a, const char *b)
{
	enum { WORD_MAX = 64 };
	unsigned row[WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diag = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned up = row[j];
			unsigned best = diag + (a[i - 1] != b[j - 1]);

			best = MIN2(best, up + 1);
			best = MIN2(best, row[j - 1] + 1);
			diag = up;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *text_nearest(const char *s, const char *const *list)
{
	const char *best = NULL;
	unsigned best_d = (unsigned)strlen(s) / 3 + 2;

	for (; *list; list++) {
		unsigned d = distance(s, *list);

		if (d < best_d && d < strlen(*list)) {
			best_d = d;
			best = *list;
		}
	}
	return best;
}

static size_t utf8_next(const char *s, size_t n, uint32_t *cp)
{
	unsigned char c = (unsigned char)s[0];
	size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	*cp = c;
	if (c < 0xc0 || len > n)
		return 1;
	*cp = c & (0xff >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
		*cp = *cp << 6 | ((unsigned char)s[i] & 0x3f);
	}
	return len;
}

static bool wide(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
	       (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	       (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x20000 && c <= 0x3fffd);
}

int text_columns(const char *s, size_t n)
{
	int cols = 0;

	for (size_t i = 0; i < n;) {
		uint32_t cp;

		i += utf8_next(s + i, n - i, &cp);
		cols += wide(cp) ? 2 : 1;
	}
	return cols;
}
