// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apply: the only process with rights. It watches the kernel's addresses,
 * tells decide, loads the finished rules that come back, and switches
 * forwarding on only after they are in. What it cannot load leaves the old
 * table as it was.
 */
#include "daemon.h"
#include "esp.h"
#include "fast.h"
#include "ipc.h"
#include "listener.h"
#include "base/log.h"
#include "base/text.h"
#include "kernel/kernel.h"
#include "nft/nft.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SETTLE_MS = 50, WATCH_MS = 2000 };

struct apply {
	const struct settings *s;
	struct event_base *base;
	struct ipc *ipc;	/* to the decide that rules */
	struct ipc *next;	/* to one that has not proven itself */
	pid_t pid, next_pid;
	int control_fd, nfnl;
	struct intent *in;	/* names of the interfaces only */
	struct event *settle, *watch;
	bool loaded;
	char *rules;		/* what was loaded last */
	struct listener *listener; /* NULL: this line needs none */
	struct esp *esp;
	struct fast *fast;
	int exit_code;
	bool sweep;		/* the end was asked for */
};

static void send_facts(struct apply *a, struct ipc *to)
{
	struct facts f = {0};
	struct text t = TEXT_INIT;

	facts_gather(a->in, &f);
	f.ndproxy_gate = a->listener && listen_proxies(a->in);
	esp_facts(a->esp, &f);
	fast_facts(a->fast, &f);
	facts_pack(&f, &t);
	ipc_send(to, IPC_FACTS, text_str(&t), t.len);
	text_done(&t);
	facts_done(&f);
}

static void set_sysctls(const struct intent *in, bool own_ra)
{
	static const struct {
		const char *path, *value;
	} rows[] = {
		/* RFC 4787 REQ-5, RFC 6092 REC-14: five minutes */
		{"net/netfilter/nf_conntrack_udp_timeout", "300"},
		{"net/netfilter/nf_conntrack_udp_timeout_stream", "300"},
		{"net/ipv4/conf/all/accept_redirects", "0"},
		{"net/ipv6/conf/all/accept_redirects", "0"},
		{"net/ipv4/conf/all/send_redirects", "0"},
	};
	cleanup(freep) char *ra = xasprintf("net/ipv6/conf/%s/accept_ra", in->wan);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		(void)kernel_sysctl_write(rows[i].path, rows[i].value);
	/* a router still takes its own address from the line's RA; where
	 * listen reads it the kernel must not */
	(void)kernel_sysctl_write(ra, own_ra ? "0" : "2");
}

/* A gate that never stood ends with an error: nothing was forwarded. */
static void rules_refused(struct apply *a, struct ipc *from, int rc,
	const char *why)
{
	log_err(_("nftables refused the rules; the gate stays as it was: %s"),
		why);
	ipc_send(from, IPC_LOADED, why, strlen(why));
	if (a->loaded)
		return;
	a->exit_code = rc == -EPERM || rc == -EACCES ? 5 : 2;
	event_base_loopbreak(a->base);
}

static void load(struct apply *a, struct ipc *from, const char *rules)
{
	cleanup(freep) char *all = listener_with_sets(a->listener, rules);
	char *said = NULL;
	int rc = kernel_nft_run(all, &said);

	if (rc) {
		rules_refused(a, from, rc,
			said && *said ? said : strerror(-rc));
		free(said);
		return;
	}
	free(said);
	free(a->rules);
	a->rules = xstrdup(rules);
	ipc_send(from, IPC_LOADED, "", 0);
	/* whatever went fast was proven under the old ones */
	fast_rules(a->fast);
	if (a->loaded)
		return;
	a->loaded = true;
	set_sysctls(a->in, a->listener && listen_proxies(a->in));
	rc = kernel_forwarding(true);
	if (rc)
		log_err(_("cannot switch forwarding on: %s"), strerror(-rc));
	log_info(_("the gate stands: %s inside, %s outside"), a->in->lans[0],
		a->in->wan);
	notify_systemd("READY=1\nSTATUS=the gate stands");
}

static void old_decide_ends(struct apply *a)
{
	ipc_free(a->ipc);
	a->ipc = NULL;
	if (a->pid > 0)
		kill(a->pid, SIGTERM);
	a->pid = 0;
}

/* The new decide's rules are in: it rules from now on. */
static void promote(struct apply *a, struct ipc *who)
{
	if (who != a->next)
		return;
	old_decide_ends(a);
	a->ipc = a->next;
	a->pid = a->next_pid;
	a->next = NULL;
	a->next_pid = 0;
	if (a->listener && listen_wanted(a->in))
		listener_restart(a->listener);
	log_info(_("the new configuration rules"));
	notify_systemd("READY=1");
}

struct channel {
	struct apply *a;
	struct ipc *ipc;
};

static void refused(struct apply *a, struct ipc *who, const char *complaints)
{
	log_err(_("the configuration is refused; the gate stays as it was:"));
	fputs(complaints, stderr);
	if (who == a->next)
		notify_systemd("READY=1");
	else if (!a->loaded) {
		a->exit_code = 2;
		event_base_loopbreak(a->base);
	}
}

static void start_decide(struct apply *a);

/* decide's words, a log line each. */
static void say(const char *text)
{
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		log_warn("%.*s", (int)n, text);
	}
}

static void on_answer(void *arg, const char *body, size_t len)
{
	struct apply *a = arg;

	if (a->ipc)
		ipc_send(a->ipc, IPC_ANSWER, body, len);
}

static void send_shield(struct apply *a, struct ipc *to)
{
	const char *s = listener_shield(a->listener);

	ipc_send(to, IPC_SHIELD, s, strlen(s));
}

static void on_ready(void *arg)
{
	struct apply *a = arg;

	if (a->ipc)
		send_shield(a, a->ipc);
}

static void no_listener(struct ipc *to, const char *question)
{
	cleanup(freep) char *s = xasprintf("%ld {\"schema\": 1, \"none\": true}",
		strtol(question, NULL, 10));

	ipc_send(to, IPC_ANSWER, s, strlen(s));
}

/* The line's kind may have changed with the configuration. */
static void listener_fits(struct apply *a)
{
	if (a->listener && !listen_wanted(a->in)) {
		listener_free(a->listener, true);
		a->listener = NULL;
	} else if (!a->listener) {
		a->listener = listener_new(a->base, a->s->run, &a->in,
			on_answer, on_ready, a);
	}
}

static void load_esp(struct apply *a, const char *rules)
{
	struct facts f = {0};

	facts_gather(a->in, &f);
	esp_table(a->esp, rules, &f);
	facts_done(&f);
}

static void on_esp_status(void *arg, const char *json)
{
	struct apply *a = arg;

	if (a->ipc)
		ipc_send(a->ipc, IPC_ESP_STATUS, json, strlen(json));
}

static void on_binding(void *arg, const struct espnat_change *c)
{
	struct apply *a = arg;

	if (c)
		fast_esp(a->fast, c);
	else
		fast_esp_clear(a->fast);
}

static void on_esp_fast(void *arg, struct text *out)
{
	struct apply *a = arg;

	if (a->fast)
		fast_esp_counts(a->fast, out);
}

static void on_fast_status(void *arg, const char *json)
{
	struct apply *a = arg;

	if (a->ipc)
		ipc_send(a->ipc, IPC_FAST_STATUS, json, strlen(json));
}

static void on_message(void *arg, enum ipc_type t, const char *body, size_t len)
{
	struct channel *c = arg;
	struct apply *a = c->a;

	switch (t) {
	case IPC_RULES:
		load(a, c->ipc, body);
		if (a->rules && !strcmp(a->rules, body))
			promote(a, c->ipc);
		return;
	case IPC_SAY:
		say(body);
		return;
	case IPC_REFUSED:
		refused(a, c->ipc, body);
		return;
	case IPC_RELOAD:
		start_decide(a);
		return;
	case IPC_STOP:
		a->sweep = true;
		event_base_loopbreak(a->base);
		return;
	case IPC_ASK:
		if (!listener_ask(a->listener, body, len))
			no_listener(c->ipc, body);
		return;
	case IPC_ESP_TABLE:
		load_esp(a, body);
		ipc_send(c->ipc, IPC_ESP_LOADED, "", 0);
		return;
	case IPC_FACTS:
	case IPC_LOADED:
	case IPC_ACTS:
	case IPC_DONE:
	case IPC_TABLE:
	case IPC_READY:
	case IPC_TALKERS:
	case IPC_ASKED:
	case IPC_SHIELD:
	case IPC_ANSWER:
	case IPC_ESP_LOADED:
	case IPC_ESP_HELLO:
	case IPC_ESP_CHANGE:
	case IPC_ESP_COUNT:
	case IPC_ESP_SAVE:
	case IPC_ESP_STATUS:
	case IPC_FAST_STATUS:
	case IPC_END_:
		return;
	}
}

static void on_gone(void *arg)
{
	struct channel *c = arg;
	struct apply *a = c->a;

	if (c->ipc == a->next) {
		ipc_free(a->next);
		a->next = NULL;
		a->next_pid = 0;
	} else if (c->ipc == a->ipc) {
		ipc_free(a->ipc);
		a->ipc = NULL;
		a->pid = 0;
		if (a->loaded) {
			log_warn(_("the deciding process ended; starting it again"));
			start_decide(a);
		} else if (!a->exit_code) {
			a->exit_code = 2;
			event_base_loopbreak(a->base);
		}
	}
	free(c);
}

/*
 * The interfaces' names may have changed: apply reads them again for itself
 * (it only needs to know which addresses to watch).
 */
static void reread_names(struct apply *a)
{
	struct intent *in = intent_new();
	struct complaints c = {0};

	if (intent_load(in, a->s->conf, &c) == 0) {
		intent_free(a->in);
		a->in = take(in);
		(void)auto_line_later(a->in);
	}
	intent_free(in);
	complaints_done(&c);
}

static void start_decide(struct apply *a)
{
	struct channel *c;
	int fd[2];
	pid_t pid;

	if (a->next || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return;
	pid = fork();
	if (pid < 0) {
		close(fd[0]);
		close(fd[1]);
		return;
	}
	if (!pid) {
		close(fd[0]);
		event_reinit(a->base);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		signal(SIGCHLD, SIG_DFL);
		decide_run(a->s, fd[1], a->control_fd, a->ipc != NULL);
	}
	close(fd[1]);
	c = xcalloc(1, sizeof(*c));
	c->a = a;
	c->ipc = ipc_new(a->base, fd[0], on_message, on_gone, c);
	if (a->ipc) {
		reread_names(a);
		listener_fits(a);
		a->next = c->ipc;
		a->next_pid = pid;
	} else {
		a->ipc = c->ipc;
		a->pid = pid;
	}
	send_facts(a, c->ipc);
	send_shield(a, c->ipc);
}

static void on_settled(int fd, short what, void *arg)
{
	struct apply *a = arg;

	(void)fd;
	(void)what;
	if (auto_line_later(a->in))
		listener_fits(a);
	listener_look(a->listener);
	if (a->ipc)
		send_facts(a, a->ipc);
	if (a->next)
		send_facts(a, a->next);
}

/* Addresses come in bursts; facts are sent when they have settled. */
static void on_netlink(int fd, short what, void *arg)
{
	struct timeval tv = {0, SETTLE_MS * 1000};
	struct apply *a = arg;
	char buf[16384];

	(void)what;
	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		if (errno == ENOBUFS)
			errno = 0;
	event_add(a->settle, &tv);
}

/*
 * Somebody else may flush the rule set. Then the gate shuts (forwarding off),
 * the rules go in again, and forwarding comes back.
 */
static void check_table(struct apply *a)
{
	cleanup(freep) char *all = NULL;
	char *said = NULL;

	if (!a->loaded || kernel_nft_has_table(a->nfnl, NFT_TABLE_NAME) != 0)
		return;
	(void)kernel_forwarding(false);
	log_warn(_("somebody removed the gate's table; forwarding is off until it is back"));
	all = listener_with_sets(a->listener, a->rules);
	if (kernel_nft_run(all, &said) == 0) {
		(void)kernel_forwarding(true);
		log_info(_("the gate's table is back"));
	}
	free(said);
}

static void on_watch(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	check_table(arg);
	notify_systemd("WATCHDOG=1");
}

static void on_nft_event(int fd, short what, void *arg)
{
	struct apply *a = arg;
	char buf[16384];
	ssize_t n;

	(void)what;
	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		fast_nft_event(a->fast, buf, (size_t)n);
	if (n < 0 && errno == ENOBUFS) /* something was not told */
		fast_nft_event(a->fast, NULL, 0);
	check_table(a);
}

static void on_signal(int sig, short what, void *arg)
{
	struct apply *a = arg;

	(void)what;
	if (sig == SIGHUP) {
		notify_systemd("RELOADING=1");
		start_decide(a);
	} else if (sig == SIGCHLD) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	} else {
		event_base_loopbreak(a->base);
	}
}

static int netlink_socket(int protocol, uint32_t groups)
{
	struct sockaddr_nl sa = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		protocol);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		close(fd);
		return -errno;
	}
	return fd;
}

static void watch_fd(struct apply *a, int fd, event_callback_fn fn)
{
	struct event *ev;

	if (fd < 0)
		return;
	ev = event_new(a->base, fd, EV_READ | EV_PERSIST, fn, a);
	event_add(ev, NULL);
}

static void watch_all(struct apply *a)
{
	static const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGCHLD};
	struct timeval tv = {WATCH_MS / 1000, 0};

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		event_add(evsignal_new(a->base, signals[i], on_signal, a), NULL);
	watch_fd(a, netlink_socket(NETLINK_ROUTE,
		RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR), on_netlink);
	watch_fd(a, netlink_socket(NETLINK_NETFILTER,
		1u << (NFNLGRP_NFTABLES - 1)), on_nft_event);
	a->settle = evtimer_new(a->base, on_settled, a);
	a->watch = event_new(a->base, -1, EV_PERSIST, on_watch, a);
	event_add(a->watch, &tv);
}

static void warn_foreign(void)
{
	struct text t = TEXT_INIT;
	char *list = NULL;

	if (kernel_nft_list("ruleset", &list) == 0 &&
		nft_foreign_tables(list, &t) > 0)
		log_warn(_("another firewall's table is loaded; it is left alone, but both must let a packet pass: %s"),
			text_str(&t));
	free(list);
	text_done(&t);
}

int apply_run(const struct settings *s, const struct intent *in, int control_fd)
{
	struct apply a = {.s = s, .control_fd = control_fd,
		.base = event_base_new(), .nfnl = kernel_nfnl_open()};

	a.in = (struct intent *)(uintptr_t)in;
	signal(SIGPIPE, SIG_IGN);
	kernel_nft_keep();
	/* first: after a restart the line's router is asking meanwhile */
	listener_fits(&a);
	warn_foreign();
	watch_all(&a);
	a.fast = fast_new(a.base, s->fast, &a.in, on_fast_status, &a);
	a.esp = esp_new(a.base, s, on_esp_status, on_binding,
		on_esp_fast, &a);
	start_decide(&a);
	event_base_dispatch(a.base);
	notify_systemd("STOPPING=1");
	esp_free(a.esp);
	fast_free(a.fast);
	/* last: the kernel takes its time over the fast path's programs, and
	 * the line's router goes on asking */
	listener_free(a.listener, a.sweep);
	if (a.pid > 0)
		kill(a.pid, SIGTERM);
	if (a.next_pid > 0)
		kill(a.next_pid, SIGTERM);
	if (!a.exit_code)
		log_info(_("the daemon ends; the rules stay loaded"));
	return a.exit_code;
}
