/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet in words (struct packet) as bytes that a real kernel takes: right
 * lengths, checksums, hop limits and bodies, so that nothing but the rules can
 * be the reason when it does not arrive. Tests only.
 */
#ifndef KADOMORI_TESTS_FRAME_H
#define KADOMORI_TESTS_FRAME_H

#include "policy/policy.h"

enum { FRAME_MAX = 2048, FRAME_MARK_LEN = 16 };

struct frame {
	uint8_t buf[FRAME_MAX];
	size_t len;
};

/*
 * Build p with Ethernet addresses. The mark stands at the packet's end (an
 * ICMP error quotes `quoted`, if given, before it). EXT_FRAG makes two
 * fragments; so ret has room for two frames. Returns how many were built.
 */
size_t frame_build(const struct packet *p, const struct packet *quoted,
	const struct mac *from, const struct mac *to, uint64_t mark,
	struct frame ret[2]);
/* Which mark is in the frame? 0: none. Translated addresses do not matter. */
uint64_t frame_mark(const uint8_t *buf, size_t len);
/* The packet that answers p. */
struct packet frame_reverse(const struct packet *p);

#endif
