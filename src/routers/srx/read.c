// SPDX-License-Identifier: GPL-2.0-or-later
/* Juniper SRX: zones and their sides; the parts are read in the other files. */
#include "routers/srx/read-own.h"
#include "base/tr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void srx_unknown(struct srx *x, const char *prefix, const struct tree *t,
	bool affects)
{
	cleanup(freep) char *s = tree_quote(prefix, t);

	pipeline_unknown(x->pl, t->line, affects, "%s", s);
}

/* ---- sides ---- */

static bool says_wan(const char *s)
{
	static const char *const words[] = {"untrust", "internet", "wan",
		"outside", "external"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(s, words[i]))
			return true;
	return false;
}

/* "ge-0/0/0.0" of the hints "ge-0/0/0" or "ge-0/0/0.0" */
static bool hinted(const char *names, const char *ifname)
{
	char base[64];

	snprintf(base, sizeof(base), "%.*s", (int)strcspn(ifname, "."), ifname);
	return names_have(names, ifname) || names_have(names, base);
}

static bool zone_is_wan(const struct srx *x, const struct tree *z)
{
	const struct tree *ifs = tree_kid(z, "interfaces");

	if (!x->h->wan)
		return says_wan(z->name);
	if (names_have(x->h->wan, z->name))
		return true;
	for (size_t i = 0; ifs && i < ifs->n; i++)
		if (hinted(x->h->wan, ifs->kids[i]->name))
			return true;
	return false;
}

/* A pasted part has policies without its zones: their names tell as much. */
bool srx_zone_role(const struct srx *x, const char *zone, enum role *ret)
{
	const struct tree *z = tree_kid(x->zones, zone);
	bool wan;

	if (!strcmp(zone, "junos-host"))
		return *ret = ROLE_SELF, true;
	if (!z && x->zones)
		return false;
	wan = z ? zone_is_wan(x, z)
		: x->h->wan ? names_have(x->h->wan, zone) : says_wan(zone);
	*ret = wan ? ROLE_WAN : ROLE_LAN;
	return true;
}

bool srx_if_role(const struct srx *x, const char *ifname, enum role *ret)
{
	for (size_t i = 0; x->zones && i < x->zones->n; i++) {
		const struct tree *z = x->zones->kids[i];

		if (tree_kid(tree_kid(z, "interfaces"), ifname) ||
			tree_kid(tree_kid(z, "interfaces"), "all"))
			return srx_zone_role(x, z->name, ret);
	}
	if (x->h->wan && hinted(x->h->wan, ifname))
		return *ret = ROLE_WAN, true;
	return false;
}

size_t srx_zones_of(const struct srx *x, enum role r)
{
	size_t n = 0;
	enum role k;

	for (size_t i = 0; x->zones && i < x->zones->n; i++)
		n += srx_zone_role(x, x->zones->kids[i]->name, &k) && k == r;
	return n;
}

/* ---- what else there is ---- */

static void unknown_in(struct srx *x, const char *path,
	const char *const *known, bool affects)
{
	const struct tree *t = *path ? tree_at(x->root, path) : x->root;

	for (size_t i = 0; t && i < t->n; i++) {
		const char *const *k = known;

		while (*k && strcmp(*k, t->kids[i]->name))
			k++;
		if (!*k)
			srx_unknown(x, path, t->kids[i], affects);
	}
}

static void unknowns(struct srx *x)
{
	static const char *const top[] = {"version", "groups", "apply-groups",
		"system", "chassis", "security", "interfaces", "applications",
		"routing-options", "protocols", "policy-options",
		"class-of-service", "firewall", "routing-instances", "snmp",
		"access", "vlans", "bridge-domains", "forwarding-options",
		"ethernet-switching-options", "services", "schedulers",
		"event-options", "poe", "accounting-options", "smtp", "wlan",
		"switch-options", "virtual-chassis", "access-profile",
		"multi-chassis", "logical-systems", "tenants", "dynamic-profiles",
		"apply-macro", "unified-edge", NULL};
	static const char *const security[] = {"zones", "policies", "nat",
		"address-book", "forwarding-options", "flow", "screen", "ike",
		"ipsec", "alg", "utm", "idp", "log", "ssh-known-hosts", "pki",
		"certificates", "application-tracking", "dynamic-vpn",
		"forwarding-process", "traceoptions", "application-firewall",
		"user-identification", "gprs", "datapath-debug", "softwires",
		"authentication-key-chains", "l2tp", "tcp-encap", "macsec",
		"advance-policy-based-routing", "analysis", "remote-access",
		"resource-manager", "firewall-authentication", "group-vpn",
		"key-protection", "intelligence", "anti-malware", "ssl",
		"dynamic-application", "dynamic-address", "internal", NULL};
	static const char *const nat[] = {"source", "destination", "static",
		"proxy-arp", "proxy-ndp", "traceoptions", "natv6v4",
		"allow-overlapping-pools", NULL};
	static const char *const policies[] = {"from-zone", "global",
		"default-policy", "policy-rematch", "traceoptions",
		"policy-stats", "pre-id-default-policy", "unified-policy", NULL};

	unknown_in(x, "", top, false);
	unknown_in(x, "security", security, true);
	unknown_in(x, "security nat", nat, true);
	unknown_in(x, "security policies", policies, true);
}

/* Groups whose content is laid over the rest when "apply-groups" names them. */
static void groups(struct srx *x)
{
	static const char *const parts[] = {"security", "firewall",
		"applications", "interfaces"};
	const struct tree *g = tree_kid(x->root, "groups");
	const struct tree *apply = tree_kid(x->root, "apply-groups");

	for (size_t i = 0; apply && g && i < g->n; i++) {
		bool matters = false;

		for (size_t k = 0; k < ARRAY_LEN(parts); k++)
			matters |= tree_kid(g->kids[i], parts[k]) != NULL &&
				   (k < 3 || tree_at(g->kids[i],
					   "interfaces <*>") != NULL);
		if (matters)
			pipeline_unknown(x->pl, apply->line, true,
				_("apply-groups lays the group %s over the rest: not judged here"),
				g->kids[i]->name);
	}
}

static bool has_family(const struct srx *x, const char *family)
{
	const struct tree *ifs = tree_kid(x->root, "interfaces");

	for (size_t i = 0; ifs && i < ifs->n; i++) {
		const struct tree *u = tree_kid(ifs->kids[i], "unit");

		for (size_t k = 0; u && k < u->n; k++)
			if (tree_at(u->kids[k], family))
				return true;
	}
	return !ifs || tree_kid(ifs, "interface-range");
}

static void absent(struct srx *x, enum family fam)
{
	const char *name = fam == FAM_6 ? "no ipv6" : "no ipv4";
	struct chain *c;

	if (has_family(x, fam == FAM_6 ? "family inet6" : "family inet"))
		return;
	c = value_gate(x->pl, PATH_FORWARD, name, fam, ROLE_WAN);
	pipeline_gate(x->pl, PATH_INPUT, name);
	c->end = V_DROP;
	origin_set(&c->end_origin, NULL, 0, "", fam == FAM_6
		? "no IPv6 is configured" : "no IPv4 is configured");
}

/* The line's interface as a port of a switch: frames may pass below it all. */
static void switched(struct srx *x)
{
	const struct tree *ifs = tree_kid(x->root, "interfaces");

	for (size_t i = 0; ifs && i < ifs->n; i++) {
		const struct tree *u = tree_kid(ifs->kids[i], "unit");

		for (size_t k = 0; u && k < u->n; k++) {
			cleanup(freep) char *name = xasprintf("%s.%s",
				ifs->kids[i]->name, u->kids[k]->name);
			enum role r;

			if ((tree_at(u->kids[k], "family ethernet-switching") ||
				tree_at(u->kids[k], "family bridge")) &&
				srx_if_role(x, name, &r) && r == ROLE_WAN)
				srx_unknown(x, "interfaces", ifs->kids[i], true);
		}
	}
}

/* ---- the whole ---- */

int srx_looks(const char *text)
{
	static const char *const signs[] = {"from-zone", "to-zone",
		"security-zone", "set security ", "host-inbound-traffic",
		"destination-nat", "address-book", "set applications application",
		"junos-", "forwarding-options", "ge-0/0/0", "host-name"};
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		n += strstr(text, signs[i]) != NULL;
	return n >= 2 ? n + 1 : 0;
}

int srx_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why)
{
	struct srx x = {.h = h, .pl = pl};

	x.root = tree_read(text, TREE_JUNOS, pl);
	if (!tree_kid(x.root, "security")) {
		*why = xstrdup(_("no \"security\" in it: give the output of \"show configuration\", also with \"| display set\""));
		tree_free(x.root);
		return -EINVAL;
	}
	x.zones = tree_at(x.root, "security zones security-zone");
	x.books = tree_at(x.root, "security address-book");
	x.apps = tree_kid(x.root, "applications");
	pl->order = NAT_FIRST;
	memset(pl->stateful, 0xff, sizeof(pl->stateful));
	if (x.zones && !srx_zones_of(&x, ROLE_WAN))
		pipeline_unknown(pl, x.zones->line, true,
			_("which zone is the line's side is not told by its name: say it with --wan ZONE"));
	srx_nat(&x);
	absent(&x, FAM_6); /* asked first: no policy is the reason then */
	absent(&x, FAM_4);
	srx_filters(&x);
	srx_policies(&x);
	switched(&x);
	groups(&x);
	unknowns(&x);
	tree_free(x.root);
	return 0;
}
