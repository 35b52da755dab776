// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RouterOS "/export" -> pipeline. Chains end with accept, a family without any
 * filter line passes whole, and bridged frames are not seen by the IP filter
 * unless use-ip-firewall is on.
 */
#include "routers/routeros/read-own.h"
#include "routers/value.h"
#include "base/tr.h"

#include <errno.h>
#include <string.h>

int routeros_looks(const char *text)
{
	static const char *const signs[] = {"/ip firewall filter",
		"/ipv6 firewall filter", "/ip firewall nat", "/interface list",
		"/interface bridge", "/ip/firewall/", "/interface/", "by RouterOS", "add action=", "add chain=",
		"/ip address", "/system identity"};
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		n += strstr(text, signs[i]) != NULL;
	return n >= 2 ? n * 2 : 0;
}

/* ---- sides ---- */

static bool is_wan(const struct ros *r, const char *name)
{
	for (size_t i = 0; i < r->wan_n; i++)
		if (!strcmp(r->wans[i], name))
			return true;
	return false;
}

unsigned ros_iface_sides(const struct ros *r, const char *name)
{
	enum role role;

	if (read_role(r->h, name, &role))
		return role == ROLE_WAN ? ROS_WAN : role == ROLE_LAN ? ROS_LAN : 0;
	return is_wan(r, name) ? ROS_WAN : ROS_LAN;
}

unsigned ros_list_sides(const struct ros *r, const char *name)
{
	enum role role;
	unsigned s = 0;
	bool any = false;

	if (read_role(r->h, name, &role))
		return role == ROLE_WAN ? ROS_WAN : ROS_LAN;
	if (!strcmp(name, "all"))
		return ROS_WAN | ROS_LAN;
	if (!strcmp(name, "none"))
		return 0;
	for (size_t i = 0; i < r->member_n; i++) {
		if (strcmp(r->members[i].list, name))
			continue;
		any = true;
		s |= ros_iface_sides(r, r->members[i].name);
	}
	if (any)
		return s;
	/* the two that the default configuration has */
	return !strcmp(name, "WAN") ? ROS_WAN : !strcmp(name, "LAN") ? ROS_LAN
								    : ROS_UNSURE;
}

/* The lines by which packets of a family come in: what PPPoE runs on is none
 * unless it has an address of its own. */
static bool comes_by(const struct ros *r, const char *name, enum family fam)
{
	return !ros_under(r, name, fam);
}

bool ros_under(const struct ros *r, const char *name, enum family fam)
{
	bool under = false;

	for (size_t i = 0; i < r->script.n; i++) {
		const struct ros_cmd *c = &r->script.v[i];
		const char *p = c->path, *iface = ros_get(c, "interface");
		bool six = !strncmp(p, "/ipv6 ", 6);

		if (!iface || strcmp(iface, name) || ros_is(c, "disabled", "yes"))
			continue;
		under |= !strcmp(p, "/interface pppoe-client");
		p += six ? 6 : !strncmp(p, "/ip ", 4) ? 4 : strlen(p);
		if (six == (fam == FAM_6) &&
			(!strcmp(p, "address") || !strcmp(p, "dhcp-client")))
			return false;
	}
	return under;
}

bool ros_all_lines(const struct ros *r, const char *list, enum family fam)
{
	for (size_t i = 0; i < r->wan_n; i++) {
		bool has = !strcmp(list, r->wans[i]);

		for (size_t k = 0; k < r->member_n; k++)
			has |= !strcmp(r->members[k].list, list) &&
			       !strcmp(r->members[k].name, r->wans[i]);
		if (!has && comes_by(r, r->wans[i], fam))
			return false;
	}
	return true;
}

static void add_wan(struct ros *r, const char *name)
{
	if (name && *name && !is_wan(r, name))
		*GROW(r->wans, r->wan_n, r->wan_cap) = name;
}

static void pair(struct ros_pair **v, size_t *n, size_t *cap,
	const struct ros_cmd *c, const char *list, const char *name,
	enum family fam)
{
	if (ros_get(c, list) && ros_get(c, name))
		*GROW(*v, *n, *cap) = (struct ros_pair){ros_get(c, list),
			ros_get(c, name), fam, c};
}

/* ---- everything but rules ---- */

/*
 * Without an address, a prefix or a DHCPv6 client RouterOS has link-local
 * addresses only: it takes none from advertisements while it forwards
 * (accept-router-advertisements=yes-if-forwarding-disabled, RouterOS manual).
 */
static bool ipv6_at_all(const struct ros_cmd *c)
{
	static const char *const menus[] = {"/ipv6 address",
		"/ipv6 dhcp-client", "/ipv6 pool", "/ipv6 route",
		"/ipv6 nd prefix", "/ipv6 firewall filter", "/interface 6to4"};

	if (!strcmp(c->path, "/ipv6 settings"))
		return ros_is(c, "accept-router-advertisements", "yes");
	for (size_t i = 0; i < ARRAY_LEN(menus); i++)
		if (!strcmp(c->path, menus[i]) && !strcmp(c->verb, "add"))
			return true;
	return false;
}

static void note_facts(struct ros *r, const struct ros_cmd *c)
{
	const char *p = c->path;

	if (ros_is(c, "disabled", "yes"))
		return;
	if (!strcmp(p, "/interface list member"))
		pair(&r->members, &r->member_n, &r->member_cap, c,
			"list", "interface", FAM_NONE);
	else if (!strcmp(p, "/ip firewall address-list"))
		pair(&r->addresses, &r->address_n, &r->address_cap, c,
			"list", "address", FAM_4);
	else if (!strcmp(p, "/ipv6 firewall address-list"))
		pair(&r->addresses, &r->address_n, &r->address_cap, c,
			"list", "address", FAM_6);
	else if (!strcmp(p, "/interface bridge port"))
		pair(&r->ports, &r->port_n, &r->port_cap, c, "bridge",
			"interface", FAM_NONE);
	else if (!strncmp(p, "/ip ipsec ", 10) && !strcmp(c->verb, "add"))
		r->ipsec = true;
	else if (ipv6_at_all(c))
		r->has6 = true;
	else if (!strcmp(p, "/ip address") || !strcmp(p, "/ip dhcp-client") ||
		!strcmp(p, "/interface pppoe-client"))
		r->whole = true;
	else if (!strcmp(p, "/ip firewall nat") &&
		ros_is(c, "chain", "srcnat"))
		r->translates = true;
	else if (!strcmp(p, "/interface bridge settings"))
		r->bridge_fw = ros_is(c, "use-ip-firewall", "yes");
	else if (!strcmp(p, "/ipv6 settings") &&
		(ros_is(c, "disable-ipv6", "yes") || ros_is(c, "forward", "no")))
		r->no6 = c;
	else if (!strcmp(p, "/ip settings") && ros_is(c, "ip-forward", "no"))
		r->no4 = c;
}

static bool names_wan(const struct ros_cmd *c)
{
	const char *in = ros_get(c, "in-interface-list");

	return in && (!strcmp(in, "WAN") || !strcmp(in, "!LAN"));
}

static bool in_lan_list(const struct ros *r, const char *name)
{
	for (size_t i = 0; i < r->member_n && name; i++)
		if (!strcmp(r->members[i].list, "LAN") &&
			!strcmp(r->members[i].name, name))
			return true;
	return false;
}

/*
 * The line's interfaces: as told; the members of the list WAN, what dials, and
 * what asks for an address.
 */
static void find_wan(struct ros *r)
{
	for (size_t i = 0; i < r->member_n; i++)
		if (!strcmp(r->members[i].list, "WAN"))
			add_wan(r, r->members[i].name);
	for (size_t i = 0; i < r->script.n; i++) {
		const struct ros_cmd *c = &r->script.v[i];
		bool off = ros_is(c, "disabled", "yes");

		r->wan_list |= names_wan(c);
		if (!off && !strcmp(c->path, "/interface pppoe-client") &&
			!strcmp(c->verb, "add")) {
			add_wan(r, ros_get(c, "name"));
			add_wan(r, ros_get(c, "interface"));
		}
	}
	for (size_t i = 0; i < r->script.n; i++) {
		const struct ros_cmd *c = &r->script.v[i];

		if (!ros_is(c, "disabled", "yes") &&
			(!strcmp(c->path, "/ip dhcp-client") ||
				!strcmp(c->path, "/ipv6 dhcp-client")) &&
			!in_lan_list(r, ros_get(c, "interface")))
			add_wan(r, ros_get(c, "interface"));
	}
	if (!r->h->wan && !r->wan_n && !r->wan_list)
		pipeline_unknown(r->pl, 0, true,
			_("which interface is the line's is not said in it: name it with --wan"));
}

/* An access point: its one address is on the bridge that holds every port. */
static void access_point(struct ros *r)
{
	for (size_t i = 0; i < r->port_n && !r->translates; i++)
		for (size_t k = 0; k < i; k++) {
			const struct ros_pair *p = &r->ports[i];

			if (strcmp(p->list, r->ports[k].list) ||
				!is_wan(r, p->list))
				continue;
			(void)read_bypass(r->pl, p->cmd->no, p->cmd->text);
			r->pl->bridge6 = true;
			return;
		}
}

/* A port of the line in one bridge with a port of the home. */
static void bridges(struct ros *r)
{
	for (size_t i = 0; i < r->port_n; i++) {
		const struct ros_pair *w = &r->ports[i];
		bool with_home = false;

		if (ros_iface_sides(r, w->name) != ROS_WAN)
			continue;
		for (size_t k = 0; k < r->port_n; k++)
			with_home |= !strcmp(r->ports[k].list, w->list) &&
				     ros_iface_sides(r, r->ports[k].name) != ROS_WAN;
		if (!with_home)
			continue;
		if (r->bridge_fw) {
			pipeline_unknown(r->pl, 0, true,
				_("the bridge %s holds the line's port %s; with use-ip-firewall its frames meet rules that this reader does not follow"),
				w->list, w->name);
			continue;
		}
		(void)read_bypass(r->pl, w->cmd->no, w->cmd->text);
		r->pl->bridge6 = true;
	}
}

/* ---- rules and what stays unknown ---- */

/* Menus that may let frames past or hold them up, and are not read here. */
static bool touches_filter(const char *path)
{
	static const char *const heads[] = {"/interface bridge filter",
		"/interface bridge nat", "/ip hotspot walled", "/ip upnp",
		"/ip firewall connection", "/ip nat-pmp", NULL};

	for (size_t i = 0; heads[i]; i++)
		if (!strncmp(path, heads[i], strlen(heads[i])))
			return true;
	return !strcmp(path, "/ip hotspot"); /* its profiles do nothing alone */
}

static bool known_menu(const char *path)
{
	static const char *const tops[] = {"interface", "ip", "ipv6", "system",
		"user", "user-manager", "tool", "queue", "snmp", "routing",
		"port", "ppp", "radius", "certificate", "disk", "file", "log",
		"caps-man", "container", "mpls", "dot1x", "console", "password",
		"special-login", "tr069-client", "zerotier", "iot", "lora",
		"partitions", "app", "import", "export", NULL};
	size_t n = strcspn(path + 1, " ");

	for (size_t i = 0; tops[i]; i++)
		if (strlen(tops[i]) == n && !strncmp(path + 1, tops[i], n))
			return true;
	return false;
}

static bool rule_menu(const char *path, enum family *fam, const char **table)
{
	bool six = !strncmp(path, "/ipv6 firewall ", 15);

	if (!six && strncmp(path, "/ip firewall ", 13))
		return false;
	*fam = six ? FAM_6 : FAM_4;
	*table = path + (six ? 15 : 13);
	return !strcmp(*table, "filter") || !strcmp(*table, "raw") ||
	       !strcmp(*table, "nat");
}

static void read_command(struct ros *r, const struct ros_cmd *c)
{
	enum family fam;
	const char *table;

	if (!rule_menu(c->path, &fam, &table)) {
		if (touches_filter(c->path) && strcmp(c->verb, "print") &&
			!ros_is(c, "disabled", "yes") &&
			!ros_is(c, "enabled", "no"))
			pipeline_unknown(r->pl, c->no, true, "%s", c->text);
		else if (!known_menu(c->path))
			pipeline_unknown(r->pl, c->no, false, "%s", c->text);
		return;
	}
	if (!strcmp(c->verb, "print") || !strcmp(c->verb, "export"))
		return;
	if (strcmp(c->verb, "add"))
		pipeline_unknown(r->pl, c->no, true, "%s", c->text);
	else if (!strcmp(table, "nat"))
		ros_nat(r, c, fam);
	else
		ros_rule(r, c, fam, table);
}

/* ---- the chains that every packet meets ---- */

static void base_chain(struct ros *r, enum family fam, const char *table,
	const char *name, enum path path)
{
	cleanup(freep) char *full = ros_chain(fam, table, name);
	struct chain *c = pipeline_chain(r->pl, full, true);

	c->end = V_ACCEPT;
	if (!strcmp(table, "filter"))
		origin_set(&c->end_origin, NULL, 0, c->rule_n
			? "the chain ends: RouterOS accepts"
			: fam == FAM_6 ? "no line in /ipv6 firewall filter: all passes"
				       : "no line in /ip firewall filter: all passes",
			"policy");
	read_gate(r->pl, path, full, fam);
}

/* Nothing of that family is forwarded, whatever its rules say. */
static void switched_off(struct ros *r, enum family fam,
	const struct ros_cmd *off)
{
	cleanup(freep) char *name = ros_chain(fam, "settings", "off");
	struct chain *c;

	if (!off)
		return;
	c = pipeline_chain(r->pl, name, true);
	c->end = V_DROP;
	origin_set(&c->end_origin, NULL, off->no, off->text, "off");
	read_gate(r->pl, PATH_FORWARD, name, fam);
}

/* Its neighbours on the line can still speak to the router's link-local
 * address. */
static void no_ipv6(struct ros *r)
{
	cleanup(freep) char *name = ros_chain(FAM_6, "address", "none");
	struct addrmask local;
	struct chain *c;
	struct rule *rule;

	if (r->has6 || !r->whole || addrmask_parse("fe80::/10", &local))
		return;
	c = pipeline_chain(r->pl, name, true);
	c->end = V_DROP;
	rule = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&rule->match, F_IN, true), ROLE_WAN, ROLE_WAN);
	rule = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&rule->match, F_OUT, false), ROLE_SELF, ROLE_SELF);
	cond_addr(match_cond(&rule->match, F_SRC, false), &local);
	origin_set(&c->end_origin, NULL, 0, "no IPv6 address and no DHCPv6 client in it",
		"no IPv6 is configured");
	read_gate(r->pl, PATH_FORWARD, name, FAM_6);
	read_gate(r->pl, PATH_INPUT, name, FAM_6);
}

static void gates(struct ros *r, enum family fam, const struct ros_cmd *off)
{
	base_chain(r, fam, "raw", "prerouting", PATH_FORWARD);
	base_chain(r, fam, "raw", "prerouting", PATH_INPUT);
	base_chain(r, fam, "filter", "forward", PATH_FORWARD);
	base_chain(r, fam, "filter", "input", PATH_INPUT);
	base_chain(r, fam, "filter", "output", PATH_OUTPUT);
	switched_off(r, fam, off);
}

int routeros_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why)
{
	struct ros r = {.h = h, .pl = pl};

	ros_script_read(text, &r.script);
	for (size_t i = 0; i < r.script.n; i++)
		note_facts(&r, &r.script.v[i]);
	find_wan(&r);
	bridges(&r);
	access_point(&r);
	for (size_t i = 0; i < r.script.n; i++)
		read_command(&r, &r.script.v[i]);
	for (size_t i = 0; i < r.script.odd_n; i++)
		pipeline_unknown(pl, r.script.odd[i].no, true, "%s",
			r.script.odd[i].text);
	no_ipv6(&r);
	gates(&r, FAM_6, r.no6);
	gates(&r, FAM_4, r.no4);
	pl->order = NAT_FIRST;
	memset(pl->stateful, 0xff, sizeof(pl->stateful));
	if (r.script.n == 0)
		*why = xstrdup(_("no RouterOS command in it: give the output of /export"));
	free(r.members);
	free(r.addresses);
	free(r.ports);
	free(r.wans);
	text = r.script.n ? text : NULL;
	ros_script_done(&r.script);
	return text ? 0 : -EINVAL;
}
