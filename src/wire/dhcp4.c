// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/dhcp4.h"

#include <errno.h>

enum { MAGIC = 0x63825363, FIXED = 236, O_PAD = 0, O_MASK = 1, O_ROUTER = 3,
	O_DNS = 6, O_DOMAIN = 15, O_MTU = 26, O_LEASE = 51, O_TYPE = 53, O_SERVER = 54, O_WANT = 55,
	O_END = 255 };

int dhcp4_discover(struct wr *w, uint32_t xid, const struct mac *mac)
{
	uint8_t *h = wr_room(w, FIXED);

	if (!h)
		return -EMSGSIZE;
	h[0] = 1; /* request */
	h[1] = 1; /* Ethernet */
	h[2] = 6;
	put_be32(h + 4, xid);
	put_be16(h + 10, 0x8000);
	memcpy(h + 28, mac->b, 6);
	wr_be32(w, MAGIC);
	wr_copy(w, (const uint8_t[]){O_TYPE, 1, DHCP4_DISCOVER, O_WANT, 5,
		O_MASK, O_ROUTER, O_DNS, O_DOMAIN, O_MTU, O_END}, 11);
	return wr_ok(w) ? 0 : -EMSGSIZE;
}

static bool take_addr(struct rd *r, struct addr *ret)
{
	struct addr a = {{0}};

	rd_copy(r, a.b + 12, 4);
	if (!rd_ok(r))
		return false;
	*ret = a;
	return true;
}

static void take_name(struct rd *r, char name[DHCP4_NAME_MAX])
{
	size_t n = 0;

	while (rd_left(r) && n < DHCP4_NAME_MAX - 1) {
		uint8_t c = rd_u8(r);

		name[n++] = c > 0x20 && c < 0x7f ? (char)c : '?';
	}
	name[n] = '\0';
}

static void option(uint8_t code, struct rd *r, struct dhcp4_offer *o)
{
	switch (code) {
	case O_TYPE:   o->type = rd_u8(r); break;
	case O_MASK:   o->has_mask = take_addr(r, &o->mask); break;
	case O_ROUTER: o->has_router = take_addr(r, &o->router); break;
	case O_DNS:    o->has_dns = take_addr(r, &o->dns); break;
	case O_SERVER: (void)take_addr(r, &o->server); break;
	case O_DOMAIN: take_name(r, o->domain); break;
	case O_MTU:    o->mtu = rd_be16(r); break;
	case O_LEASE:  o->lease_s = rd_be32(r); break;
	default: break;
	}
}

int dhcp4_parse(const uint8_t *p, size_t n, struct dhcp4_offer *ret)
{
	struct rd r = rd_of(p, n);
	struct dhcp4_offer o = {0};

	if (rd_u8(&r) != 2)
		return -EBADMSG;
	rd_skip(&r, 3);
	o.xid = rd_be32(&r);
	rd_skip(&r, 8);
	rd_copy(&r, o.yours.b + 12, 4);
	rd_skip(&r, FIXED - 20);
	if (rd_be32(&r) != MAGIC || !rd_ok(&r))
		return -EBADMSG;
	while (rd_left(&r)) {
		uint8_t code = rd_u8(&r);
		struct rd body;

		if (code == O_END)
			break;
		if (code == O_PAD)
			continue;
		body = rd_sub(&r, rd_u8(&r));
		if (!rd_ok(&body))
			break;
		option(code, &body, &o);
	}
	if (o.type != DHCP4_OFFER)
		return -EBADMSG;
	*ret = o;
	return 0;
}
