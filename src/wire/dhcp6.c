// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/dhcp6.h"

#include <ctype.h>
#include <errno.h>

enum { O_CLIENTID = 1, O_SERVERID = 2, O_ORO = 6, O_ELAPSED = 8, O_STATUS = 13, O_DNS = 23,
	O_SEARCH = 24, O_IA_PD = 25, O_IAPREFIX = 26, O_AFTR = 64,
	O_S46_RULE = 89, O_S46_BR = 90, O_S46_PORTS = 93, O_S46_MAPE = 94, O_S46_MAPT = 95,
	O_S46_LW = 96, DUID_LLT = 1, HW_ETHER = 1, DEPTH_MAX = 4 };

int dns_name_text(struct rd *r, char *buf, size_t n)
{
	size_t k = 0;

	for (;;) {
		uint8_t len = rd_u8(r);
		const uint8_t *p;

		if (!rd_ok(r) || len > 63)
			return -EBADMSG;
		if (!len)
			break;
		p = rd_bytes(r, len);
		if (!p || k + len + 2 > n)
			return -EBADMSG;
		if (k)
			buf[k++] = '.';
		for (uint8_t i = 0; i < len; i++)
			buf[k++] = isalnum(p[i]) || p[i] == '-' || p[i] == '_'
					   ? (char)p[i] : '?';
	}
	if (!n)
		return -EBADMSG;
	buf[k] = '\0';
	return 0;
}

static void question(struct wr *w, unsigned type, uint32_t xid,
	const struct mac *mac)
{
	static const uint16_t wanted[] = {O_DNS, O_SEARCH, O_AFTR, O_S46_MAPE,
		O_S46_MAPT, O_S46_LW};

	wr_be32(w, (uint32_t)type << 24 | (xid & 0xffffff));
	wr_be16(w, O_CLIENTID);
	wr_be16(w, 10);
	wr_be16(w, DHCP6_DUID_LL); /* what NTT's NGN expects */
	wr_be16(w, HW_ETHER);
	wr_copy(w, mac->b, 6);
	wr_be16(w, O_ORO);
	wr_be16(w, sizeof(wanted));
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		wr_be16(w, wanted[i]);
	wr_be16(w, O_ELAPSED);
	wr_be16(w, 2);
	wr_be16(w, 0);
}

int dhcp6_inform(struct wr *w, uint32_t xid, const struct mac *mac)
{
	question(w, DHCP6_INFORM, xid, mac);
	return wr_ok(w) ? 0 : -EMSGSIZE;
}

int dhcp6_solicit(struct wr *w, uint32_t xid, const struct mac *mac)
{
	question(w, DHCP6_SOLICIT, xid, mac);
	wr_be16(w, O_IA_PD);
	wr_be16(w, 12);
	wr_be32(w, 1);
	wr_be32(w, 0);
	wr_be32(w, 0);
	return wr_ok(w) ? 0 : -EMSGSIZE;
}

static void ports(struct rd *r, struct dhcp6_s46_rule *rule)
{
	rule->offset = rd_u8(r);
	rule->psid_len = rd_u8(r);
	rule->psid = rd_be16(r);
	rule->has_ports = rd_ok(r) && rule->offset <= 15 &&
			  rule->psid_len <= 16 - rule->offset;
	/* the PSID stands in the left bits of its field (RFC 7598 4.5) */
	if (rule->has_ports)
		rule->psid = rule->psid_len
			? (uint16_t)(rule->psid >> (16 - rule->psid_len)) : 0;
}

static void options(struct rd *r, struct dhcp6_answer *a, int depth,
	struct dhcp6_s46_rule *inside);

static void rule(struct rd *r, struct dhcp6_answer *a, int depth)
{
	struct dhcp6_s46_rule k = {0};
	uint8_t p6[16] = {0};

	rd_skip(r, 1); /* flags */
	k.ea_len = rd_u8(r);
	k.prefix4_len = rd_u8(r);
	rd_copy(r, k.prefix4.b + 12, 4);
	k.prefix6_len = rd_u8(r);
	if (!rd_ok(r) || k.prefix4_len > 32 || k.prefix6_len > 128)
		return;
	rd_copy(r, p6, (size_t)(k.prefix6_len + 7) / 8);
	memcpy(k.prefix6.b, p6, 16);
	options(r, a, depth + 1, &k);
	if (a->rule_n < DHCP6_RULES_MAX)
		a->rule[a->rule_n++] = k;
}

static void ia_prefix(struct rd *r, struct dhcp6_answer *a)
{
	uint32_t valid;
	uint8_t len;
	struct addr p;

	rd_skip(r, 4);
	valid = rd_be32(r);
	len = rd_u8(r);
	rd_copy(r, p.b, 16);
	if (!rd_ok(r) || len > 128 || a->has_prefix)
		return;
	a->has_prefix = true;
	a->prefix = p;
	a->prefix_len = len;
	a->valid_s = valid;
}

static void server_id(struct rd *r, struct dhcp6_answer *a)
{
	uint16_t type = rd_be16(r), hw = rd_be16(r);
	struct mac m;

	if (!rd_ok(r))
		return;
	a->duid_type = type;
	if (type == DUID_LLT)
		rd_skip(r, 4);
	rd_copy(r, m.b, 6);
	if (!rd_ok(r) || hw != HW_ETHER ||
		(type != DHCP6_DUID_LL && type != DUID_LLT))
		return;
	a->has_server_mac = true;
	a->server_mac = m;
}

static void one_option(unsigned code, struct rd *r, struct dhcp6_answer *a,
	int depth, struct dhcp6_s46_rule *inside)
{
	switch (code) {
	case O_SERVERID:
		server_id(r, a);
		break;
	case O_S46_BR:
		a->has_br = rd_left(r) >= 16;
		rd_copy(r, a->br.b, 16);
		break;
	case O_IA_PD:
		rd_skip(r, 12);
		options(r, a, depth + 1, NULL);
		break;
	case O_IAPREFIX:
		ia_prefix(r, a);
		break;
	case O_STATUS:
		a->status = rd_be16(r);
		break;
	case O_DNS:
		while (rd_left(r) >= 16 && a->dns_n < DHCP6_DNS_MAX)
			rd_copy(r, a->dns[a->dns_n++].b, 16);
		break;
	case O_SEARCH:
		if (dns_name_text(r, a->search, sizeof(a->search)))
			a->search[0] = '\0';
		break;
	case O_AFTR:
		if (dns_name_text(r, a->aftr, sizeof(a->aftr)))
			a->aftr[0] = '\0';
		break;
	case O_S46_MAPE:
	case O_S46_MAPT:
	case O_S46_LW:
		a->mape |= code == O_S46_MAPE;
		a->mapt |= code == O_S46_MAPT;
		a->lw4o6 |= code == O_S46_LW;
		options(r, a, depth + 1, NULL);
		break;
	case O_S46_RULE:
		rule(r, a, depth);
		break;
	case O_S46_PORTS:
		if (inside)
			ports(r, inside);
		break;
	}
}

static void options(struct rd *r, struct dhcp6_answer *a, int depth,
	struct dhcp6_s46_rule *inside)
{
	while (depth < DEPTH_MAX && rd_left(r) >= 4) {
		unsigned code = rd_be16(r);
		struct rd body = rd_sub(r, rd_be16(r));

		if (!rd_ok(&body))
			return;
		one_option(code, &body, a, depth, inside);
	}
}

int dhcp6_parse(const uint8_t *p, size_t n, struct dhcp6_answer *ret)
{
	struct rd r = rd_of(p, n);
	struct dhcp6_answer a = {0};
	uint32_t head = rd_be32(&r);

	a.type = (uint8_t)(head >> 24);
	a.xid = head & 0xffffff;
	if (!rd_ok(&r) || (a.type != DHCP6_ADVERTISE && a.type != DHCP6_REPLY))
		return -EBADMSG;
	options(&r, &a, 0, NULL);
	*ret = a;
	return 0;
}
