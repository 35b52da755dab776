/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bench's three namespaces and its raw hands on both sides:
 *
 *	wan eth0 ── wan0 gw lan0 ── eth0 lan
 *	                    lan1 ── eth1 (with two_lans)
 *
 * The traps of such a bench and how they are avoided: nothing here sets
 * MSG_CONFIRM (raw frames only), the neighbour table's limits are one per
 * kernel (flood rows run one subject at a time), no XDP_TX on veth is used, and
 * generator and subject are held on different cores.
 */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <sys/types.h>
#include "base/addr.h"
#include "wire/nd.h"
#include "wire/ra.h"

enum side { WAN, LAN, LAN2 };
enum { GWNS = 2 };	/* net.ns[] beside WAN and LAN */
enum subject { OURS_BPF, OURS, NDPPD, KERNEL };
#define SUBJECTS (KERNEL + 1)
extern const char *const subject_name[SUBJECTS];

struct net {
	char ns[3][40];		/* wan, lan, gw */
	char dir[64];
	bool two_lans;		/* wished for, before net_up */
	int fd[3];		/* raw sockets in wan and lan */
	struct mac mac[3], gw_mac[3];
	struct addr router;	/* fe80::100, the upstream router */
	const char *daemon, *command;
	pid_t pid;		/* of the subject */
	enum subject subject;
};

void net_up(struct net *n);
void net_down(struct net *n);
int net_sh(const struct net *n, int ns, const char *fmt, ...) printf_like(3, 4);
/* Output of a command in gw, NUL-terminated. */
void net_read(const struct net *n, char *buf, size_t len, const char *fmt, ...)
	printf_like(4, 5);
/* false: this subject cannot be had here. */
bool subject_start(struct net *n, enum subject s);
/* After a kill: the same program on what it left. */
pid_t subject_again(struct net *n);
/* Ends ours with sig (a kill: its children too); the next one starts as soon as
 * it is gone. Does not wait for either. */
void subject_swap(struct net *n, int sig);
void subject_stop(struct net *n);
/* With the filter in the kernel or without it. */
bool subject_is_ours(const struct net *n);
/* The process that does the work (listen of ours), 0 for the kernel. */
pid_t subject_worker(const struct net *n);
/* The kernel must be told of each host; the others find it. */
void subject_tell(const struct net *n, const struct addr *a);

struct addr host_addr(unsigned i);
struct addr text_addr(const char *s);
int64_t now_us(void);
void sleep_ms(unsigned ms);

/* Frames. to NULL: multicast. */
size_t ns_frame(uint8_t *buf, const struct mac *from, const struct mac *to,
	const struct addr *src, const struct addr *target);
size_t na_frame(uint8_t *buf, const struct mac *from, const struct mac *to,
	const struct addr *target, const struct addr *dst, uint8_t flags);
size_t echo_frame(uint8_t *buf, const struct mac *from, const struct mac *to,
	const struct addr *src, const struct addr *dst, uint16_t seq);
void send_ra(struct net *n, const char *prefix, uint16_t life, uint32_t valid,
	uint32_t preferred);
void raw_send(const struct net *n, enum side s, const uint8_t *p, size_t len);
/* Next frame within us microseconds; 0: none. */
size_t raw_recv(const struct net *n, enum side s, uint8_t *buf, int64_t us);
void raw_drain(const struct net *n, enum side s);
/* NS on the WAN; microseconds until its NA, -1: none within us. */
int64_t ask(const struct net *n, const struct addr *target, bool unicast,
	int64_t us);

#endif
