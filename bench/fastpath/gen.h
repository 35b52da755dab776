/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KADOMORI_BENCH_GEN_H
#define KADOMORI_BENCH_GEN_H

#include <linux/types.h>

enum gen_kind { GEN_UDP6, GEN_ESP6, GEN_ESP4, GEN_NAT44, GEN_TCP4, GEN_MAX };

/* What the generator writes into each frame. */
struct gen_conf {
	__u32 kind, flows, out;	/* out: ifindex it redirects to */
	__u32 back;		/* from outside: answers */
	__u32 burst;		/* TCP: segments of a flow in a row */
	__u32 fresh;		/* each packet is a new flow */
	__u64 at;
};

/* Bare redirect: from lan0 to wan0, MACs only. */
struct bare_conf {
	__u8 dst[6], src[6];
};

#endif
