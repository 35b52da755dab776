// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linux with nftables: tables of our own, loaded and removed as a whole, never
 * "flush ruleset". An accept in one table does not undo a drop in another, so
 * the sheet says to look for other forward chains first.
 */
#include "routers/brand.h"
#include "routers/nftables/read-own.h"
#include "base/tr.h"

#include <stdio.h>

static const struct model models[] = {
	{"nftables", "Linux (nftables)", "wan0", "lan0", 0, 0, 0, NULL, 0},
};

static char *dest6(const struct plan *p, size_t dev, char *buf)
{
	struct addr iid;
	char a[ADDR_STR];

	if (plan_iid(p, dev, &iid) < 0)
		snprintf(buf, ADDRMASK_STR, "ip6 daddr %s",
			plan_addr6(p, dev, a));
	else
		snprintf(buf, ADDRMASK_STR,
			"ip6 daddr & ::ffff:ffff:ffff:ffff == %s",
			addr_format(FAM_6, &iid, a));
	return buf;
}

/* "udp dport 500", "meta l4proto esp" */
static char *service(const struct opening *o, char *buf)
{
	char proto[8], port[16];

	plan_proto(o, proto);
	if (o->has_port)
		snprintf(buf, ADDRMASK_STR, "%s dport %s", proto,
			plan_ports(o, "-", port));
	else
		snprintf(buf, ADDRMASK_STR, "meta l4proto %s", proto);
	return buf;
}

static void opening_line(const struct plan *p, const struct opening *o,
	struct sheet *s)
{
	char dst[2 * ADDRMASK_STR], src[ADDRMASK_STR], svc[ADDRMASK_STR];
	char name[ADDRMASK_STR], a4[ADDRMASK_STR];
	const char *ip = o->fam == FAM_6 ? "ip6" : "ip";

	if (o->fam == FAM_6)
		dest6(p, o->dev, dst);
	else
		snprintf(dst, sizeof(dst), "ip daddr %s",
			plan_addr4(p, o->dev, a4));
	plan_src(o, "", src);
	sheet_line(s, "\t\tiifname \"%s\" oifname \"%s\" %s%s%s%s%s %s counter accept comment \"%s\"",
		p->wan, p->lan, o->has_src ? ip : "",
		o->has_src ? " saddr " : "", src, o->has_src ? " " : "", dst,
		service(o, svc), plan_name(p, o, name));
}

static void forward_chain(const struct plan *p, struct sheet *s)
{
	sheet_line(s, "\tchain forward {");
	sheet_line(s, "\t\ttype filter hook forward priority filter; policy drop;");
	sheet_line(s, "\t\tct state established,related accept");
	sheet_line(s, "\t\tct state invalid drop");
	sheet_line(s, "\t\tiifname \"%s\" oifname \"%s\" accept", p->lan,
		p->wan);
	sheet_line(s, "\t\ticmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept");
	if (p->echo)
		sheet_line(s, "\t\ticmpv6 type echo-request accept");
	for (size_t i = 0; i < p->n; i++)
		opening_line(p, &p->o[i], s);
	sheet_line(s, "\t}");
}

static void input_chain(const struct plan *p, struct sheet *s)
{
	sheet_line(s, "\tchain input {");
	sheet_line(s, "\t\ttype filter hook input priority filter; policy accept;");
	sheet_line(s, "\t\tiifname != \"%s\" accept", p->wan);
	sheet_line(s, "\t\tct state established,related accept");
	sheet_line(s, "\t\ticmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept");
	sheet_line(s, "\t\ticmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept");
	if (p->echo)
		sheet_line(s, "\t\ticmpv6 type echo-request accept");
	sheet_line(s, "\t\tip6 saddr fe80::/10 udp sport 547 udp dport 546 accept");
	sheet_line(s, "\t\tudp sport 67 udp dport 68 accept");
	sheet_line(s, "\t\tdrop");
	sheet_line(s, "\t}");
}

static void nat_table(const struct plan *p, struct sheet *s)
{
	char a4[ADDRMASK_STR], svc[ADDRMASK_STR], src[ADDRMASK_STR];

	sheet_line(s, "add table ip kadomori_settings_nat");
	sheet_line(s, "delete table ip kadomori_settings_nat");
	sheet_line(s, "table ip kadomori_settings_nat {");
	sheet_line(s, "\tchain prerouting {");
	sheet_line(s, "\t\ttype nat hook prerouting priority dstnat; policy accept;");
	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];

		if (o->fam != FAM_4)
			continue;
		plan_src(o, "", src);
		sheet_line(s, "\t\tiifname \"%s\" %s%s%s%s dnat to %s", p->wan,
			o->has_src ? "ip saddr " : "", src,
			o->has_src ? " " : "", service(o, svc),
			plan_addr4(p, o->dev, a4));
	}
	sheet_line(s, "\t}");
	sheet_line(s, "\tchain postrouting {");
	sheet_line(s, "\t\ttype nat hook postrouting priority srcnat; policy accept;");
	sheet_line(s, "\t\toifname \"%s\" masquerade", p->wan);
	sheet_line(s, "\t}");
	sheet_line(s, "}");
}

static void before(const struct plan *p, struct sheet *s)
{
	sheet_step(s, SEC_BEFORE, SRC_NONE, "nft list ruleset | grep 'hook forward'",
		_("Each forward chain has to accept a packet. If one that is not ours drops by default, these lines alone open nothing: put the lines with the device's name into that chain."));
	sheet_step(s, SEC_BEFORE, SRC_NONE, "ip link",
		_("The sheet says %s for the line and %s for the home side. Put your names in with --wan and --lan."),
		p->wan, p->lan);
}

static void nftables_emit(const struct plan *p, struct sheet *s)
{
	before(p, s);
	sheet_block(s, SEC_SET, SRC_NETNS, true,
		"/etc/nftables.d/kadomori-settings.nft",
		_("Save as this file, load it with \"nft -f\" and again at each start"));
	sheet_line(s, "add table inet kadomori_settings");
	sheet_line(s, "delete table inet kadomori_settings");
	sheet_line(s, "table inet kadomori_settings {");
	forward_chain(p, s);
	input_chain(p, s);
	sheet_line(s, "}");
	if (plan_has(p, FAM_4))
		nat_table(p, s);
	sheet_block(s, SEC_SET, SRC_NETNS, false, "/etc/sysctl.d/90-forward.conf",
		_("Forward, once the rules are loaded"));
	if (p->v6 != V6_NONE) {
		sheet_line(s, "net.ipv6.conf.all.forwarding = 1");
		sheet_line(s, "net.ipv6.conf.%s.accept_ra = 2", p->wan);
	}
	if (p->v4)
		sheet_line(s, "net.ipv4.ip_forward = 1");
	if (p->v6 == V6_RA)
		sheet_say(s, SEC_SET, PART_CAUTION, SRC_NONE,
			_("This line has one /64: the machine also needs an ND proxy. The kadomori daemon (\"kadomorid\") is one; ndppd is another."));
}

static void nftables_undo(const struct plan *p, struct sheet *s)
{
	sheet_block(s, SEC_UNDO, SRC_NETNS, true, "#",
		_("Stop forwarding first, or the house is open without the rules; then remove the tables and the file"));
	if (p->v6 != V6_NONE)
		sheet_line(s, "sysctl -w net.ipv6.conf.all.forwarding=0");
	if (p->v4)
		sheet_line(s, "sysctl -w net.ipv4.ip_forward=0");
	sheet_line(s, "nft delete table inet kadomori_settings");
	if (plan_has(p, FAM_4))
		sheet_line(s, "nft delete table ip kadomori_settings_nat");
	sheet_line(s, "rm /etc/nftables.d/kadomori-settings.nft");
}

const struct brand brand_nftables = {
	.id = "nftables",
	.name = "Linux (nftables)",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_NETNS},
		[CAP_ESP6] = {ANS_YES, SRC_NETNS},
		[CAP_SUFFIX] = {ANS_YES, SRC_NETNS},
		[CAP_NDPROXY] = {ANS_YES, SRC_NONE},
		[CAP_ESP_STATE] = {ANS_YES, SRC_NETNS},
		[CAP_ESP_MAP] = {ANS_YES, SRC_NETNS},
		[CAP_SOURCE] = {ANS_YES, SRC_NETNS},
		[CAP_TEXT] = {ANS_YES, SRC_NETNS},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.emit = nftables_emit,
	.undo = nftables_undo,
	.looks = nftables_looks,
	.read = nftables_read,
	.mend = nftables_mend,
	.raw_dhcp = true,
};
