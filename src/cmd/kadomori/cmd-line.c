// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kadomori line: which line is this, how is that known, and what does it mean
 * for the device? On the gateway's WAN interface, or on any host of the home.
 */
#include "command.h"
#include "base/text.h"
#include "line/line.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { QUIET_MS = 3000, MOST_MS = 12000 };

static const char *v6_words(enum line_v6 v)
{
	switch (v) {
	case V6_UNKNOWN:   return _("not known");
	case V6_NOTHING:   return _("none");
	case V6_ONE_64:	   return _("one /64 by RA; the gateway needs an NDP proxy");
	case V6_DELEGATED: return _("a prefix by DHCPv6-PD");
	case V6_CLOSED:	   return _("NTT's closed network only; no IPv6 contract is active");
	}
	return "?";
}

static const char *v4_words(enum line_v4 v)
{
	switch (v) {
	case V4_UNKNOWN:     return _("not known");
	case V4_NOTHING:     return _("none of its own");
	case V4_GLOBAL_DHCP: return _("a global address by DHCP");
	case V4_PPPOE:	     return _("PPPoE is possible (a global address with a session)");
	case V4_PRIVATE:     return _("a private address: a NAT stands in front");
	case V4_CGN:	     return _("an address of a carrier NAT");
	case V4_MAPE:	     return _("MAP-E: one address shared between homes");
	case V4_DSLITE:	     return _("DS-Lite: the carrier's NAT");
	case V4_IPIP:	     return _("a fixed global address over IPv6 (IPIP)");
	}
	return "?";
}

static void print_meaning(const struct line_verdict *v)
{
	if (v->ike6)
		puts(_("For the device: use IPv6. IKE (UDP 500) and ESP reach it at its own address, with the filter on and two pass rules. Never a bridge."));
	else if (v->ike4)
		puts(_("For the device: use IPv4. Map UDP 500, UDP 4500 and protocol 50 to it."));
	else if (v->v4 == V4_PRIVATE || v->v4 == V4_CGN || v->v4 == V4_MAPE ||
		v->v4 == V4_DSLITE)
		puts(_("For the device: nothing from outside reaches it by this IPv4, whatever the router is told; ask the provider for IPv6."));
	if (v->behind_gateway)
		puts(_("A home gateway stands in front: its own filter decides first. On NTT's, the level must be 高度 with two pass rules; without Hikari Denwa its filter may not work at all, so put a router of your own behind it."));
	if (v->port500_never)
		puts(_("The shared IPv4 address can never carry port 500 (RFC 7597: the first ports are nobody's), and ESP has no port."));
}

static void print_text(const struct line_evidence *e,
	const struct line_verdict *v)
{
	printf(_("line:     %s%s%s\n"), v->kind ? v->kind : _("not recognised"),
		v->service ? ", " : "", v->service ? v->service : "");
	printf(_("IPv6:     %s\n"), v6_words(v->v6));
	printf(_("IPv4:     %s\n"), v4_words(v->v4));
	puts(_("because:"));
	for (size_t i = 0; i < v->reason_n; i++)
		printf("  - %s (%s%s%s)\n", v->reasons[i].text,
			sure_words(v->reasons[i].sure),
			v->reasons[i].source ? ", " : "",
			v->reasons[i].source ? v->reasons[i].source : "");
	print_meaning(v);
	if (v->kind && e->at == AT_GATEWAY)
		printf(_("In kadomori.conf: line %s\n"), v->kind);
}

static void print_json(const struct line_evidence *e,
	const struct line_verdict *v)
{
	json_t *reasons = json_array(), *j;
	char area[2] = {v->area, '\0'};

	for (size_t i = 0; i < v->reason_n; i++)
		json_array_append_new(reasons, json_pack("{s:s, s:s, s:s?}",
			"text", v->reasons[i].text, "sure",
			sure_id(v->reasons[i].sure), "source",
			v->reasons[i].source));
	j = json_pack("{s:i, s:s?, s:s, s:s, s:s, s:s?, s:s, s:b, s:b, s:b, s:b, s:I, s:o}",
		"schema", 1, "kind", v->kind, "sure", sure_id(v->sure), "ipv6",
		line_v6_id(v->v6), "ipv4", line_v4_id(v->v4), "service",
		v->service, "area", area, "behind_gateway", v->behind_gateway,
		"ike6", v->ike6, "ike4", v->ike4, "port500_never",
		v->port500_never, "took_ms", (json_int_t)e->took, "reasons",
		reasons);
	json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(j);
}

static int complain(const char *ifname, int rc)
{
	if (rc == -ENODEV)
		fprintf(stderr, _("kadomori line: there is no interface \"%s\"\n"),
			ifname);
	else if (rc == -EPERM)
		fprintf(stderr, _("kadomori line: asking on the wire needs root: run it with sudo\n"));
	else
		fprintf(stderr, "kadomori line: %s: %s\n", ifname,
			strerror(-rc));
	return rc == -EPERM ? EXIT_NOT_PERMITTED : EXIT_USAGE;
}

int cmd_line(int argc, char **argv)
{
	struct line_evidence e;
	struct line_verdict v;
	enum vantage at = AT_GATEWAY;
	const char *ifname = NULL;
	int rc;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--host"))
			at = AT_HOST;
		else if (!ifname && *argv[i] != '-')
			ifname = argv[i];
		else
			ifname = NULL, i = argc;
	}
	if (!ifname) {
		fprintf(stderr, _("usage: kadomori line INTERFACE [--host]\n  INTERFACE: where the line comes in; with --host: this machine is a host behind somebody's router\n"));
		return EXIT_USAGE;
	}
	rc = line_gather(ifname, at, QUIET_MS, MOST_MS, &e);
	if (rc)
		return complain(ifname, rc);
	line_judge(&e, &v);
	if (opt.json)
		print_json(&e, &v);
	else
		print_text(&e, &v);
	rc = v.kind ? EXIT_GOOD : EXIT_UNDECIDED;
	line_verdict_done(&v);
	return rc;
}
