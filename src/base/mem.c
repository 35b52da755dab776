// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>

static void *check(void *p)
{
	if (!p) {
		fputs("<0>kadomori: out of memory, stopping; the kernel keeps "
		      "the rules that are loaded\n",
			stderr);
		abort();
	}
	return p;
}

void *xmalloc(size_t n)
{
	return check(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return check(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n)
{
	return check(realloc(p, n ? n : 1));
}

char *xstrndup(const char *s, size_t n)
{
	return check(strndup(s, n));
}

char *xstrdup(const char *s)
{
	return check(strdup(s));
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return check(n < 0 ? NULL : s);
}

void *grow_(void *array, size_t *n, size_t *cap, size_t size)
{
	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 8;
		array = check(reallocarray(array, *cap, size));
	}
	(*n)++;
	return array;
}
