/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet II header, with at most two VLAN tags skipped on reading. */
#ifndef KADOMORI_WIRE_ETH_H
#define KADOMORI_WIRE_ETH_H

#include "base/addr.h"
#include "base/rd.h"

enum { ETH_HEAD_LEN = 14 };
enum { ETHTYPE_IP4 = 0x0800, ETHTYPE_ARP = 0x0806, ETHTYPE_VLAN = 0x8100,
	ETHTYPE_QINQ = 0x88a8, ETHTYPE_IP6 = 0x86dd, ETHTYPE_PPPOE_DISC = 0x8863,
	ETHTYPE_PPPOE_SESS = 0x8864 };

struct eth_head {
	struct mac dst, src;
	uint16_t type;	/* of the content, behind the tags */
	uint16_t vlan;	/* outermost id, 0: untagged (never built) */
};

/* r stands at the content afterwards. 0 or -EBADMSG. */
int eth_parse(struct rd *r, struct eth_head *ret);
void eth_build(struct wr *w, const struct eth_head *h);

#endif
