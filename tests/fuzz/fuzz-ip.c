// SPDX-License-Identifier: GPL-2.0-or-later
/* A frame of any bytes; an IPv4 header that parses is built back the same. */
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/udp.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void again4(const struct ip4_head *h)
{
	uint8_t out[IP4_HEAD_LEN];
	struct wr w = wr_of(out, sizeof(out));
	struct ip4_head b;
	struct rd r;

	if (h->head_len != IP4_HEAD_LEN || h->len > sizeof(out))
		return;
	ip4_build(&w, h);
	r = rd_of(out, sizeof(out));
	if (ip4_parse(&r, &b) < 0 || b.frag_off != h->frag_off ||
		b.len != h->len || b.mf != h->mf || addr_cmp(&b.src, &h->src))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct rd r = rd_of(p, n);
	struct eth_head e;
	struct ip4_head h4;
	struct ip6_head h6;
	struct ip6_upper u;
	struct udp_head d;

	if (eth_parse(&r, &e) < 0)
		return 0;
	if (e.type == ETHTYPE_IP4 && ip4_parse(&r, &h4) == 0) {
		again4(&h4);
		udp_parse(&r, &d);
	}
	if (e.type == ETHTYPE_IP6 && ip6_parse(&r, &h6) == 0 &&
		ip6_walk(&r, h6.next, &u) == 0)
		udp_parse(&r, &d);
	return 0;
}
