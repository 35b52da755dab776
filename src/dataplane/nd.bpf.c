// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The NDP proxy's second stage: at tc ingress of the WAN port it answers for
 * hosts that the daemon knows and drops what is certainly junk, so that a flood
 * never reaches the daemon's socket and a known host is answered for while no
 * daemon runs (until the entry's time is over).
 *
 * Everything it is not sure of goes up, within a budget: odd but legal forms,
 * claims (DAD), advertisements. The daemon stays right without it; taking it
 * away changes only the speed. What is dropped here is what wire/nd.c refuses,
 * under the same names.
 */
#include "dataplane/nd-map.h"

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Not TC_ACT_OK: filters behind ours (the fast path's) look at it too. */
#define PASS TC_ACT_UNSPEC

enum { ETH_LEN = 14, IP6_LEN = 40, AT_ICMP = ETH_LEN + IP6_LEN,
	NS_BARE = 24, NS_FULL = 32, FRAME_FULL = AT_ICMP + NS_FULL,
	SUMMED_MAX = 128 };
enum { IPV6 = 0x86dd, ICMP6 = 58, HOPOPTS = 0, ROUTING = 43, FRAGMENT = 44,
	AH = 51, DSTOPTS = 60 };
enum { RS = 133, RA = 134, NS = 135, NA = 136, REDIRECT = 137 };

struct bucket {
	struct bpf_spin_lock lock;
	__u32 level;	/* thousandths of a token */
	__u64 at_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ND_MAP_ENTRIES);
	__type(key, struct nd_map_key);
	__type(value, struct nd_map_entry);
} nd_hosts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nd_map_port);
} nd_port SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ND_C_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} nd_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ND_B_MAX);
	__type(key, __u32);
	__type(value, struct bucket);
} nd_buckets SEC(".maps");

static __always_inline __u64 now_ns(void)
{
	return bpf_ktime_get_boot_ns();
}

static __always_inline void count(__u32 c)
{
	__u64 *v = bpf_map_lookup_elem(&nd_counts, &c);

	if (v)
		__sync_fetch_and_add(v, 1);
}

static __always_inline int junk(__u32 c)
{
	count(c);
	return TC_ACT_SHOT;
}

/*
 * One token a packet. At least a millisecond between refills, so that no part
 * of a token is lost by rounding.
 */
static __always_inline int up(__u32 which, __u32 rate, __u32 burst, __u32 over)
{
	struct bucket *b = bpf_map_lookup_elem(&nd_buckets, &which);
	__u64 now = now_ns(), passed_ms;
	int ok = 0;

	if (!b)
		return PASS;
	bpf_spin_lock(&b->lock);
	passed_ms = (now - b->at_ns) / 1000000;
	if (!b->at_ns || passed_ms > 60000) {
		b->level = burst * 1000;
		b->at_ns = now;
	} else if (passed_ms) {
		b->level += (__u32)passed_ms * rate;
		b->at_ns += passed_ms * 1000000;
	}
	if (b->level > burst * 1000)
		b->level = burst * 1000;
	if (b->level >= 1000) {
		b->level -= 1000;
		ok = 1;
	}
	bpf_spin_unlock(&b->lock);
	if (!ok)
		return junk(over);
	count(ND_C_UP);
	return PASS;
}

static __always_inline int up_stranger(void)
{
	/* the daemon asks for twenty a second; the rest only fills its socket */
	return up(ND_B_STRANGER, 60, 120, ND_C_OVER_STRANGER);
}

static __always_inline int up_asked(void)
{
	return up(ND_B_ASKED, 300, 600, ND_C_OVER_ASKED);
}

static __always_inline int up_other(void)
{
	return up(ND_B_OTHER, 1000, 2000, ND_C_OVER_OTHER);
}

static __always_inline __u16 fold(__s64 s)
{
	__u64 x = (__u64)s;

	x = (x & 0xffff) + ((x >> 16) & 0xffff) + ((x >> 32) & 0xffff);
	x = (x & 0xffff) + (x >> 16);
	x = (x & 0xffff) + (x >> 16);
	return (__u16)~x;
}

/* The pseudo-header's sum (RFC 8200 8.1): addr points to both addresses. */
static __always_inline __s64 sum_pseudo(void *addr, __u32 len)
{
	__be32 tail[2] = {bpf_htonl(len), bpf_htonl(ICMP6)};
	__s64 s = bpf_csum_diff(0, 0, addr, 32, 0);

	return bpf_csum_diff(0, 0, tail, sizeof(tail), (__wsum)s);
}

/* The solicitation and its answer; head + body are contiguous. */
struct frame {
	__u8 dst[6], src[6];
	__be16 type;
	__u8 ver[4];
	__be16 len;
	__u8 next, hop;
	__u8 from[16], to[16];
	__u8 icmp, code;
	__be16 sum;
	__u8 flags[4], target[16];
	__u8 opt, opt_len, opt_mac[6];
} __attribute__((packed));

static __always_inline void answer_of(const struct frame *q, struct frame *a,
	const struct nd_map_port *p)
{
	__builtin_memcpy(a->dst, q->src, 6);
	__builtin_memcpy(a->src, p->mac, 6);
	a->type = bpf_htons(IPV6);
	a->ver[0] = 0x60;
	a->ver[1] = a->ver[2] = a->ver[3] = 0;
	a->len = bpf_htons(NS_FULL);
	a->next = ICMP6;
	a->hop = 255;
	__builtin_memcpy(a->from, p->ll, 16);
	__builtin_memcpy(a->to, q->from, 16);
	a->icmp = NA;
	a->code = 0;
	a->sum = 0;
	/* S=1, O=0, R=0: a proxy overrides nobody (RFC 4861 7.2.8) */
	a->flags[0] = 0x40;
	a->flags[1] = a->flags[2] = a->flags[3] = 0;
	__builtin_memcpy(a->target, q->target, 16);
	a->opt = 2;
	a->opt_len = 1;
	__builtin_memcpy(a->opt_mac, p->mac, 6);
}

/*
 * The frame that came becomes the answer. With tell a copy leaves and the
 * frame is made what it was, for the daemon.
 */
static __always_inline int answer(struct __sk_buff *skb, struct frame *q,
	__u32 len, const struct nd_map_port *p, int tell)
{
	struct {
		__u8 align[2];	/* addresses on a multiple of four */
		struct frame f;
	} a = {};
	__u8 icmp[NS_FULL];
	__s64 s;

	answer_of(q, &a.f, p);
	__builtin_memcpy(icmp, &a.f.icmp, sizeof(icmp));
	s = sum_pseudo(a.f.from, NS_FULL);
	s = bpf_csum_diff(0, 0, (__be32 *)icmp, sizeof(icmp), (__wsum)s);
	a.f.sum = fold(s);
	if (skb->len != FRAME_FULL && bpf_skb_change_tail(skb, FRAME_FULL, 0))
		return up_asked();
	if (bpf_skb_store_bytes(skb, 0, &a.f, sizeof(a.f),
		    BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH))
		return TC_ACT_SHOT;
	count(ND_C_ANSWERED);
	if (!tell)
		return bpf_redirect(skb->ifindex, 0);
	bpf_clone_redirect(skb, skb->ifindex, 0);
	if (bpf_skb_store_bytes(skb, 0, q, sizeof(*q),
		    BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH) ||
		(len != FRAME_FULL && bpf_skb_change_tail(skb, len, 0)))
		return TC_ACT_SHOT;
	return up_asked();
}

static __always_inline struct nd_map_entry *find(const __u8 *addr)
{
	struct nd_map_key k;

	__builtin_memcpy(k.addr, addr, 16);
	return bpf_map_lookup_elem(&nd_hosts, &k);
}

/* A source on the WAN that the daemon should hear (again). */
static __always_inline int news(const __u8 *from)
{
	struct nd_map_entry *e;

	if ((from[0] & 0xe0) != 0x20)
		return 0;
	e = find(from);
	return !e || !(e->flags & ND_HEARD);
}

/* No option, or the source's link-layer address alone. */
static __always_inline int plain(const struct frame *q, __u32 body)
{
	return body == NS_BARE ||
	       (body == NS_FULL && q->opt == 1 && q->opt_len == 1);
}

/* The daemon answers what it is told of as well, so not each one. */
static __always_inline int to_tell(struct nd_map_entry *e)
{
	__u64 now = now_ns();

	if (!(e->flags & ND_TELL) || now - e->told_ns < 1000000000ull)
		return 0;
	e->told_ns = now;
	return 1;
}

static __always_inline int judge_ns(struct __sk_buff *skb, struct frame *q,
	__u32 body, const struct nd_map_port *p)
{
	__u32 len = AT_ICMP + body;
	struct nd_map_entry *e = find(q->target);
	int dad;

	if (!e)
		return up_stranger();
	if (e->flags & ND_OURS)
		return up(ND_B_OURS, 2000, 2000, ND_C_OVER_OURS);
	dad = !(q->from[0] | q->from[1]);
	if (!(e->flags & ND_ANSWER) || dad)
		return up_asked();
	if (e->until_ns < now_ns())
		return up_stranger();
	/* nothing behind it */
	if (skb->len != len || !plain(q, body))
		return up_other();
	__sync_fetch_and_add(&e->asked, 1);
	return answer(skb, q, len, p, to_tell(e) || news(q->from));
}

static __always_inline int is_exthdr(__u8 next)
{
	return next == HOPOPTS || next == ROUTING || next == FRAGMENT ||
	       next == DSTOPTS || next == AH;
}

/* ND behind extension headers is nobody's (RFC 6980). Four are looked at. */
static __always_inline int judge_exthdr(struct __sk_buff *skb, __u8 next)
{
	__u32 at = AT_ICMP;
	int fragment = 0;

#pragma unroll
	for (int i = 0; i < 4; i++) {
		__u8 h[4];

		if (!is_exthdr(next))
			break;
		if (bpf_skb_load_bytes(skb, at, h, sizeof(h)))
			return PASS;
		if (next == FRAGMENT) {
			/* a later one says nothing of what it carries */
			if (h[2] || h[3] & 0xf8)
				return PASS;
			fragment = 1;
			at += 8;
		} else if (next == AH) {
			at += ((__u32)h[1] + 2) * 4;
		} else {
			at += 8 + (__u32)h[1] * 8;
		}
		next = h[0];
	}
	if (next != ICMP6 || bpf_skb_load_bytes(skb, at, &next, 1) ||
		next < RS || next > REDIRECT)
		return PASS;
	return junk(fragment ? ND_C_FRAGMENT : ND_C_EXTHDR);
}

static __always_inline __u32 fixed_len(__u8 type)
{
	switch (type) {
	case RS: return 8;
	case RA: return 16;
	case REDIRECT: return 40;
	default: return 24;
	}
}

/* Sum of the ICMPv6 message, body bytes (a multiple of 8, 128 at most). */
static __always_inline int sum_good(struct __sk_buff *skb, struct frame *q,
	__u32 body)
{
	__u8 b[SUMMED_MAX] = {};
	__s64 s;

	if (body < 8 || body > SUMMED_MAX)
		return 0;
	if (bpf_skb_load_bytes(skb, AT_ICMP, b, body))
		return 0;
	s = sum_pseudo(q->from, body);
	/* zeroes behind the message add nothing */
	s = bpf_csum_diff(0, 0, (__be32 *)b, sizeof(b), (__wsum)s);
	return fold(s) == 0;
}

static __always_inline int same(const __u8 *a, const __u8 *b)
{
	for (int i = 0; i < 6; i++)
		if (a[i] != b[i])
			return 0;
	return 1;
}

static __always_inline int judge(struct __sk_buff *skb, struct frame *q,
	const struct nd_map_port *p)
{
	__u32 body = bpf_ntohs(q->len);

	if (q->hop != 255)
		return junk(ND_C_HOPLIMIT);
	if (body < fixed_len(q->icmp))
		return junk(ND_C_LENGTH);
	/* long ones, and lengths that options cannot have: the daemon's */
	if (body > SUMMED_MAX || body & 7)
		return up_other();
	if (!sum_good(skb, q, body))
		return junk(ND_C_SUM);
	if (q->code)
		return junk(ND_C_CODE);
	if (q->icmp == RA)
		return up(ND_B_RA, 50, 100, ND_C_OVER_OTHER);
	if (q->icmp != NS)
		return up_other();
	if (q->target[0] == 0xff)
		return plain(q, body) ? junk(ND_C_TARGET) : up_other();
	if (q->from[0] == 0xff || q->src[0] & 1)
		return up_other();
	return judge_ns(skb, q, body, p);
}

SEC("tc")
int nd_filter(struct __sk_buff *skb)
{
	struct {
		__u8 align[2];
		struct frame f;
	} q = {};
	__u32 zero = 0;
	struct nd_map_port *p;

	/* the cheap tests first: every packet of the line comes by here */
	if (skb->protocol != bpf_htons(IPV6) || skb->vlan_present)
		return PASS;
	if (bpf_skb_load_bytes(skb, 0, &q.f, AT_ICMP + 2))
		return PASS;
	if (q.f.next != ICMP6 &&
		(q.f.hop != 255 || !is_exthdr(q.f.next)))
		return PASS;
	if (q.f.next == ICMP6 && (q.f.icmp < RS || q.f.icmp > REDIRECT))
		return PASS;
	p = bpf_map_lookup_elem(&nd_port, &zero);
	if (!p || !p->on)
		return PASS;
	/* somebody else's frame, or one of ours that came back (a loop) */
	if ((!(q.f.dst[0] & 1) && !same(q.f.dst, p->mac)) ||
		same(q.f.src, p->mac))
		return PASS;
	if (q.f.ver[0] >> 4 != 6 || AT_ICMP + bpf_ntohs(q.f.len) > skb->len)
		return junk(ND_C_SHORT);
	if (q.f.next != ICMP6)
		return judge_exthdr(skb, q.f.next);
	if (skb->len >= FRAME_FULL)
		bpf_skb_load_bytes(skb, 0, &q.f, FRAME_FULL);
	else if (skb->len >= AT_ICMP + NS_BARE)
		bpf_skb_load_bytes(skb, 0, &q.f, AT_ICMP + NS_BARE);
	return judge(skb, &q.f, p);
}

char LICENSE[] SEC("license") = "GPL";
