// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * OpenWrt: /etc/config/{firewall,network,dhcp}, in one text -> pipeline with the
 * chains that firewall4 makes of it. A zone's "forward" speaks of traffic within
 * the zone; between zones forwardings and rules decide, then the defaults.
 */
#include "routers/openwrt/read-own.h"
#include "routers/value.h"
#include "base/tr.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int openwrt_looks(const char *text)
{
	static const char *const signs[] = {"config zone", "config rule",
		"config redirect", "config forwarding", "config defaults",
		"config interface", "option src", "firewall.@", "=zone\n", "=rule\n", "option proto",
		"config dhcp"};
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		n += strstr(text, signs[i]) != NULL;
	return n >= 2 ? n * 2 : 0;
}

bool owrt_policy(const char *s, enum verdict *ret)
{
	static const struct {
		const char *name;
		enum verdict v;
	} rows[] = {{"accept", V_ACCEPT}, {"reject", V_REJECT},
		{"drop", V_DROP}};

	for (size_t i = 0; *s && i < ARRAY_LEN(rows); i++)
		if (!strncasecmp(rows[i].name, s, strlen(s)))
			return *ret = rows[i].v, true;
	return false;
}

bool owrt_family(const char *s, enum family *ret, bool *said)
{
	*ret = FAM_NONE;
	*said = *s != '\0';
	if (!*s || !strcmp(s, "any") || !strcmp(s, "all") || !strcmp(s, "*"))
		return true;
	*ret = !strcmp(s, "inet") || strchr(s, '4') ? FAM_4
	       : strchr(s, '6')			    ? FAM_6
						    : FAM_NONE;
	return *ret != FAM_NONE;
}

bool owrt_zone(const struct owrt *o, const char *name, const struct zone **zone,
	bool *any)
{
	*any = !strcmp(name, "*");
	for (size_t i = 0; i < o->zone_n; i++)
		if (!strcmp(o->zones[i].name, name)) {
			*zone = &o->zones[i];
			return true;
		}
	return *any;
}

/* ---- zones ---- */

static bool is(const struct uci_section *s, const char *type)
{
	return !strcmp(s->type, type);
}

/* Does a hint name the zone, one of its networks or devices? */
static bool hinted(const char *names, const struct uci_section *s)
{
	static const char *const keys[] = {"name", "network", "device"};
	char w[UCI_WORD];

	for (size_t k = 0; names && k < ARRAY_LEN(keys); k++)
		for (size_t i = 0; uci_word(s, keys[k], i, w); i++)
			if (names_have(names, w))
				return true;
	return false;
}

static const struct uci_section *defaults(const struct owrt *o)
{
	for (size_t i = 0; i < o->uci.n; i++)
		if (is(&o->uci.v[i], "defaults"))
			return &o->uci.v[i];
	return NULL;
}

static enum verdict policy_or(const struct uci_section *s, const char *key,
	enum verdict dflt)
{
	enum verdict v;

	return s && owrt_policy(uci_get(s, key), &v) ? v : dflt;
}

static void add_zone(struct owrt *o, const struct uci_section *s)
{
	const struct uci_section *d = defaults(o);
	struct zone z = {.sec = s, .role = ROLE_LAN};
	bool said;

	if (!uci_bool(s, "enabled", true))
		return;
	if (!*uci_get(s, "name") ||
		!owrt_family(uci_get(s, "family"), &z.fam, &said)) {
		owrt_skipped(o, s);
		return;
	}
	snprintf(z.name, sizeof(z.name), "%.31s", uci_get(s, "name"));
	z.input = policy_or(s, "input", policy_or(d, "input", V_DROP));
	z.forward = policy_or(s, "forward", policy_or(d, "forward", V_DROP));
	z.masq = uci_bool(s, "masq", false);
	*GROW(o->zones, o->zone_n, o->zone_cap) = z;
}

/* Only rules were pasted: they stand among the zones that ship. */
static void shipped_zones(struct owrt *o)
{
	struct zone wan = {.name = "wan", .role = ROLE_WAN, .input = V_REJECT,
		.forward = V_REJECT, .masq = true};
	struct zone lan = {.name = "lan", .role = ROLE_LAN, .input = V_ACCEPT,
		.forward = V_ACCEPT};

	o->assumed = true;
	*GROW(o->zones, o->zone_n, o->zone_cap) = lan;
	*GROW(o->zones, o->zone_n, o->zone_cap) = wan;
	pipeline_unknown(o->pl, 0, true,
		_("no zones in it; the two that OpenWrt ships are assumed"));
}

/* The line's zones: as told, else the one called wan, else what masquerades. */
static void zone_roles(struct owrt *o)
{
	bool told = false, wan = false;

	for (size_t i = 0; i < o->zone_n; i++)
		told |= o->zones[i].sec && hinted(o->h->wan, o->zones[i].sec);
	for (size_t i = 0; !told && i < o->zone_n; i++)
		wan |= !strcmp(o->zones[i].name, "wan");
	for (size_t i = 0; i < o->zone_n; i++) {
		struct zone *z = &o->zones[i];

		if (!z->sec)
			continue;
		if (told ? hinted(o->h->wan, z->sec)
			 : wan ? !strcmp(z->name, "wan") : z->masq)
			z->role = ROLE_WAN;
		else if (o->h->lan && !hinted(o->h->lan, z->sec))
			z->role = ROLE_SEG;
	}
	told = false;
	for (size_t i = 0; i < o->zone_n; i++)
		told |= o->zones[i].role == ROLE_WAN;
	if (!told)
		pipeline_unknown(o->pl, 0, true,
			_("which zone is the line's is not said in it: name it with --wan"));
}

/* ---- chains ---- */

static void ct_rule(struct chain *c, enum ct_state lo, enum ct_state hi,
	enum verdict v)
{
	struct rule *r = chain_rule(c, v);

	cond_num(match_cond(&r->match, F_CT, false), lo, hi);
	origin_set(&r->origin, NULL, 0, "connection state", "built in");
}

/* Rules of any zone are in the chain already: the states go in front. */
static void base_head(struct owrt *o, const char *name)
{
	struct chain *c = pipeline_chain(o->pl, name, true);
	const struct uci_section *d = defaults(o);

	ct_rule(c, CT_ESTABLISHED, CT_RELATED, V_ACCEPT);
	if (d && uci_bool(d, "drop_invalid", false))
		ct_rule(c, CT_INVALID, CT_INVALID, V_DROP);
}

static void end_text(struct origin *to, const struct uci_section *s,
	const char *what)
{
	cleanup(freep) char *line = s ? uci_line(s) : xstrdup(what);

	origin_set(to, NULL, s ? s->no : 0, line, what);
	if (s)
		uci_lines(to, s);
}

static void base_tail(struct owrt *o, const char *way, enum path path)
{
	struct chain *c = pipeline_chain(o->pl, way, true);
	const struct uci_section *d = defaults(o);

	for (size_t i = 0; i < o->zone_n; i++) {
		const struct zone *z = &o->zones[i];
		struct rule *r = chain_rule(c, V_JUMP);

		if (z->fam)
			value_family(&r->match, z->fam);
		cond_num(match_cond(&r->match, F_IN, false), z->role, z->role);
		if (z->sec && uci_opt(z->sec, "subnet"))
			value_opaque(&r->match, "subnet");
		r->target = xasprintf("%s_%s", way, z->name);
	}
	c->end = policy_or(d, way, V_DROP);
	end_text(&c->end_origin, d, "the defaults");
	pipeline_gate(o->pl, path, way);
}

static void zone_chains(struct owrt *o, const struct zone *z)
{
	cleanup(freep) char *in = xasprintf("input_%s", z->name);
	cleanup(freep) char *fw = xasprintf("forward_%s", z->name);
	struct chain *ci = pipeline_chain(o->pl, in, true);
	struct chain *cf = pipeline_chain(o->pl, fw, true);
	struct rule *r;

	for (int k = 0; z->dnat && k < 2; k++) {
		r = chain_rule(k ? cf : ci, V_ACCEPT);
		cond_num(match_cond(&r->match, F_DNAT, false), 1, 1);
		origin_set(&r->origin, NULL, 0, "", "port forwards");
	}
	r = chain_rule(ci, z->input);
	end_text(&r->origin, z->sec, "zone input");
	r = chain_rule(cf, z->forward);
	cond_num(match_cond(&r->match, F_OUT, false), z->role, z->role);
	end_text(&r->origin, z->sec, "zone forward");
}

/* ---- network and dhcp ---- */

static bool has_word(const struct uci_section *s, const char *key,
	const char *want)
{
	char w[UCI_WORD];

	for (size_t i = 0; uci_word(s, key, i, w); i++)
		if (!strcmp(w, want))
			return true;
	return false;
}

static bool network_is_wan(const struct owrt *o, const char *name)
{
	for (size_t i = 0; i < o->zone_n; i++) {
		const struct zone *z = &o->zones[i];

		if (z->role != ROLE_WAN)
			continue;
		if (z->sec ? has_word(z->sec, "network", name)
			   : !strcmp(name, "wan") || !strcmp(name, "wan6"))
			return true;
	}
	return false;
}

static bool is_bridge(const struct uci_section *s)
{
	return !strcmp(uci_get(s, "type"), "bridge");
}

/* The line's port among the ports of a bridge that another network uses. */
static void bridged(struct owrt *o, const struct uci_section *bridge)
{
	const char *name = is(bridge, "device") ? uci_get(bridge, "name") : "";

	for (size_t i = 0; i < o->uci.n; i++) {
		const struct uci_section *s = &o->uci.v[i];
		const char *dev = uci_get(s, "device");
		cleanup(freep) char *line = NULL;

		if (!*dev)
			dev = uci_get(s, "ifname");
		/* "none": the provider's television, a port without the router */
		if (!is(s, "interface") || !*dev || s == bridge ||
			!strcmp(uci_get(s, "proto"), "none") ||
			!network_is_wan(o, s->name + (strncmp(s->name, "network.", 8) ? 0 : 8)))
			continue;
		/* the line's network on the bridge itself is an ordinary set-up */
		if (!strcmp(dev, name) || (!has_word(bridge, "ports", dev) &&
					!has_word(bridge, "ifname", dev)))
			continue;
		line = uci_line(bridge);
		(void)read_bypass(o->pl, bridge->no, line);
		o->pl->bridge6 = true;
		return;
	}
}

static void read_network(struct owrt *o)
{
	for (size_t i = 0; i < o->uci.n; i++) {
		const struct uci_section *s = &o->uci.v[i];

		if ((is(s, "device") || is(s, "interface")) && is_bridge(s))
			bridged(o, s);
		if (is(s, "dhcp") && !strcmp(uci_get(s, "ndp"), "relay"))
			o->pl->ndproxy = true;
	}
}

/* ---- sections ---- */

static void read_include(struct owrt *o, const struct uci_section *s)
{
	bool nft = !strcmp(uci_get(s, "type"), "nftables");
	bool user = !strcmp(uci_get(s, "path"), "/etc/firewall.user");

	if (!uci_bool(s, "enabled", true))
		return;
	/* a script counts only when it says that it knows fw4 */
	if (nft || uci_bool(s, "fw4_compatible", !user))
		owrt_skipped(o, s);
}

static bool known_section(const char *type)
{
	static const char *const names[] = {"defaults", "zone", "forwarding",
		"rule", "redirect", "nat", "include", "ipset", "helper",
		"interface", "device", "bridge-vlan", "globals", "route", "route6",
		"rule6", "switch", "switch_vlan", "switch_port", "dnsmasq",
		"dhcp", "odhcpd", "host", "domain", "pool", "mac", "tag",
		"wireguard_", "alias", "boot", "relay", "srvhost", "mxhost",
		"cname", "match", "vendorclass", "userclass", "wifi-device",
		"wifi-iface", "system", "timeserver", "led", "dropbear", "uhttpd",
		"cert", "rpcd", "login", "core", "extern", "internal",
		"uhttpd", "remote", "section", NULL};

	for (size_t i = 0; names[i]; i++)
		if (!strncmp(names[i], type, strlen(names[i])))
			return true;
	return false;
}

/* A "rule" of /etc/config/network chooses routes, it is none of the firewall. */
static bool routing_rule(const struct uci_section *s)
{
	return !uci_opt(s, "target") &&
	       (uci_opt(s, "lookup") || uci_opt(s, "priority") ||
		       uci_opt(s, "action") || uci_opt(s, "goto"));
}

static void each(struct owrt *o, const char *type,
	void (*fn)(struct owrt *, const struct uci_section *))
{
	for (size_t i = 0; i < o->uci.n; i++)
		if (is(&o->uci.v[i], type) && !routing_rule(&o->uci.v[i]))
			fn(o, &o->uci.v[i]);
}

static void read_all(struct owrt *o)
{
	each(o, "zone", add_zone);
	if (!o->zone_n)
		shipped_zones(o);
	zone_roles(o);
	base_head(o, "input");
	base_head(o, "forward");
	/* fw4's own order: rules before forwardings, whatever the file's is */
	each(o, "rule", owrt_rule);
	each(o, "forwarding", owrt_forwarding);
	each(o, "redirect", owrt_redirect);
	each(o, "include", read_include);
	for (size_t i = 0; i < o->zone_n; i++) {
		zone_chains(o, &o->zones[i]);
		o->pl->masquerade |= o->zones[i].role == ROLE_WAN &&
				     o->zones[i].masq;
	}
	base_tail(o, "input", PATH_INPUT);
	base_tail(o, "forward", PATH_FORWARD);
	read_network(o);
	for (size_t i = 0; i < o->uci.n; i++)
		if (!known_section(o->uci.v[i].type))
			pipeline_unknown(o->pl, o->uci.v[i].no, false,
				"config %s", o->uci.v[i].type);
	for (size_t i = 0; i < o->uci.odd_n; i++)
		pipeline_unknown(o->pl, o->uci.odd[i].no, true, "%s",
			o->uci.odd[i].text);
}

int openwrt_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why)
{
	struct owrt o = {.h = h, .pl = pl};
	bool any = false;

	uci_read(text, &o.uci);
	for (size_t i = 0; i < o.uci.n; i++)
		any |= is(&o.uci.v[i], "zone") || is(&o.uci.v[i], "rule") ||
		       is(&o.uci.v[i], "defaults") ||
		       is(&o.uci.v[i], "redirect");
	if (any)
		read_all(&o);
	else
		*why = xstrdup(_("no firewall section in it: give /etc/config/firewall (and network and dhcp behind it)"));
	pl->order = NAT_FIRST;
	memset(pl->stateful, 0xff, sizeof(pl->stateful));
	free(o.zones);
	uci_done(&o.uci);
	return any ? 0 : -EINVAL;
}
