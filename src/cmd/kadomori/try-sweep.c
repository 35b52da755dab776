// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The attackers. Frames that did not even come to the gate's own interface are
 * sent again, so that "0 delivered" is never the merit of a busy machine; so are
 * those that should have come through and did not.
 */
#include "command.h"
#include "try.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORTS = 65536, PROTOS = 256, FRAME = 128, ROUNDS = 6, SETTLE_MS = 40,
	EXPLAINED_MAX = 12, SPORT = 40000, WEB_MS = 600, WEB_PORT = 80 };

enum scan { ALL_UDP, ALL_TCP, ALL_PROTOS };
static const char *const what_names[] = {"udp", "tcp", "protocols"};

static const enum lab_node attackers[] = {LAB_ATKAN, LAB_ATKIN};
static const enum lab_node victims[] = {LAB_CASA, LAB_PC};

struct sweep {
	enum lab_node from;
	const char *aim; /* "casa", "pc", or "gw" for the house */
	enum scan what;
	struct lab_probe probe;
	uint32_t n;
	uint8_t (*bytes)[FRAME];
	struct lab_frame *frames;
	uint8_t *want; /* which victims should get it: a bit each */
	struct lab_watch *gate, *victim[2];
};

static void probe_number(struct lab_probe *p, enum scan w, uint32_t i)
{
	p->number = i;
	p->proto = w == ALL_UDP ? PROTO_UDP : w == ALL_TCP ? PROTO_TCP
							   : (uint8_t)i;
	if (w != ALL_PROTOS)
		p->dport = (uint16_t)i;
	else
		p->dport = i == PROTO_UDP || i == PROTO_TCP ? 7 : 0;
}

/* What the policy says of that probe; d tells which rule. */
static bool policy_passes(const struct try *t, const struct lab_probe *p,
	struct decision *d)
{
	struct packet k = {.fam = p->fam, .in = ROLE_WAN, .out = ROLE_LAN,
		.ct = CT_NEW, .src = p->src, .dst = p->dst, .proto = p->proto};

	if (t->facts.has_wan4 && !addr_cmp(&p->dst, &t->facts.wan4))
		k.out = ROLE_SELF;
	if (k.proto == PROTO_UDP || k.proto == PROTO_TCP) {
		k.sport = p->sport;
		k.dport = p->dport;
	}
	k.tcp_flags = k.proto == PROTO_TCP ? TCP_SYN : 0;
	k.icmp_type = k.proto == PROTO_ICMPV6 ? 128 : k.proto == PROTO_ICMP ? 8 : 0;
	return policy_ask(t->pol, &k, d) == 0 && d->verdict == V_ACCEPT &&
	       d->after.out != ROLE_SELF;
}

static bool policy_sends_to(const struct try *t, const struct decision *d,
	enum lab_node victim)
{
	struct addr a;

	return lab_addr(t->lab, victim, t->fam, &a) == 0 &&
	       !addr_cmp(&a, &d->after.dst);
}

static void explain(json_t *list, const struct sweep *s, uint32_t i,
	const struct decision *d)
{
	const struct origin *o = d->origin;
	json_t *e;

	if (json_array_size(list) >= EXPLAINED_MAX)
		return;
	e = json_pack("{s:s, s:i}", "what",
		s->what == ALL_PROTOS ? "protocol" : what_names[s->what],
		"number", (int)i);
	if (o && o->why)
		json_object_set_new(e, "why", json_string(o->why));
	if (o && o->file)
		json_object_set_new(e, "conf_line", json_integer(o->line));
	json_array_append_new(list, e);
}

/*
 * Each delivered frame must be let in by a rule, and each that a rule lets in
 * must be delivered; the rest is unexplained.
 */
static void judge(struct try *t, struct sweep *s, json_t *r)
{
	json_t *list = json_array(), *odd = json_array();
	size_t got_n[2] = {0}, unexplained = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		for (int v = 0; v < 2; v++) {
			bool got = lab_watch_seen(s->victim[v], i) > 0;
			bool want = s->want[i] >> v & 1;
			struct decision d = {0};

			got_n[v] += got;
			if (!t->pol)
				continue;
			unexplained += got != want;
			if (got != want && json_array_size(odd) < EXPLAINED_MAX)
				json_array_append_new(odd, json_pack(
					"{s:i, s:s, s:b}", "number", (int)i,
					"at", lab_node_name(victims[v]),
					"delivered", got));
			if (!got || !want)
				continue;
			probe_number(&s->probe, s->what, i);
			if (policy_passes(t, &s->probe, &d))
				explain(list, s, i, &d);
		}
	}
	json_object_set_new(r, "delivered", json_pack("{s:I, s:I}",
		lab_node_name(victims[0]), (json_int_t)got_n[0],
		lab_node_name(victims[1]), (json_int_t)got_n[1]));
	json_object_set_new(r, "passed_by_rule", list);
	json_object_set_new(r, "against_the_rules", odd);
	json_object_set_new(r, "unexplained", json_integer((json_int_t)unexplained));
	if (t->house == TRY_STRICT && (got_n[0] || got_n[1]))
		try_fail(t, _("packets of a stranger came in although the profile is strict"));
	if (unexplained)
		try_fail(t, _("%zu packets were delivered or stopped against the rules"),
			unexplained);
}

static void frames_build(struct sweep *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		int len;

		probe_number(&s->probe, s->what, i);
		len = lab_probe_build(&s->probe, s->bytes[i], FRAME);
		s->frames[i] = (struct lab_frame){len > 0 ? s->bytes[i] : NULL,
			len > 0 ? (size_t)len : 0};
	}
}

static bool watchers_open(struct try *t, struct sweep *s)
{
	uint32_t run = s->probe.run;
	int e = lab_watch_new(t->lab, LAB_GW, "wan0", true, run, s->n, &s->gate);

	for (int v = 0; e == 0 && v < 2; v++)
		e = lab_watch_new(t->lab, victims[v], "eth0", true, run, s->n,
			&s->victim[v]);
	if (e < 0)
		try_fail(t, _("cannot listen on the wire: %s"), strerror(-e));
	return e == 0;
}

static void wishes_ask(const struct try *t, struct sweep *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct decision d = {0};

		s->want[i] = 0;
		probe_number(&s->probe, s->what, i);
		if (!t->pol || !policy_passes(t, &s->probe, &d))
			continue;
		for (int v = 0; v < 2; v++)
			s->want[i] |= (uint8_t)(policy_sends_to(t, &d,
				victims[v]) << v);
	}
}

/* Lost on the way, not stopped by the gate. */
static bool is_missing(const struct try *t, const struct sweep *s, uint32_t i)
{
	bool a = lab_watch_seen(s->victim[0], i), b = lab_watch_seen(s->victim[1], i);

	if (!lab_watch_seen(s->gate, i))
		return true;
	if (t->house == TRY_BRIDGE)
		return !a && !b;
	return ((s->want[i] & 1) && !a) || ((s->want[i] & 2) && !b);
}

/* Shoot, then again what was lost, while that helps. */
static void shoot(struct try *t, struct sweep *s)
{
	struct lab_watch *w[] = {s->gate, s->victim[0], s->victim[1]};
	size_t before = 0, now, missing;

	for (int round = 0; round < ROUNDS; round++) {
		int e = lab_shoot(t->lab, s->from, "eth0", s->frames, s->n, w, 3);

		if (e < 0) {
			try_fail(t, _("cannot send: %s"), strerror(-e));
			return;
		}
		lab_watch_settle(w, 3, SETTLE_MS);
		now = missing = 0;
		for (int i = 0; i < 3; i++)
			now += lab_watch_count(w[i]);
		for (uint32_t i = 0; i < s->n; i++)
			if (is_missing(t, s, i))
				missing++;
			else
				s->frames[i].p = NULL;
		if (!missing || (round && now == before))
			return;
		before = now;
	}
}

static void sweep(struct try *t, struct sweep *s, json_t *all)
{
	char to[ADDR_STR];
	json_t *r;

	frames_build(s);
	wishes_ask(t, s);
	if (!watchers_open(t, s))
		goto out;
	shoot(t, s);
	for (int v = 0; v < 2; v++)
		if (lab_watch_lost(s->victim[v]))
			try_fail(t, _("a watcher lost frames"));
	r = json_pack("{s:s, s:s, s:s, s:s, s:i, s:I}", "aim", s->aim, "from",
		lab_node_name(s->from), "to",
		addr_format(t->fam, &s->probe.dst, to), "what",
		what_names[s->what], "sent", (int)s->n, "at_gate",
		(json_int_t)lab_watch_count(s->gate));
	judge(t, s, r);
	json_array_append_new(all, r);
out:
	lab_watch_free(s->gate);
	for (int v = 0; v < 2; v++)
		lab_watch_free(s->victim[v]);
	s->gate = s->victim[0] = s->victim[1] = NULL;
}

/* On the wire of the line a frame goes to whom the attacker likes. */
static struct mac first_hop(const struct try *t, enum lab_node from,
	enum lab_node victim)
{
	if (from != LAB_ATKAN)
		return lab_mac_net(t->lab);
	return lab_mac(t->lab, t->house == TRY_BRIDGE ? victim : LAB_GW);
}

/*
 * Where outsiders aim: at the home's global addresses; on IPv4 at the house's
 * one address, and, from the wire itself, at the private addresses behind it.
 */
static size_t targets(const struct try *t, enum lab_node from, struct addr *to,
	enum lab_node *node)
{
	bool natted = t->fam == FAM_4 && t->house != TRY_BRIDGE;
	size_t n = 0;

	if (natted) {
		node[n] = LAB_GW;
		n += lab_outside_addr(t->lab, LAB_GW, t->fam, &to[n]) == 0;
	}
	for (int v = 0; v < 2 && (!natted || from == LAB_ATKAN); v++) {
		node[n] = victims[v];
		n += lab_addr(t->lab, victims[v], t->fam, &to[n]) == 0;
	}
	return n;
}

static void sweeps_from(struct try *t, struct sweep *s, json_t *all)
{
	static uint32_t run = 1;
	enum lab_node node[3];
	struct addr to[3];
	size_t n = targets(t, s->from, to, node);

	for (size_t i = 0; i < n; i++)
		for (int w = ALL_UDP; w <= ALL_PROTOS; w++) {
			s->what = (enum scan)w;
			s->aim = lab_node_name(node[i]);
			s->n = w == ALL_PROTOS ? PROTOS : PORTS;
			s->probe = (struct lab_probe){.fam = t->fam,
				.sport = SPORT, .dst = to[i], .run = run++,
				.src_mac = lab_mac(t->lab, s->from),
				.dst_mac = first_hop(t, s->from, node[i])};
			lab_addr(t->lab, s->from, t->fam, &s->probe.src);
			sweep(t, s, all);
		}
}

void try_sweeps(struct try *t)
{
	struct sweep s = {.bytes = xcalloc(PORTS, FRAME),
		.frames = xcalloc(PORTS, sizeof(*s.frames)),
		.want = xcalloc(PORTS, 1)};
	json_t *all = json_array();

	for (size_t a = 0; a < ARRAY_LEN(attackers); a++) {
		s.from = attackers[a];
		sweeps_from(t, &s, all);
	}
	json_object_set_new(t->out, "sweeps", all);
	free(s.bytes);
	free(s.frames);
	free(s.want);
}

/* --- the device's own web page ---------------------------------------------- */

static socklen_t sockaddr_of(enum family fam, const struct addr *a,
	uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *s6 = (void *)ss;
	struct sockaddr_in *s4 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (fam == FAM_6) {
		s6->sin6_family = AF_INET6;
		s6->sin6_port = htons(port);
		memcpy(&s6->sin6_addr, a->b, 16);
		return sizeof(*s6);
	}
	s4->sin_family = AF_INET;
	s4->sin_port = htons(port);
	memcpy(&s4->sin_addr, a->b + 12, 4);
	return sizeof(*s4);
}

static int web_listen(const struct try *t)
{
	struct addr any = {{0}};
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_of(t->fam, &any, WEB_PORT, &ss);
	int fd = lab_socket(t->lab, LAB_CASA, ss.ss_family,
		SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd >= 0 && (bind(fd, (struct sockaddr *)&ss, len) || listen(fd, 8))) {
		close(fd);
		return -errno;
	}
	return fd;
}

static void web_serve(int listener)
{
	static const char page[] = "HTTP/1.0 200 OK\r\n\r\nfemtocell settings\n";
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, page, sizeof(page) - 1);
	close(fd);
}

/* Does the page come? The server is played while the attacker waits. */
static bool web_answers(const struct try *t, int listener, enum lab_node from,
	const struct addr *to)
{
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_of(t->fam, to, WEB_PORT, &ss);
	int fd = lab_socket(t->lab, from, ss.ss_family,
		SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd p[2] = {{listener, POLLIN, 0}, {fd, POLLIN, 0}};
	msec_t end = clock_ms() + WEB_MS, left;
	char buf[64];
	bool answers = false;

	if (fd < 0)
		return false;
	(void)!connect(fd, (struct sockaddr *)&ss, len);
	while (!answers && (left = end - clock_ms()) > 0) {
		if (poll(p, 2, (int)left) <= 0)
			break;
		if (p[0].revents)
			web_serve(listener);
		if (p[1].revents) {
			if (read(fd, buf, sizeof(buf)) <= 0)
				break;
			answers = true;
		}
	}
	close(fd);
	return answers;
}

/* The attacker on the wire knows a way to private addresses: the house's gate. */
static void web_route(const struct try *t)
{
	struct addr wan, lan;
	char a[ADDR_STR], b[ADDR_STR];

	if (t->fam != FAM_4 || t->house == TRY_BRIDGE ||
		lab_outside_addr(t->lab, LAB_GW, FAM_4, &wan) ||
		lab_addr(t->lab, LAB_CASA, FAM_4, &lan))
		return;
	lab_run(t->lab, LAB_ATKAN, "ip route replace %s via %s",
		addr_format(FAM_4, &lan, a), addr_format(FAM_4, &wan, b));
}

void try_web(struct try *t)
{
	json_t *web = json_object();
	int listener = web_listen(t);

	if (listener < 0)
		try_fail(t, _("the device's web server did not start: %s"),
			strerror(-listener));
	web_route(t);
	for (size_t a = 0; listener >= 0 && a < ARRAY_LEN(attackers); a++) {
		enum lab_node node[3];
		struct addr to[3];
		size_t n = targets(t, attackers[a], to, node);
		bool answers = false;

		for (size_t i = 0; i < n; i++)
			if (node[i] != LAB_PC)
				answers |= web_answers(t, listener,
					attackers[a], &to[i]);
		json_object_set_new(web, lab_node_name(attackers[a]),
			json_boolean(answers));
		if (answers && t->house != TRY_BRIDGE)
			try_fail(t, _("the device's web page answered an attacker"));
	}
	if (listener >= 0)
		close(listener);
	json_object_set_new(t->out, "web_answers", web);
}
