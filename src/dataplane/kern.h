/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For *.bpf.c: the few kernel structures we look into, with only the members
 * we read (CO-RE moves the offsets at load time), and the kfuncs of conntrack
 * (6.1+; net/netfilter/nf_conntrack_bpf.c). What is in linux/bpf.h is UAPI.
 */
#ifndef KADOMORI_DATAPLANE_KERN_H
#define KADOMORI_DATAPLANE_KERN_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

union nf_inet_addr {
	__u32 all[4];
};

union nf_conntrack_man_proto {
	__be16 all;
};

struct nf_conntrack_man {
	union nf_inet_addr u3;
	union nf_conntrack_man_proto u;
	__u16 l3num;
};

struct nf_conntrack_tuple {
	struct nf_conntrack_man src;
	struct {
		union nf_inet_addr u3;
		union {
			__be16 all;
		} u;
		__u8 protonum;
		__u8 dir;
	} dst;
};

struct nf_conntrack_tuple_hash {
	struct nf_conntrack_tuple tuple;
};

struct ip_ct_tcp_state {
	__u8 flags;
};

struct ip_ct_tcp {
	struct ip_ct_tcp_state seen[2];
	__u8 state;
};

union nf_conntrack_proto {
	struct ip_ct_tcp tcp;
};

struct nf_conn {
	struct nf_conntrack_tuple_hash tuplehash[2];
	unsigned long status;
	union nf_conntrack_proto proto;
};

#pragma clang attribute pop

/* linux/netfilter/nf_conntrack_common.h, nf_conntrack_tcp.h */
enum {
	IPS_SEEN_REPLY = 1 << 1,
	IPS_ASSURED = 1 << 2,
	IPS_CONFIRMED = 1 << 3,
	IPS_SEQ_ADJUST = 1 << 6,
	IPS_DYING = 1 << 9,
	IPS_HELPER = 1 << 13,
	TCP_CONNTRACK_ESTABLISHED = 3,
	IP_CT_TCP_FLAG_BE_LIBERAL = 0x08,
	IP_CT_TCP_FLAG_MAXACK_SET = 0x20,
};

/* The first 12 bytes, which all kernels since 6.1 take. Its layout is the
 * kfunc's ABI: no CO-RE here. */
struct bpf_ct_opts {
	__s32 netns_id;
	__s32 error;
	__u8 l4proto;
	__u8 dir;
	__u8 reserved[2];
};

struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *, struct bpf_sock_tuple *,
	__u32, struct bpf_ct_opts *, __u32) __ksym __weak;
struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *, struct bpf_sock_tuple *,
	__u32, struct bpf_ct_opts *, __u32) __ksym __weak;
void bpf_ct_release(struct nf_conn *) __ksym __weak;

#endif
