/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base: what every room may use. No room's opinion lives here.
 *
 * This header gathers the small macros; the nouns have headers of their own:
 * rd.h (byte cursor), text.h (growing string), addr.h (addresses, prefixes,
 * masks), hash.h (keyed hash), clock.h, log.h, fs.h, arena.h.
 */
#ifndef KADOMORI_BASE_H
#define KADOMORI_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN2(a, b) ((a) < (b) ? (a) : (b))
#define MAX2(a, b) ((a) > (b) ? (a) : (b))

/* cleanup(fn): call fn(&variable) when the variable leaves its scope. */
#define cleanup(fn) __attribute__((cleanup(fn)))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define must_use __attribute__((warn_unused_result))

/*
 * A draft: from mem_draft() to mem_draft_end() the functions below take from one
 * block that is used again and again, as far as it reaches, and free() of what
 * lies in it costs nothing: for work that makes and drops thousands of small things
 * many times over. What was made in a draft is gone with the next. Not nested,
 * and only where no other thread is at work.
 */
void mem_draft(void);
void mem_draft_end(void);
extern char *mem_block;	/* where drafts are, NULL: there were none */
enum { MEM_BLOCK = 2 << 20 };

static inline void mem_free(void *p)
{
	if (!mem_block || (uintptr_t)p - (uintptr_t)mem_block >= MEM_BLOCK)
		free(p);
}
#define free(p) mem_free(p)

static inline void freep(void *p)
{
	free(*(void **)p);
}

/* take(p): hand ownership on; p is NULL afterwards, so cleanup frees nothing. */
#define take(p)                                                                \
	__extension__({                                                        \
		__typeof__(p) taken_ = (p);                                    \
		(p) = NULL;                                                    \
		taken_;                                                        \
	})

/*
 * Memory: a gateway that cannot get a few hundred bytes has no sensible way
 * on; these end the process with a message. The gate stays as the kernel has
 * it (see ARCHITECTURE.md, "fails closed"). Data that a stranger can grow
 * never goes through here without a limit of its own.
 */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) printf_like(1, 2);

/*
 * GROW(array, n, cap): make room for one more element; returns its address.
 * The new element is zeroed and n is raised.
 */
void *grow_(void *array, size_t *n, size_t *cap, size_t size);
#define GROW(a, n, cap)                                                        \
	((a) = grow_((a), &(n), &(cap), sizeof(*(a))),                         \
		memset(&(a)[(n)-1], 0, sizeof(*(a))), &(a)[(n)-1])

#endif
