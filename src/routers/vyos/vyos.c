// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VyOS and its older cousin EdgeOS. What is accepted comes first and a rule that
 * drops what else comes from the line comes last, so that the openings' numbers
 * are free to grow. From 1.4 on rules stand in base chains of the whole router;
 * before, in a named list that an interface refers to, which drops by itself.
 */
#include "routers/vyos/read-own.h"
#include "base/tr.h"

#include <stdarg.h>
#include <stdio.h>

/* Rule numbers, from the model's first free one on. */
enum { OPENINGS_MAX = 70, NO_STATE = 70, NO_INVALID = 71, NO_ICMP = 72,
	NO_ECHO = 77, NO_DHCP = 78, NO_DROP = 79 };

static const struct model models[] = {
	{"vyos", "VyOS 1.4, 1.5", "eth0", "eth1", 2000, 0, 0, NULL, 0},
};

static bool old(const struct plan *p)
{
	return p->model->quirks & VYOS_OLD;
}

static const char *wan_of(const struct plan *p)
{
	if (!p->rq->wan && p->rq->line == LINE_PPPOE4)
		return "pppoe0";
	return p->wan;
}

/* ---- rules ---- */

/* What stands in front of "rule N": dir "in" or "local". */
struct list {
	const struct plan *p;
	struct sheet *s;
	enum family fam;
	char path[64];
};

static struct list list_at(const struct plan *p, struct sheet *s,
	enum family fam, bool local)
{
	struct list l = {.p = p, .s = s, .fam = fam};

	if (old(p))
		snprintf(l.path, sizeof(l.path), "firewall %s KADOMORI%s_%s",
			fam == FAM_6 ? "ipv6-name" : "name",
			fam == FAM_6 ? "6" : "", local ? "LOCAL" : "IN");
	else
		snprintf(l.path, sizeof(l.path), "firewall %s %s filter",
			fam == FAM_6 ? "ipv6" : "ipv4",
			local ? "input" : "forward");
	return l;
}

static void say(const struct list *l, unsigned no, const char *fmt, ...)
	printf_like(3, 4);
static void say(const struct list *l, unsigned no, const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	sheet_line(l->s, "set %s rule %u %s", l->path, l->p->first + no, buf);
}

/* In a base chain the rule has to say that it means the line's side. */
static void from_wan(const struct list *l, unsigned no)
{
	if (!old(l->p))
		say(l, no, "inbound-interface name %s", wan_of(l->p));
}

static void dest6(const struct plan *p, const struct list *l,
	const struct opening *o, unsigned no)
{
	struct addr iid;
	char a[ADDRMASK_STR];

	if (old(p) || plan_iid(p, o->dev, &iid) < 0) {
		say(l, no, "destination address %s", plan_addr6(p, o->dev, a));
		return;
	}
	say(l, no, "destination address %s", addr_format(FAM_6, &iid, a));
	say(l, no, "destination address-mask ::ffff:ffff:ffff:ffff");
}

static void opening(const struct list *l, const struct opening *o, unsigned no)
{
	char a[ADDRMASK_STR], name[ADDRMASK_STR], port[16], proto[8];

	say(l, no, "action accept");
	say(l, no, "description %s", plan_name(l->p, o, name));
	from_wan(l, no);
	say(l, no, "protocol %s", plan_proto(o, proto));
	if (o->fam == FAM_6)
		dest6(l->p, l, o, no);
	else
		say(l, no, "destination address %s",
			plan_addr4(l->p, o->dev, a));
	if (o->has_port)
		say(l, no, "destination port %s", plan_ports(o, "-", port));
	if (o->has_src)
		say(l, no, "source address %s", plan_src(o, "", a));
}

static void openings(const struct list *l)
{
	unsigned no = 0;

	for (size_t i = 0; i < l->p->n; i++)
		if (l->p->o[i].fam == l->fam)
			opening(l, &l->p->o[i], no++);
}

static void states(const struct list *l)
{
	const char *on = old(l->p) ? " enable" : "";

	if (old(l->p))
		sheet_line(l->s, "set %s default-action drop", l->path);
	say(l, NO_STATE, "action accept");
	say(l, NO_STATE, "state established%s", on);
	say(l, NO_STATE, "state related%s", on);
	say(l, NO_INVALID, "action drop");
	say(l, NO_INVALID, "state invalid%s", on);
}

static void icmp(const struct list *l, unsigned no, const char *type)
{
	say(l, no, "action accept");
	from_wan(l, no);
	say(l, no, "protocol %s", l->fam == FAM_6 ? "ipv6-icmp" : "icmp");
	if (*type)
		say(l, no, "%s type %s", l->fam == FAM_6 ? "icmpv6" : "icmp", type);
}

static void drop_rest(const struct list *l)
{
	if (old(l->p))
		return;
	say(l, NO_DROP, "action drop");
	from_wan(l, NO_DROP);
}

/* Old lists take ip6tables' names, new ones numbers. */
static void icmp_errors(const struct list *l)
{
	static const char *const names[] = {"destination-unreachable",
		"packet-too-big", "time-exceeded", "parameter-problem"};

	for (unsigned i = 0; l->fam == FAM_6 && i < 4; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", i + 1);
		icmp(l, NO_ICMP + i, old(l->p) ? names[i] : number);
	}
	if (l->fam == FAM_6 && l->p->echo)
		icmp(l, NO_ECHO, old(l->p) ? "echo-request" : "128");
}

/* To the router itself: ICMP, its DHCP client, nothing else. */
static void guard_local(const struct list *l)
{
	states(l);
	if (l->fam == FAM_6 || l->p->echo)
		icmp(l, NO_ICMP, l->fam == FAM_6 ? "" : "8");
	say(l, NO_DHCP, "action accept");
	from_wan(l, NO_DHCP);
	say(l, NO_DHCP, "protocol udp");
	say(l, NO_DHCP, "destination port %s", l->fam == FAM_6 ? "546" : "68");
	if (l->fam == FAM_6)
		say(l, NO_DHCP, "source address fe80::/10");
	drop_rest(l);
}

/* ---- where old lists hang ---- */

static void attach(const struct plan *p, struct sheet *s, enum family fam)
{
	const char *wan = wan_of(p), *kind = fam == FAM_6 ? "ipv6-name" : "name";
	const char *six = fam == FAM_6 ? "6" : "";
	cleanup(freep) char *at = NULL;

	if (!strncmp(wan, "pppoe", 5) && p->model->quirks & VYOS_EDGE)
		at = xasprintf("ethernet eth0 pppoe %s", wan + 5);
	else if (!strncmp(wan, "pppoe", 5))
		at = xasprintf("pppoe %s", wan);
	else
		at = xasprintf("ethernet %s", wan);
	sheet_line(s, "set interfaces %s firewall in %s KADOMORI%s_IN", at, kind,
		six);
	sheet_line(s, "set interfaces %s firewall local %s KADOMORI%s_LOCAL", at,
		kind, six);
}

/* ---- the sheet ---- */

static enum src fw_src(const struct plan *p)
{
	return old(p) ? SRC_EDGE_V6 : SRC_VYOS_FW6;
}

static void guard(const struct plan *p, struct sheet *s, enum family fam)
{
	struct list in = list_at(p, s, fam, false);
	struct list local = list_at(p, s, fam, true);

	sheet_block(s, SEC_SET, fw_src(p), true, "#",
		_("The guard around it: what the home starts and its answers pass, ICMP errors pass, the rest from the line is dropped"));
	states(&in);
	icmp_errors(&in);
	drop_rest(&in);
	sheet_block(s, SEC_SET, fw_src(p), true, "#",
		_("To the router itself: ICMP and its own DHCP client"));
	guard_local(&local);
	if (old(p)) {
		sheet_block(s, SEC_SET, fw_src(p), true, "#",
			_("Hang the lists on the line's interface"));
		attach(p, s, fam);
	}
}

/* One /64 by RA: ndppd answers for the device, a host route leads to it. */
static void ndproxy(const struct plan *p, struct sheet *s)
{
	char a[ADDRMASK_STR], prefix[ADDRMASK_STR] = "LAN-PREFIX/64";
	bool told[256] = {0};

	if (p->v6 != V6_RA || old(p))
		return;
	if (p->rq->has_prefix)
		addrmask_format(&p->rq->prefix, prefix);
	else
		sheet_say(s, SEC_BEFORE, PART_NOTE, SRC_NONE,
			_("Write the line's /64 in place of LAN-PREFIX; \"show ipv6 route\" tells it."));
	sheet_block(s, SEC_SET, SRC_VYOS_NDP, true, "#",
		_("ND proxy between line and home (leave out what your configuration has already)"));
	sheet_line(s, "set service ndp-proxy interface %s prefix %s mode auto",
		wan_of(p), prefix);
	for (size_t i = 0; i < p->n; i++) {
		if (p->o[i].fam != FAM_6 || told[p->o[i].dev % 256])
			continue;
		told[p->o[i].dev % 256] = true;
		sheet_line(s, "set protocols static route6 %s/128 interface %s",
			plan_addr6(p, p->o[i].dev, a), p->lan);
	}
	sheet_say(s, SEC_SET, PART_CAUTION, SRC_REASONED,
		_("The commands are in the manual; this combination was not seen working on a line with one /64. Each host that is to have IPv6 needs its own route6 line."));
}

static void emit6(const struct plan *p, struct sheet *s)
{
	struct list in = list_at(p, s, FAM_6, false);

	ndproxy(p, s);
	sheet_block(s, SEC_SET, old(p) ? SRC_EDGE_ESP : SRC_VYOS_FW6, true, "#",
		_("What may come in to the device by IPv6"));
	openings(&in);
	guard(p, s, FAM_6);
}

static void nat_rule(const struct plan *p, struct sheet *s,
	const struct opening *o, unsigned no)
{
	bool edge = p->model->quirks & VYOS_EDGE;
	cleanup(freep) char *head = xasprintf("set %s rule %u",
		edge ? "service nat" : "nat destination", p->first + no);
	char a[ADDRMASK_STR], name[ADDRMASK_STR], port[16], proto[8];

	sheet_line(s, "%s description %s", head, plan_name(p, o, name));
	if (edge)
		sheet_line(s, "%s type destination", head);
	sheet_line(s, "%s inbound-interface %s%s", head,
		old(p) ? "" : "name ", wan_of(p));
	sheet_line(s, "%s protocol %s", head, plan_proto(o, proto));
	if (o->has_port)
		sheet_line(s, "%s destination port %s", head,
			plan_ports(o, "-", port));
	sheet_line(s, "%s %s address %s", head,
		edge ? "inside-address" : "translation",
		plan_addr4(p, o->dev, a));
}

static void emit4(const struct plan *p, struct sheet *s)
{
	struct list in = list_at(p, s, FAM_4, false);
	unsigned no = 0;

	sheet_block(s, SEC_SET, old(p) ? SRC_EDGE_ESP : SRC_VYOS_NATESP, true,
		"#", _("Port mapping to the device"));
	for (size_t i = 0; i < p->n; i++)
		if (p->o[i].fam == FAM_4)
			nat_rule(p, s, &p->o[i], no++);
	sheet_block(s, SEC_SET, fw_src(p), true, "#",
		_("Filter. NAT comes first, so the lines name the device's inside address"));
	openings(&in);
	guard(p, s, FAM_4);
}

static void before(const struct plan *p, struct sheet *s)
{
	sheet_step(s, SEC_BEFORE, SRC_NONE, "show configuration commands",
		_("Keep a copy of the whole configuration."));
	if (old(p))
		sheet_step(s, SEC_BEFORE, fw_src(p),
			"show configuration commands | grep \"firewall in\"",
			_("An interface takes one list for each direction. If the line's interface has lists already, put only the first rules into them, with numbers in front of their dropping ones, and leave the guard out."));
	else
		sheet_step(s, SEC_BEFORE, fw_src(p),
			"show configuration commands | grep \"forward filter\"",
			_("The rule numbers %u to %u must be free, and a dropping rule of your own must not stand in front of them; if one does, choose a smaller start with --first."),
			p->first, p->first + NO_DROP);
	if (plan_has(p, FAM_4))
		sheet_step(s, SEC_BEFORE, old(p) ? SRC_EDGE_NAT : SRC_VYOS_NAT,
			"show configuration commands | grep nat",
			_("The home's own translation (masquerade) must be there already; these lines add to it."));
}

void vyos_emit(const struct plan *p, struct sheet *s)
{
	before(p, s);
	sheet_block(s, SEC_SET, SRC_NONE, true, "$", _("Begin"));
	sheet_line(s, "configure");
	if (plan_has(p, FAM_6))
		emit6(p, s);
	if (plan_has(p, FAM_4))
		emit4(p, s);
	sheet_block(s, SEC_SET, SRC_NONE, true, "#",
		_("Try it for ten minutes: if you are locked out, the router goes back by itself"));
	sheet_line(s, "commit-confirm 10");
	sheet_block(s, SEC_SET, SRC_NONE, true, "#",
		_("Keep it over a restart"));
	sheet_line(s, "confirm");
	sheet_line(s, "save");
}

static void undo_rules(const struct plan *p, struct sheet *s, enum family fam)
{
	struct list in = list_at(p, s, fam, false);
	unsigned no = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (p->o[i].fam != fam)
			continue;
		if (fam == FAM_4)
			sheet_line(s, "delete %s rule %u",
				p->model->quirks & VYOS_EDGE
					? "service nat" : "nat destination",
				p->first + no);
		sheet_line(s, "delete %s rule %u", in.path, p->first + no++);
	}
}

void vyos_undo(const struct plan *p, struct sheet *s)
{
	sheet_block(s, SEC_UNDO, fw_src(p), true, "#",
		_("Take the device's openings back; the guard stays, or the home is open"));
	sheet_line(s, "configure");
	if (plan_has(p, FAM_6))
		undo_rules(p, s, FAM_6);
	if (plan_has(p, FAM_4))
		undo_rules(p, s, FAM_4);
	sheet_line(s, "commit");
	sheet_line(s, "save");
}

void vyos_fit(const struct plan *p, struct sheet *s)
{
	size_t n[2] = {0};

	for (size_t i = 0; i < p->n; i++)
		n[p->o[i].fam == FAM_6]++;
	if (MAX2(n[0], n[1]) > OPENINGS_MAX)
		sheet_refuse(s, p, &p->o[OPENINGS_MAX].at,
			_("%zu openings are more than this sheet numbers for one list (%u)"),
			MAX2(n[0], n[1]), OPENINGS_MAX);
}

const struct brand brand_vyos = {
	.id = "vyos",
	.name = "VyOS",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_VYOS_FW6},
		[CAP_ESP6] = {ANS_YES, SRC_VYOS_FW6},
		[CAP_SUFFIX] = {ANS_YES, SRC_VYOS_FW6},
		[CAP_NDPROXY] = {ANS_YES, SRC_VYOS_NDP},
		[CAP_ESP_STATE] = {ANS_YES, SRC_REASONED},
		[CAP_ESP_MAP] = {ANS_YES, SRC_VYOS_NATESP},
		[CAP_SOURCE] = {ANS_YES, SRC_VYOS_FW6},
		[CAP_TEXT] = {ANS_YES, SRC_VYOS_FW6},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.fit = vyos_fit,
	.emit = vyos_emit,
	.undo = vyos_undo,
	.looks = vyos_looks,
	.read = vyos_read,
	.mend = tree_mend,
	.raw_dhcp = true,
};
