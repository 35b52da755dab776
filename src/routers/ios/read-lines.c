// SPDX-License-Identifier: GPL-2.0-or-later
/* Every line of a running-config is put into its block, or known to be quiet. */
#include "routers/ios/read-own.h"
#include "base/tr.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- blocks ---- */

struct ios_block *ios_find(const struct ios *s, enum ios_kind k,
	const char *name, enum family fam)
{
	for (size_t i = 0; i < s->block_n; i++)
		if (s->blocks[i].kind == k && s->blocks[i].fam == fam &&
			!strcmp(s->blocks[i].name, name))
			return &s->blocks[i];
	return NULL;
}

static struct ios_block *block(struct ios *s, enum ios_kind k, const char *name,
	enum family fam, const struct capture_line *l)
{
	struct ios_block *b = ios_find(s, k, name, fam);

	if (b)
		return b;
	b = GROW(s->blocks, s->block_n, s->block_cap);
	b->kind = k;
	b->name = xstrdup(name);
	b->fam = fam;
	b->line = l;
	words_split(l->text, &b->head);
	return b;
}

/* The first `from` words are the statement's head. */
static struct ios_entry *entry(struct ios_block *b,
	const struct capture_line *l, const struct words *w, size_t from)
{
	struct ios_entry *e = GROW(b->v, b->n, b->cap);

	e->line = l;
	e->seq = b->n > 1 ? b->v[b->n - 2].seq + 10 : 10;
	words_split(l->text, &e->w);
	from = MIN2(from, e->w.n);
	memmove(&e->w.w[0], &e->w.w[from], (e->w.n - from) * sizeof(e->w.w[0]));
	e->w.n -= from;
	(void)w;
	return e;
}

void ios_unknown(struct ios *s, const struct capture_line *l, bool affects)
{
	pipeline_unknown(s->pl, l->no, affects, "%s", l->text);
}

static struct ios_if *interface(struct ios *s, const char *name)
{
	struct ios_if *f;

	for (size_t i = 0; i < s->if_n; i++)
		if (!strcasecmp(s->ifs[i].name, name))
			return &s->ifs[i];
	f = GROW(s->ifs, s->if_n, s->if_cap);
	f->name = xstrdup(name);
	return f;
}

/* ---- lines that stand below an interface ---- */

static void set_name(char **to, const char *s)
{
	free(*to);
	*to = xstrdup(s);
}

/* "ip access-group X in", "ipv6 traffic-filter X in", "ip inspect X out" */
static void hang(struct ios_if *f, const struct capture_line *l,
	const struct words *w, bool inspect)
{
	int six = !strcmp(words_at(w, 0), "ipv6");
	int out = !strcmp(words_at(w, 3), "out");

	set_name(inspect ? &f->inspect[six][out] : &f->list[six][out],
		words_at(w, 2));
	if (!inspect)
		f->said[six][out] = l;
}

static bool dynamic4(const char *s)
{
	return !strcmp(s, "dhcp") || !strcmp(s, "negotiated");
}

static void if_ip(struct ios *s, struct ios_if *f,
	const struct capture_line *l, const struct words *w)
{
	const char *what = words_at(w, 1), *val = words_at(w, 2);
	bool six = !strcmp(words_at(w, 0), "ipv6");

	if (!strcmp(what, "access-group") || !strcmp(what, "traffic-filter"))
		hang(f, l, w, false);
	else if (!strcmp(what, "inspect"))
		hang(f, l, w, true);
	else if (!strcmp(what, "nat") && !strcmp(val, "outside"))
		f->nat_out = f->wan_sign = true;
	else if (!strcmp(what, "nat") && !strcmp(val, "inside"))
		f->nat_in = true;
	else if (!strcmp(what, "nat") && !strcmp(val, "enable"))
		; /* which side it is, the other lines tell */
	else if (!strcmp(what, "address") || !strcmp(what, "enable") ||
		!strcmp(what, "unnumbered") || !strcmp(what, "dhcp"))
		*(six ? &f->v6 : &f->v4) = true;
	else if (!strcmp(what, "admission") || !strcmp(what, "auth-proxy"))
		ios_unknown(s, l, true);
	if (six && (!strcmp(val, "autoconfig") || words_are(w, 1, "dhcp client") ||
		words_are(w, 1, "address dhcp")))
		f->wan_sign = true;
	if (!six && !strcmp(what, "address") && dynamic4(val))
		f->wan_sign = true;
}

static void if_line(struct ios *s, struct ios_if *f,
	const struct capture_line *l, const struct words *w)
{
	const char *verb = words_at(w, 0);

	if (!strcmp(verb, "ip") || !strcmp(verb, "ipv6"))
		if_ip(s, f, l, w);
	else if (words_are(w, 0, "zone-member security"))
		set_name(&f->zone, words_at(w, 2));
	else if (!strcmp(verb, "bridge-group")) {
		f->bridge = (unsigned)strtoul(words_at(w, 1), NULL, 10);
		f->bridge_line = l;
	}
	else if (!strcmp(verb, "shutdown"))
		f->down = true;
	else if (!strcmp(verb, "service-policy") &&
		words_are(w, 1, "type inspect"))
		ios_unknown(s, l, true);
}

/* ---- which block a line belongs to ---- */

enum mode { M_TOP, M_IF, M_BLOCK, M_OTHER };

struct place {
	enum mode mode;
	size_t at;	/* index of the interface or block */
};

static bool is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

/* Words in front of the verb: "10 permit", "sequence 10 permit". */
static size_t sequence(const struct words *w, unsigned *seq)
{
	if (is_number(words_at(w, 0))) {
		*seq = (unsigned)strtoul(words_at(w, 0), NULL, 10);
		return 1;
	}
	if (!strcmp(words_at(w, 0), "sequence")) {
		*seq = (unsigned)strtoul(words_at(w, 1), NULL, 10);
		return 2;
	}
	return 0;
}

static bool acl_verb(const char *s)
{
	return !strcmp(s, "permit") || !strcmp(s, "deny") ||
	       !strcmp(s, "evaluate");
}

static bool acl_line(struct ios *s, struct ios_block *b,
	const struct capture_line *l, const struct words *w)
{
	unsigned seq = 0;
	size_t from = sequence(w, &seq);
	struct ios_entry *e;

	if (acl_verb(words_at(w, from))) {
		e = entry(b, l, w, from);
		if (from)
			e->seq = seq;
		for (size_t i = 1; i + 1 < e->w.n; i++)
			if (!strcmp(words_at(&e->w, i), "sequence"))
				e->seq = (unsigned)strtoul(
					words_at(&e->w, i + 1), NULL, 10);
		return true;
	}
	if (!strcmp(words_at(w, from), "remark"))
		return true;
	if (!strcmp(words_at(w, 0), "no"))
		ios_unknown(s, l, true);
	return !strcmp(words_at(w, 0), "no");
}

/* Is it a line of this kind of block? Only asked where nothing is indented. */
static bool belongs(const struct ios_block *b, const struct words *w)
{
	static const char *const group[] = {"host", "range", "group-object",
		"description"};
	static const char *const policy[] = {"class", "inspect", "pass", "drop",
		"police", "description"};
	const char *v = words_at(w, 0);
	unsigned seq;

	switch (b->kind) {
	case IOS_ACL:
		return acl_verb(words_at(w, sequence(w, &seq))) ||
		       !strcmp(words_at(w, sequence(w, &seq)), "remark");
	case IOS_GROUP:
		for (size_t i = 0; i < ARRAY_LEN(group); i++)
			if (!strcmp(group[i], v))
				return true;
		return isdigit((unsigned char)*v) || strchr(v, ':');
	case IOS_CLASS:
		return !strcmp(v, "match") || !strcmp(v, "description");
	case IOS_POLICY:
		for (size_t i = 0; i < ARRAY_LEN(policy); i++)
			if (!strcmp(policy[i], v))
				return true;
		return false;
	case IOS_PAIR:
		return !strcmp(v, "service-policy") || !strcmp(v, "description");
	case IOS_INSPECT:
		return false;
	}
	return false;
}

/* Typed without indentation: interface lines that begin like global ones. */
static bool of_interface(const struct words *w)
{
	static const char *const global[] = {"access-list", "route", "nat",
		"dhcp", "domain", "name-server", "http", "ssh", "inspect", "cef",
		"classless", "subnet-zero", "forward-protocol", "unicast-routing",
		"prefix-list", "local", "sla", "multicast-routing", "host", "ftp"};
	static const char *const own[] = {"zone-member", "bridge-group",
		"shutdown", "description", "no", "pppoe", "pppoe-client", "ppp",
		"encapsulation", "dialer", "duplex", "speed", "mtu", "switchport",
		"load-interval", "negotiation", "media-type", "keepalive",
		"dialer-group", "service-policy", "tunnel", "arp", "standby"};
	const char *v = words_at(w, 0), *two = words_at(w, 1);

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (!strcmp(own[i], v))
			return true;
	if (strcmp(v, "ip") && strcmp(v, "ipv6"))
		return false;
	if (!strcmp(two, "nat"))
		return w->n == 3;
	if (!strcmp(two, "inspect"))
		return strcmp(words_at(w, 2), "name") != 0;
	if (!strcmp(two, "dhcp"))
		return words_are(w, 2, "client");
	for (size_t i = 0; i < ARRAY_LEN(global); i++)
		if (!strcmp(global[i], two))
			return false;
	return true;
}

static bool below(const struct ios *s, const struct place *p,
	const struct capture_line *l, const struct words *w)
{
	if (p->mode == M_TOP)
		return false;
	if (s->indented && l->indent)
		return true;
	if (p->mode == M_BLOCK && belongs(&s->blocks[p->at], w))
		return true;
	return p->mode == M_IF && !(s->indented && !l->indent) && of_interface(w);
}

/* ---- top level ---- */

static void numbered(struct ios *s, const struct capture_line *l,
	const struct words *w)
{
	unsigned n = (unsigned)strtoul(words_at(w, 1), NULL, 10);
	struct ios_block *b;

	if (!strcmp(words_at(w, 2), "remark"))
		return;
	if (!acl_verb(words_at(w, 2))) {
		ios_unknown(s, l, true);
		return;
	}
	b = block(s, IOS_ACL, words_at(w, 1), FAM_4, l);
	b->standard = n < 100 || (n >= 1300 && n < 2000);
	entry(b, l, w, 2);
}

static struct place named_list(struct ios *s, const struct capture_line *l,
	const struct words *w, enum family fam)
{
	/* "ip access-list extended X", "ipv6 access-list X" */
	size_t at = fam == FAM_6 ? 2 : 3;
	struct ios_block *b;

	if (fam == FAM_4 && strcmp(words_at(w, 2), "extended") &&
		strcmp(words_at(w, 2), "standard"))
		return (struct place){.mode = M_OTHER};
	b = block(s, IOS_ACL, words_at(w, at), fam, l);
	b->standard = fam == FAM_4 && !strcmp(words_at(w, 2), "standard");
	/* old IPv6 form, all on one line */
	if (fam == FAM_6 && w->n > at + 1 && acl_verb(words_at(w, at + 1)))
		entry(b, l, w, at + 1);
	return (struct place){.mode = M_BLOCK, .at = (size_t)(b - s->blocks)};
}

static struct place open_block(struct ios *s, enum ios_kind k, const char *name,
	const struct capture_line *l)
{
	struct ios_block *b = block(s, k, name, 0, l);

	b->all = k == IOS_CLASS && strstr(l->text, "match-any") == NULL;
	return (struct place){.mode = M_BLOCK, .at = (size_t)(b - s->blocks)};
}

/* class-map type inspect [match-any|match-all] NAME: the last word */
static const char *last(const struct words *w)
{
	return words_at(w, w->n - 1);
}

static void nat_line(struct ios *s, const struct capture_line *l)
{
	struct ios_entry *e = GROW(s->nats, s->nat_n, s->nat_cap);

	e->line = l;
	words_split(l->text, &e->w);
}

static const char *const quiet_tops[] = {"hostname", "version", "service",
	"boot", "boot-start-marker", "boot-end-marker", "enable", "aaa", "clock",
	"no", "logging", "username", "archive", "crypto", "line", "router",
	"banner", "ntp", "snmp-server", "radius-server", "radius", "tacacs-server",
	"tacacs", "license", "spanning-tree", "vlan", "controller", "voice",
	"dial-peer", "scheduler", "end", "exit", "multilink", "redundancy", "vrf",
	"track", "event", "key", "route-map", "class-map", "policy-map", "zone",
	"parameter-map", "security", "cdp", "lldp", "memory-size", "mmi", "diagnostic",
	"platform", "subscriber", "login", "privilege", "alias", "control-plane",
	"dialer-list", "vpdn", "vpdn-group", "bba-group", "bridge", "cns", "dot11",
	"errdisable", "flow", "mls", "netconf-yang", "restconf", "process", "tftp-server",
	"upgrade", "username", "voice-card", "wsma", "xconnect", "transport", "telemetry",
	"table-map", "stack", "standby", "sampler", "rmon", "prompt", "ppp", "port-channel",
	"password", "monitor", "map-class", "mac", "macro", "kron", "l2tp", "isdn",
	"identity", "gateway", "fabric", "exception", "do", "disable-eadi", "default",
	"card", "call-home", "call", "building", "Building", "Current", "authentication",
	"access-session", "configure", "show", "write", "copy", "terminal", "conf",
	"multi-config", "device-sensor", "beep", "hw-module", "avc", "buffers",
	"system", "ethernet", "global-address-family", "mgcp", "object-group", "Last", "Using"};

static const char *const quiet_ips[] = {"route", "dhcp", "domain", "domain-name",
	"domain-lookup", "name-server", "http", "ssh", "cef", "classless",
	"subnet-zero", "forward-protocol", "prefix-list", "local", "sla",
	"multicast-routing", "unicast-routing", "host", "ftp", "tftp", "ips", "nbar",
	"flow-export", "flow-cache", "flow-top-talkers", "source-route", "bootp",
	"finger", "tcp", "radius", "tacacs", "vrf", "scp", "routing", "gratuitous-arps",
	"icmp", "igmp", "pim", "rcmd", "telnet", "access-list", "nat", "inspect",
	"multicast", "router", "nd", "cache", "arp", "as-path", "community-list",
	"dns", "identd", "admission", "address-pool", "options", "default-gateway",
	"default-network", "mobile", "mfib", "slb", "urlfilter", "verify", "wccp",
	"port-map", "hop-limit", "mld", "neighbor", "ospf", "source", "spd", "rip", "resolv", "bgp-community",
	"auth-proxy"};

static bool among(const char *s, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i], s))
			return true;
	return false;
}

static struct place top_ip(struct ios *s, const struct capture_line *l,
	const struct words *w)
{
	enum family fam = !strcmp(words_at(w, 0), "ipv6") ? FAM_6 : FAM_4;

	if (words_are(w, 1, "access-list") &&
		strcmp(words_at(w, 2), "log-update") &&
		strcmp(words_at(w, 2), "logging"))
		return named_list(s, l, w, fam);
	if (words_are(w, 1, "nat"))
		nat_line(s, l);
	else if (words_are(w, 1, "inspect name"))
		entry(block(s, IOS_INSPECT, words_at(w, 3), fam, l), l, w, 4);
	else if (words_are(w, 1, "unicast-routing"))
		s->v6 = true;
	else if (!among(words_at(w, 1), quiet_ips, ARRAY_LEN(quiet_ips)))
		ios_unknown(s, l, true);
	return (struct place){.mode = M_OTHER};
}

/* Begin a block of sub-lines, or take a line that stands alone. */
static struct place top_line(struct ios *s, const struct capture_line *l,
	const struct words *w)
{
	const char *v = words_at(w, 0);
	struct ios_block *b;
	struct ios_if *f;

	if (!strcmp(v, "interface")) {
		/* "interface GigabitEthernet 0/0" is one name, too */
		cleanup(freep) char *name = xasprintf("%s%s", words_at(w, 1),
			isdigit((unsigned char)*words_at(w, 2))
				? words_at(w, 2) : "");
		f = interface(s, name);
		return (struct place){.mode = M_IF, .at = (size_t)(f - s->ifs)};
	}
	if (!strcmp(v, "access-list"))
		return numbered(s, l, w), (struct place){.mode = M_OTHER};
	if (!strcmp(v, "ip") || !strcmp(v, "ipv6"))
		return top_ip(s, l, w);
	if (words_are(w, 0, "class-map type inspect"))
		return open_block(s, IOS_CLASS, last(w), l);
	if (words_are(w, 0, "policy-map type inspect"))
		return open_block(s, IOS_POLICY, last(w), l);
	if (words_are(w, 0, "object-group network") ||
		words_are(w, 0, "object-group v6-network"))
		return open_block(s, IOS_GROUP, words_at(w, 2), l);
	if (words_are(w, 0, "zone-pair security")) {
		b = block(s, IOS_PAIR, words_at(w, 2), 0, l);
		return (struct place){.mode = M_BLOCK,
			.at = (size_t)(b - s->blocks)};
	}
	if (words_are(w, 0, "no access-list") ||
		words_are(w, 0, "no ip access-list") ||
		words_are(w, 0, "no ipv6 access-list"))
		ios_unknown(s, l, true);
	else if (!among(v, quiet_tops, ARRAY_LEN(quiet_tops)))
		ios_unknown(s, l, false);
	return (struct place){.mode = M_OTHER};
}

static void sub_line(struct ios *s, struct place *p,
	const struct capture_line *l, const struct words *w)
{
	struct ios_block *b;

	if (p->mode == M_IF) {
		if_line(s, &s->ifs[p->at], l, w);
		return;
	}
	if (p->mode != M_BLOCK)
		return;
	b = &s->blocks[p->at];
	if (b->kind != IOS_ACL)
		entry(b, l, w, 0);
	else if (!acl_line(s, b, l, w))
		ios_unknown(s, l, true);
}

/* "Router#", "Router(config-if)#" without a blank behind it. */
static const char *skip_prompt(const char *t)
{
	size_t n = 0;

	while (isalnum((unsigned char)t[n]) || t[n] == '_' || t[n] == '.' ||
		t[n] == '-')
		n++;
	if (!n)
		return t;
	if (t[n] == '(') {
		size_t k = strcspn(t + n, ")");

		n += t[n + k] == ')' ? k + 1 : 0;
	}
	return t[n] == '#' || t[n] == '>' ? t + n + 1 : t;
}

static void read_line(struct ios *s, struct place *p, struct capture_line *l)
{
	const char *t = skip_prompt(l->text);
	struct words w;
	char *rest;

	if (t != l->text) {
		rest = xstrdup(t + strspn(t, " "));
		free(l->text);
		l->text = rest;
	}
	if (!*l->text || *l->text == '!' || !strcmp(l->text, "exit")) {
		if (*l->text)
			p->mode = M_TOP;
		return;
	}
	words_split(l->text, &w);
	if (below(s, p, l, &w))
		sub_line(s, p, l, &w);
	else
		*p = top_line(s, l, &w);
	words_done(&w);
}

/* Words that begin a line: a wrapped one begins with something else. */
static bool begins(const char *line)
{
	static const char *const more[] = {"interface", "ip", "ipv6", "access-list",
		"permit", "deny", "remark", "match", "class", "description",
		"zone-pair", "zone-member", "host", "sequence", "shutdown", "evaluate",
		"bridge-group", "duplex", "speed", "pppoe-client", "encapsulation",
		"dialer", "tunnel", "inspect", "pass", "drop", "service-policy", "!"};
	struct words w;
	bool yes;

	words_split(line, &w);
	yes = !*line || *line == '!' || is_number(words_at(&w, 0)) ||
	      among(words_at(&w, 0), more, ARRAY_LEN(more)) ||
	      among(words_at(&w, 0), quiet_tops, ARRAY_LEN(quiet_tops));
	words_done(&w);
	return yes;
}

void ios_lines(struct ios *s, const char *text)
{
	struct place p = {.mode = M_TOP};

	capture_read(text, begins, &s->cap);
	for (size_t i = 0; i < s->cap.n; i++)
		s->indented |= s->cap.v[i].indent > 0;
	for (size_t i = 0; i < s->cap.n; i++) {
		read_line(s, &p, &s->cap.v[i]);
		if (capture_takes_back(&s->cap, i))
			ios_unknown(s, &s->cap.v[i], true);
	}
}
