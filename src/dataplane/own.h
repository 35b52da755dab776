/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the loaders of this room. */
#ifndef KADOMORI_DATAPLANE_OWN_H
#define KADOMORI_DATAPLANE_OWN_H

#include "dataplane/dataplane.h"
#include "dataplane/lease.h"
#include "dataplane/tune.h"

struct lease_bpf;
struct ring_buffer;

/* 0: not; descriptor of the link + 1; or a filter at clsact. */
struct attached {
	int xdp, in, out;
};
enum { AT_CLSACT = -1 };

struct dataplane {
	struct lease_bpf *skel;
	struct lease_conf *conf; /* as the programs see it */
	uint32_t sets;
	uint32_t stamp; /* generations of policy and network (lease.h) */
	bool held;
	struct dataplane_port port[DP_PORTS_MAX];
	struct attached at[DP_PORTS_MAX];
	size_t port_n;
	struct ring_buffer *wishes;
	dataplane_wish_fn wish;
	void *wish_arg;
	struct dataplane_fdb *fdb;
	size_t fdb_n;
	uint64_t memory, moved;
	struct {
		uint32_t at;	/* ticks */
		struct dataplane_away away;
		struct dataplane_status was;
	} tuned;
	struct dataplane_status carry; /* counted in slots that were emptied */
};

/* ---- attach.c ---- */

/*
 * The witness and the native program at port i, before the rows are told; where
 * the kernel refuses the port's mode falls, and why says so.
 */
void port_attach(struct dataplane *dp, size_t i);
/* What lets packets in, after the rows. */
void port_attach_in(struct dataplane *dp, size_t i);
void ports_detach(struct dataplane *dp);

/* ---- nd-load.c ---- */

/* No tc filter is left at that device's clsact. */
bool dataplane_tc_empty(int ifindex);

#endif
