/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCPv4 (RFC 2131): a DISCOVER that commits nobody, and the OFFER. */
#ifndef KADOMORI_WIRE_DHCP4_H
#define KADOMORI_WIRE_DHCP4_H

#include "base/addr.h"
#include "base/rd.h"

enum { DHCP4_DISCOVER = 1, DHCP4_OFFER = 2, DHCP4_NAME_MAX = 64 };

struct dhcp4_offer {
	uint32_t xid;
	uint8_t type;
	struct addr yours, server, router, mask, dns;
	bool has_router, has_mask, has_dns;
	uint32_t lease_s;
	uint16_t mtu;			/* option 26; 0: not said */
	char domain[DHCP4_NAME_MAX];	/* option 15, printable, or "" */
};

/* UDP payload of a DISCOVER (broadcast flag set). 0 or -EMSGSIZE. */
int dhcp4_discover(struct wr *w, uint32_t xid, const struct mac *mac);
/* UDP payload of an answer. 0 or -EBADMSG (also when it is no OFFER). */
int dhcp4_parse(const uint8_t *p, size_t n, struct dhcp4_offer *ret);

#endif
