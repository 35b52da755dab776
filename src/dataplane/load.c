// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The user's half of the fast path: loads, keeps the settings, reads. XDP and
 * tcx hang on links, which the kernel undoes when we die; filters at clsact
 * outlive us, but without the daemon's beat they pass everything up.
 */
#include "dataplane/own.h"
#include "dataplane/lease.skel.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLE_MS = 3000, SAMPLE_MAX = 12000, /* a conntrack entry lives longer */
	SAMPLE_FLOWS = 16384,	/* more flows at work: samples are rarer */
	SETS_FIRST = 2048,	/* in use at first: 128 pages */
	SETTLE_US = 20000,
	PART = 1024 /* sets a system call */ };

/* ---- libbpf's own words ---- */

/* of the thread that loads; another may use libbpf meanwhile */
static _Thread_local struct text *words;

static int on_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	static char line[1 << 18];
	size_t n;

	if (level != LIBBPF_WARN || !words || words->len > 4096)
		return 0;
	/* a verifier's log says at its end why */
	vsnprintf(line, sizeof(line), fmt, ap);
	n = strlen(line);
	text_add(words, n > 700 ? line + n - 700 : line);
	return 0;
}

/* ---- life ---- */

static uint32_t now_ticks(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint32_t)(((uint64_t)ts.tv_sec * 1000000000u +
		(uint64_t)ts.tv_nsec) >> LEASE_TICK_SHIFT);
}

/* Which leases are good: while we hold, none. */
static void tell_good(struct dataplane *dp)
{
	uint64_t good = (uint64_t)dp->stamp << 16 | LEASE_PROVEN;

	__atomic_store_n(&dp->conf->good, dp->held ? UINT64_MAX : good,
		__ATOMIC_RELEASE);
}

static uint64_t memory_here(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

static uint32_t sets_used(const struct dataplane *dp)
{
	return MIN2((dp->conf->mask & LEASE_SETS_MASK) + 1, dp->sets);
}

/* A part of the table at a time, of the sets used so far, copied: mapped, all
 * of it would count as memory of ours. fn may change it; write puts it back. */
typedef void (*sets_fn)(void *arg, struct lease_set *v, uint32_t first,
	uint32_t n);

static void each_set(struct dataplane *dp, sets_fn fn, void *arg, bool write)
{
	int fd = bpf_map__fd(dp->skel->maps.leases);
	struct lease_set *v = xcalloc(PART, sizeof(*v));
	uint32_t *keys = xcalloc(PART, sizeof(*keys)), at = 0, n, next = 0;
	uint32_t sets = sets_used(dp);

	for (uint32_t first = 0; first < sets; first += n) {
		n = MIN2((uint32_t)PART, sets - first);
		if (!write && bpf_map_lookup_batch(fd, first ? &at : NULL,
				      &next, keys, v, &n, NULL) &&
			errno != ENOENT)
			break;
		at = next;
		for (uint32_t i = 0; i < n; i++)
			keys[i] = first + i;
		fn(arg, v, first, n);
		if (write && bpf_map_update_batch(fd, keys, v, &n, NULL))
			break;
		if (!n)
			break;
	}
	free(keys);
	free(v);
}

static int on_wish(void *arg, void *data, size_t n)
{
	const struct lease_wish *w = data;
	struct dataplane *dp = arg;
	struct dataplane_flow f = {.proto = (uint8_t)w->meta,
		.fam = (enum family)(w->meta >> 8 & 0xff)};

	if (n < sizeof(*w) || !dp->wish)
		return 0;
	if (f.fam == FAM_6) {
		memcpy(f.src.b, w->a, 16);
		memcpy(f.dst.b, w->a + 4, 16);
	} else {
		memcpy(f.src.b + 12, w->a, 4);
		memcpy(f.dst.b + 12, w->a + 1, 4);
	}
	f.sport = (uint16_t)(w->ports << 8 | (w->ports >> 8 & 0xff));
	f.dport = (uint16_t)(w->ports >> 16 << 8 | w->ports >> 24);
	dp->wish(dp->wish_arg, &f);
	return 0;
}

static int load(struct dataplane *dp, uint32_t sets)
{
	uint64_t keys[ARRAY_LEN(dp->conf->keys)];
	int rc;

	dp->skel = lease_bpf__open();
	if (!dp->skel)
		return -errno;
	if (getrandom(keys, sizeof(keys), 0) != sizeof(keys))
		return -EIO;
	bpf_map__set_max_entries(dp->skel->maps.leases, sets);
	rc = lease_bpf__load(dp->skel);
	if (rc)
		return rc;
	dp->conf = (struct lease_conf *)&dp->skel->bss->conf;
	memcpy(dp->conf->keys, keys, sizeof(keys));
	dp->stamp = 1u << 16 | 1;
	dp->held = true; /* till the first beat */
	dp->conf->sample = SAMPLE_MS;
	dp->memory = (uint64_t)sets * sizeof(struct lease_set) +
		sizeof(*dp->skel->bss);
	dp->sets = sets;
	dp->wishes = ring_buffer__new(bpf_map__fd(dp->skel->maps.wishes),
		on_wish, dp, NULL);
	return dp->wishes ? 0 : -errno;
}

int dataplane_open(uint32_t sets, struct dataplane **ret, struct text *why)
{
	struct dataplane *dp = xcalloc(1, sizeof(*dp));
	libbpf_print_fn_t before = libbpf_set_print(on_print);
	int rc;

	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	words = why;
	rc = load(dp, sets ? sets : dataplane_sets(memory_here()));
	words = NULL;
	libbpf_set_print(before);
	if (rc) {
		dataplane_free(dp);
		return rc;
	}
	*ret = dp;
	return 0;
}

void dataplane_free(struct dataplane *dp)
{
	if (!dp)
		return;
	if (dp->conf)
		dataplane_hold(dp);
	ports_detach(dp);
	ring_buffer__free(dp->wishes);
	if (dp->skel)
		lease_bpf__destroy(dp->skel);
	free(dp->fdb);
	free(dp);
}

static void add_slots(void *arg, struct lease_set *v, uint32_t first,
	uint32_t n)
{
	struct dataplane_status *r = arg;
	uint32_t now = now_ticks();

	(void)first;
	for (size_t i = 0; i < (size_t)n * LEASE_WAYS; i++) {
		const struct lease *l = &v[i / LEASE_WAYS].way[i % LEASE_WAYS];
		uint32_t side = l->meta >> 16 & (LEASE_PORTS - 1);

		if (l->head >> 16 >= LEASE_PROVEN &&
			now - lease_checked(l) <= LEASE_DEAD_MS)
			r->leases++;
		r->fast_packets += l->packets;
		r->fast_bytes += l->bytes;
		r->side[side].packets += l->packets;
		r->side[side].bytes += l->bytes;
	}
}

static void forget(void *arg, struct lease_set *v, uint32_t first, uint32_t n)
{
	(void)arg;
	(void)first;
	memset(v, 0, n * sizeof(*v));
}

/* With other ports the old leases mean nothing. */
static int new_rows(struct dataplane *dp)
{
	struct lease_conf *c = dp->conf;
	struct lease_conf fresh = *c;
	int rc = dataplane_rows(dp->port, dp->port_n, &fresh);

	for (uint32_t i = 0; i < LEASE_PORTS; i++)
		(void)bpf_map_delete_elem(
			bpf_map__fd(dp->skel->maps.out_ports), &i);
	if (rc)
		return rc;
	if (dp->port_n) {
		each_set(dp, add_slots, &dp->carry, false);
		each_set(dp, forget, NULL, true);
	}
	if (!c->mask)
		fresh.mask = MIN2(dp->sets, (uint32_t)SETS_FIRST) - 1;
	memset(dp->skel->bss->wanted, 0, sizeof(dp->skel->bss->wanted));
	memset(dp->skel->bss->hops, 0, sizeof(dp->skel->bss->hops));
	fresh.until = c->until;
	*c = fresh;
	return 0;
}

int dataplane_attach(struct dataplane *dp, const struct dataplane_device *d,
	size_t n, enum dataplane_mode best, bool force, dataplane_xmit_fn xmit)
{
	libbpf_print_fn_t before = libbpf_set_print(on_print);
	struct dataplane_device *seen = xcalloc(n + 1, sizeof(*seen));
	int rc;

	dataplane_hold(dp);
	usleep(SETTLE_US); /* no program is still at work on the old rows */
	ports_detach(dp);
	dp->port_n = dataplane_plan(d, n, best, force, dp->port);
	for (size_t i = 0; i < dp->port_n; i++)
		port_attach(dp, i);
	memcpy(seen, d, n * sizeof(*d));
	for (size_t i = 0; xmit && i < n; i++)
		seen[i].xmit = xmit(&d[i]);
	dataplane_finish(dp->port, dp->port_n, seen, n);
	free(seen);
	rc = new_rows(dp);
	for (size_t i = 0; !rc && i < dp->port_n; i++)
		port_attach_in(dp, i);
	dataplane_policy_changed(dp);
	libbpf_set_print(before);
	return rc;
}

const struct dataplane_port *dataplane_ports(const struct dataplane *dp,
	size_t *n)
{
	*n = dp->port_n;
	return dp->port;
}

/* ---- settings ---- */

static void add_counts(struct dataplane *dp, struct dataplane_status *r);

/* Once a second. Every lease at work is checked once a second, so checks count
 * flows. */
static void tune(struct dataplane *dp, uint32_t now)
{
	struct dataplane_status s = {0}, *was = &dp->tuned.was;
	uint32_t ms = now - dp->tuned.at, rarer, sets;
	struct dataplane_second d;

	if (ms < LEASE_MS)
		return;
	add_counts(dp, &s);
	d = (struct dataplane_second){
		.fast = (s.fast_packets - was->fast_packets) * LEASE_MS / ms,
		.missed = (s.missed - was->missed) * LEASE_MS / ms,
		.checks = (s.checks - was->checks) * LEASE_MS / ms,
		.full = (s.full - was->full) * LEASE_MS / ms};
	sets = dataplane_grown(sets_used(dp), dp->sets, &d);
	dataplane_away(&dp->tuned.away, &d, sets != sets_used(dp));
	dp->conf->mask = (sets - 1) | dataplane_away_mask(&dp->tuned.away);
	rarer = (uint32_t)(d.checks / SAMPLE_FLOWS);
	dp->conf->sample = MIN2(MAX2(rarer, 1u) * SAMPLE_MS,
		(uint32_t)SAMPLE_MAX);
	dp->tuned.at = now;
	*was = s;
}

void dataplane_beat(struct dataplane *dp)
{
	uint32_t now = now_ticks();

	__atomic_store_n(&dp->conf->until, now + LEASE_BEAT_MS,
		__ATOMIC_RELEASE);
	if (dp->held) {
		dp->held = false;
		tell_good(dp);
	}
	tune(dp, now);
}

void dataplane_hold(struct dataplane *dp)
{
	__atomic_store_n(&dp->conf->until, now_ticks() - 1, __ATOMIC_RELEASE);
	dp->held = true;
	tell_good(dp);
}

/* The halves count for themselves; 0 is never used: zeroed slots have it. */
static void bump(struct dataplane *dp, unsigned shift)
{
	uint32_t s = dp->stamp;
	uint16_t half = (uint16_t)(s >> shift);

	half = half == UINT16_MAX ? 1 : (uint16_t)(half + 1);
	dp->stamp = (s & ~(0xffffu << shift)) | (uint32_t)half << shift;
	tell_good(dp);
}

void dataplane_policy_changed(struct dataplane *dp)
{
	bump(dp, 16);
}

void dataplane_net_changed(struct dataplane *dp)
{
	bump(dp, 0);
}

static uint32_t wire32(uint32_t host)
{
	return htonl(host);
}

void dataplane_wan4(struct dataplane *dp, const struct addr *a)
{
	uint32_t w = a ? wire32(addr_to4(a)) : 0;

	if (dp->conf->wan4 == w)
		return;
	dp->conf->wan4 = w;
	dataplane_policy_changed(dp);
}

void dataplane_liberal(struct dataplane *dp, bool all)
{
	dp->conf->liberal = all;
}

void dataplane_esp(struct dataplane *dp, uint32_t host, uint32_t peer,
	uint32_t spi, bool in, bool add)
{
	struct lease_esp k = {.host = in ? 0 : wire32(host),
		.peer = wire32(peer), .spi = wire32(spi), .in = in};
	struct lease_esp_to to = {.host = wire32(host)};
	int fd = bpf_map__fd(dp->skel->maps.esps);

	if (add)
		(void)bpf_map_update_elem(fd, &k, &to, BPF_ANY);
	else
		(void)bpf_map_delete_elem(fd, &k);
	dataplane_net_changed(dp);
}

void dataplane_esp_counts(struct dataplane *dp, dataplane_esp_fn fn, void *arg)
{
	int fd = bpf_map__fd(dp->skel->maps.esps);
	struct lease_esp k, *last = NULL;
	struct lease_esp_to to;

	for (; !bpf_map_get_next_key(fd, last, &k); last = &k)
		if (!bpf_map_lookup_elem(fd, &k, &to) && to.packets)
			fn(arg, &(struct dataplane_esp){.in = k.in,
				.host = ntohl(to.host), .peer = ntohl(k.peer),
				.spi = ntohl(k.spi), .packets = to.packets});
}

void dataplane_esp_clear(struct dataplane *dp)
{
	int fd = bpf_map__fd(dp->skel->maps.esps);
	struct lease_esp k;

	while (bpf_map_get_next_key(fd, NULL, &k) == 0 &&
		bpf_map_delete_elem(fd, &k) == 0)
		;
	dataplane_net_changed(dp);
}

static bool fdb_has(const struct dataplane_fdb *v, size_t n,
	const struct dataplane_fdb *e)
{
	for (size_t i = 0; i < n; i++)
		if (!memcmp(&v[i].mac, &e->mac, sizeof(e->mac)) &&
			v[i].ifindex == e->ifindex)
			return true;
	return false;
}

static void fdb_row(struct dataplane *dp, const struct dataplane_fdb *e,
	bool add)
{
	int fd = bpf_map__fd(dp->skel->maps.fdb);
	uint32_t ifindex = (uint32_t)e->ifindex;
	struct lease_fdb k = {0};

	for (size_t i = 0; i < dp->port_n; i++)
		if (dp->port[i].ifindex == e->ifindex)
			k.side = dp->port[i].side;
	if (!k.side)
		return;
	memcpy(k.mac, e->mac.b, sizeof(k.mac));
	if (add)
		(void)bpf_map_update_elem(fd, &k, &ifindex, BPF_ANY);
	else
		(void)bpf_map_delete_elem(fd, &k);
}

void dataplane_fdb(struct dataplane *dp, const struct dataplane_fdb *v,
	size_t n)
{
	bool moved = false;

	for (size_t i = 0; i < dp->fdb_n; i++)
		if (!fdb_has(v, n, &dp->fdb[i])) {
			fdb_row(dp, &dp->fdb[i], false);
			moved = true;
		}
	for (size_t i = 0; i < n; i++)
		fdb_row(dp, &v[i], true);
	free(dp->fdb);
	dp->fdb = xcalloc(n + 1, sizeof(*dp->fdb));
	memcpy(dp->fdb, v, n * sizeof(*v));
	dp->fdb_n = n;
	if (moved)
		dataplane_net_changed(dp);
}

/* ---- wishes ---- */

int dataplane_wish_fd(const struct dataplane *dp)
{
	return ring_buffer__epoll_fd(dp->wishes);
}

void dataplane_wishes(struct dataplane *dp, dataplane_wish_fn fn, void *arg)
{
	dp->wish = fn;
	dp->wish_arg = arg;
	(void)ring_buffer__consume(dp->wishes);
	dp->wish = NULL;
}

int dataplane_run(struct dataplane *dp, int ifindex, const void *in, size_t n,
	void *out)
{
	struct xdp_md ctx = {.data_end = (uint32_t)n,
		.ingress_ifindex = (uint32_t)ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in,
		.data_size_in = (uint32_t)n, .data_out = out,
		.data_size_out = (uint32_t)n, .ctx_in = &ctx,
		.ctx_size_in = sizeof(ctx), .repeat = 1);

	if (bpf_prog_test_run_opts(bpf_program__fd(dp->skel->progs.lease_xdp),
		    &o))
		return -errno;
	return o.retval == XDP_REDIRECT;
}

/* ---- reading ---- */

static void add_counts(struct dataplane *dp, struct dataplane_status *r)
{
	int cpus = libbpf_num_possible_cpus();
	struct lease_count *c;
	uint64_t *const to[LEASE_EV_MAX] = {&r->fast_packets, &r->fast_bytes,
		&r->missed, &r->unusual, &r->entered, &r->proven, &r->checks,
		&r->gone, &r->samples, &r->full, &r->nohop, &r->toobig};
	uint32_t zero = 0;

	if (cpus <= 0)
		return;
	c = xcalloc((size_t)cpus, sizeof(*c));
	if (!bpf_map_lookup_elem(bpf_map__fd(dp->skel->maps.counts), &zero, c))
		for (int i = 0; i < cpus; i++) {
			for (int e = 0; e < LEASE_EV_MAX; e++)
				*to[e] += c[i].ev[e];
			for (int s = 0; s < LEASE_PORTS; s++) {
				r->side[s].packets += c[i].in[s].packets;
				r->side[s].bytes += c[i].in[s].bytes;
			}
		}
	free(c);
}

/* What the slots have not handed over yet counts too. */
bool dataplane_busy(struct dataplane *dp)
{
	struct dataplane_status s = {0};
	uint64_t before = dp->moved;

	add_counts(dp, &s);
	dp->moved = s.missed + s.unusual + s.proven + s.checks + s.samples +
		s.toobig;
	return dp->moved != before;
}

void dataplane_status(struct dataplane *dp, struct dataplane_status *ret)
{
	memset(ret, 0, sizeof(*ret));
	add_counts(dp, ret);
	ret->slots = (uint64_t)dp->sets * LEASE_WAYS;
	ret->memory = dp->memory;
	ret->touched = (uint64_t)sets_used(dp) * sizeof(struct lease_set);
	ret->one_in = dataplane_away_mask(&dp->tuned.away) / (LEASE_SETS_MASK + 1) + 1;
	ret->fast_packets += dp->carry.fast_packets;
	ret->fast_bytes += dp->carry.fast_bytes;
	for (size_t i = 0; i < LEASE_PORTS; i++) {
		ret->side[i].packets += dp->carry.side[i].packets;
		ret->side[i].bytes += dp->carry.side[i].bytes;
	}
	each_set(dp, add_slots, ret, false);
}

static void flow_of(const struct lease *l, struct dataplane_flow *f)
{
	*f = (struct dataplane_flow){.proto = (uint8_t)l->meta,
		.fam = (enum family)(l->meta >> 8 & 0xff)};
	if (f->fam == FAM_6) {
		memcpy(f->src.b, l->a, 16);
		memcpy(f->dst.b, l->a + 4, 16);
	} else {
		memcpy(f->src.b + 12, l->a, 4);
		memcpy(f->dst.b + 12, l->a + 1, 4);
	}
	f->sport = (uint16_t)(l->ports << 8 | (l->ports >> 8 & 0xff));
	f->dport = (uint16_t)(l->ports >> 16 << 8 | l->ports >> 24);
}

struct listing {
	struct dataplane *dp;
	dataplane_lease_fn fn;
	void *arg;
};

static void list_sets(void *arg, struct lease_set *v, uint32_t first,
	uint32_t n)
{
	struct listing *g = arg;
	const struct lease_conf *c = g->dp->conf;
	uint32_t now = now_ticks();

	(void)first;
	for (size_t i = 0; i < (size_t)n * LEASE_WAYS; i++) {
		const struct lease *l = &v[i / LEASE_WAYS].way[i % LEASE_WAYS];
		const struct lease_hop *h = (const struct lease_hop *)
			&g->dp->skel->bss->hops[l->head & (LEASE_HOPS - 1)];
		uint32_t st = l->head >> 16;
		struct dataplane_lease r = {.spi = ntohl(l->ports)};

		if (st < LEASE_PENDING || now - lease_checked(l) > LEASE_DEAD_MS)
			continue;
		flow_of(l, &r.flow);
		r.in = (int)c->l3[l->meta >> 16 & (LEASE_PORTS - 1)];
		if (st >= LEASE_PROVEN)
			r.out = (int)c->ports[h->port & (LEASE_PORTS - 1)].ifindex;
		r.usable = st >= LEASE_PROVEN && l->stamp == lease_stamp(c);
		g->fn(g->arg, &r);
	}
}

void dataplane_list(struct dataplane *dp, dataplane_lease_fn fn, void *arg)
{
	struct listing g = {dp, fn, arg};

	each_set(dp, list_sets, &g, false);
}
