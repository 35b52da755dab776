// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linux with iptables: chains of our own, jumped to from FORWARD, so that they
 * can be taken back whole. ip6tables names a host by any mask, so the device's
 * half of the address is enough.
 */
#include "routers/iptables/read-own.h"
#include "base/tr.h"

#include <stdio.h>

static const struct model models[] = {
	{"iptables", "Linux (iptables, ip6tables)", "wan0", "lan0", 0, 0, 0, NULL, 0},
};

static char *dest6(const struct plan *p, size_t dev, char *buf)
{
	struct addr iid;
	char a[ADDR_STR];

	if (plan_iid(p, dev, &iid) < 0)
		return plan_addr6(p, dev, buf);
	snprintf(buf, ADDRMASK_STR, "%s/::ffff:ffff:ffff:ffff",
		addr_format(FAM_6, &iid, a));
	return buf;
}

static void opening_line(const struct plan *p, const struct opening *o,
	struct sheet *s)
{
	char dst[ADDRMASK_STR], src[ADDRMASK_STR], port[16], proto[8];
	bool six = o->fam == FAM_6;

	if (six)
		dest6(p, o->dev, dst);
	else
		plan_addr4(p, o->dev, dst);
	plan_src(o, "", src);
	plan_proto(o, proto);
	plan_ports(o, ":", port);
	sheet_line(s, "%s -A KADOMORI -i %s -o %s%s%s -d %s -p %s%s%s -j ACCEPT",
		six ? "ip6tables" : "iptables", p->wan, p->lan,
		o->has_src ? " -s " : "", src, dst, proto,
		o->has_port ? " --dport " : "", port);
}

static void forward(const struct plan *p, struct sheet *s, enum family fam)
{
	const char *t = fam == FAM_6 ? "ip6tables" : "iptables";

	sheet_line(s, "%s -N KADOMORI", t);
	sheet_line(s, "%s -A KADOMORI -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", t);
	sheet_line(s, "%s -A KADOMORI -m conntrack --ctstate INVALID -j DROP", t);
	sheet_line(s, "%s -A KADOMORI -i %s -o %s -j ACCEPT", t, p->lan, p->wan);
	for (int type = 1; fam == FAM_6 && type <= 4; type++)
		sheet_line(s, "%s -A KADOMORI -p icmpv6 --icmpv6-type %d -j ACCEPT", t, type);
	if (fam == FAM_6 && p->echo)
		sheet_line(s, "%s -A KADOMORI -p icmpv6 --icmpv6-type 128 -j ACCEPT", t);
	for (size_t i = 0; i < p->n; i++)
		if (p->o[i].fam == fam)
			opening_line(p, &p->o[i], s);
	sheet_line(s, "%s -A KADOMORI -j DROP", t);
	sheet_line(s, "%s -I FORWARD 1 -j KADOMORI", t);
	sheet_line(s, "%s -P FORWARD DROP", t);
}

static void nat(const struct plan *p, struct sheet *s)
{
	char a[ADDRMASK_STR], src[ADDRMASK_STR], port[16], proto[8];

	sheet_line(s, "iptables -t nat -N KADOMORI");
	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];

		if (o->fam != FAM_4)
			continue;
		plan_src(o, "", src);
		sheet_line(s, "iptables -t nat -A KADOMORI -i %s%s%s -p %s%s%s -j DNAT --to-destination %s",
			p->wan, o->has_src ? " -s " : "", src,
			plan_proto(o, proto), o->has_port ? " --dport " : "",
			plan_ports(o, ":", port), plan_addr4(p, o->dev, a));
	}
	sheet_line(s, "iptables -t nat -I PREROUTING 1 -j KADOMORI");
	sheet_line(s, "iptables -t nat -C POSTROUTING -o %s -j MASQUERADE 2>/dev/null || iptables -t nat -A POSTROUTING -o %s -j MASQUERADE",
		p->wan, p->wan);
}

static void iptables_emit(const struct plan *p, struct sheet *s)
{
	sheet_say(s, SEC_BEFORE, PART_CAUTION, SRC_NONE,
		_("If nftables or another firewall program runs on this machine, both must let a packet pass; use its own settings instead of these lines."));
	sheet_block(s, SEC_SET, SRC_NETNS, true, "#",
		_("IPv6: what the home starts and its answers, and the device's openings; the rest is dropped"));
	forward(p, s, FAM_6);
	sheet_block(s, SEC_SET, SRC_NETNS, true, "#",
		_("IPv4: port mapping where it is wanted, and the same filter"));
	if (plan_has(p, FAM_4))
		nat(p, s);
	forward(p, s, FAM_4);
	if (p->v6 == V6_RA)
		sheet_say(s, SEC_SET, PART_CAUTION, SRC_NONE,
			_("This line has one /64: the machine also needs an ND proxy. The kadomori daemon (\"kadomorid\") is one; ndppd is another."));
}

static void undo_one(struct sheet *s, const char *t, const char *table,
	const char *hook)
{
	sheet_line(s, "%s%s -D %s -j KADOMORI", t, table, hook);
	sheet_line(s, "%s%s -F KADOMORI", t, table);
	sheet_line(s, "%s%s -X KADOMORI", t, table);
}

static void iptables_undo(const struct plan *p, struct sheet *s)
{
	sheet_block(s, SEC_UNDO, SRC_NETNS, true, "#",
		_("Take the chains back. FORWARD stays at DROP: without rules nothing is forwarded"));
	undo_one(s, "ip6tables", "", "FORWARD");
	undo_one(s, "iptables", "", "FORWARD");
	if (plan_has(p, FAM_4))
		undo_one(s, "iptables", " -t nat", "PREROUTING");
}

const struct brand brand_iptables = {
	.id = "iptables",
	.name = "Linux (iptables)",
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
	.emit = iptables_emit,
	.undo = iptables_undo,
	.looks = iptables_looks,
	.read = iptables_read,
	.mend = iptables_mend,
	.raw_dhcp = true,
};
