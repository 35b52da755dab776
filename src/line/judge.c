// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Evidence -> verdict. Rules in the order of what they can be sure of; IPv4 and
 * services are judge4.c's. Marks of doubt are part of the answer: a rule that
 * is nobody's published fact never says "seen".
 */
#include "line/own.h"
#include "base/tr.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void because(struct line_verdict *v, const char *from, enum sure sure,
	const char *source, const char *fmt, ...)
{
	struct reason *r;
	va_list ap;

	if (v->reason_n == REASONS_MAX)
		return;
	r = &v->reasons[v->reason_n++];
	r->from = from;
	r->sure = sure;
	r->source = source;
	va_start(ap, fmt);
	if (vasprintf(&r->text, fmt, ap) < 0)
		r->text = xstrdup("");
	va_end(ap);
}

/* Which of two claims stands, and how sure it still is. */
static bool outvoted(struct line_verdict *v, enum sure *have, enum sure sure)
{
	if (*have == SURE_GUESS && sure != SURE_GUESS) {
		*have = sure;
		return true;
	}
	if (sure == SURE_GUESS && *have != SURE_GUESS)
		return false;
	v->conflict |= sure != SURE_GUESS;
	if (sure < *have) {
		*have = SURE_LIKELY;
		return true;
	}
	*have = sure == *have ? SURE_GUESS : SURE_LIKELY;
	return false;
}

void claim4(struct line_verdict *v, enum line_v4 kind, enum sure sure)
{
	if (v->v4 == V4_UNKNOWN)
		v->v4_sure = sure;
	else if (v->v4 == kind) {
		v->v4_sure = MIN2(v->v4_sure, sure);
		return;
	} else if (!outvoted(v, &v->v4_sure, sure))
		return;
	v->v4 = kind;
}

void claim_service(struct line_verdict *v, enum line_service s, enum sure sure)
{
	if (s == SVC_NONE)
		return;
	if (v->service == SVC_NONE)
		v->service_sure = sure;
	else if (v->service == s) {
		v->service_sure = MIN2(v->service_sure, sure);
		return;
	} else if (!outvoted(v, &v->service_sure, sure))
		return;
	v->service = s;
}

/* ---- IPv6 ---- */

static const struct ra_prefix *slaac_prefix(const struct ra *ra)
{
	for (size_t i = 0; i < ra->prefix_n; i++)
		if ((ra->prefix[i].flags & PIO_AUTO) &&
			ra->prefix[i].len == 64 &&
			line_is_global6(&ra->prefix[i].prefix))
			return &ra->prefix[i];
	return NULL;
}

static void tell_ra(const struct line_evidence *e, struct line_verdict *v)
{
	char buf[ADDR_STR], mac[MAC_STR];

	because(v, "ra", SURE_SEEN, NULL, _("router advertisement from %s (%s): M=%d O=%d, lifetime %u s, MTU %u, %zu prefix(es), %zu name server(s)"),
		addr_format(FAM_6, &e->router, buf),
		mac_format(&e->router_mac, mac), !!(e->ra.flags & RA_MANAGED),
		!!(e->ra.flags & RA_OTHER), e->ra.lifetime_s, e->ra.mtu,
		e->ra.prefix_n, e->ra.rdnss_n);
	if (!e->other_routers)
		return;
	v->conflict = true;
	because(v, "ra", SURE_SEEN, NULL, _("more than one router advertises on this wire: one of them does not belong there"));
}

/* Without rights: what the kernel took from the line. */
static void judge_v6_unasked(const struct line_evidence *e,
	struct line_verdict *v)
{
	char buf[ADDR_STR];
	struct addr a;

	if (e->local.has_prefix) {
		v->v6 = V6_ONE_64;
		because(v, "kernel", SURE_LIKELY, NULL, _("a router announced the /64 %s; whether it would also delegate a prefix can only be asked as root"),
			addr_format(FAM_6, &e->local.prefix, buf));
	} else if (line_telling_addr(e, &a)) {
		v->v6 = V6_ONE_64;
		because(v, "kernel", SURE_LIKELY, NULL, _("this machine has the IPv6 address %s"),
			addr_format(FAM_6, &a, buf));
	} else {
		v->v6 = V6_NOTHING;
		because(v, "kernel", SURE_LIKELY, NULL, _("this machine has no global IPv6 address"));
	}
}

static void judge_v6(const struct line_evidence *e, struct line_verdict *v)
{
	const struct ra_prefix *p = e->has_ra ? slaac_prefix(&e->ra) : NULL;
	char buf[ADDR_STR];

	if (!e->raw || e->ppp) {
		judge_v6_unasked(e, v);
		return;
	}
	if (e->has_ra)
		tell_ra(e, v);
	if (e->has_dhcp6 && e->dhcp6.has_prefix) {
		v->v6 = V6_DELEGATED;
		because(v, "dhcp6", SURE_SEEN, NULL, _("DHCPv6 delegates the prefix %s/%u (lifetime %u s)"),
			addr_format(FAM_6, &e->dhcp6.prefix, buf),
			e->dhcp6.prefix_len, e->dhcp6.valid_s);
	} else if (p) {
		v->v6 = V6_ONE_64;
		because(v, "ra", SURE_SEEN, NULL, e->has_dhcp6
			? _("the router announces one /64 (%s); DHCPv6 answers and delegates nothing")
			: _("the router announces one /64 (%s); DHCPv6 delegates nothing"),
			addr_format(FAM_6, &p->prefix, buf));
	} else if (e->has_ra && (e->ra.flags & RA_MANAGED)) {
		because(v, "ra", SURE_SEEN, NULL, _("a router is there and points to DHCPv6, but DHCPv6 gave no prefix"));
	} else if (!e->has_ra) {
		v->v6 = V6_NOTHING;
		because(v, "ra", SURE_SEEN, NULL, _("no IPv6 router answered"));
	}
	if (e->has_dhcp6 && e->dhcp6.duid_type == DHCP6_DUID_LL)
		because(v, "dhcp6", SURE_SEEN, "luci-app-fleth set_wan6_clientid", _("the DHCPv6 server answers a DUID-LL, the kind NTT's network wants, and has one itself"));
	if (!e->other_dhcp6)
		return;
	v->conflict = true;
	because(v, "dhcp6", SURE_SEEN, NULL, _("more than one DHCPv6 server answers on this wire: one of them does not belong there"));
}

/* ---- is a router in front? ---- */

static bool same_box(const struct line_evidence *e, bool *known)
{
	const struct line_local *l = &e->local;

	*known = true;
	if (e->has_ra && e->has_offer)
		return !memcmp(&e->router_mac, &e->offer_mac, sizeof(struct mac));
	if (l->has_router6_mac && l->has_router4_mac)
		return !memcmp(&l->router6_mac, &l->router4_mac,
			sizeof(struct mac));
	return *known = false;
}

static bool private_here(const struct line_evidence *e, struct addr *ret)
{
	const struct addr *a = e->has_offer ? &e->offer.yours
			       : e->own4_n  ? &e->own4[0] : NULL;

	if (!a || !line_is_private4(a))
		return false;
	*ret = *a;
	return true;
}

/* A router's own name is only true when it is an address of the home's. */
static bool ntt_name(const struct line_evidence *e)
{
	for (size_t i = 0; i < LINE_NAMES; i++)
		if (line_names[i].way == NAME_ROUTER && e->names.name[i].there &&
			!e->names.liar &&
			line_is_private4(&e->names.name[i].addr))
			return true;
	return false;
}

static void judge_past(const struct line_evidence *e, struct line_verdict *v)
{
	bool known, same = same_box(e, &known);

	if (!known || (v->v6 != V6_ONE_64 && v->v6 != V6_DELEGATED &&
			v->v6 != V6_CLOSED))
		return;
	if (same) {
		because(v, "ra", SURE_SEEN, NULL, _("the IPv6 router also gives private IPv4 addresses: it is a home router, not the line"));
		return;
	}
	v->v6_past_router = true;
	because(v, "ra", SURE_LIKELY, "kadomori", _("IPv6 comes from another box than IPv4: it passes the home router by (an IPv6 bridge, or NTT's gateway without Hikari Denwa)"));
}

static void judge_gateway(const struct line_evidence *e, struct line_verdict *v)
{
	char buf[ADDR_STR];
	struct addr a;
	bool known, private = private_here(e, &a);

	if (e->has_dhcp6 && e->dhcp6.has_prefix && e->dhcp6.prefix_len == 60) {
		v->behind_gateway = v->ntt_gateway = true;
		because(v, "dhcp6", SURE_LIKELY, "blog.goo.ne.jp/rabbit5151",
			_("a /60 is delegated: an NTT home gateway hands on parts of its /56"));
	}
	if (ntt_name(e)) {
		v->behind_gateway = v->ntt_gateway = true;
		because(v, "dns", SURE_LIKELY, "ntt.setup", _("the name server knows \"ntt.setup\": an NTT home gateway answers for itself"));
	}
	if (!private)
		return;
	if (e->at == AT_HOST) {
		v->behind_gateway = true;
		because(v, "address", SURE_SEEN, "RFC 1918", _("this machine has the private address %s: a home router is in front"),
			addr_format(FAM_4, &a, buf));
	} else if ((same_box(e, &known) && known) || ntt_name(e))
		v->behind_gateway = true;
	judge_past(e, v);
	if (v->v6_past_router)
		v->behind_gateway = true;
}

/* ---- which access is it ---- */

/* Only NTT's network and those that sell on it have these. */
static bool on_ngn(const struct line_verdict *v)
{
	/* no bare line of NTT's gives IPv4 by DHCP: a guess does not hold */
	if (v->service_sure == SURE_GUESS && v->v4 == V4_GLOBAL_DHCP)
		return v->flets;
	switch (v->service) {
	case SVC_FLETS:
	case SVC_V6PLUS:
	case SVC_OCN:
	case SVC_BIGLOBE:
	case SVC_TRANSIX:
	case SVC_XPASS:
	case SVC_V6CONNECT:
		return true;
	case SVC_NONE:
	case SVC_NURO:
	case SVC_AU:
	case SVC_JCOM:
	case SVC_EO:
	case SVC_OTHER:
		break;
	}
	return v->flets;
}

/* How sure is that? A whole /16 of the table proves nothing, the line's own
 * name list does. */
static enum sure ngn_sure(const struct line_verdict *v)
{
	if (v->area && v->flets)
		return SURE_SEEN;
	if (v->flets || (v->service != SVC_NONE && v->service_sure != SURE_GUESS))
		return SURE_LIKELY;
	return SURE_GUESS;
}

static void access_is(struct line_verdict *v, enum line_access a,
	enum sure sure)
{
	v->access = a;
	v->access_sure = sure;
}

/* RFC-less knowledge: see facts 2.1; /60 is the phone's sign. */
static void judge_behind(const struct line_evidence *e, struct line_verdict *v)
{
	bool sixty = e->has_dhcp6 && e->dhcp6.has_prefix &&
		     e->dhcp6.prefix_len == 60;

	if (sixty)
		access_is(v, ACC_HGW_PHONE, SURE_LIKELY);
	else if (v->ntt_gateway && v->v6_past_router) {
		access_is(v, ACC_HGW_NO_PHONE, SURE_LIKELY);
		because(v, "ra", SURE_LIKELY, "note.mu/tarakata (web116.jp guide of the 600 series)", _("NTT's gateway stands here and IPv6 passes it by: without Hikari Denwa its IPv6 filter may not work"));
	} else if (v->ntt_gateway)
		access_is(v, ACC_HGW_PHONE, SURE_GUESS);
	else if (v->v6_past_router && on_ngn(v))
		access_is(v, ACC_HGW_NO_PHONE, SURE_GUESS);
	else
		access_is(v, ACC_HOME_ROUTER, SURE_SEEN);
}

static bool judge_named_access(struct line_verdict *v)
{
	static const struct {
		enum line_service s;
		enum line_access a;
	} rows[] = {{SVC_NURO, ACC_NURO}, {SVC_AU, ACC_AU},
		{SVC_JCOM, ACC_JCOM}, {SVC_EO, ACC_EO}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].s == v->service) {
			access_is(v, rows[i].a, v->service_sure);
			return true;
		}
	return false;
}

/* PD on a bare wire: Hikari Denwa or Cross. PPPoE is what tells, a little. */
static void judge_delegated(const struct line_evidence *e,
	struct line_verdict *v)
{
	bool ngn = on_ngn(v);

	if (e->has_pado) {
		access_is(v, ACC_FLETS_PHONE, SURE_LIKELY);
		because(v, "pppoe", SURE_LIKELY, "benedicam-te.blogspot.com 2020/03", _("a delegated prefix and PPPoE on one wire: FLET'S with Hikari Denwa, not Cross"));
	} else if (e->dhcp6.prefix_len == 56 && ngn) {
		access_is(v, ACC_CROSS, SURE_GUESS);
		because(v, "pppoe", SURE_GUESS, "benedicam-te.blogspot.com 2020/03", _("a /56 without PPPoE on NTT's network: Hikari Cross, or Hikari Denwa with a silent PPPoE server"));
	} else
		access_is(v, ACC_FLETS_PHONE, ngn ? MAX2(ngn_sure(v), SURE_LIKELY)
						  : SURE_GUESS);
}

static void judge_dhcp4_access(const struct line_evidence *e,
	struct line_verdict *v)
{
	if (v->v6 == V6_DELEGATED && e->dhcp6.prefix_len == 56) {
		access_is(v, ACC_JCOM, SURE_GUESS);
		because(v, "dhcp6", SURE_GUESS, "zenn.dev/ciffelia ix2215-jcom-ipv6", _("a global IPv4 address by DHCP and a delegated /56: a cable line such as J:COM's"));
	} else
		access_is(v, ACC_DHCP4, v->v4_sure);
}

static void judge_access(const struct line_evidence *e, struct line_verdict *v)
{
	if (v->behind_gateway) {
		judge_behind(e, v);
		return;
	}
	if (judge_named_access(v))
		return;
	if (v->v4 == V4_GLOBAL_DHCP && !on_ngn(v))
		judge_dhcp4_access(e, v);
	else if (e->has_dhcp6 && e->dhcp6.has_prefix)
		judge_delegated(e, v);
	else if ((v->v6 == V6_ONE_64 || v->v6 == V6_CLOSED) && e->raw)
		access_is(v, ACC_FLETS, on_ngn(v) ? ngn_sure(v)
			: e->has_pado ? SURE_LIKELY : SURE_GUESS);
	else if (v->v4 == V4_PPPOE)
		access_is(v, ACC_PPPOE, SURE_SEEN);
	else if (v->v4 == V4_PRIVATE || v->v4 == V4_CGN)
		access_is(v, ACC_PRIVATE4, SURE_SEEN);
	else
		access_is(v, ACC_UNKNOWN, SURE_GUESS);
}

/* ---- the word for kadomori.conf, and what it means for the device ---- */

static bool has_v6(const struct line_verdict *v)
{
	return v->v6 == V6_ONE_64 || v->v6 == V6_DELEGATED || v->v6 == V6_CLOSED;
}

static const char *kind_of(const struct line_evidence *e,
	const struct line_verdict *v)
{
	if (v->behind_gateway && e->at == AT_GATEWAY)
		return has_v6(v) || v->ntt_gateway ? "hgw" : "private4";
	/* the device uses IPv4 on all lines but NTT's (facts 1.1) */
	if (v->v4 == V4_GLOBAL_DHCP && !on_ngn(v))
		return "dhcp4";
	if (e->has_dhcp6 && e->dhcp6.has_prefix)
		return "flets-pd";
	if (has_v6(v))
		return "flets-ra";
	switch (v->v4) {
	case V4_GLOBAL_DHCP: return "dhcp4";
	case V4_PPPOE:	     return "pppoe4";
	case V4_PRIVATE:
	case V4_CGN:	     return "private4";
	case V4_MAPE:	     return "map-e";
	case V4_DSLITE:	     return "ds-lite";
	case V4_IPIP:	     return "ipip";
	case V4_UNKNOWN:
	case V4_NOTHING:
	case V4_ONE_NAT:     break;
	}
	return NULL;
}

static void judge_kind(const struct line_evidence *e, struct line_verdict *v)
{
	bool shared = v->v4 == V4_MAPE || v->v4 == V4_DSLITE ||
		      v->v4 == V4_CGN || v->v4 == V4_PRIVATE;

	v->kind = kind_of(e, v);
	v->sure = v->conflict || v->v6 == V6_CLOSED || !e->raw ||
			(!e->has_ra && !e->has_offer)
		? SURE_LIKELY : SURE_SEEN;
	v->port500_never = v->v4 == V4_MAPE;
	v->ike6 = v->v6 == V6_ONE_64 || v->v6 == V6_DELEGATED;
	v->ike4 = v->v4 == V4_ONE_NAT || (!v->behind_gateway &&
		(v->v4 == V4_GLOBAL_DHCP || v->v4 == V4_PPPOE ||
			v->v4 == V4_IPIP));
	v->natt4 = shared || v->behind_gateway || v->ike4;
}

void line_judge(const struct line_evidence *e, struct line_verdict *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!e->link) {
		because(ret, "link", SURE_SEEN, NULL, _("the cable is not connected, or the other end is off"));
		return;
	}
	judge_v6(e, ret);
	judge_service(e, ret);
	judge_gateway(e, ret);
	judge_mape(e, ret);
	judge_v4(e, ret);
	judge_outside(e, ret);
	judge_access(e, ret);
	judge_kind(e, ret);
	judge_mtu(e, ret);
	if (ret->conflict)
		because(ret, "all", SURE_SEEN, NULL, _("some of this contradicts the rest: somebody on the wire says what is not so, or two lines meet here"));
	if (e->outside_died)
		because(ret, "all", SURE_SEEN, NULL, _("asking outside ended early; what it would have told is missing"));
}

void line_verdict_done(struct line_verdict *v)
{
	for (size_t i = 0; i < v->reason_n; i++)
		free(v->reasons[i].text);
	v->reason_n = 0;
}
