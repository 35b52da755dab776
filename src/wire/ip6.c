/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/ip6.h"

#include <errno.h>

int ip6_parse(struct rd *r, struct ip6_head *ret)
{
	struct ip6_head h = {0};
	uint32_t first = rd_be32(r);

	h.tclass = (uint8_t)(first >> 20);
	h.flow = first & 0xfffff;
	h.len = rd_be16(r);
	h.next = rd_u8(r);
	h.hop_limit = rd_u8(r);
	rd_copy(r, h.src.b, 16);
	rd_copy(r, h.dst.b, 16);
	if (!rd_ok(r) || first >> 28 != 6 || h.len > rd_left(r))
		return -EBADMSG;
	*r = rd_sub(r, h.len);
	*ret = h;
	return 0;
}

void ip6_build(struct wr *w, const struct ip6_head *h)
{
	wr_be32(w, 6u << 28 | (uint32_t)h->tclass << 20 | (h->flow & 0xfffff));
	wr_be16(w, h->len);
	wr_u8(w, h->next);
	wr_u8(w, h->hop_limit);
	wr_copy(w, h->src.b, 16);
	wr_copy(w, h->dst.b, 16);
}

/* Options, routing and AH: next, length in 8 (AH: 4) bytes. */
static uint8_t skip_one(struct rd *r, uint8_t type, struct ip6_upper *u)
{
	uint8_t next = rd_u8(r), len = rd_u8(r);

	if (type == IP6_ROUTING) {
		uint8_t t = rd_u8(r);

		if (!(u->has & IP6_HAS_ROUTING))
			u->routing_type = t;
		rd_skip(r, (size_t)len * 8 + 5);
	} else if (type == IP6_AH) {
		rd_skip(r, ((size_t)len + 2) * 4 - 2);
	} else {
		rd_skip(r, (size_t)len * 8 + 6);
	}
	u->has |= type == IP6_HOPOPTS ? IP6_HAS_HOP :
		  type == IP6_ROUTING ? IP6_HAS_ROUTING :
		  type == IP6_AH      ? IP6_HAS_AH : IP6_HAS_DST;
	return next;
}

static uint8_t skip_fragment(struct rd *r, struct ip6_upper *u)
{
	uint8_t next = rd_u8(r);
	uint16_t off;

	rd_skip(r, 1);
	off = rd_be16(r);
	u->frag_off = off & 0xfff8;
	u->mf = off & 1;
	u->frag_id = rd_be32(r);
	u->has |= IP6_HAS_FRAGMENT;
	return next;
}

int ip6_walk(struct rd *r, uint8_t next, struct ip6_upper *ret)
{
	struct ip6_upper u = {0};

	for (int i = 0; i < IP6_EXT_MAX; i++) {
		switch (next) {
		case IP6_HOPOPTS:
		case IP6_ROUTING:
		case IP6_DSTOPTS:
		case IP6_AH:
			next = skip_one(r, next, &u);
			break;
		case IP6_FRAGMENT:
			next = skip_fragment(r, &u);
			if (u.frag_off) {
				u.proto = next;
				goto out;
			}
			break;
		default:
			u.proto = next;
			goto out;
		}
		if (!rd_ok(r))
			return -EBADMSG;
	}
	return -EBADMSG;
out:
	if (!rd_ok(r))
		return -EBADMSG;
	*ret = u;
	return 0;
}
