// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NEC UNIVERGE IX "show running-config" -> pipeline. An interface with any
 * filter in a direction discards what no list of it names; one without passes
 * all. Lists are tried by the number that the interface gives them.
 */
#include "routers/ix/read-own.h"
#include "routers/value.h"
#include "base/tr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct attach { /* {ip|ipv6} filter NAME SEQ {in|out} */
	const struct capture_line *line;
	char name[32];
	enum family fam;
	uint32_t seq;
	bool in;
};

struct port {
	char name[32];
	bool wan4, wan6;	/* the line's side, by signs of its own */
	bool v4, v6, down, proxy6, named_wan, named_lan;
	char group[16];		/* bridge-group */
	const struct capture_line *group_line;
	struct attach *v;
	size_t n, cap;
	const struct capture_line **napt;
	size_t napt_n, napt_cap;
	bool napt_on;
};

struct ix {
	const struct read_hints *h;
	struct pipeline *pl;
	struct capture cap;
	struct ix_lists lists;
	struct port *ports;
	size_t port_n, port_cap;
};

static const char *const heads[] = {"ip ", "ipv6 ", "interface ", "hostname ",
	"device ", "ppp ", "timezone ", "logging ", "username ", "ntp ",
	"bridge", "no ", "proxy-dns ", "telnet", "ssh", "http", "ike ", "ikev2 ",
	"ipsec ", "snmp", "nm ", "nm-", "system ", "ddns ", "route-map ", "router ",
	"class-map ", "policy-map ", "watch-group ", "network-monitor ", "dns",
	"arp ", "pki ", "aaa ", "radius", "tacacs", "terminal ", "write ",
	"configure", "enable", "show ", "exit", "end", "shutdown", "encapsulation ",
	"auto-connect", "description ", "authentication ", "lcp ", "ipcp ",
	"ipv6cp ", "option-request ", "ia-", "information-request", "dns-server ",
	"default-gateway ", "assignable-range ", "fixed-assignment ", "tunnel ",
	"mtu ", "reset", "lease-time ", "subnet-mask ", "service-policy ", "sub-",
	"prefix", "map-e ", "dialer ", "isdn ", "vlan", "port ", "mode ", "mac-",
	"schedule ", "event-", "access-", "banner ", "boot ", "copy ", "icmp ",
	"l2tp ", "sip ", "oam ", "auto-", "speed ", "duplex ", "mdi", "led ",
	"sa-", "child-", "local-", "keepalive", "dpd ", "nat-", "peer-",
	"web-", "url-", "update", "host ", "query", "account ", "transport ",
	"notify-", "source-", "match ", "set ", "remote ", "provide-", "type ",
	"clear ", "pool ", "redistribute ", "network ", "neighbor ", "address-",
	"rapid-", "remove", "switch", "power", "usb ", "standby ", "track ",
	"vrrp ", "cpu", "memory", "temperature", "udp ", "tcp ", "proxy-arp",
	"user ", "rip", "ospf", "bgp", "accept ", "domain", "ra-", "ufs-",
	"recursive", "statistics", "cooperation", "quick", "login", "password",
	"lldp", "dot1x", "qos ", "queue ", "police ", "default-profile",
	"zero", "netmeister", "link-", "server ", "client ", "search ", NULL};

static bool begins(const char *line)
{
	if (*line == '!' || *line == '#' || !*line)
		return true;
	for (size_t i = 0; heads[i]; i++)
		if (!strncmp(line, heads[i], strlen(heads[i])))
			return true;
	return false;
}

int ix_looks(const char *text)
{
	static const char *const signs[] = {"interface GigaEthernet",
		"interface FastEthernet", " access-list ", "NEC Portable",
		"ip napt ", " dest any", "interface BVI", "ip ufs-cache",
		" src any "};
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		n += strstr(text, signs[i]) != NULL;
	if (strstr(text, "interface GigaEthernet") ||
		strstr(text, "interface FastEthernet") || strstr(text, "NEC Portable"))
		return n * 3;
	return n >= 3 ? n * 2 : 0;
}

static void not_understood(struct ix *x, const struct capture_line *l,
	bool affects)
{
	pipeline_unknown(x->pl, l->no, affects, "%s", l->text);
}

/* ---- an interface's lines ---- */

static struct port *port_of(struct ix *x, const char *name)
{
	enum role role;
	struct port *p;

	for (size_t i = 0; i < x->port_n; i++)
		if (!strcmp(x->ports[i].name, name))
			return &x->ports[i];
	p = GROW(x->ports, x->port_n, x->port_cap);
	snprintf(p->name, sizeof(p->name), "%.31s", name);
	if (read_role(x->h, name, &role)) {
		p->named_wan = role == ROLE_WAN;
		p->named_lan = role == ROLE_LAN;
	}
	return p;
}

static void filter_line(struct ix *x, struct port *p, const struct words *w,
	const struct capture_line *l)
{
	const char *way = words_at(w, 4);
	struct attach *a;
	uint32_t seq;

	if (!value_number(words_at(w, 3), UINT32_MAX, &seq) ||
		(strcmp(way, "in") && strcmp(way, "out"))) {
		not_understood(x, l, true);
		return;
	}
	a = GROW(p->v, p->n, p->cap);
	a->line = l;
	a->fam = !strcmp(words_at(w, 0), "ipv6") ? FAM_6 : FAM_4;
	a->seq = seq;
	a->in = !strcmp(way, "in");
	snprintf(a->name, sizeof(a->name), "%.31s", words_at(w, 2));
	*(a->fam == FAM_6 ? &p->v6 : &p->v4) = true;
}

static void napt_line(struct ix *x, struct port *p, const struct words *w,
	const struct capture_line *l)
{
	if (words_are(w, 2, "enable"))
		p->napt_on = p->wan4 = true;
	else if (words_are(w, 2, "static") || words_are(w, 2, "service"))
		*GROW(p->napt, p->napt_n, p->napt_cap) = l;
	(void)x;
}

static void ip_in_interface(struct ix *x, struct port *p,
	const struct words *w, const struct capture_line *l)
{
	bool six = !strcmp(words_at(w, 0), "ipv6");

	if (words_are(w, 1, "filter"))
		return filter_line(x, p, w, l);
	if (!six && words_are(w, 1, "napt"))
		return napt_line(x, p, w, l);
	if (!six && words_are(w, 1, "nat"))
		return not_understood(x, l, true);
	if (words_are(w, 1, "address"))
		*(six ? &p->v6 : &p->v4) = true;
	if (!six && (words_are(w, 1, "address dhcp") ||
			words_are(w, 1, "address ipcp")))
		p->wan4 = true;
	if (six && (words_are(w, 1, "enable") || words_are(w, 1, "dhcp")))
		p->v6 = true;
	if (six && (words_are(w, 1, "dhcp client") ||
			words_are(w, 1, "address autoconfig")))
		p->wan6 = true;
	if (six && words_are(w, 1, "nd proxy")) {
		p->wan6 = p->v6 = p->proxy6 = true;
		x->pl->ndproxy = true;
	}
}

static void in_interface(struct ix *x, struct port *p, const struct words *w,
	const struct capture_line *l)
{
	const char *first = words_at(w, 0);

	if (!strcmp(first, "ip") || !strcmp(first, "ipv6"))
		ip_in_interface(x, p, w, l);
	else if (!strcmp(first, "shutdown"))
		p->down = true;
	else if (words_are(w, 0, "no shutdown"))
		p->down = false;
	else if (!strcmp(first, "bridge-group")) {
		snprintf(p->group, sizeof(p->group), "%.15s", words_at(w, 1));
		p->group_line = l;
	} else if (words_are(w, 0, "ppp binding"))
		p->wan4 = true;
}

static void read_lines(struct ix *x)
{
	struct port *p = NULL;

	for (size_t i = 0; i < x->cap.n; i++) {
		const struct capture_line *l = &x->cap.v[i];
		struct words w;

		if (!*l->text || *l->text == '!' || *l->text == '#')
			continue;
		words_split(l->text, &w);
		if (!strcmp(words_at(&w, 0), "interface"))
			p = port_of(x, words_at(&w, 1));
		else if (!strcmp(words_at(&w, 0), "exit") ||
			!strcmp(words_at(&w, 0), "device"))
			p = NULL;
		else if (ix_list_note(&x->lists, l))
			p = NULL; /* back at the top */
		else if (p)
			in_interface(x, p, &w, l);
		else if (words_are(&w, 0, "ip filter") ||
			words_are(&w, 0, "ipv6 filter"))
			not_understood(x, l, true);
		if (capture_takes_back(&x->cap, i))
			not_understood(x, l, true);
		else if (!begins(l->text))
			not_understood(x, l, false);
		words_done(&w);
	}
}

/* ---- which side ---- */

static bool is_wan(const struct ix *x, const struct port *p, enum family fam)
{
	if (p->down)
		return false;
	if (x->h->wan)
		return p->named_wan;
	return fam == FAM_6 ? p->wan6 : p->wan4;
}

/* Signs fail where only filters were pasted: then it is the port with them. */
static void guess_wan(struct ix *x)
{
	for (int f = 0; f < 2; f++) {
		enum family fam = f ? FAM_6 : FAM_4;
		bool any = false;

		for (size_t i = 0; i < x->port_n; i++)
			any |= is_wan(x, &x->ports[i], fam);
		for (size_t i = 0; i < x->port_n && !any && !x->h->wan; i++)
			for (size_t k = 0; k < x->ports[i].n; k++)
				if (x->ports[i].v[k].fam == fam)
					*(f ? &x->ports[i].wan6
					    : &x->ports[i].wan4) = true;
	}
}

static bool is_lan(const struct port *p)
{
	return !p->down && !p->named_wan && !p->wan4 && !p->wan6 &&
	       strncmp(p->name, "Tunnel", 6) && strncmp(p->name, "Loop", 4) &&
	       strncmp(p->name, "Null", 4);
}

/* ---- chains ---- */

static int by_seq(const void *a, const void *b)
{
	const struct attach *x = *(const struct attach *const *)a;
	const struct attach *y = *(const struct attach *const *)b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static size_t attached(const struct port *p, enum family fam, bool in,
	const struct attach **v)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].fam == fam && p->v[i].in == in)
			v[n++] = &p->v[i];
	qsort(v, n, sizeof(*v), by_seq);
	return n;
}

/* What the lists at one direction of a port let through; deny as told. */
static void lists_of(struct ix *x, const struct port *p, enum family fam,
	bool in, enum verdict deny, struct chain *c)
{
	const struct attach **v = xcalloc(p->n + 1, sizeof(*v));
	const struct capture_line *bad = NULL;
	size_t n;

	n = attached(p, fam, !in, v);
	for (size_t i = 0; i < n; i++)
		ix_list_answers(&x->lists, x->pl, c, fam, v[i]->name);
	n = attached(p, fam, in, v);
	for (size_t i = 0; i < n; i++) {
		if (!ix_list_exists(&x->lists, fam, v[i]->name))
			pipeline_unknown(x->pl, v[i]->line->no, true,
				_("the interface names access list %s, which is not defined"),
				v[i]->name);
		else if (!ix_list_rules(&x->lists, c, fam, v[i]->name, deny, &bad))
			not_understood(x, bad, true);
	}
	if (n) {
		c->end = deny;
		origin_set(&c->end_origin, NULL, v[0]->line->no,
			v[0]->line->text, "no list matches: discarded");
	} else {
		c->end = V_ACCEPT;
		origin_set(&c->end_origin, NULL, 0, in
			? "no \"filter ... in\" on the interface: everything passes"
			: "no \"filter ... out\" on the interface: everything passes",
			"no filter");
	}
	free(v);
}

/* Packets may come by any of the line's ports: enough that one lets them in. */
static void wan_gate(struct ix *x, enum family fam)
{
	cleanup(freep) char *name = xasprintf("line %s in",
		fam == FAM_6 ? "ipv6" : "ip");
	struct chain *c = pipeline_chain(x->pl, name, true);
	const struct port *last = NULL;
	struct rule *r = chain_rule(c, V_ACCEPT);

	cond_num(match_cond(&r->match, F_IN, true), ROLE_WAN, ROLE_WAN);
	for (size_t i = 0; i < x->port_n; i++) {
		const struct port *p = &x->ports[i];
		cleanup(freep) char *sub = NULL;

		if (!is_wan(x, p, fam))
			continue;
		if (last) {
			sub = xasprintf("%s %s", name, last->name);
			lists_of(x, last, fam, true, V_RETURN,
				pipeline_chain(x->pl, sub, true));
			r = chain_rule(c, V_JUMP);
			r->target = xstrdup(sub);
		}
		last = p;
	}
	if (last) {
		lists_of(x, last, fam, true, V_DROP, c);
	} else {
		c->end = V_DROP;
		origin_set(&c->end_origin, NULL, 0, "", fam == FAM_6
			? "no IPv6 is configured" : "no IPv4 is configured");
	}
	read_gate(x->pl, PATH_FORWARD, name, fam);
	read_gate(x->pl, PATH_INPUT, name, fam);
}

/* Filters on the way out to the home. */
static void lan_gate(struct ix *x, enum family fam)
{
	cleanup(freep) char *name = xasprintf("home %s out",
		fam == FAM_6 ? "ipv6" : "ip");
	const struct port *with = NULL;
	struct chain *c;
	struct rule *r;
	size_t lans = 0;

	for (size_t i = 0; i < x->port_n; i++) {
		const struct port *p = &x->ports[i];

		if (!is_lan(p))
			continue;
		lans++;
		for (size_t k = 0; k < p->n; k++)
			if (p->v[k].fam == fam && !p->v[k].in)
				with = p;
	}
	if (!with)
		return;
	if (lans > 1) { /* the others have none: as good as no filter */
		pipeline_unknown(x->pl, 0, true,
			_("the filter on the way out of %s holds for one of several home sides; it is not counted"),
			with->name);
		return;
	}
	c = pipeline_chain(x->pl, name, true);
	r = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&r->match, F_OUT, true), ROLE_LAN, ROLE_LAN);
	lists_of(x, with, fam, false, V_DROP, c);
	read_gate(x->pl, PATH_FORWARD, name, fam);
}

/* ---- NAPT ---- */

static struct nat_rule *nat_rule(struct ix *x, const struct capture_line *l,
	const char *text, enum nat_action a)
{
	struct nat_rule *n = GROW(x->pl->nat_in, x->pl->nat_in_n,
		x->pl->nat_in_cap);

	n->action = a;
	value_family(&n->match, FAM_4);
	cond_num(match_cond(&n->match, F_IN, false), ROLE_WAN, ROLE_WAN);
	cond_num(match_cond(&n->match, F_OUT, false), ROLE_SELF, ROLE_SELF);
	origin_set(&n->origin, NULL, l ? l->no : 0, l ? l->text : text, "napt");
	return n;
}

/* PROTO [PORT[-PORT]] from word i on. */
static bool nat_service(struct nat_rule *n, const struct words *w, size_t i,
	const char *inner)
{
	const char *port = words_at(w, i + 1);
	struct cond *c;
	uint32_t p;

	if (!value_proto(words_at(w, i), FAM_4, &p))
		return false;
	cond_num(match_cond(&n->match, F_PROTO, false), p, p);
	if (!*port || !strcmp(port, "any"))
		return true;
	c = match_cond(&n->match, F_DPORT, false);
	if (!value_ports(c, port) || c->num_n != 1)
		return false;
	if (!inner)
		return true;
	n->set_port = true;
	if (!value_port(inner, &p))
		return false;
	n->port_lo = n->port_hi = (uint16_t)p;
	return c->nums[0].lo == c->nums[0].hi;
}

static bool napt_entry(struct ix *x, const struct capture_line *l,
	const struct words *w)
{
	bool service = words_are(w, 2, "service");
	const char *host = words_at(w, service ? 4 : 3);
	const char *inner = service ? words_at(w, 5) : "none";
	struct nat_rule *n;
	struct addr a;
	enum family fam;

	if (addr_parse(host, &fam, &a)) {
		/* an interface: the packet is for the router itself */
		n = nat_rule(x, l, NULL, NAT_THROUGH);
	} else {
		n = nat_rule(x, l, NULL, NAT_TO);
		n->set_dst = true;
		n->dst = a;
	}
	return nat_service(n, w, service ? 6 : 4,
		strcmp(inner, "none") ? inner : NULL);
}

static bool has_list(const struct port *p, enum family fam)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].fam == fam && p->v[i].in)
			return true;
	return false;
}

static void napt(struct ix *x)
{
	bool on = false, filtered = false;

	for (size_t i = 0; i < x->port_n; i++) {
		struct port *p = &x->ports[i];

		if (!is_wan(x, p, FAM_4))
			continue;
		for (size_t k = 0; k < p->napt_n; k++) {
			struct words w;

			words_split(p->napt[k]->text, &w);
			if (!napt_entry(x, p->napt[k], &w))
				not_understood(x, p->napt[k], true);
			words_done(&w);
			filtered |= has_list(p, FAM_4);
		}
		on |= p->napt_on;
	}
	if (on)
		nat_rule(x, NULL, "ip napt enable: what no entry names is discarded",
			NAT_DISCARD);
	x->pl->masquerade = on;
	if (filtered)
		pipeline_unknown(x->pl, 0, true,
			_("whether \"ip filter\" sees the address before or after NAPT is not known; judged as after"));
}

/* ---- bridges ---- */

static void bridges(struct ix *x)
{
	for (size_t i = 0; i < x->port_n; i++)
		for (size_t k = 0; k < x->port_n; k++) {
			const struct port *w = &x->ports[i], *l = &x->ports[k];
			bool wan = is_wan(x, w, FAM_6) || is_wan(x, w, FAM_4);

			if (!wan || w == l || !*w->group || l->down ||
				strcmp(w->group, l->group))
				continue;
			(void)read_bypass(x->pl, w->group_line->no,
				w->group_line->text);
			x->pl->bridge6 = true;
		}
}

static void done(struct ix *x)
{
	for (size_t i = 0; i < x->port_n; i++) {
		free(x->ports[i].v);
		free(x->ports[i].napt);
	}
	free(x->ports);
	ix_lists_done(&x->lists);
	capture_done(&x->cap);
}

int ix_read(const char *text, const struct read_hints *h, struct pipeline *pl,
	char **why)
{
	struct ix x = {.h = h, .pl = pl};

	capture_read(text, begins, &x.cap);
	read_lines(&x);
	guess_wan(&x);
	pl->order = NAT_ORDER_UNKNOWN;
	wan_gate(&x, FAM_6);
	wan_gate(&x, FAM_4);
	lan_gate(&x, FAM_6);
	lan_gate(&x, FAM_4);
	napt(&x);
	bridges(&x);
	h = x.port_n || x.lists.n ? h : NULL;
	done(&x);
	if (h)
		return 0;
	*why = xstrdup(_("no interface and no access list in it: give the output of show running-config"));
	return -EINVAL;
}
