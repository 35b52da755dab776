// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Yamaha RTX, NVR: "show config" -> pipeline. First the lines are noted (filters
 * by number, lists by interface, NAT descriptors), then what is attached to the
 * WAN side becomes chains; read-nat.c: the descriptors. An interface without a
 * list passes everything; a list without a match discards.
 */
#include "routers/yamaha/read-own.h"
#include "routers/value.h"
#include "base/tr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool name_in(const struct names *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], name))
			return true;
	return false;
}

static bool name_add(struct names *s, const char *name)
{
	if (!*name || name_in(s, name))
		return true;
	if (s->n == NAMES_MAX)
		return false;
	snprintf(s->v[s->n++], sizeof(s->v[0]), "%s", name);
	return true;
}

/* ---- what a line is ---- */

static const char *const statements[] = {"ip ", "ipv6 ", "nat ", "pp ",
	"pppoe ", "dns ", "dhcp ", "tunnel ", "ipsec ", "no ", "bridge ",
	"description ", "ngn ", "login ", "administrator ", "console ", "syslog ",
	"snmp ", "sshd ", "httpd ", "telnetd ", "tftp ", "ntpdate ", "schedule ",
	"timezone ", "url ", "security ", "lan ", "switch ", "vlan ", "statistics ",
	"mobile ", "wlan ", "sip ", "analog ", "isdn ", "queue ", "qos ", "speed ",
	"save", "upnp ", "external-memory ", "operation ", "alarm ", "ospf ",
	"bgp ", "rip ", "l2tp ", "pptp ", "user ", "auth ", "provider ", "lua ",
	"embedded ", "cooperation ", "system ", "lan-map ", "show ", "mail ",
	"account ", "disconnect ", "connect ", "interface ", "mtu ", "clear ",
	"heartbeat", "keepalive ", "led ", "sntpd ", "trigger ", "yno ", "rtfs ",
	"copy ", "dashboard ", "wol ", "set ", "remote ", "date ", "time ",
	"certificate ", "tcp ", "terminate ", "control ", "loopback ", "null ",
	"pki ", "dpi ", "lan1 ", "lan2 ", "lan3 ", "onu ", "wwan ", "cold ", NULL};

static bool begins(const char *line)
{
	if (*line == '#' || !*line)
		return true;
	for (size_t i = 0; statements[i]; i++)
		if (!strncmp(line, statements[i], strlen(statements[i])))
			return true;
	return false;
}

int yamaha_looks(const char *text)
{
	static const char *const signs[] = {"secure filter ", "ip filter ",
		"ipv6 filter ", "nat descriptor ", "pp select ", "ip lan1 address",
		"# RTX", "# NVR"};
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		n += strstr(text, signs[i]) != NULL;
	return n >= 2 ? n : 0;
}

/* "lan2", or for "pp"/"tunnel" the one selected. */
static void iface_of(const struct yamaha *y, const char *word, char buf[16])
{
	bool scoped = !strcmp(word, "pp") || !strcmp(word, "tunnel");

	snprintf(buf, 16, "%s", scoped ? y->scope : word);
}

void yamaha_not_understood(struct yamaha *y, const struct capture_line *l,
	bool affects)
{
	pipeline_unknown(y->pl, l->no, affects, "%s", l->text);
}

static void note_filter(struct yamaha *y, const struct capture_line *l,
	const struct words *w, bool dynamic)
{
	struct noted *n = dynamic
		? GROW(y->dynamics, y->dynamic_n, y->dynamic_cap)
		: GROW(y->filters, y->filter_n, y->filter_cap);

	n->no = l->no;
	n->text = l->text;
	n->fam = *words_at(w, 0) == 'i' && !strcmp(words_at(w, 0), "ipv6")
			 ? FAM_6 : FAM_4;
	words_split(l->text, &n->w);
	n->number = (unsigned)strtoul(words_at(w, dynamic ? 3 : 2), NULL, 10);
}

static void note_list(struct yamaha *y, const struct capture_line *l,
	const struct words *w)
{
	struct list *s;

	if (y->list_n == LISTS_MAX) {
		yamaha_not_understood(y, l, true);
		return;
	}
	s = &y->lists[y->list_n++];
	iface_of(y, words_at(w, 1), s->iface);
	s->fam = !strcmp(words_at(w, 0), "ipv6") ? FAM_6 : FAM_4;
	s->in = !strcmp(words_at(w, 4), "in");
	s->line = l;
	s->from = 5;
	words_split(l->text, &s->w);
}

static void note_nat(struct yamaha *y, const struct capture_line *l,
	const struct words *w, size_t number_at)
{
	struct nat_entry *n;

	if (y->nat_n == NAT_MAX) {
		yamaha_not_understood(y, l, true);
		return;
	}
	n = &y->nats[y->nat_n++];
	n->descriptor = (unsigned)strtoul(words_at(w, number_at), NULL, 10);
	n->line = l;
	words_split(l->text, &n->w);
}

/* ip IFACE nat descriptor N [N ...] [reverse N ...] */
static void note_descriptors(struct yamaha *y, const struct capture_line *l,
	const struct words *w)
{
	char iface[16];

	iface_of(y, words_at(w, 1), iface);
	y->v4 = true;
	if (!name_add(&y->nat_on, iface))
		yamaha_not_understood(y, l, true);
	for (size_t i = 4; i < w->n; i++) {
		unsigned d = (unsigned)strtoul(words_at(w, i), NULL, 10);

		if (d && y->descriptor_n < NAMES_MAX)
			y->descriptors[y->descriptor_n++] = d;
		else
			yamaha_not_understood(y, l, true);
	}
}

/* ip route default gateway pp 1 | tunnel 1 | dhcp lan2 | ADDRESS, repeated */
static void note_default(struct yamaha *y, const struct words *w)
{
	char name[16];

	for (size_t i = 3; i + 2 < w->n; i++) {
		const char *kind = words_at(w, i + 1);

		if (strcmp(words_at(w, i), "gateway"))
			continue;
		if (!strcmp(kind, "pp") || !strcmp(kind, "tunnel"))
			snprintf(name, sizeof(name), "%.6s%.8s", kind,
				words_at(w, i + 2));
		else if (!strcmp(kind, "dhcp"))
			snprintf(name, sizeof(name), "%s", words_at(w, i + 2));
		else
			continue;
		(void)name_add(&y->routes, name);
	}
}

static bool ip_line(struct yamaha *y, const struct capture_line *l,
	const struct words *w)
{
	bool six = !strcmp(words_at(w, 0), "ipv6");

	if (words_are(w, 1, "filter dynamic"))
		return note_filter(y, l, w, true), true;
	if (words_are(w, 1, "filter set"))
		return yamaha_not_understood(y, l, true), true;
	if (words_are(w, 1, "filter") && strspn(words_at(w, 2), "0123456789"))
		return note_filter(y, l, w, false), true;
	if (words_are(w, 1, "filter pass") || words_are(w, 1, "filter reject") ||
		words_are(w, 1, "filter restrict"))
		return yamaha_not_understood(y, l, true), true; /* its number is missing */
	if (words_are(w, 2, "secure filter"))
		return note_list(y, l, w), true;
	if (words_are(w, 2, "nat descriptor"))
		return note_descriptors(y, l, w), true;
	if (!six && words_are(w, 1, "route default"))
		note_default(y, w);
	if (six && words_are(w, 2, "dhcp service client"))
		iface_of(y, words_at(w, 1), y->wan6);
	if (six && words_are(w, 2, "rtadv send"))
		iface_of(y, words_at(w, 1), y->lan);
	if (six && (words_are(w, 1, "prefix") || words_are(w, 2, "address")))
		y->v6 = true;
	/* the WAN side has IPv4 by an address, DHCP or PPP; lan1 is the home */
	if (!six && (words_are(w, 2, "address") || words_are(w, 2, "ppp")) &&
		strncmp(words_at(w, 1), "lan1", 4))
		y->v4 = true;
	if (six && strstr(l->text, "ra-prefix@"))
		y->pl->ndproxy = true;
	return true;
}

static void bridge_line(struct yamaha *y, const struct capture_line *l,
	const struct words *w)
{
	if (!words_are(w, 1, "member"))
		return;
	if (y->bridge_n < NAMES_MAX)
		y->bridges[y->bridge_n++] = l;
	else
		yamaha_not_understood(y, l, true);
}

/* "tunnel encapsulation l2tpv3", " ipsec tunnel 1": the far end is a site of
 * one's own, not the line. */
static void scoped_line(struct yamaha *y, const struct words *w)
{
	const char *what = words_at(w, 2);

	if (words_are(w, 0, "tunnel encapsulation") &&
		strcmp(what, "map-e") && strcmp(what, "ipip"))
		(void)name_add(&y->vpn, y->scope);
	else if (words_are(w, 0, "ipsec tunnel"))
		(void)name_add(&y->vpn, y->scope);
	else if (words_are(w, 0, "pppoe use") || words_are(w, 0, "pp bind"))
		(void)name_add(&y->ports, words_at(w, 2));
}

static void read_line(struct yamaha *y, const struct capture_line *l)
{
	struct words w;

	if (!*l->text || *l->text == '#' || *l->text == '!')
		return;
	words_split(l->text, &w);
	scoped_line(y, &w);
	if (!strcmp(words_at(&w, 0), "pp") || !strcmp(words_at(&w, 0), "tunnel")) {
		if (words_are(&w, 1, "select"))
			snprintf(y->scope, sizeof(y->scope), "%.6s%.8s",
				words_at(&w, 0), words_at(&w, 2));
	} else if (!strcmp(words_at(&w, 0), "ip") ||
		!strcmp(words_at(&w, 0), "ipv6")) {
		ip_line(y, l, &w);
	} else if (words_are(&w, 0, "nat descriptor type")) {
		note_nat(y, l, &w, 3);
	} else if (words_are(&w, 0, "nat descriptor masquerade")) {
		note_nat(y, l, &w, 4);
	} else if (words_are(&w, 0, "nat descriptor static")) {
		note_nat(y, l, &w, 3);
	} else if (words_are(&w, 0, "nat descriptor")) {
		; /* addresses and timers */
	} else if (!strcmp(words_at(&w, 0), "bridge")) {
		bridge_line(y, l, &w);
	} else if (words_are(&w, 0, "url filter")) {
		yamaha_not_understood(y, l, true);
	} else if (!begins(l->text)) {
		yamaha_not_understood(y, l, false);
	}
	words_done(&w);
}

/* ---- chains ---- */

static struct origin origin_at(unsigned no, const char *text, const char *why)
{
	return (struct origin){.line = no, .text = (char *)(uintptr_t)text,
		.why = (char *)(uintptr_t)why};
}

static const struct noted *find(const struct noted *v, size_t n,
	unsigned number, enum family fam)
{
	const struct noted *last = NULL; /* a later line replaces an earlier */

	for (size_t i = 0; i < n; i++)
		if (v[i].number == number && v[i].fam == fam)
			last = &v[i];
	return last;
}

/* Protocols whose answers a dynamic filter lets back in. */
static uint8_t stateful_of(const char *app, uint32_t *more)
{
	if (!strcmp(app, "udp") || !strcmp(app, "domain") ||
		!strcmp(app, "ike") || !strcmp(app, "ipsec-nat-t") ||
		!strcmp(app, "tftp") || !strcmp(app, "ntp") ||
		!strcmp(app, "dns"))
		return PROTO_UDP;
	if (!strcmp(app, "ping") || !strcmp(app, "ping6")) {
		*more = PROTO_ICMPV6;
		return PROTO_ICMP;
	}
	return PROTO_TCP;
}

static void add_stateful(struct yamaha *y, struct chain *c, enum family fam)
{
	bool have[256] = {false};
	struct rule *r;

	for (size_t i = 0; i < y->list_n; i++) {
		const struct list *s = &y->lists[i];
		bool dynamic = false;

		if (s->in || s->fam != fam)
			continue;
		for (size_t k = s->from; k < s->w.n; k++) {
			const char *word = words_at(&s->w, k);
			const struct noted *d;
			uint32_t more = 256;

			if (!strcmp(word, "dynamic")) {
				dynamic = true;
				continue;
			}
			d = dynamic ? find(y->dynamics, y->dynamic_n,
				(unsigned)strtoul(word, NULL, 10), fam) : NULL;
			if (!d)
				continue;
			/* ip filter dynamic N SRC DST APP */
			have[stateful_of(words_at(&d->w, 6), &more)] = true;
			if (more < 256)
				have[more] = true;
		}
	}
	for (uint32_t p = 0; p < 256; p++) {
		if (!have[p])
			continue;
		r = chain_rule(c, V_ACCEPT);
		cond_num(match_cond(&r->match, F_CT, false), CT_ESTABLISHED,
			CT_RELATED);
		cond_num(match_cond(&r->match, F_FAMILY, false), fam, fam);
		cond_num(match_cond(&r->match, F_PROTO, false), p, p);
		origin_set(&r->origin, NULL, 0, "dynamic", "stateful");
		y->pl->stateful[p / 8] |= (uint8_t)(1 << p % 8);
	}
}

static void add_filters(struct yamaha *y, struct chain *c, const struct list *s)
{
	for (size_t k = s->from; k < s->w.n; k++) {
		const char *word = words_at(&s->w, k);
		const struct noted *f;
		struct origin o;

		if (!strcmp(word, "dynamic"))
			return;
		f = find(y->filters, y->filter_n,
			(unsigned)strtoul(word, NULL, 10), s->fam);
		if (!f) {
			pipeline_unknown(y->pl, s->line->no, true,
				_("the list names filter %s, which is not defined"),
				word);
			continue;
		}
		o = origin_at(f->no, f->text, "filter");
		if (!yamaha_filter(c, s->fam, &f->w, 3, &o))
			pipeline_unknown(y->pl, f->no, true, "%s", f->text);
	}
}

static void add_to_wan(struct rule *r, enum family fam)
{
	cond_num(match_cond(&r->match, F_IN, true), ROLE_WAN, ROLE_WAN);
	(void)fam;
}

/* The WAN's list for what goes out, which is what is quoted if there is none in. */
static const struct list *other_way(const struct yamaha *y, enum family fam,
	const char *wan)
{
	for (size_t i = 0; i < y->list_n; i++)
		if (!y->lists[i].in && y->lists[i].fam == fam &&
			!strcmp(y->lists[i].iface, wan))
			return &y->lists[i];
	return NULL;
}

static bool in_some_list(const struct yamaha *y, const struct noted *f)
{
	for (size_t i = 0; i < y->list_n; i++)
		for (size_t k = y->lists[i].from; k < y->lists[i].w.n; k++)
			if (y->lists[i].fam == f->fam && strtoul(words_at(
				&y->lists[i].w, k), NULL, 10) == f->number)
				return true;
	return false;
}

static void unused_filters(struct yamaha *y)
{
	for (size_t i = 0; i < y->filter_n; i++) {
		const struct noted *f = &y->filters[i];
		struct origin o = origin_at(f->no, f->text, "filter");

		if (!in_some_list(y, f))
			(void)yamaha_filter(read_unused(y->pl), f->fam, &f->w,
				3, &o);
	}
}

static const struct list *list_on(const struct yamaha *y, enum family fam,
	const char *iface)
{
	const struct list *s = NULL;

	for (size_t i = 0; i < y->list_n; i++)
		if (y->lists[i].in && y->lists[i].fam == fam &&
			!strcmp(y->lists[i].iface, iface))
			s = &y->lists[i];
	return s;
}

/* What the list at the "in" of one interface does with a family. */
static struct chain *wan_chain(struct yamaha *y, enum family fam,
	const char *wan)
{
	cleanup(freep) char *name = xasprintf("%s %s in", wan,
		fam == FAM_6 ? "ipv6" : "ip");
	const struct list *s = list_on(y, fam, wan);
	struct chain *c = pipeline_chain(y->pl, name, true);
	struct rule *r;

	c->end = V_DROP;
	r = chain_rule(c, V_ACCEPT); /* other sides, the other family */
	add_to_wan(r, fam);
	r = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&r->match, F_FAMILY, true), fam, fam);
	if (s) {
		add_stateful(y, c, fam);
		add_filters(y, c, s);
		origin_set(&c->end_origin, NULL, s->line->no, s->line->text,
			"no filter of the list matches: discarded");
	} else if (fam == FAM_6 ? !y->v6 : !y->v4) {
		origin_set(&c->end_origin, NULL, 0, "", fam == FAM_6
			? "no IPv6 is configured" : "no IPv4 is configured");
	} else {
		const struct list *other = other_way(y, fam, wan);

		c->end = V_ACCEPT;
		origin_set(&c->end_origin, NULL, other ? other->line->no : 0,
			other ? other->line->text : "",
			"no \"secure filter in\" on the WAN: everything passes");
	}
	return c;
}

/* The list at the WAN's "in": a gate for what is forwarded and for the router. */
static void gate(struct yamaha *y, enum family fam, const char *wan)
{
	struct chain *c = wan_chain(y, fam, wan);

	pipeline_gate(y->pl, PATH_FORWARD, c->name);
	pipeline_gate(y->pl, PATH_INPUT, c->name);
}

/* Several lines: what one of them refuses may come by another. */
static void gate4(struct yamaha *y)
{
	struct chain *all, *c;
	struct rule *r;

	if (y->wan4.n == 1) {
		gate(y, FAM_4, y->wan4.v[0]);
		return;
	}
	all = pipeline_chain(y->pl, "every line ip in", true);
	all->end = V_DROP;
	for (size_t i = 0; i < y->wan4.n; i++) {
		c = wan_chain(y, FAM_4, y->wan4.v[i]);
		for (size_t k = 0; k < c->rule_n; k++)
			if (c->rules[k].verdict == V_DROP ||
				c->rules[k].verdict == V_REJECT)
				c->rules[k].verdict = V_RETURN;
		if (c->end != V_ACCEPT)
			c->end = V_RETURN;
		origin_set(&all->end_origin, NULL, c->end_origin.line,
			c->end_origin.text, c->end_origin.why);
		r = chain_rule(all, V_JUMP);
		r->target = xstrdup(c->name);
	}
	pipeline_gate(y->pl, PATH_FORWARD, all->name);
	pipeline_gate(y->pl, PATH_INPUT, all->name);
}

/* ---- the whole ---- */

/* "pp" and "tunnel" that no IPv6 list stands on carry IPv4 over the line below. */
static bool only4(const struct yamaha *y, const char *name)
{
	if (strncmp(name, "pp", 2) && strncmp(name, "tunnel", 6))
		return false;
	for (size_t i = 0; i < y->list_n; i++)
		if (y->lists[i].fam == FAM_6 && !strcmp(y->lists[i].iface, name))
			return false;
	return true;
}

/*
 * Where IPv4 comes in: what has NAT, and what the default route leads to. A VPN
 * is not the line, nor is a tunnel that neither translates nor filters (DS-Lite:
 * its far end translates).
 */
static void choose_wan4(struct yamaha *y)
{
	for (size_t i = 0; i < y->nat_on.n; i++)
		if (!name_in(&y->vpn, y->nat_on.v[i]) &&
			strncmp(y->nat_on.v[i], "lan1", 4))
			(void)name_add(&y->wan4, y->nat_on.v[i]);
	for (size_t i = 0; i < y->routes.n; i++) {
		const char *name = y->routes.v[i];

		if (!name_in(&y->vpn, name) && (strncmp(name, "tunnel", 6) ||
				list_on(y, FAM_4, name)))
			(void)name_add(&y->wan4, name);
	}
	if (!y->wan4.n && y->nat_on.n)
		(void)name_add(&y->wan4, y->nat_on.v[0]);
}

/* A named WAN, else what the lines themselves call so, else lan2. */
static void choose_wan(struct yamaha *y)
{
	if (y->h->wan) {
		(void)name_add(&y->wan4, y->h->wan);
		snprintf(y->wan6, sizeof(y->wan6), "%s", y->h->wan);
	} else {
		choose_wan4(y);
	}
	if (!y->wan4.n)
		(void)name_add(&y->wan4, *y->wan6 ? y->wan6 : "lan2");
	if (!*y->wan6)
		snprintf(y->wan6, sizeof(y->wan6), "%s",
			only4(y, y->wan4.v[0]) ? "lan2" : y->wan4.v[0]);
	for (size_t i = 0; i < y->list_n; i++) {
		y->v6 |= y->lists[i].fam == FAM_6;
		y->v4 |= y->lists[i].fam == FAM_4;
	}
}

/* Frames between its members pass below every IP filter. */
static void bridges(struct yamaha *y)
{
	for (size_t i = 0; i < y->bridge_n; i++) {
		const struct capture_line *l = y->bridges[i];
		struct words w;
		struct match *m;
		bool line = false;

		words_split(l->text, &w);
		for (size_t k = 3; k < w.n; k++)
			line |= name_in(&y->wan4, w.w[k]) ||
				name_in(&y->ports, w.w[k]) ||
				!strcmp(y->wan6, w.w[k]);
		words_done(&w);
		if (!line)
			continue;
		m = read_bypass(y->pl, l->no, l->text);
		cond_num(match_cond(m, F_FAMILY, false), FAM_6, FAM_6);
		y->pl->bridge6 = true;
	}
}

static void done(struct yamaha *y)
{
	for (size_t i = 0; i < y->filter_n; i++)
		words_done(&y->filters[i].w);
	for (size_t i = 0; i < y->dynamic_n; i++)
		words_done(&y->dynamics[i].w);
	for (size_t i = 0; i < y->list_n; i++)
		words_done(&y->lists[i].w);
	for (size_t i = 0; i < y->nat_n; i++)
		words_done(&y->nats[i].w);
	free(y->filters);
	free(y->dynamics);
	capture_done(&y->cap);
}

int yamaha_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why)
{
	struct yamaha y = {.h = h, .pl = pl};

	capture_read(text, begins, &y.cap);
	if (y.cap.n == 0) {
		*why = xstrdup(_("the file is empty"));
		return -EINVAL;
	}
	yamaha_take_back(&y.cap);
	for (size_t i = 0; i < y.cap.n; i++)
		read_line(&y, &y.cap.v[i]);
	choose_wan(&y);
	pl->order = NAT_FIRST;
	bridges(&y);
	gate(&y, FAM_6, y.wan6);
	gate4(&y);
	yamaha_nat(&y);
	unused_filters(&y);
	done(&y);
	return 0;
}
