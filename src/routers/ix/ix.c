// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NEC UNIVERGE IX. Named access lists, tried by sequence number on the
 * interface; what no list of the interface names is discarded.
 */
#include "routers/ix/read-own.h"
#include "base/tr.h"

#include <stdio.h>

static const struct model models[] = {
	{"ix2215", "NEC UNIVERGE IX2215", "GigaEthernet0.0", "GigaEthernet2.0",
		10, 0, 0, NULL, 0},
	{"ix2105", "NEC UNIVERGE IX2105", "GigaEthernet0.0", "GigaEthernet1.0",
		10, 0, 0, NULL, 0},
	{"ix2207", "NEC UNIVERGE IX2207", "GigaEthernet0.0", "GigaEthernet2.0",
		10, 0, 0, NULL, 0},
	{"ix2310", "NEC UNIVERGE IX2310", "GigaEthernet0.0", "GigaEthernet2.0",
		10, 0, 0, NULL, 0},
};

/* ESP is written by its number here. */
static char *proto(const struct opening *o, char *buf)
{
	if (o->proto == N_ESP)
		return strcpy(buf, "50");
	return plan_proto(o, buf);
}

static void permit(const struct plan *p, const struct opening *o,
	struct sheet *s)
{
	char dst[ADDRMASK_STR], src[ADDRMASK_STR], port[16], pr[8];
	bool six = o->fam == FAM_6, ports = o->has_port;

	if (six)
		plan_addr6(p, o->dev, dst);
	else
		plan_addr4(p, o->dev, dst);
	plan_src(o, "any", src);
	plan_ports(o, " ", port);
	sheet_line(s, "%s access-list casa-in permit %s src %s%s dest %s/%d%s%s",
		six ? "ipv6" : "ip", proto(o, pr), src, ports ? " sport any" : "",
		dst, six ? 128 : 32,
		!ports ? "" : strchr(port, ' ') ? " dport range " : " dport eq ",
		ports ? port : "");
}

static void guard(const struct plan *p, struct sheet *s, enum family fam)
{
	const char *ip = fam == FAM_6 ? "ipv6" : "ip";

	if (fam == FAM_6) {
		for (int t = 1; t <= 4; t++)
			sheet_line(s, "ipv6 access-list casa-icmp permit icmp type %d src any dest any", t);
		for (int t = 133; t <= 136; t++)
			sheet_line(s, "ipv6 access-list casa-icmp permit icmp type %d src any dest any", t);
		if (p->echo)
			sheet_line(s, "ipv6 access-list casa-icmp permit icmp type 128 src any dest any");
		sheet_line(s, "ipv6 access-list casa-dhcp permit udp src any sport eq 547 dest any dport eq 546");
	} else {
		sheet_line(s, "ip access-list casa-dhcp permit udp src any sport eq 67 dest any dport eq 68");
	}
	sheet_line(s, "%s access-list casa-all permit ip src any dest any", ip);
	sheet_line(s, "%s access-list dynamic casa-dyn access casa-all", ip);
	sheet_line(s, "interface %s", p->wan);
	if (fam == FAM_6)
		sheet_line(s, "  ipv6 filter casa-icmp %u in", p->first + 10);
	sheet_line(s, "  %s filter casa-dhcp %u in", ip, p->first + 11);
	sheet_line(s, "  %s filter casa-in %u in", ip, p->first);
	sheet_line(s, "  %s filter casa-dyn %u out", ip, p->first + 90);
	sheet_line(s, "  exit");
}

static void emit6(const struct plan *p, struct sheet *s)
{
	if (p->v6 == V6_RA) {
		sheet_block(s, SEC_SET, SRC_IX_CONF, true, "(config)#",
			_("ND proxy between line and home (leave out what your configuration has already)"));
		sheet_line(s, "interface %s", p->wan);
		sheet_line(s, "  ipv6 enable");
		sheet_line(s, "  ipv6 nd proxy %s", p->lan);
		sheet_line(s, "  exit");
		sheet_line(s, "interface %s", p->lan);
		sheet_line(s, "  ipv6 enable");
		sheet_line(s, "  ipv6 nd ra enable");
		sheet_line(s, "  exit");
	}
	sheet_block(s, SEC_SET, SRC_IX_ACL, true, "(config)#",
		_("What may come in to the device by IPv6"));
	for (size_t i = 0; i < p->n; i++)
		if (p->o[i].fam == FAM_6)
			permit(p, &p->o[i], s);
	sheet_block(s, SEC_SET, SRC_IX_ACL, true, "(config)#",
		_("The guard around it: with any filter on the interface, what no list names is discarded"));
	guard(p, s, FAM_6);
}

static void emit4(const struct plan *p, struct sheet *s)
{
	char a[ADDRMASK_STR], port[16], pr[8];

	sheet_block(s, SEC_SET, SRC_REASONED, true, "(config)#",
		_("Port mapping to the device. For ESP a bare 50 with a host was not seen in a manual: if it is refused, the device still works by NAT traversal (UDP 4500)"));
	sheet_line(s, "interface %s", p->wan);
	sheet_line(s, "  ip napt enable");
	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];

		if (o->fam != FAM_4)
			continue;
		sheet_line(s, "  ip napt static %s %s%s%s",
			plan_addr4(p, o->dev, a), proto(o, pr),
			o->has_port ? " " : "", plan_ports(o, "-", port));
	}
	sheet_line(s, "  exit");
	sheet_say(s, SEC_SET, PART_CAUTION, SRC_REASONED,
		_("Whether the filter sees the address before or after translation was not found in a manual. If you filter IPv4 from outside, test from outside afterwards (\"kadomori doctor\")."));
}

static void ix_emit(const struct plan *p, struct sheet *s)
{
	if (plan_has(p, FAM_6))
		emit6(p, s);
	if (plan_has(p, FAM_4))
		emit4(p, s);
	sheet_block(s, SEC_SET, SRC_NONE, true, "(config)#",
		_("Keep it over a restart"));
	sheet_line(s, "write memory");
}

static void ix_undo(const struct plan *p, struct sheet *s)
{
	char a[ADDRMASK_STR], port[16], pr[8];

	sheet_block(s, SEC_UNDO, SRC_IX_ACL, true, "(config)#",
		_("Take the device's openings back; the guard stays, or the home is open"));
	if (plan_has(p, FAM_6)) {
		sheet_line(s, "interface %s", p->wan);
		sheet_line(s, "  no ipv6 filter casa-in %u in", p->first);
		sheet_line(s, "  exit");
		sheet_line(s, "no ipv6 access-list casa-in");
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->o[i].fam == FAM_4)
			sheet_line(s, "no ip napt static %s %s%s%s",
				plan_addr4(p, p->o[i].dev, a),
				proto(&p->o[i], pr), p->o[i].has_port ? " " : "",
				plan_ports(&p->o[i], "-", port));
}

/* A static NAPT entry names no sender, and no filter of ours stands by it. */
static void ix_fit(const struct plan *p, struct sheet *s)
{
	size_t told = SIZE_MAX;

	for (size_t i = 0; i < p->n; i++) {
		if (p->o[i].fam != FAM_4 || !p->o[i].has_src ||
			p->o[i].dev == told)
			continue;
		told = p->o[i].dev;
		sheet_warn(s, p, &p->o[i].at,
			_("%s: the port mapping of %s cannot name the sender, so by IPv4 it is open to everyone"),
			p->in->devices[told].name, p->model->name);
	}
}

const struct brand brand_ix = {
	.id = "ix",
	.name = "NEC UNIVERGE IX",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_IX_ACL},
		[CAP_ESP6] = {ANS_YES, SRC_IX_ACL},
		[CAP_SUFFIX] = {ANS_NO, SRC_IX_ACL},
		[CAP_NDPROXY] = {ANS_YES, SRC_IX_CONF},
		[CAP_ESP_STATE] = {ANS_UNKNOWN, SRC_IX_ACL},
		[CAP_ESP_MAP] = {ANS_UNKNOWN, SRC_REASONED},
		[CAP_SOURCE] = {ANS_YES, SRC_IX_ACL},
		[CAP_TEXT] = {ANS_YES, SRC_IX_ACL},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.fit = ix_fit,
	.emit = ix_emit,
	.undo = ix_undo,
	.looks = ix_looks,
	.read = ix_read,
};
