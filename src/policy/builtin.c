// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules that no household needs to write. Each names the requirement it
 * comes from; tests/conformance holds them to it.
 *
 *	forward ── rh0? drop ── established ── invalid ── sanity (REC-1..7)
 *	           ├── wan -> lan: wan_in   device rules, pinholes, defaults
 *	           ├── wan -> segment: seg_in
 *	           └── lan, segment -> wan: out
 *	input   ── to the gateway itself
 *
 * Sanity looks at new packets only: a flow exists because its first packet
 * passed sanity, and its addresses never change.
 */
#include "policy/build.h"

/* Protocol 58 inside IPv4 is no ICMPv6. */
static void is_icmp6(struct rule *r)
{
	r_num(r, F_FAMILY, FAM_6);
	r_num(r, F_PROTO, PROTO_ICMPV6);
}

void builtin_forward_head(struct build *b)
{
	static const uint32_t known[] = {CT_ESTABLISHED, CT_RELATED};
	struct rule *r;

	b->why = "rfc6092-rec4 routing header type 0";
	r_num(b_rule(b, "forward", V_DROP), F_EXTHDR, EXT_RH0);
	b->why = "established";
	r = b_rule(b, "forward", V_ACCEPT);
	r_nums(r, F_CT, known, ARRAY_LEN(known));
	b->why = "invalid";
	r_num(b_rule(b, "forward", V_DROP), F_CT, CT_INVALID);
	b->why = "sanity";
	b_jump(b, "forward", "sanity");
}

/* Addresses that may not cross the border, as source or as destination. */
static const char *const never6[] = {
	"fec0::/10",	  /* site-local, RFC 3879 */
	"::ffff:0:0/96",  /* v4-mapped */
	"::/96",	  /* v4-compatible, unspecified, loopback */
	"2001:db8::/32",  /* documentation, RFC 3849 */
	"3fff::/20",	  /* documentation, RFC 9637 */
	"2001:10::/28",	  /* ORCHID, RFC 4843 */
	"fe80::/10",	  /* link-local does not route */
	NULL};
static const char *const ula6[] = {"fc00::/7", NULL};
static const char *const mcast6[] = {"ff00::/8", NULL};
static const char *const never4[] = {
	"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16",
	"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", /* RFC 5737 */
	"224.0.0.0/4", "240.0.0.0/4", NULL};

static void drop_both_ways(struct build *b, const char *const *prefixes)
{
	r_addr_text(b_rule(b, "sanity", V_DROP), F_SRC, prefixes);
	r_addr_text(b_rule(b, "sanity", V_DROP), F_DST, prefixes);
}

/* Source inside the prefixes of the side it comes from, and only there. */
static void anti_spoof(struct build *b, enum role side, const char *set,
	enum family fam, const struct addrmask *nets, size_t n)
{
	struct rule *r = b_rule(b, "sanity", V_DROP);

	r_num(r, F_IN, side);
	r_set(r, F_SRC, true, set, fam, nets, n);
}

static void own_source_from_wan(struct build *b, const char *set,
	enum family fam, const struct addrmask *nets, size_t n)
{
	struct rule *r = b_rule(b, "sanity", V_DROP);

	r_num(r, F_IN, ROLE_WAN);
	r_set(r, F_SRC, false, set, fam, nets, n);
	/* one /64 on both sides: some of it does live outside */
	if (fam == FAM_6 && b->f->ndproxy_gate)
		r_set(r, F_SRC, true, "wanhosts", FAM_6, NULL, 0);
}

void builtin_sanity(struct build *b)
{
	const struct facts *f = b->f;

	b->why = "rfc6092-rec1 rec2 multicast";
	drop_both_ways(b, mcast6);
	b->why = "rfc6092-rec3 address never on the Internet";
	drop_both_ways(b, never6);
	b->why = "rfc6092-rec7 unique local address";
	drop_both_ways(b, ula6);
	b->why = "rfc6890 address never on the Internet";
	drop_both_ways(b, never4);
	b->why = "rfc6092-rec6 LAN source from outside";
	own_source_from_wan(b, "lan6", FAM_6, f->lan6, f->lan6_n);
	own_source_from_wan(b, "lan4", FAM_4, f->lan4, f->lan4_n);
	if (b_has_segment(b))
		own_source_from_wan(b, "seg6", FAM_6, f->seg6, f->seg6_n);
	b->why = "rfc6092-rec5 source not of the LAN";
	anti_spoof(b, ROLE_LAN, "lan6", FAM_6, f->lan6, f->lan6_n);
	anti_spoof(b, ROLE_LAN, "lan4", FAM_4, f->lan4, f->lan4_n);
	if (b_has_segment(b))
		anti_spoof(b, ROLE_SEG, "seg6", FAM_6, f->seg6, f->seg6_n);
}

static void accept_proto(struct build *b, const char *why, uint8_t proto,
	uint16_t dport)
{
	struct rule *r;

	b->why = why;
	r = b_rule(b, "wan_in", V_ACCEPT);
	r_num(r, F_FAMILY, FAM_6);
	r_num(r, F_PROTO, proto);
	if (dport)
		r_num(r, F_DPORT, dport);
}

/* RFC 6092: the default mode must not prohibit these, to any inside host. */
void builtin_wan_in_standard(struct build *b)
{
	b->at = NULL;
	accept_proto(b, "rfc6092-rec22 esp", PROTO_ESP, 0);
	accept_proto(b, "rfc6092-rec24 ike", PROTO_UDP, 500);
	accept_proto(b, "rfc6092-rec21 ah", PROTO_AH, 0);
	accept_proto(b, "rfc6092-rec26 hip", PROTO_HIP, 0);
}

void builtin_echo(struct build *b)
{
	struct rule *r;

	b->at = NULL;
	b->why = "rfc4890 echo request";
	r = b_rule(b, "wan_in", V_ACCEPT);
	is_icmp6(r);
	r_num(r, F_ITYPE, 128);
}

/* RFC 4890 4.3.3 to 4.3.5: never across a router, or only of a known kind. */
void builtin_icmp_out(struct build *b)
{
	struct rule *r;
	struct cond *c;

	b->at = NULL;
	b->why = "rfc4890 ICMPv6 that does not cross a router";
	r = b_rule(b, "out", V_DROP);
	is_icmp6(r);
	c = match_cond(&r->match, F_ITYPE, false);
	cond_num(c, 0, 0);
	cond_num(c, 5, 127);
	cond_num(c, 130, 143);
	cond_num(c, 148, 255);
}

static void input_icmp6(struct build *b)
{
	static const uint32_t nd[] = {134, 135, 136};
	static const uint32_t nd_lan[] = {130, 131, 132, 133, 135, 136, 143};
	struct rule *r;

	b->why = "rfc4890 neighbour discovery";
	r = b_rule(b, "input", V_ACCEPT);
	r_num(r, F_IN, ROLE_WAN);
	is_icmp6(r);
	r_nums(r, F_ITYPE, nd, ARRAY_LEN(nd));
	b->why = "rfc4890 listener queries";
	r = b_rule(b, "input", V_ACCEPT);
	r_num(r, F_IN, ROLE_WAN);
	is_icmp6(r);
	r_num(r, F_ITYPE, 130);
	if (b_has_segment(b)) {
		b->why = "segment neighbour discovery";
		r = b_rule(b, "input", V_ACCEPT);
		r_num(r, F_IN, ROLE_SEG);
		is_icmp6(r);
		r_nums(r, F_ITYPE, nd_lan, ARRAY_LEN(nd_lan));
	}
	b->why = "rfc4890 echo request to the gateway";
	if (b->in->echo) {
		r = b_rule(b, "input", V_ACCEPT);
		r_num(r, F_IN, ROLE_WAN);
		is_icmp6(r);
		r_num(r, F_ITYPE, 128);
	}
}

static void input_udp(struct build *b, enum role in, enum family fam,
	uint16_t sport, uint16_t dport, const char *src)
{
	struct rule *r = b_rule(b, "input", V_ACCEPT);
	struct addrmask m;

	r_num(r, F_IN, in);
	if (!src)
		r_num(r, F_FAMILY, fam);
	else if (!addrmask_parse(src, &m))
		r_addr(r, F_SRC, false, &m);
	r_num(r, F_PROTO, PROTO_UDP);
	if (sport)
		r_num(r, F_SPORT, sport);
	r_num(r, F_DPORT, dport);
}

static void input_segment(struct build *b)
{
	b->why = "segment: address and names from the gateway";
	input_udp(b, ROLE_SEG, FAM_6, 0, 53, NULL);
	input_udp(b, ROLE_SEG, FAM_4, 0, 53, NULL);
	input_udp(b, ROLE_SEG, FAM_6, 0, 547, NULL);
	input_udp(b, ROLE_SEG, FAM_4, 68, 67, NULL);
}

void builtin_input(struct build *b)
{
	static const uint32_t known[] = {CT_ESTABLISHED, CT_RELATED};
	struct rule *r;

	b->at = NULL;
	b->why = "loopback";
	r_num(b_rule(b, "input", V_ACCEPT), F_IN, ROLE_SELF);
	b->why = "rfc6092-rec4 routing header type 0";
	r_num(b_rule(b, "input", V_DROP), F_EXTHDR, EXT_RH0);
	b->why = "established";
	r = b_rule(b, "input", V_ACCEPT);
	r_nums(r, F_CT, known, ARRAY_LEN(known));
	b->why = "invalid";
	r_num(b_rule(b, "input", V_DROP), F_CT, CT_INVALID);
	input_icmp6(b);
	b->why = "dhcp client";
	input_udp(b, ROLE_WAN, FAM_6, 547, 546, "fe80::/10");
	input_udp(b, ROLE_WAN, FAM_4, 67, 68, NULL);
	if (b_has_segment(b))
		input_segment(b);
	b->why = "rfc6092-rec6 LAN source from outside";
	r = b_rule(b, "input", V_DROP);
	r_num(r, F_IN, ROLE_WAN);
	r_set(r, F_SRC, false, "lan6", FAM_6, b->f->lan6, b->f->lan6_n);
	if (b->f->ndproxy_gate)
		r_set(r, F_SRC, true, "wanhosts", FAM_6, NULL, 0);
	b->why = "the home talks to its gateway";
	r_num(b_rule(b, "input", V_ACCEPT), F_IN, ROLE_LAN);
	b->why = "rfc6092-rec50 no service towards the outside";
	pipeline_chain(b->pl, "input", true)->end = V_DROP;
	b_origin(b, &pipeline_chain(b->pl, "input", true)->end_origin);
}
