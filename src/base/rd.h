/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte cursors. A reader past its end is spent: every further read gives 0 and
 * rd_ok() says no, so that a parser reads like the picture in the RFC and has
 * one exit for damage. A writer past its end likewise writes nothing more.
 */
#ifndef KADOMORI_BASE_RD_H
#define KADOMORI_BASE_RD_H

#include "base/base.h"

struct rd {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct rd rd_of(const void *p, size_t n)
{
	return (struct rd){.p = p, .end = (const uint8_t *)p + n};
}
static inline bool rd_ok(const struct rd *r)
{
	return !r->bad;
}
static inline size_t rd_left(const struct rd *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}
/* n bytes in place, or NULL (and the reader is spent). */
static inline const uint8_t *rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || (size_t)(r->end - r->p) < n) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}
static inline void rd_skip(struct rd *r, size_t n)
{
	(void)rd_bytes(r, n);
}
static inline void rd_copy(struct rd *r, void *to, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	if (p)
		memcpy(to, p, n);
	else
		memset(to, 0, n);
}
/* A reader over the next n bytes; this one moves past them. */
static inline struct rd rd_sub(struct rd *r, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	return p ? rd_of(p, n) : (struct rd){.bad = true};
}
static inline uint8_t rd_u8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p ? p[0] : 0;
}
static inline uint16_t rd_be16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}
static inline uint32_t rd_be32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
				  (uint32_t)p[2] << 8 | p[3]
			 : 0;
}
static inline uint64_t rd_be64(struct rd *r)
{
	uint64_t hi = rd_be32(r);

	return hi << 32 | rd_be32(r);
}

struct wr {
	uint8_t *start, *p, *end;
	bool bad;
};

static inline struct wr wr_of(void *p, size_t n)
{
	return (struct wr){.start = p, .p = p, .end = (uint8_t *)p + n};
}
static inline bool wr_ok(const struct wr *w)
{
	return !w->bad;
}
static inline size_t wr_len(const struct wr *w)
{
	return (size_t)(w->p - w->start);
}
/* Room for n bytes, zeroed, or NULL (and the writer is spent). */
static inline uint8_t *wr_room(struct wr *w, size_t n)
{
	uint8_t *p = w->p;

	if (w->bad || (size_t)(w->end - w->p) < n) {
		w->bad = true;
		return NULL;
	}
	memset(p, 0, n);
	w->p += n;
	return p;
}
static inline void wr_copy(struct wr *w, const void *from, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p && n)
		memcpy(p, from, n);
}
static inline void wr_u8(struct wr *w, uint8_t v)
{
	uint8_t *p = wr_room(w, 1);

	if (p)
		p[0] = v;
}
static inline void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}
static inline void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, (uint16_t)(v >> 16));
	put_be16(p + 2, (uint16_t)v);
}
static inline void wr_be16(struct wr *w, uint16_t v)
{
	uint8_t *p = wr_room(w, 2);

	if (p)
		put_be16(p, v);
}
static inline void wr_be32(struct wr *w, uint32_t v)
{
	uint8_t *p = wr_room(w, 4);

	if (p)
		put_be32(p, v);
}
static inline void wr_be64(struct wr *w, uint64_t v)
{
	wr_be32(w, (uint32_t)(v >> 32));
	wr_be32(w, (uint32_t)v);
}

#endif
