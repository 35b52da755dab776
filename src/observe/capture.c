// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pcap (the classic file, micro- and nanoseconds) and pcapng
 * (draft-ietf-opsawg-pcapng), either byte order. Whole records are waited for
 * in a buffer; one record is CAPTURE_BLOCK_MAX at most.
 */
#include "base/rd.h"
#include "observe/observe.h"

#include <errno.h>

enum {
	PCAP_US = 0xa1b2c3d4, PCAP_NS = 0xa1b23c4d,
	PCAP_HEAD = 24, PCAP_RECORD = 16,
	NG_SECTION = 0x0a0d0d0a, NG_MAGIC = 0x1a2b3c4d,
	NG_INTERFACE = 1, NG_SIMPLE = 3, NG_PACKET = 6, NG_OLD_PACKET = 2,
	NG_OPT_TSRESOL = 9, NG_MIN = 12,
};

struct link {
	uint32_t type, snaplen;
	uint64_t per_s; /* ticks of its clock */
};

struct capture {
	capture_fn fn;
	void *arg;
	uint8_t *buf;
	size_t n, cap;
	int error;
	bool known, ng, swap;	/* swap: little-endian */
	struct link link[CAPTURE_LINKS_MAX];
	size_t link_n;
};

struct capture *capture_new(capture_fn fn, void *arg)
{
	struct capture *c = xcalloc(1, sizeof(*c));

	c->fn = fn;
	c->arg = arg;
	return c;
}

void capture_free(struct capture *c)
{
	if (c)
		free(c->buf);
	free(c);
}

void capture_freep(struct capture **c)
{
	capture_free(*c);
}

static uint32_t u32(const struct capture *c, struct rd *r)
{
	uint32_t v = rd_be32(r);

	return c->swap ? __builtin_bswap32(v) : v;
}

static uint16_t u16(const struct capture *c, struct rd *r)
{
	uint16_t v = rd_be16(r);

	return c->swap ? __builtin_bswap16(v) : v;
}

static int64_t to_ms(uint64_t ticks, uint64_t per_s)
{
	uint64_t s = ticks / per_s, rest = ticks % per_s;

	/* later than the year 9999 is no time */
	if (s > 253402300799u)
		return 0;
	return (int64_t)(s * 1000 + (per_s > UINT64_MAX / 1000
		? rest / (per_s / 1000) : rest * 1000 / per_s));
}

static void frame(struct capture *c, const struct link *l, int64_t ms,
	struct rd *r, size_t n, size_t wire_n)
{
	const uint8_t *p = rd_bytes(r, n);

	if (p)
		c->fn(c->arg, l->type, ms, p, n, MAX2(wire_n, n));
}

/* --- pcap ------------------------------------------------------------------- */

/* Length of the record at r, 0: more is needed, or -EFBIG. */
static int64_t record(struct capture *c, struct rd r)
{
	struct link *l = &c->link[0];
	uint64_t s = u32(c, &r), frac = u32(c, &r);
	uint32_t n = u32(c, &r), wire = u32(c, &r);

	if (!rd_ok(&r))
		return 0;
	if (n > CAPTURE_BLOCK_MAX)
		return -EFBIG;
	if (rd_left(&r) < n)
		return 0;
	frame(c, l, to_ms(s * l->per_s + frac, l->per_s), &r, n, wire);
	return PCAP_RECORD + (int64_t)n;
}

static int64_t file_head(struct capture *c, struct rd r)
{
	struct link *l = &c->link[0];

	if (rd_left(&r) < PCAP_HEAD)
		return 0;
	rd_skip(&r, 16);
	l->snaplen = u32(c, &r);
	l->type = u32(c, &r) & 0x0fffffff; /* above: length of the FCS */
	c->link_n = 1;
	return PCAP_HEAD;
}

/* --- pcapng --------------------------------------------------------------------- */

/* Resolution option: a power of 10, or with the highest bit of 2. */
static uint64_t resolution(uint8_t v)
{
	uint64_t per = 1;
	unsigned n = v & 0x7f;

	if (v & 0x80)
		return n < 63 ? 1ull << n : 0;
	if (n > 18)
		return 0;
	while (n--)
		per *= 10;
	return per;
}

static int interface(struct capture *c, struct rd r)
{
	struct link l = {.per_s = 1000000};

	l.type = u16(c, &r);
	rd_skip(&r, 2);
	l.snaplen = u32(c, &r);
	while (rd_ok(&r) && rd_left(&r) >= 4) {
		uint16_t code = u16(c, &r), len = u16(c, &r);
		struct rd v = rd_sub(&r, len);

		rd_skip(&r, MIN2((4u - len % 4) % 4, rd_left(&r)));
		if (!code)
			break;
		if (code == NG_OPT_TSRESOL && len == 1)
			l.per_s = resolution(rd_u8(&v));
	}
	if (!rd_ok(&r) || !l.per_s || c->link_n >= CAPTURE_LINKS_MAX)
		return -EBADMSG;
	c->link[c->link_n++] = l;
	return 0;
}

static int packet(struct capture *c, struct rd r, bool old)
{
	uint32_t i = old ? u16(c, &r) : u32(c, &r), n, wire;
	uint64_t hi, t;

	if (old)
		rd_skip(&r, 2); /* drops */
	hi = u32(c, &r);
	t = hi << 32 | u32(c, &r);
	n = u32(c, &r);
	wire = u32(c, &r);
	if (!rd_ok(&r) || i >= c->link_n || n > rd_left(&r))
		return -EBADMSG;
	frame(c, &c->link[i], to_ms(t, c->link[i].per_s), &r, n, wire);
	return 0;
}

/* No time is in it. */
static int simple(struct capture *c, struct rd r)
{
	uint32_t wire = u32(c, &r);
	size_t n = MIN2(rd_left(&r), (size_t)wire);

	if (!rd_ok(&r) || !c->link_n)
		return -EBADMSG;
	if (c->link[0].snaplen)
		n = MIN2(n, (size_t)c->link[0].snaplen);
	frame(c, &c->link[0], 0, &r, n, wire);
	return 0;
}

static int block_inside(struct capture *c, uint32_t type, struct rd r)
{
	switch (type) {
	case NG_SECTION:
		c->link_n = 0;
		return 0;
	case NG_INTERFACE:
		return interface(c, r);
	case NG_PACKET:
	case NG_OLD_PACKET:
		return packet(c, r, type == NG_OLD_PACKET);
	case NG_SIMPLE:
		return simple(c, r);
	}
	return 0; /* names, statistics: not ours */
}

/* Length of the block at r, 0: more is needed, or -errno. */
static int64_t block(struct capture *c, struct rd r)
{
	struct rd start = r, inside;
	uint32_t type = rd_be32(&r), len, magic;

	if (rd_left(&start) < NG_MIN)
		return 0;
	if (type == NG_SECTION) {
		struct rd m = r;

		/* each section says its byte order anew */
		rd_skip(&m, 4);
		magic = rd_be32(&m);
		c->swap = magic == __builtin_bswap32(NG_MAGIC);
		if (magic != NG_MAGIC && !c->swap)
			return -EBADMSG;
	} else if (c->swap) {
		type = __builtin_bswap32(type);
	}
	len = u32(c, &r);
	if (len > CAPTURE_BLOCK_MAX)
		return -EFBIG;
	if (len < NG_MIN || len % 4)
		return -EBADMSG;
	if (rd_left(&start) < len)
		return 0;
	inside = rd_sub(&r, len - NG_MIN);
	if (u32(c, &r) != len || block_inside(c, type, inside))
		return -EBADMSG;
	return len;
}

/* --- both ------------------------------------------------------------------------ */

static int64_t recognise(struct capture *c, struct rd r)
{
	uint32_t m = rd_be32(&r);
	uint32_t turned = __builtin_bswap32(m);

	if (!rd_ok(&r))
		return 0;
	c->ng = m == NG_SECTION;
	c->swap = turned == PCAP_US || turned == PCAP_NS;
	if (!c->ng && !c->swap && m != PCAP_US && m != PCAP_NS)
		return -EBADMSG;
	c->link[0].per_s = m == PCAP_NS || turned == PCAP_NS ? 1000000000
							      : 1000000;
	c->known = true;
	return c->ng ? 0 : file_head(c, rd_of(c->buf, c->n));
}

static int64_t step(struct capture *c, struct rd r)
{
	if (!c->known) {
		int64_t used = recognise(c, r);

		if (used || !c->known || !c->ng)
			return used;
	}
	if (c->ng)
		return block(c, r);
	return c->link_n ? record(c, r) : file_head(c, r);
}

int capture_feed(struct capture *c, const uint8_t *p, size_t n)
{
	size_t at = 0;
	int64_t used = 0;

	if (c->error)
		return c->error;
	if (c->n + n > c->cap) {
		c->cap = c->n + n;
		c->buf = xrealloc(c->buf, c->cap);
	}
	if (n)
		memcpy(c->buf + c->n, p, n);
	c->n += n;
	while (at < c->n && (used = step(c, rd_of(c->buf + at, c->n - at))) > 0)
		at += (size_t)used;
	if (used < 0)
		c->error = (int)used;
	c->n -= at;
	if (at && c->n)
		memmove(c->buf, c->buf + at, c->n);
	return c->error;
}

int capture_end(const struct capture *c)
{
	return c->error ? c->error : c->n || !c->known ? -EBADMSG : 0;
}
