// SPDX-License-Identifier: GPL-2.0-or-later
#include "line/step.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, LATE_MS = 300, CPU_S = 30 };

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

enum { PIPE = 3 };

/* The terminal, and whatever else the parent has open, is the parent's alone:
 * only the pipe stays. */
static int let_go(int pipe)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (int i = 0; i < PIPE; i++)
		if (dup2(fd, i) < 0)
			return -errno;
	if (pipe != PIPE && dup2(pipe, PIPE) < 0)
		return -errno;
	return close_range(PIPE + 1, ~0u, 0) ? -errno : 0;
}

static _Noreturn void child(const struct step_work *w, int fd)
{
	char *told = xcalloc(1, w->n);
	size_t k = 0;

	/* a shell's or the daemon's handlers are not ours */
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	if (let_go(fd))
		_exit(1);
	if (w->prepare)
		w->prepare(w->arg);
	if (give_up_rights())
		_exit(1);
	w->run(w->arg, told);
	while (k < w->n) {
		ssize_t n = write(PIPE, told + k, w->n - k);

		if (n <= 0)
			_exit(1);
		k += (size_t)n;
	}
	_exit(0);
}

void step_start(struct step *s, const struct step_work *w, msec_t until)
{
	int fd[2];

	*s = (struct step){.pid = -1, .fd = -1, .until = until, .n = w->n};
	if (pipe2(fd, O_CLOEXEC))
		return;
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0)
		child(w, fd[1]);
	close(fd[1]);
	s->fd = fd[0];
	if (s->pid < 0)
		close(fd[0]);
}

int step_finish(struct step *s, void *told)
{
	struct pollfd p = {s->fd, POLLIN, 0};
	size_t k = 0;

	memset(told, 0, s->n);
	if (s->pid < 0)
		return -EIO;
	while (k < s->n) {
		msec_t left = s->until + LATE_MS - clock_ms();
		ssize_t got;

		/* it may have told long ago, while another was waited for */
		if (poll(&p, 1, (int)MAX2(left, (msec_t)0)) <= 0)
			break;
		got = read(s->fd, (char *)told + k, s->n - k);
		if (got <= 0)
			break;
		k += (size_t)got;
	}
	close(s->fd);
	kill(s->pid, SIGKILL); /* ended, or has had its time */
	waitpid(s->pid, NULL, 0);
	if (k == s->n)
		return 0;
	memset(told, 0, s->n);
	return -EIO;
}

void step_clean(char *s, size_t n)
{
	s[n - 1] = '\0';
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		/* C0, DEL, and C1 in UTF-8 */
		if (c < 0x20 || c == 0x7f ||
			(c == 0xc2 && (unsigned char)s[1] < 0xa0))
			*s = '?';
	}
}
