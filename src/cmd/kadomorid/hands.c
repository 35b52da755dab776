// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What listen wants changed, done by apply. Each message is judged as if a
 * stranger had sent it: only ports of ours, only ordinary global addresses,
 * only our own sets. Set members are kept here too, so that a new table is
 * loaded together with them: no moment without known hosts.
 */
#include "listen.h"
#include "shield.h"
#include "base/log.h"
#include "kernel/kernel.h"
#include "nft/nft.h"

#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

enum { OLD_MS = 30000, MEMBERS_MAX = 8192, MTU_MIN = 1280, MTU_MAX = 9216 };

static const char *const set_names[NP_SET_MAX] = {
	[SET_KNOWN] = "known", [SET_PINNED] = "pinned",
	[SET_WANHOSTS] = "wanhosts"};

struct hands {
	struct intent *const *in;
	const struct listen_fds *f;
	int rtnl, nfnl;
	struct {
		struct member {
			struct addr addr;
			unsigned generation;
		} *v;
		size_t n, cap;
	} set[NP_SET_MAX];
	unsigned generation;
	/* neighbours and /128 routes that listen has named since it started,
	 * until it has told all */
	struct kernel_mark *named;
	size_t named_n, named_cap;
	bool telling;
	struct event *old;
	struct shield *shield;
	struct kernel_element pending[KERNEL_ELEMENTS_MAX];
	size_t pending_n;
};

static bool global6(const struct addr *a)
{
	return (a->b[0] & 0xe0) == 0x20; /* 2000::/3 */
}

/* ---- sets ---- */

static bool set_find(const struct hands *h, enum np_set s,
	const struct addr *a, size_t *at)
{
	for (size_t i = 0; i < h->set[s].n; i++)
		if (!addr_cmp(&h->set[s].v[i].addr, a)) {
			*at = i;
			return true;
		}
	return false;
}

static void flush(struct hands *h);

static void set_note(struct hands *h, enum np_set s, const struct addr *a,
	bool add)
{
	size_t at;

	if (set_find(h, s, a, &at) == add) {
		if (add)
			h->set[s].v[at].generation = h->generation;
		return;
	}
	if (add && h->set[s].n == MEMBERS_MAX)
		return;
	if (add)
		*GROW(h->set[s].v, h->set[s].n, h->set[s].cap) =
			(struct member){*a, h->generation};
	else
		h->set[s].v[at] = h->set[s].v[--h->set[s].n];
	if (h->pending_n == KERNEL_ELEMENTS_MAX)
		flush(h);
	h->pending[h->pending_n++] = (struct kernel_element){set_names[s], add,
		*a};
}

static void add_members(const struct hands *h, const char *rules,
	struct text *out)
{
	char buf[ADDR_STR], head[64];

	for (int s = 0; s < NP_SET_MAX; s++) {
		snprintf(head, sizeof(head), "\tset %s {", set_names[s]);
		if (!h->set[s].n || !strstr(rules, head))
			continue;
		text_addf(out, "add element " NFT_TABLE " %s {", set_names[s]);
		for (size_t i = 0; i < h->set[s].n; i++)
			text_addf(out, "%s %s", i ? "," : "",
				addr_format(FAM_6, &h->set[s].v[i].addr,
					buf));
		text_add(out, " }\n");
	}
}

char *hands_with_sets(const struct hands *h, const char *rules)
{
	struct text t = TEXT_INIT;

	text_add(&t, rules);
	text_add(&t, "\n");
	add_members(h, rules, &t);
	return text_take(&t);
}

/* Something differs from what we believe: empty them and fill them again. */
static void refill(struct hands *h)
{
	static const char all[] = "\tset known {\tset pinned {\tset wanhosts {";
	struct text t = TEXT_INIT;
	char *said = NULL;

	for (int s = 0; s < NP_SET_MAX; s++)
		text_addf(&t, "flush set " NFT_TABLE " %s\n", set_names[s]);
	add_members(h, all, &t);
	if (kernel_nft_run(text_str(&t), &said))
		log_debug("sets: %s", said ? said : "?");
	free(said);
	text_done(&t);
}

/* Before the table is there it fails: the members are loaded with it. */
static void flush(struct hands *h)
{
	/* a delegated line has no such sets: nothing is gated by them */
	if (listen_proxies(*h->in) &&
		kernel_nft_elements(h->nfnl, NFT_TABLE_NAME, h->pending,
			h->pending_n))
		refill(h);
	h->pending_n = 0;
}

/* Members that a new listen has not named again are over. */
static void on_old(int fd, short what, void *arg)
{
	struct hands *h = arg;

	(void)fd;
	(void)what;
	for (int s = 0; s < NP_SET_MAX; s++)
		for (size_t i = h->set[s].n; i-- > 0;)
			if (h->set[s].v[i].generation != h->generation) {
				struct addr a = h->set[s].v[i].addr;

				set_note(h, (enum np_set)s, &a, false);
			}
	shield_forget_old(h->shield);
	flush(h);
}

void hands_generation(struct hands *h)
{
	struct timeval tv = {OLD_MS / 1000, 0};

	h->generation++;
	h->telling = true;
	h->named_n = 0;
	shield_generation(h->shield);
	event_add(h->old, &tv);
}

/* ---- one message ---- */

/* The primary LAN's prefix route must not stand on the WAN as well. */
static void clear_wan(struct hands *h, const struct addr *a)
{
	struct addr m = mask_of_len(FAM_6, 64), net = addr_and(a, &m);

	(void)kernel_route_del_any(h->rtnl, h->f->ifindex[NP_WAN], &net, 64);
}

static int do_addr(struct hands *h, const struct act_msg *m)
{
	int ifindex = h->f->ifindex[m->port];

	if (!global6(&m->addr) ||
		m->len != (m->port == NP_WAN ? 128 : 64))
		return -1;
	if (m->what == ACT_ADDR_DEL)
		return kernel_addr_del(h->rtnl, ifindex, &m->addr, m->len);
	if (m->port == NP_WAN) {
		/* the same address with the kernel's /64 would keep it */
		(void)kernel_addr_del(h->rtnl, ifindex, &m->addr, 64);
		clear_wan(h, &m->addr);
	}
	return kernel_addr_set(h->rtnl, ifindex, &m->addr, m->len, m->valid_s,
		m->preferred_s);
}

static void name(struct hands *h, enum kernel_mark_kind kind, int ifindex,
	const struct act_msg *m)
{
	if (h->telling && h->named_n < 3 * MEMBERS_MAX)
		*GROW(h->named, h->named_n, h->named_cap) = (struct kernel_mark){
			kind, ifindex, m->addr,
			kind == KERNEL_MARK_ROUTE ? m->len : 0};
}

static int do_route(struct hands *h, const struct act_msg *m)
{
	int ifindex = h->f->ifindex[m->port];
	bool def = !m->len;

	if (def ? m->port != NP_WAN || !addr_is_linklocal(&m->gate)
		: m->len != 128 || !global6(&m->addr))
		return -1;
	if (m->what == ACT_ROUTE_DEL)
		return kernel_route_del(h->rtnl, ifindex, &m->addr, m->len);
	name(h, KERNEL_MARK_ROUTE, ifindex, m);
	return kernel_route_set(h->rtnl, ifindex, &m->addr, m->len,
		def ? &m->gate : NULL);
}

static int do_neigh(struct hands *h, const struct act_msg *m)
{
	int ifindex = h->f->ifindex[m->port];

	if (!global6(&m->addr) &&
		!(m->port == NP_WAN && addr_is_linklocal(&m->addr)))
		return -1;
	if (m->what == ACT_NEIGH_DEL)
		return kernel_neigh_del(h->rtnl, ifindex, &m->addr);
	if (m->mac.b[0] & 1)
		return -1;
	name(h, KERNEL_MARK_NEIGH, ifindex, m);
	return kernel_neigh_set(h->rtnl, ifindex, &m->addr, &m->mac,
		m->pin && m->port == NP_WAN);
}

static int do_mtu(struct hands *h, const struct act_msg *m)
{
	cleanup(freep) char *path = NULL;
	char value[16];

	if (m->port != NP_WAN || m->value < MTU_MIN || m->value > MTU_MAX)
		return -1;
	path = xasprintf("net/ipv6/conf/%s/mtu", (*h->in)->wan);
	snprintf(value, sizeof(value), "%u", m->value);
	return kernel_sysctl_write(path, value);
}

static int do_one(struct hands *h, const struct act_msg *m)
{
	if (m->port >= h->f->port_n || !h->f->ifindex[m->port])
		return -1;
	switch ((enum np_act)m->what) {
	case ACT_ADDR_SET:
	case ACT_ADDR_DEL:
		return do_addr(h, m);
	case ACT_ROUTE_SET:
	case ACT_ROUTE_DEL:
		return do_route(h, m);
	case ACT_NEIGH_SET:
	case ACT_NEIGH_DEL:
		return do_neigh(h, m);
	case ACT_MTU:
		return do_mtu(h, m);
	case ACT_SHIELD:
	case ACT_SHIELD_PORT:
		return shield_do(h->shield, m);
	case ACT_SET_ADD:
	case ACT_SET_DEL:
		if (m->set >= NP_SET_MAX || !global6(&m->addr))
			return -1;
		set_note(h, (enum np_set)m->set, &m->addr,
			m->what == ACT_SET_ADD);
		return 0;
	case ACT_SEND:
	case ACT_JOIN:
	case ACT_LEAVE:
	case ACT_SAY:
		return -1;
	}
	return -1;
}

void hands_do(struct hands *h, const char *body, size_t len)
{
	struct act_msg m;

	for (; len >= sizeof(m); len -= sizeof(m), body += sizeof(m)) {
		memcpy(&m, body, sizeof(m));
		if (do_one(h, &m))
			log_debug("change %u on port %u not done", m.what,
				m.port);
	}
	flush(h);
}

/* ---- life ---- */

static void sysctl_of(const char *ifname, const char *what, const char *value)
{
	cleanup(freep) char *path = xasprintf("net/ipv6/conf/%s/%s", ifname,
		what);

	(void)kernel_sysctl_write(path, value);
}

/* The kernel must not read the line's RA beside us: its timers and its /64. */
static void prepare(const struct intent *in)
{
	static const char *const gc[][2] = {
		{"net/ipv6/neigh/default/gc_thresh3", "8192"},
		{"net/ipv6/neigh/default/gc_thresh2", "4096"},
		{"net/ipv6/neigh/default/gc_thresh1", "2048"},
	};

	if (listen_proxies(in))
		sysctl_of(in->wan, "accept_ra", "0");
	for (size_t i = 0; i < in->lan_n; i++)
		sysctl_of(in->lans[i], "accept_ra", "0");
	/* one table per kernel: not writable inside a namespace */
	for (size_t i = 0; i < ARRAY_LEN(gc); i++)
		(void)kernel_sysctl_write(gc[i][0], gc[i][1]);
}

struct hands *hands_new(struct event_base *base, struct intent *const *in,
	const struct listen_fds *f)
{
	struct hands *h = xcalloc(1, sizeof(*h));

	h->in = in;
	h->f = f;
	h->rtnl = kernel_rtnl_open(false);
	h->nfnl = kernel_nfnl_open();
	h->old = evtimer_new(base, on_old, h);
	h->shield = shield_new(f->ifindex[NP_WAN]);
	prepare(*in);
	return h;
}

void hands_free(struct hands *h)
{
	if (!h)
		return;
	event_free(h->old);
	shield_free(h->shield);
	free(h->named);
	if (h->rtnl >= 0)
		close(h->rtnl);
	if (h->nfnl >= 0)
		close(h->nfnl);
	for (int s = 0; s < NP_SET_MAX; s++)
		free(h->set[s].v);
	free(h);
}

void hands_sweep(struct hands *h)
{
	shield_sweep(h->shield, h->f->ifindex[NP_WAN]);
	(void)kernel_rtnl_sweep(h->rtnl, NULL, NULL);
	sysctl_of((*h->in)->wan, "accept_ra", "2");
}

static int by_mark(const void *a, const void *b)
{
	const struct kernel_mark *x = a, *y = b;
	int d = (int)x->kind - (int)y->kind;

	if (!d)
		d = x->ifindex - y->ifindex;
	return d ? d : addr_cmp(&x->addr, &y->addr);
}

/*
 * A predecessor that was killed in the middle of a move leaves the host's old
 * route and neighbour behind. The default route and the gateway's own addresses
 * have lifetimes and stay, for the line may be slow to tell them again.
 */
static bool is_named(void *arg, const struct kernel_mark *m)
{
	const struct hands *h = arg;

	if (m->kind == KERNEL_MARK_ADDR || !global6(&m->addr))
		return true;
	return bsearch(m, h->named, h->named_n, sizeof(*m), by_mark);
}

void hands_ready(struct hands *h)
{
	if (h->named_n)
		qsort(h->named, h->named_n, sizeof(*h->named), by_mark);
	(void)kernel_rtnl_sweep(h->rtnl, is_named, h);
	h->telling = false;
	shield_ready(h->shield, h->f->ifindex[NP_WAN]);
}

const volatile uint64_t *hands_counts(const struct hands *h)
{
	return shield_counts(h->shield);
}

const char *hands_shield(const struct hands *h)
{
	return shield_state(h->shield);
}

/* ---- who talks ---- */

struct talkers {
	const struct hands *h;
	struct talker *v;
	size_t n, max;
};

static void on_talker(void *arg, int ifindex, const struct mac *mac,
	const struct addr *a)
{
	struct talkers *t = arg;

	for (unsigned i = 1; i < t->h->f->port_n && t->n < t->max; i++)
		if (t->h->f->ifindex[i] == ifindex)
			t->v[t->n++] = (struct talker){.port = (uint8_t)i,
				.mac = *mac, .addr = *a};
}

size_t hands_talkers(struct hands *h, struct talker *v, size_t max)
{
	struct talkers t = {h, v, 0, max};

	if (!listen_proxies(*h->in) || h->nfnl < 0 ||
		kernel_nft_talkers(h->nfnl, NFT_TABLE_NAME, NFT_TALKERS,
			NFT_TALKERS_S * 1000, TALKERS_EVERY_S * 1000, on_talker,
			&t))
		return 0;
	return t.n;
}

size_t hands_asked(struct hands *h, struct asked *v, size_t max)
{
	return shield_asked(h->shield, v, max);
}
