// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/probe.h"
#include "wire/ikev2.h"

#include <errno.h>

enum { TRANSFORM_ENCR = 1, TRANSFORM_PRF, TRANSFORM_INTEG, TRANSFORM_DH };
enum { NOTIFY_ERROR_END = 16384, ATTR_KEY_BITS = 0x800e, IKE2 = 0x20 };

const char *ike_end_name(enum ike_end e)
{
	switch (e) {
	case IKE_SILENT:      return "silent";
	case IKE_ANSWERED:    return "answered";
	case IKE_REFUSED:     return "refused";
	case IKE_OLD:	      return "ikev1";
	case IKE_DAMAGED:     return "damaged";
	case IKE_UNREACHABLE: return "unreachable";
	}
	return "?";
}

static int take_group(struct ike_probe *p, uint16_t group)
{
	int n = dh_public(group, p->key);

	if (n < 0)
		return n;
	p->group = group;
	p->key_n = (size_t)n;
	return 0;
}

int ike_probe_init(struct ike_probe *p, const struct ike_want *w,
	const uint8_t random[40])
{
	struct rd r = rd_of(random, 40);

	*p = (struct ike_probe){.want = *w};
	p->spi_i = rd_be64(&r) | 1; /* never 0 */
	rd_copy(&r, p->nonce, sizeof(p->nonce));
	p->a.spi_i = p->spi_i;
	return take_group(p, w->group ? w->group : DH_X25519);
}

/*
 * What fills a big request up: a vendor id, which every receiver must be able
 * to pass over (RFC 7296 3.12). Fragments carry it; nothing else changes.
 */
static void pad_to(struct ike_build *b, const struct wr *w, size_t size)
{
	static const uint8_t zero[IKE_SEND_MAX];
	size_t have = wr_len(w) + IKE_PAYLOAD_HEAD_LEN;

	if (size > have && size - have <= sizeof(zero))
		ike_build_raw(b, IKE_PL_VENDOR, zero, size - have);
}

static void add_natd(struct ike_build *b, uint16_t type, const struct ike_probe *p,
	const struct endpoint *e)
{
	uint8_t h[NATD_HASH_LEN];

	natd_hash(p->spi_i, 0, e, h);
	ike_build_notify(b, type, h, sizeof(h));
}

int ike_probe_request(struct ike_probe *p, uint8_t *buf, size_t cap)
{
	struct ike_head h = {.spi_i = p->spi_i, .version = IKE2,
		.exchange = IKE_SA_INIT, .flags = IKE_FLAG_INITIATOR};
	struct wr w = wr_of(buf, cap);
	struct ike_build b;

	if (p->want.peer.port == IKE_NATT_PORT)
		wr_be32(&w, 0);
	ike_build_head(&b, &w, &h);
	if (p->cookie_n) /* must be the first payload (2.6) */
		ike_build_notify(&b, IKE_N_COOKIE, p->cookie, p->cookie_n);
	ike_build_sa(&b, dh_groups, ARRAY_LEN(dh_groups));
	ike_build_ke(&b, p->group, p->key, p->key_n);
	ike_build_raw(&b, IKE_PL_NONCE, p->nonce, sizeof(p->nonce));
	add_natd(&b, IKE_N_NAT_DETECTION_SOURCE_IP, p, &p->want.self);
	add_natd(&b, IKE_N_NAT_DETECTION_DESTINATION_IP, p, &p->want.peer);
	pad_to(&b, &w, p->want.size);
	if (ike_build_finish(&b) < 0)
		return -EMSGSIZE;
	p->a.sent++;
	p->a.request_size = wr_len(&w);
	return (int)wr_len(&w);
}

/* One transform of the chosen proposal (3.3.2). */
static void read_transform(struct rd *r, struct ike_answer *a)
{
	struct rd t;
	uint16_t len, id, attr, value;
	uint8_t type;

	rd_skip(r, 2);
	len = rd_be16(r);
	t = rd_sub(r, len >= 4 ? len - 4u : 0xffffu);
	type = rd_u8(&t);
	rd_skip(&t, 1);
	id = rd_be16(&t);
	attr = rd_be16(&t);
	value = rd_be16(&t);
	switch (type) {
	case TRANSFORM_ENCR:
		a->encr = id;
		a->bits = rd_ok(&t) && attr == ATTR_KEY_BITS ? value : 0;
		break;
	case TRANSFORM_PRF:
		a->prf = id;
		break;
	case TRANSFORM_INTEG:
		a->integ = id;
		break;
	case TRANSFORM_DH:
		a->group = id;
		break;
	}
}

static bool read_sa(struct rd r, struct ike_answer *a)
{
	uint8_t spi_len, n;

	rd_skip(&r, 4 + 2); /* last, length, number, protocol */
	spi_len = rd_u8(&r);
	n = rd_u8(&r);
	rd_skip(&r, spi_len);
	for (; n && rd_ok(&r); n--)
		read_transform(&r, a);
	return rd_ok(&r);
}

struct seen {
	bool sa, ke, nonce;
	uint16_t ke_group, error, other_group;
	struct rd ke_value, cookie;
};

static void keep_hash(uint8_t (*to)[NATD_HASH_LEN], size_t *n, struct rd r)
{
	if (*n < IKE_NATD_MAX && rd_left(&r) == NATD_HASH_LEN)
		rd_copy(&r, to[(*n)++], NATD_HASH_LEN);
}

static bool read_notify(struct rd body, struct ike_answer *a, struct seen *s)
{
	struct ike_notify n;

	if (ike_notify_parse(body, &n) < 0)
		return false;
	if (n.type == IKE_N_COOKIE)
		s->cookie = n.data;
	else if (n.type == IKE_N_NAT_DETECTION_DESTINATION_IP)
		keep_hash(a->natd_self, &a->natd_self_n, n.data);
	else if (n.type == IKE_N_NAT_DETECTION_SOURCE_IP)
		keep_hash(a->natd_peer, &a->natd_peer_n, n.data);
	else if (n.type < NOTIFY_ERROR_END && !s->error)
		s->error = n.type;
	if (n.type == IKE_N_INVALID_KE_PAYLOAD)
		s->other_group = rd_be16(&n.data);
	return true;
}

static void keep_vendor(struct rd body, struct ike_answer *a)
{
	struct ike_vendor *v = &a->vendor[a->vendor_n];

	if (a->vendor_n == IKE_VENDOR_MAX)
		return;
	v->n = MIN2(rd_left(&body), sizeof(v->b));
	rd_copy(&body, v->b, v->n);
	a->vendor_n++;
}

static bool read_payload(const struct ike_payload *pl, struct ike_answer *a,
	struct seen *s)
{
	struct rd r = pl->body;

	switch (pl->type) {
	case IKE_PL_SA:
		s->sa = true;
		return read_sa(r, a);
	case IKE_PL_KE:
		s->ke = true;
		s->ke_group = rd_be16(&r);
		rd_skip(&r, 2);
		s->ke_value = r;
		return rd_ok(&r);
	case IKE_PL_NONCE:
		s->nonce = rd_left(&r) >= 16 && rd_left(&r) <= 256; /* 3.9 */
		return s->nonce;
	case IKE_PL_NOTIFY:
		return read_notify(r, a, s);
	case IKE_PL_VENDOR:
		keep_vendor(r, a);
		return true;
	}
	return true; /* others may be there and are passed over */
}

static bool read_all(const struct ike_head *h, struct rd r, struct ike_answer *a,
	struct seen *s)
{
	struct ike_chain c = ike_chain_of(h, r);
	struct ike_payload pl;
	int e;

	while ((e = ike_payload_next(&c, &pl)) == 1)
		if (!read_payload(&pl, a, s))
			return false;
	return e == 0;
}

/* The peer wants the cookie back (2.6) or another group (1.2). */
static int another_round(struct ike_probe *p, const struct seen *s)
{
	if (++p->rounds > IKE_ROUNDS_MAX)
		return 0;
	if (rd_left(&s->cookie)) {
		struct rd r = s->cookie;

		if (rd_left(&r) > IKE_COOKIE_MAX)
			return 0;
		p->cookie_n = rd_left(&r);
		rd_copy(&r, p->cookie, p->cookie_n);
		p->a.cookies++;
		return 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(dh_groups); i++)
		if (dh_groups[i] == s->other_group &&
			s->other_group != p->group &&
			take_group(p, s->other_group) == 0) {
			p->a.other_group++;
			return 1;
		}
	return 0;
}

static void finish(struct ike_probe *p, struct ike_answer *a, enum ike_end end)
{
	a->end = end;
	p->a = *a;
	p->over = true;
}

static int damaged(struct ike_probe *p)
{
	p->a.damaged++;
	p->a.end = IKE_DAMAGED;
	return 0; /* somebody may have forged it: the real answer may follow */
}

static int judge(struct ike_probe *p, const struct ike_head *h,
	struct ike_answer *a, const struct seen *s)
{
	struct rd ke = s->ke_value;

	if (rd_left(&s->cookie) || s->other_group) {
		if (another_round(p, s))
			return 1;
	}
	if (s->error || rd_left(&s->cookie)) {
		a->error = s->error ? s->error : IKE_N_COOKIE;
		finish(p, a, IKE_REFUSED);
		return 0;
	}
	if (!s->sa || !s->ke || !s->nonce || !h->spi_r)
		return damaged(p);
	a->spi_r = h->spi_r;
	a->key_good = s->ke_group == p->group &&
		dh_public_good(p->group, ke.p, rd_left(&ke));
	finish(p, a, IKE_ANSWERED);
	return 0;
}

int ike_probe_answer(struct ike_probe *p, const uint8_t *b, size_t n)
{
	struct rd r = rd_of(b, n);
	struct ike_answer a;
	struct seen s = {0};
	struct ike_head h;

	p->a.received++;
	if (p->want.peer.port == IKE_NATT_PORT && rd_be32(&r)) {
		p->a.foreign++; /* not IKE but ESP in UDP (RFC 3948 2.1) */
		return 0;
	}
	if (ike_parse(&r, &h) < 0)
		return damaged(p);
	if (h.spi_i != p->spi_i) {
		p->a.foreign++;
		return 0;
	}
	p->a.size = n;
	if (ike_major(&h) == 1) {
		a = p->a;
		finish(p, &a, IKE_OLD);
		return 0;
	}
	if (!(h.flags & IKE_FLAG_RESPONSE) || h.exchange != IKE_SA_INIT || h.msgid)
		return damaged(p);
	a = p->a;
	if (!read_all(&h, r, &a, &s))
		return damaged(p);
	return judge(p, &h, &a, &s);
}
