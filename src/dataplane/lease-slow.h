/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lease.bpf.c's slower half: what happens once a second and flow, and at a
 * flow's beginning. Maps, conntrack, FIB, next hops, slots.
 */
#ifndef KADOMORI_DATAPLANE_LEASE_SLOW_H
#define KADOMORI_DATAPLANE_LEASE_SLOW_H

#include "dataplane/kern.h"
#include "dataplane/lease.h"

#include <linux/if_ether.h>
#include <linux/in.h>

enum { F4 = 4, F6 = 6, AF_INET_ = 2, AF_INET6_ = 10 };
enum { GO_UP = -1 };

struct lease_conf conf;
struct lease_hop hops[LEASE_HOPS];
__u32 wanted[LEASE_WANTED];	/* slot + 1 */
__u16 seen[LEASE_SEEN];		/* second << 8 | packets in it */
__u32 asked;			/* ticks: when anybody asked the far port */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* page-aligned */
	__type(key, __u32);
	__type(value, struct lease_set);
	__uint(max_entries, 1);
} leases SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, LEASE_PORTS);
} out_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct lease_count);
	__uint(max_entries, 1);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lease_esp);
	__type(value, struct lease_esp_to);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} esps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lease_fdb);
	__type(value, __u32);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} fdb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} wishes SEC(".maps");

static __always_inline void note(enum lease_event e, __u64 n)
{
	__u32 zero = 0;
	struct lease_count *c = bpf_map_lookup_elem(&counts, &zero);

	if (c)
		c->ev[e] += n;
}

/* The coarse clock moves with jiffies, and those are read without a call. */
static __always_inline __u32 ticks(void)
{
	__u64 j = bpf_jiffies64(), c = conf.coarse;
	__u32 now;

	if ((__u32)(c >> 32) == (__u32)j)
		return c;
	now = bpf_ktime_get_coarse_ns() >> LEASE_TICK_SHIFT;
	conf.coarse = j << 32 | now;
	return now;
}

static __always_inline __u32 stamp_now(void)
{
	return lease_stamp(&conf);
}

static __always_inline __u64 two(__u32 hi, __u32 lo)
{
	return (__u64)hi << 32 | lo;
}

/*
 * The hash: multilinear (Lemire, Kaser: Strongly Universal String Hashing is
 * Fast, 3), with words of 64 bits: what varies most, the end of an address,
 * must be low in the word. Whoever does not know the keys does not choose where
 * two flows meet; if they do all the same it costs speed and nothing else.
 */
static __always_inline __u64 term(__u64 x, int k)
{
	return x * conf.keys[k];
}

static __always_inline __u32 spread(__u64 x)
{
	__u32 h = x >> 32;

	return h ^ h >> 15;
}

static __always_inline __u32 hash4(__u64 addrs, __u64 id)
{
	return spread(term(bpf_be64_to_cpu(addrs), 0) + term(id, 4));
}

static __always_inline __u32 hash6(const __u64 *w, __u64 id)
{
	return spread(term(bpf_be64_to_cpu(w[0]), 0) +
		term(bpf_be64_to_cpu(w[1]), 1) +
		term(bpf_be64_to_cpu(w[2]), 2) +
		term(bpf_be64_to_cpu(w[3]), 3) + term(id, 4));
}

/* Its row, if it has one. */
static __always_inline struct lease_port *row_of(__u32 ifindex)
{
	struct lease_port *p = &conf.ports[(ifindex * conf.mult) >> 26];

	asm volatile("" : "+r"(p)); /* or clang reckons it out at each use */
	return p;
}

static __always_inline struct lease_port *port_of(__u32 ifindex)
{
	struct lease_port *p = row_of(ifindex);

	if (p->ifindex != ifindex)
		p = NULL;
	asm volatile("" : "+r"(p)); /* or clang tests ifindex twice */
	return p;
}

static __always_inline __u32 state_of(__u32 head)
{
	return head >> 16;
}

static __always_inline bool move(struct lease *l, __u32 from, __u32 state,
	__u32 hop)
{
	return __sync_val_compare_and_swap(&l->head, from,
		       state << 16 | (hop & 0xffff)) == from;
}

/* To be looked at again? */
static __always_inline bool expired(const struct lease *l, __u32 now)
{
	return (__s32)(l->till - now) <= 0;
}

/* More than ms since then? Another CPU's clock may be a little ahead. */
static __always_inline bool past(__u32 now, __u32 then, __u32 ms)
{
	enum { SLACK = 32 };

	return now + SLACK - then > ms + SLACK;
}

/* The daemon was heard not long ago. */
static __always_inline bool alive(__u32 now)
{
	return (__s32)(conf.until - now) > 0;
}

/* ---- sums (RFC 1624) ---- */

static __always_inline __u32 fold(__u64 x)
{
	x = (x & 0xffffffff) + (x >> 32);
	x = (x & 0xffff) + (x >> 16);
	x = (x & 0xffff) + (x >> 16);
	x = (x & 0xffff) + (x >> 16);
	return x;
}

/* change: folded. */
static __always_inline __u16 sum_with(__u16 sum, __u32 change)
{
	__u32 x = (__u16)~sum + change;

	return ~(x + (x >> 16));
}

/* ---- conntrack ---- */

struct tuple {
	__u32 s[4], d[4];
	__u32 ports; /* source, destination as in a packet */
};

static __always_inline void read_tuple(struct tuple *t,
	struct nf_conntrack_tuple *k)
{
	for (int i = 0; i < 4; i++) {
		t->s[i] = k->src.u3.all[i];
		t->d[i] = k->dst.u3.all[i];
	}
	t->ports = k->src.u.all | (__u32)k->dst.u.all << 16;
}

/* CT_ACKS: yes, and it measures the sequence number of a RST by what it saw
 * acknowledged last */
enum ct_says { CT_NO, CT_WISH, CT_YES, CT_ACKS };

static __always_inline enum ct_says ct_judge(struct nf_conn *ct, __u8 proto)
{
	unsigned long st = ct->status;

	if ((st & (IPS_CONFIRMED | IPS_SEEN_REPLY)) !=
			(IPS_CONFIRMED | IPS_SEEN_REPLY) ||
		st & (IPS_DYING | IPS_HELPER | IPS_SEQ_ADJUST))
		return CT_NO;
	if (proto != IPPROTO_TCP)
		return CT_YES;
	if (ct->proto.tcp.state != TCP_CONNTRACK_ESTABLISHED)
		return CT_NO;
	/* it will not see the data: without this the FIN were out of window */
	if (!conf.liberal &&
		!(ct->proto.tcp.seen[0].flags & ct->proto.tcp.seen[1].flags &
			IP_CT_TCP_FLAG_BE_LIBERAL))
		return CT_WISH;
	return (ct->proto.tcp.seen[0].flags | ct->proto.tcp.seen[1].flags) &
			IP_CT_TCP_FLAG_MAXACK_SET
		? CT_ACKS : CT_YES;
}

/* What conntrack says of a lease's flow; *reply: the other direction. */
static __always_inline enum ct_says ct_ask(void *ctx, bool xdp,
	const struct lease *l, struct tuple *reply)
{
	struct bpf_ct_opts o = {.netns_id = -1, .l4proto = l->meta};
	struct bpf_sock_tuple t = {};
	enum ct_says says;
	struct nf_conn *ct;
	__u32 size;

	if ((l->meta >> 8 & 0xff) == F6) {
		__builtin_memcpy(t.ipv6.saddr, l->a, 32);
		t.ipv6.sport = l->ports;
		t.ipv6.dport = l->ports >> 16;
		size = sizeof(t.ipv6);
	} else {
		t.ipv4.saddr = l->a[0];
		t.ipv4.daddr = l->a[1];
		t.ipv4.sport = l->ports;
		t.ipv4.dport = l->ports >> 16;
		size = sizeof(t.ipv4);
	}
	if (size == sizeof(t.ipv6))
		ct = xdp ? bpf_xdp_ct_lookup(ctx, &t, sizeof(t.ipv6), &o,
				   sizeof(o))
			 : bpf_skb_ct_lookup(ctx, &t, sizeof(t.ipv6), &o,
				   sizeof(o));
	else
		ct = xdp ? bpf_xdp_ct_lookup(ctx, &t, sizeof(t.ipv4), &o,
				   sizeof(o))
			 : bpf_skb_ct_lookup(ctx, &t, sizeof(t.ipv4), &o,
				   sizeof(o));
	if (!ct)
		return CT_NO;
	says = ct_judge(ct, l->meta);
	if (o.dir)
		read_tuple(reply, &ct->tuplehash[0].tuple);
	else
		read_tuple(reply, &ct->tuplehash[1].tuple);
	bpf_ct_release(ct);
	return says;
}

/* ---- what becomes of the packet ---- */

struct change {
	__u32 s, d, ports; /* IPv4 */
};

static __always_inline __u32 swapped(__u32 ports)
{
	return ports << 16 | ports >> 16;
}

/* The learner's word on it; *in: it comes from outside. */
static __always_inline struct lease_esp_to *esp4_of(const struct lease *l,
	bool *in)
{
	struct lease_esp k = {.peer = l->a[1], .spi = l->ports,
		.host = l->a[0]};
	struct lease_esp_to *to = bpf_map_lookup_elem(&esps, &k);

	*in = !to;
	if (to)
		return to;
	k = (struct lease_esp){.peer = l->a[0], .spi = l->ports, .in = 1};
	return bpf_map_lookup_elem(&esps, &k);
}

static __always_inline bool esp4_change(const struct lease *l,
	struct change *c)
{
	bool in;
	struct lease_esp_to *to = esp4_of(l, &in);

	*c = (struct change){l->a[0], l->a[1], l->ports};
	if (!to || !conf.wan4 || (in && l->a[1] != conf.wan4))
		return false;
	if (in)
		c->d = to->host;
	else
		c->s = conf.wan4;
	return true;
}

static __always_inline enum ct_says change_of(void *ctx, bool xdp,
	const struct lease *l, struct change *c)
{
	struct tuple r;
	enum ct_says says;

	if ((__u8)l->meta == IPPROTO_ESP) {
		if ((l->meta >> 8 & 0xff) == F6)
			return CT_YES; /* its proof is all there is */
		return esp4_change(l, c) ? CT_YES : CT_NO;
	}
	says = ct_ask(ctx, xdp, l, &r);
	if (says == CT_NO)
		return CT_NO;
	if ((l->meta >> 8 & 0xff) == F4) {
		*c = (struct change){r.d[0], r.s[0], swapped(r.ports)};
		return says;
	}
	/* IPv6 is not translated here */
	if (swapped(r.ports) != l->ports)
		return CT_NO;
	for (int i = 0; i < 4; i++)
		if (r.d[i] != l->a[i] || r.s[i] != l->a[4 + i])
			return CT_NO;
	return says;
}

/* ---- questions to the far port ---- */

/* As the packet will look there, without the side it came from. */
static __always_inline __u32 bucket_of(const struct lease *l)
{
	__u32 meta = l->meta & 0xffff;

	if ((l->meta >> 8 & 0xff) == F6)
		return hash6(l->w, two(meta, l->ports)) & (LEASE_WANTED - 1);
	return hash4(l->w[1], two(meta, l->a[4])) & (LEASE_WANTED - 1);
}

static __always_inline void ask(struct lease *l, __u32 slot, __u32 now,
	__u32 seq)
{
	__u64 b;

	if ((l->meta & 0xffff) == LEASE_META(IPPROTO_ESP, F4, 0))
		l->a[7] = seq;
	l->due = now + LEASE_ASK_MS;
	asked = now;
	b = bucket_of(l);
	asm volatile("" : "+r"(b)); /* 6.1's verifier forgets the mask else */
	wanted[b & (LEASE_WANTED - 1)] = slot + 1;
}

/* Flows that began together are spread over this time, each by its slot. */
static __always_inline __u32 share_of(__u32 ms, __u32 slot)
{
	return (slot * 2654435761u >> 16) * ms >> 16;
}

/* A lease is not used past its next sample's time. */
static __always_inline void end_by(struct lease *l, __u32 when)
{
	if ((__s32)(when - l->till) < 0)
		l->till = when;
}

/* When the next sample is due; first: the first one. */
static __always_inline __u32 beat(const struct lease *l, __u32 slot, bool first)
{
	__u32 ms = conf.sample, quarter = ms >> 2;

	ms = first ? quarter + share_of(ms, slot)
		   : ms - quarter + share_of(2 * quarter, slot);

	/* no conntrack by SPI: its policy is seen by samples only */
	return (__u8)l->meta == IPPROTO_ESP ? ms >> 2 : ms;
}

/* ---- next hops ---- */

static __always_inline bool same_mac(const __u8 *a, const __u8 *b)
{
	const __u16 *x = (const void *)a, *y = (const void *)b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2];
}

/* Find or add; GO_UP: the table is full around there. */
static __always_inline int hop_of(const __u8 *dst, const __u8 *src,
	__u32 port, __u32 mtu, __u32 now)
{
	const __u16 *m = (const void *)dst;
	__u32 h = spread(term(two(m[2], m[0] << 16 | m[1]), 0) +
		term(two(mtu, port), 1));

	now |= 1;
	for (int i = 0; i < 8; i++) {
		__u32 at = (h + i) & (LEASE_HOPS - 1);
		struct lease_hop *p = &hops[at];
		__u32 used = p->used;

		if (used && p->port == port && p->mtu == mtu &&
			same_mac(p->dst, dst) && same_mac(p->src, src)) {
			p->used = now;
			return at;
		}
		if (used && !past(now, used, 4 * LEASE_DEAD_MS))
			continue;
		/* nobody has had a lease to it for long enough */
		if (__sync_val_compare_and_swap(&p->used, used, now) != used)
			continue;
		__builtin_memcpy(p->dst, dst, 6);
		__builtin_memcpy(p->src, src, 6);
		p->port = port;
		p->mtu = mtu;
		p->flags = conf.ports[port & (LEASE_PORTS - 1)].flags;
		p->mtu_xdp = p->flags & PORT_XDP_OUT ? mtu : 0;
		return at;
	}
	return GO_UP;
}

/* ---- a lease that is no longer fresh ---- */

static __always_inline void fold_counts(struct lease *l)
{
	__u32 zero = 0, side = l->meta >> 16 & (LEASE_PORTS - 1);
	__u64 both = __sync_lock_test_and_set(&l->both, 0);
	__u32 packets = both, bytes = both >> 32;
	struct lease_count *c = bpf_map_lookup_elem(&counts, &zero);

	if (!packets || !c)
		return;
	c->ev[LEASE_EV_FAST] += packets;
	c->ev[LEASE_EV_FAST_BYTES] += bytes;
	c->in[side].packets += packets;
	c->in[side].bytes += bytes;
	if ((l->meta & 0xffff) == LEASE_META(IPPROTO_ESP, F4, 0)) {
		bool in;
		struct lease_esp_to *to = esp4_of(l, &in);

		if (to)
			__sync_fetch_and_add(&to->packets, packets);
	}
}

/* Asked just now, whatever the answer. */
static __always_inline void checked(struct lease *l, __u32 now)
{
	l->till = now + LEASE_MS;
}

/* Readers may still be at it: this says from when on it is nobody's. */
static __always_inline void give_up(struct lease *l, __u32 head, __u32 now)
{
	checked(l, now);
	move(l, head, LEASE_FREE, 0);
}

static __always_inline bool same_change(const struct lease *l,
	const struct change *c)
{
	return (l->meta >> 8 & 0xff) == F6 ||
	       (l->a[2] == c->s && l->a[3] == c->d && l->a[4] == c->ports);
}

/* Would the kernel still send it to that hop? Then *hop, perhaps with a new
 * MTU. */
static __always_inline bool fib_agrees(void *ctx, const struct lease *l,
	__u32 *hop, __u32 now)
{
	struct lease_hop *h = &hops[*hop & (LEASE_HOPS - 1)];
	struct lease_port *p = &conf.ports[h->port & (LEASE_PORTS - 1)];
	struct bpf_fib_lookup f = {.l4_protocol = l->meta};
	struct lease_fdb k = {.side = p->side};
	__u32 *behind;
	int at, rc;

	f.ifindex = conf.l3[l->meta >> 16 & (LEASE_PORTS - 1)];
	if ((l->meta >> 8 & 0xff) == F6) {
		f.family = AF_INET6_;
		__builtin_memcpy(f.ipv6_src, l->a, 16);
		__builtin_memcpy(f.ipv6_dst, l->a + 4, 16);
	} else {
		f.family = AF_INET_;
		f.ipv4_src = l->a[0];
		f.ipv4_dst = l->a[3];
	}
	if (f.l4_protocol != IPPROTO_ESP) {
		f.sport = l->ports;
		f.dport = f.family == AF_INET_ ? l->a[4] >> 16 : l->ports >> 16;
	}
	rc = bpf_fib_lookup(ctx, &f, sizeof(f), 0);
	if (p->flags & PORT_BARE) {
		/* nobody to look up there; which device is known before */
		if ((rc && rc != BPF_FIB_LKUP_RET_NO_NEIGH) ||
			f.ifindex != p->l3)
			return false;
	} else if (rc || f.ifindex != p->l3 || !same_mac(f.dmac, h->dst) ||
		!same_mac(f.smac, h->src)) {
		return false;
	}
	if (p->flags & PORT_BRIDGED) {
		__builtin_memcpy(k.mac, h->dst, 6);
		behind = bpf_map_lookup_elem(&fdb, &k);
		if (!behind || *behind != p->ifindex)
			return false;
	}
	at = hop_of(h->dst, h->src, h->port,
		f.mtu_result && f.mtu_result < p->mtu ? f.mtu_result : p->mtu,
		now);
	if (at == GO_UP)
		return false;
	*hop = at;
	return true;
}

static __always_inline void wish(const struct lease *l)
{
	struct lease_wish *w = bpf_ringbuf_reserve(&wishes, sizeof(*w), 0);

	if (!w)
		return;
	__builtin_memcpy(w->a, l->a, sizeof(w->a));
	w->ports = l->ports;
	w->meta = l->meta;
	bpf_ringbuf_submit(w, 0);
}

/* Conntrack and the FIB once more. */
static __always_inline bool renew(void *ctx, bool xdp, struct lease *l,
	__u32 slot, __u32 head, __u32 now)
{
	__u32 hop = head & 0xffff, stamp = stamp_now(), bytes = l->bytes;
	struct change c = {};
	enum ct_says says;

	note(LEASE_EV_CHECK, 1);
	fold_counts(l);
	says = change_of(ctx, xdp, l, &c);
	if (says < CT_YES || !same_change(l, &c)) {
		note(LEASE_EV_GONE, 1);
		give_up(l, head, now);
		return false;
	}
	/* Of what goes past it conntrack sees no acknowledgements; two
	 * gigabytes later it would take a good RST for an old one. Told so, it
	 * forgets the last (so does the kernel's flowtable). */
	if (says == CT_ACKS && bytes > LEASE_MUCH)
		wish(l);
	if (!fib_agrees(ctx, l, &hop, now)) {
		note(LEASE_EV_GONE, 1);
		l->stamp = stamp;
		checked(l, now);
		move(l, head, LEASE_PENDING, 0);
		return false;
	}
	if (!move(l, head, state_of(head), hop))
		return false;
	checked(l, now - share_of(LEASE_MS / 4, slot));
	end_by(l, conf.until);
	if ((__s32)(l->due - now) > 0)
		end_by(l, l->due);
	l->stamp = stamp;
	return true;
}

/*
 * Not proven (any more). A flow that is seldom seen is only looked at: a lease
 * would cost it more than it saves. Where the last question was left without
 * an answer conntrack is asked whether it is still the same flow.
 */
static __always_inline void pending(void *ctx, bool xdp, struct lease *l,
	__u32 slot, __u32 now, __u32 seq)
{
	bool seldom = !((l->stamp ^ stamp_now()) >> 16) &&
		past(now, lease_checked(l), LEASE_MS);
	struct change c = {};

	l->stamp = stamp_now();
	checked(l, now);
	if (seldom)
		return;
	if ((__s32)(l->due - now) <= 0 &&
		(change_of(ctx, xdp, l, &c) < CT_YES || !same_change(l, &c)))
		give_up(l, l->head, now);
	else
		ask(l, slot, now, seq);
}

/* true: the lease may be used now. */
static __always_inline bool stale(void *ctx, bool xdp, struct lease *l,
	__u32 slot, __u32 now, __u32 seq)
{
	__u32 head = l->head, st = state_of(head);

	if (st != LEASE_PENDING && st != LEASE_PROVEN && st != LEASE_ASKED)
		return false;
	/* rules changed, or long unused: from the beginning */
	if (st != LEASE_PENDING &&
		((l->stamp ^ stamp_now()) >> 16 ||
			past(now, lease_checked(l), LEASE_DEAD_MS))) {
		fold_counts(l);
		if (!move(l, head, LEASE_PENDING, 0))
			return false;
		l->due = now;
		st = LEASE_PENDING;
	}
	if (st == LEASE_PENDING) {
		pending(ctx, xdp, l, slot, now, seq);
		return false;
	}
	if ((l->stamp != stamp_now() || expired(l, now)) &&
		!renew(ctx, xdp, l, slot, head, now)) {
		if (state_of(l->head) == LEASE_PENDING)
			ask(l, slot, now, seq);
		return false;
	}
	if (st == LEASE_PROVEN) {
		if ((__s32)(l->due - now) > 0)
			return true;
		note(LEASE_EV_SAMPLE, 1);
		head = l->head;
		move(l, head, LEASE_ASKED, head);
		ask(l, slot, now, seq);
		return false;
	}
	if ((__s32)(l->due - now) > 0)
		return true;
	/* the sample did not come out: not proven any more */
	l->stamp = stamp_now();
	head = l->head;
	move(l, head, LEASE_PENDING, 0);
	ask(l, slot, now, seq);
	return false;
}

/* ---- a flow without a lease ---- */

struct key {
	__u64 w[4];	/* as in struct lease */
	__u64 id;
	__u32 seq;	/* ESP */
};

/* Scans must not fill the table: only flows that go on may enter. */
static __always_inline bool may_enter(__u32 h, __u32 now)
{
	__u16 *p = &seen[h >> 8 & (LEASE_SEEN - 1)], v = *p;
	__u16 second = now >> 10 & 0xff, n = v & 0xff;

	/* flows that share a counter help each other in: no harm, because
	 * conntrack must know both directions of them */
	n = v >> 8 != second ? 1 : n < 255 ? n + 1 : LEASE_ENTER + 1;
	*p = second << 8 | n;
	return n == LEASE_ENTER || (n > LEASE_ENTER && !(n & 3));
}

static __always_inline void take(void *ctx, bool xdp, const struct key *k,
	__u32 h, __u32 now)
{
	struct lease n = {.id = k->id};
	__u32 set_at = h & conf.mask & LEASE_SETS_MASK;
	struct lease_set *set = bpf_map_lookup_elem(&leases, &set_at);
	struct change c = {};
	enum ct_says says;

	if (!set)
		return;
	__builtin_memcpy(n.w, k->w, sizeof(n.w));
	says = change_of(ctx, xdp, &n, &c);
	if (says == CT_WISH)
		wish(&n);
	if (says < CT_YES)
		return;
	if ((n.meta >> 8 & 0xff) == F4) {
		__u64 addr = (__u64)(__u32)~n.a[0] + (__u32)~n.a[1] + c.s + c.d;

		n.a[2] = c.s;
		n.a[3] = c.d;
		n.a[4] = c.ports;
		/* one less to live: minus one in the first byte of its pair */
		n.a[5] = fold(addr + 0xfffe);
		n.a[6] = fold(addr + (__u32)~n.ports + c.ports);
	}
	for (__u32 i = 0; i < LEASE_WAYS; i++) {
		__u32 way = ((h >> 30) + i) & (LEASE_WAYS - 1);
		struct lease *l = &set->way[way];
		__u32 head = l->head, st = state_of(head);

		if (st == LEASE_BUSY || !past(now, lease_checked(l),
			st <= LEASE_PENDING ? LEASE_ASK_MS : LEASE_DEAD_MS))
			continue;
		if (!move(l, head, LEASE_BUSY, 0))
			continue;
		fold_counts(l);
		__builtin_memcpy(l->a, n.a, sizeof(l->a));
		l->ports = n.ports;
		l->meta = n.meta;
		l->stamp = stamp_now();
		checked(l, now);
		l->both = 0;
		ask(l, set_at * LEASE_WAYS + way, now, k->seq);
		move(l, LEASE_BUSY << 16, LEASE_PENDING, 0);
		note(LEASE_EV_NEW, 1);
		return;
	}
	note(LEASE_EV_FULL, 1);
}

/* A packet without a lease goes up; perhaps the next ones need not. */
static __always_inline void enter(void *ctx, bool xdp, const struct key *k,
	__u32 h)
{
	__u32 now = ticks();

	if (!alive(now))
		return;
	note(LEASE_EV_MISS, 1);
	if (may_enter(h, now))
		take(ctx, xdp, k, h, now);
}

#endif
