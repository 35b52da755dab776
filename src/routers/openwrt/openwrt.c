// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * OpenWrt 22.03 and later (firewall4). The shipped rules Allow-IPSec-ESP and
 * Allow-ISAKMP already let ESP and IKE through to every host; ours name one
 * host, and the shipped two are switched off.
 */
#include "routers/openwrt/read-own.h"
#include "base/tr.h"

#include <stdio.h>

static const struct model models[] = {
	{"openwrt", "OpenWrt 22.03+ (fw4)", "wan", "lan", 0, 0, 0, NULL, 0},
};

/* Names of sections hold letters, digits and _ only. */
static char *section(const struct plan *p, const struct opening *o, char *buf)
{
	char name[ADDRMASK_STR];

	plan_name(p, o, name);
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	snprintf(buf, ADDRMASK_STR + 8, "kd%d_%s", o->fam, name);
	return buf;
}

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

static void head(const struct plan *p, const struct opening *o,
	struct sheet *s, const char *type)
{
	char sec[ADDRMASK_STR + 8], name[ADDRMASK_STR], src[ADDRMASK_STR];
	char proto[8];

	sheet_line(s, "config %s '%s'", type, section(p, o, sec));
	sheet_line(s, "\toption name '%s'", plan_name(p, o, name));
	sheet_line(s, "\toption family '%s'", o->fam == FAM_6 ? "ipv6" : "ipv4");
	sheet_line(s, "\toption src '%s'", p->wan);
	sheet_line(s, "\toption dest '%s'", p->lan);
	sheet_line(s, "\toption proto '%s'", plan_proto(o, proto));
	if (o->has_src)
		sheet_line(s, "\toption src_ip '%s'", plan_src(o, "", src));
}

static void rule6(const struct plan *p, const struct opening *o,
	struct sheet *s)
{
	char dst[ADDRMASK_STR], port[16];

	head(p, o, s, "rule");
	sheet_line(s, "\toption dest_ip '%s'", dest6(p, o->dev, dst));
	if (o->has_port)
		sheet_line(s, "\toption dest_port '%s'",
			plan_ports(o, "-", port));
	sheet_line(s, "\toption target 'ACCEPT'");
	sheet_line(s, "%s", "");
}

static void redirect4(const struct plan *p, const struct opening *o,
	struct sheet *s)
{
	char dst[ADDRMASK_STR], port[16];

	head(p, o, s, "redirect");
	if (o->has_port)
		sheet_line(s, "\toption src_dport '%s'",
			plan_ports(o, "-", port));
	sheet_line(s, "\toption dest_ip '%s'", plan_addr4(p, o->dev, dst));
	sheet_line(s, "\toption target 'DNAT'");
	sheet_line(s, "%s", "");
}

static void relay(struct sheet *s)
{
	sheet_block(s, SEC_SET, SRC_ODHCPD, false, "root@OpenWrt:~#",
		_("One /64: relay router advertisements and neighbour discovery between line and home (this is not a bridge; the firewall still judges every packet)"));
	sheet_line(s, "uci set dhcp.lan.ra='relay'");
	sheet_line(s, "uci set dhcp.lan.dhcpv6='relay'");
	sheet_line(s, "uci set dhcp.lan.ndp='relay'");
	sheet_line(s, "uci set dhcp.wan6=dhcp");
	sheet_line(s, "uci set dhcp.wan6.interface='wan6'");
	sheet_line(s, "uci set dhcp.wan6.ignore='1'");
	sheet_line(s, "uci set dhcp.wan6.master='1'");
	sheet_line(s, "uci set dhcp.wan6.ra='relay'");
	sheet_line(s, "uci set dhcp.wan6.dhcpv6='relay'");
	sheet_line(s, "uci set dhcp.wan6.ndp='relay'");
	sheet_line(s, "uci commit dhcp && /etc/init.d/odhcpd restart");
	sheet_say(s, SEC_SET, PART_CAUTION, SRC_ODHCPD_BUGS,
		_("The relay has a history of missing proxy entries and missing host routes: if the device has an address but no answers arrive, look there first."));
}

static void stock(struct sheet *s, const char *act)
{
	sheet_line(s, "for r in $(uci show firewall | sed -n \"s/^\\(firewall\\.@rule\\[[0-9]*\\]\\)\\.name='Allow-\\(IPSec-ESP\\|ISAKMP\\)'$/\\1/p\"); do");
	sheet_line(s, "  uci %s", act);
	sheet_line(s, "done");
}

static void openwrt_emit(const struct plan *p, struct sheet *s)
{
	sheet_step(s, SEC_BEFORE, SRC_OPENWRT_FW,
		"cp /etc/config/firewall /etc/config/dhcp /root/",
		_("Keep copies."));
	sheet_block(s, SEC_SET, SRC_FW4, true, "/etc/config/firewall",
		_("Append to this file"));
	for (size_t i = 0; i < p->n; i++) {
		if (p->o[i].fam == FAM_6)
			rule6(p, &p->o[i], s);
		else
			redirect4(p, &p->o[i], s);
	}
	sheet_block(s, SEC_SET, SRC_OPENWRT_FW, false, "root@OpenWrt:~#",
		_("The shipped rules Allow-IPSec-ESP and Allow-ISAKMP let ESP and IKE through to every host at home: switch them off, then load all"));
	stock(s, "set $r.enabled='0'");
	if (!p->echo)
		sheet_line(s, "for r in $(uci show firewall | sed -n \"s/^\\(firewall\\.@rule\\[[0-9]*\\]\\)\\.name='Allow-ICMPv6-Forward'$/\\1/p\"); do uci del_list $r.icmp_type='echo-request'; done");
	sheet_line(s, "uci commit firewall && /etc/init.d/firewall restart");
	if (p->v6 == V6_RA)
		relay(s);
}

static void openwrt_undo(const struct plan *p, struct sheet *s)
{
	char sec[ADDRMASK_STR + 8];

	sheet_block(s, SEC_UNDO, SRC_OPENWRT_FW, true, "root@OpenWrt:~#",
		_("Remove the rules; the two shipped ones come back (they are wider)"));
	for (size_t i = 0; i < p->n; i++)
		sheet_line(s, "uci delete firewall.%s",
			section(p, &p->o[i], sec));
	stock(s, "delete $r.enabled");
	sheet_line(s, "uci commit firewall && /etc/init.d/firewall restart");
	if (p->v6 != V6_RA)
		return;
	sheet_block(s, SEC_UNDO, SRC_ODHCPD, true, "root@OpenWrt:~#",
		_("The relay: put your copy back"));
	sheet_line(s, "cp /root/dhcp /etc/config/dhcp && /etc/init.d/odhcpd restart");
}

const struct brand brand_openwrt = {
	.id = "openwrt",
	.name = "OpenWrt",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_OPENWRT_FW},
		[CAP_ESP6] = {ANS_YES, SRC_FW4},
		[CAP_SUFFIX] = {ANS_YES, SRC_FW4},
		[CAP_NDPROXY] = {ANS_YES, SRC_ODHCPD},
		[CAP_ESP_STATE] = {ANS_YES, SRC_NETNS},
		[CAP_ESP_MAP] = {ANS_YES, SRC_FW4},
		[CAP_SOURCE] = {ANS_YES, SRC_OPENWRT_FW},
		[CAP_TEXT] = {ANS_YES, SRC_OPENWRT_FW},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.emit = openwrt_emit,
	.undo = openwrt_undo,
	.looks = openwrt_looks,
	.read = openwrt_read,
	.mend = openwrt_mend,
};
