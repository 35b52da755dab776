// SPDX-License-Identifier: GPL-2.0-or-later
/* Address books and applications -> conditions. */
#include "routers/srx/read-own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SET_DEPTH_MAX = 8 };

const char *const srx_keys[] = {"source-address", "destination-address",
	"source-address-name", "destination-address-name", "application",
	"protocol", "destination-port", "source-port", "icmp-type", "icmp-code",
	"icmp6-type", "icmp6-code", "inactivity-timeout", "application-protocol",
	"from-zone", "to-zone", "source-identity", "dynamic-application",
	"alg", "port", "description", NULL};

/* ---- addresses ---- */

static bool everything(struct cond *c, enum family fam)
{
	struct addrmask m = {.fam = fam};

	cond_addr(c, &m);
	return true;
}

/* "range-address A { to { B } }" */
static bool range(struct cond *c, const struct tree *t)
{
	const char *lo = t->n ? t->kids[0]->name : NULL;
	const char *hi = lo ? tree_value(t->kids[0], "to") : NULL;
	cleanup(freep) char *s = hi ? xasprintf("%s-%s", lo, hi) : NULL;

	return s && value_addr(c, FAM_NONE, s, NULL);
}

static bool entry(struct cond *c, const struct tree *t)
{
	bool any = false;

	for (size_t i = 0; i < t->n; i++) {
		const struct tree *k = t->kids[i];

		if (!strcmp(k->name, "description"))
			continue;
		any = true;
		if (!strcmp(k->name, "range-address")) {
			if (!range(c, k))
				return false;
		} else if (!strcmp(k->name, "ip-prefix") ||
			!strcmp(k->name, "wildcard-address")) {
			if (!k->n || !value_addr(c, FAM_NONE, k->kids[0]->name,
					NULL))
				return false;
		} else if (!value_addr(c, FAM_NONE, k->name, NULL)) {
			return false;
		}
	}
	return any;
}

static bool in_book(const struct tree *book, const char *name, struct cond *c,
	int depth)
{
	const struct tree *t = tree_kid(tree_kid(book, "address"), name);
	bool ok = depth < SET_DEPTH_MAX;

	if (t)
		return entry(c, t);
	t = tree_kid(tree_kid(book, "address-set"), name);
	if (!t)
		return false;
	for (int k = 0; k < 2; k++) {
		const struct tree *v = tree_kid(t, k ? "address-set" : "address");

		for (size_t i = 0; ok && v && i < v->n; i++)
			ok = in_book(book, v->kids[i]->name, c, depth + 1);
	}
	return ok;
}

/* Is the name in that book at all? An entry that is odd must not be looked for
 * in another. */
static bool knows(const struct tree *book, const char *name)
{
	return tree_kid(tree_kid(book, "address"), name) ||
	       tree_kid(tree_kid(book, "address-set"), name);
}

static bool attached(const struct tree *book, const char *zone)
{
	return zone && tree_kid(tree_at(book, "attach zone"), zone);
}

static bool address(struct srx *x, struct cond *c, const char *name,
	const char *zone)
{
	const struct tree *own = tree_at(tree_kid(x->zones, zone ? zone : ""),
		"address-book");

	if (!strcmp(name, "any-ipv4"))
		return everything(c, FAM_4);
	if (!strcmp(name, "any-ipv6"))
		return everything(c, FAM_6);
	if (knows(own, name))
		return in_book(own, name, c, 0);
	for (size_t i = 0; x->books && i < x->books->n; i++)
		if (attached(x->books->kids[i], zone) &&
			knows(x->books->kids[i], name))
			return in_book(x->books->kids[i], name, c, 0);
	own = tree_kid(x->books, "global");
	if (knows(own, name))
		return in_book(own, name, c, 0);
	return value_addr(c, FAM_NONE, name, NULL); /* NAT takes prefixes */
}

void srx_addresses(struct srx *x, struct match *m, enum field f,
	const struct tree *names, const char *zone, bool neg)
{
	struct cond *c;

	if (!names || !names->n || tree_kid(names, "any"))
		return;
	c = match_cond(m, f, neg);
	for (size_t i = 0; i < names->n; i++)
		if (!address(x, c, names->kids[i]->name, zone)) {
			cond_opaque(c, names->kids[i]->name);
			return;
		}
}

/* ---- applications ---- */

void srx_ports(struct match *m, enum field f, const struct tree *t)
{
	struct cond *c = match_cond(m, f, false);

	for (size_t i = 0; i < t->n; i++) {
		const char *to = tree_value(t->kids[i], "to");
		cleanup(freep) char *s = to
			? xasprintf("%s-%s", t->kids[i]->name, to)
			: xstrdup(t->kids[i]->name);

		if (!value_ports(c, s)) {
			cond_opaque(c, s);
			return;
		}
	}
}

/* ICMPv6 is spoken in IPv6 only, and so on. */
static void family_of(struct match *m, uint32_t proto)
{
	if (proto == PROTO_ICMP || proto == PROTO_ICMPV6)
		value_family(m, proto == PROTO_ICMP ? FAM_4 : FAM_6);
}

void srx_protocols(struct match *m, const struct tree *t, enum family fam)
{
	struct cond *c = match_cond(m, F_PROTO, false);
	uint32_t p = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (!value_proto(t->kids[i]->name, fam, &p)) {
			cond_opaque(c, t->kids[i]->name);
			return;
		}
		cond_num(c, p, p);
	}
	if (t->n == 1)
		family_of(m, p);
}

static void icmp(struct match *m, const struct tree *t, enum field f, bool six)
{
	struct cond *c = match_cond(m, f, false);
	uint32_t n = 0;
	uint8_t type;
	int code = -1;

	for (size_t i = 0; i < t->n; i++) {
		const char *s = t->kids[i]->name;

		if (f == F_ICODE && value_number(s, 255, &n)) {
			cond_num(c, n, n);
		} else if (f == F_ITYPE && value_icmp(s, six, &type, &code)) {
			cond_num(c, type, type);
		} else {
			cond_opaque(c, s);
			return;
		}
	}
}

/* One term, or an application without terms. */
static void term(struct match *m, struct tree *t)
{
	static const char *const quiet[] = {"inactivity-timeout", "description",
		"application-protocol", "alg", "term"};

	tree_hoist(t, srx_keys);
	for (size_t i = 0; i < t->n; i++) {
		const struct tree *k = t->kids[i];
		const char *s = k->name;
		bool known = false;

		for (size_t q = 0; q < ARRAY_LEN(quiet); q++)
			known |= !strcmp(quiet[q], s);
		if (known)
			continue;
		if (!strcmp(s, "protocol"))
			srx_protocols(m, k, FAM_4);
		else if (!strcmp(s, "destination-port"))
			srx_ports(m, F_DPORT, k);
		else if (!strcmp(s, "source-port"))
			srx_ports(m, F_SPORT, k);
		else if (!strcmp(s, "icmp-type") || !strcmp(s, "icmp6-type"))
			icmp(m, k, F_ITYPE, s[4] == '6');
		else if (!strcmp(s, "icmp-code") || !strcmp(s, "icmp6-code"))
			icmp(m, k, F_ICODE, s[4] == '6');
		else
			value_opaque(m, s);
	}
}

/*
 * Junos's own applications, as far as protocol and port tell them. junos-ping is
 * taken as all of ICMP, the wider of what is said of it.
 */
static const struct own_app {
	const char *name;
	uint8_t proto;
	uint16_t lo, hi;
} own_apps[] = {{"junos-ike", 17, 500, 500}, {"junos-ike-nat", 17, 4500, 4500},
	{"junos-http", 6, 80, 80}, {"junos-https", 6, 443, 443},
	{"junos-ssh", 6, 22, 22}, {"junos-telnet", 6, 23, 23},
	{"junos-ftp", 6, 21, 21}, {"junos-smtp", 6, 25, 25},
	{"junos-smtps", 6, 465, 465}, {"junos-pop3", 6, 110, 110},
	{"junos-imap", 6, 143, 143}, {"junos-imaps", 6, 993, 993},
	{"junos-dns-tcp", 6, 53, 53}, {"junos-dns-udp", 17, 53, 53},
	{"junos-ntp", 17, 123, 123}, {"junos-tftp", 17, 69, 69},
	{"junos-snmp", 17, 161, 161}, {"junos-syslog", 17, 514, 514},
	{"junos-sip", 17, 5060, 5060}, {"junos-rdp", 6, 3389, 3389},
	{"junos-vnc", 6, 5800, 5800}, {"junos-pptp", 6, 1723, 1723},
	{"junos-l2tp", 17, 1701, 1701}, {"junos-radius", 17, 1812, 1812},
	{"junos-ldap", 6, 389, 389}, {"junos-bgp", 6, 179, 179},
	{"junos-smb-session", 6, 445, 445}, {"junos-mysql", 6, 3306, 3306},
	{"junos-bootpc", 17, 68, 68}, {"junos-bootps", 17, 67, 67},
	{"junos-dhcp-client", 17, 68, 68}, {"junos-dhcp-server", 17, 67, 67},
	{"junos-gre", 47, 0, 0}, {"junos-ospf", 89, 0, 0},
	{"junos-ping", 1, 0, 0}, {"junos-icmp-all", 1, 0, 0},
	{"junos-icmp-ping", 1, 0, 0}, {"junos-pingv6", 58, 0, 0},
	{"junos-icmp6-all", 58, 0, 0}, {"junos-tcp-any", 6, 0, 65535},
	{"junos-udp-any", 17, 0, 65535}, {"junos-ip-in-ip", 4, 0, 0},
	{"junos-xnm-clear-text", 6, 3221, 3221}, {"junos-nntp", 6, 119, 119}};

static bool predefined(struct srx_apps *a, const char *name)
{
	struct match *m;

	for (size_t i = 0; i < ARRAY_LEN(own_apps); i++) {
		const struct own_app *o = &own_apps[i];

		if (strcmp(o->name, name))
			continue;
		m = GROW(a->v, a->n, a->cap);
		cond_num(match_cond(m, F_PROTO, false), o->proto, o->proto);
		family_of(m, o->proto);
		if (o->hi && o->hi != 65535)
			cond_num(match_cond(m, F_DPORT, false), o->lo, o->hi);
		return true;
	}
	return false;
}

static void application(struct srx *x, struct srx_apps *a, const char *name,
	int depth)
{
	struct tree *t = tree_kid(tree_kid(x->apps, "application"), name);
	struct tree *set = tree_kid(tree_kid(x->apps, "application-set"), name);
	struct tree *terms = tree_kid(t, "term");

	if (!strcmp(name, "any")) {
		(void)GROW(a->v, a->n, a->cap);
	} else if (t && terms) {
		for (size_t i = 0; i < terms->n; i++)
			term(GROW(a->v, a->n, a->cap), terms->kids[i]);
	} else if (t) {
		term(GROW(a->v, a->n, a->cap), t);
	} else if (set && depth < SET_DEPTH_MAX) {
		for (int k = 0; k < 2; k++) {
			const struct tree *v = tree_kid(set, k
				? "application-set" : "application");

			for (size_t i = 0; v && i < v->n; i++)
				application(x, a, v->kids[i]->name, depth + 1);
		}
	} else if (!predefined(a, name)) {
		value_opaque(GROW(a->v, a->n, a->cap), name);
	}
}

void srx_applications(struct srx *x, const struct tree *names,
	struct srx_apps *ret)
{
	*ret = (struct srx_apps){0};
	for (size_t i = 0; names && i < names->n; i++)
		application(x, ret, names->kids[i]->name, 0);
}

void srx_apps_done(struct srx_apps *a)
{
	for (size_t i = 0; i < a->n; i++)
		match_done(&a->v[i]);
	free(a->v);
}
