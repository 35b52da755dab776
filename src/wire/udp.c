/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/udp.h"

#include <errno.h>
#include "wire/sum.h"

enum { UDP = 17, AT_SUM = 6 };

int udp_parse(struct rd *r, struct udp_head *ret)
{
	struct udp_head h = {0};

	h.sport = rd_be16(r);
	h.dport = rd_be16(r);
	h.len = rd_be16(r);
	h.sum = rd_be16(r);
	if (!rd_ok(r) || h.len < UDP_HEAD_LEN ||
		(size_t)h.len - UDP_HEAD_LEN > rd_left(r))
		return -EBADMSG;
	*r = rd_sub(r, (size_t)h.len - UDP_HEAD_LEN);
	*ret = h;
	return 0;
}

int udp_build(struct wr *w, enum family fam, const struct addr *src,
	const struct addr *dst, uint16_t sport, uint16_t dport,
	const void *data, size_t n)
{
	uint8_t *start = w->p;

	if (n > 0xffff - UDP_HEAD_LEN)
		return -EMSGSIZE;
	wr_be16(w, sport);
	wr_be16(w, dport);
	wr_be16(w, (uint16_t)(n + UDP_HEAD_LEN));
	wr_be16(w, 0);
	wr_copy(w, data, n);
	if (!wr_ok(w))
		return -EMSGSIZE;
	sum_put(start, n + UDP_HEAD_LEN, AT_SUM, fam, src, dst, UDP);
	return 0;
}
