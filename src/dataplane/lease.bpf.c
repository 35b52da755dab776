// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fast path: a cache of leases over the kernel's own forwarding.
 *
 *	XDP (or tc ingress)                            tc egress, far port
 *	 lease good ─────────── rewrite, redirect ─────────▶ wire
 *	 none, third packet ─ conntrack? ─ PENDING, "seen this?"
 *	        └── up ─▶ nftables, conntrack, routing ─▶ "yes": PROVEN
 *
 * A flow goes fast only after a packet of it, in this direction and from this
 * side, has come out at the far port through the kernel: that is the proof
 * that policy passes it, and it brings MACs and port along. Each second
 * conntrack and the FIB are asked again; each few seconds a packet is sent
 * through the kernel as a sample, and must come out within LEASE_ASK_MS. A
 * change of rules takes all proofs away at once (stamp). What is not plain
 * goes up.
 *
 * Nothing here is needed for anything but speed: PASS is always right.
 *
 * Sums of layer 4 are carried on, not looked at (so does the kernel's flowtable):
 * to add up 1400 bytes costs as much as all else here. A wrong one stays as wrong
 * as it was and its receiver refuses it; conntrack would have (INVALID).
 *
 * Slots are never rewritten while a reader may use them: the way from one flow
 * to another leads over LEASE_DEAD_MS of disuse, then BUSY, PENDING, a packet
 * through the kernel, PROVEN. Every step is a compare-and-swap of head.
 */
#include "dataplane/lease-slow.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

/* so much of a packet is looked for first; what is shorter goes up */
enum { IP_ROOM = sizeof(struct ipv6hdr) };
enum { ACK = 0x10, PLAIN = 0x08 | 0x40 | 0x80 }; /* PSH, ECE, CWR */

/* A packet that may go fast, as found. */
struct pkt {
	void *data, *end;
	struct lease_port *port;
	__u16 proto;	/* EtherType, as on the wire */
	__u32 frame, rest; /* bytes of it; after the link's header */
	__u32 gso, l4;	/* payload of a packet on the wire, its header */
	__u32 ip;	/* IP bytes */
	__u32 seq;	/* ESP */
	__u32 now;	/* ticks */
	__u64 id;	/* as in struct lease */
};

static __noinline int enter_xdp(struct xdp_md *ctx, const struct key *k,
	__u32 h)
{
	enter(ctx, true, k, h);
	return XDP_PASS;
}

static __noinline int enter_tc(struct __sk_buff *ctx, const struct key *k,
	__u32 h)
{
	enter(ctx, false, k, h);
	return TC_ACT_UNSPEC;
}

static __noinline int stale_xdp(struct xdp_md *ctx, struct lease *l,
	__u32 slot, __u32 now, __u32 seq)
{
	return stale(ctx, true, l, slot, now, seq);
}

static __noinline int stale_tc(struct __sk_buff *ctx, struct lease *l,
	__u32 slot, __u32 now, __u32 seq)
{
	return stale(ctx, false, l, slot, now, seq);
}

/* Proven under the rules of now, and its time is not over. */
static __always_inline bool fresh(const struct lease *l, __u32 now)
{
	return l->standing >> 16 == conf.good && !expired(l, now);
}

/*
 * What the layer 4 header must look like for the kernel to have no question.
 * room: bytes of it that are known to be there.
 */
static __always_inline bool plain4(struct pkt *p, void *l4, __u32 room,
	__u8 proto, __u32 l4len)
{
	struct udphdr *u = l4;
	__u32 n, ports;
	__u8 *b = l4;

	if (room < 8 && l4 + 8 > p->end)
		return false;
	ports = *(__u32 *)l4;
	p->id |= two(proto, ports);
	if (proto == IPPROTO_UDP) {
		n = bpf_ntohs(u->len);
		p->l4 = sizeof(*u);
		/* IKE has zones and a learner of its own */
		return n >= 8 && n <= l4len &&
		       ports != (bpf_htons(500) | bpf_htons(500) << 16);
	}
	if (proto == IPPROTO_TCP) {
		if (room < 20 && l4 + 20 > p->end)
			return false;
		p->l4 = b[12] >> 2 & 0x3c;
		return (b[13] & ~PLAIN) == ACK && p->l4 >= 20 && p->l4 <= l4len;
	}
	if (proto != IPPROTO_ESP)
		return false;
	p->seq = ((__u32 *)l4)[1];
	return l4len >= 8;
}

/* A frame's end is the packet's, padding to 60 bytes apart. */
static __always_inline bool fits(__u32 rest, __u32 ip)
{
	return rest == ip || (rest <= ETH_ZLEN - ETH_HLEN && ip < rest);
}

static __always_inline bool header4_good(const struct iphdr *ip)
{
	const __u32 *w = (const void *)ip;
	__u64 x = (__u64)w[0] + w[1] + w[2] + w[3] + w[4];

	/* under 2^35: no more than 0x10004 after the second time, and not 0 */
	x = (x & 0xffff) + (x >> 16);
	x = (x & 0xffff) + (x >> 16);
	return x == 0xffff;
}

static __always_inline bool plain_ip4(struct pkt *p, struct iphdr *ip)
{
	p->ip = bpf_ntohs(ip->tot_len);
	p->id = p->port->id4;
	if (*(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(0xbfff) ||
		ip->ttl <= 1 || p->ip < 28 || !fits(p->rest, p->ip) ||
		!plain4(p, ip + 1, IP_ROOM - sizeof(*ip), ip->protocol,
			p->ip - 20) ||
		!header4_good(ip))
		return false;
	/* the first ones are the learner's (nft/emit-esp.c) */
	return ip->protocol != IPPROTO_ESP ||
	       bpf_ntohl(p->seq) >= LEASE_ESP_SEQ;
}

static __always_inline bool plain_ip6(struct pkt *p, struct ipv6hdr *ip)
{
	p->ip = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	p->id = p->port->id6;
	return *(__u8 *)ip >> 4 == 6 && ip->hop_limit > 1 && p->ip >= 48 &&
	       fits(p->rest, p->ip) &&
	       plain4(p, ip + 1, IP_ROOM - sizeof(*ip), ip->nexthdr,
		       p->ip - sizeof(*ip));
}

static __always_inline bool is_of6(const struct lease *l, const __u64 *w,
	__u64 id)
{
	return l->id == id && l->w[0] == w[0] && l->w[1] == w[1] &&
	       l->w[2] == w[2] && l->w[3] == w[3];
}

static __always_inline bool is_of4(const struct lease *l, __u64 addrs,
	__u64 id)
{
	return l->id == id && l->w[0] == addrs;
}

/* A slot given up is nobody's: the flow may enter anew. LEASE_WAYS: none. */
static __noinline __u32 way4(const struct lease_set *set, __u32 way,
	__u64 addrs, __u64 id)
{
	for (__u32 i = 0; i < LEASE_WAYS; i++, way++) {
		const struct lease *l = &set->way[way & (LEASE_WAYS - 1)];

		if (is_of4(l, addrs, id) && state_of(l->head))
			return way & (LEASE_WAYS - 1);
		/* never used: a flow would have taken this one */
		if (!l->id)
			break;
	}
	return LEASE_WAYS;
}

static __noinline __u32 way6(const struct lease_set *set, __u32 way,
	const __u64 *w, __u64 id)
{
	for (__u32 i = 0; i < LEASE_WAYS; i++, way++) {
		const struct lease *l = &set->way[way & (LEASE_WAYS - 1)];

		if (is_of6(l, w, id) && state_of(l->head))
			return way & (LEASE_WAYS - 1);
		if (!l->id)
			break;
	}
	return LEASE_WAYS;
}

/* Whatever cannot go now as it is: its lease may be renewed. */
static __always_inline bool renewed(void *ctx, bool xdp, struct lease *l,
	__u32 slot, const struct pkt *p)
{
	struct lease_hop *hop = &hops[l->head & (LEASE_HOPS - 1)];

	if (!alive(p->now))
		return false;
	/* what XDP may not send is tc's, samples and all */
	if (xdp && state_of(l->head) >= LEASE_PROVEN && !hop->mtu_xdp)
		return false;
	return xdp ? stale_xdp(ctx, l, slot, p->now, p->seq)
		   : stale_tc(ctx, l, slot, p->now, p->seq);
}

/* Where to, or NULL: up. */
static __always_inline struct lease_hop *hop_for(bool xdp,
	const struct lease *l, const struct pkt *p)
{
	__u32 l3len = (l->meta >> 8 & 0xff) == F4 ? 20 : 40;
	struct lease_hop *hop = &hops[l->head & (LEASE_HOPS - 1)];

	if (xdp && p->ip <= hop->mtu_xdp)
		return hop;
	if (!(hop->flags & (xdp ? PORT_XDP_OUT : PORT_TC_OUT)))
		return NULL;
	if (!xdp && (p->gso ? p->gso + p->l4 + l3len : p->ip) <= hop->mtu)
		return hop;
	note(LEASE_EV_TOOBIG, 1);
	return NULL;
}

/* IPv4 of an XDP frame; the sums are whole. */
static __always_inline void rewrite4(const struct lease *l, struct iphdr *ip,
	void *l4)
{
	struct tcphdr *t = l4;
	struct udphdr *u = l4;
	__u64 *addrs = (void *)&ip->saddr;
	__u16 sum;

	*addrs = l->w[1];
	ip->check = sum_with(ip->check, l->a[5]);
	ip->ttl--;
	if (ip->protocol == IPPROTO_ESP)
		return;
	*(__u32 *)l4 = l->a[4];
	if (ip->protocol == IPPROTO_TCP) {
		t->check = sum_with(t->check, l->a[6]);
	} else if (u->check) {
		sum = sum_with(u->check, l->a[6]);
		u->check = sum ? sum : 0xffff;
	}
}

/* The same of an skb, whose sum may be left to the device. */
static __always_inline int rewrite4_skb(struct __sk_buff *skb,
	const struct lease *l, struct iphdr *ip, __u32 at)
{
	__u32 news = l->a[4], addr = l->a[5] + 1; /* the header's alone */
	__u32 port_change = fold((__u64)(__u32)~l->ports + news);
	__u8 proto = ip->protocol;
	__u64 udp = proto == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
	__u32 sum = at + (proto == IPPROTO_TCP ? 16 : 6);

	ip->saddr = l->a[2];
	ip->daddr = l->a[3];
	ip->check = sum_with(ip->check, l->a[5]);
	ip->ttl--;
	if (proto == IPPROTO_ESP)
		return 0;
	if (bpf_l4_csum_replace(skb, sum, 0, addr, BPF_F_PSEUDO_HDR | udp) ||
		bpf_l4_csum_replace(skb, sum, 0, port_change, udp))
		return -1;
	return bpf_skb_store_bytes(skb, at, &news, 4, 0);
}

/* Source and destination lie side by side. */
static __always_inline const __u64 *addrs_of(const void *l3, bool six)
{
	return six ? l3 + 8 : l3 + 12;
}

static __always_inline __u32 hash_of(const __u64 *w, bool six, __u64 id)
{
	return six ? hash6(w, id) : hash4(w[0], id);
}

/* The flow's way in the set, or LEASE_WAYS. */
static __always_inline __u32 way_of(const struct lease_set *set, const __u64 *w,
	bool six, __u64 id, __u32 h)
{
	return six ? way6(set, h >> 30, w, id) : way4(set, h >> 30, w[0], id);
}

/*
 * A packet that goes up for what it is. One that begins or ends a TCP
 * connection takes the lease of its direction along: the next connection of
 * the same ports, perhaps a moment later, has another conntrack entry, which
 * must be told to be liberal before it too goes past it.
 */
static __noinline int unusual(void *l3, void *end, bool six, __u32 side)
{
	struct iphdr *ip = l3;
	__u8 *l4 = l3 + (six ? sizeof(struct ipv6hdr) : sizeof(*ip));
	const __u64 *w = addrs_of(l3, six);
	struct lease_set *set;
	struct lease *l;
	__u32 h, at, way;
	__u64 id;

	note(LEASE_EV_UNUSUAL, 1);
	if ((void *)(l4 + 14) > end ||
		(six ? ((struct ipv6hdr *)ip)->nexthdr
		     : ip->protocol) != IPPROTO_TCP ||
		!(l4[13] & ~(ACK | PLAIN)) ||
		(!six && (*(__u8 *)ip != 0x45 ||
				 ip->frag_off & bpf_htons(0x1fff))))
		return 0;
	id = two(LEASE_META(IPPROTO_TCP, six ? F6 : F4, side), *(__u32 *)l4);
	h = hash_of(w, six, id);
	at = h & conf.mask & LEASE_SETS_MASK;
	set = bpf_map_lookup_elem(&leases, &at);
	way = set ? way_of(set, w, six, id, h) : LEASE_WAYS;
	if (!set || way >= LEASE_WAYS)
		return 0;
	l = &set->way[way];
	if (state_of(l->head) >= LEASE_PENDING)
		give_up(l, l->head, ticks());
	return 0;
}

/* A flow without a lease. */
static __always_inline void missed(void *ctx, bool xdp, const struct pkt *p,
	const __u64 *w, bool six, __u32 h)
{
	struct key k = {.w = {w[0], six ? w[1] : 0, six ? w[2] : 0,
				six ? w[3] : 0},
		.id = p->id, .seq = p->seq};

	xdp ? enter_xdp(ctx, &k, h) : enter_tc(ctx, &k, h);
}

/* The lease of this packet and its hop, if it may go now; else NULL: up. */
static __always_inline struct lease *lease_at(void *ctx, bool xdp,
	struct pkt *p, void *l3, bool six, struct lease_hop **hop)
{
	const __u64 *w = addrs_of(l3, six);
	struct lease_set *set;
	struct lease *l;
	__u32 h, at, way;

	if (!(six ? plain_ip6(p, l3) : plain_ip4(p, l3))) {
		unusual(l3, p->end, six, p->port->side);
		return NULL;
	}
	h = hash_of(w, six, p->id);
	at = h & conf.mask;
	set = bpf_map_lookup_elem(&leases, &at);
	if (!set) /* LEASE_AWAY: no table is that large */
		return NULL;
	/* mostly a flow is where its hash says, and its lease good */
	l = &set->way[h >> 30];
	asm volatile("" : "+r"(l)); /* or clang reckons it out at each use */
	if (!(six ? is_of6(l, w, p->id) : is_of4(l, w[0], p->id)) ||
		!fresh(l, p->now)) {
		way = way_of(set, w, six, p->id, h);
		if (way >= LEASE_WAYS) {
			missed(ctx, xdp, p, w, six, h);
			return NULL;
		}
		l = &set->way[way];
		if (!fresh(l, p->now) &&
			!renewed(ctx, xdp, l, at * LEASE_WAYS + way, p))
			return NULL;
	}
	*hop = hop_for(xdp, l, p);
	return *hop ? l : NULL;
}

/* As a word; struct ethhdr is packed, and would be read by the byte. */
static __always_inline __u16 type_of(const void *eth)
{
	return *(const __u16 *)(eth + 12);
}

/* The frame is for the port's routed device. */
static __always_inline bool is_for(const void *eth, const struct lease_port *p)
{
	return (*(const __u64 *)eth ^ p->mac_first) << 16 == 0;
}

/* Twelve bytes in a row on both sides. */
static __always_inline void set_macs(void *eth, const struct lease_hop *h)
{
	*(__u64 *)eth = *(const __u64 *)h->dst;
	*(__u32 *)(eth + 8) = *(const __u32 *)(h->src + 2);
}

static __always_inline int send_xdp(const struct pkt *p, struct lease *l,
	const struct lease_hop *hop)
{
	set_macs(p->data, hop);
	l->both += two(p->ip, 1);
	return bpf_redirect_map(&out_ports, hop->port, XDP_PASS);
}

/* -1: up. */
static __always_inline int xdp4(struct xdp_md *ctx, struct pkt *p,
	struct iphdr *ip)
{
	struct lease_hop *hop;
	struct lease *l = lease_at(ctx, true, p, ip, false, &hop);

	if (!l)
		return -1;
	rewrite4(l, ip, ip + 1);
	return send_xdp(p, l, hop);
}

static __always_inline int xdp6(struct xdp_md *ctx, struct pkt *p,
	struct ipv6hdr *ip)
{
	struct lease_hop *hop;
	struct lease *l = lease_at(ctx, true, p, ip, true, &hop);

	if (!l)
		return -1;
	ip->hop_limit--;
	return send_xdp(p, l, hop);
}

static __always_inline int forward(struct xdp_md *ctx)
{
	__u32 from = ctx->ingress_ifindex;
	struct pkt p = {.now = ticks(), .port = row_of(from),
		.data = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end};
	void *l3 = p.data + ETH_HLEN;
	__u16 type;

	if (p.port->ifindex != from || l3 + IP_ROOM > p.end ||
		!is_for(p.data, p.port))
		return -1;
	p.rest = p.end - l3;
	type = type_of(p.data);
	if (type == bpf_htons(ETH_P_IPV6))
		return xdp6(ctx, &p, l3);
	return type == bpf_htons(ETH_P_IP) ? xdp4(ctx, &p, l3) : -1;
}

SEC("xdp.frags")
int lease_xdp(struct xdp_md *ctx)
{
	int act = forward(ctx);

	if (act >= 0)
		return act;
	act = XDP_PASS;
	asm volatile("" : "+r"(act)); /* or clang keeps a register for it */
	return act;
}

/* l2: bytes of the link's header, none but Ethernet's or none. */
static __always_inline struct lease *lease_of(struct __sk_buff *skb,
	struct pkt *p, __u32 l2, struct lease_hop **hop)
{
	void *l3 = p->data + l2;

	if (!p->port || l3 + IP_ROOM > p->end || (l2 && !is_for(p->data, p->port)))
		return NULL;
	p->rest = p->frame - l2;
	p->proto = l2 ? type_of(p->data) : p->proto;
	if (p->proto == bpf_htons(ETH_P_IP))
		return lease_at(skb, false, p, l3, false, hop);
	if (p->proto == bpf_htons(ETH_P_IPV6))
		return lease_at(skb, false, p, l3, true, hop);
	return NULL;
}

/* The packet as it leaves: at: where its IP header stands. */
static __always_inline int rewrite_skb(struct __sk_buff *skb,
	const struct lease *l, __u32 at)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ipv6hdr *ip = data + at;

	if (data + at + sizeof(*ip) > end)
		return -1;
	if ((l->meta >> 8 & 0xff) == F4)
		return rewrite4_skb(skb, l, data + at,
			at + sizeof(struct iphdr));
	ip->hop_limit--;
	bpf_csum_update(skb, bpf_htons(0xfffe)); /* CHECKSUM_COMPLETE */
	return 0;
}

/* at: bytes of the header that the frame has by now. */
static __always_inline int send_tc(struct __sk_buff *skb, struct lease *l,
	const struct pkt *p, const struct lease_hop *hop, __u32 at)
{
	struct lease_port *to = &conf.ports[hop->port & (LEASE_PORTS - 1)];
	void *data = (void *)(long)skb->data;
	struct ethhdr *eth = data;

	if (at) {
		if (data + sizeof(*eth) > (void *)(long)skb->data_end)
			return TC_ACT_SHOT; /* cannot be */
		set_macs(eth, hop);
		eth->h_proto = p->proto;
	}
	if (rewrite_skb(skb, l, at))
		return TC_ACT_SHOT; /* half rewritten; cannot be */
	l->both += two(p->ip, 1);
	skb->tc_index = LEASE_TC_INDEX;
	return bpf_redirect(to->ifindex, 0);
}

/* Where XDP is not, and towards ports it may not send to (a shaper's). */
SEC("tc")
int lease_tc(struct __sk_buff *skb)
{
	struct pkt p = {.now = ticks(),
		.port = port_of(skb->ingress_ifindex),
		.data = (void *)(long)skb->data,
		.end = (void *)(long)skb->data_end, .frame = skb->len,
		.gso = skb->gso_size};
	struct lease_hop *hop;
	struct lease *l;

	if (!p.port || skb->vlan_present || p.port->flags & PORT_BARE)
		return TC_ACT_UNSPEC;
	l = lease_of(skb, &p, ETH_HLEN, &hop);
	if (!l)
		return TC_ACT_UNSPEC;
	/* towards PPP and tunnels the header goes off by itself */
	return send_tc(skb, l, &p, hop, ETH_HLEN);
}

/* From PPP and tunnels, which have no Ethernet header. */
SEC("tc")
int lease_bare(struct __sk_buff *skb)
{
	struct pkt p = {.now = ticks(),
		.port = port_of(skb->ingress_ifindex),
		.data = (void *)(long)skb->data,
		.end = (void *)(long)skb->data_end, .frame = skb->len,
		.gso = skb->gso_size, .proto = skb->protocol};
	struct lease_port *to;
	struct lease_hop *hop;
	struct lease *l;

	if (!p.port || skb->vlan_present || !(p.port->flags & PORT_BARE))
		return TC_ACT_UNSPEC;
	l = lease_of(skb, &p, 0, &hop);
	if (!l)
		return TC_ACT_UNSPEC;
	to = &conf.ports[hop->port & (LEASE_PORTS - 1)];
	if (to->flags & PORT_BARE)
		return send_tc(skb, l, &p, hop, 0);
	/* merged packets of over 16 kB do not take it: the kernel's */
	if (bpf_skb_change_head(skb, ETH_HLEN, 0))
		return TC_ACT_UNSPEC;
	return send_tc(skb, l, &p, hop, ETH_HLEN);
}

/* Is this the packet the lease waits for? */
static __always_inline bool is_proof(const struct lease *l, void *l3,
	__u32 ports, __u32 meta, __u32 seq)
{
	const struct iphdr *ip = l3;
	const __u32 *a = (void *)&((struct ipv6hdr *)l3)->saddr;

	if (l->meta != meta || state_of(l->head) < LEASE_PENDING ||
		state_of(l->head) == LEASE_PROVEN)
		return false;
	if ((meta >> 8 & 0xff) == F4)
		return l->a[2] == ip->saddr && l->a[3] == ip->daddr &&
		       l->a[4] == ports &&
		       ((__u8)meta != IPPROTO_ESP || l->a[7] == seq);
	for (int i = 0; i < 8; i++)
		if (l->a[i] != a[i])
			return false;
	return l->ports == ports;
}

/* macs: destination and source of the frame, or zeros. */
static __always_inline void prove(struct lease *l, __u32 slot,
	const __u8 *macs, __u32 port, __u32 now)
{
	struct lease_port *to = &conf.ports[port & (LEASE_PORTS - 1)];
	struct lease_fdb k = {.side = to->side};
	__u32 head = l->head, *behind;
	struct lease_hop *h = &hops[head & (LEASE_HOPS - 1)];
	int hop;

	/* judged by rules that are no more, or too long ago */
	if ((l->stamp ^ stamp_now()) >> 16 || (__s32)(l->due - now) <= 0)
		return;
	if (to->flags & PORT_BRIDGED) { /* or it was flooded */
		__builtin_memcpy(k.mac, macs, 6);
		behind = bpf_map_lookup_elem(&fdb, &k);
		if (!behind || *behind != to->ifindex)
			return;
	}
	if (state_of(head) == LEASE_ASKED && h->port == port &&
		same_mac(h->dst, macs) &&
		same_mac(h->src, macs + 6)) {
		l->due = now + beat(l, slot, false);
		end_by(l, l->due);
		h->used = now | 1;
		move(l, head, LEASE_PROVEN, head);
		return;
	}
	hop = hop_of(macs, macs + 6, port, to->mtu, now);
	if (hop == GO_UP) {
		note(LEASE_EV_NOHOP, 1);
		return;
	}
	/* before its first use conntrack and the FIB are asked */
	l->till = now - 1;
	l->due = now + beat(l, slot, true);
	if (move(l, head, LEASE_PROVEN, hop))
		note(LEASE_EV_PROVEN, 1);
}

SEC("tc")
int lease_egress(struct __sk_buff *skb)
{
	struct lease_port *from, *to;
	__u32 ports, meta, seq, set_at, slot, *w, now = ticks();
	struct lease_set *set;
	void *end, *l3, *l4;
	__u16 proto = skb->protocol;
	__u64 macs[2] = {0}, b, id;
	struct lease *l;
	bool six;

	/* our own doing proves nothing; neither what this machine says itself,
	 * nor the copies of ESP that nobody knows the owner of (nft/emit-esp):
	 * they pass no policy */
	if (skb->tc_index == LEASE_TC_INDEX || !skb->ingress_ifindex ||
		skb->vlan_present || /* a bridge will tag it, we would not */
		(skb->mark ^ LEASE_COPY_MARK) < 16 ||
		past(now, asked, LEASE_ASK_MS))
		return TC_ACT_UNSPEC;
	from = port_of(skb->ingress_ifindex);
	to = port_of(skb->ifindex);
	if (!from || !to || from->side == to->side)
		return TC_ACT_UNSPEC;
	l3 = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (!(to->flags & PORT_BARE)) {
		if (l3 + ETH_HLEN > end)
			return TC_ACT_UNSPEC;
		macs[0] = *(const __u64 *)l3;
		macs[1] = *(const __u32 *)(l3 + 8);
		proto = type_of(l3);
		l3 += ETH_HLEN;
	}
	if (l3 + sizeof(struct ipv6hdr) > end)
		return TC_ACT_UNSPEC;
	six = proto == bpf_htons(ETH_P_IPV6);
	if (!six && (proto != bpf_htons(ETH_P_IP) || *(__u8 *)l3 != 0x45))
		return TC_ACT_UNSPEC;
	l4 = l3 + (six ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	if (l4 + 8 > end)
		return TC_ACT_UNSPEC;
	ports = *(__u32 *)l4;
	seq = ((__u32 *)l4)[1];
	meta = six ? LEASE_META(((struct ipv6hdr *)l3)->nexthdr, F6, 0)
		   : LEASE_META(((struct iphdr *)l3)->protocol, F4, 0);
	id = two(meta, ports);
	b = six ? hash6(l3 + 8, id) : hash4(*(__u64 *)(l3 + 12), id);
	asm volatile("" : "+r"(b)); /* 6.1's verifier: see ask() */
	w = &wanted[b & (LEASE_WANTED - 1)];
	slot = *w;
	if (!slot--)
		return TC_ACT_UNSPEC;
	set_at = slot / LEASE_WAYS;
	set = bpf_map_lookup_elem(&leases, &set_at);
	if (!set)
		return TC_ACT_UNSPEC;
	l = &set->way[slot % LEASE_WAYS];
	if (!is_proof(l, l3, ports, meta | (__u32)from->side << 16, seq))
		return TC_ACT_UNSPEC;
	*w = 0;
	prove(l, slot, (void *)macs, (skb->ifindex * conf.mult) >> 26, now);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
