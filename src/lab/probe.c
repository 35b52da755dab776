/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One frame of a scan: any protocol, any port, with its mark. */
#include <errno.h>
#include "base/rd.h"
#include "lab/lab-own.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/sum.h"
#include "wire/udp.h"

enum { TCP = 6, UDP = 17, ICMP4 = 1, ICMP6 = 58, SYN = 2, TCP_LEN = 20,
	ECHO4 = 8, ECHO6 = 128 };

static int tcp_build(struct wr *w, const struct lab_probe *p,
	const uint8_t *mark)
{
	uint8_t *h = wr_room(w, TCP_LEN + LAB_MARK_LEN);

	if (!h)
		return -EMSGSIZE;
	put_be16(h, p->sport);
	put_be16(h + 2, p->dport);
	put_be32(h + 4, p->number);
	h[12] = TCP_LEN / 4 << 4;
	h[13] = SYN;
	put_be16(h + 14, 64240);
	memcpy(h + TCP_LEN, mark, LAB_MARK_LEN);
	sum_put(h, TCP_LEN + LAB_MARK_LEN, 16, p->fam, &p->src, &p->dst, TCP);
	return 0;
}

/*
 * Checksum of ICMP has no pseudo header, that of ICMPv6 has (RFC 4443 2.3).
 * Bytes 4 to 7 are an echo's identifier and sequence.
 */
static int icmp_build(struct wr *w, const struct lab_probe *p,
	const uint8_t *mark)
{
	enum { HEAD = 8 };
	uint8_t *h = wr_room(w, HEAD + LAB_MARK_LEN);

	if (!h)
		return -EMSGSIZE;
	h[0] = p->type ? p->type : p->proto == ICMP6 ? ECHO6 : ECHO4;
	h[1] = p->code;
	put_be16(h + 4, p->sport);
	put_be16(h + 6, p->dport);
	memcpy(h + HEAD, mark, LAB_MARK_LEN);
	if (p->proto == ICMP6)
		sum_put(h, HEAD + LAB_MARK_LEN, 2, p->fam, &p->src, &p->dst,
			ICMP6);
	else
		put_be16(h + 2, sum_finish(sum_add(0, h, HEAD + LAB_MARK_LEN)));
	return 0;
}

/*
 * An extension header with nothing behind: 16 bytes, the mark inside. Options
 * headers hold it in an option that unknowing nodes skip (RFC 8200 4.2); a
 * fragment header is that of a whole packet (RFC 6946); a routing header has no
 * segments left; AH and MH have lengths that fit. Behind AH stands ESP: with
 * nothing behind, conntrack calls it invalid and no rule is asked.
 */
static int ext_build(struct wr *w, const struct lab_probe *p,
	const uint8_t *mark)
{
	enum { SKIP_OPTION = 0x1e, FRAG_LEN = 8, ESP_LEN = 8 };
	uint8_t *h;

	if (p->proto == IP6_FRAGMENT) {
		h = wr_room(w, FRAG_LEN + LAB_MARK_LEN);
		if (!h)
			return -EMSGSIZE;
		h[0] = IP6_NONE;
		put_be32(h + 4, p->number);
		memcpy(h + FRAG_LEN, mark, LAB_MARK_LEN);
		return 0;
	}
	h = wr_room(w, p->proto == IP6_AH ? 16 + ESP_LEN : 16);
	if (!h)
		return -EMSGSIZE;
	h[0] = p->proto == IP6_AH ? IP6_ESP : IP6_NONE;
	h[1] = p->proto == IP6_AH ? 2 : 1;
	if (p->proto == IP6_HOPOPTS || p->proto == IP6_DSTOPTS) {
		h[2] = SKIP_OPTION;
		h[3] = LAB_MARK_LEN;
	} else if (p->proto == IP6_ROUTING) {
		h[2] = 253; /* experimental type (RFC 4727) */
	}
	memcpy(h + 4, mark, LAB_MARK_LEN);
	return 0;
}

static int plain_build(struct wr *w, const struct lab_probe *p,
	const uint8_t *mark)
{
	enum { HEAD = 8 }; /* SPI and sequence of ESP, ports of SCTP and DCCP */
	uint8_t *h = wr_room(w, HEAD + LAB_MARK_LEN);

	if (!h)
		return -EMSGSIZE;
	put_be16(h, p->sport);
	put_be16(h + 2, p->dport);
	put_be32(h + 4, p->number);
	memcpy(h + HEAD, mark, LAB_MARK_LEN);
	return 0;
}

static bool is_ext(const struct lab_probe *p)
{
	if (p->fam != FAM_6)
		return false;
	switch (p->proto) {
	case IP6_HOPOPTS:
	case IP6_ROUTING:
	case IP6_FRAGMENT:
	case IP6_AH:
	case IP6_DSTOPTS:
	case IP6_MOBILITY:
		return true;
	default:
		return false;
	}
}

static int upper_build(struct wr *w, const struct lab_probe *p)
{
	uint8_t mark[LAB_MARK_LEN];

	lab_mark_put(mark, p->run, p->number);
	if (p->proto == UDP)
		return udp_build(w, p->fam, &p->src, &p->dst, p->sport,
			p->dport, mark, sizeof(mark));
	if (p->proto == TCP)
		return tcp_build(w, p, mark);
	if (p->proto == ICMP6 || p->proto == ICMP4)
		return icmp_build(w, p, mark);
	return is_ext(p) ? ext_build(w, p, mark) : plain_build(w, p, mark);
}

int lab_probe_build(const struct lab_probe *p, uint8_t *buf, size_t cap)
{
	uint8_t hops = p->hops ? p->hops : 64;
	uint8_t upper[128];
	struct wr u = wr_of(upper, sizeof(upper)), w = wr_of(buf, cap);
	int e = upper_build(&u, p);

	if (e < 0)
		return e;
	eth_build(&w, &(struct eth_head){.dst = p->dst_mac, .src = p->src_mac,
		.type = p->fam == FAM_6 ? ETHTYPE_IP6 : ETHTYPE_IP4});
	if (p->fam == FAM_6)
		ip6_build(&w, &(struct ip6_head){.next = p->proto,
			.hop_limit = hops, .len = (uint16_t)wr_len(&u),
			.src = p->src, .dst = p->dst});
	else
		ip4_build(&w, &(struct ip4_head){.proto = p->proto, .ttl = hops,
			.id = (uint16_t)p->number,
			.len = (uint16_t)(IP4_HEAD_LEN + wr_len(&u)),
			.src = p->src, .dst = p->dst});
	wr_copy(&w, upper, wr_len(&u));
	return wr_ok(&w) ? (int)wr_len(&w) : -EMSGSIZE;
}
