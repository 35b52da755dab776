/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbour Discovery (RFC 4861) as frames on Ethernet: what a raw socket
 * hands over and takes. One call judges a frame completely, because a raw
 * socket gets it before the kernel's own checks: hop limit, checksum, code,
 * length, options, no extension header and no fragment (RFC 6980).
 */
#ifndef KADOMORI_WIRE_ND_H
#define KADOMORI_WIRE_ND_H

#include "base/addr.h"
#include "base/rd.h"

enum nd_type { ND_RS = 133, ND_RA = 134, ND_NS = 135, ND_NA = 136,
	ND_REDIRECT = 137 };

/* Why a frame is refused; each is one counter. */
enum nd_verdict {
	ND_GOOD,
	ND_NOT_ND,	/* something else: no matter for counters */
	ND_BAD_SHORT,	/* ends inside the Ethernet or IPv6 header */
	ND_BAD_EXTHDR,	/* ICMPv6 133..137 behind extension headers */
	ND_BAD_FRAGMENT,
	ND_BAD_HOPLIMIT, /* not 255: came from off this link */
	ND_BAD_CODE,
	ND_BAD_LENGTH,	/* shorter than its type's fixed part */
	ND_BAD_SUM,
	ND_BAD_OPTION,	/* length zero or past the end */
	ND_BAD_SOURCE,	/* multicast source, RA or Redirect not link-local */
	ND_BAD_TARGET,	/* multicast target */
	ND_BAD_DAD,	/* from :: without a solicited-node destination, or with
			   a source link-layer option (RFC 4861 7.1.1) */
	ND_BAD_SOLICITED, /* S=1 to a multicast destination (7.1.2) */
};
#define ND_VERDICT_MAX (ND_BAD_SOLICITED + 1)
/* "hoplimit", "checksum", ...: the counter's name. */
const char *nd_verdict_name(enum nd_verdict v);

enum { ND_NONCE_MAX = 16, ND_FRAME_MAX = 1514, ND_OPT_MAX = 64 };
enum { NA_ROUTER = 0x80, NA_SOLICITED = 0x40, NA_OVERRIDE = 0x20 };

struct nd_msg {
	struct mac l2src, l2dst;
	struct addr src, dst;
	enum nd_type type;
	uint8_t flags;		/* NA */
	struct addr target;	/* NS, NA, Redirect */
	bool has_sll, has_tll;
	struct mac sll, tll;
	uint8_t nonce_len;	/* RFC 3971 5.3.2, RFC 7527; 0: none */
	uint8_t nonce[ND_NONCE_MAX];
	const uint8_t *body;	/* the ICMPv6 message inside the frame given */
	size_t body_len;
};

/* Judge a frame. *ret is written only on ND_GOOD and points into frame. */
enum nd_verdict nd_parse(const uint8_t *frame, size_t n, struct nd_msg *ret);

/*
 * The whole frame for an NS or NA (fields used: l2src, l2dst, src, dst, type,
 * flags, target, sll, tll, nonce) into w. 0 or -EMSGSIZE.
 */
int nd_build(struct wr *w, const struct nd_msg *m);

/* Ethernet, IPv6 (hop limit 255) and ICMPv6 around a body of n bytes whose
 * checksum field is zero; checksum filled in. For RS and RA. 0 or -EMSGSIZE. */
int nd_build_body(struct wr *w, const struct mac *l2src,
	const struct mac *l2dst, const struct addr *src,
	const struct addr *dst, const uint8_t *body, size_t n);

extern const struct addr addr_all_nodes, addr_all_routers;
static inline bool addr_is_multicast(const struct addr *a)
{
	return a->b[0] == 0xff;
}
static inline bool addr_is_linklocal(const struct addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}
/* ff02::1:ffXX:XXXX (RFC 4291 2.7.1) */
struct addr addr_solicited_node(const struct addr *a);
/* 33:33 and the last four bytes (RFC 2464 7) */
struct mac mac_of_multicast(const struct addr *a);

#endif
