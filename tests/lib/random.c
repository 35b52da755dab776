// SPDX-License-Identifier: GPL-2.0-or-later
#include "random.h"

#include <stdio.h>
#include <string.h>

static uint64_t state = 0x6b61646f6d6f7269;

void random_seed(uint64_t seed)
{
	state = seed * 2 + 1;
}

uint32_t random_below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % n;
}

static const char *const masks[] = {"2404:7a80:1:1::/64", "2404::/16",
	"::211:22ff:fe33:4455/-64", "2404:7a80:1:1::50", "::/0", "ff00::/8",
	"192.168.10.0/24", "192.168.10.9", "0.0.0.0/0", "10.0.0.0/8"};
static const char *const addrs[] = {"2404:7a80:1:1::50", "2404:1a8::1",
	"2404:7a80:1:1:211:22ff:fe33:4455", "2405::9", "ff02::1",
	"192.168.10.9", "192.168.10.77", "10.1.1.1", "8.8.8.8"};
static const uint8_t protos[] = {6, 17, 50, 58, 1, 51, 47};
static const uint16_t ports[] = {0, 22, 80, 499, 500, 501, 4500, 65535};

static struct addr some_addr(enum family fam)
{
	struct addr a;
	enum family f;

	do {
		(void)addr_parse(addrs[random_below(ARRAY_LEN(addrs))], &f, &a);
	} while (f != fam);
	return a;
}

static void some_addresses(struct cond *c)
{
	for (uint32_t n = random_below(3); n-- + 1 > 0;) {
		struct addrmask m;

		if (!addrmask_parse(masks[random_below(ARRAY_LEN(masks))], &m))
			cond_addr(c, &m);
	}
	if (random_below(4) == 0) {
		enum family fam = random_below(2) ? FAM_6 : FAM_4;
		struct addr a = some_addr(fam), b = some_addr(fam);

		cond_range(c, fam, addr_cmp(&a, &b) < 0 ? &a : &b,
			addr_cmp(&a, &b) < 0 ? &b : &a);
	}
}

static void some_cond(struct match *m)
{
	static const enum field fields[] = {F_FAMILY, F_IN, F_OUT, F_CT,
		F_DNAT, F_SRC, F_DST, F_PROTO, F_SPORT, F_DPORT, F_ITYPE,
		F_TCPFLAGS, F_EXTHDR, F_FRAG, F_SPI, F_PROTO, F_DPORT, F_DST};
	struct cond *c = match_cond(m, fields[random_below(ARRAY_LEN(fields))],
		random_below(4) == 0);
	uint32_t a, b;

	switch (c->f) {
	case F_SRC:
	case F_DST:	some_addresses(c); return;
	case F_FAMILY:	a = b = random_below(2) ? FAM_6 : FAM_4; break;
	case F_PROTO:	a = b = protos[random_below(ARRAY_LEN(protos))]; break;
	case F_SPORT:
	case F_DPORT:
		a = ports[random_below(ARRAY_LEN(ports))];
		b = ports[random_below(ARRAY_LEN(ports))];
		break;
	case F_TCPFLAGS:
		c->flag_mask = (uint8_t)random_below(64);
		c->flag_value = (uint8_t)(random_below(64) & (random_below(8) ? c->flag_mask : 63));
		return;
	case F_EXTHDR:	a = b = 1u << random_below(7); break;
	case F_DNAT:	a = b = random_below(2); break;
	default:	a = random_below(4); b = random_below(4); break;
	}
	cond_num(c, a < b ? a : b, a < b ? b : a);
	if (random_below(3) == 0)
		cond_num(c, b, b);
}

static void some_match(struct match *m)
{
	for (uint32_t n = random_below(4); n > 0; n--)
		some_cond(m);
}

static void some_chain(struct pipeline *pl, unsigned index, bool last)
{
	static const enum verdict v[] = {V_ACCEPT, V_DROP, V_REJECT, V_ACCEPT,
		V_CONTINUE, V_RETURN, V_JUMP, V_GOTO};
	static const enum verdict ends[] = {V_ACCEPT, V_DROP, V_RETURN};
	char name[8];
	struct chain *c;

	snprintf(name, sizeof(name), "c%u", index);
	c = pipeline_chain(pl, name, true);
	c->end = ends[random_below(3)];
	c->last_match = last;
	for (uint32_t n = random_below(7); n > 0; n--) {
		/* calls lead to later chains only; pf lists have none */
		enum verdict k = v[random_below(last ? 5 : index < 3 ? 8 : 6)];
		struct rule *r = chain_rule(c, k);

		r->quick = random_below(3) == 0;
		some_match(&r->match);
		if (k == V_JUMP || k == V_GOTO) {
			snprintf(name, sizeof(name), "c%u",
				index + 1 + random_below(3 - index + 1));
			r->target = xstrdup(name);
		}
	}
}

static void some_nat(struct pipeline *pl)
{
	for (uint32_t n = random_below(3); n > 0; n--) {
		struct nat_rule *r = GROW(pl->nat_in, pl->nat_in_n,
			pl->nat_in_cap);

		r->action = (enum nat_action)random_below(4);
		r->dst = some_addr(FAM_4);
		r->set_dst = true;
		cond_num(match_cond(&r->match, F_FAMILY, false), FAM_4, FAM_4);
		some_match(&r->match);
		r->set_port = random_below(2);
		if (r->set_port) {
			r->port_lo = r->port_hi = 500;
			cond_num(match_cond(&r->match, F_PROTO, false), 17, 17);
		}
		if (r->set_port && random_below(2)) {
			r->match_lo = 80;
			r->port_hi = 503;
			cond_num(match_cond(&r->match, F_DPORT, false), 80, 83);
		}
	}
}

struct pipeline *random_pipeline(void)
{
	struct pipeline *pl = pipeline_new();
	bool last = random_below(4) == 0;

	for (unsigned i = 0; i < 4; i++)
		some_chain(pl, i, last);
	some_nat(pl);
	pl->order = random_below(3) ? NAT_FIRST : FILTER_FIRST;
	pl->entry[PATH_FORWARD] = xstrdup("c0");
	if (random_below(2))
		pl->entry[PATH_INPUT] = xstrdup("c1");
	if (random_below(4) == 0) {
		some_match(GROW(pl->bypass, pl->bypass_n, pl->bypass_cap));
	}
	return pl;
}

struct packet random_packet(void)
{
	struct packet p = {.fam = random_below(2) ? FAM_6 : FAM_4,
		.in = (enum role)random_below(ROLE_MAX), .out = (enum role)random_below(ROLE_MAX),
		.ct = (enum ct_state)random_below(CT_MAX), .dnat = random_below(2),
		.proto = protos[random_below(ARRAY_LEN(protos))],
		.frag = (enum frag_kind)random_below(3)};

	if (random_below(2))
		p.ct = CT_NEW;
	p.src = some_addr(p.fam);
	p.dst = some_addr(p.fam);
	if (p.proto == 6 || p.proto == 17) {
		p.sport = ports[random_below(ARRAY_LEN(ports))];
		p.dport = random_below(2) ? ports[random_below(ARRAY_LEN(ports))]
				 : (uint16_t)(80 + random_below(5));
	}
	if (p.proto == 6)
		p.tcp_flags = (uint8_t)random_below(64);
	if (p.proto == 1 || p.proto == 58)
		p.icmp_type = (uint8_t)random_below(5);
	if (p.proto == 50 || p.proto == 51)
		p.spi = random_below(5);
	if (p.fam == FAM_6)
		p.exthdrs = random_below(2) ? 0 : (uint8_t)random_below(128);
	return p;
}
