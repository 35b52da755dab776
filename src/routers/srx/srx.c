// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Juniper SRX: names first (addresses, applications), then policies between two
 * zones. Translation comes before the policies, so these name inside addresses.
 */
#include "routers/srx/read-own.h"
#include "base/tr.h"

#include <stdio.h>

static const struct model models[] = {
	{"srx300", "Juniper SRX300 (Junos)", "untrust", "trust", 0, 0, 0, NULL, 0},
};

static bool first_of(const struct plan *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (p->o[k].fam == p->o[i].fam && p->o[k].dev == p->o[i].dev)
			return false;
	return true;
}

/* "casa-v6": one address a device and family */
static char *addr_name(const struct plan *p, const struct opening *o, char *buf)
{
	snprintf(buf, ADDRMASK_STR, "%s-v%d", p->in->devices[o->dev].name,
		o->fam == FAM_6 ? 6 : 4);
	return buf;
}

/* IPv4 and IPv6 of one device have policies and applications of their own. */
static char *rule_name(const struct plan *p, const struct opening *o, char *buf)
{
	char name[ADDRMASK_STR];

	snprintf(buf, ADDRMASK_STR, "%s-v%d", plan_name(p, o, name),
		o->fam == FAM_6 ? 6 : 4);
	return buf;
}

static void names(const struct plan *p, struct sheet *s, enum family fam)
{
	char n[ADDRMASK_STR], a[ADDRMASK_STR];

	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];

		if (o->fam != fam)
			continue;
		if (first_of(p, i))
			sheet_line(s, "set security address-book global address %s %s/%d",
				addr_name(p, o, n), fam == FAM_6
				? plan_addr6(p, o->dev, a)
				: plan_addr4(p, o->dev, a), fam == FAM_6 ? 128 : 32);
		if (o->has_src)
			sheet_line(s, "set security address-book global address %s-from %s",
				rule_name(p, o, n), plan_src(o, "", a));
	}
}

static void applications(const struct plan *p, struct sheet *s, enum family fam)
{
	char n[ADDRMASK_STR], port[16], proto[8];

	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];

		if (o->fam != fam)
			continue;
		rule_name(p, o, n);
		sheet_line(s, "set applications application %s protocol %s", n,
			plan_proto(o, proto));
		if (o->has_port)
			sheet_line(s, "set applications application %s destination-port %s",
				n, plan_ports(o, "-", port));
	}
}

static void policy(const struct plan *p, struct sheet *s, const char *name,
	const char *src, const char *dst, const char *app)
{
	cleanup(freep) char *head = xasprintf(
		"set security policies from-zone %s to-zone %s policy %s",
		p->wan, p->lan, name);

	sheet_line(s, "%s match source-address %s", head, src);
	sheet_line(s, "%s match destination-address %s", head, dst);
	sheet_line(s, "%s match application %s", head, app);
	sheet_line(s, "%s then permit", head);
}

static void policies(const struct plan *p, struct sheet *s, enum family fam)
{
	char n[ADDRMASK_STR], a[ADDRMASK_STR];

	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];
		cleanup(freep) char *from = NULL;

		if (o->fam != fam)
			continue;
		from = o->has_src ? xasprintf("%s-from", rule_name(p, o, n))
				  : xstrdup("any");
		rule_name(p, o, n);
		policy(p, s, n, from, addr_name(p, o, a), n);
	}
}

static void guard(const struct plan *p, struct sheet *s)
{
	sheet_block(s, SEC_SET, SRC_SRX_POLICY, true, "#",
		_("The guard around it: what the home starts and its answers pass, the rest is refused"));
	sheet_line(s, "set security policies from-zone %s to-zone %s policy kadomori-out match source-address any",
		p->lan, p->wan);
	sheet_line(s, "set security policies from-zone %s to-zone %s policy kadomori-out match destination-address any",
		p->lan, p->wan);
	sheet_line(s, "set security policies from-zone %s to-zone %s policy kadomori-out match application any",
		p->lan, p->wan);
	sheet_line(s, "set security policies from-zone %s to-zone %s policy kadomori-out then permit",
		p->lan, p->wan);
	sheet_line(s, "set security policies default-policy deny-all");
	if (!p->echo || !plan_has(p, FAM_6))
		return;
	sheet_line(s, "set applications application kadomori-echo protocol icmp6");
	sheet_line(s, "set applications application kadomori-echo icmp6-type 128");
	policy(p, s, "kadomori-echo", "any", "any", "kadomori-echo");
}

static void emit6(const struct plan *p, struct sheet *s)
{
	sheet_block(s, SEC_SET, SRC_SRX_FLOW6, true, "#",
		_("IPv6 through the firewall, not around it. If this changes anything, the router has to be restarted"));
	sheet_line(s, "set security forwarding-options family inet6 mode flow-based");
	sheet_block(s, SEC_SET, SRC_SRX_POLICY, true, "#",
		_("What may come in to the device by IPv6"));
	names(p, s, FAM_6);
	applications(p, s, FAM_6);
	policies(p, s, FAM_6);
	if (p->v6 == V6_RA)
		sheet_say(s, SEC_SET, PART_CAUTION, SRC_REASONED,
			_("This line has one /64. The SRX can answer for single addresses (security nat proxy-ndp), but each host then needs a route of its own; this was not seen working and is not written here."));
}

static void nat(const struct plan *p, struct sheet *s, enum family fam)
{
	char n[ADDRMASK_STR], a[ADDRMASK_STR], port[24], proto[8];

	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];
		cleanup(freep) char *head = NULL;

		if (o->fam != fam)
			continue;
		if (first_of(p, i))
			sheet_line(s, "set security nat destination pool %s address %s/32",
				addr_name(p, o, n), plan_addr4(p, o->dev, a));
		head = xasprintf("set security nat destination rule-set kadomori rule %s",
			rule_name(p, o, n));
		sheet_line(s, "%s match destination-address 0.0.0.0/0", head);
		sheet_line(s, "%s match protocol %s", head, plan_proto(o, proto));
		if (o->has_port && o->lo != o->hi)
			snprintf(port, sizeof(port), "%u to %u", o->lo, o->hi);
		else
			snprintf(port, sizeof(port), "%u", o->lo);
		if (o->has_port)
			sheet_line(s, "%s match destination-port %s", head, port);
		sheet_line(s, "%s then destination-nat pool %s", head,
			addr_name(p, o, n));
	}
}

static void emit4(const struct plan *p, struct sheet *s)
{
	sheet_block(s, SEC_SET, SRC_SRX_NATESP, true, "#",
		_("Port mapping to the device"));
	sheet_line(s, "set security nat destination rule-set kadomori from zone %s",
		p->wan);
	nat(p, s, FAM_4);
	sheet_block(s, SEC_SET, SRC_SRX_POLICY, true, "#",
		_("Filter. NAT comes first, so the lines name the device's inside address"));
	names(p, s, FAM_4);
	applications(p, s, FAM_4);
	policies(p, s, FAM_4);
}

static void before(const struct plan *p, struct sheet *s)
{
	sheet_step(s, SEC_BEFORE, SRC_NONE,
		"show configuration | display set",
		_("Keep a copy of the whole configuration."));
	sheet_step(s, SEC_BEFORE, SRC_NONE, "show security zones",
		_("The sheet says %s for the line and %s for the home side. Put your names in with --wan and --lan."),
		p->wan, p->lan);
	sheet_step(s, SEC_BEFORE, SRC_NONE,
		"show configuration security policies | display set",
		_("A new policy is put behind those of the same pair of zones. If one of them denies everything, move ours in front: insert security policies from-zone %s to-zone %s policy NAME before policy DENYING."),
		p->wan, p->lan);
	sheet_step(s, SEC_BEFORE, SRC_NONE,
		"show configuration security | display set | match address-book",
		_("If addresses stand in address books of the zones, write ours there, too: an SRX takes one kind of book only."));
	if (plan_has(p, FAM_4))
		sheet_step(s, SEC_BEFORE, SRC_SRX_NAT,
			"show configuration security nat | display set",
			_("If there is a destination rule-set from the same zone, put the rules into it. The home's own source NAT must be there already."));
}

static void srx_emit(const struct plan *p, struct sheet *s)
{
	before(p, s);
	sheet_block(s, SEC_SET, SRC_NONE, true, ">", _("Begin"));
	sheet_line(s, "configure");
	if (plan_has(p, FAM_6))
		emit6(p, s);
	if (plan_has(p, FAM_4))
		emit4(p, s);
	guard(p, s);
	sheet_block(s, SEC_SET, SRC_NONE, true, "#",
		_("Try it for ten minutes: if you are locked out, the router goes back by itself"));
	sheet_line(s, "commit confirmed 10");
	sheet_block(s, SEC_SET, SRC_NONE, true, "#",
		_("Keep it over a restart"));
	sheet_line(s, "commit");
}

static void undo(const struct plan *p, struct sheet *s, enum family fam)
{
	char n[ADDRMASK_STR];

	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];

		if (o->fam != fam)
			continue;
		rule_name(p, o, n);
		sheet_line(s, "delete security policies from-zone %s to-zone %s policy %s",
			p->wan, p->lan, n);
		sheet_line(s, "delete applications application %s", n);
		if (o->has_src)
			sheet_line(s, "delete security address-book global address %s-from", n);
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->o[i].fam == fam && first_of(p, i))
			sheet_line(s, "delete security address-book global address %s",
				addr_name(p, &p->o[i], n));
}

static void srx_undo(const struct plan *p, struct sheet *s)
{
	char n[ADDRMASK_STR];

	sheet_block(s, SEC_UNDO, SRC_SRX_POLICY, true, "#",
		_("Take the device's openings back; the guard stays, or the home is open"));
	sheet_line(s, "configure");
	if (plan_has(p, FAM_6))
		undo(p, s, FAM_6);
	if (plan_has(p, FAM_4)) {
		undo(p, s, FAM_4);
		sheet_line(s, "delete security nat destination rule-set kadomori");
		for (size_t i = 0; i < p->n; i++)
			if (p->o[i].fam == FAM_4 && first_of(p, i))
				sheet_line(s, "delete security nat destination pool %s",
					addr_name(p, &p->o[i], n));
	}
	sheet_line(s, "commit");
}

const struct brand brand_srx = {
	.id = "srx",
	.name = "Juniper SRX",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_SRX_FLOW6},
		[CAP_ESP6] = {ANS_YES, SRC_SRX_POLICY},
		[CAP_SUFFIX] = {ANS_NO, SRC_REASONED},
		[CAP_NDPROXY] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_STATE] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_MAP] = {ANS_YES, SRC_SRX_NATESP},
		[CAP_SOURCE] = {ANS_YES, SRC_SRX_POLICY},
		[CAP_TEXT] = {ANS_YES, SRC_SRX_POLICY},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.emit = srx_emit,
	.undo = srx_undo,
	.looks = srx_looks,
	.read = srx_read,
	.mend = tree_mend,
};
