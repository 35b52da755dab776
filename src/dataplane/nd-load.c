// SPDX-License-Identifier: GPL-2.0-or-later
/* The NDP filter's user half: load, fill, attach at tc ingress, take away. */
#include "dataplane/nd.h"
#include "dataplane/own.h"
#include "nd.skel.h"
#include "base/clock.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Ours among other programs' filters: by preference and handle. */
enum { TC_PREFERENCE = 107, TC_HANDLE = 1 };

struct nd_filter {
	struct nd_bpf *skel;
	const volatile uint64_t *counts;
	int ifindex;		/* attached to; 0: nowhere */
	uint32_t generation;
};

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

int nd_filter_new(struct nd_filter **ret)
{
	struct nd_filter *f = xcalloc(1, sizeof(*f));
	void *m;
	int rc;

	libbpf_set_print(quiet);
	errno = 0;
	f->skel = nd_bpf__open_and_load();
	if (!f->skel) {
		rc = errno ? -errno : -ENOSYS;
		free(f);
		return rc;
	}
	m = mmap(NULL, ND_C_MAX * sizeof(uint64_t), PROT_READ, MAP_SHARED,
		bpf_map__fd(f->skel->maps.nd_counts), 0);
	f->counts = m == MAP_FAILED ? NULL : m;
	*ret = f;
	return 0;
}

const volatile uint64_t *nd_filter_counts(const struct nd_filter *f)
{
	return f->counts;
}

/* ---- content ---- */

static int hosts_fd(const struct nd_filter *f)
{
	return bpf_map__fd(f->skel->maps.nd_hosts);
}

int nd_filter_set(struct nd_filter *f, const struct addr *a, uint32_t flags,
	uint32_t valid_s)
{
	struct nd_map_entry e = {.flags = flags,
		.generation = f->generation,
		.until_ns = (uint64_t)clock_ns() + valid_s * 1000000000ull};
	struct nd_map_entry old;
	struct nd_map_key k;
	int rc;

	memcpy(k.addr, a->b, sizeof(k.addr));
	if (flags && !bpf_map_lookup_elem(hosts_fd(f), &k, &old)) {
		e.asked = old.asked;
		e.told_ns = old.told_ns;
	}
	if (flags)
		rc = bpf_map_update_elem(hosts_fd(f), &k, &e, BPF_ANY);
	else
		rc = bpf_map_delete_elem(hosts_fd(f), &k);
	return rc && !(rc == -ENOENT && !flags) ? rc : 0;
}

int nd_filter_port(struct nd_filter *f, bool on, const struct mac *mac,
	const struct addr *ll)
{
	struct nd_map_port p = {.on = on};
	uint32_t zero = 0;

	memcpy(p.mac, mac->b, sizeof(p.mac));
	memcpy(p.ll, ll->b, sizeof(p.ll));
	return bpf_map_update_elem(bpf_map__fd(f->skel->maps.nd_port), &zero,
		&p, BPF_ANY);
}

void nd_filter_asked(struct nd_filter *f,
	void (*fn)(void *, const struct addr *, uint64_t), void *arg)
{
	struct nd_map_key k, next;
	struct nd_map_entry e;
	struct addr a;
	bool have = false;

	for (int i = 0; i < 2 * ND_MAP_ENTRIES; i++) {
		if (bpf_map_get_next_key(hosts_fd(f), have ? &k : NULL, &next))
			return;
		have = true;
		k = next;
		if (bpf_map_lookup_elem(hosts_fd(f), &k, &e) || !e.asked)
			continue;
		memcpy(a.b, k.addr, sizeof(a.b));
		fn(arg, &a, e.asked);
	}
}

void nd_filter_generation(struct nd_filter *f)
{
	f->generation++;
}

/* Deleting while walking starts the walk anew in the worst case: the number of
 * steps is bounded by entries times two. */
void nd_filter_forget_old(struct nd_filter *f)
{
	struct nd_map_key k, next;
	struct nd_map_entry e;
	bool have = false;

	for (int i = 0; i < 2 * ND_MAP_ENTRIES; i++) {
		if (bpf_map_get_next_key(hosts_fd(f), have ? &k : NULL, &next))
			return;
		if (!bpf_map_lookup_elem(hosts_fd(f), &next, &e) &&
			e.generation != f->generation)
			(void)bpf_map_delete_elem(hosts_fd(f), &next);
		else
			have = true, k = next;
	}
}

/* ---- tc ---- */

static int hook_attach(struct nd_filter *f, int ifindex)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		.attach_point = BPF_TC_INGRESS);
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .handle = TC_HANDLE,
		.priority = TC_PREFERENCE, .flags = BPF_TC_F_REPLACE,
		.prog_fd = bpf_program__fd(f->skel->progs.nd_filter));
	int rc = bpf_tc_hook_create(&hook);

	return rc && rc != -EEXIST ? rc : bpf_tc_attach(&hook, &opts);
}

/* Filters of anybody on ingress or egress; -errno. */
static int filters_of(int fd, int ifindex, uint32_t parent)
{
	struct {
		struct nlmsghdr h;
		struct tcmsg t;
	} q = {.h = {.nlmsg_len = sizeof(q), .nlmsg_type = RTM_GETTFILTER,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.t = {.tcm_ifindex = ifindex, .tcm_parent = parent}};
	char buf[16384];
	int n = 0;

	if (send(fd, &q, sizeof(q), 0) < 0)
		return -errno;
	for (;;) {
		ssize_t got = recv(fd, buf, sizeof(buf), 0);
		struct nlmsghdr *h = (void *)buf;
		size_t left = got > 0 ? (size_t)got : 0;

		if (got <= 0)
			return -EIO;
		for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return n;
			if (h->nlmsg_type == NLMSG_ERROR)
				return -EIO;
			n += h->nlmsg_type == RTM_NEWTFILTER;
		}
	}
}

/* The queueing discipline that filters hang on stays while others use it. */
bool dataplane_tc_empty(int ifindex)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int n = 1;

	if (fd < 0)
		return false;
	n = filters_of(fd, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS));
	if (n == 0)
		n = filters_of(fd, ifindex,
			TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS));
	close(fd);
	return n == 0;
}

void nd_filter_detach(int ifindex)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		.attach_point = BPF_TC_INGRESS);
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .handle = TC_HANDLE,
		.priority = TC_PREFERENCE);

	libbpf_set_print(quiet);
	if (ifindex <= 0 || bpf_tc_detach(&hook, &opts))
		return;
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	if (dataplane_tc_empty(ifindex))
		(void)bpf_tc_hook_destroy(&hook);
}

int nd_filter_attach(struct nd_filter *f, int ifindex)
{
	int rc;

	if (f->ifindex && f->ifindex != ifindex)
		nd_filter_detach(f->ifindex);
	rc = hook_attach(f, ifindex);
	f->ifindex = rc ? 0 : ifindex;
	return rc;
}

void nd_filter_free(struct nd_filter *f)
{
	if (!f)
		return;
	if (f->counts)
		munmap((void *)(uintptr_t)f->counts,
			ND_C_MAX * sizeof(uint64_t));
	nd_bpf__destroy(f->skel);
	free(f);
}

/* ---- for tests ---- */

int nd_filter_try(struct nd_filter *f, const uint8_t *in, size_t n,
	uint8_t *out, size_t *out_n)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, t, .data_in = in,
		.data_size_in = (uint32_t)n, .data_out = out,
		.data_size_out = (uint32_t)*out_n);
	int rc = bpf_prog_test_run_opts(
		bpf_program__fd(f->skel->progs.nd_filter), &t);

	if (rc)
		return rc;
	*out_n = t.data_size_out;
	return (int)t.retval == TC_ACT_UNSPEC ? TC_ACT_OK : (int)t.retval;
}
