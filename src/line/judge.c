// SPDX-License-Identifier: GPL-2.0-or-later
/* Evidence -> verdict. Rules in the order of what they can be sure of. */
#include "line/line.h"
#include "base/tr.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const v6_ids[] = {"unknown", "nothing", "one-64",
	"delegated", "closed-network"};
static const char *const v4_ids[] = {"unknown", "nothing", "global-dhcp",
	"pppoe", "private", "cgn", "map-e", "ds-lite", "ipip"};

const char *line_v6_id(enum line_v6 v)
{
	return v < ARRAY_LEN(v6_ids) ? v6_ids[v] : "?";
}
const char *line_v4_id(enum line_v4 v)
{
	return v < ARRAY_LEN(v4_ids) ? v4_ids[v] : "?";
}
const char *sure_id(enum sure s)
{
	return s == SURE_SEEN ? "seen" : s == SURE_LIKELY ? "likely" : "guess";
}
const char *sure_words(enum sure s)
{
	return s == SURE_SEEN	? _("seen")
	       : s == SURE_LIKELY ? _("likely")
				  : _("guess");
}

static void __attribute__((format(printf, 4, 5))) because(struct line_verdict *v,
	enum sure sure, const char *source, const char *fmt, ...)
{
	struct reason *r;
	va_list ap;

	if (v->reason_n == REASONS_MAX)
		return;
	r = &v->reasons[v->reason_n++];
	r->sure = sure;
	r->source = source;
	va_start(ap, fmt);
	if (vasprintf(&r->text, fmt, ap) < 0)
		r->text = NULL;
	va_end(ap);
}

static bool in4(const char *prefix, const struct addr *a)
{
	struct addrmask m;

	return !addrmask_parse(prefix, &m) && addrmask_has(&m, FAM_4, a);
}

static bool is_private4(const struct addr *a)
{
	return in4("10.0.0.0/8", a) || in4("172.16.0.0/12", a) ||
	       in4("192.168.0.0/16", a);
}

static bool is_cgn4(const struct addr *a)
{
	return in4("100.64.0.0/10", a) || in4("192.0.0.0/29", a);
}

/* ---- IPv6 ---- */

static const struct ra_prefix *slaac_prefix(const struct ra *ra)
{
	for (size_t i = 0; i < ra->prefix_n; i++)
		if ((ra->prefix[i].flags & PIO_AUTO) && ra->prefix[i].len == 64)
			return &ra->prefix[i];
	return NULL;
}

static void judge_v6(const struct line_evidence *e, struct line_verdict *v)
{
	const struct ra_prefix *p = e->has_ra ? slaac_prefix(&e->ra) : NULL;
	char buf[ADDR_STR];

	if (e->has_dhcp6 && e->dhcp6.has_prefix) {
		v->v6 = V6_DELEGATED;
		because(v, SURE_SEEN, NULL, _("DHCPv6 delegates the prefix %s/%u"),
			addr_format(FAM_6, &e->dhcp6.prefix, buf),
			e->dhcp6.prefix_len);
	} else if (p) {
		v->v6 = V6_ONE_64;
		because(v, SURE_SEEN, NULL, _("the router announces one /64 (%s) and delegates nothing"),
			addr_format(FAM_6, &p->prefix, buf));
	} else if (e->has_ra && (e->ra.flags & RA_MANAGED)) {
		because(v, SURE_SEEN, NULL, _("a router is there and points to DHCPv6, but DHCPv6 gave no prefix"));
	} else if (!e->has_ra) {
		v->v6 = V6_NOTHING;
		because(v, SURE_SEEN, NULL, _("no IPv6 router answered"));
	}
}

/* The address that tells the service: delegated, announced or our own. */
static bool telling_addr(const struct line_evidence *e, struct addr *ret)
{
	const struct ra_prefix *p = e->has_ra ? slaac_prefix(&e->ra) : NULL;

	if (e->has_dhcp6 && e->dhcp6.has_prefix)
		*ret = e->dhcp6.prefix;
	else if (p)
		*ret = p->prefix;
	else if (e->own6_n)
		*ret = e->own6[0];
	else
		return false;
	return true;
}

static bool has_suffix(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n >= k && !strcmp(name + n - k, end);
}

static void judge_area(const struct line_evidence *e, struct line_verdict *v)
{
	const char *s = e->has_dhcp6 ? e->dhcp6.search : "";
	bool east = has_suffix(s, "flets-east.jp");
	bool west = has_suffix(s, "flets-west.jp");

	if (!east && !west)
		return;
	v->flets = true;
	v->area = east ? 'E' : 'W';
	because(v, SURE_SEEN, "luci-app-fleth get_area",
		east ? _("the line's name search list says NTT East (%s)")
		     : _("the line's name search list says NTT West (%s)"), s);
}

static void judge_service(const struct line_evidence *e, struct line_verdict *v)
{
	const struct line_prefix *row;
	struct addr a;

	judge_area(e, v);
	row = telling_addr(e, &a) ? line_prefix_find(&a) : NULL;
	if (!row)
		return;
	if (!v->area)
		v->area = row->area;
	v->flets |= row->closed;
	if (row->closed) {
		v->v6 = V6_CLOSED;
		because(v, SURE_LIKELY, row->source,
			_("the prefix %s belongs to NTT's closed network: no IPv6 contract with a provider is active"),
			row->prefix);
		return;
	}
	v->service = row->service;
	because(v, SURE_LIKELY, row->source, _("the prefix %s is used by %s"),
		row->prefix, row->service);
}

/* ---- IPv4 ---- */

static void judge_shared(const struct line_evidence *e, struct line_verdict *v)
{
	const struct dhcp6_answer *d = &e->dhcp6;
	const struct line_prefix *row;
	struct addr a;

	if (e->has_dhcp6 && (d->mape || d->mapt || d->lw4o6)) {
		v->v4 = V4_MAPE;
		because(v, SURE_SEEN, "RFC 7598", _("DHCPv6 hands out rules of a shared IPv4 address (MAP)"));
	} else if (e->has_dhcp6 && *d->aftr) {
		v->v4 = V4_DSLITE;
		because(v, SURE_SEEN, "RFC 6334", _("DHCPv6 names an AFTR (%s): IPv4 is DS-Lite"),
			d->aftr);
	} else {
		row = telling_addr(e, &a) ? line_prefix_find(&a) : NULL;
		if (!row || row->v4 == V4_UNKNOWN)
			return;
		v->v4 = row->v4;
		because(v, SURE_LIKELY, row->source, row->v4 == V4_MAPE
			? _("IPv4 of %s is shared between homes (MAP-E)")
			: _("IPv4 of %s ends in the carrier's NAT (DS-Lite)"),
			row->service);
	}
}

static void judge_offer(const struct line_evidence *e, struct line_verdict *v,
	const struct addr *a)
{
	char buf[ADDR_STR];

	addr_format(FAM_4, a, buf);
	if (is_cgn4(a)) {
		v->v4 = V4_CGN;
		because(v, SURE_SEEN, "RFC 6598", _("the IPv4 address %s belongs to a carrier NAT"),
			buf);
	} else if (is_private4(a)) {
		v->v4 = V4_PRIVATE;
		because(v, SURE_SEEN, "RFC 1918", _("the IPv4 address %s is private"),
			buf);
	} else {
		v->v4 = V4_GLOBAL_DHCP;
		because(v, SURE_SEEN, NULL, _("DHCP gives the global IPv4 address %s"),
			buf);
	}
	if (e->asked_seen && addr_cmp(a, &e->seen4)) {
		because(v, SURE_SEEN, NULL, _("from outside another address is seen (%s): there is a NAT in between"),
			addr_format(FAM_4, &e->seen4, buf));
		if (v->v4 == V4_GLOBAL_DHCP)
			v->v4 = V4_CGN;
	}
}

static void judge_v4(const struct line_evidence *e, struct line_verdict *v)
{
	bool mape_or_dslite;

	judge_shared(e, v);
	mape_or_dslite = v->v4 == V4_MAPE || v->v4 == V4_DSLITE;
	if (e->has_offer && !mape_or_dslite) {
		judge_offer(e, v, &e->offer.yours);
		return;
	}
	if (e->own4_n && e->at == AT_GATEWAY && !mape_or_dslite) {
		judge_offer(e, v, &e->own4[0]);
		return;
	}
	if (e->has_pado) {
		because(v, SURE_SEEN, "RFC 2516", _("a PPPoE server answers (%s): a session with its own global IPv4 address is possible"),
			*e->pppoe_name ? e->pppoe_name : "?");
		if (!mape_or_dslite)
			v->v4 = V4_PPPOE;
		v->flets |= e->has_ra;
	} else if (v->v4 == V4_UNKNOWN) {
		v->v4 = V4_NOTHING;
		because(v, SURE_SEEN, NULL, _("neither DHCPv4 nor PPPoE answered"));
	}
}

/* ---- is a router in front? ---- */

static void judge_gateway(const struct line_evidence *e, struct line_verdict *v)
{
	bool same = e->has_ra && e->has_offer &&
		    !memcmp(&e->router_mac, &e->offer_mac, sizeof(struct mac));

	if (e->has_dhcp6 && e->dhcp6.has_prefix && e->dhcp6.prefix_len == 60) {
		v->behind_gateway = true;
		because(v, SURE_LIKELY, "rabbit5151 (owner)",
			_("a /60 is delegated: an NTT home gateway hands on parts of its /56"));
	}
	if (same && is_private4(&e->offer.yours)) {
		v->behind_gateway = true;
		because(v, SURE_SEEN, NULL, _("the IPv6 router also gives private IPv4 addresses: it is a home router, not the line"));
	} else if (e->at == AT_HOST && e->has_offer &&
		is_private4(&e->offer.yours)) {
		v->behind_gateway = true;
	}
}

/* ---- the word for kadomori.conf, and what it means for the device ---- */

static void judge_kind(const struct line_evidence *e, struct line_verdict *v)
{
	v->sure = SURE_SEEN;
	v->port500_never = v->v4 == V4_MAPE;
	if (v->behind_gateway && e->at == AT_GATEWAY)
		v->kind = "hgw";
	else if (v->v6 == V6_DELEGATED)
		v->kind = "flets-pd";
	else if (v->v6 == V6_ONE_64)
		v->kind = "flets-ra";
	else if (v->v4 == V4_GLOBAL_DHCP)
		v->kind = "dhcp4";
	else if (v->v4 == V4_PPPOE)
		v->kind = "pppoe4";
	else if (v->v4 == V4_PRIVATE || v->v4 == V4_CGN)
		v->kind = "private4";
	v->ike6 = v->v6 == V6_ONE_64 || v->v6 == V6_DELEGATED;
	v->ike4 = !v->behind_gateway &&
		  (v->v4 == V4_GLOBAL_DHCP || v->v4 == V4_PPPOE ||
			  v->v4 == V4_IPIP);
	if (v->kind && (v->v6 == V6_CLOSED || (!e->has_ra && !e->has_offer)))
		v->sure = SURE_LIKELY;
}

void line_judge(const struct line_evidence *e, struct line_verdict *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!e->link) {
		because(ret, SURE_SEEN, NULL, _("the cable is not connected, or the other end is off"));
		return;
	}
	judge_v6(e, ret);
	judge_service(e, ret);
	judge_v4(e, ret);
	judge_gateway(e, ret);
	judge_kind(e, ret);
}

void line_verdict_done(struct line_verdict *v)
{
	for (size_t i = 0; i < v->reason_n; i++)
		free(v->reasons[i].text);
}
