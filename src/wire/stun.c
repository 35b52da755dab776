// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/stun.h"

#include <errno.h>

#define MAGIC 0x2112a442u
enum { T_REQUEST = 0x0001, T_SUCCESS = 0x0101, T_ERROR = 0x0111 };
enum { A_MAPPED = 0x0001, A_CHANGE = 0x0003, A_SOURCE = 0x0004,
	A_CHANGED = 0x0005, A_ERROR = 0x0009, A_XOR_MAPPED = 0x0020,
	A_FILL = 0xfffe /* unassigned, optional */, A_ORIGIN = 0x802b, A_OTHER = 0x802c };
enum { F_4 = 1, F_6 = 2, ATTR_HEAD = 4 };

int stun_request(struct wr *w, const uint8_t id[STUN_ID_LEN], unsigned change,
	size_t total)
{
	size_t body = change ? 8 : 0, pad = 0;

	if (total > STUN_HEAD_LEN + body + ATTR_HEAD) {
		pad = (total - STUN_HEAD_LEN - body - ATTR_HEAD) & ~(size_t)3;
		body += ATTR_HEAD + pad;
	}
	if (body > UINT16_MAX)
		return -EMSGSIZE;
	wr_be16(w, T_REQUEST);
	wr_be16(w, (uint16_t)body);
	wr_be32(w, MAGIC);
	wr_copy(w, id, STUN_ID_LEN);
	if (change) {
		wr_be16(w, A_CHANGE);
		wr_be16(w, 4);
		wr_be32(w, change);
	}
	if (pad) {
		wr_be16(w, A_FILL);
		wr_be16(w, (uint16_t)pad);
		(void)wr_room(w, pad);
	}
	return wr_ok(w) ? 0 : -EMSGSIZE;
}

/* RFC 8489 14.1, 14.2; key: the bytes that an XOR form is covered with. */
static void take_addr(struct rd *r, const uint8_t *key, struct stun_addr *ret)
{
	struct stun_addr a = {FAM_NONE, {{0}}, 0};
	uint8_t fam;
	size_t n;

	rd_skip(r, 1);
	fam = rd_u8(r);
	a.port = rd_be16(r);
	n = fam == F_4 ? 4 : 16;
	if (fam != F_4 && fam != F_6)
		return;
	rd_copy(r, a.addr.b + 16 - n, n);
	if (!rd_ok(r))
		return;
	if (key) {
		a.port ^= (uint16_t)(key[0] << 8 | key[1]);
		for (size_t i = 0; i < n; i++)
			a.addr.b[16 - n + i] ^= key[i];
	}
	a.fam = fam == F_4 ? FAM_4 : FAM_6;
	*ret = a;
}

static void attribute(uint16_t type, struct rd *r, const uint8_t key[16],
	struct stun_answer *a)
{
	struct stun_addr m = {FAM_NONE, {{0}}, 0};
	uint8_t class;

	switch (type) {
	case A_XOR_MAPPED:
		take_addr(r, key, &a->mapped);
		break;
	case A_MAPPED: /* from a server of RFC 3489; a NAT may rewrite it */
		take_addr(r, NULL, &m);
		if (a->mapped.fam == FAM_NONE)
			a->mapped = m;
		break;
	case A_OTHER:
	case A_CHANGED:
		take_addr(r, NULL, &a->other);
		break;
	case A_ORIGIN:
	case A_SOURCE:
		take_addr(r, NULL, &a->origin);
		break;
	case A_ERROR:
		rd_skip(r, 2);
		class = rd_u8(r) & 7;
		a->error = (uint16_t)(class * 100 + rd_u8(r) % 100);
		break;
	}
}

int stun_parse(const uint8_t *p, size_t n, const uint8_t id[STUN_ID_LEN],
	struct stun_answer *ret)
{
	struct rd r = rd_of(p, n), body;
	struct stun_answer a = {0};
	uint16_t type = rd_be16(&r), len = rd_be16(&r);
	const uint8_t *key = rd_bytes(&r, 16);

	body = rd_sub(&r, len);
	if (!rd_ok(&body) || (type != T_SUCCESS && type != T_ERROR) ||
		len % 4 || memcmp(key, (const uint8_t[]){0x21, 0x12, 0xa4, 0x42}, 4) ||
		memcmp(key + 4, id, STUN_ID_LEN))
		return -EBADMSG;
	while (rd_left(&body) >= ATTR_HEAD) {
		uint16_t t = rd_be16(&body), k = rd_be16(&body);
		struct rd one = rd_sub(&body, k);

		if (!rd_ok(&one))
			return -EBADMSG;
		rd_skip(&body, (size_t)(4 - k % 4) % 4);
		attribute(t, &one, key, &a);
	}
	if (type == T_ERROR && !a.error)
		a.error = 500;
	*ret = a;
	return 0;
}
