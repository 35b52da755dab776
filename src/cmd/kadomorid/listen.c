// SPDX-License-Identifier: GPL-2.0-or-later
#include "listen.h"
#include "daemon.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/kernel.h"

#include <errno.h>
#include <event2/event.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { SAVE_SOON_MS = 20, SAVE_HOSTS_MS = 4, SAVE_EVERY_MS = 60000, SAY_EVERY_MS = 1000, HOLD_MS = 20,
	JOINS_AT_ONCE = 8, JOINS_MS = 10,
	ACTS_MAX = 512 };

/* Which socket holds which membership. Hosts with equal last 24 bits share. */
struct member {
	struct addr group;
	uint16_t refs;
	uint8_t socket;
};

struct listen {
	const struct intent *in;
	const struct listen_fds *f;
	struct np *np;
	struct event_base *base;
	struct ipc *ipc;
	struct event *timer;
	struct kernel_frames in_frames, out[NP_PORT_MAX];
	struct act_msg acts[ACTS_MAX];
	size_t act_n;
	/* changes that apply has not done yet; frames wait for them, else the
	 * first packet would meet the firewall before the host is known */
	unsigned open_acts;
	msec_t open_since;
	struct member *members;
	size_t member_n, member_cap;
	struct addr *joins;	/* not made yet; at most one a host */
	size_t join_n, join_cap;
	unsigned held[MLD_SOCKETS];
	bool dirty;
	unsigned changes;	/* of np, saved */
	msec_t saved_at, said_at[NP_SAY_MAX];
	/* what the links look like now */
	struct {
		bool running, has_mac, has_ll;
		struct mac mac;
		struct addr ll;
		uint32_t mtu;
	} link[NP_PORT_MAX];
	struct addr own[32];
	size_t own_n;
	/* delegated: the LAN's own addresses, as the kernel has them */
	struct delegated {
		unsigned port;
		struct addr own;
	} delegated[8], delegated_before[8];
	size_t delegated_n, delegated_before_n;
	bool look_again;
	struct asked *asked;	/* the filter's part, as of the last question */
	size_t asked_n;
};

bool listen_proxies(const struct intent *in)
{
	return in->line == LINE_FLETS_RA || in->line == LINE_HGW;
}

bool listen_wanted(const struct intent *in)
{
	return (listen_proxies(in) || in->line == LINE_FLETS_PD) && in->wan &&
	       in->lan_n;
}

const char *listen_port_name(const struct intent *in, unsigned port)
{
	return port ? in->lans[port - 1] : in->wan;
}

/* ---- descriptors, still with rights ---- */

void listen_open(const struct intent *in, struct listen_fds *f)
{
	memset(f, 0, sizeof(*f));
	f->port_n = 1 + (unsigned)MIN2(in->lan_n, (size_t)NP_PORT_MAX - 1);
	for (unsigned i = 0; i < f->port_n; i++) {
		f->ifindex[i] = (int)if_nametoindex(listen_port_name(in, i));
		f->nd[i] = kernel_nd_open(listen_port_name(in, i));
	}
	f->events = kernel_rtnl_open(true);
	f->ask = kernel_rtnl_open(false);
	for (unsigned i = 0; i < MLD_SOCKETS; i++)
		f->mld[i] = kernel_mld_open();
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void listen_close(struct listen_fds *f)
{
	for (unsigned i = 0; i < f->port_n; i++)
		close_one(&f->nd[i]);
	close_one(&f->events);
	close_one(&f->ask);
	for (unsigned i = 0; i < MLD_SOCKETS; i++)
		close_one(&f->mld[i]);
	f->port_n = 0;
}

bool listen_stale(const struct intent *in, const struct listen_fds *f)
{
	for (unsigned i = 0; i < f->port_n; i++)
		if (f->ifindex[i] != (int)if_nametoindex(listen_port_name(in, i)))
			return true;
	return false;
}

/* ---- actions ---- */

static void flush_acts(struct listen *l)
{
	if (!l->act_n)
		return;
	ipc_send(l->ipc, IPC_ACTS, l->acts, l->act_n * sizeof(*l->acts));
	if (!l->open_acts++)
		l->open_since = clock_ms();
	l->act_n = 0;
}

static void queue_act(struct listen *l, const struct np_action *a)
{
	if (l->act_n == ACTS_MAX)
		flush_acts(l);
	l->acts[l->act_n++] = (struct act_msg){.what = (uint8_t)a->what,
		.port = a->port, .len = a->len, .set = (uint8_t)a->set,
		.pin = a->pin, .mac = a->mac, .addr = a->addr, .gate = a->gate,
		.valid_s = a->valid_s, .preferred_s = a->preferred_s,
		.value = a->value};
	/* what the filter is told follows from what else is */
	l->dirty |= a->what != ACT_SHIELD && a->what != ACT_SHIELD_PORT;
}

static void queue_frame(struct listen *l, const struct np_action *a)
{
	struct kernel_frames *f = &l->out[a->port];

	if (l->f->nd[a->port] < 0 || a->frame_len > KERNEL_ND_FRAME)
		return;
	if (f->n == KERNEL_ND_BATCH)
		kernel_nd_send(l->f->nd[a->port], f);
	memcpy(f->b[f->n], a->frame, a->frame_len);
	f->len[f->n++] = a->frame_len;
}

static struct member *member_of(struct listen *l, const struct addr *group)
{
	for (size_t i = 0; i < l->member_n; i++)
		if (!addr_cmp(&l->members[i].group, group))
			return &l->members[i];
	return NULL;
}

static void join_now(struct listen *l, const struct addr *a)
{
	struct addr group = addr_solicited_node(a);
	struct member *m = member_of(l, &group);
	unsigned s = 0;

	if (m) {
		m->refs++;
		return;
	}
	while (s < MLD_SOCKETS && l->held[s] >= MLD_PER_SOCKET)
		s++;
	if (s == MLD_SOCKETS ||
		kernel_mld(l->f->mld[s], l->f->ifindex[NP_WAN], &group, true))
		return;
	l->held[s]++;
	m = GROW(l->members, l->member_n, l->member_cap);
	*m = (struct member){group, 1, (uint8_t)s};
}

/*
 * A membership matters to switches that snoop; our own ears are open to all.
 * A thousand of them after a restart must not keep the first answers waiting.
 */
static void join(struct listen *l, const struct addr *a)
{
	*GROW(l->joins, l->join_n, l->join_cap) = *a;
}

static void joins_go_on(struct listen *l)
{
	for (int i = 0; i < JOINS_AT_ONCE && l->join_n; i++)
		join_now(l, &l->joins[--l->join_n]);
}

static bool join_forgotten(struct listen *l, const struct addr *a)
{
	for (size_t i = 0; i < l->join_n; i++)
		if (!addr_cmp(&l->joins[i], a)) {
			l->joins[i] = l->joins[--l->join_n];
			return true;
		}
	return false;
}

static void leave(struct listen *l, const struct addr *a)
{
	struct addr group = addr_solicited_node(a);
	struct member *m;

	if (join_forgotten(l, a))
		return;
	m = member_of(l, &group);
	if (!m || --m->refs)
		return;
	(void)kernel_mld(l->f->mld[m->socket], l->f->ifindex[NP_WAN], &group,
		false);
	l->held[m->socket]--;
	*m = l->members[--l->member_n];
}

/* A process that may write no file leaves the log to apply: a digit, a line. */
static void printf_like(3, 4) tell(struct listen *l, enum log_level level,
	const char *fmt, ...)
{
	char buf[512];
	va_list ap;
	int n;

	buf[0] = (char)('0' + (int)level);
	va_start(ap, fmt);
	n = vsnprintf(buf + 1, sizeof(buf) - 1, fmt, ap);
	va_end(ap);
	ipc_send(l->ipc, IPC_SAY, buf, (size_t)MIN2(n, (int)sizeof(buf) - 2) + 1);
}

static void say(struct listen *l, const struct np_action *a)
{
	char s[ADDR_STR], m[MAC_STR];
	const char *port = listen_port_name(l->in, a->port);
	msec_t now = clock_ms();

	if (l->said_at[a->say] && now - l->said_at[a->say] < SAY_EVERY_MS)
		return;
	l->said_at[a->say] = now;
	addr_format(FAM_6, &a->addr, s);
	mac_format(&a->mac, m);
	switch (a->say) {
	case SAY_CONTEST_KEPT:
		tell(l, LOG_WARN, _("%s: %s claims %s, but its owner answers: the owner keeps it"),
			port, m, s);
		return;
	case SAY_MOVED:
		tell(l, LOG_INFO, _("%s: %s moved to %s"), port, s, m);
		return;
	case SAY_PIN_ALARM:
		tell(l, LOG_WARN, _("%s: %s claims %s, the address of a device named in the configuration: refused"),
			port, m, s);
		return;
	case SAY_ROGUE_RA:
		tell(l, LOG_WARN, _("%s: %s (%s) plays router inside the home: ignored here, but hosts may follow it"),
			port, s, m);
		return;
	case SAY_LOOP:
		tell(l, LOG_ERR, _("%s: our own advertisement came back: home and line are one wire. The proxy is off on this side until the link changes"),
			port);
		return;
	case SAY_ROUTER:
		tell(l, LOG_INFO, _("%s: the line's router is %s (%s)"), port, s, m);
		return;
	case SAY_ROUTER_LOST:
		tell(l, LOG_WARN, _("%s: the line's router %s is gone"), port, s);
		return;
	case SAY_PREFIX:
		tell(l, LOG_INFO, _("the home's prefix is %s/64"), s);
		return;
	case SAY_PREFIX_OLD:
		tell(l, LOG_INFO, _("the prefix %s/64 runs out"), s);
		return;
	case SAY_ROUTER_MUTE:
		tell(l, LOG_WARN, _("%s: the router %s answers no solicitation; its address %s is kept as long as it advertises"),
			port, s, m);
		return;
	case SAY_FLOW_OTHER_MAC:
		tell(l, LOG_INFO, _("%s: packets of %s come from %s, not from its owner's MAC; they pass, nothing is changed"),
			port, s, m);
		return;
	case SAY_PROXIED_RA:
		tell(l, LOG_INFO, _("%s: the router %s is an NDP proxy itself"), port, s);
		return;
	}
}

static void on_action(void *arg, const struct np_action *a)
{
	struct listen *l = arg;

	switch (a->what) {
	case ACT_SEND:
		queue_frame(l, a);
		return;
	case ACT_JOIN:
		join(l, &a->addr);
		return;
	case ACT_LEAVE:
		leave(l, &a->addr);
		return;
	case ACT_SAY:
		say(l, a);
		return;
	case ACT_NEIGH_SET:
	case ACT_NEIGH_DEL:
	case ACT_ROUTE_SET:
	case ACT_ROUTE_DEL:
	case ACT_ADDR_SET:
	case ACT_ADDR_DEL:
	case ACT_SET_ADD:
	case ACT_SET_DEL:
	case ACT_MTU:
	case ACT_SHIELD:
	case ACT_SHIELD_PORT:
		queue_act(l, a);
		return;
	}
}

/* ---- after each event: send, tell, save, sleep ---- */

static void save(struct listen *l, msec_t now)
{
	struct text t = TEXT_INIT;

	np_save(l->np, now, &t);
	ipc_send(l->ipc, IPC_TABLE, text_str(&t), t.len);
	text_done(&t);
	l->dirty = false;
	l->changes = np_changes(l->np);
	l->saved_at = now;
}

static void send_out(struct listen *l)
{
	for (unsigned i = 0; i < l->f->port_n; i++)
		if (l->out[i].n)
			kernel_nd_send(l->f->nd[i], &l->out[i]);
}

/* A successor must know of a move that its predecessor made: at once in a
 * home, within a second with thousands of hosts. */
static msec_t save_soon(const struct listen *l)
{
	return SAVE_SOON_MS + (msec_t)(np_used(l->np) / SAVE_HOSTS_MS);
}

static void settle(struct listen *l)
{
	msec_t now = clock_ms(), next = np_next(l->np, now);
	bool soon = l->dirty || l->changes != np_changes(l->np);
	msec_t due = l->saved_at + (soon ? save_soon(l) : SAVE_EVERY_MS);
	struct timeval tv;

	flush_acts(l);
	if (!l->open_acts || now - l->open_since >= HOLD_MS)
		send_out(l);
	else
		next = MIN2(next, l->open_since + HOLD_MS);
	if (due <= now)
		save(l, now);
	else
		next = MIN2(next, due);
	if (l->join_n)
		next = MIN2(next, now + JOINS_MS);
	next = MIN2(MAX2(next - now, 0), (msec_t)SAVE_EVERY_MS);
	tv = (struct timeval){next / 1000, next % 1000 * 1000};
	event_add(l->timer, &tv);
}

static void on_timer(int fd, short what, void *arg)
{
	struct listen *l = arg;

	(void)fd;
	(void)what;
	np_tick(l->np, clock_ms());
	joins_go_on(l);
	settle(l);
}

static unsigned port_of_fd(const struct listen *l, int fd)
{
	unsigned i = 0;

	while (i + 1 < l->f->port_n && l->f->nd[i] != fd)
		i++;
	return i;
}

static void on_frames(int fd, short what, void *arg)
{
	struct listen *l = arg;
	unsigned port = port_of_fd(l, fd);
	msec_t now = clock_ms();

	(void)what;
	if (kernel_nd_recv(fd, &l->in_frames))
		return;
	for (unsigned i = 0; i < l->in_frames.n; i++)
		np_frame(l->np, now, port, l->in_frames.b[i],
			l->in_frames.len[i]);
	np_tick(l->np, now);
	settle(l);
}

/* ---- links and addresses ---- */

static int port_of_ifindex(const struct listen *l, int ifindex)
{
	for (unsigned i = 0; i < l->f->port_n; i++)
		if (l->f->ifindex[i] == ifindex)
			return (int)i;
	return -1;
}

/* On a line with delegation the LAN's addresses tell the prefixes. */
static void note_delegated(struct listen *l, unsigned port,
	const struct kernel_event *e)
{
	if (listen_proxies(l->in) || !port || e->len != 64 ||
		(e->addr.b[0] & 0xe0) != 0x20 ||
		l->delegated_n == ARRAY_LEN(l->delegated))
		return;
	l->delegated[l->delegated_n++] = (struct delegated){port, e->addr};
	np_delegated(l->np, clock_ms(), port, &e->addr, e->valid_s,
		e->preferred_s);
}

/* Addresses that went take their prefix along. */
static void delegated_gone(struct listen *l)
{
	for (size_t i = 0; i < l->delegated_before_n; i++) {
		const struct delegated *d = &l->delegated_before[i];
		bool still = false;

		for (size_t j = 0; j < l->delegated_n; j++)
			still |= !memcmp(l->delegated[j].own.b, d->own.b, 8);
		if (!still)
			np_delegated(l->np, clock_ms(), d->port, &d->own, 0, 0);
	}
}

static void look_event(void *arg, const struct kernel_event *e)
{
	struct listen *l = arg;
	int port = port_of_ifindex(l, e->ifindex);

	if (e->kind == KERNEL_LINK && port >= 0) {
		l->link[port].running = e->running;
		l->link[port].has_mac = e->has_mac;
		l->link[port].mac = e->mac;
		l->link[port].mtu = e->mtu;
	} else if (e->kind == KERNEL_ADDR && !e->tentative) {
		if (port >= 0 && addr_is_linklocal(&e->addr)) {
			l->link[port].has_ll = true;
			l->link[port].ll = e->addr;
		}
		if (l->own_n < ARRAY_LEN(l->own))
			l->own[l->own_n++] = e->addr;
		if (port > 0)
			note_delegated(l, (unsigned)port, e);
	}
}

/* All anew: simple, and right after lost events too. */
static void look(struct listen *l)
{
	msec_t now = clock_ms();

	memset(l->link, 0, sizeof(l->link));
	l->own_n = 0;
	memcpy(l->delegated_before, l->delegated, sizeof(l->delegated));
	l->delegated_before_n = l->delegated_n;
	l->delegated_n = 0;
	if (kernel_rtnl_dump(l->f->ask, KERNEL_LINK, look_event, l) ||
		kernel_rtnl_dump(l->f->ask, KERNEL_ADDR, look_event, l))
		return;
	delegated_gone(l);
	np_own(l->np, l->own, l->own_n);
	for (unsigned i = 0; i < l->f->port_n; i++) {
		if (l->f->ifindex[i] && l->link[i].running &&
			l->link[i].has_mac && l->link[i].has_ll)
			np_port_up(l->np, now, i, &l->link[i].mac,
				&l->link[i].ll, l->link[i].mtu);
		else
			np_port_down(l->np, now, i);
	}
	np_tick(l->np, now);
}

static void on_kernel(void *arg, const struct kernel_event *e)
{
	struct listen *l = arg;
	int port = port_of_ifindex(l, e->ifindex);

	if (e->kind != KERNEL_NEIGH)
		l->look_again = true;
	else if (port >= 0 && !e->gone && (e->reachable || e->failed))
		np_kernel(l->np, clock_ms(), (unsigned)port, &e->addr,
			e->has_mac ? &e->mac : NULL, e->reachable);
}

static void on_rtnl(int fd, short what, void *arg)
{
	struct listen *l = arg;

	(void)what;
	l->look_again = false;
	if (kernel_rtnl_read(fd, on_kernel, l) == -ENOBUFS) {
		l->look_again = true;
		(void)kernel_rtnl_dump(l->f->ask, KERNEL_NEIGH, on_kernel, l);
	}
	if (l->look_again)
		look(l);
	settle(l);
}

/* ---- questions of the command ---- */

/* "ID QUESTION": the number goes back in front of the answer. */
static void on_question(struct listen *l, const char *body)
{
	const struct listen_show show = {l->in, l->np, l->f->counts, clock_ms(),
		l->asked, l->asked_n};
	char *q;
	long id = strtol(body, &q, 10);
	cleanup(freep) char *s = NULL;
	cleanup(freep) char *whole = NULL;

	q += *q == ' ';
	s = listen_answer(&show, q);
	whole = xasprintf("%ld %s", id, s ? s : "{}");
	ipc_send(l->ipc, IPC_ANSWER, whole, strlen(whole));
}

static void on_asked(struct listen *l, const char *body, size_t len)
{
	l->asked_n = MIN2(len / sizeof(*l->asked), (size_t)ASKED_MAX);
	free(l->asked);
	l->asked = xcalloc(l->asked_n + 1, sizeof(*l->asked));
	memcpy(l->asked, body, l->asked_n * sizeof(*l->asked));
}

static void on_talkers(struct listen *l, const char *body, size_t len)
{
	msec_t now = clock_ms();
	struct talker t;

	for (; len >= sizeof(t); len -= sizeof(t), body += sizeof(t)) {
		memcpy(&t, body, sizeof(t));
		np_evidence(l->np, now, t.port, &t.addr, &t.mac, EV_FLOW);
	}
	np_tick(l->np, now);
	settle(l);
}

static void on_message(void *arg, enum ipc_type t, const char *body, size_t len)
{
	struct listen *l = arg;

	if (t == IPC_ASK)
		on_question(l, body);
	else if (t == IPC_ASKED)
		on_asked(l, body, len);
	else if (t == IPC_TALKERS)
		on_talkers(l, body, len);
	else if (t == IPC_DONE && l->open_acts && !--l->open_acts)
		send_out(l);
}

static void on_gone(void *arg)
{
	struct listen *l = arg;

	event_base_loopbreak(l->base);
}

/* ---- start ---- */

static void pin_devices(const struct intent *in, struct np_conf *c)
{
	for (size_t i = 0; i < in->device_n && c->pin_n < NP_PIN_MAX; i++) {
		const struct device *d = &in->devices[i];
		struct addr low = mask_suffix(FAM_6, 64);
		struct np_pin p = {.has_mac = d->has_mac, .mac = d->mac,
			.has_iid = d->has_id, .iid = d->id.value};

		/* a part of an identifier names no address */
		if (d->has_id && addr_cmp(&d->id.mask, &low))
			p.has_iid = false;
		if (p.has_mac || p.has_iid)
			c->pin[c->pin_n++] = p;
	}
}

static void watch(struct listen *l, int fd, event_callback_fn fn)
{
	if (fd >= 0)
		event_add(event_new(l->base, fd, EV_READ | EV_PERSIST, fn, l),
			NULL);
}

void listen_run(const struct intent *in, const struct listen_fds *f,
	int ipc_fd, const char *saved)
{
	static struct listen l;
	struct np_conf c = {.lan_n = f->port_n - 1,
		.proxy = listen_proxies(in), .relay_dad = in->line == LINE_HGW,
		.shield = f->counts != NULL};
	msec_t now = clock_ms();
	int rc;

	log_open("kadomorid[listen]", LOG_INFO);
	prctl(PR_SET_NAME, "kadomori-listen");
	l.in = in;
	l.f = f;
	l.base = event_base_new();
	l.ipc = ipc_new(l.base, ipc_fd, on_message, on_gone, &l);
	pin_devices(in, &c);
	l.np = np_new(&c, hash_key_random(), now, on_action, &l);
	l.saved_at = now;
	rc = sandbox_listen();
	if (rc)
		tell(&l, LOG_WARN,
			_("cannot lock itself up (%s): going on with fewer walls"),
			strerror(-rc));
	/* a change of user forgets it: so not before */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	l.timer = evtimer_new(l.base, on_timer, &l);
	look(&l);
	if (saved)
		(void)np_restore(l.np, now, saved);
	flush_acts(&l);
	ipc_send(l.ipc, IPC_READY, "", 0);
	for (unsigned i = 0; i < f->port_n; i++)
		watch(&l, f->nd[i], on_frames);
	watch(&l, f->events, on_rtnl);
	settle(&l);
	event_base_dispatch(l.base);
	_exit(0);
}
