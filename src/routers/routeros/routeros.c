// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MikroTik RouterOS. Chains end with accept, so a final drop is part of the
 * lines. Its default IPv6 filter lets IPsec in to any host already.
 */
#include "routers/routeros/read-own.h"
#include "base/tr.h"

#include <stdio.h>

static const struct model models[] = {
	{"routeros", "MikroTik RouterOS", "WAN", "LAN", 0, 0, 0,
		N_("WAN and LAN are interface lists here; the default configuration has them."),
		SRC_ROS_DEF},
};

static const char *proto(const struct opening *o, char *buf)
{
	if (o->proto == N_ESP)
		return "ipsec-esp";
	if (o->proto == N_AH)
		return "ipsec-ah";
	return plan_proto(o, buf);
}

static void tail(const struct opening *o, struct sheet *s, const char *head)
{
	char src[ADDRMASK_STR], port[16], pr[8];

	plan_src(o, "", src);
	plan_ports(o, "-", port);
	sheet_line(s, "%s%s%s protocol=%s%s%s comment=kadomori", head,
		o->has_src ? " src-address=" : "", src, proto(o, pr),
		o->has_port ? " dst-port=" : "", port);
}

static void filter6(const struct plan *p, struct sheet *s)
{
	sheet_line(s, "/ipv6 firewall filter");
	sheet_line(s, "add chain=forward action=accept connection-state=established,related,untracked comment=kadomori");
	sheet_line(s, "add chain=forward action=drop connection-state=invalid comment=kadomori");
	sheet_line(s, "add chain=forward action=accept protocol=icmpv6 icmp-options=1:0-255 comment=kadomori");
	for (int t = 2; t <= 4; t++)
		sheet_line(s, "add chain=forward action=accept protocol=icmpv6 icmp-options=%d:0-255 comment=kadomori", t);
	if (p->echo)
		sheet_line(s, "add chain=forward action=accept protocol=icmpv6 icmp-options=128:0-255 comment=kadomori");
	for (size_t i = 0; i < p->n; i++) {
		char dst[ADDRMASK_STR];
		cleanup(freep) char *head = NULL;

		if (p->o[i].fam != FAM_6)
			continue;
		head = xasprintf("add chain=forward action=accept in-interface-list=%s dst-address=%s/128",
			p->wan, plan_addr6(p, p->o[i].dev, dst));
		tail(&p->o[i], s, head);
	}
	sheet_line(s, "add chain=forward action=drop in-interface-list=!%s comment=kadomori", p->lan);
}

static void nat4(const struct plan *p, struct sheet *s)
{
	sheet_line(s, "/ip firewall nat");
	for (size_t i = 0; i < p->n; i++) {
		char dst[ADDRMASK_STR];
		cleanup(freep) char *head = NULL;

		if (p->o[i].fam != FAM_4)
			continue;
		head = xasprintf("add chain=dstnat action=dst-nat in-interface-list=%s to-addresses=%s",
			p->wan, plan_addr4(p, p->o[i].dev, dst));
		tail(&p->o[i], s, head);
	}
	sheet_line(s, "/ip firewall filter");
	sheet_line(s, "add chain=forward action=drop in-interface-list=%s connection-state=new connection-nat-state=!dstnat comment=kadomori", p->wan);
}

static void routeros_emit(const struct plan *p, struct sheet *s)
{
	if (plan_has(p, FAM_6)) {
		sheet_say(s, SEC_BEFORE, PART_NOTE, SRC_ROS_DEF,
			_("The default IPv6 filter of RouterOS lets UDP 500, 4500 and ESP in to every host already. The device works with it; these lines narrow it to the device. Remove the default lines that accept IPsec, or they stay in front."));
		sheet_block(s, SEC_SET, SRC_REASONED, true, ">",
			_("What may come in by IPv6. Chains end with accept here: the last line is what closes the home"));
		filter6(p, s);
	}
	if (plan_has(p, FAM_4)) {
		sheet_block(s, SEC_SET, SRC_REASONED, true, ">",
			_("Port mapping by IPv4; the filter lets only mapped connections in"));
		nat4(p, s);
	}
}

static void routeros_undo(const struct plan *p, struct sheet *s)
{
	sheet_block(s, SEC_UNDO, SRC_REASONED, true, ">",
		_("Remove the lines by their comment. Make sure that a dropping line of your own remains, or the home is open"));
	if (plan_has(p, FAM_6))
		sheet_line(s, "/ipv6 firewall filter remove [find comment=kadomori]");
	if (plan_has(p, FAM_4)) {
		sheet_line(s, "/ip firewall nat remove [find comment=kadomori]");
		sheet_line(s, "/ip firewall filter remove [find comment=kadomori]");
	}
}

const struct brand brand_routeros = {
	.id = "routeros",
	.name = "MikroTik RouterOS",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_ROS_DEF},
		[CAP_ESP6] = {ANS_YES, SRC_ROS_DEF},
		[CAP_SUFFIX] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_NDPROXY] = {ANS_UNKNOWN, SRC_NONE},
		[CAP_ESP_STATE] = {ANS_YES, SRC_NONE},
		[CAP_ESP_MAP] = {ANS_YES, SRC_NONE},
		[CAP_SOURCE] = {ANS_YES, SRC_NONE},
		[CAP_TEXT] = {ANS_YES, SRC_NONE},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.emit = routeros_emit,
	.undo = routeros_undo,
	.looks = routeros_looks,
	.read = routeros_read,
	.mend = routeros_mend,
	.raw_dhcp = true,
};
