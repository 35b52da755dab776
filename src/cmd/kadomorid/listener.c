// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apply's side of the listen process: start it, keep its table, start it again
 * when it ends. Sockets are held here too, so that frames which come while
 * there is no listen wait for the next one.
 */
#include "listener.h"
#include "daemon.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TABLE_MAX = 1 << 20, AGAIN_MS = 1000 };

struct listener {
	struct event_base *base;
	struct intent *const *in;
	const char *run;
	struct listen_fds fds;
	struct hands *hands;
	struct ipc *ipc;
	pid_t pid;
	char *table;
	msec_t started;
	struct event *again, *talk;
	listener_answer_fn answer;
	listener_ready_fn ready;
	void *arg;
};

static char *table_path(const struct listener *l)
{
	return xasprintf("%s/hosts", l->run);
}

static void table_read(struct listener *l)
{
	cleanup(freep) char *path = table_path(l);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return;
	l->table = xcalloc(1, TABLE_MAX + 1);
	n = read(fd, l->table, TABLE_MAX);
	close(fd);
	l->table[n > 0 ? n : 0] = '\0';
}

/* Atomically: a half-written table is none. */
static void table_write(const struct listener *l, const char *s, size_t n)
{
	cleanup(freep) char *path = table_path(l);
	cleanup(freep) char *tmp = xasprintf("%s.new", path);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	if (write(fd, s, n) == (ssize_t)n)
		(void)rename(tmp, path);
	close(fd);
}

static void on_message(void *arg, enum ipc_type t, const char *body, size_t len)
{
	struct listener *l = arg;

	if (t == IPC_ACTS) {
		hands_do(l->hands, body, len);
		ipc_send(l->ipc, IPC_DONE, "", 0);
	} else if (t == IPC_TABLE && len <= TABLE_MAX) {
		free(l->table);
		l->table = xstrdup(body);
		table_write(l, body, len);
	} else if (t == IPC_READY) {
		hands_ready(l->hands);
		l->ready(l->arg);
	} else if (t == IPC_SAY && len > 1) {
		log_line((enum log_level)(body[0] - '0'), "%s", body + 1);
	} else if (t == IPC_ANSWER) {
		l->answer(l->arg, body, len);
	}
}

static void start(struct listener *l);

static void on_gone(void *arg)
{
	struct listener *l = arg;
	msec_t lived = clock_ms() - l->started;
	struct timeval tv = {lived < AGAIN_MS ? AGAIN_MS / 1000 : 0, 0};

	ipc_free(l->ipc);
	l->ipc = NULL;
	l->pid = 0;
	log_warn(_("the listening process ended; starting it again"));
	event_add(l->again, &tv);
}

static void on_again(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start(arg);
}

_Noreturn static void child(struct listener *l, int fd)
{
	event_reinit(l->base);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	listen_run(*l->in, &l->fds, fd, l->table);
}

static void start(struct listener *l)
{
	int fd[2];
	pid_t pid;

	if (l->ipc || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return;
	l->started = clock_ms();
	hands_generation(l->hands);
	pid = fork();
	if (!pid) {
		close(fd[0]);
		child(l, fd[1]);
	}
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return;
	}
	l->pid = pid;
	l->ipc = ipc_new(l->base, fd[0], on_message, on_gone, l);
}

static void stop(struct listener *l)
{
	ipc_free(l->ipc);
	l->ipc = NULL;
	if (l->pid > 0)
		kill(l->pid, SIGTERM);
	l->pid = 0;
}

static void on_talk(int fd, short what, void *arg)
{
	static struct talker v[TALKERS_MAX];
	struct listener *l = arg;
	size_t n = hands_talkers(l->hands, v, TALKERS_MAX);

	(void)fd;
	(void)what;
	if (n && l->ipc)
		ipc_send(l->ipc, IPC_TALKERS, v, n * sizeof(*v));
}

struct listener *listener_new(struct event_base *base, const char *run,
	struct intent *const *in, listener_answer_fn answer,
	listener_ready_fn ready, void *arg)
{
	struct listener *l;

	if (!listen_wanted(*in))
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->base = base;
	l->run = run;
	l->in = in;
	l->answer = answer;
	l->ready = ready;
	l->arg = arg;
	l->again = evtimer_new(base, on_again, l);
	listen_open(*in, &l->fds);
	l->hands = hands_new(base, in, &l->fds);
	l->fds.counts = hands_counts(l->hands);
	table_read(l);
	start(l);
	l->talk = event_new(base, -1, EV_PERSIST, on_talk, l);
	event_add(l->talk, &(struct timeval){TALKERS_EVERY_S, 0});
	return l;
}

void listener_free(struct listener *l, bool sweep)
{
	if (!l)
		return;
	stop(l);
	if (sweep)
		hands_sweep(l->hands);
	hands_free(l->hands);
	listen_close(&l->fds);
	event_free(l->again);
	event_free(l->talk);
	free(l->table);
	free(l);
}

void listener_restart(struct listener *l)
{
	stop(l);
	listen_close(&l->fds);
	listen_open(*l->in, &l->fds);
	l->fds.counts = hands_counts(l->hands);
	start(l);
}

void listener_look(struct listener *l)
{
	if (l && listen_stale(*l->in, &l->fds))
		listener_restart(l);
}

bool listener_ask(struct listener *l, const char *question, size_t len)
{
	static struct asked v[ASKED_MAX];
	size_t n;

	if (!l || !l->ipc)
		return false;
	/* what the filter answered, listen has not heard of */
	n = hands_asked(l->hands, v, ASKED_MAX);
	ipc_send(l->ipc, IPC_ASKED, v, n * sizeof(*v));
	ipc_send(l->ipc, IPC_ASK, question, len);
	return true;
}

char *listener_with_sets(const struct listener *l, const char *rules)
{
	return l ? hands_with_sets(l->hands, rules) : xstrdup(rules);
}

const char *listener_shield(const struct listener *l)
{
	return l && listen_proxies(*l->in) ? hands_shield(l->hands) : "";
}
