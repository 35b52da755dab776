// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of kinds, and what a verdict means for the device. */
#include "line/line.h"
#include "base/tr.h"

#include <stdio.h>

static const char *const v6_ids[] = {"unknown", "nothing", "one-64",
	"delegated", "closed-network"};
static const char *const v4_ids[] = {"unknown", "nothing", "global-dhcp",
	"pppoe", "private", "cgn", "map-e", "ds-lite", "ipip", "one-nat"};
static const char *const access_ids[] = {"unknown", "flets", "flets-phone",
	"cross", "hgw-phone", "hgw-no-phone", "home-router", "nuro", "au",
	"jcom", "eo", "dhcp4", "pppoe", "private4"};
static const char *const hb_ids[] = {"unasked", "no-library", "none", "txt-bad",
	"refused", "silent", "certificate", "http", "json-bad", "good"};
static const char *const stun_ids[] = {"untold", "endpoint-independent",
	"address-dependent", "address-and-port-dependent"};
static const struct {
	const char *id, *name;
} services[] = {{"none", ""}, {"flets", "FLET'S"},
	{"v6plus", "v6 Plus (JPIX)"}, {"ocn", "OCN Virtual Connect"},
	{"biglobe", "BIGLOBE IPv6 option"}, {"nuro", "NURO"},
	{"transix", "transix (MF)"}, {"xpass", "Xpass (ARTERIA)"},
	{"v6connect", "v6 connect (ASAHI)"}, {"au", "au (KDDI)"},
	{"jcom", "J:COM"}, {"eo", "eo (OPTAGE)"}, {"other", ""}};

#define OF(list, i) ((size_t)(i) < ARRAY_LEN(list) ? (list)[i] : "?")

const char *line_v6_id(enum line_v6 v)
{
	return OF(v6_ids, v);
}
const char *line_v4_id(enum line_v4 v)
{
	return OF(v4_ids, v);
}
const char *line_access_id(enum line_access a)
{
	return OF(access_ids, a);
}
const char *hb46pp_end_id(enum hb46pp_end e)
{
	return OF(hb_ids, e);
}
const char *stun_behaviour_id(enum stun_behaviour b)
{
	return OF(stun_ids, b);
}
const char *stun_behaviour_words(enum stun_behaviour b)
{
	switch (b) {
	case STUN_UNTOLD:   return _("not told");
	case STUN_ENDPOINT: return _("the same for every peer");
	case STUN_ADDRESS:  return _("by the peer's address");
	case STUN_PORTWISE: return _("by the peer's address and port");
	}
	return "?";
}
const char *line_service_id(enum line_service s)
{
	return s < ARRAY_LEN(services) ? services[s].id : "?";
}
const char *line_service_name(enum line_service s)
{
	return s < ARRAY_LEN(services) ? services[s].name : "?";
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

const char *line_access_words(enum line_access a)
{
	switch (a) {
	case ACC_UNKNOWN:	return _("not recognised");
	case ACC_FLETS:		return _("FLET'S without Hikari Denwa");
	case ACC_FLETS_PHONE:	return _("FLET'S with Hikari Denwa");
	case ACC_CROSS:		return _("FLET'S Hikari Cross");
	case ACC_HGW_PHONE:	return _("behind an NTT home gateway with Hikari Denwa");
	case ACC_HGW_NO_PHONE:	return _("behind an NTT home gateway without Hikari Denwa, or an IPv6 bridge");
	case ACC_HOME_ROUTER:	return _("behind a home router");
	case ACC_NURO:		return _("NURO");
	case ACC_AU:		return _("au Hikari");
	case ACC_JCOM:		return _("J:COM");
	case ACC_EO:		return _("eo");
	case ACC_DHCP4:		return _("an address by DHCP (au, J:COM, eo, NURO and others)");
	case ACC_PPPOE:		return _("PPPoE");
	case ACC_PRIVATE4:	return _("private IPv4 of a building or a carrier");
	}
	return "?";
}

/* ---- meaning ---- */

static void line_add(struct text *t, const char *s)
{
	text_add(t, s);
	text_addc(t, '\n');
}

static void filter_words(const struct line_verdict *v, struct text *t)
{
	switch (v->access) {
	case ACC_HGW_PHONE:
		line_add(t, _("NTT's home gateway filters first: its IPv6 level must be 高度 (標準 lets other FLET'S subscribers in), with two pass rules to the device's address: UDP 500 and protocol 50."));
		break;
	case ACC_HGW_NO_PHONE:
		line_add(t, _("Nothing filters IPv6 in front of the home: every machine here can be reached from outside. On NTT's gateway without Hikari Denwa the IPv6 filter may not work; put a router of your own with a filter behind it, never a bridge."));
		break;
	case ACC_HOME_ROUTER:
		line_add(t, _("The home router in front decides: let it pass UDP 500 and protocol 50 to the device's address, and nothing else. Never a bridge."));
		break;
	case ACC_FLETS:
	case ACC_FLETS_PHONE:
	case ACC_CROSS:
		line_add(t, _("No router filters here yet: this gateway must, with two pass rules."));
		break;
	case ACC_UNKNOWN:
	case ACC_NURO:
	case ACC_AU:
	case ACC_JCOM:
	case ACC_EO:
	case ACC_DHCP4:
	case ACC_PPPOE:
	case ACC_PRIVATE4:
		break;
	}
}

static void family_words(const struct line_verdict *v, struct text *t)
{
	if (v->v6 == V6_CLOSED)
		line_add(t, _("IPv6 reaches only NTT's own network. A device whose gateway lies inside it may still work; else order IPv6 from the provider."));
	if (v->ike6)
		line_add(t, _("For the device: use IPv6. IKE (UDP 500) and ESP reach it at its own address, with the filter on and two pass rules. Never a bridge."));
	else if (v->ike4 && v->behind_gateway)
		line_add(t, _("For the device: use IPv4. Map UDP 500, UDP 4500 and protocol 50 to it on the router in front."));
	else if (v->ike4)
		line_add(t, _("For the device: use IPv4. Map UDP 500, UDP 4500 and protocol 50 to it."));
	else if (v->natt4)
		line_add(t, _("For the device: nothing from outside reaches it by this IPv4, whatever the router is told; only what it starts itself over UDP 4500 can work. Ask the provider for IPv6."));
}

static void v4_words(const struct line_verdict *v, struct text *t)
{
	if (v->double_nat)
		line_add(t, _("Two routers translate one after the other: a port mapping is needed on both, or make one of them a plain switch."));
	switch (v->v4) {
	case V4_MAPE:
		line_add(t, _("The shared IPv4 address can never carry port 500 (RFC 7597: the first ports are nobody's), and ESP has no port."));
		break;
	case V4_DSLITE:
		line_add(t, _("IPv4 goes through the carrier's NAT (DS-Lite): no port can be opened there, and ESP does not pass it from outside."));
		break;
	case V4_CGN:
		line_add(t, _("A NAT of the carrier stands in the way: no port can be opened in it."));
		break;
	case V4_PPPOE:
		line_add(t, _("The IPv4 address needs a PPPoE session with the provider's name and password; the router that has the session has the address."));
		break;
	case V4_IPIP:
		line_add(t, _("A fixed IPv4 address of its own: all ports and ESP can be used."));
		break;
	case V4_UNKNOWN:
	case V4_NOTHING:
	case V4_GLOBAL_DHCP:
	case V4_PRIVATE:
	case V4_ONE_NAT:
		break;
	}
}

void line_meaning(const struct line_verdict *v, struct text *ret)
{
	family_words(v, ret);
	if (v->ike6 || (v->ike4 && v->behind_gateway))
		filter_words(v, ret);
	v4_words(v, ret);
}

/* ---- the port set ---- */

static void port_words(const struct mape *m, uint16_t port, struct text *t)
{
	unsigned a = m->offset ? port >> (16 - m->offset) : 0;

	text_addf(t, _("  port %u = 0x%04x: its first %u bits are A = %u"), port,
		port, m->offset, a);
	if (!mape_possible(m->offset, m->psid_len, port))
		text_add(t, _(", and A = 0 belongs to nobody: no home can ever have it\n"));
	else if (!m->has_psid)
		text_addf(t, _(", the next %u are PSID 0x%x: one home in %u has it\n"),
			m->psid_len, mape_owner(m->offset, m->psid_len, port),
			1u << m->psid_len);
	else
		text_addf(t, mape_has_port(m->offset, m->psid_len, m->psid, port)
			? _(", the next %u are PSID 0x%x: it is this home's\n")
			: _(", the next %u are PSID 0x%x: it is another home's\n"),
			m->psid_len, mape_owner(m->offset, m->psid_len, port));
}

static void set_words(const struct mape *m, struct text *t)
{
	unsigned first = m->offset ? 1 : 0, shown = 0;
	uint16_t lo, hi;

	if (!m->has_psid)
		return;
	text_addf(t, _("  this home's PSID is 0x%x; its ports:"), m->psid);
	for (unsigned a = first; shown < 3 &&
		mape_block(m->offset, m->psid_len, m->psid, a, &lo, &hi); a++) {
		text_addf(t, " %u-%u", lo, hi);
		shown++;
	}
	if ((1u << m->offset) - first > shown &&
		mape_block(m->offset, m->psid_len, m->psid,
			(1u << m->offset) - 1, &lo, &hi))
		text_addf(t, " ... %u-%u", lo, hi);
	text_addc(t, '\n');
}

void line_mape_words(const struct mape *m, struct text *ret)
{
	char buf[ADDR_STR];

	if (!m->known)
		return;
	text_addf(ret, _("MAP-E port set (RFC 7597 5.1; rule from %s, %s):\n"),
		m->source ? m->source : "?", sure_words(m->sure));
	text_addf(ret, _("  port = A (%u bits) | PSID (%u bits) | %u bits; %u ports a home\n"),
		m->offset, m->psid_len, 16u - m->offset - m->psid_len,
		mape_count(m->offset, m->psid_len));
	set_words(m, ret);
	if (m->has_ipv4)
		text_addf(ret, _("  the shared address is %s\n"),
			addr_format(FAM_4, &m->ipv4, buf));
	port_words(m, 500, ret);
	port_words(m, 4500, ret);
}
