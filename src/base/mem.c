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

/* ---- drafts ---- */

enum { ALIGN = 16 };

char *mem_block;
static char *draft_at; /* NULL: no draft now */
static char *draft_last;

/* AddressSanitizer sees into the heap only. */
#if defined(__SANITIZE_ADDRESS__)
enum { DRAFTS = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { DRAFTS = 0 };
#else
enum { DRAFTS = 1 };
#endif
#else
enum { DRAFTS = 1 };
#endif

void mem_draft(void)
{
	if (!DRAFTS)
		return;
	if (!mem_block)
		mem_block = check(malloc(MEM_BLOCK));
	draft_at = mem_block;
	draft_last = NULL;
}

void mem_draft_end(void)
{
	draft_at = NULL;
}

static size_t whole(size_t n)
{
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* In front of each piece stands its length. NULL: no draft, or it is full. */
static void *draft_take(size_t n)
{
	size_t left;

	if (!draft_at)
		return NULL;
	left = (size_t)(mem_block + MEM_BLOCK - draft_at);
	if (left < ALIGN || n > left - ALIGN)
		return NULL;
	memcpy(draft_at, &n, sizeof(n));
	draft_last = draft_at + ALIGN;
	draft_at = draft_last + MIN2(whole(n), left - ALIGN);
	return draft_last;
}

static bool drafted(const void *p)
{
	return mem_block && (uintptr_t)p - (uintptr_t)mem_block < MEM_BLOCK;
}

/* The last piece grows where it stands. */
static void *draft_grow(char *p, size_t n)
{
	size_t had;
	void *to;

	memcpy(&had, p - ALIGN, sizeof(had));
	if (p == draft_last && draft_at &&
		n <= (size_t)(mem_block + MEM_BLOCK - p) - ALIGN) {
		memcpy(p - ALIGN, &n, sizeof(n));
		draft_at = p + whole(n);
		return p;
	}
	to = xmalloc(n);
	memcpy(to, p, MIN2(had, n));
	return to;
}

/* ---- */

void *xmalloc(size_t n)
{
	void *p = draft_take(n ? n : 1);

	return p ? p : check(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
	size_t all;
	void *p = NULL;

	if (draft_at && !__builtin_mul_overflow(n, size, &all) && all)
		p = draft_take(all);
	if (p)
		return memset(p, 0, all);
	return check(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n)
{
	if (!p)
		return xmalloc(n);
	return drafted(p) ? draft_grow(p, n ? n : 1)
			  : check(realloc(p, n ? n : 1));
}

char *xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xmalloc(n), s, n);
}

char *xasprintf(const char *fmt, ...)
{
	char small[256], *s;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(small))
		return memcpy(xmalloc((size_t)n + 1), small, (size_t)n + 1);
	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return check(n < 0 ? NULL : s);
}

void *grow_(void *array, size_t *n, size_t *cap, size_t size)
{
	size_t all;

	if (*n == *cap) {
		/* few of what is large: most lists stay short */
		*cap = *cap ? *cap * 2 : size > 64 ? 2 : 8;
		if (__builtin_mul_overflow(*cap, size, &all))
			abort();
		array = xrealloc(array, all);
	}
	(*n)++;
	return array;
}
