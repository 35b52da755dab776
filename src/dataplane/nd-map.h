/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the NDP filter in the kernel (nd.bpf.c) and its loader share: one entry
 * an address, one description of the WAN port, one counter a reason.
 */
#ifndef KADOMORI_DATAPLANE_ND_MAP_H
#define KADOMORI_DATAPLANE_ND_MAP_H

#include <linux/types.h>

/* Hosts of the proxy, the gateway's own addresses, and room. */
enum { ND_MAP_ENTRIES = 8192 };

enum nd_map_flag {
	ND_ANSWER = 1,	/* a solicitation is answered here */
	ND_TELL = 2,	/* and goes up all the same: the host must be asked */
	ND_ASKED = 4,	/* known to the daemon (gone, probing): goes up beside
			   the strangers' budget */
	ND_OURS = 8,	/* the gateway's own: the kernel answers */
	ND_HEARD = 16,	/* a source on the WAN that needs no new evidence */
};

struct nd_map_key {
	__u8 addr[16];
};

struct nd_map_entry {
	__u64 until_ns;	/* CLOCK_BOOTTIME: believed without a daemon so long */
	__u64 asked;	/* answered here */
	__u64 told_ns;	/* ND_TELL: the last time; once a second is enough */
	__u32 flags;
	__u32 generation;	/* of the listen that set it */
};

struct nd_map_port {
	__u32 on;
	__u8 mac[6];
	__u8 ll[16];	/* source of the answers */
	__u8 pad[2];
};

enum nd_map_count {
	ND_C_ANSWERED,
	ND_C_UP,	/* left to the daemon */
	ND_C_OVER_STRANGER,	/* over a budget: targets nobody knows */
	ND_C_OVER_ASKED,
	ND_C_OVER_OURS,
	ND_C_OVER_OTHER,	/* NA, RA, RS, Redirect, odd forms */
	ND_C_HOPLIMIT,
	ND_C_SUM,
	ND_C_CODE,
	ND_C_LENGTH,
	ND_C_EXTHDR,
	ND_C_FRAGMENT,
	ND_C_TARGET,
	ND_C_SHORT,
	ND_C_MAX = 16,
};

enum nd_map_bucket { ND_B_STRANGER, ND_B_ASKED, ND_B_OURS, ND_B_OTHER,
	ND_B_RA, ND_B_MAX };

#endif
