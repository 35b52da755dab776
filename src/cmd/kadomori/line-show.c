// SPDX-License-Identifier: GPL-2.0-or-later
#include "line-show.h"
#include "command.h"

#include <jansson.h>
#include <stdio.h>

/* ---- for people ---- */

static const char *v6_words(enum line_v6 v)
{
	switch (v) {
	case V6_UNKNOWN:   return _("not known");
	case V6_NOTHING:   return _("none");
	case V6_ONE_64:	   return _("one /64 by RA; the gateway needs an NDP proxy");
	case V6_DELEGATED: return _("a prefix by DHCPv6-PD");
	case V6_CLOSED:	   return _("NTT's closed network only; no IPv6 contract is active");
	}
	return "?";
}

static const char *v4_words(enum line_v4 v)
{
	switch (v) {
	case V4_UNKNOWN:     return _("not known");
	case V4_NOTHING:     return _("none of its own");
	case V4_GLOBAL_DHCP: return _("a global address by DHCP");
	case V4_PPPOE:	     return _("PPPoE is possible (a global address with a session)");
	case V4_PRIVATE:     return _("a private address: a NAT stands in front");
	case V4_CGN:	     return _("an address of a carrier NAT");
	case V4_MAPE:	     return _("MAP-E: one address shared between homes");
	case V4_DSLITE:	     return _("DS-Lite: the carrier's NAT");
	case V4_IPIP:	     return _("a fixed global address over IPv6 (IPIP)");
	case V4_ONE_NAT:     return _("a global address on the router in front");
	}
	return "?";
}

static const char *service_of(const struct line_verdict *v)
{
	return v->service == SVC_OTHER ? v->service_name
				       : line_service_name(v->service);
}

static void print_head(const struct line_verdict *v)
{
	const char *area = v->area == 'E'   ? _(", NTT East")
			   : v->area == 'W' ? _(", NTT West") : "";

	printf(_("line:     %s%s (%s)\n"), line_access_words(v->access), area,
		sure_words(v->access_sure));
	if (v->service != SVC_NONE)
		printf(_("service:  %s (%s)\n"), service_of(v),
			sure_words(v->service_sure));
	printf(_("IPv6:     %s\n"), v6_words(v->v6));
	printf(_("IPv4:     %s (%s)\n"), v4_words(v->v4),
		sure_words(v->v4_sure));
	if (v->pppoe && v->v4 != V4_PPPOE)
		puts(_("          a PPPoE server answers as well"));
}

static void print_block(const char *head, struct text *t)
{
	const char *s = text_str(t);

	if (!*s)
		return;
	if (head)
		puts(head);
	fputs(s, stdout);
}

static void print_text(const struct line_evidence *e,
	const struct line_verdict *v)
{
	struct text meaning = TEXT_INIT, ports = TEXT_INIT;

	print_head(v);
	line_meaning(v, &meaning);
	print_block(NULL, &meaning);
	puts(_("because:"));
	for (size_t i = 0; i < v->reason_n; i++)
		printf("  - %s (%s%s%s)\n", v->reasons[i].text,
			sure_words(v->reasons[i].sure),
			v->reasons[i].source ? ", " : "",
			v->reasons[i].source ? v->reasons[i].source : "");
	line_mape_words(&v->mape, &ports);
	print_block(NULL, &ports);
	if (e->link && !e->raw && *e->ifname)
		puts(_("not asked: router solicitation, DHCPv6, DHCPv4 and PPPoE need root (sudo)."));
	if (v->kind && e->at == AT_GATEWAY)
		printf(_("In kadomori.conf: line %s\n"), v->kind);
	text_done(&meaning);
	text_done(&ports);
}

/* ---- for programs: schema 2 ---- */

static json_t *address(enum family fam, const struct addr *a)
{
	char buf[ADDR_STR];

	return json_string(addr_format(fam, a, buf));
}

static json_t *ra_json(const struct line_evidence *e)
{
	json_t *prefixes = json_array(), *dns = json_array(), *j;
	char mac[MAC_STR], name[LINE_NAME_MAX] = "";
	struct rd r = rd_of(e->ra.dnssl, e->ra.dnssl_n);

	for (size_t i = 0; i < e->ra.prefix_n; i++) {
		const struct ra_prefix *p = &e->ra.prefix[i];

		json_array_append_new(prefixes, json_pack(
			"{s:o, s:i, s:b, s:b, s:I, s:I}", "prefix",
			address(FAM_6, &p->prefix), "length", p->len, "onlink",
			!!(p->flags & PIO_ONLINK), "auto",
			!!(p->flags & PIO_AUTO), "valid_s",
			(json_int_t)p->valid_s, "preferred_s",
			(json_int_t)p->preferred_s));
	}
	for (size_t i = 0; i < e->ra.rdnss_n; i++)
		json_array_append_new(dns, address(FAM_6, &e->ra.rdnss[i]));
	if (!e->ra.dnssl_n || dns_name_text(&r, name, sizeof(name)))
		*name = '\0';
	j = json_pack("{s:o, s:s, s:b, s:b, s:i, s:i, s:I, s:o, s:o, s:s, s:i}",
		"router", address(FAM_6, &e->router), "mac",
		mac_format(&e->router_mac, mac), "managed",
		!!(e->ra.flags & RA_MANAGED), "other",
		!!(e->ra.flags & RA_OTHER), "lifetime_s", e->ra.lifetime_s,
		"hop_limit", e->ra.hop_limit, "mtu", (json_int_t)e->ra.mtu,
		"prefixes", prefixes, "rdnss", dns, "dnssl", name,
		"other_routers", (int)e->other_routers);
	return j;
}

static json_t *dhcp6_json(const struct dhcp6_answer *d)
{
	json_t *dns = json_array(), *j;

	for (size_t i = 0; i < d->dns_n; i++)
		json_array_append_new(dns, address(FAM_6, &d->dns[i]));
	j = json_pack("{s:s, s:s, s:o, s:i, s:i, s:b, s:i}", "aftr", d->aftr,
		"search", d->search, "dns", dns, "status", d->status,
		"duid_type", d->duid_type, "map", d->mape || d->mapt || d->lw4o6,
		"rules", (int)d->rule_n);
	if (d->has_prefix) {
		json_object_set_new(j, "prefix", address(FAM_6, &d->prefix));
		json_object_set_new(j, "length", json_integer(d->prefix_len));
		json_object_set_new(j, "valid_s", json_integer(d->valid_s));
	}
	return j;
}

static json_t *stun_json(const struct line_stun *s)
{
	json_t *j = json_pack("{s:b, s:b}", "answered", s->answered, "lies",
		s->lies);

	if (!s->answered)
		return j;
	json_object_update_new(j, json_pack(
		"{s:o, s:i, s:o, s:i, s:b, s:s, s:s, s:i, s:b}", "self",
		address(s->self.fam, &s->self.addr), "self_port", s->self.port,
		"seen", address(s->seen.fam, &s->seen.addr), "seen_port",
		s->seen.port, "nat", s->nat, "mapping",
		stun_behaviour_id(s->mapping), "filtering",
		stun_behaviour_id(s->filtering), "mtu", (int)s->mtu,
		"black_hole", s->black_hole));
	return j;
}

static json_t *names_json(const struct line_evidence *e)
{
	json_t *list = json_object();

	for (size_t i = 0; i < LINE_NAMES; i++)
		if (e->names.name[i].there)
			json_object_set_new(list, line_names[i].name,
				address(line_names[i].fam,
					&e->names.name[i].addr));
	return json_pack("{s:b, s:b, s:o, s:s}", "answered", e->names.answered,
		"lies", e->names.liar, "names", list, "reverse",
		e->names.reverse);
}

static json_t *hops_json(const struct line_hops *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->n; i++)
		json_array_append_new(list, addr_is_zero(&h->hop[i])
			? json_null() : address(FAM_4, &h->hop[i]));
	return list;
}

static json_t *evidence_json(const struct line_evidence *e)
{
	json_t *j = json_object();

	if (e->has_ra)
		json_object_set_new(j, "ra", ra_json(e));
	if (e->has_dhcp6)
		json_object_set_new(j, "dhcp6", dhcp6_json(&e->dhcp6));
	if (e->has_info)
		json_object_set_new(j, "dhcp6_information",
			dhcp6_json(&e->info));
	if (e->has_offer)
		json_object_set_new(j, "dhcp4", json_pack(
			"{s:o, s:o, s:I, s:s, s:i}", "address",
			address(FAM_4, &e->offer.yours), "server",
			address(FAM_4, &e->offer.server), "lease_s",
			(json_int_t)e->offer.lease_s, "domain",
			e->offer.domain, "other_servers",
			(int)e->other_offers));
	if (e->has_pado)
		json_object_set_new(j, "pppoe",
			json_pack("{s:s}", "name", e->pppoe_name));
	if (e->names.asked)
		json_object_set_new(j, "dns", names_json(e));
	if (e->hb.end != HB_UNASKED)
		json_object_set_new(j, "hb46pp", json_pack(
			"{s:s, s:s, s:b, s:s, s:s, s:I, s:i}", "end",
			hb46pp_end_id(e->hb.end), "url", e->hb.url, "checked",
			e->hb.checked, "enabler", e->hb.enabler, "service",
			e->hb.service, "ttl_s", (json_int_t)e->hb.ttl_s,
			"rules", (int)e->hb.rule_n));
	if (e->stun4.asked)
		json_object_set_new(j, "stun4", stun_json(&e->stun4));
	if (e->stun6.asked)
		json_object_set_new(j, "stun6", stun_json(&e->stun6));
	if (e->hops.asked)
		json_object_set_new(j, "hops", hops_json(&e->hops));
	json_object_set_new(j, "raw", json_boolean(e->raw));
	return j;
}

static json_t *mape_json(const struct mape *m)
{
	json_t *ports, *j;
	uint16_t lo, hi;

	if (!m->known)
		return json_null();
	ports = json_array();
	for (unsigned a = m->offset ? 1 : 0; m->has_psid &&
		mape_block(m->offset, m->psid_len, m->psid, a, &lo, &hi); a++)
		json_array_append_new(ports, json_pack("[i,i]", lo, hi));
	j = json_pack("{s:i, s:i, s:i, s:b, s:b, s:s, s:s?, s:o}", "offset",
		m->offset, "psid_length", m->psid_len, "ports_per_home",
		(int)mape_count(m->offset, m->psid_len), "port_500_possible",
		mape_possible(m->offset, m->psid_len, 500),
		"port_4500_possible",
		mape_possible(m->offset, m->psid_len, 4500), "sure",
		sure_id(m->sure), "source", m->source, "ports", ports);
	if (m->has_psid)
		json_object_update_new(j, json_pack("{s:i, s:b}", "psid",
			m->psid, "port_4500_ours", mape_has_port(m->offset,
				m->psid_len, m->psid, 4500)));
	if (m->has_ipv4)
		json_object_set_new(j, "ipv4", address(FAM_4, &m->ipv4));
	if (m->has_br)
		json_object_set_new(j, "br", address(FAM_6, &m->br));
	return j;
}

static json_t *reasons_json(const struct line_verdict *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->reason_n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?}",
			"from", v->reasons[i].from, "text", v->reasons[i].text,
			"sure", sure_id(v->reasons[i].sure), "source",
			v->reasons[i].source));
	return list;
}

static void print_json(const struct line_evidence *e,
	const struct line_verdict *v)
{
	char area[2] = {v->area, '\0'};
	struct text meaning = TEXT_INIT;
	json_t *j;

	line_meaning(v, &meaning);
	j = json_pack("{s:i, s:s, s:s, s:s, s:s?, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
		"schema", 2, "at", e->at == AT_HOST ? "host" : "gateway",
		"access", line_access_id(v->access), "access_sure",
		sure_id(v->access_sure), "kind", v->kind, "sure",
		sure_id(v->sure), "ipv6", line_v6_id(v->v6), "ipv4",
		line_v4_id(v->v4), "ipv4_sure", sure_id(v->v4_sure), "service",
		line_service_id(v->service), "service_name", service_of(v),
		"area", area, "meaning", text_str(&meaning));
	json_object_update_new(j, json_pack(
		"{s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:i, s:I}",
		"behind_gateway", v->behind_gateway, "ntt_gateway",
		v->ntt_gateway, "ipv6_past_router", v->v6_past_router,
		"double_nat", v->double_nat, "conflict", v->conflict, "pppoe",
		v->pppoe, "ike6", v->ike6, "ike4", v->ike4, "natt4", v->natt4,
		"port500_never", v->port500_never, "mtu", (int)v->mtu,
		"took_ms", (json_int_t)e->took));
	json_object_set_new(j, "service_sure",
		json_string(sure_id(v->service_sure)));
	json_object_set_new(j, "map_e", mape_json(&v->mape));
	json_object_set_new(j, "reasons", reasons_json(v));
	json_object_set_new(j, "evidence", evidence_json(e));
	json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(j);
	text_done(&meaning);
}

void line_show(const struct line_evidence *e, const struct line_verdict *v,
	bool json)
{
	if (json)
		print_json(e, v);
	else
		print_text(e, v);
}
