// SPDX-License-Identifier: GPL-2.0-or-later
/* Interfaces, addresses and aliases of config.xml -> conditions. */
#include "routers/opnsense/read-own.h"
#include "routers/value.h"

#include <stdio.h>
#include <string.h>

enum { ALIAS_DEEP = 8, WORD_LEN = 256 };

/* ---- sides ---- */

static bool hinted(const char *names, const char *key, const struct xml *i)
{
	return names && (names_have(names, key) ||
		names_have(names, xml_get(i, "if")) ||
		names_have(names, xml_get(i, "descr")));
}

/* A side that dials or asks for its address is the line's. */
static bool asks(const struct xml *i)
{
	const char *a = xml_get(i, "ipaddr");

	return !strcmp(a, "dhcp") || !strcmp(a, "pppoe") || !strcmp(a, "ppp");
}

static unsigned one_side(const struct opn *o, const char *key)
{
	const struct xml *i = xml_child(xml_child(o->root, "interfaces"), key);

	if (!strncmp(key, "lo", 2) && strcmp(key, "lan"))
		return OPN_SELF;
	if (o->h->wan)
		return hinted(o->h->wan, key, i) ? OPN_WAN : OPN_LAN;
	return !strcmp(key, "wan") || (strcmp(key, "lan") && i && asks(i))
		       ? OPN_WAN : OPN_LAN;
}

unsigned opn_sides(const struct opn *o, const char *names)
{
	unsigned s = 0;

	for (const char *p = names; *p;) {
		size_t n = strcspn(p, ", ");
		cleanup(freep) char *key = xstrndup(p, n);

		if (n)
			s |= one_side(o, key);
		p += n;
		p += strspn(p, ", ");
	}
	return s;
}

void opn_side_cond(struct match *m, enum field f, bool neg, unsigned sides)
{
	struct cond *c = match_cond(m, f, neg);

	if (sides & OPN_WAN)
		cond_num(c, ROLE_WAN, ROLE_WAN);
	if (sides & OPN_LAN)
		cond_num(c, ROLE_LAN, ROLE_LAN);
	if (sides & OPN_SELF)
		cond_num(c, ROLE_SELF, ROLE_SELF);
}

/* ---- aliases ---- */

static const struct xml *alias_of(const struct opn *o, const char *name)
{
	const struct xml *list = xml_path(o->root,
		"OPNsense/Firewall/Alias/aliases");

	for (size_t i = 0; list && i < list->n; i++)
		if (!strcmp(list->v[i]->name, "alias") &&
			!strcmp(xml_get(list->v[i], "name"), name) &&
			strcmp(xml_get(list->v[i], "enabled"), "0"))
			return list->v[i];
	return NULL;
}

/* Members stand on lines of their own. */
static bool member(const char **p, char buf[WORD_LEN])
{
	size_t n;

	*p += strspn(*p, " \t\r\n,");
	n = strcspn(*p, " \t\r\n,");
	if (!n || n >= WORD_LEN)
		return false;
	memcpy(buf, *p, n);
	buf[n] = '\0';
	*p += n;
	return true;
}

/* "::211:22ff:fe33:4455": that host, in whatever prefix the interface has. */
static bool dynamic_host(struct cond *c, const char *content)
{
	char buf[WORD_LEN];
	struct addrmask k = {.fam = FAM_6, .mask = mask_suffix(FAM_6, 64)};
	enum family fam;

	if (!member(&content, buf))
		return false;
	buf[strcspn(buf, "/")] = '\0';
	if (addr_parse(buf, &fam, &k.value) || fam != FAM_6)
		return false;
	k.value = addr_and(&k.value, &k.mask);
	cond_addr(c, &k);
	return true;
}

static bool alias_addrs(const struct opn *o, struct cond *c, const char *name,
	int deep)
{
	const struct xml *a = alias_of(o, name);
	const char *type = xml_get(a, "type"), *p = xml_get(a, "content");
	char buf[WORD_LEN];

	if (!a || deep > ALIAS_DEEP)
		return false;
	if (!strcmp(type, "dynipv6host"))
		return dynamic_host(c, p);
	if (strcmp(type, "host") && strcmp(type, "network") &&
		strcmp(type, "networkgroup"))
		return false;
	while (member(&p, buf))
		if (!value_addr(c, FAM_NONE, buf, NULL) &&
			!alias_addrs(o, c, buf, deep + 1))
			return false;
	return !*p && c->mask_n + c->range_n > 0;
}

static bool is_iface(const struct opn *o, const char *word)
{
	return xml_child(xml_child(o->root, "interfaces"), word) ||
	       !strcmp(word, "lan") || !strcmp(word, "wan") ||
	       (!strncmp(word, "opt", 3) && strspn(word + 3, "0123456789") ==
			       strlen(word + 3));
}

enum opn_host opn_host(const struct opn *o, struct match *m, enum field f,
	bool neg, const char *word)
{
	enum field side = f == F_SRC ? F_IN : F_OUT;
	size_t n = strlen(word);
	cleanup(freep) char *base = xstrndup(word, n > 2 ? n - 2 : n);
	struct match try = {0};
	struct cond *c;
	bool ok;

	if (!*word || !strcmp(word, "any") || !strcmp(word, "1")) {
		if (neg)
			value_never(m);
		return OPN_HOST_OK;
	}
	if (!strcmp(word, "(self)") || (n > 2 && !strcmp(word + n - 2, "ip") &&
				is_iface(o, base))) {
		opn_side_cond(m, side, neg, OPN_SELF);
		return OPN_HOST_OK;
	}
	if (is_iface(o, word)) { /* the network on that side */
		opn_side_cond(m, side, neg, opn_sides(o, word));
		return OPN_HOST_OK;
	}
	c = match_cond(&try, f, neg);
	ok = value_addr(c, FAM_NONE, word, NULL) || alias_addrs(o, c, word, 0);
	if (ok)
		match_copy(m, &try);
	match_done(&try);
	return ok ? OPN_HOST_OK : OPN_HOST_OPAQUE;
}

static bool alias_ports(const struct opn *o, struct cond *c, const char *name,
	int deep)
{
	const struct xml *a = alias_of(o, name);
	const char *p = xml_get(a, "content");
	char buf[WORD_LEN];

	if (!a || strcmp(xml_get(a, "type"), "port") || deep > ALIAS_DEEP)
		return false;
	while (member(&p, buf))
		if (!value_ports(c, buf) && !alias_ports(o, c, buf, deep + 1))
			return false;
	return c->num_n > 0;
}

bool opn_port(const struct opn *o, struct match *m, enum field f,
	const char *word)
{
	struct cond *c;

	if (!*word || !strcmp(word, "any"))
		return true;
	c = match_cond(m, f, false);
	return alias_ports(o, c, word, 0) || value_ports(c, word);
}

bool opn_target(const struct opn *o, const char *word, enum family *fam,
	struct addr *ret)
{
	struct match m = {0};
	struct cond *c = match_cond(&m, F_DST, false);
	bool ok = addr_parse(word, fam, ret) == 0;

	if (!ok && alias_addrs(o, c, word, 0) && c->mask_n == 1 && !c->range_n) {
		*fam = c->masks[0].fam;
		*ret = c->masks[0].value;
		ok = mask_to_len(*fam, &c->masks[0].mask) ==
		     (*fam == FAM_6 ? 128 : 32);
	}
	match_done(&m);
	return ok;
}
