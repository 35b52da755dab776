/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Router Advertisement and Solicitation (RFC 4861 4.1, 4.2) with the options
 * that a home needs: prefix, MTU, link-layer address, route (RFC 4191), RDNSS
 * and DNSSL (RFC 8106). The body only; frames are wire/nd.h's work.
 */
#ifndef KADOMORI_WIRE_RA_H
#define KADOMORI_WIRE_RA_H

#include "base/addr.h"
#include "base/rd.h"

enum { RA_PREFIX_MAX = 8, RA_RDNSS_MAX = 8, RA_ROUTE_MAX = 4,
	RA_DNSSL_MAX = 256, RA_BODY_MAX = 1024 };
enum { RA_MANAGED = 0x80, RA_OTHER = 0x40, RA_HOME = 0x20, RA_PRF = 0x18,
	RA_PROXY = 0x04 /* RFC 4389 4.1.3.3 */ };
enum { PIO_ONLINK = 0x80, PIO_AUTO = 0x40 };
#define RA_INFINITE 0xffffffffu

struct ra_prefix {
	struct addr prefix;
	uint8_t len, flags;
	uint32_t valid_s, preferred_s;
};

struct ra_route {
	struct addr prefix;
	uint8_t len, prf;
	uint32_t lifetime_s;
};

struct ra {
	uint8_t hop_limit, flags;
	uint16_t lifetime_s;
	uint32_t reachable_ms, retrans_ms;
	bool has_sll;
	struct mac sll;
	uint32_t mtu;		/* 0: not said */
	struct ra_prefix prefix[RA_PREFIX_MAX];
	size_t prefix_n;
	struct ra_route route[RA_ROUTE_MAX];
	size_t route_n;
	struct addr rdnss[RA_RDNSS_MAX];
	uint32_t rdnss_s;	/* lifetime of the last RDNSS option seen */
	size_t rdnss_n;
	uint8_t dnssl[RA_DNSSL_MAX]; /* names in DNS form, option padding off */
	size_t dnssl_n;
	uint32_t dnssl_s;
	unsigned dropped;	/* options beyond the limits above */
};

/*
 * From the type byte (134) on. What is more than the limits is counted in
 * dropped, not refused. 0 or -EBADMSG.
 */
int ra_parse(const uint8_t *body, size_t n, struct ra *ret);
/* The body with a zero checksum. 0 or -EMSGSIZE. */
int ra_build(struct wr *w, const struct ra *ra);
/* A solicitation's body; sll may be NULL. 0 or -EMSGSIZE. */
int rs_build(struct wr *w, const struct mac *sll);

#endif
