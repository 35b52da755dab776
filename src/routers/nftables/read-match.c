// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nftables JSON (libnftables-json(5)): match expressions -> conditions. The
 * listing leaves out what it implies (a UDP port implies UDP); it is put back.
 */
#include "routers/nftables/read-own.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(json_t *v)
{
	return json_is_string(v) ? json_string_value(v) : "";
}

void nft_opaque(struct match *m, json_t *what)
{
	struct cond *c = match_cond(m, F_OPAQUE, false);
	char *s = json_dumps(what, JSON_COMPACT | JSON_ENCODE_ANY);

	c->opaque = xstrdup(s ? s : "?");
	free(s);
}

json_t *nft_elements(struct nft_reader *r, json_t *set)
{
	const char *name = text_of(set);
	json_t *o, *k;
	size_t i;

	if (json_is_object(set))
		return json_object_get(set, "set");
	if (*name != '@')
		return NULL;
	json_array_foreach(r->objects, i, o) {
		k = json_object_get(o, "set");
		if (!k)
			k = json_object_get(o, "map");
		if (!k || strcmp(text_of(json_object_get(k, "name")), name + 1) ||
			strcmp(text_of(json_object_get(k, "table")), r->table) ||
			strcmp(text_of(json_object_get(k, "family")), r->family))
			continue;
		return json_object_get(k, "elem"); /* NULL: empty */
	}
	return NULL;
}

/* ---- what a left side speaks of ---- */

enum kind { K_NUMBER, K_ADDR, K_IFACE, K_STATE, K_STATUS, K_FLAGS, K_FAMILY,
	K_NONE };

struct left {
	enum kind kind;
	enum field field;
	enum family fam;	/* implied */
	int proto;		/* implied, -1 none */
	bool no_exthdr;		/* nexthdr: the first header itself */
	struct addr mask;	/* K_ADDR under a mask */
	bool masked;
	uint32_t bits;		/* K_FLAGS under a mask */
};

static bool payload_ip(const char *proto, const char *field, struct left *l)
{
	bool six = !strcmp(proto, "ip6");

	if (!six && strcmp(proto, "ip"))
		return false;
	l->fam = six ? FAM_6 : FAM_4;
	if (!strcmp(field, "saddr") || !strcmp(field, "daddr")) {
		l->kind = K_ADDR;
		l->field = *field == 's' ? F_SRC : F_DST;
		return true;
	}
	if (!strcmp(field, "nexthdr") || !strcmp(field, "protocol")) {
		l->kind = K_NUMBER;
		l->field = F_PROTO;
		l->no_exthdr = six;
		return true;
	}
	return false;
}

static bool payload_upper(const char *proto, const char *field, struct left *l)
{
	static const struct {
		const char *name, *field;
		int proto;
		enum family fam;
		enum field f;
	} rows[] = {
		{"th", "sport", -1, 0, F_SPORT}, {"th", "dport", -1, 0, F_DPORT},
		{"tcp", "sport", 6, 0, F_SPORT}, {"tcp", "dport", 6, 0, F_DPORT},
		{"udp", "sport", 17, 0, F_SPORT}, {"udp", "dport", 17, 0, F_DPORT},
		{"sctp", "sport", 132, 0, F_SPORT},
		{"sctp", "dport", 132, 0, F_DPORT},
		{"dccp", "sport", 33, 0, F_SPORT},
		{"dccp", "dport", 33, 0, F_DPORT},
		{"udplite", "dport", 136, 0, F_DPORT},
		{"esp", "spi", 50, 0, F_SPI}, {"ah", "spi", 51, 0, F_SPI},
		{"icmp", "type", 1, FAM_4, F_ITYPE},
		{"icmp", "code", 1, FAM_4, F_ICODE},
		{"icmpv6", "type", 58, FAM_6, F_ITYPE},
		{"icmpv6", "code", 58, FAM_6, F_ICODE},
	};

	if (!strcmp(proto, "tcp") && !strcmp(field, "flags")) {
		*l = (struct left){.kind = K_FLAGS, .field = F_TCPFLAGS,
			.proto = 6};
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].name, proto) || strcmp(rows[i].field, field))
			continue;
		*l = (struct left){.kind = K_NUMBER, .field = rows[i].f,
			.fam = rows[i].fam, .proto = rows[i].proto};
		return true;
	}
	return false;
}

static bool left_meta(const char *key, struct left *l)
{
	if (!strcmp(key, "iifname") || !strcmp(key, "iif"))
		return l->kind = K_IFACE, l->field = F_IN, true;
	if (!strcmp(key, "oifname") || !strcmp(key, "oif"))
		return l->kind = K_IFACE, l->field = F_OUT, true;
	if (!strcmp(key, "l4proto"))
		return l->kind = K_NUMBER, l->field = F_PROTO, true;
	if (!strcmp(key, "nfproto"))
		return l->kind = K_FAMILY, l->field = F_FAMILY, true;
	return false;
}

static bool left_exthdr(json_t *e, struct left *l)
{
	static const struct {
		const char *name;
		uint8_t bit;
	} rows[] = {{"hbh", EXT_HBH}, {"dst", EXT_DST}, {"frag", EXT_FRAG},
		{"mh", EXT_MH}};
	const char *name = text_of(json_object_get(e, "name"));
	const char *field = text_of(json_object_get(e, "field"));

	l->field = F_EXTHDR;
	l->kind = K_NONE; /* existence; the right side says true or false */
	if (!strcmp(name, "rt") && !strcmp(field, "type")) {
		l->bits = EXT_RH0;
		l->kind = K_NUMBER;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows) && !*field; i++)
		if (!strcmp(rows[i].name, name))
			return l->bits = rows[i].bit, true;
	if (!strcmp(name, "rt") && !*field)
		return l->bits = EXT_RH0 | EXT_RH_OTHER, true;
	return false;
}

static bool left_plain(json_t *v, struct left *l)
{
	json_t *k;

	*l = (struct left){.proto = -1};
	k = json_object_get(v, "payload");
	if (k) {
		const char *proto = text_of(json_object_get(k, "protocol"));
		const char *field = text_of(json_object_get(k, "field"));

		return payload_ip(proto, field, l) ||
		       payload_upper(proto, field, l);
	}
	k = json_object_get(v, "meta");
	if (k)
		return left_meta(text_of(json_object_get(k, "key")), l);
	k = json_object_get(v, "exthdr");
	if (k)
		return left_exthdr(k, l);
	k = json_object_get(v, "ct");
	if (k && !strcmp(text_of(json_object_get(k, "key")), "state"))
		return l->kind = K_STATE, l->field = F_CT, true;
	if (k && !strcmp(text_of(json_object_get(k, "key")), "status"))
		return l->kind = K_STATUS, l->field = F_DNAT, true;
	return false;
}

static uint32_t tcp_flag_bits(json_t *v)
{
	static const char *const names[] = {"fin", "syn", "rst", "psh", "ack",
		"urg"};
	json_t *o, *parts = json_object_get(v, "|");
	uint32_t bits = 0;
	size_t i;

	if (json_is_integer(v))
		return (uint32_t)json_integer_value(v) & 0x3f;
	for (i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(text_of(v), names[i]))
			return 1u << i;
	json_array_foreach(parts ? parts : v, i, o)
		bits |= tcp_flag_bits(o);
	return bits;
}

/* {"&": [payload, mask]} */
static bool left_side(json_t *v, struct left *l)
{
	json_t *and = json_object_get(v, "&");
	enum family fam;

	if (!and)
		return left_plain(v, l);
	if (!left_plain(json_array_get(and, 0), l))
		return false;
	if (l->kind == K_FLAGS) {
		l->bits = tcp_flag_bits(json_array_get(and, 1));
		l->masked = true;
		return true;
	}
	l->masked = l->kind == K_ADDR &&
		    !addr_parse(text_of(json_array_get(and, 1)), &fam, &l->mask);
	return l->masked;
}

/* ---- right sides ---- */

static const struct {
	const char *name;
	uint32_t v;
} number_names[] = {
	{"tcp", 6}, {"udp", 17}, {"esp", 50}, {"ah", 51}, {"icmp", 1},
	{"icmpv6", 58}, {"ipv6-icmp", 58}, {"sctp", 132}, {"dccp", 33},
	{"udplite", 136}, {"comp", 108}, {"gre", 47}, {"hip", 139},
	{"ipip", 4}, {"ipencap", 4}, {"ipv6", 41}, {"igmp", 2},
	{"destination-unreachable", 1}, {"packet-too-big", 2},
	{"time-exceeded", 3}, {"parameter-problem", 4}, {"echo-request", 128},
	{"echo-reply", 129}, {"mld-listener-query", 130},
	{"mld-listener-report", 131}, {"mld-listener-done", 132},
	{"mld-listener-reduction", 132}, {"nd-router-solicit", 133},
	{"nd-router-advert", 134}, {"nd-neighbor-solicit", 135},
	{"nd-neighbor-advert", 136}, {"nd-redirect", 137},
	{"router-renumbering", 138}, {"ind-neighbor-solicit", 141},
	{"ind-neighbor-advert", 142}, {"mld2-listener-report", 143},
};

/* The same words mean other numbers in ICMP. */
static const struct {
	const char *name;
	uint32_t v;
} icmp4_names[] = {
	{"echo-reply", 0}, {"destination-unreachable", 3}, {"source-quench", 4},
	{"redirect", 5}, {"echo-request", 8}, {"router-advertisement", 9},
	{"router-solicitation", 10}, {"time-exceeded", 11},
	{"parameter-problem", 12}, {"timestamp-request", 13},
	{"timestamp-reply", 14}, {"info-request", 15}, {"info-reply", 16},
	{"address-mask-request", 17}, {"address-mask-reply", 18},
};

/* nft prints the codes of "unreachable" by name, whatever the type is. */
static const struct {
	const char *name;
	int four, six; /* -1: not in this family */
} code_names[] = {
	{"net-unreachable", 0, -1}, {"host-unreachable", 1, -1},
	{"prot-unreachable", 2, -1}, {"port-unreachable", 3, 4},
	{"frag-needed", 4, -1}, {"net-prohibited", 9, -1},
	{"host-prohibited", 10, -1}, {"admin-prohibited", 13, 1},
	{"no-route", -1, 0}, {"addr-unreachable", -1, 3},
	{"policy-fail", -1, 5}, {"reject-route", -1, 6},
};

static bool code(const struct left *l, const char *s, uint32_t *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(code_names); i++) {
		int v = l->proto == PROTO_ICMP ? code_names[i].four
					       : code_names[i].six;

		if (v >= 0 && !strcmp(s, code_names[i].name))
			return *ret = (uint32_t)v, true;
	}
	return false;
}

static bool number(const struct left *l, json_t *v, uint32_t *ret)
{
	const char *s = text_of(v);

	if (json_is_integer(v)) {
		*ret = (uint32_t)json_integer_value(v);
		return true;
	}
	if (l->field == F_ICODE)
		return code(l, s, ret);
	for (size_t i = 0; l->proto == PROTO_ICMP && i < ARRAY_LEN(icmp4_names); i++)
		if (!strcmp(s, icmp4_names[i].name))
			return *ret = icmp4_names[i].v, true;
	for (size_t i = 0; i < ARRAY_LEN(number_names); i++)
		if (!strcmp(s, number_names[i].name))
			return *ret = number_names[i].v, true;
	return false;
}

static bool add_number(const struct left *l, struct cond *c, json_t *v)
{
	json_t *range = json_object_get(v, "range");
	uint32_t lo, hi;

	if (range) {
		if (!number(l, json_array_get(range, 0), &lo) ||
			!number(l, json_array_get(range, 1), &hi))
			return false;
		cond_num(c, lo, hi);
		return true;
	}
	if (!number(l, v, &lo))
		return false;
	cond_num(c, lo, lo);
	return true;
}

static bool add_addr(const struct left *l, struct cond *c, json_t *v)
{
	json_t *prefix = json_object_get(v, "prefix");
	json_t *range = json_object_get(v, "range");
	struct addrmask m = {.fam = l->fam};
	struct addr lo, hi;
	enum family fam;

	if (range) {
		if (addr_parse(text_of(json_array_get(range, 0)), &fam, &lo) ||
			addr_parse(text_of(json_array_get(range, 1)), &fam, &hi))
			return false;
		cond_range(c, l->fam, &lo, &hi);
		return true;
	}
	if (addr_parse(text_of(prefix ? json_object_get(prefix, "addr") : v),
			&fam, &m.value) || fam != l->fam)
		return false;
	m.mask = mask_of_len(fam, fam == FAM_6 ? 128 : 32);
	if (prefix)
		m.mask = mask_of_len(fam, (unsigned)json_integer_value(
			json_object_get(prefix, "len")));
	if (l->masked)
		m.mask = l->mask;
	m.value = addr_and(&m.value, &m.mask);
	cond_addr(c, &m);
	return true;
}

/* A role for an interface; one that is nobody's never carries what we ask. */
static bool add_iface(struct nft_reader *r, struct cond *c, json_t *v)
{
	enum role role;

	if (!json_is_string(v))
		return false;
	if (read_role(r->h, text_of(v), &role)) {
		cond_num(c, role, role);
	} else if (r->wan) {
		role = names_have(r->wan, text_of(v)) ? ROLE_WAN : ROLE_LAN;
		cond_num(c, role, role);
	} else {
		r->unnamed = true;
	}
	return true;
}

static bool add_state(struct cond *c, json_t *v)
{
	for (int s = 0; s < CT_MAX; s++) {
		if (strcmp(text_of(v), ct_state_name((enum ct_state)s)))
			continue;
		cond_num(c, (uint32_t)s, (uint32_t)s);
		return true;
	}
	return false;
}

static bool add_value(struct nft_reader *r, const struct left *l,
	struct cond *c, json_t *v)
{
	json_t *elem = json_object_get(v, "elem"); /* with timeout or comment */

	if (elem)
		v = json_object_get(elem, "val");
	switch (l->kind) {
	case K_NUMBER: return add_number(l, c, v);
	case K_ADDR:   return add_addr(l, c, v);
	case K_IFACE:  return add_iface(r, c, v);
	case K_STATE:  return add_state(c, v);
	case K_FAMILY:
		cond_num(c, !strcmp(text_of(v), "ipv6") ? FAM_6 : FAM_4,
			!strcmp(text_of(v), "ipv6") ? FAM_6 : FAM_4);
		return true;
	default: return false;
	}
}

static bool add_values(struct nft_reader *r, const struct left *l,
	struct cond *c, json_t *right)
{
	bool named = *text_of(right) == '@';
	json_t *list = nft_elements(r, right), *v;
	size_t i;

	if (!list && json_is_array(right))
		list = right;
	if (!list && named) {
		c->set_fam = l->fam; /* an empty set matches nothing */
		return true;
	}
	if (!list)
		return add_value(r, l, c, right);
	if (json_array_size(list) == 0)
		c->set_fam = l->fam;
	json_array_foreach(list, i, v)
		if (!add_value(r, l, c, v))
			return false;
	return true;
}

/* ---- one match ---- */

static void implied(struct match *m, const struct left *l)
{
	struct cond *c;

	if (l->fam) {
		c = match_cond(m, F_FAMILY, false);
		cond_num(c, l->fam, l->fam);
	}
	if (l->proto >= 0) {
		c = match_cond(m, F_PROTO, false);
		cond_num(c, (uint32_t)l->proto, (uint32_t)l->proto);
	}
}

static void match_exthdr(struct match *m, const struct left *l, bool neg,
	json_t *right)
{
	struct cond *c = match_cond(m, F_EXTHDR, neg);

	if (json_is_false(right) ||
		(json_is_integer(right) && l->kind == K_NONE &&
			!json_integer_value(right)))
		c->neg = !neg;
	if (l->kind == K_NUMBER && json_integer_value(right) != 0) {
		cond_num(c, EXT_RH_OTHER, EXT_RH_OTHER);
		return;
	}
	for (uint32_t b = 1; b < 256; b <<= 1)
		if (l->bits & b)
			cond_num(c, b, b);
}

/* "tcp flags syn" (in), "tcp flags & (syn|ack) == syn", "... != 0" */
static bool match_flags(struct match *m, const struct left *l, const char *op,
	json_t *right)
{
	uint32_t want = tcp_flag_bits(right);
	bool ne = !strcmp(op, "!=");
	struct cond *c;

	if (!l->masked && !strcmp(op, "in") && __builtin_popcount(want) != 1)
		return false;
	c = match_cond(m, F_TCPFLAGS, ne);
	c->flag_mask = l->masked ? (uint8_t)l->bits
		       : !strcmp(op, "in") ? (uint8_t)want : 0x3f;
	c->flag_value = (uint8_t)want;
	return true;
}

/*
 * "ip6 nexthdr udp" looks at the first header only: packets with extension
 * headers do not match (AH is such a header itself and is meant).
 */
static void no_exthdr(struct match *m, const struct cond *c)
{
	struct cond *e;

	if (c->num_n == 1 && c->nums[0].lo == PROTO_AH)
		return;
	e = match_cond(m, F_EXTHDR, true);
	for (uint32_t b = 1; b <= EXT_AH; b <<= 1)
		cond_num(e, b, b);
}

static bool one_match(struct nft_reader *r, struct match *m, json_t *left,
	const char *op, json_t *right)
{
	bool neg = !strcmp(op, "!=");
	struct left l;
	struct cond *c;

	if (strcmp(op, "==") && strcmp(op, "!=") && strcmp(op, "in"))
		return false;
	if (!left_side(left, &l))
		return false;
	implied(m, &l);
	if (l.field == F_EXTHDR)
		return match_exthdr(m, &l, neg, right), true;
	if (l.kind == K_FLAGS)
		return match_flags(m, &l, op, right);
	if (l.kind == K_STATUS) {
		if (strcmp(text_of(right), "dnat"))
			return false;
		c = match_cond(m, F_DNAT, neg);
		cond_num(c, 1, 1);
		return true;
	}
	c = match_cond(m, l.field, neg);
	if (!add_values(r, &l, c, right))
		return false;
	if (l.no_exthdr)
		no_exthdr(m, &m->conds[m->n - 1]);
	return true;
}

/* Undo what a failed attempt added, and say that it is not known. */
static void match_or_opaque(struct nft_reader *r, struct match *m, json_t *left,
	const char *op, json_t *right, json_t *whole)
{
	struct match try = {0};

	if (one_match(r, &try, left, op, right))
		match_copy(m, &try);
	else
		nft_opaque(m, whole);
	match_done(&try);
}

void nft_key_is(struct nft_reader *r, struct match *m, json_t *key,
	json_t *value)
{
	json_t *keys = json_object_get(key, "concat");
	json_t *values = json_object_get(value, "concat");
	json_t *elem = json_object_get(value, "elem"), *k;
	size_t i;

	if (elem) {
		nft_key_is(r, m, key, json_object_get(elem, "val"));
		return;
	}
	if (!keys) {
		match_or_opaque(r, m, key, "==", value, value);
		return;
	}
	json_array_foreach(keys, i, k)
		match_or_opaque(r, m, k, "==", json_array_get(values, i), value);
}

/* "a . b @set": one draft more for each element. */
static void match_concat(struct nft_reader *r, struct drafts *d, json_t *m)
{
	json_t *left = json_object_get(m, "left"), *e;
	json_t *list = nft_elements(r, json_object_get(m, "right"));
	struct drafts all = {0};
	size_t i;

	for (size_t k = 0; k < d->n; k++) {
		json_array_foreach(list, i, e) {
			struct match *to;

			if (all.n == DRAFTS_MAX)
				break;
			to = GROW(all.v, all.n, all.cap);
			match_copy(to, &d->v[k]);
			nft_key_is(r, to, left, e);
		}
		match_done(&d->v[k]);
	}
	free(d->v);
	*d = all;
}

void nft_match(struct nft_reader *r, struct drafts *d, json_t *m)
{
	json_t *left = json_object_get(m, "left");
	const char *op = text_of(json_object_get(m, "op"));

	if (json_object_get(left, "concat") && strcmp(op, "!=") &&
		json_array_size(nft_elements(r, json_object_get(m, "right"))) <
			DRAFTS_MAX / (d->n + 1)) {
		match_concat(r, d, m);
		return;
	}
	for (size_t i = 0; i < d->n; i++)
		match_or_opaque(r, &d->v[i], left, op,
			json_object_get(m, "right"), m);
}
