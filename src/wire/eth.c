/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/eth.h"

#include <errno.h>

int eth_parse(struct rd *r, struct eth_head *ret)
{
	struct eth_head h = {0};

	rd_copy(r, h.dst.b, 6);
	rd_copy(r, h.src.b, 6);
	h.type = rd_be16(r);
	for (int i = 0; i < 2 && (h.type == ETHTYPE_VLAN ||
				   h.type == ETHTYPE_QINQ); i++) {
		uint16_t id = rd_be16(r) & 0xfff;

		if (i == 0)
			h.vlan = id;
		h.type = rd_be16(r);
	}
	if (!rd_ok(r))
		return -EBADMSG;
	*ret = h;
	return 0;
}

void eth_build(struct wr *w, const struct eth_head *h)
{
	wr_copy(w, h->dst.b, 6);
	wr_copy(w, h->src.b, 6);
	wr_be16(w, h->type);
}
