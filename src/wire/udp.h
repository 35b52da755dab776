/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP (RFC 768); the checksum needs the IP addresses, see wire/sum.h. */
#ifndef KADOMORI_WIRE_UDP_H
#define KADOMORI_WIRE_UDP_H

#include "base/addr.h"
#include "base/rd.h"

enum { UDP_HEAD_LEN = 8 };

struct udp_head {
	uint16_t sport, dport, len, sum;
};

/* r is narrowed to the datagram and stands at its data. 0 or -EBADMSG. */
int udp_parse(struct rd *r, struct udp_head *ret);
/*
 * Header and n bytes of data with the checksum filled in. 0, or -EMSGSIZE when
 * w has no room or n does not fit.
 */
int udp_build(struct wr *w, enum family fam, const struct addr *src,
	const struct addr *dst, uint16_t sport, uint16_t dport,
	const void *data, size_t n);

#endif
