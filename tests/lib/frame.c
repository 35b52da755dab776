// SPDX-License-Identifier: GPL-2.0-or-later
#include "frame.h"
#include "base/base.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/sum.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAG_UNIT = 1024 }; /* bytes of payload in the first fragment */

struct bytes {
	uint8_t v[FRAME_MAX];
	size_t n;
};

static void put(struct bytes *b, const void *p, size_t n)
{
	if (b->n + n > sizeof(b->v))
		abort();
	memcpy(b->v + b->n, p, n);
	b->n += n;
}

static void put8(struct bytes *b, unsigned v)
{
	uint8_t x = (uint8_t)v;

	put(b, &x, 1);
}

static void put16(struct bytes *b, unsigned v)
{
	put8(b, v >> 8);
	put8(b, v & 0xff);
}

static void put32(struct bytes *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b, v & 0xffff);
}

static void put_addr(struct bytes *b, enum family fam, const struct addr *a)
{
	put(b, fam == FAM_4 ? a->b + 12 : a->b, fam == FAM_4 ? 4 : 16);
}

static void put_mark(struct bytes *b, uint64_t mark)
{
	char s[FRAME_MARK_LEN + 1];

	snprintf(s, sizeof(s), "kd%014llx", (unsigned long long)mark);
	put(b, s, FRAME_MARK_LEN);
}

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

uint64_t frame_mark(const uint8_t *buf, size_t len)
{
	const uint8_t *end = buf + len, *p = buf;
	uint64_t mark;
	size_t k;

	for (; (p = memmem(p, (size_t)(end - p), "kd", 2)); p += 2) {
		if (end - p < FRAME_MARK_LEN)
			return 0;
		mark = 0;
		for (k = 2; k < FRAME_MARK_LEN && digit(p[k]) >= 0; k++)
			mark = mark << 4 | (uint64_t)digit(p[k]);
		if (k == FRAME_MARK_LEN)
			return mark;
	}
	return 0;
}

struct packet frame_reverse(const struct packet *p)
{
	struct packet r = *p;

	r.in = p->out;
	r.out = p->in;
	r.src = p->dst;
	r.dst = p->src;
	r.sport = p->dport;
	r.dport = p->sport;
	return r;
}

static void udp(struct bytes *b, const struct packet *p, size_t pad)
{
	put16(b, p->sport);
	put16(b, p->dport);
	put16(b, (unsigned)(8 + pad + FRAME_MARK_LEN));
	put16(b, 0);
}

static void tcp(struct bytes *b, const struct packet *p)
{
	put16(b, p->sport);
	put16(b, p->dport);
	put32(b, 1000);
	put32(b, p->tcp_flags & TCP_ACK ? 1 : 0);
	put16(b, 0x5000u | p->tcp_flags);
	put16(b, 65535);
	put32(b, 0);
}

/* IP header and eight bytes of the packet that an error speaks of. */
static void quote(struct bytes *b, const struct packet *q)
{
	if (q->fam == FAM_6) {
		put32(b, 0x60000000);
		put16(b, 64);
		put8(b, q->proto);
		put8(b, 63);
	} else {
		put32(b, 0x45000054);
		put32(b, 0);
		put8(b, 63);
		put8(b, q->proto);
		put16(b, 0);
	}
	put_addr(b, q->fam, &q->src);
	put_addr(b, q->fam, &q->dst);
	if (q->fam == FAM_4) { /* its own checksum, over the 20 bytes */
		size_t at = b->n - 20;
		uint16_t s = sum_finish(sum_add(0, b->v + at, 20));

		memcpy(b->v + at + 10, &(uint16_t){htons(s)}, 2);
	}
	if (q->proto == PROTO_ESP) {
		put32(b, q->spi);
		put32(b, 1);
		return;
	}
	put16(b, q->sport);
	put16(b, q->dport);
	put32(b, 0x00480000);
}

static bool is_error(const struct packet *p)
{
	if (p->proto == PROTO_ICMPV6)
		return p->icmp_type < 128;
	return p->icmp_type == 3 || p->icmp_type == 11 || p->icmp_type == 12;
}

static void icmp(struct bytes *b, const struct packet *p,
	const struct packet *q)
{
	put8(b, p->icmp_type);
	put8(b, p->icmp_code);
	put16(b, 0);
	if (is_error(p)) {
		put32(b, 1280);
		if (q)
			quote(b, q);
		return;
	}
	put16(b, 0x6b64); /* identifier of an echo */
	put16(b, 1);
	if (p->proto == PROTO_ICMPV6 && (p->icmp_type == 135 || p->icmp_type == 136))
		put_addr(b, FAM_6, p->icmp_type == 135 ? &p->dst : &p->src);
}

static void upper_head(struct bytes *b, const struct packet *p,
	const struct packet *q, size_t pad)
{
	switch (p->proto) {
	case PROTO_UDP:
	case PROTO_UDPLITE:
		udp(b, p, pad);
		break;
	case PROTO_TCP:
		tcp(b, p);
		break;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		icmp(b, p, q);
		break;
	case PROTO_ESP:
		put32(b, p->spi ? p->spi : 0x1000);
		put32(b, 1);
		break;
	case PROTO_AH:
		put32(b, 0x32040000); /* ESP next, 24 bytes */
		put32(b, p->spi ? p->spi : 0x1000);
		put32(b, 1);
		put32(b, 0);
		put32(b, 0);
		put32(b, 0);
		break;
	case PROTO_SCTP: /* INIT; the wrong CRC is conntrack's to forgive */
		put16(b, p->sport);
		put16(b, p->dport);
		put32(b, 0);
		put32(b, 0);
		break;
	default:
		put32(b, 0x3b000000);
		put32(b, 0);
		break;
	}
}

static uint32_t crc32c(const uint8_t *p, size_t n)
{
	uint32_t c = ~0u;

	while (n--) {
		c ^= *p++;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0x82f63b78 : c >> 1;
	}
	return ~c;
}

static void sctp_body(struct bytes *b)
{
	put32(b, 0x01000024); /* INIT chunk, 36 bytes with the mark behind */
	put32(b, 0x11223344);
	put32(b, 65535);
	put32(b, 0x000a000a);
	put32(b, 1);
}

static void checksum(struct bytes *b, const struct packet *p)
{
	uint32_t c;

	switch (p->proto) {
	case PROTO_TCP:
		sum_put(b->v, b->n, 16, p->fam, &p->src, &p->dst, p->proto);
		break;
	case PROTO_UDP:
		sum_put(b->v, b->n, 6, p->fam, &p->src, &p->dst, p->proto);
		break;
	case PROTO_UDPLITE: /* covers all: same sum as UDP */
		sum_put(b->v, b->n, 6, p->fam, &p->src, &p->dst, p->proto);
		break;
	case PROTO_ICMPV6:
		sum_put(b->v, b->n, 2, p->fam, &p->src, &p->dst, p->proto);
		break;
	case PROTO_ICMP:
		c = sum_finish(sum_add(0, b->v, b->n));
		memcpy(b->v + 2, &(uint16_t){htons((uint16_t)c)}, 2);
		break;
	case PROTO_SCTP:
		c = crc32c(b->v, b->n);
		memcpy(b->v + 8, &c, 4);
		break;
	default:
		break;
	}
}

static void upper(struct bytes *b, const struct packet *p,
	const struct packet *q, uint64_t mark)
{
	size_t pad = p->exthdrs & EXT_FRAG ? FRAG_UNIT : 0;

	upper_head(b, p, q, pad);
	if (p->proto == PROTO_SCTP)
		sctp_body(b);
	for (size_t i = 0; i < pad; i++)
		put8(b, 'x');
	put_mark(b, mark);
	checksum(b, p);
}

/* Extension headers in RFC 8200's order; `next` fields are chained. */
static void extensions(struct bytes *b, const struct packet *p, uint8_t *first)
{
	static const struct {
		uint8_t bit, proto;
		uint8_t body[8];
	} rows[] = {
		{EXT_HBH, IP6_HOPOPTS, {0, 0, 1, 4, 0, 0, 0, 0}},
		{EXT_RH0, IP6_ROUTING, {0, 0, 0, 0, 0, 0, 0, 0}},
		{EXT_RH_OTHER, IP6_ROUTING, {0, 0, 2, 0, 0, 0, 0, 0}},
		{EXT_DST, IP6_DSTOPTS, {0, 0, 1, 4, 0, 0, 0, 0}},
	};
	uint8_t *next = first;

	*next = p->proto;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!(p->exthdrs & rows[i].bit))
			continue;
		*next = rows[i].proto;
		put(b, rows[i].body, 8);
		next = b->v + b->n - 8;
		*next = p->proto;
	}
}

static uint8_t hops(const struct packet *p)
{
	bool nd = p->proto == PROTO_ICMPV6 && p->icmp_type >= 133 &&
		  p->icmp_type <= 137;

	return nd ? 255 : 64;
}

static void ip6(struct bytes *b, const struct packet *p, const uint8_t *data,
	size_t n, size_t off, bool more)
{
	struct bytes ext = {.n = 0};
	uint8_t first;
	bool frag = off || more;

	extensions(&ext, p, &first);
	put32(b, 0x60000000);
	put16(b, (unsigned)(ext.n + (frag ? 8 : 0) + n));
	put8(b, frag && !ext.n ? IP6_FRAGMENT : first);
	put8(b, hops(p));
	put_addr(b, FAM_6, &p->src);
	put_addr(b, FAM_6, &p->dst);
	put(b, ext.v, ext.n);
	if (frag) {
		put8(b, p->proto);
		put8(b, 0);
		put16(b, (unsigned)(off | more));
		put32(b, 0x6b646b64);
	}
	put(b, data, n);
}

static void ip4(struct bytes *b, const struct packet *p, const uint8_t *data,
	size_t n, size_t off, bool more)
{
	size_t at = b->n;
	uint16_t s;

	put16(b, 0x4500);
	put16(b, (unsigned)(20 + n));
	put16(b, 0x6b64);
	put16(b, (unsigned)(off / 8 | (more ? 0x2000 : 0)));
	put8(b, 64);
	put8(b, p->proto);
	put16(b, 0);
	put_addr(b, FAM_4, &p->src);
	put_addr(b, FAM_4, &p->dst);
	s = sum_finish(sum_add(0, b->v + at, 20));
	memcpy(b->v + at + 10, &(uint16_t){htons(s)}, 2);
	put(b, data, n);
}

static void one(const struct packet *p, const struct mac *from,
	const struct mac *to, const uint8_t *data, size_t n, size_t off,
	bool more, struct frame *ret)
{
	struct bytes b = {.n = 0};

	put(&b, to->b, 6);
	put(&b, from->b, 6);
	put16(&b, p->fam == FAM_6 ? ETHTYPE_IP6 : ETHTYPE_IP4);
	if (p->fam == FAM_6)
		ip6(&b, p, data, n, off, more);
	else
		ip4(&b, p, data, n, off, more);
	memcpy(ret->buf, b.v, b.n);
	ret->len = b.n;
}

size_t frame_build(const struct packet *p, const struct packet *quoted,
	const struct mac *from, const struct mac *to, uint64_t mark,
	struct frame ret[2])
{
	struct bytes b = {.n = 0};

	upper(&b, p, quoted, mark);
	if (!(p->exthdrs & EXT_FRAG)) {
		one(p, from, to, b.v, b.n, 0, false, &ret[0]);
		return 1;
	}
	one(p, from, to, b.v, 512, 0, true, &ret[0]);
	one(p, from, to, b.v + 512, b.n - 512, 512, false, &ret[1]);
	return 2;
}
