/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NDP filter (nd.bpf.c) as apply sees it. Functions give 0 or -errno and
 * stay silent; a kernel that refuses the program is no misfortune, the daemon
 * does all by itself then.
 */
#ifndef KADOMORI_DATAPLANE_ND_H
#define KADOMORI_DATAPLANE_ND_H

#include "base/addr.h"
#include "dataplane/nd-map.h"

struct nd_filter;

/* Load the program with an empty table, attached nowhere. -EPERM, -ENOSYS and
 * what else the kernel refuses it with. Caller: nd_filter_free, which leaves
 * the attached filter at work. */
int nd_filter_new(struct nd_filter **ret);
void nd_filter_free(struct nd_filter *f);
/* On the interface's ingress, in one step in place of a predecessor's. */
int nd_filter_attach(struct nd_filter *f, int ifindex);
/* Take our filter away, whoever attached it; others' filters stay. */
void nd_filter_detach(int ifindex);

/* flags: enum nd_map_flag, 0 takes the address out. Believed for valid_s. */
int nd_filter_set(struct nd_filter *f, const struct addr *a, uint32_t flags,
	uint32_t valid_s);
int nd_filter_port(struct nd_filter *f, bool on, const struct mac *mac,
	const struct addr *ll);
/* How often each address was answered for; only those that ever were. */
void nd_filter_asked(struct nd_filter *f,
	void (*fn)(void *, const struct addr *, uint64_t), void *arg);
/* What is set from here on belongs to a new generation; the rest can go. */
void nd_filter_generation(struct nd_filter *f);
void nd_filter_forget_old(struct nd_filter *f);
/* ND_C_MAX counters (enum nd_map_count) in shared memory: readable without a
 * system call, in forked children too. NULL: the kernel cannot. */
const volatile uint64_t *nd_filter_counts(const struct nd_filter *f);

/* Run the program on one frame without a wire: TC_ACT_*, or -errno. *out_n is
 * the room, then the length. For tests. */
int nd_filter_try(struct nd_filter *f, const uint8_t *in, size_t n,
	uint8_t *out, size_t *out_n);

#endif
