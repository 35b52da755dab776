// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Yamaha RTX and NVR. Two traps shape this file. The dynamic filters know TCP,
 * UDP and named applications, not ESP: ESP needs a static pass line. And an
 * interface without any "secure filter in" passes everything, so that taking
 * our lines back must never end with "no ... secure filter in".
 */
#include "routers/brand.h"
#include "routers/yamaha/read-own.h"
#include "base/tr.h"

#include <stdio.h>

enum { Q_FQDN = 1 /* names may stand as filter addresses */ };

/* Filter numbers, from the model's first free one on. */
enum { OPENINGS_MAX = 70, NO_ERROR = 70, NO_ND = 71, NO_ECHO = 72,
	NO_DHCP = 73, NO_REJECT = 79, NO_ALL = 80, NO_TCP = 90, NO_UDP = 91,
	LIST_MAX = 129, NAT_DESCRIPTOR = 1000 };

#define FQDN_NOTE N_("From Rev.15.01.23 on the sender in an IPv6 filter may be a name. Once you know the name of the security gateway, put it in place of the first * to narrow the opening (clients must use the router as DNS server).")

static const struct model models[] = {
	{"rtx830", "Yamaha RTX830", "lan2", "lan1", 200100, LIST_MAX, 0, NULL, 0},
	{"rtx810", "Yamaha RTX810", "lan2", "lan1", 200100, LIST_MAX, 0, NULL, 0},
	{"rtx1200", "Yamaha RTX1200", "lan2", "lan1", 200100, LIST_MAX, 0, NULL, 0},
	{"rtx1210", "Yamaha RTX1210", "lan2", "lan1", 200100, LIST_MAX, 0, NULL, 0},
	{"rtx1220", "Yamaha RTX1220", "lan2", "lan1", 200100, LIST_MAX, 0, NULL, 0},
	{"nvr510", "Yamaha NVR510", "lan2", "lan1", 200100, LIST_MAX, Q_FQDN,
		FQDN_NOTE, SRC_YAMAHA_FQDN},
	{"nvr700w", "Yamaha NVR700W", "lan2", "lan1", 200100, LIST_MAX, Q_FQDN,
		N_("From Rev.15.00.23 on the sender in an IPv6 filter may be a name. Once you know the name of the security gateway, put it in place of the first * to narrow the opening (clients must use the router as DNS server)."), SRC_YAMAHA_FQDN},
};

/* RA or delegated: what the manual calls the dynamic prefix. */
static const char *prefix_word(const struct plan *p)
{
	return p->v6 == V6_PD ? "dhcp-prefix" : "ra-prefix";
}

/* With a known identifier the prefix is left to the router. */
static bool dynamic(const struct plan *p, size_t dev)
{
	struct addr iid;

	return plan_iid(p, dev, &iid) == 0;
}

static char *dest6(const struct plan *p, size_t dev, char *buf)
{
	struct addr iid;
	char a[ADDR_STR];

	if (plan_iid(p, dev, &iid) < 0)
		return plan_addr6(p, dev, buf);
	addr_format(FAM_6, &iid, a);
	snprintf(buf, ADDRMASK_STR, "%s@%s%s", prefix_word(p), p->wan, a);
	return buf;
}

static void filter_lines(const struct plan *p, struct sheet *s,
	enum family fam)
{
	const char *ip = fam == FAM_6 ? "ipv6" : "ip";
	unsigned n = p->first;

	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];
		char dst[ADDRMASK_STR], src[ADDRMASK_STR], port[16], proto[8];

		if (o->fam != fam)
			continue;
		if (fam == FAM_6)
			dest6(p, o->dev, dst);
		else
			plan_addr4(p, o->dev, dst);
		plan_src(o, "*", src);
		plan_proto(o, proto);
		plan_ports(o, "-", port);
		sheet_line(s, "%s filter %u pass %s %s %s%s%s", ip, n++, src,
			dst, proto, o->has_port ? " * " : "", port);
	}
}

static unsigned count(const struct plan *p, enum family fam)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->o[i].fam == fam;
	return n;
}

static void numbers(const struct plan *p, enum family fam, bool openings,
	struct text *t)
{
	if (fam == FAM_6)
		text_addf(t, " %u %u", p->first + NO_ERROR, p->first + NO_ND);
	else
		text_addf(t, " %u", p->first + NO_ERROR);
	if (p->echo)
		text_addf(t, " %u", p->first + NO_ECHO);
	text_addf(t, " %u", p->first + NO_DHCP);
	for (unsigned i = 0; openings && i < count(p, fam); i++)
		text_addf(t, " %u", p->first + i);
	text_addf(t, " %u", p->first + NO_REJECT);
}

/* IPv4 by PPPoE sits on "pp"; everything else on the LAN interface. */
static const char *v4_if(const struct plan *p)
{
	if (p->rq->wan)
		return p->rq->wan;
	if (p->rq->line == LINE_PPPOE4)
		return "pp";
	return p->rq->line == LINE_IPIP ? "tunnel" : p->wan;
}

static void list_in(const struct plan *p, struct sheet *s, enum family fam,
	bool openings)
{
	const char *ip = fam == FAM_6 ? "ipv6" : "ip";
	struct text t = TEXT_INIT;

	numbers(p, fam, openings, &t);
	sheet_line(s, "%s %s secure filter in%s", ip,
		fam == FAM_6 ? p->wan : v4_if(p), text_str(&t));
	text_done(&t);
}

static void guard6(const struct plan *p, struct sheet *s)
{
	unsigned n = p->first;

	sheet_block(s, SEC_SET, SRC_YAMAHA_REF, true, "administrator #",
		_("The guard around it: error messages, neighbour discovery and DHCPv6 pass, connections from inside and their answers pass, the rest is refused"));
	sheet_line(s, "ipv6 filter %u pass * * icmp6 1,2,3,4 *", n + NO_ERROR);
	sheet_line(s, "ipv6 filter %u pass * * icmp6 133,134,135,136 *",
		n + NO_ND);
	if (p->echo)
		sheet_line(s, "ipv6 filter %u pass * * icmp6 128 *",
			n + NO_ECHO);
	sheet_line(s, "ipv6 filter %u pass * * udp * 546", n + NO_DHCP);
	sheet_line(s, "ipv6 filter %u reject *", n + NO_REJECT);
	sheet_line(s, "ipv6 filter %u pass * *", n + NO_ALL);
	sheet_line(s, "ipv6 filter dynamic %u * * tcp", n + NO_TCP);
	sheet_line(s, "ipv6 filter dynamic %u * * udp", n + NO_UDP);
	list_in(p, s, FAM_6, true);
	sheet_line(s, "ipv6 %s secure filter out %u dynamic %u %u", p->wan,
		n + NO_ALL, n + NO_TCP, n + NO_UDP);
}

static void line6(const struct plan *p, struct sheet *s)
{
	const char *w = prefix_word(p), *wan = p->wan, *lan = p->lan;

	if (p->v6 == V6_EITHER)
		return;
	sheet_block(s, SEC_SET, SRC_YAMAHA_RA, true, "administrator #",
		p->v6 == V6_PD ? _("IPv6 by prefix delegation (leave out what your configuration has already)") :
		_("IPv6 by RA proxy (leave out what your configuration has already)"));
	if (p->v6 == V6_RA)
		sheet_line(s, "ngn type %s ntt", wan);
	sheet_line(s, "ipv6 prefix 1 %s@%s::/64", w, wan);
	sheet_line(s, "ipv6 %s address %s@%s::1/64", lan, w, wan);
	sheet_line(s, "ipv6 %s rtadv send 1 o_flag=on", lan);
	sheet_line(s, "ipv6 %s dhcp service server", lan);
	sheet_line(s, "ipv6 %s dhcp service client%s", wan,
		p->v6 == V6_PD ? "" : " ir=on");
}

static void emit6(const struct plan *p, struct sheet *s)
{
	bool dyn = false;

	for (size_t i = 0; i < p->n; i++)
		dyn |= p->o[i].fam == FAM_6 && dynamic(p, p->o[i].dev);
	line6(p, s);
	if (dyn)
		sheet_say(s, SEC_SET, PART_CAUTION, SRC_YAMAHA_DYN,
			_("The address below is written as \"the prefix of %s plus the device's half\", so that it survives a new prefix. If your firmware refuses the line, write the whole address (\"show ipv6 address\" shows the prefix) and renew it when the prefix changes."),
			p->wan);
	sheet_block(s, SEC_SET, dyn ? SRC_YAMAHA_DYN : SRC_BLOG, true,
		"administrator #",
		_("What may come in to the device. ESP needs this static line: the dynamic filters below know TCP and UDP, not ESP"));
	filter_lines(p, s, FAM_6);
	guard6(p, s);
}

static void nat_lines(const struct plan *p, struct sheet *s, const char *no)
{
	unsigned id = 1;

	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];
		char dst[ADDRMASK_STR], port[16], proto[8];

		if (o->fam != FAM_4)
			continue;
		plan_proto(o, proto);
		plan_ports(o, "-", port);
		if (*no)
			sheet_line(s, "no nat descriptor masquerade static %u %u",
				NAT_DESCRIPTOR, id++);
		else
			sheet_line(s, "nat descriptor masquerade static %u %u %s %s%s%s",
				NAT_DESCRIPTOR, id++,
				plan_addr4(p, o->dev, dst), proto,
				*port ? " " : "", port);
	}
}

static void select_pp(const struct plan *p, struct sheet *s)
{
	if (!strcmp(v4_if(p), "pp"))
		sheet_line(s, "pp select 1");
	if (!strcmp(v4_if(p), "tunnel"))
		sheet_line(s, "tunnel select 1");
}

static void emit4(const struct plan *p, struct sheet *s)
{
	const char *wif = v4_if(p);
	unsigned n = p->first;

	sheet_block(s, SEC_SET, SRC_YAMAHA_NAT, true, "administrator #",
		_("Port mapping. A static entry also keeps the port unchanged in both directions, which IKE wants"));
	sheet_line(s, "nat descriptor type %u masquerade", NAT_DESCRIPTOR);
	nat_lines(p, s, "");
	sheet_block(s, SEC_SET, SRC_YAMAHA_REF, true, "administrator #",
		_("Filter. NAT comes first, so the lines name the device's inside address"));
	filter_lines(p, s, FAM_4);
	sheet_line(s, "ip filter %u pass * * icmp-error", n + NO_ERROR);
	if (p->echo)
		sheet_line(s, "ip filter %u pass * * icmp 8 *", n + NO_ECHO);
	sheet_line(s, "ip filter %u pass * * udp 67 68", n + NO_DHCP);
	sheet_line(s, "ip filter %u reject *", n + NO_REJECT);
	sheet_line(s, "ip filter %u pass * *", n + NO_ALL);
	sheet_line(s, "ip filter dynamic %u * * tcp", n + NO_TCP);
	sheet_line(s, "ip filter dynamic %u * * udp", n + NO_UDP);
	select_pp(p, s);
	list_in(p, s, FAM_4, true);
	sheet_line(s, "ip %s secure filter out %u dynamic %u %u", wif,
		n + NO_ALL, n + NO_TCP, n + NO_UDP);
	sheet_line(s, "ip %s nat descriptor %u", wif, NAT_DESCRIPTOR);
}

static void before(const struct plan *p, struct sheet *s)
{
	bool v6 = plan_has(p, FAM_6), v4 = plan_has(p, FAM_4);

	sheet_step(s, SEC_BEFORE, SRC_YAMAHA_REF, "show config",
		_("Keep a copy of the whole configuration."));
	sheet_step(s, SEC_BEFORE, SRC_YAMAHA_REF,
		v6 && v4 ? "show config | grep filter" :
		v6 ? "show config | grep \"ipv6 filter\"" :
		"show config | grep \"ip filter\"",
		_("The numbers %u to %u must be free; if not, choose another start with --first. If there is a \"secure filter in\" line already, do not paste ours over it: a second line replaces the first. Put only the new numbers into your own list, before its last reject."),
		p->first, p->first + NO_UDP);
	if (v4)
		sheet_step(s, SEC_BEFORE, SRC_YAMAHA_NAT,
			"show config | grep \"nat descriptor\"",
			_("If a descriptor is in use already, use its number in place of %u, and entry numbers that are free."),
			NAT_DESCRIPTOR);
}

static void yamaha_emit(const struct plan *p, struct sheet *s)
{
	before(p, s);
	if (plan_has(p, FAM_6))
		emit6(p, s);
	if (plan_has(p, FAM_4))
		emit4(p, s);
	sheet_block(s, SEC_SET, SRC_YAMAHA_REF, true, "administrator #",
		_("Keep it over a restart"));
	sheet_line(s, "save");
}

static void undo_family(const struct plan *p, struct sheet *s,
	enum family fam)
{
	list_in(p, s, fam, false);
	for (unsigned i = 0; i < count(p, fam); i++)
		sheet_line(s, "no %s filter %u", fam == FAM_6 ? "ipv6" : "ip",
			p->first + i);
}

static void yamaha_undo(const struct plan *p, struct sheet *s)
{
	sheet_say(s, SEC_UNDO, PART_CAUTION, SRC_YAMAHA_REF,
		_("The guard stays: an interface without a \"secure filter in\" line passes everything. If you had a list of your own, enter that line again from your copy instead of the first line here."));
	sheet_block(s, SEC_UNDO, SRC_YAMAHA_REF, true, "administrator #",
		_("Close the openings again"));
	if (plan_has(p, FAM_6))
		undo_family(p, s, FAM_6);
	if (plan_has(p, FAM_4)) {
		select_pp(p, s);
		undo_family(p, s, FAM_4);
		nat_lines(p, s, "no");
	}
	sheet_line(s, "save");
}

static void yamaha_fit(const struct plan *p, struct sheet *s)
{
	unsigned most = MAX2(count(p, FAM_6), count(p, FAM_4));

	if (most > OPENINGS_MAX)
		sheet_refuse(s, p, &p->o[OPENINGS_MAX].at,
			_("%u openings are more than this sheet numbers for one list (%u; the router takes %u with the guard's own)"),
			most, OPENINGS_MAX, LIST_MAX);
}

const struct brand brand_yamaha = {
	.id = "yamaha",
	.name = "Yamaha RTX / NVR",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_YAMAHA_REF},
		[CAP_ESP6] = {ANS_YES, SRC_BLOG},
		[CAP_SUFFIX] = {ANS_YES, SRC_YAMAHA_DYN},
		[CAP_NDPROXY] = {ANS_YES, SRC_YAMAHA_RA},
		[CAP_ESP_STATE] = {ANS_NO, SRC_YAMAHA_ESP},
		[CAP_ESP_MAP] = {ANS_YES, SRC_YAMAHA_NAT},
		[CAP_SOURCE] = {ANS_YES, SRC_YAMAHA_REF},
		[CAP_TEXT] = {ANS_YES, SRC_YAMAHA_REF},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.fit = yamaha_fit,
	.emit = yamaha_emit,
	.undo = yamaha_undo,
	.looks = yamaha_looks,
	.read = yamaha_read,
	.mend = yamaha_mend,
};
