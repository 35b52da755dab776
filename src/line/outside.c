// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All evidence together. What talks to strangers outside (name servers, an
 * HTTPS server that one of them named, STUN) runs in processes of its own:
 * nobody when we are root, no new privilege, no file can be written. What they
 * tell is a struct of a known size through a pipe; strings are ended and made
 * printable again here, as if the process had been taken over.
 */
#include "line/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, STUN_MS = 6000, NAMES_MS = 5500, LATE_MS = 300,
	CPU_S = 20 };

union asked {
	struct names_ask names;
	struct stun_ask stun;
	struct hops_ask hops;
};
union told {
	struct names_told names;
	struct line_stun stun;
	struct line_hops hops;
};
enum kind { STEP_NAMES, STEP_STUN, STEP_HOPS };

struct step {
	enum kind kind;
	union asked ask;
	msec_t until;
	pid_t pid;
	int fd;
};

static int give_up_rights(void)
{
	struct rlimit none = {0, 0}, cpu = {CPU_S, CPU_S};

	if (geteuid() == 0 && (setgroups(0, NULL) ||
				      setresgid(NOBODY, NOBODY, NOBODY) ||
				      setresuid(NOBODY, NOBODY, NOBODY)))
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		setrlimit(RLIMIT_FSIZE, &none) ||
		setrlimit(RLIMIT_CORE, &none) || setrlimit(RLIMIT_CPU, &cpu))
		return -errno;
	/* no second process or thread either; root is above this limit */
	if (setrlimit(RLIMIT_NPROC, &none))
		return -errno;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

/* The terminal is the parent's alone. */
static int let_go_of_terminal(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (int i = 0; i < 3; i++)
		if (dup2(fd, i) < 0)
			return -errno;
	return 0;
}

static size_t told_size(enum kind k)
{
	switch (k) {
	case STEP_NAMES: return sizeof(struct names_told);
	case STEP_STUN:	 return sizeof(struct line_stun);
	case STEP_HOPS:	 return sizeof(struct line_hops);
	}
	return 0;
}

static _Noreturn void child(const struct step *s, int fd)
{
	static union told t;
	const char *p = (const char *)&t;
	size_t n = told_size(s->kind), k = 0;

	if (let_go_of_terminal() || give_up_rights())
		_exit(1);
	switch (s->kind) {
	case STEP_NAMES: names_look(&s->ask.names, &t.names); break;
	case STEP_STUN:	 stun_look(&s->ask.stun, &t.stun); break;
	case STEP_HOPS:	 hops_look(&s->ask.hops, &t.hops); break;
	}
	while (k < n) {
		ssize_t w = write(fd, p + k, n - k);

		if (w <= 0)
			_exit(1);
		k += (size_t)w;
	}
	_exit(0);
}

static void start(struct step *s)
{
	int fd[2];

	s->pid = -1;
	if (pipe2(fd, O_CLOEXEC))
		return;
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0)
		child(s, fd[1]);
	close(fd[1]);
	s->fd = fd[0];
	if (s->pid < 0)
		close(fd[0]);
}

/* What the step told, or -EIO when it ended early or too late. */
static int finish(struct step *s, union told *ret)
{
	size_t n = told_size(s->kind), k = 0;
	struct pollfd p = {s->fd, POLLIN, 0};

	if (s->pid < 0)
		return -EIO;
	while (k < n) {
		msec_t left = s->until + LATE_MS - clock_ms();
		ssize_t got;

		/* it may have told long ago, while the wire was asked */
		if (poll(&p, 1, (int)MAX2(left, (msec_t)0)) <= 0)
			break;
		got = read(s->fd, (char *)ret + k, n - k);
		if (got <= 0)
			break;
		k += (size_t)got;
	}
	close(s->fd);
	kill(s->pid, SIGKILL); /* ended, or has had its time */
	waitpid(s->pid, NULL, 0);
	if (k < n)
		memset(ret, 0, n);
	return k == n ? 0 : -EIO;
}

/* ---- what a process that was taken over may not smuggle in ---- */

static void clean(char *s, size_t n)
{
	s[n - 1] = '\0';
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f)
			*s = '?';
		/* C1 in UTF-8 */
		if (c == 0xc2 && (unsigned char)s[1] < 0xa0)
			*s = '?';
	}
}

static void take_names(const struct names_told *t, struct line_evidence *e)
{
	struct hb46pp *h = &e->hb;

	e->names = t->names;
	*h = t->hb;
	clean(e->names.reverse, sizeof(e->names.reverse));
	clean(h->url, sizeof(h->url));
	clean(h->enabler, sizeof(h->enabler));
	clean(h->service, sizeof(h->service));
	clean(h->isp, sizeof(h->isp));
	clean(h->aftr, sizeof(h->aftr));
	h->order_n = MIN2(h->order_n, (size_t)HB_METHODS_MAX);
}

static void take_hops(const struct line_hops *t, struct line_evidence *e)
{
	e->hops = *t;
	e->hops.n = MIN2(e->hops.n, (size_t)LINE_HOPS_MAX);
}

/* ---- all of it ---- */

static struct step stun_step(const struct line_want *w, enum family fam,
	msec_t until)
{
	return (struct step){.kind = STEP_STUN, .until = until,
		.ask.stun = {w->stun, w->ifname, fam, until}};
}

/* Each process finds its bytes in its own copy of ours. */
static void look_outside(const struct line_want *w, struct step s[3],
	struct line_evidence *e)
{
	static union told t;
	struct step names;

	if (finish(&s[0], &t) == 0)
		take_hops(&t.hops, e);
	else
		e->outside_died = true;
	if (w->stun) {
		if (finish(&s[1], &t) == 0)
			e->stun4 = t.stun;
		else
			e->outside_died = true;
		if (finish(&s[2], &t) == 0)
			e->stun6 = t.stun;
		else
			e->outside_died = true;
	}
	names = (struct step){.kind = STEP_NAMES,
		.until = clock_ms() + NAMES_MS,
		.ask.names = {e, w->ca, clock_ms() + NAMES_MS}};
	start(&names);
	if (finish(&names, &t) == 0)
		take_names(&t.names, e);
	else
		e->outside_died = true;
}

int line_look(const struct line_want *w, struct line_evidence *ret)
{
	msec_t began = clock_ms(), until = began + STUN_MS;
	struct step s[3] = {{.kind = STEP_HOPS, .until = until,
				    .ask.hops = {w->stun, w->ifname, until}},
		stun_step(w, FAM_4, until), stun_step(w, FAM_6, until)};
	struct line_evidence *e = ret;
	int rc;

	if (!if_nametoindex(w->ifname))
		return -ENODEV;
	for (size_t i = 0; !w->local_only && i < (w->stun ? 3u : 1u); i++)
		start(&s[i]);
	rc = line_gather(w->ifname, w->at, w->quiet, w->most, e);
	if (!w->local_only)
		look_outside(w, s, e);
	e->took = clock_ms() - began;
	return rc == -EPERM ? 0 : rc;
}
