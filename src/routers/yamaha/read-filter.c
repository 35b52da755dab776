// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ip filter / ipv6 filter: ACTION SRC[/MASK] [DST [PROTOCOL [SPORT [DPORT]]]].
 * What is left out is any (command reference, chapters 8 and 23).
 */
#include "routers/yamaha/read-own.h"
#include "routers/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 32, PART_LEN = 128 };

/* Comma list -> parts. Returns how many, 0 when there are too many. */
static size_t parts(const char *s, char v[PARTS_MAX][PART_LEN])
{
	size_t n = 0;

	while (*s) {
		size_t k = strcspn(s, ",");

		if (n == PARTS_MAX || k >= PART_LEN)
			return 0;
		memcpy(v[n], s, k);
		v[n++][k] = '\0';
		s += k + (s[k] == ',');
	}
	return n;
}

/* ---- addresses ---- */

/* "192.168.*.1", "192.168.1.0/24", "/255.255.255.0", "/0xffffff00" */
static bool mask4(const char *s, struct addrmask *m)
{
	unsigned o[4];
	char part[4][8], slash[40] = "";
	enum family fam;
	uint32_t v = 0, k = 0;

	if (sscanf(s, "%7[0-9*].%7[0-9*].%7[0-9*].%7[0-9*]%39s", part[0],
			part[1], part[2], part[3], slash) < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		bool star = !strcmp(part[i], "*");

		o[i] = star ? 0 : (unsigned)strtoul(part[i], NULL, 10);
		if (o[i] > 255)
			return false;
		v = v << 8 | o[i];
		k = k << 8 | (star ? 0 : 255);
	}
	m->fam = FAM_4;
	m->mask = addr_from4(k);
	if (!strncmp(slash, "/0x", 3))
		m->mask = addr_from4((uint32_t)strtoul(slash + 1, NULL, 16));
	else if (*slash == '/' && strchr(slash, '.')) {
		if (addr_parse(slash + 1, &fam, &m->mask))
			return false;
	} else if (*slash == '/')
		m->mask = mask_of_len(FAM_4, (unsigned)strtoul(slash + 1, NULL, 10));
	else if (*slash)
		return false;
	m->value = addr_from4(v);
	m->value = addr_and(&m->value, &m->mask);
	return true;
}

/* "ra-prefix@lan2::9/128": this host, whatever prefix the line gives. */
static bool mask6(const char *s, struct addrmask *m)
{
	const char *at = strchr(s, '@');
	char host[ADDR_STR];
	enum family fam;
	size_t n;

	if (!at)
		return addrmask_parse(s, m) == 0 && m->fam == FAM_6;
	if (strncmp(s, "ra-prefix", 9) && strncmp(s, "dhcp-prefix", 11))
		return false;
	at = strstr(at, "::");
	n = at ? strcspn(at, "/") : 0;
	if (!n || n >= sizeof(host))
		return false;
	memcpy(host, at, n);
	host[n] = '\0';
	m->fam = FAM_6;
	m->mask = mask_suffix(FAM_6, 64);
	/* the home's whole prefix: any host behind the router has it */
	if (at[n] == '/' && strtoul(at + n + 1, NULL, 10) <= 64)
		m->mask = mask_of_len(FAM_6, 0);
	if (addr_parse(host, &fam, &m->value))
		return false;
	m->value = addr_and(&m->value, &m->mask);
	return true;
}

static bool range_of(enum family fam, const char *s, struct addr *lo,
	struct addr *hi)
{
	const char *dash = strchr(s, '-');
	char a[PART_LEN];
	enum family f;

	if (!dash || (size_t)(dash - s) >= sizeof(a) || strchr(s, '@'))
		return false;
	memcpy(a, s, (size_t)(dash - s));
	a[dash - s] = '\0';
	*lo = (struct addr){{0}};
	*hi = mask_of_len(fam, fam == FAM_6 ? 128 : 32);
	if (*a && (addr_parse(a, &f, lo) || f != fam))
		return false;
	return !dash[1] || (!addr_parse(dash + 1, &f, hi) && f == fam);
}

/* False: some part is a name or another thing that only the router knows. */
static bool addresses(struct match *m, enum field f, enum family fam,
	const char *s)
{
	char v[PARTS_MAX][PART_LEN];
	size_t n = parts(s, v);
	struct cond *c;

	if (!*s || !strcmp(s, "*"))
		return true;
	c = match_cond(m, f, false);
	c->set_fam = fam;
	for (size_t i = 0; i < n; i++) {
		struct addrmask k;
		struct addr lo, hi;

		if (fam == FAM_4 ? mask4(v[i], &k) : mask6(v[i], &k))
			cond_addr(c, &k);
		else if (range_of(fam, v[i], &lo, &hi))
			cond_range(c, fam, &lo, &hi);
		else
			return false;
	}
	return n > 0;
}

/* A name or "@app": may be anything. */
static void address_or_opaque(struct match *m, enum field f, enum family fam,
	const char *s)
{
	struct match try = {0};

	if (addresses(&try, f, fam, s)) {
		match_move(m, &try);
	} else {
		match_cond(m, F_OPAQUE, false)->opaque = xstrdup(s);
	}
	match_done(&try);
}

/* ---- protocols ---- */

struct protos {
	struct num_range v[PARTS_MAX];
	size_t n;
	bool any;		/* "*" */
	uint8_t flag_mask, flag_value;
	struct num_range types[4]; /* icmp-nd and the like */
	size_t type_n;
	bool icmp_only;
};

static bool proto_number(const char *s, enum family fam, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint8_t four, six;
	} rows[] = {{"tcp", 6, 6}, {"udp", 17, 17}, {"esp", 50, 50},
		{"ah", 51, 51}, {"gre", 47, 47}, {"ipv6", 41, 41},
		{"icmp", 1, 58}, {"icmp4", 1, 1}, {"icmp6", 58, 58},
		{"ipip", 4, 4}, {"ospf", 89, 89}, {"igmp", 2, 2},
		{"pim", 103, 103}, {"rsvp", 46, 46}, {"sctp", 132, 132}};
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, s)) {
			*ret = fam == FAM_6 ? rows[i].six : rows[i].four;
			return true;
		}
	*ret = (uint32_t)v;
	return end != s && !*end && v <= 255;
}

static void one_proto(struct protos *p, uint32_t v)
{
	p->v[p->n++] = (struct num_range){v, v};
}

static bool proto_word(struct protos *p, const char *s, enum family fam)
{
	static const struct {
		const char *name;
		uint8_t mask, value;
	} tcp[] = {{"established", TCP_ACK, TCP_ACK}, {"tcpfin", TCP_FIN, TCP_FIN},
		{"tcprst", TCP_RST, TCP_RST},
		{"tcpsyn", TCP_SYN | TCP_ACK, TCP_SYN}};
	uint32_t v, m;

	for (size_t i = 0; i < ARRAY_LEN(tcp); i++)
		if (!strcmp(tcp[i].name, s)) {
			p->flag_mask = tcp[i].mask;
			p->flag_value = tcp[i].value;
			return one_proto(p, PROTO_TCP), true;
		}
	if (sscanf(s, "tcpflag=%i/%i", (int *)&v, (int *)&m) == 2) {
		p->flag_mask = (uint8_t)(m & 63);
		p->flag_value = (uint8_t)(v & m & 63);
		return one_proto(p, PROTO_TCP), true;
	}
	if (!strcmp(s, "icmp-nd")) {
		p->types[p->type_n++] = (struct num_range){133, 136};
		return one_proto(p, PROTO_ICMPV6), true;
	}
	if (!strcmp(s, "icmp-error")) {
		one_proto(p, fam == FAM_6 ? PROTO_ICMPV6 : PROTO_ICMP);
		p->types[p->type_n++] = fam == FAM_6 ? (struct num_range){1, 4}
						     : (struct num_range){3, 5};
		if (fam == FAM_4)
			p->types[p->type_n++] = (struct num_range){11, 12};
		return true;
	}
	if (!strcmp(s, "icmp-info")) {
		one_proto(p, fam == FAM_6 ? PROTO_ICMPV6 : PROTO_ICMP);
		p->types[p->type_n++] = fam == FAM_6
			? (struct num_range){128, 255} : (struct num_range){0, 0};
		if (fam == FAM_4) {
			p->types[p->type_n++] = (struct num_range){8, 10};
			p->types[p->type_n++] = (struct num_range){13, 18};
		}
		return true;
	}
	if (!proto_number(s, fam, &v))
		return false;
	return one_proto(p, v), true;
}

static bool protocols(struct protos *p, const char *s, enum family fam)
{
	char v[PARTS_MAX][PART_LEN];
	size_t n = parts(s, v);

	*p = (struct protos){.any = !*s || !strcmp(s, "*")};
	for (size_t i = 0; !p->any && i < n; i++)
		if (!proto_word(p, v[i], fam))
			return false;
	p->icmp_only = p->n == 1 && (p->v[0].lo == PROTO_ICMP ||
		p->v[0].lo == PROTO_ICMPV6);
	return p->any || n > 0;
}

/* ---- ports ---- */

static bool port_number(const char *s, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint16_t v;
	} rows[] = {{"ftp", 21}, {"ftpdata", 20}, {"telnet", 23}, {"smtp", 25},
		{"time", 37}, {"domain", 53}, {"dhcps", 67}, {"dhcpc", 68},
		{"tftp", 69}, {"gopher", 70}, {"finger", 79}, {"www", 80},
		{"pop3", 110}, {"sunrpc", 111}, {"ident", 113}, {"nntp", 119},
		{"ntp", 123}, {"ms-rpc", 135}, {"netbios_ns", 137},
		{"netbios_dgm", 138}, {"netbios_ssn", 139}, {"imap", 143},
		{"snmp", 161}, {"snmptrap", 162}, {"bgp", 179}, {"imap3", 220},
		{"ldap", 389}, {"https", 443}, {"ms-ds", 445}, {"ike", 500},
		{"rlogin", 513}, {"rwho", 513}, {"rsh", 514}, {"syslog", 514},
		{"printer", 515}, {"rip", 520}, {"ripng", 521}, {"imaps", 993},
		{"pop3s", 995}, {"ipsec-nat-t", 4500}, {"sip", 5060},
		{"radius", 1812}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, s))
			return *ret = rows[i].v, true;
	return value_port(s, ret);
}

static bool ports(struct match *m, enum field f, const char *s, uint32_t top)
{
	char v[PARTS_MAX][PART_LEN];
	size_t n = parts(s, v);
	struct cond *c;

	if (!*s || !strcmp(s, "*"))
		return true;
	c = match_cond(m, f, false);
	for (size_t i = 0; i < n; i++) {
		char *dash = strchr(v[i], '-');
		uint32_t lo = 0, hi = top;

		/* netbios names hold no dash; ipsec-nat-t and ms-ds do */
		if (dash && !port_number(v[i], &lo)) {
			*dash = '\0';
			if ((*v[i] && !port_number(v[i], &lo)) ||
				(dash[1] && !port_number(dash + 1, &hi)))
				return false;
		} else {
			if (!port_number(v[i], &lo))
				return false;
			hi = lo;
		}
		cond_num(c, lo, hi);
	}
	return n > 0;
}

/* ---- the line ---- */

static void add_protos(struct match *m, const struct protos *p, bool neg)
{
	static const uint32_t with_ports[] = {PROTO_TCP, PROTO_UDP};
	struct cond *c;

	if (!p->any) {
		c = match_cond(m, F_PROTO, false);
		for (size_t i = 0; i < p->n; i++)
			cond_num(c, p->v[i].lo, p->v[i].hi);
	}
	if (p->flag_mask) {
		c = match_cond(m, F_TCPFLAGS, false);
		c->flag_mask = p->flag_mask;
		c->flag_value = p->flag_value;
	}
	if (p->type_n) {
		c = match_cond(m, F_ITYPE, false);
		for (size_t i = 0; i < p->type_n; i++)
			cond_num(c, p->types[i].lo, p->types[i].hi);
	}
	if (neg) {
		c = match_cond(m, F_PROTO, true);
		for (size_t i = 0; i < ARRAY_LEN(with_ports); i++)
			cond_num(c, with_ports[i], with_ports[i]);
	}
}

static struct rule *start(struct chain *c, enum family fam, enum verdict v,
	const char *src, const char *dst, const struct origin *o)
{
	struct rule *r = chain_rule(c, v);

	cond_num(match_cond(&r->match, F_FAMILY, false), fam, fam);
	address_or_opaque(&r->match, F_SRC, fam, src);
	address_or_opaque(&r->match, F_DST, fam, dst);
	origin_set(&r->origin, o->file, o->line, o->text, o->why);
	return r;
}

static bool has_port(const char *s)
{
	return *s && strcmp(s, "*");
}

static bool action(const char *s, enum verdict *v)
{
	if (!strncmp(s, "pass", 4) || !strncmp(s, "restrict", 8))
		return *v = V_ACCEPT, true;
	return !strncmp(s, "reject", 6) ? (*v = V_DROP, true) : false;
}

bool yamaha_filter(struct chain *c, enum family fam, const struct words *w,
	size_t i, const struct origin *o)
{
	const char *src = words_at(w, i + 1), *dst = words_at(w, i + 2);
	const char *sport = words_at(w, i + 4), *dport = words_at(w, i + 5);
	struct protos p;
	enum verdict v;
	struct rule *r;

	if (!action(words_at(w, i), &v) || !*src ||
		!protocols(&p, words_at(w, i + 3), fam))
		return false;
	r = start(c, fam, v, src, dst, o);
	add_protos(&r->match, &p, false);
	if (p.icmp_only)
		return ports(&r->match, F_ITYPE, sport, 255) &&
		       ports(&r->match, F_ICODE, dport, 255);
	if (!ports(&r->match, F_SPORT, sport, 65535) ||
		!ports(&r->match, F_DPORT, dport, 65535))
		return false;
	/*
	 * With "*" or a list, ports are compared for TCP and UDP only; all else
	 * matches as if no port stood there.
	 */
	if ((p.any || p.n > 1) && (has_port(sport) || has_port(dport))) {
		cond_num(match_cond(&r->match, F_PROTO, false), PROTO_TCP,
			PROTO_TCP);
		cond_num(&r->match.conds[r->match.n - 1], PROTO_UDP, PROTO_UDP);
		r = start(c, fam, v, src, dst, o);
		add_protos(&r->match, &p, true);
	}
	return true;
}
