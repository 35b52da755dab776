/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/sum.h"

#include "base/rd.h"

enum { UDP = 17 };

uint32_t sum_add(uint32_t sum, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t s = sum;

	for (; n >= 2; n -= 2, b += 2)
		s += (uint32_t)b[0] << 8 | b[1];
	if (n)
		s += (uint32_t)b[0] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint32_t)s;
}

uint32_t sum_pseudo(enum family fam, const struct addr *src,
	const struct addr *dst, uint8_t proto, uint32_t len)
{
	size_t off = fam == FAM_4 ? 12 : 0;
	uint8_t tail[8] = {0};
	uint32_t s;

	put_be32(tail, len);
	tail[7] = proto;
	s = sum_add(0, src->b + off, 16 - off);
	s = sum_add(s, dst->b + off, 16 - off);
	return sum_add(s, tail, sizeof(tail));
}

uint16_t sum_finish(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void sum_put(uint8_t *p, size_t n, size_t at, enum family fam,
	const struct addr *src, const struct addr *dst, uint8_t proto)
{
	uint16_t v = sum_finish(sum_add(
		sum_pseudo(fam, src, dst, proto, (uint32_t)n), p, n));

	if (at + 2 <= n)
		put_be16(p + at, v == 0 && proto == UDP ? 0xffff : v);
}

bool sum_good(const uint8_t *p, size_t n, enum family fam,
	const struct addr *src, const struct addr *dst, uint8_t proto)
{
	return sum_finish(sum_add(
		sum_pseudo(fam, src, dst, proto, (uint32_t)n), p, n)) == 0;
}
