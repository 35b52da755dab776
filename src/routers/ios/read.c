// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cisco IOS and IOS-XE: running-config -> pipeline. First every line is put into
 * its block (interface, list, class map, ...), then what stands on the line's
 * interface becomes gates. Inbound: access list, then translation, then zone
 * policy. An interface without a list passes everything; a list that is named
 * but not defined does so, too.
 */
#include "routers/ios/read-own.h"
#include "base/tr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which side is which ---- */

static bool usual_wan(const char *name)
{
	return !strncasecmp(name, "dialer", 6) || !strncasecmp(name, "cellular", 8);
}

static void choose_roles(struct ios *s)
{
	size_t found = 0;

	for (size_t i = 0; i < s->if_n; i++) {
		struct ios_if *f = &s->ifs[i];
		bool named = s->h->wan && (names_have(s->h->wan, f->name) ||
			(f->zone && names_have(s->h->wan, f->zone)));

		f->role = ROLE_LAN;
		if (named || (!s->h->wan && !f->nat_in &&
			(f->wan_sign || usual_wan(f->name))))
			f->role = ROLE_WAN;
		if (!strncasecmp(f->name, "loopback", 8))
			f->role = ROLE_SELF;
		found += f->role == ROLE_WAN;
	}
	/* else whoever wears a list or a zone that says so, else the first */
	for (size_t i = 0; !found && i < s->if_n; i++) {
		struct ios_if *f = &s->ifs[i];

		if (f->list[0][0] || f->list[1][0] || (f->zone &&
			(strcasestr(f->zone, "out") || strcasestr(f->zone, "wan") ||
			 strcasestr(f->zone, "internet"))))
			f->role = ROLE_WAN, found++;
	}
	if (!found && s->if_n && !s->h->wan)
		s->ifs[0].role = ROLE_WAN;
}

size_t ios_count(const struct ios *s, enum role r)
{
	size_t n = 0;

	for (size_t i = 0; i < s->if_n; i++)
		n += s->ifs[i].role == r && !s->ifs[i].down &&
		     (s->ifs[i].v4 || s->ifs[i].v6);
	return n;
}

/* ---- lists on interfaces ---- */

/* Protocols whose answers an inspection lets back through the list. */
static void inspected(struct ios *s, struct chain *c, enum family fam)
{
	bool any = false;

	for (size_t i = 0; i < s->if_n; i++) {
		const struct ios_if *f = &s->ifs[i];
		/* out of the line's side, or in on the home's */
		const char *name = f->inspect[fam == FAM_6]
					     [f->role == ROLE_WAN];
		const struct ios_block *b = name
			? ios_find(s, IOS_INSPECT, name, fam) : NULL;

		for (size_t k = 0; b && k < b->n; k++) {
			const char *p = words_at(&b->v[k].w, 0);
			bool icmp = !strcmp(p, "icmp");
			uint32_t n = icmp ? (fam == FAM_6 ? PROTO_ICMPV6
							  : PROTO_ICMP)
				     : !strcmp(p, "udp") ? PROTO_UDP : PROTO_TCP;
			struct rule *r = chain_rule(c, V_ACCEPT);

			any = true;
			cond_num(match_cond(&r->match, F_CT, false),
				CT_ESTABLISHED, CT_RELATED);
			cond_num(match_cond(&r->match, F_PROTO, false), n, n);
			origin_set(&r->origin, NULL, b->v[k].line->no,
				b->v[k].line->text, "inspect");
			s->pl->stateful[n / 8] |= (uint8_t)(1 << n % 8);
		}
	}
	if (!any)
		return;
	/* ICMP errors that belong to an inspected connection come back as well */
	cond_num(match_cond(&chain_rule(c, V_ACCEPT)->match, F_CT, false),
		CT_RELATED, CT_RELATED);
}

static void list_gate(struct ios *s, const struct ios_if *f, enum family fam,
	bool out)
{
	const char *list = f->list[fam == FAM_6][out];
	const struct capture_line *l = f->said[fam == FAM_6][out];
	cleanup(freep) char *name = xasprintf("%s %s %s", f->name,
		fam == FAM_6 ? "ipv6" : "ip", out ? "out" : "in");
	struct chain *acl, *c;
	struct rule *r;

	if (!list)
		return;
	acl = ios_acl_chain(s, list, fam);
	if (!acl) {
		pipeline_unknown(s->pl, l->no, true,
			_("%s names the list %s, which is not defined: everything passes"),
			f->name, list);
		return;
	}
	c = pipeline_chain(s->pl, name, true);
	r = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&r->match, F_FAMILY, true), fam, fam);
	r = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&r->match, out ? F_OUT : F_IN, true), f->role,
		f->role);
	if (ios_count(s, f->role) > 1 && f->role != ROLE_WAN) {
		r = chain_rule(c, V_ACCEPT);
		value_opaque(&r->match, f->name);
	}
	if (f->role == ROLE_WAN && !out)
		inspected(s, c, fam);
	r = chain_rule(c, V_GOTO);
	r->target = xstrdup(acl->name);
	pipeline_gate(s->pl, PATH_FORWARD, name);
	if (!out)
		pipeline_gate(s->pl, PATH_INPUT, name);
	if (f->role == ROLE_WAN && !out && fam == FAM_4)
		s->pl->order = FILTER_FIRST;
}

static void lists(struct ios *s)
{
	for (size_t i = 0; i < s->if_n; i++) {
		if (s->ifs[i].down || s->ifs[i].role == ROLE_SELF)
			continue;
		for (int out = 0; out < 2; out++) {
			list_gate(s, &s->ifs[i], FAM_4, out);
			list_gate(s, &s->ifs[i], FAM_6, out);
		}
	}
}

/* ---- translation ---- */

static struct nat_rule *nat_rule(struct ios *s, const struct ios_entry *e,
	const struct addr *to)
{
	struct nat_rule *n = GROW(s->pl->nat_in, s->pl->nat_in_n,
		s->pl->nat_in_cap);

	n->action = NAT_TO;
	n->set_dst = true;
	n->dst = *to;
	cond_num(match_cond(&n->match, F_FAMILY, false), FAM_4, FAM_4);
	cond_num(match_cond(&n->match, F_IN, false), ROLE_WAN, ROLE_WAN);
	origin_set(&n->origin, NULL, e->line->no, e->line->text, "nat");
	return n;
}

/*
 * ... static [tcp|udp|esp|N] LOCAL [PORT] {GLOBAL | interface IF} [PORT] [words]
 * Returns false when it is not understood.
 */
static bool nat_static(struct ios *s, const struct ios_entry *e, size_t i)
{
	const struct words *w = &e->w;
	enum family fam;
	struct addr local, global;
	uint32_t proto = 0;
	uint32_t inner = 0, outer = 0;
	struct nat_rule *n;
	bool ports, has_proto = value_proto(words_at(w, i), FAM_4, &proto) &&
				!strchr(words_at(w, i), '.');

	i += has_proto;
	ports = has_proto && (proto == PROTO_TCP || proto == PROTO_UDP);
	if (addr_parse(words_at(w, i++), &fam, &local) || fam != FAM_4 ||
		(ports && !value_port(words_at(w, i++), &inner)))
		return false;
	if (!strcmp(words_at(w, i), "interface")) {
		i += 2;
		/* "interface GigabitEthernet 0/0" */
		if (strchr(words_at(w, i), '/'))
			i++;
		n = nat_rule(s, e, &local);
		cond_num(match_cond(&n->match, F_OUT, false), ROLE_SELF, ROLE_SELF);
	} else if (addr_parse(words_at(w, i), &fam, &global) == 0 &&
		fam == FAM_4) {
		n = nat_rule(s, e, &local);
		match_address(&n->match, F_DST, false, words_at(w, i++));
	} else {
		return false;
	}
	if (has_proto)
		cond_num(match_cond(&n->match, F_PROTO, false), proto, proto);
	if (ports && !value_port(words_at(w, i++), &outer))
		outer = inner;
	if (ports) {
		cond_num(match_cond(&n->match, F_DPORT, false), outer, outer);
		n->set_port = true;
		n->port_lo = n->port_hi = (uint16_t)inner;
	}
	for (; i < w->n; i++)
		if (!strcmp(words_at(w, i), "route-map") ||
			!strcmp(words_at(w, i), "vrf"))
			value_opaque(&n->match, words_at(w, i));
	return true;
}

static bool nat_quiet(const struct words *w)
{
	static const char *const quiet[] = {"translation", "pool", "service",
		"log", "create", "settings", "switchover", "portmap", "sip-sbc",
		"name"};

	for (size_t i = 0; i < ARRAY_LEN(quiet); i++)
		if (!strcmp(quiet[i], words_at(w, 2)))
			return true;
	return false;
}

static void nats(struct ios *s)
{
	for (size_t i = 0; i < s->nat_n; i++) {
		const struct ios_entry *e = &s->nats[i];
		size_t at = words_are(&e->w, 2, "inside source") ? 4
			    : words_are(&e->w, 2, "source") ? 3 : 0;

		if (at && !strcmp(words_at(&e->w, at), "static")) {
			if (!nat_static(s, e, at + 1))
				ios_unknown(s, e->line, true);
		} else if (at && !strcmp(words_at(&e->w, at), "list")) {
			s->pl->masquerade = true;
		} else if (at && !strcmp(words_at(&e->w, at), "route-map")) {
			s->pl->masquerade = true;
		} else if (!nat_quiet(&e->w)) {
			ios_unknown(s, e->line, true);
		}
	}
}

/* ---- below the filter ---- */

static void bridges(struct ios *s)
{
	for (size_t i = 0; i < s->if_n; i++)
		for (size_t k = 0; k < s->if_n; k++) {
			struct match *m;

			if (!s->ifs[i].bridge || s->pl->bypass_n ||
				s->ifs[i].bridge != s->ifs[k].bridge ||
				s->ifs[i].role != ROLE_WAN ||
				s->ifs[k].role == ROLE_WAN)
				continue;
			m = read_bypass(s->pl, s->ifs[i].bridge_line->no,
				s->ifs[i].bridge_line->text);
			cond_num(match_cond(m, F_FAMILY, false), FAM_6, FAM_6);
			s->pl->bridge6 = true;
		}
}

/* IPv6 is off until an interface speaks it. */
static void absent(struct ios *s, enum family fam)
{
	const char *name = fam == FAM_6 ? "no ipv6" : "no ipv4";
	struct chain *c;

	for (size_t i = 0; i < s->if_n; i++) {
		s->v6 |= s->ifs[i].v6 || s->ifs[i].list[1][0];
		s->v4 |= s->ifs[i].v4 || s->ifs[i].list[0][0] ||
			 s->ifs[i].nat_out;
	}
	for (size_t i = 0; i < s->block_n; i++)
		if (s->blocks[i].kind == IOS_ACL)
			*(s->blocks[i].fam == FAM_6 ? &s->v6 : &s->v4) = true;
	if (fam == FAM_6 ? s->v6 : s->v4)
		return;
	c = value_gate(s->pl, PATH_FORWARD, name, fam, ROLE_WAN);
	pipeline_gate(s->pl, PATH_INPUT, name);
	c->end = V_DROP;
	origin_set(&c->end_origin, NULL, 0, "", fam == FAM_6
		? "no IPv6 is configured" : "no IPv4 is configured");
}

/* ---- the whole ---- */

int ios_looks(const char *text)
{
	static const char *const signs[] = {"\ninterface GigabitEthernet",
		"\ninterface Dialer", "\ninterface FastEthernet", "\nip nat inside",
		" ip access-group ", " ipv6 traffic-filter ", "access-list ",
		"zone-pair security", "\nversion 1", "Building configuration",
		"zone-member security", "\nline vty", " permit ", "interface Vlan"};
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		n += strstr(text, signs[i]) != NULL;
	/* NEC's lists are written alike, with "src any dest" */
	if (strstr(text, " dest ") && strstr(text, " src "))
		return 0;
	return n >= 2 ? n : 0;
}

static void done(struct ios *s)
{
	for (size_t i = 0; i < s->block_n; i++) {
		for (size_t k = 0; k < s->blocks[i].n; k++)
			words_done(&s->blocks[i].v[k].w);
		words_done(&s->blocks[i].head);
		free(s->blocks[i].v);
		free(s->blocks[i].name);
	}
	for (size_t i = 0; i < s->if_n; i++) {
		for (int k = 0; k < 4; k++) {
			free(s->ifs[i].list[k / 2][k % 2]);
			free(s->ifs[i].inspect[k / 2][k % 2]);
		}
		free(s->ifs[i].zone);
		free(s->ifs[i].name);
	}
	for (size_t i = 0; i < s->nat_n; i++)
		words_done(&s->nats[i].w);
	free(s->blocks);
	free(s->ifs);
	free(s->nats);
	capture_done(&s->cap);
}

/* "show running-config" ends with "end": without it the rest is missing. */
static void whole(struct ios *s, const char *text)
{
	bool end = false;

	if (!strstr(text, "Current configuration") && !strstr(text, "\nversion "))
		return;
	for (size_t i = 0; i < s->cap.n; i++)
		end |= !strcmp(s->cap.v[i].text, "end");
	if (!end)
		pipeline_unknown(s->pl, 0, true,
			_("the last line of a running-config is \"end\", and there is none: is the text whole?"));
}

int ios_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why)
{
	struct ios s = {.h = h, .pl = pl};

	ios_lines(&s, text);
	if (!s.if_n) {
		*why = xstrdup(_("no interface in it: give the output of \"show running-config\""));
		done(&s);
		return -EINVAL;
	}
	whole(&s, text);
	choose_roles(&s);
	pl->order = NAT_FIRST;
	nats(&s);
	lists(&s);
	ios_zones(&s);
	bridges(&s);
	absent(&s, FAM_6);
	absent(&s, FAM_4);
	done(&s);
	return 0;
}
