/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the BPF half (lease.bpf.c) and the daemon's half (load.c) both know:
 * the table of leases and the block of settings, both mapped into the daemon.
 */
#ifndef KADOMORI_DATAPLANE_LEASE_H
#define KADOMORI_DATAPLANE_LEASE_H

#include <linux/types.h>

enum {
	LEASE_WAYS = 4,
	LEASE_PORTS = 64,	/* a perfect hash of ifindex picks one */
	LEASE_HOPS = 4096,	/* next hops; full: new flows stay slow */
	LEASE_WANTED = 65536,	/* questions to the far port, by hash */
	LEASE_SEEN = 65536,	/* counters of packets before a flow may enter */

	/* milliseconds */
	LEASE_MS = 1000,	/* then conntrack and the FIB are asked again */
	LEASE_DEAD_MS = 3000,	/* then the slot is anybody's */
	LEASE_ASK_MS = 50,	/* a packet sent up must come out by then */
	LEASE_BEAT_MS = 1500,	/* without the daemon's word all goes slow */

	LEASE_COPY_MARK = 0x6b647370, /* to ...7f: the learner's own packets */
	LEASE_TC_INDEX = 0x6b64, /* on what tc ingress forwards itself */
	LEASE_ENTER = 3,	/* packets of a flow before it may enter */
	LEASE_MUCH = 65536, /* bytes of TCP a second */
	LEASE_ESP_SEQ = 16,	/* below: left to the learner (nft/emit-esp) */
};

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "ports are read as one little-endian word, and so are ports with meta"
#endif

/*
 * Hash of a flow: the low bits choose its set, the two highest the way in it.
 * Where looking flows up costs more than it brings (a million of them at a
 * packet a second each), only those are looked up whose bits under LEASE_AWAY
 * & mask are all zero; the others go up as if there were no table.
 */
enum { LEASE_SETS_MASK = (1 << 24) - 1, LEASE_AWAY = 15 << 24 };

/* A tick is 2^20 ns: 1.05 ms. The clock is the coarse one. */
enum { LEASE_TICK_SHIFT = 20 };

enum lease_state {
	LEASE_FREE,
	LEASE_BUSY,	/* being written */
	LEASE_PENDING,	/* conntrack knows it; not yet seen at the far port */
	LEASE_PROVEN,	/* the kernel passed one: usable */
	LEASE_ASKED,	/* usable, a sample is on its way through the kernel */
};

/*
 * One flow in one direction, one cache line.
 *	IPv6: a[0..3] source, a[4..7] destination
 *	IPv4: a[0] source, a[1] destination, then what becomes of it:
 *	      a[2] source, a[3] destination, a[4] ports,
 *	      a[5] sum of the header's changes, a[6] of what layer 4 sums up,
 *	      a[7] ESP: sequence number of the sample
 * ports: as in the packet (source, destination), or the SPI.
 * meta: protocol | family << 8 | side (struct lease_port.side) << 16
 * head: next hop | state << 16; changed by compare-and-swap only.
 * till: when it must be looked at again: a second after conntrack and the FIB
 * were asked (lease_checked), the next sample, the end of the daemon's word.
 */
struct lease {
	union {
		__u32 a[8];
		__u64 w[4];
	};
	union {
		struct {
			__u32 ports, meta;
		};
		__u64 id; /* both: ports are the lower half */
	};
	union {
		struct {
			__u32 head;
			__u32 stamp; /* generations it was proven under */
		};
		__u64 standing; /* both: above the hop as in lease_conf.good */
	};
	__u32 till;	/* ticks */
	__u32 due;	/* ticks: the next sample, or the end of one's time */
	union {
		struct {
			__u32 packets, bytes; /* since it was last checked */
		};
		__u64 both;
	};
};

/* Ticks: about when conntrack and the FIB were asked last. */
static inline __u32 lease_checked(const struct lease *l)
{
	return l->till - LEASE_MS;
}

struct lease_set {
	struct lease way[LEASE_WAYS];
};

#define LEASE_META(proto, fam, side) \
	((__u32)(proto) | (__u32)(fam) << 8 | (__u32)(side) << 16)

enum { PORT_XDP_OUT = 1,	/* XDP may send out of it */
	PORT_TC_OUT = 2,	/* tc may */
	PORT_WAN = 4,
	PORT_BRIDGED = 8,	/* the FDB says which MAC is behind it */
	PORT_BARE = 16 };	/* IP without Ethernet: PPP, tunnels; tc only */

/*
 * A device that packets come in by or go out of. side: the routed device it
 * belongs to, as a small number (a bridge's ports share the bridge's), never 0.
 */
struct lease_port {
	__u32 ifindex;	/* 0: nothing here */
	__u32 l3;	/* the routed device: itself or its bridge */
	union {
		struct {
			__u8 mac[6]; /* of the routed device */
			__u8 side, flags;
		};
		__u64 mac_first;
	};
	__u64 id4, id6;	/* lease.id of its packets, less protocol and ports */
	__u32 mtu;
	__u32 pad[7];
};

/* Where a packet goes: never changed while in use. */
struct lease_hop {
	__u8 dst[6], src[6];
	__u16 port;	/* index into ports[], and into the devmap */
	__u16 mtu;
	__u32 used;	/* ticks; 0: free */
	__u32 flags;	/* the port's */
	__u32 mtu_xdp;	/* 0: XDP may not send out of it */
	__u32 pad;
} __attribute__((aligned(32)));

enum lease_event {
	LEASE_EV_FAST,		/* folded: packets that went fast */
	LEASE_EV_FAST_BYTES,	/* of IP */
	LEASE_EV_MISS,		/* no lease: went to the kernel */
	LEASE_EV_UNUSUAL,	/* fragments, options, SYN/FIN/RST and the like */
	LEASE_EV_NEW,		/* flows that entered */
	LEASE_EV_PROVEN,
	LEASE_EV_CHECK,		/* conntrack and FIB asked again */
	LEASE_EV_GONE,		/* ... and not found, or another answer */
	LEASE_EV_SAMPLE,
	LEASE_EV_FULL,		/* a set without a free slot */
	LEASE_EV_NOHOP,		/* the table of next hops is full */
	LEASE_EV_TOOBIG,	/* over the path's MTU */
	LEASE_EV_MAX
};
struct lease_count {
	__u64 ev[LEASE_EV_MAX];
	struct {
		__u64 packets, bytes;
	} in[LEASE_PORTS];	/* folded, by the lease's side */
};

/* ESP over IPv4: what the learner knows. in: host is 0 in the key. */
struct lease_esp {
	__u32 host, peer, spi;	/* as on the wire */
	__u32 in;
};

/* ... and what went fast by it (folded). */
struct lease_esp_to {
	__u32 host, pad;
	__u64 packets;
};

struct lease_fdb {
	__u8 mac[6];
	__u16 side;
};

/* A TCP flow that would enter once conntrack is told to be liberal with it:
 * its tuple as the packet has it. */
struct lease_wish {
	__u32 a[8];
	__u32 ports;
	__u32 meta;
};

/* The daemon's settings; the first line is read by each packet. */
struct lease_conf {
	__u32 mult;	/* of the ports' hash */
	__u32 mask;	/* of the sets in use: few flows, few pages; above them
			 * of the flows that are looked at (LEASE_AWAY) */
	__u64 coarse;	/* jiffies << 32 | ticks then; the programs keep it */
	__u64 good;	/* stamp << 16 | LEASE_PROVEN, where
			 * stamp: policy generation << 16 | network generation */
	__u64 keys[5];	/* of the hash, random */
	__u32 until;	/* ticks; the daemon moves it on */
	__u32 wan4;	/* our address outside, 0: none */
	__u32 sample;	/* ticks between samples */
	__u32 liberal;	/* conntrack is liberal with all TCP */
	__u32 pad[12];
	struct lease_port ports[LEASE_PORTS];
	__u32 l3[LEASE_PORTS];	/* routed device of a side */
} __attribute__((aligned(64)));

static inline __u32 lease_stamp(const struct lease_conf *c)
{
	return c->good >> 16;
}

#endif
