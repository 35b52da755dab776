// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/pppoe.h"

#include <errno.h>

enum { VER_TYPE = 0x11, T_END = 0, T_SERVICE = 0x0101, T_AC_NAME = 0x0102,
	T_HOST_UNIQ = 0x0103 };

int pppoe_padi(struct wr *w, uint32_t host_uniq)
{
	wr_u8(w, VER_TYPE);
	wr_u8(w, PPPOE_PADI);
	wr_be16(w, 0);
	wr_be16(w, 12);
	wr_be16(w, T_SERVICE);
	wr_be16(w, 0);
	wr_be16(w, T_HOST_UNIQ);
	wr_be16(w, 4);
	wr_be32(w, host_uniq);
	return wr_ok(w) ? 0 : -EMSGSIZE;
}

static void copy_name(struct rd *r, char name[PPPOE_NAME_MAX])
{
	size_t n = 0;

	while (rd_left(r) && n < PPPOE_NAME_MAX - 1) {
		uint8_t c = rd_u8(r);

		name[n++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	name[n] = '\0';
}

int pppoe_pado(const uint8_t *p, size_t n, uint32_t host_uniq,
	char name[PPPOE_NAME_MAX])
{
	struct rd r = rd_of(p, n), tags;
	bool ours = false;

	name[0] = '\0';
	if (rd_u8(&r) != VER_TYPE || rd_u8(&r) != PPPOE_PADO)
		return -EBADMSG;
	rd_skip(&r, 2);
	tags = rd_sub(&r, rd_be16(&r));
	while (rd_left(&tags) >= 4) {
		uint16_t type = rd_be16(&tags);
		struct rd body = rd_sub(&tags, rd_be16(&tags));

		if (!rd_ok(&body) || type == T_END)
			break;
		if (type == T_AC_NAME)
			copy_name(&body, name);
		else if (type == T_HOST_UNIQ)
			ours = rd_left(&body) == 4 && rd_be32(&body) == host_uniq;
	}
	return ours ? 0 : -EBADMSG;
}
