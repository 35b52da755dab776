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

static __always_inline void ip4(struct iphdr *ip, __u32 s, __u32 d, __u8 proto,
	__u16 len)
{
	__u32 *w = (void *)ip;

	*ip = (struct iphdr){.version = 4, .ihl = 5, .ttl = 64,
		.protocol = proto, .tot_len = bpf_htons(len),
		.frag_off = bpf_htons(0x4000), .saddr = bpf_htonl(s),
		.daddr = bpf_htonl(d)};
	ip->check = ~fold((__u64)w[0] + w[1] + w[2] + w[3] + w[4]);
}

static __always_inline void ip6(struct ipv6hdr *ip, __u32 host, __u32 peer,
	bool back, __u8 proto, __u16 len)
{
	__u32 in[4] = {bpf_htonl(0x24047a80), bpf_htonl(0x00010001), 0,
		bpf_htonl(host)};
	__u32 out[4] = {bpf_htonl(0x240401a8), bpf_htonl(0x00090000), 0,
		bpf_htonl(peer)};

	*ip = (struct ipv6hdr){.version = 6, .nexthdr = proto, .hop_limit = 64,
		.payload_len = bpf_htons(len - 40)};
	__builtin_memcpy(&ip->saddr, back ? out : in, 16);
	__builtin_memcpy(&ip->daddr, back ? in : out, 16);
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

SEC("xdp")
int gen(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct gen_conf *c = &gen_conf;
	struct ethhdr *eth = data;
	void *l3 = data + ETH_HLEN;
	__u32 f, r, idx, len = end - data - ETH_HLEN;
	bool back = c->back;
	__u64 i = c->at++;

	if (l3 + 64 > end && l3 + 46 > end)
		return XDP_DROP;
	f = c->fresh ? i : c->kind == GEN_TCP4
		? i / (c->burst | !c->burst) % (c->flows | !c->flows)
		: i * 7919 % (c->flows | !c->flows);
	idx = f & 31;
	r = f >> 5;
	/* 02:..:1 is the gateway, on both sides */
	__builtin_memset(eth->h_dest, 0, 12);
	eth->h_dest[0] = eth->h_source[0] = 2;
	eth->h_dest[5] = 1;
	eth->h_source[5] = 2;
	if (c->kind == GEN_UDP6 || c->kind == GEN_ESP6) {
		struct ipv6hdr *ip = l3;
		struct udphdr *u = l3 + sizeof(*ip);

		if ((void *)(u + 1) > end)
			return XDP_DROP;
		eth->h_proto = bpf_htons(ETH_P_IPV6);
		if (c->kind == GEN_ESP6) {
			ip6(ip, 0x50, 1, back, IPPROTO_ESP, len);
			((__u32 *)u)[0] = bpf_htonl(0x10000 + f);
			((__u32 *)u)[1] = bpf_htonl(100 + (__u32)i);
			return bpf_redirect(c->out, 0);
		}
		ip6(ip, 0x100 + (r & 63), 1 + idx, back, IPPROTO_UDP, len);
		*u = (struct udphdr){.source = bpf_htons(back ? 4433 : 2000 + r),
			.dest = bpf_htons(back ? 2000 + r : 4433),
			.len = bpf_htons(len - 40), .check = 0x1234};
		return bpf_redirect(c->out, 0);
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
		return XDP_DROP;
	ip4(ip, back ? peer : host, back ? wan : peer, proto, len);
	if (c->kind == GEN_ESP4) {
		((__u32 *)u)[0] = bpf_htonl(0x10000 + f);
		((__u32 *)u)[1] = bpf_htonl(100 + (__u32)i);
	} else if (c->kind == GEN_TCP4) {
		tcp4(ip, (void *)u, f, len, back);
	} else {
		*u = (struct udphdr){.source = bpf_htons(back ? 4433 : 2000 + r),
			.dest = bpf_htons(back ? 2000 + r : 4433),
			.len = bpf_htons(len - 20), .check = 0x1234};
	}
	return bpf_redirect(c->out, 0);
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

SEC("xdp")
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
