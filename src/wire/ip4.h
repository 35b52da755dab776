/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 header (RFC 791). Addresses are struct addr of FAM_4. */
#ifndef KADOMORI_WIRE_IP4_H
#define KADOMORI_WIRE_IP4_H

#include "base/addr.h"
#include "base/rd.h"

enum { IP4_HEAD_LEN = 20 };

struct ip4_head {
	uint8_t tos, ttl, proto;
	uint16_t len;	   /* of the whole packet */
	uint16_t id;
	bool df, mf;
	uint16_t frag_off; /* bytes, a multiple of 8 */
	uint8_t head_len;  /* bytes, with options */
	struct addr src, dst;
};

/*
 * r is narrowed to the packet's own length (Ethernet padding goes) and stands
 * behind the options afterwards. The header's checksum is checked.
 * 0 or -EBADMSG.
 */
int ip4_parse(struct rd *r, struct ip4_head *ret);
/* The same of a packet of which only the beginning is at hand (nflog's snaplen):
 * r then ends where that ends. */
int ip4_parse_cut(struct rd *r, struct ip4_head *ret);
/* A header without options; head_len is not read. Checksum filled in. */
void ip4_build(struct wr *w, const struct ip4_head *h);
static inline bool ip4_is_fragment(const struct ip4_head *h)
{
	return h->mf || h->frag_off;
}

#endif
