/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 header and its extension headers (RFC 8200). */
#ifndef KADOMORI_WIRE_IP6_H
#define KADOMORI_WIRE_IP6_H

#include "base/addr.h"
#include "base/rd.h"

enum { IP6_HEAD_LEN = 40 };
enum { IP6_HOPOPTS = 0, IP6_ROUTING = 43, IP6_FRAGMENT = 44, IP6_ESP = 50,
	IP6_AH = 51, IP6_NONE = 59, IP6_DSTOPTS = 60, IP6_MOBILITY = 135 };
/* More headers than this and the packet is refused: each costs a look. */
enum { IP6_EXT_MAX = 16 };

struct ip6_head {
	uint8_t tclass, next, hop_limit;
	uint32_t flow;
	uint16_t len;	/* of what follows the fixed header */
	struct addr src, dst;
};

/*
 * r is narrowed to the packet's own length and stands behind the fixed header.
 * 0 or -EBADMSG.
 */
int ip6_parse(struct rd *r, struct ip6_head *ret);
void ip6_build(struct wr *w, const struct ip6_head *h);

enum { IP6_HAS_HOP = 1, IP6_HAS_DST = 2, IP6_HAS_ROUTING = 4,
	IP6_HAS_FRAGMENT = 8, IP6_HAS_AH = 16 };

struct ip6_upper {
	uint8_t proto;	   /* the upper layer's, or IP6_NONE */
	unsigned has;	   /* set of IP6_HAS_ */
	bool mf;
	uint16_t frag_off; /* bytes */
	uint32_t frag_id;
	uint8_t routing_type; /* with IP6_HAS_ROUTING, of the first one */
};

/*
 * Walk the extension headers from next; r stands at the upper layer's first
 * byte, or behind the fragment header where a later fragment's bytes begin.
 * AH is walked through too. 0 or -EBADMSG.
 */
int ip6_walk(struct rd *r, uint8_t next, struct ip6_upper *ret);
static inline bool ip6_is_fragment(const struct ip6_upper *u)
{
	return u->mf || u->frag_off;
}

#endif
