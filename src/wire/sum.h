/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Internet checksum (RFC 1071) and the pseudo headers of IPv4 (RFC 768,
 * 9293) and IPv6 (RFC 8200 8.1). A running sum is a plain number: start with
 * 0, add, finish. Only the last piece may have an odd length.
 */
#ifndef KADOMORI_WIRE_SUM_H
#define KADOMORI_WIRE_SUM_H

#include "base/addr.h"

uint32_t sum_add(uint32_t sum, const void *p, size_t n);
uint32_t sum_pseudo(enum family fam, const struct addr *src,
	const struct addr *dst, uint8_t proto, uint32_t len);
/* The value for the checksum field; over a whole correct packet it is 0. */
uint16_t sum_finish(uint32_t sum);
/*
 * Fill in the checksum at p[at..at+1] of an upper-layer packet of n bytes whose
 * field is zero now. UDP's 0 becomes ffff.
 */
void sum_put(uint8_t *p, size_t n, size_t at, enum family fam,
	const struct addr *src, const struct addr *dst, uint8_t proto);
/* The upper-layer packet's checksum holds. */
bool sum_good(const uint8_t *p, size_t n, enum family fam,
	const struct addr *src, const struct addr *dst, uint8_t proto);

#endif
