// SPDX-License-Identifier: GPL-2.0-or-later
#include "routers/value.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORTS_LEN = 512 };

void value_opaque(struct match *m, const char *text)
{
	match_cond(m, F_OPAQUE, false)->opaque = xstrdup(text);
}

void value_never(struct match *m)
{
	(void)match_cond(m, F_PROTO, false);
}

void value_family(struct match *m, enum family fam)
{
	cond_num(match_cond(m, F_FAMILY, false), fam, fam);
}

bool value_number(const char *s, uint32_t top, uint32_t *ret)
{
	uint64_t v = 0;

	if (!*s)
		return false;
	for (const char *p = s; *p; p++) {
		if (!isdigit((unsigned char)*p))
			return false;
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > top)
			return false;
	}
	*ret = (uint32_t)v;
	return true;
}

bool value_proto(const char *s, enum family fam, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint8_t four, six;
	} rows[] = {{"tcp", 6, 6}, {"udp", 17, 17}, {"esp", 50, 50},
		{"ah", 51, 51}, {"ipsec-esp", 50, 50}, {"ipsec-ah", 51, 51},
		{"icmp", 1, 58}, {"icmpv6", 58, 58}, {"icmp6", 58, 58},
		{"ipv6-icmp", 58, 58}, {"gre", 47, 47}, {"sctp", 132, 132},
		{"dccp", 33, 33}, {"udplite", 136, 136}, {"udp-lite", 136, 136},
		{"ipip", 4, 4}, {"ipencap", 4, 4}, {"ip-encap", 4, 4},
		{"ipv6", 41, 41}, {"ipv6-encap", 41, 41}, {"hip", 139, 139},
		{"igmp", 2, 2}, {"ospf", 89, 89}, {"vrrp", 112, 112},
		{"carp", 112, 112}, {"pfsync", 240, 240}, {"pim", 103, 103},
		{"l2tp", 115, 115}, {"etherip", 97, 97}, {"rsvp", 46, 46},
		{"egp", 8, 8}, {"ggp", 3, 3}, {"st", 5, 5}, {"pup", 12, 12},
		{"hmp", 20, 20}, {"xns-idp", 22, 22}, {"rdp", 27, 27},
		{"iso-tp4", 29, 29}, {"ddp", 37, 37}, {"encap", 98, 98}, {"ahp", 51, 51},
		{"ipinip", 4, 4}, {"ip-in-ip", 4, 4}, {"eigrp", 88, 88},
		{"nos", 94, 94}, {"pcp", 108, 108}, {"ipcomp", 108, 108},
		{"ipv6-route", 43, 43}, {"ipv6-frag", 44, 44}};

	if (isdigit((unsigned char)*s))
		return value_number(s, 255, ret);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcasecmp(rows[i].name, s)) {
			*ret = fam == FAM_6 ? rows[i].six : rows[i].four;
			return true;
		}
	return false;
}

bool value_port(const char *s, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint16_t v;
	} rows[] = {{"ftp-data", 20}, {"ftp", 21}, {"ssh", 22}, {"telnet", 23},
		{"smtp", 25}, {"domain", 53}, {"dns", 53}, {"bootps", 67},
		{"bootpc", 68}, {"tftp", 69}, {"http", 80}, {"www", 80},
		{"pop3", 110}, {"sunrpc", 111}, {"auth", 113}, {"ident", 113},
		{"ntp", 123}, {"netbios-ns", 137}, {"netbios-dgm", 138},
		{"netbios-ssn", 139}, {"imap", 143}, {"snmp", 161},
		{"bgp", 179}, {"ldap", 389}, {"https", 443},
		{"microsoft-ds", 445}, {"isakmp", 500}, {"syslog", 514},
		{"dhcpv6-client", 546}, {"dhcpv6-server", 547}, {"imaps", 993},
		{"pop3s", 995}, {"openvpn", 1194}, {"l2tp", 1701},
		{"pptp", 1723}, {"rdp", 3389}, {"ms-wbt-server", 3389},
		{"ipsec-msft", 4500}, {"ipsec-nat-t", 4500}, {"sip", 5060},
		{"time", 37}, {"nameserver", 42}, {"whois", 43}, {"tacacs", 49},
		{"dhcp", 67}, {"finger", 79}, {"pop2", 109}, {"nntp", 119},
		{"netbios-ss", 139}, {"imap2", 143}, {"snmptrap", 162},
		{"irc", 194}, {"ike", 500}, {"exec", 512}, {"biff", 512},
		{"login", 513}, {"who", 513}, {"cmd", 514}, {"lpd", 515},
		{"printer", 515}, {"talk", 517}, {"rip", 520}, {"uucp", 540},
		{"klogin", 543}, {"kshell", 544}, {"rtsp", 554},
		{"submission", 587}, {"ldaps", 636}, {"radius", 1812},
		{"mysql", 3306}, {"non500-isakmp", 4500}, {"x11", 6000},
		{"echo", 7}, {"discard", 9}, {"daytime", 13}, {"chargen", 19},
		{"gopher", 70}, {"hostname", 101}, {"xdmcp", 177},
		{"dnsix", 195}, {"mobile-ip", 434}, {"pim-auto-rp", 496}};

	if (isdigit((unsigned char)*s))
		return value_number(s, 65535, ret);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcasecmp(rows[i].name, s))
			return *ret = rows[i].v, true;
	return false;
}

static bool port_range(struct cond *c, char *s)
{
	uint32_t lo = 0, hi = 65535;
	char *cut;

	if (value_port(s, &lo)) /* names hold dashes, so the whole first */
		return cond_num(c, lo, lo), true;
	cut = strpbrk(s, "-:");
	if (!cut)
		return false;
	*cut++ = '\0';
	if ((*s && !value_port(s, &lo)) || (*cut && !value_port(cut, &hi)) ||
		lo > hi)
		return false;
	cond_num(c, lo, hi);
	return true;
}

bool value_ports(struct cond *c, const char *s)
{
	char buf[PORTS_LEN];
	char *save = NULL;

	if (strlen(s) >= sizeof(buf))
		return false;
	snprintf(buf, sizeof(buf), "%s", s);
	for (char *p = strtok_r(buf, ", ", &save); p;
		p = strtok_r(NULL, ", ", &save))
		if (!port_range(c, p))
			return false;
	return c->num_n > 0;
}

static bool range_of(struct cond *c, enum family fam, char *s,
	enum family *read)
{
	char *dash = strchr(s, '-');
	struct addr lo, hi;
	enum family a, b;

	if (!dash)
		return false;
	*dash++ = '\0';
	while (dash > s + 1 && dash[-2] == ' ')
		*--dash = '\0';
	dash += strspn(dash, " ");
	if (addr_parse(s, &a, &lo) || addr_parse(dash, &b, &hi) || a != b ||
		(fam && a != fam) || addr_cmp(&lo, &hi) > 0)
		return false;
	cond_range(c, a, &lo, &hi);
	*read = a;
	return true;
}

static bool dotted(char *s, struct addrmask *k)
{
	char *slash = strchr(s, '/');
	enum family fam;

	if (!slash || !strchr(slash, '.'))
		return false;
	*slash++ = '\0';
	if (addr_parse(s, &fam, &k->value) || fam != FAM_4 ||
		addr_parse(slash, &fam, &k->mask) || fam != FAM_4)
		return false;
	k->fam = FAM_4;
	k->value = addr_and(&k->value, &k->mask);
	return true;
}

bool value_addr(struct cond *c, enum family fam, const char *s,
	enum family *fam_read)
{
	char buf[ADDRMASK_STR], again[ADDRMASK_STR];
	enum family read = FAM_NONE;
	struct addrmask k;

	if (strlen(s) >= sizeof(buf))
		return false;
	snprintf(buf, sizeof(buf), "%s", s);
	snprintf(again, sizeof(again), "%s", s);
	if (strchr(s, '-') && !strstr(s, "/-")) {
		if (!range_of(c, fam, buf, &read))
			return false;
	} else {
		if (!dotted(buf, &k) && addrmask_parse(again, &k))
			return false;
		if (fam && k.fam != fam)
			return false;
		cond_addr(c, &k);
		read = k.fam;
	}
	if (fam_read)
		*fam_read = read;
	return true;
}

bool value_icmp(const char *s, bool six, uint8_t *type, int *code)
{
	static const struct {
		const char *name;
		int four, six, code4, code6;
	} rows[] = {
		{"echo-request", 8, 128, -1, -1}, {"echo", 8, -1, -1, -1},
		{"ping", 8, 128, -1, -1}, {"pong", 0, 129, -1, -1},
		{"echo-reply", 0, 129, -1, -1},
		{"destination-unreachable", 3, 1, -1, -1},
		{"unreachable", 3, 1, -1, -1}, {"packet-too-big", 3, 2, 4, -1},
		{"too-big", -1, 2, -1, -1},
		{"fragmentation-needed", 3, -1, 4, -1},
		{"time-exceeded", 11, 3, -1, -1}, {"ttl-exceeded", 11, 3, -1, -1},
		{"hop-limit", -1, 3, -1, 0}, {"reassembly-timeout", 11, 3, 1, 1},
		{"parameter-problem", 12, 4, -1, -1}, {"header", -1, 4, -1, 0},
		{"next-header", -1, 4, -1, 1},
		{"parameter-option", -1, 4, -1, 2},
		{"bad-header", -1, 4, -1, 0},
		{"unknown-header-type", -1, 4, -1, 1},
		{"unknown-option", -1, 4, -1, 2},
		{"no-route", -1, 1, -1, 0}, {"no-admin", -1, 1, -1, 1},
		{"beyond-scope", -1, 1, -1, 2},
		{"destination-unreachable-address", -1, 1, -1, 3},
		{"host-unreachable", 3, -1, 1, -1},
		{"net-unreachable", 3, -1, 0, -1},
		{"protocol-unreachable", 3, -1, 2, -1},
		{"port-unreachable", 3, 1, 3, 4},
		{"administratively-prohibited", 3, -1, 13, -1},
		{"redirect", 5, 137, -1, -1}, {"source-quench", 4, -1, -1, -1},
		{"router-solicitation", 10, 133, -1, -1},
		{"router-advertisement", 9, 134, -1, -1},
		{"router-solicit", 10, 133, -1, -1},
		{"router-advert", 9, 134, -1, -1},
		{"nd-router-solicit", -1, 133, -1, -1},
		{"nd-router-advert", -1, 134, -1, -1},
		{"neighbor-solicit", -1, 135, -1, -1},
		{"neighbor-advertisement", -1, 136, -1, -1},
		{"neighbor-advert", -1, 136, -1, -1},
		{"neighbour-solicitation", -1, 135, -1, -1},
		{"neighbour-advertisement", -1, 136, -1, -1},
		{"neighbor-solicitation", -1, 135, -1, -1},
		{"nd-neighbor-solicit", -1, 135, -1, -1},
		{"nd-neighbor-advert", -1, 136, -1, -1},
		{"nd-ns", -1, 135, -1, -1}, {"nd-na", -1, 136, -1, -1},
		{"mld-query", -1, 130, -1, -1}, {"mld-report", -1, 131, -1, -1},
		{"mld-reduction", -1, 132, -1, -1}, {"mldv2", -1, 143, -1, -1},
		{"timestamp-request", 13, -1, -1, -1},
		{"timestamp-reply", 14, -1, -1, -1},
		{"mask-request", 17, -1, -1, -1}, {"mask-reply", 18, -1, -1, -1},
		{"traceroute", 30, -1, -1, -1}};
	uint32_t v;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int t = six ? rows[i].six : rows[i].four;

		if (t < 0 || strcasecmp(rows[i].name, s))
			continue;
		*type = (uint8_t)t;
		*code = six ? rows[i].code6 : rows[i].code4;
		return true;
	}
	if (!value_number(s, 255, &v))
		return false;
	*type = (uint8_t)v;
	*code = -1;
	return true;
}

void cond_opaque(struct cond *c, const char *text)
{
	c->f = F_OPAQUE;
	c->neg = false;
	free(c->opaque);
	c->opaque = xstrdup(text);
}

void match_ports(struct match *m, enum field f, bool neg, const char *s)
{
	struct cond *c = match_cond(m, f, neg);

	if (!value_ports(c, s))
		cond_opaque(c, s);
}

void match_address(struct match *m, enum field f, bool neg, const char *s)
{
	struct cond *c = match_cond(m, f, neg);

	if (!value_addr(c, FAM_NONE, s, NULL))
		cond_opaque(c, s);
}

struct chain *value_gate(struct pipeline *pl, enum path path, const char *name,
	enum family fam, enum role in)
{
	struct chain *c = pipeline_chain(pl, name, true);
	struct rule *r;

	r = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&r->match, F_IN, true), in, in);
	r = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&r->match, F_FAMILY, true), fam, fam);
	pipeline_gate(pl, path, name);
	return c;
}

void value_established(struct chain *c, const char *text, unsigned line)
{
	struct rule *r = chain_rule(c, V_ACCEPT);

	cond_num(match_cond(&r->match, F_CT, false), CT_ESTABLISHED, CT_RELATED);
	origin_set(&r->origin, NULL, line, text, "stateful");
}
