/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/ip4.h"

#include <errno.h>
#include "wire/sum.h"

enum { DF = 0x4000, MF = 0x2000, OFF = 0x1fff };

static struct addr addr4(struct rd *r)
{
	return addr_from4(rd_be32(r));
}

static int parse(struct rd *r, bool cut, struct ip4_head *ret)
{
	struct rd whole = *r;
	struct ip4_head h = {0};
	const uint8_t *start = r->p;
	uint8_t ver = rd_u8(r);
	uint16_t frag;

	h.head_len = (uint8_t)((ver & 15) * 4);
	h.tos = rd_u8(r);
	h.len = rd_be16(r);
	h.id = rd_be16(r);
	frag = rd_be16(r);
	h.df = frag & DF;
	h.mf = frag & MF;
	h.frag_off = (uint16_t)((frag & OFF) * 8);
	h.ttl = rd_u8(r);
	h.proto = rd_u8(r);
	rd_skip(r, 2);
	h.src = addr4(r);
	h.dst = addr4(r);
	if (!rd_ok(r) || ver >> 4 != 4 || h.head_len < IP4_HEAD_LEN ||
		h.len < h.head_len || (!cut && h.len > rd_left(&whole)))
		return -EBADMSG;
	if (sum_finish(sum_add(0, start, h.head_len)) != 0)
		return -EBADMSG;
	*r = rd_sub(&whole, MIN2((size_t)h.len, rd_left(&whole)));
	rd_skip(r, h.head_len);
	*ret = h;
	return 0;
}

int ip4_parse(struct rd *r, struct ip4_head *ret)
{
	return parse(r, false, ret);
}

int ip4_parse_cut(struct rd *r, struct ip4_head *ret)
{
	return parse(r, true, ret);
}

void ip4_build(struct wr *w, const struct ip4_head *h)
{
	uint8_t *p = wr_room(w, IP4_HEAD_LEN);

	if (!p)
		return;
	p[0] = 0x45;
	p[1] = h->tos;
	put_be16(p + 2, h->len);
	put_be16(p + 4, h->id);
	put_be16(p + 6, (uint16_t)((h->df ? DF : 0) | (h->mf ? MF : 0) |
				   h->frag_off / 8));
	p[8] = h->ttl;
	p[9] = h->proto;
	memcpy(p + 12, h->src.b + 12, 4);
	memcpy(p + 16, h->dst.b + 12, 4);
	put_be16(p + 10, sum_finish(sum_add(0, p, IP4_HEAD_LEN)));
}
