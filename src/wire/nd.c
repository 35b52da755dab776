/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/nd.h"
#include "wire/eth.h"
#include "wire/ip6.h"
#include "wire/sum.h"

#include <errno.h>

enum { ICMP6 = 58, OPT_SLL = 1, OPT_TLL = 2, OPT_NONCE = 14 };

const struct addr addr_all_nodes = {{0xff, 2, [15] = 1}};
const struct addr addr_all_routers = {{0xff, 2, [15] = 2}};

const char *nd_verdict_name(enum nd_verdict v)
{
	switch (v) {
	case ND_GOOD:		return "good";
	case ND_NOT_ND:		return "other";
	case ND_BAD_SHORT:	return "short";
	case ND_BAD_EXTHDR:	return "extension-header";
	case ND_BAD_FRAGMENT:	return "fragment";
	case ND_BAD_HOPLIMIT:	return "hop-limit";
	case ND_BAD_CODE:	return "code";
	case ND_BAD_LENGTH:	return "length";
	case ND_BAD_SUM:	return "checksum";
	case ND_BAD_OPTION:	return "option";
	case ND_BAD_SOURCE:	return "source";
	case ND_BAD_TARGET:	return "target";
	case ND_BAD_DAD:	return "dad-form";
	case ND_BAD_SOLICITED:	return "solicited-multicast";
	}
	return "?";
}

struct addr addr_solicited_node(const struct addr *a)
{
	struct addr r = {{0xff, 2, [11] = 1, 0xff, a->b[13], a->b[14],
		a->b[15]}};

	return r;
}

struct mac mac_of_multicast(const struct addr *a)
{
	struct mac m = {{0x33, 0x33, a->b[12], a->b[13], a->b[14], a->b[15]}};

	return m;
}

static bool is_solicited_node(const struct addr *a)
{
	static const uint8_t head[13] = {0xff, 2, [11] = 1, 0xff};

	return !memcmp(a->b, head, sizeof(head));
}

/* The fixed part of each type (RFC 4861 4.1 to 4.5). */
static size_t fixed_len(uint8_t type)
{
	switch (type) {
	case ND_RS:	  return 8;
	case ND_RA:	  return 16;
	case ND_NS:
	case ND_NA:	  return 24;
	case ND_REDIRECT: return 40;
	default:	  return SIZE_MAX;
	}
}

static void take_option(struct nd_msg *m, uint8_t type, struct rd *o)
{
	size_t n = rd_left(o);

	if (type == OPT_SLL && n >= 6 && !m->has_sll) {
		m->has_sll = true;
		rd_copy(o, m->sll.b, 6);
	} else if (type == OPT_TLL && n >= 6 && !m->has_tll) {
		m->has_tll = true;
		rd_copy(o, m->tll.b, 6);
	} else if (type == OPT_NONCE && n >= 6 && n <= ND_NONCE_MAX) {
		m->nonce_len = (uint8_t)n;
		rd_copy(o, m->nonce, n);
	}
}

static bool take_options(struct nd_msg *m, struct rd *r)
{
	for (int i = 0; i < ND_OPT_MAX && rd_left(r); i++) {
		uint8_t type = rd_u8(r), len = rd_u8(r);
		struct rd o;

		if (!len)
			return false;
		o = rd_sub(r, (size_t)len * 8 - 2);
		if (!rd_ok(r))
			return false;
		take_option(m, type, &o);
	}
	return rd_ok(r) && !rd_left(r);
}

static enum nd_verdict judge_dad(const struct nd_msg *m)
{
	if (m->type == ND_NS && (!is_solicited_node(&m->dst) || m->has_sll))
		return ND_BAD_DAD;
	if (m->type == ND_RS && m->has_sll)
		return ND_BAD_DAD;
	if (m->type != ND_NS && m->type != ND_RS)
		return ND_BAD_SOURCE;
	return ND_GOOD;
}

static enum nd_verdict judge_content(const struct nd_msg *m)
{
	bool has_target = m->type == ND_NS || m->type == ND_NA ||
			  m->type == ND_REDIRECT;

	if (has_target && addr_is_multicast(&m->target))
		return ND_BAD_TARGET;
	if (addr_is_zero(&m->src))
		return judge_dad(m);
	if (addr_is_multicast(&m->src) || m->l2src.b[0] & 1)
		return ND_BAD_SOURCE;
	if ((m->type == ND_RA || m->type == ND_REDIRECT) &&
		!addr_is_linklocal(&m->src))
		return ND_BAD_SOURCE;
	if (m->type == ND_NA && (m->flags & NA_SOLICITED) &&
		addr_is_multicast(&m->dst))
		return ND_BAD_SOLICITED;
	return ND_GOOD;
}

/* icmp: from the type byte to the end of the packet. */
static enum nd_verdict parse_icmp(struct rd icmp, struct nd_msg *m)
{
	uint8_t type, code;
	size_t n = rd_left(&icmp);

	m->body = icmp.p;
	m->body_len = n;
	type = rd_u8(&icmp);
	code = rd_u8(&icmp);
	if (n < fixed_len(type))
		return ND_BAD_LENGTH;
	if (!sum_good(m->body, n, FAM_6, &m->src, &m->dst, ICMP6))
		return ND_BAD_SUM;
	if (code)
		return ND_BAD_CODE;
	m->type = (enum nd_type)type;
	rd_skip(&icmp, 2);
	m->flags = rd_u8(&icmp);
	rd_skip(&icmp, 3);
	if (type == ND_RA)
		rd_skip(&icmp, 8);
	else if (type != ND_RS)
		rd_copy(&icmp, m->target.b, 16);
	if (type == ND_REDIRECT)
		rd_skip(&icmp, 16);
	if (!take_options(m, &icmp))
		return ND_BAD_OPTION;
	return judge_content(m);
}

static bool is_nd_type(const struct rd *r)
{
	return rd_left(r) && r->p[0] >= ND_RS && r->p[0] <= ND_REDIRECT;
}

/* ND behind extension headers is never sent by anybody honest: RFC 6980. */
static enum nd_verdict judge_exthdr(struct rd *r, uint8_t next)
{
	struct ip6_upper up;

	if (ip6_walk(r, next, &up) < 0 || up.proto != ICMP6)
		return ND_NOT_ND;
	if (up.has & IP6_HAS_FRAGMENT) {
		/* a later fragment's first byte says nothing of the type */
		if (up.frag_off || is_nd_type(r))
			return ND_BAD_FRAGMENT;
		return ND_NOT_ND;
	}
	return is_nd_type(r) ? ND_BAD_EXTHDR : ND_NOT_ND;
}

enum nd_verdict nd_parse(const uint8_t *frame, size_t n, struct nd_msg *ret)
{
	struct rd r = rd_of(frame, n);
	struct nd_msg m = {0};
	struct eth_head eth;
	struct ip6_head ip;
	enum nd_verdict v;

	if (eth_parse(&r, &eth) < 0)
		return ND_BAD_SHORT;
	if (eth.type != ETHTYPE_IP6)
		return ND_NOT_ND;
	if (ip6_parse(&r, &ip) < 0)
		return ND_BAD_SHORT;
	if (ip.next != ICMP6)
		return judge_exthdr(&r, ip.next);
	if (!rd_left(&r))
		return ND_BAD_LENGTH;
	if (!is_nd_type(&r))
		return ND_NOT_ND;
	if (ip.hop_limit != 255)
		return ND_BAD_HOPLIMIT;
	m.l2src = eth.src;
	m.l2dst = eth.dst;
	m.src = ip.src;
	m.dst = ip.dst;
	v = parse_icmp(r, &m);
	if (v == ND_GOOD)
		*ret = m;
	return v;
}

int nd_build_body(struct wr *w, const struct mac *l2src,
	const struct mac *l2dst, const struct addr *src,
	const struct addr *dst, const uint8_t *body, size_t n)
{
	struct eth_head eth = {.dst = *l2dst, .src = *l2src,
		.type = ETHTYPE_IP6};
	struct ip6_head ip = {.next = ICMP6, .hop_limit = 255,
		.len = (uint16_t)n, .src = *src, .dst = *dst};
	uint8_t *p;

	if (n > ND_FRAME_MAX - ETH_HEAD_LEN - IP6_HEAD_LEN)
		return -EMSGSIZE;
	eth_build(w, &eth);
	ip6_build(w, &ip);
	p = wr_room(w, n);
	if (!p)
		return -EMSGSIZE;
	memcpy(p, body, n);
	sum_put(p, n, 2, FAM_6, src, dst, ICMP6);
	return 0;
}

static void build_lladdr(struct wr *w, uint8_t type, const struct mac *m)
{
	wr_u8(w, type);
	wr_u8(w, 1);
	wr_copy(w, m->b, 6);
}

int nd_build(struct wr *w, const struct nd_msg *m)
{
	uint8_t body[24 + 8 + 8 + 8 + ND_NONCE_MAX];
	struct wr b = wr_of(body, sizeof(body));

	wr_u8(&b, (uint8_t)m->type);
	wr_u8(&b, 0);
	wr_be16(&b, 0);
	wr_u8(&b, m->type == ND_NA ? m->flags : 0);
	wr_room(&b, 3);
	wr_copy(&b, m->target.b, 16);
	if (m->has_sll)
		build_lladdr(&b, OPT_SLL, &m->sll);
	if (m->has_tll)
		build_lladdr(&b, OPT_TLL, &m->tll);
	/* option lengths count 8 bytes: 6 or 14 of nonce */
	if (m->nonce_len == 6 || m->nonce_len == 14) {
		wr_u8(&b, OPT_NONCE);
		wr_u8(&b, (uint8_t)((m->nonce_len + 2) / 8));
		wr_copy(&b, m->nonce, m->nonce_len);
	}
	if (!wr_ok(&b))
		return -EMSGSIZE;
	return nd_build_body(w, &m->l2src, &m->l2dst, &m->src, &m->dst, body,
		wr_len(&b));
}
