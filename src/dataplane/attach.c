// SPDX-License-Identifier: GPL-2.0-or-later
/* The programs at the devices: XDP, tcx, or a filter at clsact. */
#include "dataplane/own.h"
#include "dataplane/lease.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <unistd.h>

enum { TC_HANDLE = 0x6b64, TC_PRIORITY = 0xc000 };

static struct bpf_tc_hook hook_of(int ifindex, enum bpf_tc_attach_point where)
{
	return (struct bpf_tc_hook){.sz = sizeof(struct bpf_tc_hook),
		.ifindex = ifindex, .attach_point = where};
}

static enum bpf_attach_type tcx_of(enum bpf_tc_attach_point where)
{
	enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };

	return (enum bpf_attach_type)(where == BPF_TC_INGRESS ? TCX_INGRESS
							      : TCX_EGRESS);
}

/*
 * Since 6.6 programs hang at the device itself (tcx, linux/bpf.h there): clsact
 * costs each packet that passes it some 60 ns more on its way out
 * (bench/fastpath), and anybody may remove it.
 */
static int tcx_on(int ifindex, enum bpf_tc_attach_point where, int prog)
{
	const char *off = getenv("KADOMORI_TCX");
	int fd = -1;

	if (!off || strcmp(off, "off"))
		fd = bpf_link_create(prog, ifindex, tcx_of(where), NULL);
	return fd < 0 ? 0 : fd + 1;
}

static int clsact_on(int ifindex, enum bpf_tc_attach_point where, int prog)
{
	struct bpf_tc_hook h = hook_of(ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);
	struct bpf_tc_opts o = {.sz = sizeof(o), .handle = TC_HANDLE,
		.priority = TC_PRIORITY, .prog_fd = prog,
		.flags = BPF_TC_F_REPLACE};
	int rc = bpf_tc_hook_create(&h);

	if (rc && rc != -EEXIST)
		return 0;
	h.attach_point = where;
	return bpf_tc_attach(&h, &o) ? 0 : AT_CLSACT;
}

/* For struct attached; 0: refused. */
static int tc_on(int ifindex, enum bpf_tc_attach_point where,
	const struct bpf_program *p)
{
	int prog = bpf_program__fd(p), at = tcx_on(ifindex, where, prog);

	return at ? at : clsact_on(ifindex, where, prog);
}

/* To close the descriptor alone would let go some time later. */
static void link_off(int at)
{
	(void)bpf_link_detach(at - 1);
	close(at - 1);
}

static void tc_off(int ifindex, enum bpf_tc_attach_point where, int at)
{
	struct bpf_tc_hook h = hook_of(ifindex, where);
	struct bpf_tc_opts o = {.sz = sizeof(o), .handle = TC_HANDLE,
		.priority = TC_PRIORITY};

	if (at == AT_CLSACT)
		(void)bpf_tc_detach(&h, &o);
	else if (at)
		link_off(at);
}

/* The far port's witness; without it nothing is ever proven there. */
static int attach_out(struct dataplane *dp, size_t i)
{
	dp->at[i].out = tc_on(dp->port[i].ifindex, BPF_TC_EGRESS,
		dp->skel->progs.lease_egress);
	return dp->at[i].out ? 0 : -EINVAL;
}

static int attach_xdp(struct dataplane *dp, size_t i)
{
	LIBBPF_OPTS(bpf_link_create_opts, o, .flags = XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(bpf_program__fd(dp->skel->progs.lease_xdp),
		dp->port[i].ifindex, BPF_XDP, &o);

	if (fd < 0)
		return -errno;
	dp->at[i].xdp = fd + 1;
	return 0;
}

static void port_detach(struct dataplane *dp, size_t i)
{
	int ifindex = dp->port[i].ifindex;
	struct bpf_tc_hook h = hook_of(ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);

	if (dp->at[i].xdp)
		link_off(dp->at[i].xdp);
	tc_off(ifindex, BPF_TC_INGRESS, dp->at[i].in);
	tc_off(ifindex, BPF_TC_EGRESS, dp->at[i].out);
	/* others may hang at the same clsact (nd-load.c) */
	if ((dp->at[i].in == AT_CLSACT || dp->at[i].out == AT_CLSACT) &&
		dataplane_tc_empty(ifindex))
		(void)bpf_tc_hook_destroy(&h);
	dp->at[i] = (struct attached){0};
}

void ports_detach(struct dataplane *dp)
{
	for (size_t i = 0; i < dp->port_n; i++)
		port_detach(dp, i);
	dp->port_n = 0;
}

void port_attach(struct dataplane *dp, size_t i)
{
	struct dataplane_port *p = &dp->port[i];

	if (p->bridge || p->mode == DP_OFF)
		return;
	if (attach_out(dp, i)) {
		p->mode = DP_OFF;
		p->why = DP_WHY_TC_REFUSED;
		return;
	}
	if (p->mode == DP_NATIVE && attach_xdp(dp, i)) {
		p->mode = DP_TC;
		p->why = DP_WHY_DRIVER;
	}
}

void port_attach_in(struct dataplane *dp, size_t i)
{
	struct dataplane_port *p = &dp->port[i];
	uint32_t at = (uint32_t)p->ifindex * dp->conf->mult >> 26;
	uint32_t ifindex = (uint32_t)p->ifindex;

	if (p->tc_in) {
		dp->at[i].in = tc_on(p->ifindex, BPF_TC_INGRESS,
			p->bare ? dp->skel->progs.lease_bare
				: dp->skel->progs.lease_tc);
		if (!dp->at[i].in && p->mode == DP_TC) {
			p->mode = DP_OFF;
			p->why = DP_WHY_TC_REFUSED;
		}
	}
	if (p->xdp_out)
		(void)bpf_map_update_elem(
			bpf_map__fd(dp->skel->maps.out_ports), &at, &ifindex,
			BPF_ANY);
}

static bool tc_there(int ifindex, enum bpf_tc_attach_point where)
{
	struct bpf_tc_hook h = hook_of(ifindex, where);
	struct bpf_tc_opts o = {.sz = sizeof(o), .handle = TC_HANDLE,
		.priority = TC_PRIORITY};

	return !bpf_tc_query(&h, &o);
}

bool dataplane_whole(const struct dataplane *dp)
{
	libbpf_print_fn_t before = libbpf_set_print(NULL);
	bool whole = true;

	for (size_t i = 0; i < dp->port_n; i++) {
		if (dp->at[i].in == AT_CLSACT)
			whole &= tc_there(dp->port[i].ifindex, BPF_TC_INGRESS);
		if (dp->at[i].out == AT_CLSACT)
			whole &= tc_there(dp->port[i].ifindex, BPF_TC_EGRESS);
	}
	libbpf_set_print(before);
	return whole;
}

static bool is_named(uint32_t id, const char *const *names)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);
	bool found = false;

	if (fd < 0)
		return true; /* gone meanwhile */
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		info.name[0] = 0;
	close(fd);
	for (; *names && !found; names++)
		found = !strcmp(info.name, *names);
	return found;
}

size_t dataplane_tcx_others(int ifindex, bool ingress,
	const char *const *but)
{
	uint32_t ids[64], n = ARRAY_LEN(ids);
	size_t others = 0;

	if (bpf_prog_query(ifindex, tcx_of(ingress ? BPF_TC_INGRESS
					: BPF_TC_EGRESS), 0, NULL, ids, &n))
		return 0; /* before 6.6: there is no such hook */
	for (uint32_t i = 0; i < n; i++)
		others += !is_named(ids[i], but);
	return others;
}
