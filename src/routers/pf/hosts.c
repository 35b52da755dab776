// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses, ports, protocols and ICMP types of a pf rule -> conditions. What
 * only the running machine knows (names, tables from files) is opaque.
 */
#include "routers/pf/read-own.h"
#include "routers/value.h"

#include <ctype.h>
#include <string.h>

static bool is(const struct pf_line *l, size_t i, const char *w)
{
	return !strcmp(pf_word(l, i), w);
}

/* ---- sides ---- */

static void side_cond(struct cond *c, unsigned sides)
{
	if (sides & PF_WAN)
		cond_num(c, ROLE_WAN, ROLE_WAN);
	if (sides & PF_LAN)
		cond_num(c, ROLE_LAN, ROLE_LAN);
	if (sides & PF_SELF)
		cond_num(c, ROLE_SELF, ROLE_SELF);
}

/* ---- one address ---- */

enum host_kind {
	HOST_ANY,
	HOST_ADDR,	/* in cond */
	HOST_SELF,	/* an address of the machine itself */
	HOST_NET,	/* "em1:network": who lives on that side */
	HOST_NEVER,	/* no-route, urpf-failed: what is spoofed */
	HOST_FILE,	/* a table whose members stand elsewhere */
	HOST_OPAQUE,
};

static const struct pf_line *table_of(const struct pf *p, const char *name)
{
	for (size_t i = 0; i < p->table_n; i++)
		if (!strcmp(p->tables[i].name, name))
			return p->tables[i].line;
	return NULL;
}

/*
 * table <x> persist { a, b }: its members. A table without a list and file is
 * empty until a program fills it.
 */
static enum host_kind table(const struct pf *p, const char *name,
	struct cond *c)
{
	const struct pf_line *l = table_of(p, name);
	size_t i = 2;

	if (!l)
		return HOST_FILE;
	while (i < l->n && !is(l, i, "{")) {
		if (is(l, i, "file"))
			return HOST_FILE;
		i++;
	}
	if (!c->set)
		c->set = xstrdup(name);
	if (is(l, i + 1, "self") && is(l, i + 2, "}"))
		return HOST_SELF;
	for (i++; i < l->n && !is(l, i, "}"); i++)
		if (!is(l, i, ",") && !value_addr(c, FAM_NONE, l->w[i], NULL))
			return HOST_FILE;
	return is(l, i + 1, "file") ? HOST_FILE : HOST_ADDR;
}

/* Without parentheses, from word *i on; *sides for HOST_NET. */
static enum host_kind plain(const struct pf *p, const struct pf_line *l,
	size_t *i, struct cond *c, unsigned *sides)
{
	const char *w = pf_word(l, (*i)++), *colon;
	cleanup(freep) char *name = NULL;

	if (!strcmp(w, "any"))
		return HOST_ANY;
	if (!strcmp(w, "self"))
		return HOST_SELF;
	if (!strcmp(w, "no-route") || !strcmp(w, "urpf-failed"))
		return HOST_NEVER;
	if (!strcmp(w, "route")) {
		(*i)++;
		return HOST_OPAQUE;
	}
	if (*w == '<')
		return table(p, w, c);
	if (is(l, *i, "-")) { /* a range */
		cleanup(freep) char *range = xasprintf("%s-%s", w,
			pf_word(l, *i + 1));

		*i += 2;
		return value_addr(c, FAM_NONE, range, NULL) ? HOST_ADDR
							    : HOST_OPAQUE;
	}
	if (value_addr(c, FAM_NONE, w, NULL))
		return HOST_ADDR;
	colon = strchr(w, ':');
	name = colon ? xstrndup(w, (size_t)(colon - w)) : xstrdup(w);
	*sides = pf_sides(p, name);
	if (!*sides)
		return HOST_OPAQUE; /* a host's name, most likely */
	return colon && !strncmp(colon, ":network", 8) ? HOST_NET
	       : colon && !strncmp(colon, ":peer", 5)  ? HOST_OPAQUE
						       : HOST_SELF;
}

static enum host_kind host(const struct pf *p, const struct pf_line *l,
	size_t *i, struct cond *c, unsigned *sides)
{
	enum host_kind k;

	if (!is(l, *i, "("))
		return plain(p, l, i, c, sides);
	++*i;
	k = plain(p, l, i, c, sides);
	if (is(l, *i, ")"))
		++*i;
	return k == HOST_OPAQUE || k == HOST_FILE ? HOST_SELF : k; /* only interfaces stand in () */
}

/* ---- from and to ---- */

static bool host_cond(struct match *m, struct match *addr, enum field f,
	bool neg, enum host_kind k, unsigned sides, bool *to_self)
{
	enum field side = f == F_SRC ? F_IN : F_OUT;

	switch (k) {
	case HOST_ANY:
		if (neg)
			value_never(m);
		return true;
	case HOST_ADDR:
		match_copy(m, addr);
		return true;
	case HOST_SELF:
		cond_num(match_cond(m, side, neg), ROLE_SELF, ROLE_SELF);
		*to_self = f == F_DST && !neg;
		return true;
	case HOST_NET:
		side_cond(match_cond(m, side, neg), sides);
		return true;
	case HOST_NEVER:
		/* spoofed senders: what blocks them is not counted, so that
		 * more looks open than is */
		if (!neg)
			value_never(m);
		return true;
	case HOST_FILE:
	case HOST_OPAQUE:
		value_opaque(m, f == F_SRC ? "from" : "to");
		return true;
	}
	return false;
}

/*
 * What a list amounts to: any if one is any; addresses and tables together;
 * anything else only if it stands alone.
 */
static enum host_kind host_list(const struct pf *p, const struct pf_line *l,
	size_t *i, struct cond *c, unsigned *sides, enum field f)
{
	enum host_kind all = HOST_NEVER;

	for (; *i < l->n && !is(l, *i, "}");) {
		enum host_kind k;

		if (is(l, *i, ",")) {
			++*i;
			continue;
		}
		if (is(l, *i, "!")) { /* "everything but", as an alternative */
			++*i;
			(void)host(p, l, i, c, sides);
			k = HOST_OPAQUE;
		} else {
			k = host(p, l, i, c, sides);
		}
		/* what the machine itself sends comes in nowhere */
		if (k == HOST_SELF && f == F_SRC && (all == HOST_ADDR ||
				all == HOST_NET || !is(l, *i, "}")))
			continue;
		if (k == HOST_NEVER || all == HOST_ANY)
			continue;
		all = all == HOST_NEVER || k == HOST_ANY || k == all ? k
		      : k == HOST_FILE || all == HOST_FILE	     ? HOST_FILE
								     : HOST_OPAQUE;
	}
	++*i;
	return all;
}

static bool hosts_of(const struct pf *p, const struct pf_line *l, size_t *i,
	struct pf_hosts *h, enum field f)
{
	struct match addr = {0};
	bool neg = is(l, *i, "!"), ok;
	struct cond *c;
	enum host_kind k;
	unsigned sides = 0;

	*i += neg;
	c = match_cond(&addr, f, neg);
	if (is(l, *i, "{")) {
		++*i;
		k = host_list(p, l, i, c, &sides, f);
	} else {
		k = host(p, l, i, c, &sides);
	}
	h->file |= k == HOST_FILE;
	ok = host_cond(&h->m, &addr, f, neg, k, sides, &h->to_self);
	match_done(&addr);
	return ok && *i <= l->n;
}

bool pf_hosts(const struct pf *p, const struct pf_line *l, size_t *i,
	struct pf_hosts *ret)
{
	if (is(l, *i, "all"))
		return ++*i, true;
	for (int k = 0; k < 2; k++) {
		enum field f = k ? F_DST : F_SRC, port = k ? F_DPORT : F_SPORT;

		if (!is(l, *i, k ? "to" : "from"))
			continue;
		++*i;
		if (!is(l, *i, "port") && !hosts_of(p, l, i, ret, f))
			return false;
		if (is(l, *i, "port")) {
			++*i;
			if (!pf_ports(l, i, &ret->m, port))
				return false;
		}
		if (is(l, *i, "os")) {
			*i += 2;
			value_opaque(&ret->m, "os");
		}
	}
	return true;
}

/* ---- ports ---- */

static bool port_item(const struct pf_line *l, size_t *i, struct cond *c,
	bool *neg)
{
	const char *op = pf_word(l, *i), *v;
	uint32_t a, b;
	bool sign = strpbrk(op, "=<>!") != NULL;

	*i += sign;
	v = pf_word(l, (*i)++);
	*neg = !strcmp(op, "!=");
	if (!sign && (is(l, *i, "><") || is(l, *i, "<>"))) {
		bool out = is(l, *i, "<>");

		if (!value_port(v, &a) || !value_port(pf_word(l, *i + 1), &b))
			return false;
		*i += 2;
		*neg = out;
		if (out)
			return cond_num(c, a, b), a <= b;
		if (a + 1 >= b)
			return false;
		return cond_num(c, a + 1, b - 1), true;
	}
	if (!sign || !strcmp(op, "=") || *neg)
		return value_ports(c, v);
	if (!value_port(v, &a))
		return false;
	if (!strcmp(op, "<"))
		return a > 0 ? (cond_num(c, 0, a - 1), true) : false;
	if (!strcmp(op, "<="))
		return cond_num(c, 0, a), true;
	if (!strcmp(op, ">"))
		return a < 65535 ? (cond_num(c, a + 1, 65535), true) : false;
	return cond_num(c, a, 65535), true;
}

/* "sane-port": of /etc/services, which is not here. */
static bool service(const char *w)
{
	uint32_t p;

	return isalpha((unsigned char)*w) && !strpbrk(w, ":{}()<>,") &&
	       !value_port(w, &p);
}

bool pf_ports(const struct pf_line *l, size_t *i, struct match *m, enum field f)
{
	struct cond *c;
	bool neg = false, list = is(l, *i, "{");

	for (size_t k = *i + list; k < l->n && !is(l, k, "}"); k++) {
		if (service(pf_word(l, k))) {
			value_opaque(m, "port");
			while (list && *i < l->n && !is(l, *i, "}"))
				++*i;
			return ++*i <= l->n;
		}
		if (!list)
			break;
	}
	c = match_cond(m, f, false);
	if (!list) {
		if (!port_item(l, i, c, &neg))
			return false;
		c->neg = neg;
		return true;
	}
	for (++*i; *i < l->n && !is(l, *i, "}");) {
		if (is(l, *i, ",")) {
			++*i;
			continue;
		}
		/* "!=" in a list matches all but by accident: not followed */
		if (!port_item(l, i, c, &neg) || neg)
			return false;
	}
	return is(l, (*i)++, "}") && c->num_n > 0;
}

/* ---- protocols, ICMP ---- */

bool pf_protos(const struct pf_line *l, size_t *i, struct match *m)
{
	struct cond *c = match_cond(m, F_PROTO, false);
	bool list = is(l, *i, "{");
	uint32_t v;

	*i += list;
	for (;; ++*i) {
		if (list && is(l, *i, ","))
			continue;
		if (list && is(l, *i, "}"))
			break;
		/* "icmp" is protocol 1 in either family here */
		if (!value_proto(pf_word(l, *i), FAM_4, &v))
			return false;
		cond_num(c, v, v);
		if (!list)
			break;
	}
	++*i;
	return c->num_n > 0;
}

struct icmp_word {
	const char *name;
	int four, six;
};

static const struct icmp_word icmp_types[] = {
	{"echorep", 0, 129}, {"unreach", 3, 1}, {"squench", 4, -1},
	{"redir", 5, 137}, {"althost", 6, -1}, {"echoreq", 8, 128},
	{"routeradv", 9, 134}, {"routersol", 10, 133}, {"timex", 11, 3},
	{"paramprob", 12, 4}, {"timereq", 13, -1}, {"timerep", 14, -1},
	{"inforeq", 15, -1}, {"inforep", 16, -1}, {"maskreq", 17, -1},
	{"maskrep", 18, -1}, {"toobig", -1, 2}, {"groupqry", -1, 130},
	{"listqry", -1, 130}, {"grouprep", -1, 131}, {"listenrep", -1, 131},
	{"groupterm", -1, 132}, {"listendone", -1, 132},
	{"neighbrsol", -1, 135}, {"neighbradv", -1, 136},
	{"routrrenum", -1, 138},
};
static const struct icmp_word icmp_codes[] = {
	{"net-unr", 0, -1}, {"host-unr", 1, -1}, {"proto-unr", 2, -1},
	{"port-unr", 3, 4}, {"needfrag", 4, -1}, {"srcfail", 5, -1},
	{"admin-unr", -1, 1}, {"noroute-unr", -1, 0}, {"addr-unr", -1, 3},
	{"transit", 0, 0}, {"reassemb", 1, 1},
};

static bool icmp_word(const struct icmp_word *v, size_t n, const char *w,
	bool six, uint32_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		int x = six ? v[i].six : v[i].four;

		if (x >= 0 && !strcmp(v[i].name, w))
			return *ret = (uint32_t)x, true;
	}
	return value_number(w, 255, ret);
}

bool pf_icmp(const struct pf_line *l, size_t *i, struct match *m, bool six)
{
	struct match code = {0};
	struct cond *c;
	bool list = is(l, *i, "{"), ok = true;
	uint32_t v;

	*i += list;
	for (size_t k = *i; list && k < l->n && !is(l, k, "}"); k++)
		if (is(l, k, "code")) { /* pairs in a list: several rules */
			value_opaque(m, "icmp-type");
			while (*i < l->n && !is(l, *i, "}"))
				++*i;
			return ++*i <= l->n;
		}
	c = match_cond(m, F_ITYPE, false);
	for (; ok; ++*i) {
		if (list && is(l, *i, ","))
			continue;
		if (list && is(l, *i, "}"))
			break;
		ok = icmp_word(icmp_types, ARRAY_LEN(icmp_types),
			pf_word(l, *i), six, &v);
		if (ok)
			cond_num(c, v, v);
		if (ok && is(l, *i + 1, "code")) {
			ok = !list && icmp_word(icmp_codes, ARRAY_LEN(icmp_codes),
				pf_word(l, *i + 2), six, &v);
			if (ok)
				cond_num(match_cond(&code, F_ICODE, false), v, v);
			*i += 2;
		}
		if (!list)
			break;
	}
	++*i;
	ok = ok && c->num_n > 0;
	match_copy(m, &code);
	match_done(&code);
	return ok;
}
