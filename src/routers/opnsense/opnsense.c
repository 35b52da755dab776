// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * OPNsense: pf behind web pages. A "Dynamic IPv6 Host" alias names a host
 * whatever the prefix is. Steps on its pages, and the same as config.xml has it.
 */
#include "routers/opnsense/read-own.h"
#include "base/text.h"
#include "base/tr.h"

#include <stdio.h>

static const struct model models[] = {
	{"opnsense", "OPNsense", "wan", "lan", 0, 0, 0, NULL, 0},
};

/* The alias's name: letters, digits and _ only. */
static char *alias(const struct plan *p, size_t dev, char *buf)
{
	snprintf(buf, ADDRMASK_STR, "kd_%.24s", p->in->devices[dev].name);
	for (char *c = buf; *c; c++)
		if (*c == '-' || *c == '.')
			*c = '_';
	return buf;
}

/* The destination of an IPv6 rule: the alias, or the address as it is known. */
static char *dest6(const struct plan *p, size_t dev, char *buf)
{
	struct addr iid;

	return plan_iid(p, dev, &iid) == 0 ? alias(p, dev, buf)
					   : plan_addr6(p, dev, buf);
}

static bool first_of(const struct plan *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (p->o[k].fam == FAM_6 && p->o[k].dev == p->o[i].dev)
			return false;
	return p->o[i].fam == FAM_6;
}

/* ---- steps ---- */

static void step_alias(const struct plan *p, struct sheet *s, size_t dev)
{
	char name[ADDRMASK_STR], a[ADDR_STR];
	struct addr iid;

	if (plan_iid(p, dev, &iid) < 0)
		return;
	sheet_step(s, SEC_SET, SRC_OPN_ALIAS, "Firewall > Aliases > +",
		_("Name %s, type \"Dynamic IPv6 Host\", content %s, interface LAN. Save and apply."),
		alias(p, dev, name), addr_format(FAM_6, &iid, a));
}

static void step_rule(const struct plan *p, struct sheet *s,
	const struct opening *o)
{
	char dst[ADDRMASK_STR], src[ADDRMASK_STR], port[16], proto[8];

	plan_src(o, "any", src);
	plan_ports(o, "-", port);
	sheet_step(s, SEC_SET, SRC_OPN_RULES, o->fam == FAM_6
			? "Firewall > Rules > WAN > +"
			: "Firewall > NAT > Port Forward > +",
		o->fam == FAM_6
			? _("Pass, direction in, IPv6, protocol %s%s%s, source %s, destination %s.")
			: _("Interface WAN, IPv4, protocol %s%s%s, source %s, destination \"WAN address\", redirect target %s; let it add the filter rule."),
		plan_proto(o, proto), o->has_port ? _(", destination port ") : "",
		port, src, o->fam == FAM_6 ? dest6(p, o->dev, dst)
					   : plan_addr4(p, o->dev, dst));
}

/* ---- config.xml ---- */

/* "<source>...</source>" */
static void xml_end(struct text *t, const char *name, const char *net,
	const char *port)
{
	text_addf(t, "<%s>", name);
	if (*net)
		text_addf(t, "<network>%s</network>", net);
	else
		text_add(t, "<any>1</any>");
	if (*port)
		text_addf(t, "<port>%s</port>", port);
	text_addf(t, "</%s>", name);
}

static void xml_head(const struct plan *p, struct sheet *s,
	const struct opening *o, const char *type)
{
	char proto[8];

	sheet_line(s, "  <rule>%s<interface>%s</interface><ipprotocol>%s</ipprotocol><protocol>%s</protocol>",
		type, p->wan, o->fam == FAM_6 ? "inet6" : "inet",
		plan_proto(o, proto));
}

static void xml_tail(const struct plan *p, struct sheet *s,
	const struct opening *o, const char *dst, const char *more)
{
	char src[ADDRMASK_STR], port[16], name[ADDRMASK_STR];
	struct text t = TEXT_INIT;

	xml_end(&t, "source", plan_src(o, "", src), "");
	xml_end(&t, "destination", dst, plan_ports(o, "-", port));
	sheet_line(s, "    %s%s<descr>%s</descr></rule>", text_str(&t), more,
		plan_name(p, o, name));
	text_done(&t);
}

static void xml_pass(const struct plan *p, struct sheet *s,
	const struct opening *o)
{
	char dst[ADDRMASK_STR];

	xml_head(p, s, o, "<type>pass</type>");
	xml_tail(p, s, o, o->fam == FAM_6 ? dest6(p, o->dev, dst)
					  : plan_addr4(p, o->dev, dst), "");
}

static void xml_forward(const struct plan *p, struct sheet *s,
	const struct opening *o)
{
	cleanup(freep) char *net = xasprintf("%sip", p->wan);
	cleanup(freep) char *local = NULL;
	cleanup(freep) char *more = NULL;
	char dst[ADDRMASK_STR];

	local = o->has_port
		? xasprintf("<local-port>%u</local-port>", o->lo) : xstrdup("");
	more = xasprintf("<target>%s</target>%s", plan_addr4(p, o->dev, dst),
		local);
	xml_head(p, s, o, "");
	xml_tail(p, s, o, net, more);
}

static void xml_aliases(const struct plan *p, struct sheet *s)
{
	char name[ADDRMASK_STR], a[ADDR_STR];
	struct addr iid;

	sheet_line(s, "<OPNsense><Firewall><Alias><aliases>");
	for (size_t i = 0; i < p->n; i++) {
		if (!first_of(p, i) || plan_iid(p, p->o[i].dev, &iid) < 0)
			continue;
		sheet_line(s, "  <alias><enabled>1</enabled><name>%s</name><type>dynipv6host</type><interface>%s</interface>",
			alias(p, p->o[i].dev, name), p->lan);
		sheet_line(s, "    <content>%s</content></alias>",
			addr_format(FAM_6, &iid, a));
	}
	sheet_line(s, "</aliases></Alias></Firewall></OPNsense>");
}

static void config(const struct plan *p, struct sheet *s)
{
	sheet_block(s, SEC_SET, SRC_REASONED, true, "config.xml",
		_("The same in the words of config.xml, for comparing with a backup of yours. It is a part: do not restore it, a restore replaces what is there"));
	sheet_line(s, "<opnsense>");
	if (plan_has(p, FAM_4)) {
		sheet_line(s, "<nat>");
		for (size_t i = 0; i < p->n; i++)
			if (p->o[i].fam == FAM_4)
				xml_forward(p, s, &p->o[i]);
		sheet_line(s, "</nat>");
	}
	sheet_line(s, "<filter>");
	for (size_t i = 0; i < p->n; i++)
		xml_pass(p, s, &p->o[i]);
	sheet_line(s, "</filter>");
	if (plan_has(p, FAM_6))
		xml_aliases(p, s);
	sheet_line(s, "</opnsense>");
}

static void opnsense_emit(const struct plan *p, struct sheet *s)
{
	sheet_step(s, SEC_BEFORE, SRC_OPN_RULES, "System > Configuration > Backups",
		_("Download a backup."));
	for (size_t i = 0; i < p->n; i++)
		if (first_of(p, i))
			step_alias(p, s, p->o[i].dev);
	for (size_t i = 0; i < p->n; i++)
		step_rule(p, s, &p->o[i]);
	if (plan_has(p, FAM_4))
		sheet_say(s, SEC_SET, PART_NOTE, SRC_OPN_697,
			_("Leave Firewall > NAT > Outbound at automatic or hybrid: these keep the source port 500 of IKE. With manual rules, add one with \"Static port\" for UDP 500."));
	if (p->v6 == V6_RA)
		sheet_say(s, SEC_SET, PART_CAUTION, SRC_OPN_NDP,
			_("This line has one /64: install a plugin that proxies neighbour discovery (the manual names os-ndproxy and ndp-proxy-go). Do not bridge WAN and LAN instead."));
	config(p, s);
}

static void opnsense_undo(const struct plan *p, struct sheet *s)
{
	char name[ADDRMASK_STR];

	for (size_t i = 0; i < p->n; i++)
		sheet_step(s, SEC_UNDO, SRC_OPN_RULES, p->o[i].fam == FAM_6
				? "Firewall > Rules > WAN"
				: "Firewall > NAT > Port Forward",
			_("Delete %s and apply."), plan_name(p, &p->o[i], name));
}

const struct brand brand_opnsense = {
	.id = "opnsense",
	.name = "OPNsense",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_OPN_RULES},
		[CAP_ESP6] = {ANS_YES, SRC_OPN_IPSEC},
		[CAP_SUFFIX] = {ANS_YES, SRC_OPN_ALIAS},
		[CAP_NDPROXY] = {ANS_YES, SRC_OPN_NDP},
		[CAP_ESP_STATE] = {ANS_YES, SRC_PF_MAN},
		[CAP_ESP_MAP] = {ANS_YES, SRC_REASONED},
		[CAP_SOURCE] = {ANS_YES, SRC_OPN_RULES},
		[CAP_TEXT] = {ANS_NO, SRC_OPN_RULES},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.emit = opnsense_emit,
	.undo = opnsense_undo,
	.looks = opnsense_looks,
	.read = opnsense_read,
};
