/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/ra.h"

#include <errno.h>

enum { TYPE_RS = 133, TYPE_RA = 134 };
enum { OPT_SLL = 1, OPT_PREFIX = 3, OPT_MTU = 5, OPT_ROUTE = 24, OPT_RDNSS = 25,
	OPT_DNSSL = 31, OPT_COUNT_MAX = 64 };

static void take_prefix(struct ra *ra, struct rd *o)
{
	struct ra_prefix p = {0};

	p.len = rd_u8(o);
	p.flags = rd_u8(o);
	p.valid_s = rd_be32(o);
	p.preferred_s = rd_be32(o);
	rd_skip(o, 4);
	rd_copy(o, p.prefix.b, 16);
	/* RFC 4861 4.6.2, RFC 4862 5.5.3 c: ignore, the rest of the RA holds */
	if (!rd_ok(o) || p.len > 128 || p.preferred_s > p.valid_s)
		return;
	if (ra->prefix_n == RA_PREFIX_MAX)
		ra->dropped++;
	else
		ra->prefix[ra->prefix_n++] = p;
}

static void take_route(struct ra *ra, struct rd *o)
{
	struct ra_route p = {0};
	size_t n;

	p.len = rd_u8(o);
	p.prf = rd_u8(o);
	p.lifetime_s = rd_be32(o);
	n = MIN2(rd_left(o), 16);
	rd_copy(o, p.prefix.b, n);
	if (!rd_ok(o) || p.len > 128 || n * 8 < p.len)
		return;
	if (ra->route_n == RA_ROUTE_MAX)
		ra->dropped++;
	else
		ra->route[ra->route_n++] = p;
}

static void take_rdnss(struct ra *ra, struct rd *o)
{
	uint32_t life;

	rd_skip(o, 2);
	life = rd_be32(o);
	while (rd_ok(o) && rd_left(o) >= 16) {
		ra->rdnss_s = life;
		if (ra->rdnss_n == RA_RDNSS_MAX) {
			ra->dropped++;
			return;
		}
		rd_copy(o, ra->rdnss[ra->rdnss_n++].b, 16);
	}
}

/* Bytes of the names at p, each with its root label; what follows must be
 * padding. 0: none, or a name is cut (RFC 8106 5.2). */
static size_t names_len(const uint8_t *p, size_t n)
{
	size_t at = 0, end = 0;

	while (at < n && p[at]) {
		while (at < n && p[at]) {
			if (p[at] > 63)
				return 0;
			at += 1u + p[at];
		}
		if (at >= n)
			return 0;
		end = ++at;
	}
	for (; at < n; at++)
		if (p[at])
			return 0;
	return end;
}

static void take_dnssl(struct ra *ra, struct rd *o)
{
	uint32_t life;
	size_t n;

	rd_skip(o, 2);
	life = rd_be32(o);
	if (!rd_ok(o))
		return;
	n = names_len(o->p, rd_left(o));
	if (!n)
		return;
	if (ra->dnssl_n + n > RA_DNSSL_MAX) {
		ra->dropped++;
		return;
	}
	rd_copy(o, ra->dnssl + ra->dnssl_n, n);
	ra->dnssl_n += n;
	ra->dnssl_s = life;
}

static void take_option(struct ra *ra, uint8_t type, struct rd *o)
{
	switch (type) {
	case OPT_SLL:
		if (rd_left(o) >= 6 && !ra->has_sll) {
			ra->has_sll = true;
			rd_copy(o, ra->sll.b, 6);
		}
		break;
	case OPT_PREFIX:
		take_prefix(ra, o);
		break;
	case OPT_MTU:
		rd_skip(o, 2);
		ra->mtu = rd_be32(o);
		break;
	case OPT_ROUTE:
		take_route(ra, o);
		break;
	case OPT_RDNSS:
		take_rdnss(ra, o);
		break;
	case OPT_DNSSL:
		take_dnssl(ra, o);
		break;
	}
}

static bool take_options(struct ra *ra, struct rd *r)
{
	for (int i = 0; i < OPT_COUNT_MAX && rd_left(r); i++) {
		uint8_t type = rd_u8(r), len = rd_u8(r);
		struct rd o;

		if (!len)
			return false;
		o = rd_sub(r, (size_t)len * 8 - 2);
		if (!rd_ok(r))
			return false;
		take_option(ra, type, &o);
	}
	return rd_ok(r) && !rd_left(r);
}

int ra_parse(const uint8_t *body, size_t n, struct ra *ret)
{
	struct rd r = rd_of(body, n);
	struct ra ra = {0};

	if (rd_u8(&r) != TYPE_RA)
		return -EBADMSG;
	rd_skip(&r, 3);
	ra.hop_limit = rd_u8(&r);
	ra.flags = rd_u8(&r);
	ra.lifetime_s = rd_be16(&r);
	ra.reachable_ms = rd_be32(&r);
	ra.retrans_ms = rd_be32(&r);
	if (!rd_ok(&r) || !take_options(&ra, &r))
		return -EBADMSG;
	*ret = ra;
	return 0;
}

static void build_sll(struct wr *w, const struct mac *sll)
{
	wr_u8(w, OPT_SLL);
	wr_u8(w, 1);
	wr_copy(w, sll->b, 6);
}

static void build_prefix(struct wr *w, const struct ra_prefix *p)
{
	wr_u8(w, OPT_PREFIX);
	wr_u8(w, 4);
	wr_u8(w, p->len);
	wr_u8(w, p->flags);
	wr_be32(w, p->valid_s);
	wr_be32(w, p->preferred_s);
	wr_be32(w, 0);
	wr_copy(w, p->prefix.b, 16);
}

static void build_route(struct wr *w, const struct ra_route *p)
{
	unsigned n = p->len ? (p->len + 63u) / 64 : 0;

	wr_u8(w, OPT_ROUTE);
	wr_u8(w, (uint8_t)(1 + n));
	wr_u8(w, p->len);
	wr_u8(w, p->prf);
	wr_be32(w, p->lifetime_s);
	wr_copy(w, p->prefix.b, n * 8);
}

static void build_rdnss(struct wr *w, const struct ra *ra)
{
	wr_u8(w, OPT_RDNSS);
	wr_u8(w, (uint8_t)(1 + 2 * ra->rdnss_n));
	wr_be16(w, 0);
	wr_be32(w, ra->rdnss_s);
	for (size_t i = 0; i < ra->rdnss_n; i++)
		wr_copy(w, ra->rdnss[i].b, 16);
}

static void build_dnssl(struct wr *w, const struct ra *ra)
{
	size_t words = (ra->dnssl_n + 7) / 8;

	wr_u8(w, OPT_DNSSL);
	wr_u8(w, (uint8_t)(1 + words));
	wr_be16(w, 0);
	wr_be32(w, ra->dnssl_s);
	wr_copy(w, ra->dnssl, ra->dnssl_n);
	wr_room(w, words * 8 - ra->dnssl_n);
}

int ra_build(struct wr *w, const struct ra *ra)
{
	wr_u8(w, TYPE_RA);
	wr_room(w, 3);
	wr_u8(w, ra->hop_limit);
	wr_u8(w, ra->flags);
	wr_be16(w, ra->lifetime_s);
	wr_be32(w, ra->reachable_ms);
	wr_be32(w, ra->retrans_ms);
	if (ra->has_sll)
		build_sll(w, &ra->sll);
	if (ra->mtu) {
		wr_u8(w, OPT_MTU);
		wr_u8(w, 1);
		wr_be16(w, 0);
		wr_be32(w, ra->mtu);
	}
	for (size_t i = 0; i < ra->prefix_n; i++)
		build_prefix(w, &ra->prefix[i]);
	for (size_t i = 0; i < ra->route_n; i++)
		build_route(w, &ra->route[i]);
	if (ra->rdnss_n)
		build_rdnss(w, ra);
	if (ra->dnssl_n)
		build_dnssl(w, ra);
	return wr_ok(w) ? 0 : -EMSGSIZE;
}

int rs_build(struct wr *w, const struct mac *sll)
{
	wr_u8(w, TYPE_RS);
	wr_room(w, 7);
	if (sll)
		build_sll(w, sll);
	return wr_ok(w) ? 0 : -EMSGSIZE;
}
