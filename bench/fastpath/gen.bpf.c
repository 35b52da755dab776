// SPDX-License-Identifier: GPL-2.0-or-later
/* The bench's generator, sinks, and the bare redirect it compares with. */
#include "dataplane/kern.h"
#include "../../bench/fastpath/gen.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

struct gen_conf gen_conf;
struct bare_conf bare_conf;
__u64 sunk;
__u32 tcp_seq[64];

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 4);
} bare_out SEC(".maps");

static __always_inline __u32 fold(__u64 x)
{
	x = (x & 0xffff) + (x >> 16 & 0xffff) + (x >> 32 & 0xffff) + (x >> 48);
	x = (x & 0xffff) + (x >> 16);
	return (x & 0xffff) + (x >> 16);
}

/*
 * Written in words as wide as they will be read: a NIC's frame comes out of the
 * cache, and not in bits out of this CPU's store buffer.
 */
static __always_inline void ip4(void *ip, __u32 s, __u32 d, __u8 proto,
	__u16 len)
{
	__u32 w0 = 0x45 | (__u32)bpf_htons(len) << 16, w1 = 0x40 << 16,
	      w2 = 64 | proto << 8;

	s = bpf_htonl(s);
	d = bpf_htonl(d);
	w2 |= (__u32)(__u16)~fold((__u64)w0 + w1 + w2 + s + d) << 16;
	*(__u32 *)ip = w0;
	*(__u32 *)(ip + 4) = w1;
	*(__u32 *)(ip + 8) = w2;
	*(__u64 *)(ip + 12) = (__u64)d << 32 | s;
}

static __always_inline void ip6(void *ip, __u32 host, __u32 peer, bool back,
	__u8 proto, __u16 len)
{
	__u64 in0 = 0x01000100807a0424, out0 = 0x00000900a8010424;
	__u64 in1 = (__u64)bpf_htonl(host) << 32,
	      out1 = (__u64)bpf_htonl(peer) << 32;

	*(__u64 *)ip = 0x60 | (__u64)bpf_htons(len - 40) << 32 |
		(__u64)proto << 48 | 64ull << 56;
	*(__u64 *)(ip + 8) = back ? out0 : in0;
	*(__u64 *)(ip + 16) = back ? out1 : in1;
	*(__u64 *)(ip + 24) = back ? in0 : out0;
	*(__u64 *)(ip + 32) = back ? in1 : out1;
}

static __always_inline void udp(void *u, __u16 from, __u16 to, __u16 len)
{
	*(__u64 *)u = bpf_htons(from) | (__u64)bpf_htons(to) << 16 |
		(__u64)bpf_htons(len) << 32 | 0x1234ull << 48;
}

static __always_inline void tcp4(struct iphdr *ip, struct tcphdr *t, __u32 f,
	__u16 len, bool back)
{
	__u32 pay = len - 40;
	__u32 *w = (void *)t;

	*t = (struct tcphdr){.source = bpf_htons(back ? 443 : 2000 + f),
		.dest = bpf_htons(back ? 2000 + f : 443), .doff = 5, .ack = 1,
		.window = 0xffff, .seq = bpf_htonl(tcp_seq[f & 63]),
		.ack_seq = bpf_htonl(1)};
	tcp_seq[f & 63] += back ? 0 : pay;
	/* the payload is zero */
	t->check = ~fold((__u64)ip->saddr + ip->daddr + bpf_htons(IPPROTO_TCP) +
		bpf_htons(len - 20) + w[0] + w[1] + w[2] + w[3] + w[4]);
}

/* What comes next where a program is measured alone. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} next SEC(".maps");

static __always_inline bool make(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct gen_conf *c = &gen_conf;
	struct ethhdr *eth = data;
	void *l3 = data + ETH_HLEN;
	__u32 f, r, idx, len = end - data - ETH_HLEN;
	bool back = c->back;
	__u64 i = c->at++;

	if (l3 + 64 > end && l3 + 46 > end)
		return false;
	f = c->fresh ? i : c->kind == GEN_TCP4
		? i / (c->burst | !c->burst) % (c->flows | !c->flows)
		: i * 7919 % (c->flows | !c->flows);
	idx = f & 31;
	r = f >> 5;
	/* 02:..:1 is the gateway, on both sides */
	*(__u64 *)data = 0x0002010000000002;
	*(__u32 *)(data + 8) = 0x02000000;
	if (c->kind == GEN_UDP6 || c->kind == GEN_ESP6) {
		struct ipv6hdr *ip = l3;
		struct udphdr *u = l3 + sizeof(*ip);

		if ((void *)(u + 1) > end)
			return false;
		eth->h_proto = bpf_htons(ETH_P_IPV6);
		if (c->kind == GEN_ESP6) {
			ip6(ip, 0x50, 1, back, IPPROTO_ESP, len);
			((__u32 *)u)[0] = bpf_htonl(0x10000 + f);
			((__u32 *)u)[1] = bpf_htonl(100 + (__u32)i);
			return true;
		}
		ip6(ip, 0x100 + (r & 63), 1 + idx, back, IPPROTO_UDP, len);
		udp(u, back ? 4433 : 2000 + r, back ? 2000 + r : 4433,
			len - 40);
		return true;
	}
	struct iphdr *ip = l3;
	struct udphdr *u = l3 + sizeof(*ip);
	__u32 wan = 0x77680506, host = 0x0a010000 + 16 + (r & 63),
	      peer = 0x85010001 + idx;
	__u8 proto = c->kind == GEN_ESP4 ? IPPROTO_ESP
		   : c->kind == GEN_TCP4 ? IPPROTO_TCP : IPPROTO_UDP;

	eth->h_proto = bpf_htons(ETH_P_IP);
	if (c->kind == GEN_ESP4) {
		host = 0x0a010010;
		peer = 0x85010001;
	}
	if ((void *)(u + 1) + 12 > end)
		return false;
	ip4(ip, back ? peer : host, back ? wan : peer, proto, len);
	if (c->kind == GEN_ESP4) {
		((__u32 *)u)[0] = bpf_htonl(0x10000 + f);
		((__u32 *)u)[1] = bpf_htonl(100 + (__u32)i);
	} else if (c->kind == GEN_TCP4) {
		tcp4(ip, (void *)u, f, len, back);
	} else {
		udp(u, back ? 4433 : 2000 + r, back ? 2000 + r : 4433,
			len - 20);
	}
	return true;
}

SEC("xdp")
int gen(struct xdp_md *ctx)
{
	return make(ctx) ? bpf_redirect(gen_conf.out, 0) : XDP_DROP;
}

/* A program of the gateway without the way to it and from it. */
SEC("xdp.frags")
int alone(struct xdp_md *ctx)
{
	if (make(ctx))
		bpf_tail_call(ctx, &next, 0);
	return XDP_DROP;
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	sunk++;
	return XDP_DROP;
}

SEC("tc")
int sink_tc(struct __sk_buff *skb)
{
	sunk += skb->gso_segs ? skb->gso_segs : 1;
	return TC_ACT_SHOT;
}

SEC("xdp.frags")
int bare(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;

	if ((void *)(eth + 1) > end)
		return XDP_PASS;
	__builtin_memcpy(eth->h_dest, bare_conf.dst, 6);
	__builtin_memcpy(eth->h_source, bare_conf.src, 6);
	return bpf_redirect_map(&bare_out, 0, XDP_PASS);
}

char _license[] SEC("license") = "GPL";
