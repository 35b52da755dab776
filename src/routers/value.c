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
		{"iso-tp4", 29, 29}, {"ddp", 37, 37}, {"encap", 98, 98}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcasecmp(rows[i].name, s)) {
			*ret = fam == FAM_6 ? rows[i].six : rows[i].four;
			return true;
		}
	return value_number(s, 255, ret);
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
		{"ipsec-msft", 4500}, {"ipsec-nat-t", 4500}, {"sip", 5060}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcasecmp(rows[i].name, s))
			return *ret = rows[i].v, true;
	return value_number(s, 65535, ret);
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
