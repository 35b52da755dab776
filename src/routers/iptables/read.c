// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iptables-save and ip6tables-save -> pipeline. Both may stand in one file; the
 * header line of each tells the family. An option that is not known makes its
 * rule's condition opaque, never the rule disappear.
 */
#include "routers/iptables/read-own.h"
#include "routers/value.h"
#include "base/tr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ipt {
	const struct read_hints *h;
	struct pipeline *pl;
	enum family fam;
	char table[16];
	char *wan;	/* guessed: what is masqueraded towards */
	bool unnamed;	/* some rule names an interface, and nobody said whose */
	bool has4, has6; /* rules of that family stand in it */
};

struct draft {
	struct match m;
	enum verdict v;
	char *target;
	bool has_verdict, nat;
	struct addr to;
	bool to_addr;
	uint16_t to_port;
};

int iptables_looks(const char *text)
{
	int n = 0;

	n += strstr(text, "*filter\n") != NULL || strstr(text, "*filter\r") != NULL;
	n += strstr(text, "\n-A ") != NULL;
	n += strstr(text, "\nCOMMIT") != NULL;
	return n >= 2 ? n * 3 : 0;
}

/* ---- values ---- */

static bool number_range(struct cond *c, const char *s, uint32_t top)
{
	char *end;
	unsigned long lo = strtoul(s, &end, 0), hi;

	if (end == s)
		lo = 0;
	hi = *end == ':' || *end == '-' ? (end[1] ? strtoul(end + 1, &end, 0) : top)
					: lo;
	if (*end && *end != ':' && *end != '-')
		return false;
	if (lo > hi || hi > top)
		return false;
	cond_num(c, (uint32_t)lo, (uint32_t)hi);
	return true;
}

static bool port_list(struct match *m, enum field f, bool neg, const char *s)
{
	struct cond *c = match_cond(m, f, neg);
	char buf[256];
	char *save = NULL;

	snprintf(buf, sizeof(buf), "%s", s);
	for (char *p = strtok_r(buf, ",", &save); p;
		p = strtok_r(NULL, ",", &save))
		if (!number_range(c, p, 65535))
			return false;
	return c->num_n > 0;
}

static bool address(const struct ipt *t, struct match *m, enum field f,
	bool neg, const char *s)
{
	struct cond *c = match_cond(m, f, neg);
	char buf[ADDRMASK_STR];
	char *slash;
	struct addrmask k;
	enum family fam;

	snprintf(buf, sizeof(buf), "%s", s);
	slash = strchr(buf, '/');
	if (slash && t->fam == FAM_4 && strchr(slash, '.')) {
		*slash++ = '\0';
		k.fam = FAM_4;
		if (addr_parse(buf, &fam, &k.value) || fam != FAM_4 ||
			addr_parse(slash, &fam, &k.mask))
			return false;
		k.value = addr_and(&k.value, &k.mask);
	} else if (addrmask_parse(buf, &k) || k.fam != t->fam) {
		return false;
	}
	cond_addr(c, &k);
	return true;
}

static bool proto(const struct ipt *t, struct match *m, bool neg, const char *s)
{
	static const struct {
		const char *name;
		uint8_t v;
	} rows[] = {{"tcp", 6}, {"udp", 17}, {"esp", 50}, {"ah", 51},
		{"icmp", 1}, {"icmpv6", 58}, {"ipv6-icmp", 58}, {"gre", 47},
		{"sctp", 132}, {"dccp", 33}, {"udplite", 136}, {"ipv6", 41},
		{"ipencap", 4}, {"ipip", 4}, {"hip", 139}, {"igmp", 2},
		{"ospf", 89}, {"vrrp", 112}};
	struct cond *c;
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (!strcmp(s, "all") || !strcmp(s, "0"))
		return true;
	c = match_cond(m, F_PROTO, neg);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, s)) {
			cond_num(c, rows[i].v, rows[i].v);
			return true;
		}
	(void)t;
	cond_num(c, (uint32_t)v, (uint32_t)v);
	return end != s && !*end && v <= 255;
}

/* "ppp+" is every interface that begins so. */
static bool names_begin(const char *names, const char *s)
{
	size_t n = strcspn(s, "+");

	if (!s[n])
		return names_have(names, s);
	for (const char *p = names; *p; p += strcspn(p, ","), p += *p == ',')
		if (!strncmp(p, s, n))
			return true;
	return false;
}

static bool iface(struct ipt *t, struct match *m, enum field f, bool neg,
	const char *s)
{
	struct cond *c = match_cond(m, f, neg);
	enum role r;

	if (read_role(t->h, s, &r)) {
		cond_num(c, r, r);
	} else if (t->wan) {
		r = names_begin(t->wan, s) ? ROLE_WAN : ROLE_LAN;
		cond_num(c, r, r);
		return true;
	} else if (strcmp(t->table, "nat")) {
		t->unnamed = true;
	}
	return !strchr(s, '+');
}

static bool states(struct match *m, bool neg, const char *s)
{
	struct cond *c;
	char buf[128];
	char *save = NULL;
	bool dnat = false, other = false;

	snprintf(buf, sizeof(buf), "%s", s);
	for (char *p = buf; *p; p++)
		*p |= 0x20;
	c = match_cond(m, F_CT, neg);
	for (char *p = strtok_r(buf, ",", &save); p;
		p = strtok_r(NULL, ",", &save)) {
		int k = 0;

		while (k < CT_MAX && strcmp(p, ct_state_name((enum ct_state)k)))
			k++;
		if (k < CT_MAX)
			cond_num(c, (uint32_t)k, (uint32_t)k), other = true;
		else if (!strcmp(p, "dnat"))
			dnat = true;
		else
			return false;
	}
	if (dnat && other)
		return false;
	if (dnat) {
		c->f = F_DNAT;
		cond_num(c, 1, 1);
	}
	return dnat || other;
}

static bool icmp_type(struct match *m, bool neg, const char *s, bool six)
{
	static const struct {
		const char *name;
		uint8_t four, six;
	} rows[] = {{"echo-request", 8, 128}, {"echo-reply", 0, 129},
		{"destination-unreachable", 3, 1}, {"packet-too-big", 255, 2},
		{"time-exceeded", 11, 3}, {"ttl-exceeded", 11, 3},
		{"parameter-problem", 12, 4}, {"router-solicitation", 10, 133},
		{"router-advertisement", 9, 134},
		{"neighbour-solicitation", 255, 135},
		{"neighbor-solicitation", 255, 135},
		{"neighbour-advertisement", 255, 136},
		{"neighbor-advertisement", 255, 136}, {"redirect", 5, 137}};
	struct cond *c = match_cond(m, F_ITYPE, neg);
	const char *slash = strchr(s, '/');
	char type[64];

	snprintf(type, sizeof(type), "%.*s",
		slash ? (int)(slash - s) : (int)strlen(s), s);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, type)) {
			uint32_t v = six ? rows[i].six : rows[i].four;

			cond_num(c, v, v);
			return true;
		}
	if (!number_range(c, type, 255))
		return false;
	return !slash || number_range(match_cond(m, F_ICODE, neg), slash + 1, 255);
}

static bool flag_bits(const char *s, uint8_t *ret)
{
	static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK",
		"URG"};
	char buf[64];
	char *save = NULL;

	*ret = 0;
	snprintf(buf, sizeof(buf), "%s", s);
	for (char *p = strtok_r(buf, ",", &save); p;
		p = strtok_r(NULL, ",", &save)) {
		size_t i = 0;

		if (!strcmp(p, "ALL")) {
			*ret = 63;
			continue;
		}
		if (!strcmp(p, "NONE"))
			continue;
		while (i < ARRAY_LEN(names) && strcmp(p, names[i]))
			i++;
		if (i == ARRAY_LEN(names))
			return false;
		*ret |= (uint8_t)(1 << i);
	}
	return true;
}

/* ---- one rule ---- */

static bool target(struct draft *d, const char *s)
{
	static const struct {
		const char *name;
		enum verdict v;
	} rows[] = {{"ACCEPT", V_ACCEPT}, {"DROP", V_DROP},
		{"REJECT", V_REJECT}, {"RETURN", V_RETURN}, {"LOG", V_CONTINUE},
		{"NFLOG", V_CONTINUE}, {"ULOG", V_CONTINUE},
		{"MARK", V_CONTINUE}, {"CONNMARK", V_CONTINUE},
		{"TCPMSS", V_CONTINUE}, {"DSCP", V_CONTINUE},
		{"CT", V_CONTINUE}, {"CLASSIFY", V_CONTINUE},
		{"SET", V_CONTINUE}, {"TARPIT", V_DROP}, {"NFQUEUE", V_DROP}};

	d->has_verdict = true;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, s))
			return d->v = rows[i].v, true;
	d->v = V_JUMP;
	free(d->target); /* two -j in one line: the last counts */
	d->target = xstrdup(s);
	return true;
}

static bool to_destination(struct draft *d, const char *s)
{
	char buf[ADDR_STR];
	enum family fam;
	char *colon;

	snprintf(buf, sizeof(buf), "%s", s);
	if (!strchr(buf, '.'))
		return false;
	colon = strchr(buf, ':');
	if (colon) {
		*colon++ = '\0';
		d->to_port = (uint16_t)strtoul(colon, NULL, 10);
		if (strchr(colon, '-'))
			return false;
	}
	return d->to_addr = addr_parse(buf, &fam, &d->to) == 0;
}

static bool syn_only(struct match *m, bool neg)
{
	struct cond *c = match_cond(m, F_TCPFLAGS, neg);

	c->flag_mask = TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK;
	c->flag_value = TCP_SYN;
	return true;
}

static bool tcp_flags(struct match *m, bool neg, const char *mask,
	const char *value)
{
	struct cond *c = match_cond(m, F_TCPFLAGS, neg);

	return flag_bits(mask, &c->flag_mask) && flag_bits(value, &c->flag_value);
}

/* Words whose value changes nothing here. */
static bool skip_value(const char *o)
{
	static const char *const names[] = {"--comment", "--reject-with",
		"--log-prefix", "--log-level", "--nflog-prefix",
		"--nflog-group", "--set-mark", "--set-xmark", "-m",
		"--match", "--to-source", "--to-ports", "--set-mss",
		"--queue-num", "--save-mark", NULL};

	for (size_t i = 0; names[i]; i++)
		if (!strcmp(names[i], o))
			return true;
	return false;
}

/*
 * One option with its value. Returns how many words it took, 0: not known, so
 * that the caller makes the rule opaque.
 */
static size_t option(struct ipt *t, struct draft *d, const struct words *w,
	size_t i, bool neg)
{
	const char *o = words_at(w, i), *v = words_at(w, i + 1);
	struct match *m = &d->m;

	if (!strcmp(o, "-s") || !strcmp(o, "--source"))
		return address(t, m, F_SRC, neg, v) ? 2 : 0;
	if (!strcmp(o, "-d") || !strcmp(o, "--destination"))
		return address(t, m, F_DST, neg, v) ? 2 : 0;
	if (!strcmp(o, "-i"))
		return iface(t, m, F_IN, neg, v) ? 2 : 0;
	if (!strcmp(o, "-o"))
		return iface(t, m, F_OUT, neg, v) ? 2 : 0;
	if (!strcmp(o, "-p"))
		return proto(t, m, neg, v) ? 2 : 0;
	if (!strcmp(o, "--dport") || !strcmp(o, "--dports"))
		return port_list(m, F_DPORT, neg, v) ? 2 : 0;
	if (!strcmp(o, "--sport") || !strcmp(o, "--sports"))
		return port_list(m, F_SPORT, neg, v) ? 2 : 0;
	if (!strcmp(o, "--ctstate") || !strcmp(o, "--state"))
		return states(m, neg, v) ? 2 : 0;
	if (!strcmp(o, "--icmp-type") || !strcmp(o, "--icmpv6-type"))
		return icmp_type(m, neg, v, t->fam == FAM_6) ? 2 : 0;
	if (!strcmp(o, "--espspi"))
		return number_range(match_cond(m, F_SPI, neg), v, UINT32_MAX) ? 2 : 0;
	if (!strcmp(o, "--tcp-flags"))
		return tcp_flags(m, neg, v, words_at(w, i + 2)) ? 3 : 0;
	if (!strcmp(o, "--syn"))
		return syn_only(m, neg) ? 1 : 0;
	if (!strcmp(o, "-j") || !strcmp(o, "-g"))
		return target(d, v) ? 2 : 0;
	if (!strcmp(o, "--to-destination"))
		return to_destination(d, v) ? 2 : 0;
	return skip_value(o) ? 2 : 0;
}

/* From i on to the next word that begins an option. */
static size_t unknown_words(const struct words *w, size_t i)
{
	size_t n = 1;

	while (i + n < w->n && *words_at(w, i + n) != '-' &&
		strcmp(words_at(w, i + n), "!"))
		n++;
	return n;
}

static void options(struct ipt *t, struct draft *d, const struct words *w)
{
	for (size_t i = 2; i < w->n;) {
		bool neg = !strcmp(words_at(w, i), "!");
		struct draft before = *d;
		size_t at = i + neg, n;

		before.m = (struct match){0};
		match_copy(&before.m, &d->m);
		n = option(t, d, w, at, neg);
		if (n) {
			match_done(&before.m);
			/* -g is a jump that does not come back */
			if (!strcmp(words_at(w, at), "-g") && d->v == V_JUMP)
				d->v = V_GOTO;
		} else {
			match_done(&d->m);
			d->m = before.m;
			match_cond(&d->m, F_OPAQUE, false)->opaque =
				xstrdup(words_at(w, at));
			n = unknown_words(w, at);
		}
		i = at + n;
	}
}

static void emit(struct ipt *t, const struct capture_line *l,
	const struct words *w, struct draft *d)
{
	cleanup(freep) char *name = xasprintf("%s %s %s",
		t->fam == FAM_6 ? "ip6" : "ip", t->table, words_at(w, 1));
	struct nat_rule *n;
	struct rule *r;

	if (!strcmp(t->table, "nat")) {
		if (d->target && !strcmp(d->target, "MASQUERADE"))
			t->pl->masquerade = true;
		if (!d->to_addr)
			return;
		n = GROW(t->pl->nat_in, t->pl->nat_in_n, t->pl->nat_in_cap);
		n->action = NAT_TO;
		n->set_dst = true;
		n->dst = d->to;
		n->set_port = d->to_port != 0;
		n->port_lo = n->port_hi = d->to_port;
		cond_num(match_cond(&n->match, F_FAMILY, false), t->fam, t->fam);
		match_copy(&n->match, &d->m);
		origin_set(&n->origin, NULL, l->no, l->text, "nat");
		return;
	}
	if (!d->has_verdict)
		return;
	r = chain_rule(pipeline_chain(t->pl, name, true), d->v);
	cond_num(match_cond(&r->match, F_FAMILY, false), t->fam, t->fam);
	match_copy(&r->match, &d->m);
	if (d->v == V_JUMP || d->v == V_GOTO)
		r->target = xasprintf("%s %s %s",
			t->fam == FAM_6 ? "ip6" : "ip", t->table, d->target);
	origin_set(&r->origin, NULL, l->no, l->text, "rule");
}

/* ":FORWARD DROP [0:0]" */
static void chain_line(struct ipt *t, const struct capture_line *l)
{
	static const struct {
		const char *name;
		enum path path[2];
		int n;
	} rows[] = {{"FORWARD", {PATH_FORWARD}, 1}, {"INPUT", {PATH_INPUT}, 1},
		{"OUTPUT", {PATH_OUTPUT}, 1},
		{"PREROUTING", {PATH_FORWARD, PATH_INPUT}, 2},
		{"POSTROUTING", {PATH_FORWARD, PATH_OUTPUT}, 2}};
	cleanup(freep) char *name = NULL;
	struct words w;
	struct chain *c;

	words_split(l->text + 1, &w);
	name = xasprintf("%s %s %s", t->fam == FAM_6 ? "ip6" : "ip", t->table,
		words_at(&w, 0));
	if (strcmp(t->table, "nat")) {
		c = pipeline_chain(t->pl, name, true);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			if (strcmp(rows[i].name, words_at(&w, 0)))
				continue;
			c->end = !strcmp(words_at(&w, 1), "DROP") ? V_DROP
								  : V_ACCEPT;
			origin_set(&c->end_origin, NULL, l->no, l->text,
				"policy");
			for (int k = 0; k < rows[i].n; k++)
				read_gate(t->pl, rows[i].path[k], name, t->fam);
		}
	}
	words_done(&w);
}

static void rule_line(struct ipt *t, const struct capture_line *l)
{
	struct draft d = {.v = V_CONTINUE};
	struct words w;

	words_split(l->text, &w);
	/* "[12:3456] -A ..." with counters */
	if (*words_at(&w, 0) == '[') {
		memmove(&w.w[0], &w.w[1], (w.n - 1) * sizeof(w.w[0]));
		w.n--;
	}
	options(t, &d, &w);
	emit(t, l, &w, &d);
	match_done(&d.m);
	free(d.target);
	words_done(&w);
}

/* "docker0", "br-1f2e": the machine's own */
static bool inner(const char *s)
{
	static const char *const heads[] = {"docker", "br-", "virbr", "veth",
		"lxc", "lo", NULL};

	for (size_t i = 0; heads[i]; i++)
		if (!strncmp(s, heads[i], strlen(heads[i])))
			return true;
	return false;
}

/* -A POSTROUTING -o ppp0 -j MASQUERADE: that is the line, all else the home. */
static void guess_wan(struct ipt *t, const struct capture *cap)
{
	for (size_t i = 0; i < cap->n && !t->h->wan && !t->h->lan; i++) {
		const char *s = cap->v[i].text, *name = NULL;
		struct words w;
		char *was = t->wan;

		if (!strstr(s, "-A POSTROUTING ") ||
			(!strstr(s, "-j MASQUERADE") && !strstr(s, "-j SNAT")))
			continue;
		words_split(s, &w);
		for (size_t k = 1; k + 1 < w.n; k++)
			if (!strcmp(w.w[k], "-o") && strcmp(w.w[k - 1], "!"))
				name = w.w[k + 1];
		if (name && !inner(name) && !(was && names_have(was, name))) {
			t->wan = xasprintf("%s%s%.*s", was ? was : "",
				was ? "," : "", (int)strcspn(name, "+"), name);
			free(was);
		}
		words_done(&w);
	}
}

/* iptables-save says nothing of IPv6, nor the other way round. */
static void other_family(struct ipt *t, enum family fam)
{
	const char *name = fam == FAM_6 ? "ip6 not given" : "ip not given";
	struct chain *c;

	if (fam == FAM_6 ? t->has6 : t->has4)
		return;
	c = pipeline_chain(t->pl, name, true);
	c->end = V_DROP;
	origin_set(&c->end_origin, NULL, 0, "", "the other family");
	value_opaque(&chain_rule(c, V_ACCEPT)->match, name);
	read_gate(t->pl, PATH_FORWARD, name, fam);
	read_gate(t->pl, PATH_INPUT, name, fam);
	pipeline_unknown(t->pl, 0, true, fam == FAM_6
		? _("the rules of IPv6 are not in it: give the output of ip6tables-save, too")
		: _("the rules of IPv4 are not in it: give the output of iptables-save, too"));
}

int iptables_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why)
{
	struct ipt t = {.h = h, .pl = pl, .fam = FAM_4};
	struct capture cap;
	bool any = false, open = false;

	capture_read(text, NULL, &cap);
	if (strstr(text, "ip6tables-save") == NULL && strstr(text, "icmpv6"))
		t.fam = FAM_6; /* no header, but it can only be this one */
	guess_wan(&t, &cap);
	for (size_t i = 0; i < cap.n; i++) {
		const struct capture_line *l = &cap.v[i];

		if (*l->text == '#') {
			if (strstr(l->text, "Generated by"))
				t.fam = strstr(l->text, "ip6tables") ? FAM_6 : FAM_4;
		} else if (*l->text == '*') {
			snprintf(t.table, sizeof(t.table), "%s", l->text + 1);
			any = open = true;
			*(t.fam == FAM_6 ? &t.has6 : &t.has4) = true;
		} else if (*l->text == ':') {
			chain_line(&t, l);
		} else if (!strncmp(l->text, "-A ", 3) || *l->text == '[') {
			rule_line(&t, l);
		} else if (!strcmp(l->text, "COMMIT")) {
			open = false;
		} else if (*l->text) {
			pipeline_unknown(pl, l->no, true, "%s", l->text);
		}
	}
	capture_done(&cap);
	if (open)
		pipeline_unknown(pl, 0, true,
			_("the last table has no COMMIT; is the text whole?"));
	if (any) {
		other_family(&t, FAM_6);
		other_family(&t, FAM_4);
	}
	if (t.unnamed && !h->wan && !h->lan)
		pipeline_unknown(pl, 0, true,
			_("which interface is the line's is not said in it: name it with --wan"));
	free(t.wan);
	pl->order = NAT_FIRST;
	memset(pl->stateful, 0xff, sizeof(pl->stateful));
	if (any)
		return 0;
	*why = xstrdup(_("no table in it: give the output of iptables-save or ip6tables-save, not a script"));
	return -EINVAL;
}
