// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One rule of a pipeline becomes one rule of nftables, or several where
 * nftables has no single expression: addresses under different masks are
 * different rules ("& suffix == x" beside "saddr prefix").
 */
#include "nft/nft.h"

#include <stdio.h>

enum { GROUPS_MAX = 16 };

/* Addresses of one condition that fit into one nft expression. */
struct group {
	enum family fam;
	bool suffix;	  /* "& mask ==" form */
	struct addr mask; /* of suffix */
};

static bool is_prefix(const struct addrmask *m)
{
	return mask_to_len(m->fam, &m->mask) >= 0;
}

static bool in_group(const struct group *g, const struct addrmask *m)
{
	if (g->fam != m->fam || g->suffix == is_prefix(m))
		return false;
	return !g->suffix || !addr_cmp(&g->mask, &m->mask);
}

static size_t groups_of(const struct cond *c, struct group g[GROUPS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < c->mask_n; i++) {
		const struct addrmask *m = &c->masks[i];
		size_t j = 0;

		while (j < n && !in_group(&g[j], m))
			j++;
		if (j == n && n < GROUPS_MAX)
			g[n++] = (struct group){m->fam, !is_prefix(m), m->mask};
	}
	for (size_t i = 0; i < c->range_n; i++) {
		size_t j = 0;

		while (j < n && (g[j].suffix || g[j].fam != c->ranges[i].fam))
			j++;
		if (j == n && n < GROUPS_MAX)
			g[n++] = (struct group){c->ranges[i].fam, false, {{0}}};
	}
	return n;
}

static void add_item(struct text *t, size_t *n, const char *s)
{
	text_addf(t, "%s%s", (*n)++ ? ", " : "", s);
}

/* "{ a, b }" or "a" */
static void braces(struct text *out, const struct text *items, size_t n)
{
	if (n == 1)
		text_add(out, text_str(items));
	else
		text_addf(out, "{ %s }", text_str(items));
}

static void emit_group(const struct cond *c, const struct group *g,
	struct text *out)
{
	const char *side = c->f == F_SRC ? "saddr" : "daddr";
	struct text items = TEXT_INIT;
	char buf[ADDRMASK_STR], hi[ADDR_STR];
	size_t n = 0;

	for (size_t i = 0; i < c->mask_n; i++) {
		if (!in_group(g, &c->masks[i]))
			continue;
		add_item(&items, &n,
			g->suffix ? addr_format(g->fam, &c->masks[i].value, buf)
				  : addrmask_format(&c->masks[i], buf));
	}
	for (size_t i = 0; !g->suffix && i < c->range_n; i++) {
		if (c->ranges[i].fam != g->fam)
			continue;
		addr_format(g->fam, &c->ranges[i].lo, buf);
		strcat(buf, "-");
		strcat(buf, addr_format(g->fam, &c->ranges[i].hi, hi));
		add_item(&items, &n, buf);
	}
	text_addf(out, "%s %s ", g->fam == FAM_4 ? "ip" : "ip6", side);
	if (g->suffix)
		text_addf(out, "& %s %s ", addr_format(g->fam, &g->mask, buf),
			c->neg ? "!=" : "==");
	else if (c->neg)
		text_add(out, "!= ");
	braces(out, &items, n);
	text_addc(out, ' ');
	text_done(&items);
}

/* Interfaces of the roles a condition names, as nft's iifname set. */
static void emit_role(const struct pipeline *pl, const struct cond *c,
	struct text *out)
{
	struct text items = TEXT_INIT;
	size_t n = 0;
	char buf[64];

	for (size_t i = 0; i < c->num_n; i++) {
		if (c->nums[i].lo == ROLE_SELF)
			add_item(&items, &n, "\"lo\"");
		for (size_t j = 0; j < pl->iface_n; j++) {
			if (pl->ifaces[j].role != c->nums[i].lo)
				continue;
			snprintf(buf, sizeof(buf), "\"%s\"", pl->ifaces[j].name);
			add_item(&items, &n, buf);
		}
	}
	text_add(out, c->f == F_IN ? "iifname " : "oifname ");
	if (c->neg)
		text_add(out, "!= ");
	if (n)
		braces(out, &items, n);
	else
		text_add(out, "\"\""); /* no such interface: never matches */
	text_addc(out, ' ');
	text_done(&items);
}

static void emit_nums(const struct cond *c, const char *what, struct text *out)
{
	struct text items = TEXT_INIT;
	size_t n = 0;
	char buf[32];

	for (size_t i = 0; i < c->num_n; i++) {
		if (c->nums[i].lo == c->nums[i].hi)
			snprintf(buf, sizeof(buf), "%u", c->nums[i].lo);
		else
			snprintf(buf, sizeof(buf), "%u-%u", c->nums[i].lo,
				c->nums[i].hi);
		add_item(&items, &n, buf);
	}
	text_addf(out, "%s %s", what, c->neg ? "!= " : "");
	braces(out, &items, n);
	text_addc(out, ' ');
	text_done(&items);
}

static void emit_ct(const struct cond *c, struct text *out)
{
	text_addf(out, "ct state %s", c->neg ? "!= " : "");
	for (size_t i = 0; i < c->num_n; i++)
		text_addf(out, "%s%s", i ? "," : "",
			ct_state_name((enum ct_state)c->nums[i].lo));
	text_addc(out, ' ');
}

static void emit_family(const struct cond *c, struct text *out)
{
	bool six = (c->nums[0].lo == FAM_6) != c->neg;

	text_addf(out, "meta nfproto %s ", six ? "ipv6" : "ipv4");
}

static void emit_exthdr(const struct cond *c, struct text *out)
{
	switch (c->nums[0].lo) {
	case EXT_RH0:
		text_addf(out, "rt type %s0 ", c->neg ? "!= " : "");
		return;
	case EXT_HBH:
		text_addf(out, "exthdr hbh %s ", c->neg ? "missing" : "exists");
		return;
	case EXT_DST:
		text_addf(out, "exthdr dst %s ", c->neg ? "missing" : "exists");
		return;
	case EXT_FRAG:
		text_addf(out, "exthdr frag %s ", c->neg ? "missing" : "exists");
		return;
	case EXT_MH:
		text_addf(out, "exthdr mh %s ", c->neg ? "missing" : "exists");
		return;
	}
	text_addf(out, "exthdr rt %s ", c->neg ? "missing" : "exists");
}

static bool is_icmp6(const struct match *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->conds[i].f == F_PROTO && m->conds[i].num_n &&
			m->conds[i].nums[0].lo == PROTO_ICMP)
			return false;
	return true;
}

static void emit_flags(const struct cond *c, struct text *out)
{
	text_addf(out, "tcp flags & 0x%x %s 0x%x ", c->flag_mask,
		c->neg ? "!=" : "==", c->flag_value);
}

static void emit_plain(const struct pipeline *pl, const struct match *m,
	const struct cond *c, struct text *out)
{
	switch (c->f) {
	case F_FAMILY:	emit_family(c, out); return;
	case F_IN:
	case F_OUT:	emit_role(pl, c, out); return;
	case F_CT:	emit_ct(c, out); return;
	case F_DNAT:
		text_addf(out, "ct status %sdnat ",
			(c->nums[0].lo != 0) == c->neg ? "!= " : "");
		return;
	case F_PROTO:	emit_nums(c, "meta l4proto", out); return;
	case F_SPORT:	emit_nums(c, "th sport", out); return;
	case F_DPORT:	emit_nums(c, "th dport", out); return;
	case F_ITYPE:
		emit_nums(c, is_icmp6(m) ? "icmpv6 type" : "icmp type", out);
		return;
	case F_ICODE:
		emit_nums(c, is_icmp6(m) ? "icmpv6 code" : "icmp code", out);
		return;
	case F_TCPFLAGS: emit_flags(c, out); return;
	case F_EXTHDR:	emit_exthdr(c, out); return;
	case F_SPI:	emit_nums(c, "esp spi", out); return;
	case F_FRAG:	/* conntrack reassembles before the forward hook */
	case F_SRC:
	case F_DST:
	case F_OPAQUE:	return;
	}
}

/* The user's line and why, within nft's 128 characters, without quotes. */
static void emit_comment(const struct origin *o, struct text *out)
{
	char buf[112];
	const char *base = o->file ? strrchr(o->file, '/') : NULL;

	if (o->file)
		snprintf(buf, sizeof(buf), "%s (%s:%u)", o->why ? o->why : "",
			base ? base + 1 : o->file, o->line);
	else
		snprintf(buf, sizeof(buf), "%s", o->why ? o->why : "");
	for (char *p = buf; *p; p++)
		if (*p == '"' || *p == '\\' || (unsigned char)*p < 0x20)
			*p = '?';
	text_addf(out, "comment \"%s\"", buf);
}

static void emit_set_ref(const struct cond *c, struct text *out)
{
	text_addf(out, "%s %s %s@%s ", c->set_fam == FAM_4 ? "ip" : "ip6",
		c->f == F_SRC ? "saddr" : "daddr", c->neg ? "!= " : "", c->set);
}

static void emit_verdict(const struct rule *r, struct text *out)
{
	text_add(out, verdict_name(r->verdict));
	if (r->verdict == V_JUMP || r->verdict == V_GOTO)
		text_addf(out, " %s", r->target);
	text_addc(out, ' ');
}

static bool is_ah(const struct cond *c)
{
	return c->f == F_PROTO && !c->neg && c->num_n == 1 &&
	       c->nums[0].lo == PROTO_AH && c->nums[0].hi == PROTO_AH;
}

/* The one family that m speaks of, or 0. */
static unsigned match_family(const struct match *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct cond *c = &m->conds[i];

		if (c->f == F_FAMILY && !c->neg && c->num_n == 1)
			return c->nums[0].lo;
		if (c->f != F_SRC && c->f != F_DST)
			continue;
		if (c->mask_n)
			return c->masks[0].fam;
		if (c->set && c->set_fam)
			return c->set_fam;
	}
	return 0;
}

static void emit_conds(const struct pipeline *pl, const struct match *m,
	size_t i, const char *head, const char *tail, struct text *out);

/*
 * "meta l4proto" looks behind an IPv6 authentication header, as if it were one
 * more extension header, and never says 51; nexthdr does.
 */
static void emit_ah(const struct pipeline *pl, const struct match *m, size_t i,
	const char *head, const char *tail, struct text *out)
{
	unsigned fam = match_family(m);

	if (fam != FAM_4) {
		cleanup(freep) char *s = xasprintf("%sip6 nexthdr ah ", head);

		emit_conds(pl, m, i + 1, s, tail, out);
	}
	if (fam != FAM_6) {
		cleanup(freep) char *s = xasprintf("%sip protocol ah ", head);

		emit_conds(pl, m, i + 1, s, tail, out);
	}
}

/*
 * Conditions from index i on; a condition with several groups multiplies the
 * rule (alternatives), a negated one lists all groups in a row.
 */
static void emit_conds(const struct pipeline *pl, const struct match *m,
	size_t i, const char *head, const char *tail, struct text *out)
{
	struct group g[GROUPS_MAX];
	struct text line = TEXT_INIT;
	const struct cond *c;
	size_t n;

	if (i == m->n) {
		text_addf(out, "\t\t%s%s\n", head, tail);
		return;
	}
	c = &m->conds[i];
	if (is_ah(c)) {
		emit_ah(pl, m, i, head, tail, out);
		return;
	}
	n = c->f == F_SRC || c->f == F_DST ? groups_of(c, g) : 0;
	if (c->set || !n || c->neg) {
		text_add(&line, head);
		if (c->set)
			emit_set_ref(c, &line);
		else if (!n)
			emit_plain(pl, m, c, &line);
		for (size_t j = 0; !c->set && j < n; j++)
			emit_group(c, &g[j], &line);
		emit_conds(pl, m, i + 1, text_str(&line), tail, out);
		text_done(&line);
		return;
	}
	for (size_t j = 0; j < n; j++) {
		text_clear(&line);
		text_add(&line, head);
		emit_group(c, &g[j], &line);
		emit_conds(pl, m, i + 1, text_str(&line), tail, out);
	}
	text_done(&line);
}

/* A rule whose address list is empty matches nothing and is not written. */
static bool can_match(const struct match *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct cond *c = &m->conds[i];

		if ((c->f == F_SRC || c->f == F_DST) && !c->set && !c->neg &&
			!c->mask_n && !c->range_n)
			return false;
	}
	return true;
}

static bool is_established(const struct rule *r)
{
	return r->verdict == V_ACCEPT && r->match.n == 1 &&
	       r->match.conds[0].f == F_CT;
}

static void emit_rule(const struct pipeline *pl, const struct rule *r,
	struct text *out)
{
	struct text tail = TEXT_INIT;

	if (!can_match(&r->match))
		return;
	/* the one rule that most packets meet pays for no counter */
	if (!is_established(r) && r->verdict != V_JUMP)
		text_add(&tail, "counter ");
	emit_verdict(r, &tail);
	emit_comment(&r->origin, &tail);
	emit_conds(pl, &r->match, 0, "", text_str(&tail), out);
	text_done(&tail);
}

static void emit_end(const struct chain *c, struct text *out)
{
	if (c->end == V_RETURN)
		return;
	text_addf(out, "\t\tcounter %s ", verdict_name(c->end));
	emit_comment(&c->end_origin, out);
	text_addc(out, '\n');
}

static const char *hook_of(const struct pipeline *pl, const struct chain *c)
{
	if (pl->entry[PATH_FORWARD] && !strcmp(c->name, pl->entry[PATH_FORWARD]))
		return "forward";
	if (pl->entry[PATH_INPUT] && !strcmp(c->name, pl->entry[PATH_INPUT]))
		return "input";
	if (pl->entry[PATH_OUTPUT] && !strcmp(c->name, pl->entry[PATH_OUTPUT]))
		return "output";
	return NULL;
}

static void emit_chain(const struct pipeline *pl, const struct chain *c,
	struct text *out)
{
	const char *hook = hook_of(pl, c);

	text_addf(out, "\tchain %s {\n", c->name);
	if (hook)
		text_addf(out, "\t\ttype filter hook %s priority filter; policy %s;\n",
			hook, c->end == V_ACCEPT ? "accept" : "drop");
	for (size_t i = 0; i < c->rule_n; i++)
		emit_rule(pl, &c->rules[i], out);
	emit_end(c, out);
	text_add(out, "\t}\n");
}

struct seen {
	const char *name[32];
	size_t n;
};

/* The NDP proxy's sets: single addresses, filled while the gate runs. */
static const char *const listen_sets[] = {"known", "pinned", "wanhosts"};

static bool kept_by_listen(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(listen_sets); i++)
		if (!strcmp(name, listen_sets[i]))
			return true;
	return false;
}

static void emit_set(const struct cond *c, struct seen *seen, struct text *out)
{
	struct text items = TEXT_INIT;
	char buf[ADDRMASK_STR];
	size_t n = 0;

	for (size_t i = 0; i < seen->n; i++)
		if (!strcmp(seen->name[i], c->set))
			return;
	if (seen->n < ARRAY_LEN(seen->name))
		seen->name[seen->n++] = c->set;
	for (size_t i = 0; i < c->mask_n; i++)
		add_item(&items, &n, addrmask_format(&c->masks[i], buf));
	text_addf(out, "\tset %s {\n\t\ttype %s\n", c->set,
		c->set_fam == FAM_4 ? "ipv4_addr" : "ipv6_addr");
	if (!kept_by_listen(c->set))
		text_add(out, "\t\tflags interval\n\t\tauto-merge\n");
	if (n)
		text_addf(out, "\t\telements = { %s }\n", text_str(&items));
	text_add(out, "\t}\n");
	text_done(&items);
}

static void emit_match_sets(const struct match *m, struct seen *seen,
	struct text *out)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->conds[i].set)
			emit_set(&m->conds[i], seen, out);
}

static void emit_sets(const struct pipeline *pl, struct text *out)
{
	struct seen seen = {0};

	for (size_t i = 0; i < pl->chain_n; i++)
		for (size_t j = 0; j < pl->chains[i]->rule_n; j++)
			emit_match_sets(&pl->chains[i]->rules[j].match, &seen,
				out);
	for (size_t i = 0; i < pl->nat_in_n; i++)
		emit_match_sets(&pl->nat_in[i].match, &seen, out);
	for (size_t i = 0; pl->ndproxy && i < ARRAY_LEN(listen_sets); i++) {
		struct cond c = {.set = (char *)(uintptr_t)listen_sets[i],
			.set_fam = FAM_6};

		emit_set(&c, &seen, out);
	}
}

static void emit_nat_rule(const struct pipeline *pl, const struct nat_rule *n,
	struct text *out)
{
	struct text tail = TEXT_INIT;
	char buf[ADDR_STR];

	text_addf(&tail, "counter dnat ip to %s ",
		addr_format(FAM_4, &n->dst, buf));
	emit_comment(&n->origin, &tail);
	emit_conds(pl, &n->match, 0, "", text_str(&tail), out);
	text_done(&tail);
}

static void emit_nat(const struct pipeline *pl, struct text *out)
{
	struct cond lan = {.f = F_IN}, wan = {.f = F_OUT};
	struct num_range l = {ROLE_LAN, ROLE_LAN}, w = {ROLE_WAN, ROLE_WAN};

	lan.nums = &l;
	wan.nums = &w;
	lan.num_n = wan.num_n = 1;
	text_add(out, "\tchain nat_in {\n\t\ttype nat hook prerouting priority dstnat; policy accept;\n");
	for (size_t i = 0; i < pl->nat_in_n; i++)
		emit_nat_rule(pl, &pl->nat_in[i], out);
	text_add(out, "\t}\n");
	if (!pl->masquerade)
		return;
	text_add(out, "\tchain nat_out {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\t\t");
	emit_role(pl, &lan, out);
	lan.f = F_OUT;
	emit_role(pl, &lan, out);
	text_add(out, "meta nfproto ipv4 ct status dnat counter masquerade comment \"rfc4787-9 hairpin\"\n\t\t");
	text_add(out, "meta nfproto ipv4 ");
	emit_role(pl, &wan, out);
	text_add(out, "counter masquerade comment \"napt\"\n\t}\n");
}

/* RFC 4459, FR-16: a SYN in the clear is told the path's size; ESP is not
 * looked into. */
static void emit_clamp(struct text *out)
{
	text_add(out, "\tchain clamp {\n\t\ttype filter hook forward priority mangle; policy accept;\n"
		      "\t\ttcp flags syn / syn,rst tcp option maxseg size set rt mtu\n\t}\n");
}

/*
 * Who talks: new connections and one in sixteen packets of the others, for the
 * NDP proxy, which so never forgets a host that is busy. Decides nothing.
 */
static void emit_talkers(const struct pipeline *pl, struct text *out)
{
	static const char *const when[] = {"ct state new",
		"ct state established numgen random mod 16 0"};
	struct cond lan = {.f = F_IN};
	struct num_range l = {ROLE_LAN, ROLE_LAN};

	lan.nums = &l;
	lan.num_n = 1;
	text_addf(out, "\tset " NFT_TALKERS " {\n\t\ttype iface_index . ether_addr . ipv6_addr\n"
		"\t\tsize 4096\n\t\tflags dynamic,timeout\n\t\ttimeout %us\n\t}\n",
		NFT_TALKERS_S);
	text_add(out, "\tchain talkers {\n\t\ttype filter hook forward priority mangle; policy accept;\n");
	for (size_t i = 0; i < ARRAY_LEN(when); i++) {
		text_add(out, "\t\t");
		emit_role(pl, &lan, out);
		text_addf(out, "ip6 saddr @lan6 %s update @" NFT_TALKERS
			" { iif . ether saddr . ip6 saddr }\n", when[i]);
	}
	text_add(out, "\t}\n");
}

void nft_emit(const struct policy *pol, struct text *out)
{
	const struct pipeline *pl = pol->pipe;

	text_add(out, "add table " NFT_TABLE "\ndelete table " NFT_TABLE
		      "\ntable " NFT_TABLE " {\n");
	emit_sets(pl, out);
	/* a chain is defined before the chain that jumps to it */
	for (size_t i = pl->chain_n; i-- > 0;)
		if (!hook_of(pl, pl->chains[i]))
			emit_chain(pl, pl->chains[i], out);
	for (size_t i = 0; i < pl->chain_n; i++)
		if (hook_of(pl, pl->chains[i]))
			emit_chain(pl, pl->chains[i], out);
	emit_nat(pl, out);
	emit_clamp(out);
	if (pl->ndproxy)
		emit_talkers(pl, out);
	text_add(out, "}\n");
}
