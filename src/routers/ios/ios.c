// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cisco IOS and IOS-XE. Two guards, by model: on classic IOS an access list on
 * the line's interface with inspection for the answers (the list is asked before
 * translation, so by IPv4 it cannot name the device's inside address); on IOS-XE,
 * which dropped that inspection, the zone firewall, where ESP needs "pass" in
 * both directions because "inspect" follows TCP, UDP and ICMP only.
 */
#include "routers/ios/read-own.h"
#include "base/tr.h"

#include <stdio.h>

enum { Q_ZONE = 1 };

static const struct model models[] = {
	{"cisco-ios", "Cisco ISR (IOS 15)", "GigabitEthernet0", "Vlan1", 10, 0,
		0, NULL, 0},
	{"cisco-ios-xe", "Cisco ISR / C1100 (IOS-XE)", "GigabitEthernet0/0/0",
		"Vlan1", 10, 0, Q_ZONE, NULL, 0},
};

static const char *wan_of(const struct plan *p)
{
	if (!p->rq->wan && p->rq->line == LINE_PPPOE4)
		return "Dialer1";
	return p->wan;
}

static bool zone(const struct plan *p)
{
	return p->model->quirks & Q_ZONE;
}

/* ---- entries ---- */

/* "any", "host A", "A/len" or "A WILDCARD" */
static char *source(const struct opening *o, char *buf)
{
	char a[ADDR_STR], b[ADDR_STR];
	struct addr wild = addr_not(&o->src.mask);

	if (!o->has_src)
		return strcpy(buf, "any");
	if (o->fam == FAM_6)
		return addrmask_format(&o->src, buf);
	wild = addr_from4(addr_to4(&wild));
	snprintf(buf, 2 * ADDRMASK_STR, "%s %s",
		addr_format(FAM_4, &o->src.value, a),
		addr_format(FAM_4, &wild, b));
	return buf;
}

static char *proto(const struct opening *o, char *buf)
{
	if (o->proto == N_AH)
		return strcpy(buf, "ahp");
	return plan_proto(o, buf);
}

/* The list in front of translation can only say "any" for the router itself. */
static void permit(const struct plan *p, const struct opening *o,
	struct sheet *s)
{
	char src[2 * ADDRMASK_STR], dst[ADDRMASK_STR], port[16], pr[8];
	bool range = o->has_port && o->lo != o->hi, any = false;

	if (o->fam == FAM_6)
		plan_addr6(p, o->dev, dst);
	else if (zone(p))
		plan_addr4(p, o->dev, dst);
	else
		any = true;
	sheet_line(s, " permit %s %s %s%s%s%s", proto(o, pr), source(o, src),
		any ? "any" : "host ", any ? "" : dst,
		!o->has_port ? "" : range ? " range " : " eq ",
		plan_ports(o, " ", port));
}

/* A static entry takes one port: a long range would be pages of lines. */
enum { PORTS_MAX = 64 };

static bool too_long(const struct opening *o)
{
	return o->fam == FAM_4 && o->hi - o->lo >= PORTS_MAX;
}

static void openings(const struct plan *p, struct sheet *s, enum family fam,
	bool esp, bool others)
{
	for (size_t i = 0; i < p->n; i++) {
		bool followed = p->o[i].proto == N_TCP || p->o[i].proto == N_UDP;

		if (p->o[i].fam == fam && !too_long(&p->o[i]) &&
			(followed ? others : esp))
			permit(p, &p->o[i], s);
	}
}

static bool any_of(const struct plan *p, enum family fam, bool followed)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->o[i].fam == fam && (p->o[i].proto == N_TCP ||
			p->o[i].proto == N_UDP) == followed)
			return true;
	return false;
}

/* ---- classic: lists on the interface ---- */

static void classic6(const struct plan *p, struct sheet *s)
{
	sheet_block(s, SEC_SET, SRC_IOS_ACL6, true, "(config)#",
		_("What may come in by IPv6: the device's openings, ICMP errors, neighbour discovery, the router's own DHCP client"));
	sheet_line(s, "ipv6 access-list KADOMORI6-IN");
	openings(p, s, FAM_6, true, true);
	for (int type = 1; type <= 4; type++)
		sheet_line(s, " permit icmp any any %d", type);
	if (p->echo)
		sheet_line(s, " permit icmp any any 128");
	for (int type = 134; type <= 136; type++)
		sheet_line(s, " permit icmp any any %d", type);
	sheet_line(s, " permit udp FE80::/10 any eq 546");
	sheet_line(s, " deny ipv6 any any");
	sheet_block(s, SEC_SET, SRC_IOS_ACL6, true, "(config)#",
		_("Answers to what the home starts. Inspection does not know ESP: its answers pass by the line above"));
	for (int i = 0; i < 3; i++)
		sheet_line(s, "ipv6 inspect name KADOMORI6 %s",
			i == 0 ? "tcp" : i == 1 ? "udp" : "icmp");
	sheet_line(s, "interface %s", wan_of(p));
	sheet_line(s, " ipv6 traffic-filter KADOMORI6-IN in");
	sheet_line(s, " ipv6 inspect KADOMORI6 out");
	sheet_line(s, " exit");
}

static void nat4(const struct plan *p, struct sheet *s, const char *no)
{
	char a[ADDRMASK_STR], pr[8];

	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];
		char *to = plan_addr4(p, o->dev, a);

		if (o->fam != FAM_4 || too_long(o))
			continue;
		plan_proto(o, pr);
		/* a static entry takes one port */
		for (unsigned port = o->lo; o->has_port && port <= o->hi; port++)
			sheet_line(s, "%sip nat inside source static %s %s %u interface %s %u",
				no, pr, to, port, wan_of(p), port);
		if (!o->has_port)
			sheet_line(s, "%sip nat inside source static %s %s interface %s",
				no, pr, to, wan_of(p));
	}
}

static void classic4(const struct plan *p, struct sheet *s)
{
	sheet_block(s, SEC_SET, SRC_IOS_ACL6, true, "(config)#",
		_("What may come in by IPv4. The list is asked before translation: private addresses are refused first, so that nobody on the line passes by it"));
	sheet_line(s, "ip access-list extended KADOMORI-IN");
	sheet_line(s, " deny ip any 10.0.0.0 0.255.255.255");
	sheet_line(s, " deny ip any 172.16.0.0 0.15.255.255");
	sheet_line(s, " deny ip any 192.168.0.0 0.0.255.255");
	openings(p, s, FAM_4, true, true);
	sheet_line(s, " permit icmp any any unreachable");
	sheet_line(s, " permit icmp any any time-exceeded");
	if (p->echo)
		sheet_line(s, " permit icmp any any echo");
	sheet_line(s, " permit udp any eq bootps any eq bootpc");
	sheet_line(s, " deny ip any any");
	sheet_block(s, SEC_SET, SRC_IOS_ACL6, true, "(config)#",
		_("Answers to what the home starts. Inspection does not know ESP: its answers pass by the line above"));
	for (int i = 0; i < 3; i++)
		sheet_line(s, "ip inspect name KADOMORI %s",
			i == 0 ? "tcp" : i == 1 ? "udp" : "icmp");
	sheet_line(s, "interface %s", wan_of(p));
	sheet_line(s, " ip access-group KADOMORI-IN in");
	sheet_line(s, " ip inspect KADOMORI out");
	sheet_line(s, " ip nat outside");
	sheet_line(s, " exit");
}

/* ---- IOS-XE: zones ---- */

static void zone_lists(const struct plan *p, struct sheet *s, enum family fam)
{
	const char *kind = fam == FAM_6 ? "ipv6 access-list" :
					  "ip access-list extended";
	const char *six = fam == FAM_6 ? "6" : "";

	if (any_of(p, fam, false)) {
		sheet_line(s, "%s KADOMORI%s-PASS", kind, six);
		openings(p, s, fam, true, false);
		sheet_line(s, " exit");
		sheet_line(s, "%s KADOMORI%s-BACK", kind, six);
		sheet_line(s, " permit esp any any");
		sheet_line(s, " exit");
	}
	if (any_of(p, fam, true)) {
		sheet_line(s, "%s KADOMORI%s-OPEN", kind, six);
		openings(p, s, fam, false, true);
		sheet_line(s, " exit");
	}
	if (p->echo && fam == FAM_6) {
		sheet_line(s, "ipv6 access-list KADOMORI6-ECHO");
		sheet_line(s, " permit icmp any any 128");
		sheet_line(s, " exit");
	}
}

static void class_map(struct sheet *s, const char *name,
	const char *const *lists, const bool *have, size_t n)
{
	sheet_line(s, "class-map type inspect match-any %s", name);
	for (size_t i = 0; i < n; i++)
		if (have[i])
			sheet_line(s, " match access-group name %s", lists[i]);
	sheet_line(s, " exit");
}

static void zone_classes(const struct plan *p, struct sheet *s)
{
	static const char *const pass[] = {"KADOMORI6-PASS", "KADOMORI-PASS"};
	static const char *const back[] = {"KADOMORI6-BACK", "KADOMORI-BACK"};
	static const char *const open[] = {"KADOMORI6-OPEN", "KADOMORI-OPEN",
		"KADOMORI6-ECHO"};
	bool esp[] = {any_of(p, FAM_6, false), any_of(p, FAM_4, false)};
	bool rest[] = {any_of(p, FAM_6, true), any_of(p, FAM_4, true),
		p->echo && plan_has(p, FAM_6)};

	if (esp[0] || esp[1]) {
		class_map(s, "KADOMORI-ESP", pass, esp, 2);
		class_map(s, "KADOMORI-ESP-BACK", back, esp, 2);
	}
	if (rest[0] || rest[1] || rest[2])
		class_map(s, "KADOMORI-IN", open, rest, 3);
	sheet_line(s, "class-map type inspect match-any KADOMORI-OUT");
	sheet_line(s, " match protocol tcp");
	sheet_line(s, " match protocol udp");
	sheet_line(s, " match protocol icmp");
	sheet_line(s, " exit");
}

static void policy(struct sheet *s, const char *name, const char *pass,
	const char *inspect)
{
	sheet_line(s, "policy-map type inspect %s", name);
	if (pass) {
		sheet_line(s, " class type inspect %s", pass);
		sheet_line(s, "  pass");
	}
	if (inspect) {
		sheet_line(s, " class type inspect %s", inspect);
		sheet_line(s, "  inspect");
	}
	sheet_line(s, " class class-default");
	sheet_line(s, "  drop");
	sheet_line(s, " exit");
}

static void zones(const struct plan *p, struct sheet *s)
{
	bool esp = any_of(p, FAM_6, false) || any_of(p, FAM_4, false);
	bool rest = any_of(p, FAM_6, true) || any_of(p, FAM_4, true) ||
		    (p->echo && plan_has(p, FAM_6));

	sheet_block(s, SEC_SET, SRC_IOS_ACL6, true, "(config)#",
		_("What may come in to the device, as lists for the zone firewall"));
	if (plan_has(p, FAM_6))
		zone_lists(p, s, FAM_6);
	if (plan_has(p, FAM_4))
		zone_lists(p, s, FAM_4);
	sheet_block(s, SEC_SET, SRC_IOS_ZBF6, true, "(config)#",
		_("The zone firewall. ESP gets \"pass\" in both directions: \"inspect\" follows TCP, UDP and ICMP only"));
	zone_classes(p, s);
	policy(s, "KADOMORI-IN", esp ? "KADOMORI-ESP" : NULL,
		rest ? "KADOMORI-IN" : NULL);
	policy(s, "KADOMORI-OUT", esp ? "KADOMORI-ESP-BACK" : NULL,
		"KADOMORI-OUT");
	sheet_line(s, "zone security OUTSIDE");
	sheet_line(s, " exit");
	sheet_line(s, "zone security INSIDE");
	sheet_line(s, " exit");
	sheet_line(s, "zone-pair security KADOMORI-IN source OUTSIDE destination INSIDE");
	sheet_line(s, " service-policy type inspect KADOMORI-IN");
	sheet_line(s, " exit");
	sheet_line(s, "zone-pair security KADOMORI-OUT source INSIDE destination OUTSIDE");
	sheet_line(s, " service-policy type inspect KADOMORI-OUT");
	sheet_line(s, " exit");
	sheet_line(s, "interface %s", wan_of(p));
	sheet_line(s, " zone-member security OUTSIDE");
	if (plan_has(p, FAM_4))
		sheet_line(s, " ip nat outside");
	sheet_line(s, " exit");
	sheet_line(s, "interface %s", p->lan);
	sheet_line(s, " zone-member security INSIDE");
	if (plan_has(p, FAM_4))
		sheet_line(s, " ip nat inside");
	sheet_line(s, " exit");
	sheet_say(s, SEC_SET, PART_CAUTION, SRC_IOS_ZBF6,
		_("An interface that is in no zone can no longer talk to one that is: put every interface of the home into INSIDE. Traffic to the router itself is not filtered by these lines."));
}

/* ---- the sheet ---- */

static void before(const struct plan *p, struct sheet *s)
{
	sheet_step(s, SEC_BEFORE, SRC_NONE, "show running-config",
		_("Keep a copy of the whole configuration."));
	sheet_step(s, SEC_BEFORE, SRC_NONE, "reload in 10",
		_("If you are locked out, the router restarts with its saved configuration after ten minutes. Type \"reload cancel\" when all is well."));
	if (zone(p))
		sheet_step(s, SEC_BEFORE, SRC_IOS_ZBF6,
			"show zone security",
			_("If zones exist already, use their names in place of OUTSIDE and INSIDE, and put the classes into the policies of your own zone pairs; a pair takes one policy only."));
	else
		sheet_step(s, SEC_BEFORE, SRC_NONE,
			"show running-config | include access-group|traffic-filter",
			_("An interface takes one list for each direction and family: a second replaces the first. If there is one already, put only the permit lines into it, in front of its last deny."));
}

static void ios_emit(const struct plan *p, struct sheet *s)
{
	before(p, s);
	if (plan_has(p, FAM_4)) {
		sheet_block(s, SEC_SET, SRC_IOS_PAT, true, "(config)#",
			_("Port mapping to the device (the home's own translation must be there already)"));
		nat4(p, s, "");
	}
	if (zone(p)) {
		zones(p, s);
	} else {
		if (plan_has(p, FAM_6))
			classic6(p, s);
		if (plan_has(p, FAM_4))
			classic4(p, s);
	}
	sheet_block(s, SEC_SET, SRC_NONE, true, "(config)#",
		_("Keep it over a restart"));
	sheet_line(s, "end");
	sheet_line(s, "write memory");
}

static void undo_list(const struct plan *p, struct sheet *s, enum family fam,
	const char *list)
{
	char src[2 * ADDRMASK_STR], dst[ADDRMASK_STR], port[16], pr[8];

	sheet_line(s, "%s %s", fam == FAM_6 ? "ipv6 access-list"
					    : "ip access-list extended", list);
	for (size_t i = 0; i < p->n; i++) {
		const struct opening *o = &p->o[i];
		bool any = fam == FAM_4;

		if (o->fam != fam)
			continue;
		plan_addr6(p, o->dev, dst);
		sheet_line(s, " no permit %s %s %s%s%s%s", proto(o, pr),
			source(o, src), any ? "any" : "host ", any ? "" : dst,
			!o->has_port ? "" : o->lo != o->hi ? " range " : " eq ",
			plan_ports(o, " ", port));
	}
	sheet_line(s, " exit");
}

/* Out of the policy, not out of the list: an empty list may match everything. */
static void undo_zone(const struct plan *p, struct sheet *s)
{
	sheet_line(s, "policy-map type inspect KADOMORI-IN");
	if (any_of(p, FAM_6, false) || any_of(p, FAM_4, false))
		sheet_line(s, " no class type inspect KADOMORI-ESP");
	if (any_of(p, FAM_6, true) || any_of(p, FAM_4, true) ||
		(p->echo && plan_has(p, FAM_6)))
		sheet_line(s, " no class type inspect KADOMORI-IN");
	sheet_line(s, " exit");
}

static void ios_undo(const struct plan *p, struct sheet *s)
{
	sheet_block(s, SEC_UNDO, SRC_IOS_ACL6, true, "(config)#",
		_("Take the device's openings back; the guard stays, or the home is open"));
	nat4(p, s, "no ");
	for (int k = 0; k < 2; k++) {
		enum family fam = k ? FAM_4 : FAM_6;

		if (plan_has(p, fam) && !zone(p))
			undo_list(p, s, fam, fam == FAM_6 ? "KADOMORI6-IN"
							  : "KADOMORI-IN");
	}
	if (zone(p))
		undo_zone(p, s);
	sheet_line(s, "end");
	sheet_line(s, "write memory");
}

static void ios_fit(const struct plan *p, struct sheet *s)
{
	for (size_t i = 0; i < p->n; i++)
		if (too_long(&p->o[i]))
			sheet_refuse(s, p, &p->o[i].at,
				_("%s: IOS maps one port a line, and %u lines are no setting to paste; map fewer ports"),
				p->in->devices[p->o[i].dev].name,
				p->o[i].hi - p->o[i].lo + 1u);
}

const struct brand brand_ios = {
	.id = "ios",
	.name = "Cisco IOS / IOS-XE",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_IOS_ACL6},
		[CAP_ESP6] = {ANS_YES, SRC_IOS_ACL6},
		[CAP_SUFFIX] = {ANS_NO, SRC_IOS_ACL6},
		[CAP_NDPROXY] = {ANS_NO, SRC_IOS_NOND},
		[CAP_ESP_STATE] = {ANS_NO, SRC_IOS_ZBF6},
		[CAP_ESP_MAP] = {ANS_YES, SRC_IOS_PAT},
		[CAP_SOURCE] = {ANS_YES, SRC_IOS_ACL6},
		[CAP_TEXT] = {ANS_YES, SRC_IOS_ACL6},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.fit = ios_fit,
	.emit = ios_emit,
	.undo = ios_undo,
	.looks = ios_looks,
	.read = ios_read,
	.mend = ios_mend,
};
