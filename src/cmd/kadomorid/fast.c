// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apply's hands on the fast path. Each of these ends all proofs at once: our
 * own rules loaded, somebody else's change to nftables. Each of these has
 * conntrack and the FIB asked again: an address, a route, a link. A table of
 * somebody else's in the path of forwarded packets turns it off: its rules
 * are to see every packet.
 */
#include "fast.h"
#include "base/log.h"
#include "base/text.h"
#include "base/tr.h"
#include "dataplane/dataplane.h"
#include "kernel/kernel.h"
#include "nft/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <event2/event.h>
#include <jansson.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BEAT_MS = 250, TELL_BEATS = 8, LOOK_MS = 50, AGAIN_MS = 300, DEVICES_MAX = 32,
	WISHES_A_SECOND = 2000, ESP_WAITING_MAX = 4096 };

/*
 * The kernel looks at the programs for some half a second, and apply has hosts
 * to let in meanwhile: so a thread loads them.
 */
struct opening {
	pthread_t thread;
	int done[2];	/* a pipe: a byte when the thread ends */
	struct dataplane *dp;
	struct text why;
	int rc;
};

struct fast {
	struct event_base *base;
	enum fast_wish wish;
	struct intent *const *in;
	fast_status_fn status;
	void *arg;
	struct dataplane *dp;	/* NULL: off, or not opened yet */
	struct opening *opening;
	/* bindings learnt while it opens; beyond the maximum they go the slow
	 * way, which is complete */
	struct espnat_change *esp;
	size_t esp_n, esp_cap;
	const char *off;	/* why, a word */
	char *words;		/* the kernel's, or the foreign tables */
	bool rules, foreign;
	unsigned beats, wishes, news;
	int nfnl, rtnl;
	struct event *beat, *wishing, *looking, *watching, *opened;
	bool links_moved, fdb_moved, routes_moved, again;
	struct dataplane_device seen[DEVICES_MAX];
	size_t seen_n;
	uint64_t tcx;	/* programs of others at their tcx hooks */
	struct addr wan4;
	bool has_wan4;
	struct mac neighbours[256]; /* by a hash of device and address */
};

/* ---- which devices ---- */

static bool vlan_above(const struct kernel_link *l, size_t n, int ifindex)
{
	for (size_t i = 0; i < n; i++)
		if (l[i].lower == ifindex && !strcmp(l[i].kind, "vlan"))
			return true;
	return false;
}

static const char *const our_programs[] = {"lease_tc", "lease_bare",
	"lease_egress", "nd_filter", NULL};

/* Must somebody else's program or filter see what passes there? */
static bool filtered(int ifindex, bool ingress)
{
	return kernel_tc_filters(ifindex, ingress, our_programs) > 0 ||
	       dataplane_tcx_others(ifindex, ingress, our_programs);
}

/* How many hang where, as one number. */
static uint64_t all_tcx(const struct fast *f)
{
	uint64_t h = 0;

	for (size_t i = 0; i < f->seen_n; i++)
		for (int in = 0; in < 2; in++)
			h = h * 31 + dataplane_tcx_others(f->seen[i].ifindex,
					     in, our_programs);
	return h;
}

static void add(struct fast *f, const struct kernel_link *all, size_t n,
	const struct kernel_link *l, bool wan)
{
	struct dataplane_device *d;
	size_t np;
	const struct dataplane_port *p = f->dp ? dataplane_ports(f->dp, &np)
						: NULL;
	bool ours = false;

	if (f->seen_n == DEVICES_MAX)
		return;
	for (size_t i = 0; p && i < np; i++)
		ours |= p[i].ifindex == l->ifindex && p[i].mode == DP_NATIVE;
	d = &f->seen[f->seen_n++];
	memset(d, 0, sizeof(*d));
	memcpy(d->name, l->name, sizeof(d->name));
	memcpy(d->kind, l->kind, sizeof(d->kind));
	memcpy(d->qdisc, l->qdisc, sizeof(d->qdisc));
	d->ifindex = l->ifindex;
	d->mac = l->mac;
	d->mtu = l->mtu;
	d->ethernet = l->ethernet;
	d->bare = l->bare;
	d->wan = wan;
	d->foreign_xdp = l->xdp && !ours;
	d->vlan_filtering = l->vlan_filtering;
	d->vlan_above = vlan_above(all, n, l->ifindex);
	d->filters_in = filtered(l->ifindex, true);
	d->filters_out = filtered(l->ifindex, false);
	d->xmit = -1;
	(void)kernel_driver(l->name, d->driver, sizeof(d->driver));
}

static void add_named(struct fast *f, const struct kernel_link *l, size_t n,
	const char *name, bool wan)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(l[i].name, name) != 0)
			continue;
		add(f, l, n, &l[i], wan);
		for (size_t j = 0; !strcmp(l[i].kind, "bridge") && j < n; j++)
			if (l[j].master == l[i].ifindex) {
				add(f, l, n, &l[j], wan);
				f->seen[f->seen_n - 1].master = l[i].ifindex;
			}
	}
}

/* true: something about our devices is not as before. */
static bool see_devices(struct fast *f)
{
	struct dataplane_device before[DEVICES_MAX];
	size_t before_n = f->seen_n, n = 0;
	struct kernel_link *l = NULL;

	memcpy(before, f->seen, sizeof(before));
	if (kernel_links(&l, &n))
		return false;
	f->seen_n = 0;
	add_named(f, l, n, (*f->in)->wan, true);
	for (size_t i = 0; i < (*f->in)->lan_n; i++)
		add_named(f, l, n, (*f->in)->lans[i], false);
	free(l);
	return before_n != f->seen_n ||
	       memcmp(before, f->seen, f->seen_n * sizeof(*f->seen)) != 0;
}

static int xmit(const struct dataplane_device *d)
{
	return kernel_xdp_xmit(d->ifindex);
}

static void see_fdb(struct fast *f)
{
	struct dataplane_fdb *v;
	struct kernel_fdb *k = NULL;
	size_t n = 0;

	if (kernel_fdb(&k, &n))
		return;
	v = xcalloc(n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[i] = (struct dataplane_fdb){k[i].mac, k[i].ifindex};
	dataplane_fdb(f->dp, v, n);
	free(v);
	free(k);
}

static void say_ports(const struct fast *f)
{
	size_t n;
	const struct dataplane_port *p = dataplane_ports(f->dp, &n);
	struct text t = TEXT_INIT;

	for (size_t i = 0; i < n; i++)
		if (!p[i].bridge)
			text_addf(&t, "%s%s %s%s%s%s", t.len ? ", " : "",
				p[i].name, dataplane_mode_name(p[i].mode),
				p[i].why ? " (" : "",
				p[i].why ? dataplane_why_name(p[i].why) : "",
				p[i].why ? ")" : "");
	log_info(_("fast path: %s"), text_str(&t));
	text_done(&t);
}

static void attach(struct fast *f)
{
	enum dataplane_mode best = f->wish == FAST_TC ? DP_TC : DP_NATIVE;
	const struct dataplane_port *p;
	size_t n;

	if (dataplane_attach(f->dp, f->seen, f->seen_n, best,
		    f->wish == FAST_NATIVE, xmit))
		log_warn(_("fast path: the devices' numbers do not fit; it stays off"));
	p = dataplane_ports(f->dp, &n);
	for (size_t i = 0; i < n; i++)
		if (p[i].mode == DP_NATIVE) /* tags stay where XDP sees them */
			(void)kernel_rx_vlan_off(p[i].name);
	see_fdb(f);
	say_ports(f);
	f->news = 2;
}

/* ---- on and off ---- */

static bool legacy_iptables(void)
{
	static const char *const paths[] = {"/proc/self/net/ip_tables_names",
		"/proc/self/net/ip6_tables_names"};
	bool some = false;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		FILE *f = fopen(paths[i], "re");

		some |= f && fgetc(f) != EOF;
		if (f)
			fclose(f);
	}
	return some;
}

static void off(struct fast *f, const char *why, char *words)
{
	if (f->dp)
		dataplane_hold(f->dp);
	free(f->words);
	f->words = words;
	f->off = why;
	f->news = 2;
}

static void see_foreign(struct fast *f)
{
	struct text t = TEXT_INIT;
	char *list = NULL;
	bool was = f->foreign;

	f->foreign = false;
	if (kernel_nft_list("ruleset", &list) == 0)
		f->foreign = nft_foreign_hooks(list, &t) > 0;
	free(list);
	if (!f->foreign && legacy_iptables()) {
		f->foreign = true;
		text_add(&t, "iptables");
	}
	if (f->foreign && f->dp && (!was || !f->off)) {
		log_warn(_("fast path: off, because another firewall's rules must see every packet: %s"),
			text_str(&t));
		off(f, "foreign", text_take(&t));
	} else if (!f->foreign && was && f->dp) {
		off(f, NULL, NULL);
		dataplane_policy_changed(f->dp);
	}
	text_done(&t);
}

static void on_wishing(int fd, short what, void *arg);

static void *open_away(void *arg)
{
	struct opening *o = arg;

	o->rc = dataplane_open(0, &o->dp, &o->why);
	(void)!write(o->done[1], "", 1);
	return NULL;
}

/* Signals are for the thread that waits for events. */
static int start_thread(struct opening *o)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&o->thread, NULL, open_away, o);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

static void opening_free(struct opening *o)
{
	for (int i = 0; i < 2; i++)
		if (o->done[i] >= 0)
			close(o->done[i]);
	text_done(&o->why);
	free(o);
}

static void refused_it(struct fast *f, int rc, struct text *why)
{
	log_warn(_("fast path: off, this kernel does not take it (%s); the gate is complete without it: %.300s"),
		strerror(-rc), text_str(why));
	off(f, "kernel", text_take(why));
}

static void follow_rules(struct fast *f);

/* All that was learnt meanwhile, then as if it had been there before. */
static void opened(struct fast *f, struct dataplane *dp)
{
	f->dp = dp;
	f->wishing = event_new(f->base, dataplane_wish_fd(dp),
		EV_READ | EV_PERSIST, on_wishing, f);
	event_add(f->wishing, NULL);
	dataplane_wan4(dp, f->has_wan4 ? &f->wan4 : NULL);
	see_foreign(f);
	for (size_t i = 0; i < f->esp_n; i++)
		fast_esp(f, &f->esp[i]);
	f->esp_n = 0;
	follow_rules(f);
}

static void on_opened(int fd, short what, void *arg)
{
	struct fast *f = arg;
	struct opening *o = f->opening;

	(void)fd;
	(void)what;
	pthread_join(o->thread, NULL);
	f->opening = NULL;
	f->news = 2;
	f->beats = 0; /* status hears of it with the next one */
	if (o->rc)
		refused_it(f, o->rc, &o->why);
	else
		opened(f, o->dp);
	opening_free(o);
}

static void open_it(struct fast *f)
{
	struct opening *o;
	int rc;

	if (f->wish == FAST_OFF) {
		off(f, "asked", NULL);
		return;
	}
	o = xcalloc(1, sizeof(*o));
	*o = (struct opening){.done = {-1, -1}, .why = TEXT_INIT};
	rc = pipe2(o->done, O_CLOEXEC) ? -errno : start_thread(o);
	if (rc) {
		refused_it(f, rc, &o->why);
		opening_free(o);
		return;
	}
	f->opening = o;
	f->opened = event_new(f->base, o->done[0], EV_READ, on_opened, f);
	event_add(f->opened, NULL);
}

void fast_rules(struct fast *f)
{
	f->news = 2;
	if (!f->rules) {
		f->rules = true;
		open_it(f);
	}
	if (f->dp)
		follow_rules(f);
}

static void follow_rules(struct fast *f)
{
	char buf[8];

	if (see_devices(f)) /* perhaps the configuration names others */
		attach(f);
	dataplane_liberal(f->dp, !kernel_sysctl_read(
		"net/netfilter/nf_conntrack_tcp_be_liberal", buf, sizeof(buf)) &&
		*buf == '1');
	dataplane_policy_changed(f->dp);
}

/* ---- events ---- */

/* Only the last message of a transaction says whose it was. */
static bool somebody_elses(const void *msg, size_t len)
{
	const struct nlmsghdr *h = msg;
	const struct nlattr *a;
	int n = (int)len;
	bool theirs = false;

	for (; mnl_nlmsg_ok(h, n); h = mnl_nlmsg_next(h, &n)) {
		uint32_t pid = 0;

		if ((h->nlmsg_type & 0xff) != NFT_MSG_NEWGEN)
			continue;
		mnl_attr_for_each(a, h, sizeof(struct nfgenmsg))
			if (mnl_attr_get_type(a) == NFTA_GEN_PROC_PID &&
				mnl_attr_get_payload_len(a) == sizeof(pid))
				pid = ntohl(mnl_attr_get_u32(a));
		theirs |= pid != (uint32_t)getpid();
	}
	return theirs;
}

void fast_nft_event(struct fast *f, const void *msg, size_t n)
{
	if (!f->dp || (msg && !somebody_elses(msg, n)))
		return;
	dataplane_policy_changed(f->dp);
	see_foreign(f);
}

static void on_looking(int fd, short what, void *arg)
{
	struct timeval tv = {0, AGAIN_MS * 1000};
	struct fast *f = arg;

	(void)fd;
	(void)what;
	/* a worker of the kernel's takes an address' translations away, some
	 * time after it told us of the address */
	if (f->routes_moved || f->again)
		dataplane_net_changed(f->dp);
	f->again = f->routes_moved;
	if (f->again)
		event_add(f->looking, &tv);
	if (f->links_moved && (see_devices(f) || !dataplane_whole(f->dp)))
		attach(f);
	else if (f->fdb_moved)
		see_fdb(f);
	if (f->links_moved)
		dataplane_net_changed(f->dp);
	f->links_moved = f->fdb_moved = f->routes_moved = false;
}

/*
 * A neighbour has another MAC address (it announced itself): leases to the old
 * one are asked again now, not within a second. What changes of a neighbour's
 * state else is nothing to us. Two that share a place here cost a question.
 */
static bool neighbour_moved(struct fast *f, const struct nlmsghdr *h)
{
	const struct ndmsg *m = NLMSG_DATA(h);
	uint32_t at = (uint32_t)m->ndm_ifindex * 2654435761u;
	const struct nlattr *a;
	struct mac mac = {0}, none = {0};
	struct mac *was;

	mnl_attr_for_each(a, h, sizeof(*m)) {
		const uint8_t *p = mnl_attr_get_payload(a);
		size_t n = mnl_attr_get_payload_len(a);

		for (size_t i = 0; mnl_attr_get_type(a) == NDA_DST && i < n; i++)
			at = (at ^ p[i]) * 2654435761u;
		if (mnl_attr_get_type(a) == NDA_LLADDR && n == sizeof(mac.b))
			memcpy(mac.b, p, n);
	}
	was = &f->neighbours[at >> 24];
	if (!memcmp(&mac, &none, sizeof(mac)) ||
		!memcmp(was, &mac, sizeof(mac)))
		return false;
	*was = mac;
	return true;
}

static void note_message(struct fast *f, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
		f->links_moved = true;
		return;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (((const struct ndmsg *)NLMSG_DATA(h))->ndm_family ==
			AF_BRIDGE)
			f->fdb_moved = true;
		else if (neighbour_moved(f, h))
			dataplane_net_changed(f->dp);
		return;
	case RTM_NEWADDR:
	case RTM_DELADDR:
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		f->routes_moved = true;
		/* at once: an old address' packets are to stop */
		dataplane_net_changed(f->dp);
		return;
	default:
		return;
	}
}

static void on_rtnl(int fd, short what, void *arg)
{
	struct timeval tv = {0, LOOK_MS * 1000};
	struct fast *f = arg;
	static char buf[32768];
	ssize_t n;

	(void)what;
	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0 ||
		(n < 0 && errno == ENOBUFS)) {
		const struct nlmsghdr *h = (const void *)buf;
		int left = (int)n;

		if (n < 0)
			f->links_moved = f->fdb_moved = f->routes_moved = true;
		for (; f->dp && n > 0 && mnl_nlmsg_ok(h, left);
			h = mnl_nlmsg_next(h, &left))
			note_message(f, h);
	}
	if (f->dp && (f->links_moved || f->fdb_moved || f->routes_moved) &&
		!evtimer_pending(f->looking, NULL))
		event_add(f->looking, &tv);
}

/* Of tcx nobody sends news. */
static void look_at_tcx(struct fast *f)
{
	struct timeval tv = {0, LOOK_MS * 1000};
	uint64_t all = all_tcx(f);

	if (all == f->tcx)
		return;
	f->tcx = all;
	f->links_moved = true;
	if (!evtimer_pending(f->looking, NULL))
		event_add(f->looking, &tv);
}

/* ---- TCP: conntrack is told before a flow goes fast ---- */

static void wish(void *arg, const struct dataplane_flow *d)
{
	struct kernel_flow k = {d->fam, d->proto, d->src, d->dst, d->sport,
		d->dport};
	struct fast *f = arg;

	/* what is over this is asked for again */
	if (f->wishes++ < WISHES_A_SECOND && f->nfnl >= 0)
		(void)kernel_ct_liberal(f->nfnl, &k);
}

static void on_wishing(int fd, short what, void *arg)
{
	struct fast *f = arg;

	(void)fd;
	(void)what;
	dataplane_wishes(f->dp, wish, f);
}

/* ---- status ---- */

static json_t *ports_json(const struct fast *f,
	const struct dataplane_status *s)
{
	json_t *a = json_array();
	size_t n = 0;
	const struct dataplane_port *p = dataplane_ports(f->dp, &n);

	for (size_t i = 0; i < n; i++) {
		if (p[i].bridge)
			continue;
		json_array_append_new(a, json_pack("{s:s, s:s, s:s, s:b, s:I, s:I}",
			"name", p[i].name, "mode",
			dataplane_mode_name(p[i].mode), "why",
			dataplane_why_name(p[i].why), "xdp_out", p[i].xdp_out,
			"packets", (json_int_t)s->side[p[i].side].packets,
			"bytes", (json_int_t)s->side[p[i].side].bytes));
	}
	return a;
}

static void put(json_t *j, const char *key, uint64_t v)
{
	json_object_set_new(j, key, json_integer((json_int_t)v));
}

static void put_status(const struct fast *f, json_t *j)
{
	struct dataplane_status s;

	dataplane_status(f->dp, &s);
	json_object_set_new(j, "ports", ports_json(f, &s));
	put(j, "fast_packets", s.fast_packets);
	put(j, "fast_bytes", s.fast_bytes);
	put(j, "flows", s.leases);
	put(j, "slots", s.slots);
	put(j, "memory", s.memory);
	put(j, "missed", s.missed);
	put(j, "unusual", s.unusual);
	put(j, "entered", s.entered);
	put(j, "proven", s.proven);
	put(j, "checks", s.checks);
	put(j, "gone", s.gone);
	put(j, "samples", s.samples);
	put(j, "full", s.full);
	put(j, "no_hop", s.nohop);
	put(j, "too_big", s.toobig);
	put(j, "one_in", s.one_in);
}

static void tell(struct fast *f)
{
	json_t *j = json_pack("{s:b, s:s, s:s}", "on", f->dp && !f->off, "why",
		f->off ? f->off : "", "words", f->words ? f->words : "");
	char *s;

	if (f->dp)
		put_status(f, j);
	s = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	if (s)
		f->status(f->arg, s);
	free(s);
}

static void on_beat(int fd, short what, void *arg)
{
	struct fast *f = arg;

	(void)fd;
	(void)what;
	if (f->dp && !f->off)
		dataplane_beat(f->dp);
	if (!(f->beats % 4)) {
		f->wishes = 0;
		if (f->dp)
			look_at_tcx(f);
	}
	if (!f->rules || f->opening || f->beats++ % TELL_BEATS)
		return;
	/* once more after it has become quiet */
	if (!f->dp || dataplane_busy(f->dp))
		f->news = 2;
	if (f->news)
		tell(f);
	f->news -= f->news > 0;
}

/* ---- life ---- */

static int listen_to_kernel(void)
{
	struct sockaddr_nl sa = {.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_TC | RTMGRP_NEIGH |
			RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		close(fd);
		return -1;
	}
	return fd;
}

struct fast *fast_new(struct event_base *base, enum fast_wish wish_,
	struct intent *const *in, fast_status_fn status, void *arg)
{
	struct timeval tv = {0, BEAT_MS * 1000};
	struct fast *f = xcalloc(1, sizeof(*f));

	f->base = base;
	f->wish = wish_;
	f->in = in;
	f->status = status;
	f->arg = arg;
	f->nfnl = kernel_nfnl_open();
	f->rtnl = listen_to_kernel();
	f->beat = event_new(base, -1, EV_PERSIST, on_beat, f);
	event_add(f->beat, &tv);
	f->looking = evtimer_new(base, on_looking, f);
	f->watching = event_new(base, f->rtnl, EV_READ | EV_PERSIST, on_rtnl, f);
	if (f->rtnl >= 0)
		event_add(f->watching, NULL);
	return f;
}

void fast_free(struct fast *f)
{
	if (!f)
		return;
	event_free(f->beat);
	event_free(f->looking);
	event_free(f->watching);
	if (f->wishing)
		event_free(f->wishing);
	if (f->opening) {
		pthread_join(f->opening->thread, NULL);
		dataplane_free(f->opening->dp);
		opening_free(f->opening);
	}
	if (f->opened)
		event_free(f->opened);
	free(f->esp);
	dataplane_free(f->dp);
	if (f->nfnl >= 0)
		close(f->nfnl);
	if (f->rtnl >= 0)
		close(f->rtnl);
	free(f->words);
	free(f);
}

void fast_facts(struct fast *f, const struct facts *facts)
{
	f->has_wan4 = facts->has_wan4;
	f->wan4 = facts->wan4;
	if (f->dp)
		dataplane_wan4(f->dp, f->has_wan4 ? &f->wan4 : NULL);
}

void fast_esp(struct fast *f, const struct espnat_change *c)
{
	bool in = c->kind == ESPNAT_IN_SET || c->kind == ESPNAT_IN_DEL;
	bool out = c->kind == ESPNAT_OUT_SET || c->kind == ESPNAT_OUT_DEL;
	bool set = c->kind == ESPNAT_IN_SET || c->kind == ESPNAT_OUT_SET;

	if (f->opening && (in || out) && f->esp_n < ESP_WAITING_MAX)
		*GROW(f->esp, f->esp_n, f->esp_cap) = *c;
	if (f->dp && (in || out))
		dataplane_esp(f->dp, c->host, c->peer, c->spi, in, set);
}

static void esp_count(void *arg, const struct dataplane_esp *e)
{
	char host[ADDR_STR], peer[ADDR_STR];
	struct addr h = addr_from4(e->host), p = addr_from4(e->peer);
	struct text *out = arg;

	addr_format(FAM_4, &h, host);
	addr_format(FAM_4, &p, peer);
	text_addf(out, "%s fast %s%s%s . %u packets %llu",
		out->len && text_str(out)[out->len - 1] != '{' ? "," : "",
		e->in ? "" : host, e->in ? "" : " . ", peer, e->spi,
		(unsigned long long)e->packets);
}

void fast_esp_counts(struct fast *f, struct text *out)
{
	if (!f->dp)
		return;
	text_add(out, "elements = {");
	dataplane_esp_counts(f->dp, esp_count, out);
	text_add(out, " }\n");
}

void fast_esp_clear(struct fast *f)
{
	f->esp_n = 0;
	if (f->dp)
		dataplane_esp_clear(f->dp);
}
