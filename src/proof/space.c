// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets as bits: where each field stands, ranges and masks as diagrams. */
#include "proof/own.h"

#include <string.h>

const struct place places[SLOT_MAX] = {
	[S_FAMILY] = {0, 1},  [S_IN] = {1, 2},	   [S_OUT] = {3, 2},
	[S_CT] = {5, 3},      [S_DNAT] = {8, 1},   [S_FRAG] = {9, 2},
	[S_DST] = {11, 128},  [S_PROTO] = {139, 8}, [S_DPORT] = {147, 16},
	[S_SPORT] = {163, 16}, [S_ITYPE] = {179, 8}, [S_ICODE] = {187, 8},
	[S_FLAGS] = {195, 6}, [S_EXT] = {201, 8},  [S_SPI] = {209, 32},
	[S_SRC] = {241, 128},
};

enum slot space_slot(enum field f)
{
	switch (f) {
	case F_FAMILY:	 return S_FAMILY;
	case F_IN:	 return S_IN;
	case F_OUT:	 return S_OUT;
	case F_CT:	 return S_CT;
	case F_DNAT:	 return S_DNAT;
	case F_SRC:	 return S_SRC;
	case F_DST:	 return S_DST;
	case F_PROTO:	 return S_PROTO;
	case F_SPORT:	 return S_SPORT;
	case F_DPORT:	 return S_DPORT;
	case F_ITYPE:	 return S_ITYPE;
	case F_ICODE:	 return S_ICODE;
	case F_TCPFLAGS: return S_FLAGS;
	case F_EXTHDR:	 return S_EXT;
	case F_FRAG:	 return S_FRAG;
	case F_SPI:
	case F_OPAQUE:	 break;
	}
	return S_SPI;
}

/* field >= c, from the last bit up: a chain of at most one node a bit */
static bdd at_least(struct proof *pr, enum slot s, const uint8_t *bit)
{
	const struct place *p = &places[s];
	bdd r = BDD_ALL;

	for (unsigned i = p->bits; i-- > 0;)
		r = bit[i] ? bdd_node(pr->w, p->at + i, BDD_NO, r)
			   : bdd_node(pr->w, p->at + i, r, BDD_ALL);
	return r;
}

static bdd at_most(struct proof *pr, enum slot s, const uint8_t *bit)
{
	const struct place *p = &places[s];
	bdd r = BDD_ALL;

	for (unsigned i = p->bits; i-- > 0;)
		r = bit[i] ? bdd_node(pr->w, p->at + i, BDD_ALL, r)
			   : bdd_node(pr->w, p->at + i, r, BDD_NO);
	return r;
}

static void number_bits(uint32_t v, unsigned n, uint8_t *bit)
{
	for (unsigned i = 0; i < n; i++)
		bit[i] = n - 1 - i < 32 ? v >> (n - 1 - i) & 1 : 0;
}

bdd space_range(struct proof *pr, enum slot s, uint32_t lo, uint32_t hi)
{
	unsigned n = places[s].bits;
	uint32_t top = n >= 32 ? UINT32_MAX : (1u << n) - 1;
	uint8_t a[32], b[32];

	if (lo > top || lo > hi)
		return BDD_NO;
	number_bits(lo, n, a);
	number_bits(hi > top ? top : hi, n, b);
	return bdd_and(pr->w, at_least(pr, s, a), at_most(pr, s, b));
}

bdd space_equal(struct proof *pr, enum slot s, uint32_t v)
{
	return space_equal_on(pr, s, v, BDD_ALL);
}

bdd space_equal_on(struct proof *pr, enum slot s, uint32_t v, bdd r)
{
	const struct place *p = &places[s];

	if (p->bits < 32 && v >> p->bits)
		return BDD_NO;
	for (unsigned i = p->bits; i-- > 0;)
		r = v >> (p->bits - 1 - i) & 1
			    ? bdd_node(pr->w, p->at + i, BDD_NO, r)
			    : bdd_node(pr->w, p->at + i, r, BDD_NO);
	return r;
}

static bool bit_of(const uint8_t *b, unsigned i)
{
	return b[i / 8] >> (7 - i % 8) & 1;
}

bdd space_mask(struct proof *pr, enum slot s, const uint8_t *value,
	const uint8_t *mask)
{
	return space_mask_on(pr, s, value, mask, BDD_ALL);
}

bdd space_mask_on(struct proof *pr, enum slot s, const uint8_t *value,
	const uint8_t *mask, bdd r)
{
	const struct place *p = &places[s];

	for (unsigned i = p->bits; i-- > 0;) {
		if (!bit_of(mask, i))
			continue;
		r = bit_of(value, i) ? bdd_node(pr->w, p->at + i, BDD_NO, r)
				     : bdd_node(pr->w, p->at + i, r, BDD_NO);
	}
	return r;
}

bdd space_addr_range(struct proof *pr, enum slot s, const struct addr *lo,
	const struct addr *hi)
{
	uint8_t a[128], b[128];

	for (unsigned i = 0; i < 128; i++) {
		a[i] = bit_of(lo->b, i);
		b[i] = bit_of(hi->b, i);
	}
	return bdd_and(pr->w, at_least(pr, s, a), at_most(pr, s, b));
}

static bdd protos(struct proof *pr, const uint8_t *v, size_t n)
{
	bdd r = BDD_NO;

	for (size_t i = 0; i < n; i++)
		r = bdd_or(pr->w, r, space_equal(pr, S_PROTO, v[i]));
	return r;
}

static bdd if_not_then_zero(struct proof *pr, bdd cond, enum slot s)
{
	return bdd_or(pr->w, cond, space_equal(pr, s, 0));
}

/* Fields that a packet does not have are zero (struct packet says so). */
static bdd universe(struct proof *pr)
{
	static const uint8_t high[16] = {255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 0, 0, 0, 0};
	static const uint8_t zero[16];
	bdd r = space_range(pr, S_IN, 0, ROLE_MAX - 1);
	bdd short4 = bdd_and(pr->w, space_mask(pr, S_DST, zero, high),
		space_mask(pr, S_SRC, zero, high));

	short4 = bdd_and(pr->w, short4, space_equal(pr, S_EXT, 0));
	r = bdd_and(pr->w, r, space_range(pr, S_OUT, 0, ROLE_MAX - 1));
	r = bdd_and(pr->w, r, space_range(pr, S_CT, 0, CT_MAX - 1));
	r = bdd_and(pr->w, r, space_range(pr, S_FRAG, 0, FRAG_LATER));
	r = bdd_and(pr->w, r, bdd_or(pr->w, pr->is6, short4));
	r = bdd_and(pr->w, r, if_not_then_zero(pr, pr->has_ports, S_DPORT));
	r = bdd_and(pr->w, r, if_not_then_zero(pr, pr->has_ports, S_SPORT));
	r = bdd_and(pr->w, r, if_not_then_zero(pr, pr->is_icmp, S_ITYPE));
	r = bdd_and(pr->w, r, if_not_then_zero(pr, pr->is_icmp, S_ICODE));
	r = bdd_and(pr->w, r, if_not_then_zero(pr, pr->is_tcp, S_FLAGS));
	return bdd_and(pr->w, r, if_not_then_zero(pr, pr->has_spi, S_SPI));
}

static bdd keep(struct proof *pr, bdd f)
{
	return bdd_hold(pr->w, f);
}

void space_init(struct proof *pr)
{
	static const uint8_t ports[] = {PROTO_TCP, PROTO_UDP, PROTO_UDPLITE,
		PROTO_SCTP, PROTO_DCCP};
	static const uint8_t icmp[] = {PROTO_ICMP, PROTO_ICMPV6};
	static const uint8_t spi[] = {PROTO_ESP, PROTO_AH};

	pr->w = bdd_new();
	pr->is6 = keep(pr, space_equal(pr, S_FAMILY, 1));
	pr->is4 = keep(pr, space_equal(pr, S_FAMILY, 0));
	pr->has_ports = keep(pr, protos(pr, ports, ARRAY_LEN(ports)));
	pr->is_icmp = keep(pr, protos(pr, icmp, ARRAY_LEN(icmp)));
	pr->is_tcp = keep(pr, space_equal(pr, S_PROTO, PROTO_TCP));
	pr->has_spi = keep(pr, protos(pr, spi, ARRAY_LEN(spi)));
	pr->universe = keep(pr, universe(pr));
}

static void put_number(uint8_t *bits, enum slot s, uint32_t v)
{
	const struct place *p = &places[s];

	for (unsigned i = 0; i < p->bits; i++)
		bits[p->at + i] = v >> (p->bits - 1 - i) & 1;
}

static void put_addr(uint8_t *bits, enum slot s, const struct addr *a)
{
	for (unsigned i = 0; i < 128; i++)
		bits[places[s].at + i] = bit_of(a->b, i);
}

void space_bits(const struct packet *p, uint8_t bits[VARS])
{
	put_number(bits, S_FAMILY, p->fam == FAM_6);
	put_number(bits, S_IN, p->in);
	put_number(bits, S_OUT, p->out);
	put_number(bits, S_CT, p->ct);
	put_number(bits, S_DNAT, p->dnat);
	put_number(bits, S_FRAG, p->frag);
	put_addr(bits, S_DST, &p->dst);
	put_number(bits, S_PROTO, p->proto);
	put_number(bits, S_DPORT, p->dport);
	put_number(bits, S_SPORT, p->sport);
	put_number(bits, S_ITYPE, p->icmp_type);
	put_number(bits, S_ICODE, p->icmp_code);
	put_number(bits, S_FLAGS, p->tcp_flags);
	put_number(bits, S_EXT, p->exthdrs);
	put_number(bits, S_SPI, p->spi);
	put_addr(bits, S_SRC, &p->src);
}

static uint32_t number_at(const uint8_t *bits, enum slot s)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < places[s].bits; i++)
		v = v << 1 | bits[places[s].at + i];
	return v;
}

static struct addr addr_at(const uint8_t *bits, enum slot s)
{
	struct addr a = {{0}};

	for (unsigned i = 0; i < 128; i++)
		a.b[i / 8] |= (uint8_t)(bits[places[s].at + i] << (7 - i % 8));
	return a;
}

void space_packet(const uint8_t bits[VARS], struct packet *ret)
{
	*ret = (struct packet){
		.fam = number_at(bits, S_FAMILY) ? FAM_6 : FAM_4,
		.in = (enum role)number_at(bits, S_IN),
		.out = (enum role)number_at(bits, S_OUT),
		.ct = (enum ct_state)number_at(bits, S_CT),
		.dnat = number_at(bits, S_DNAT),
		.frag = (enum frag_kind)number_at(bits, S_FRAG),
		.dst = addr_at(bits, S_DST),
		.src = addr_at(bits, S_SRC),
		.proto = (uint8_t)number_at(bits, S_PROTO),
		.dport = (uint16_t)number_at(bits, S_DPORT),
		.sport = (uint16_t)number_at(bits, S_SPORT),
		.icmp_type = (uint8_t)number_at(bits, S_ITYPE),
		.icmp_code = (uint8_t)number_at(bits, S_ICODE),
		.tcp_flags = (uint8_t)number_at(bits, S_FLAGS),
		.exthdrs = (uint8_t)number_at(bits, S_EXT),
		.spi = number_at(bits, S_SPI),
	};
}
