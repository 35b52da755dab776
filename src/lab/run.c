/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Namespaces and what runs in them. The calling thread never stays in another
 * namespace: scripts run in a child, sockets are opened between two setns(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "base/text.h"
#include "lab/lab-own.h"

enum { RCVBUF = 64 << 20, STOP_MS = 2000, POLL_MS = 20 };

static char *vformat(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	return s;
}

void lab_echo(const struct lab *lab, const char *where, const char *script)
{
	const char *p = script, *end;

	if (!lab->verbose)
		return;
	for (; *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, '\n');
		if (end > p)
			fprintf(stderr, "[%s] %.*s\n", where, (int)(end - p), p);
	}
}

void lab_sleep(msec_t ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static int ns_open(const struct lab *lab, enum lab_node n)
{
	cleanup(freep) char *path = xasprintf("/run/netns/%s", lab->ns[n]);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int lab_enter(const struct lab *lab, enum lab_node n)
{
	int fd = ns_open(lab, n), e = 0;

	if (fd < 0)
		return fd;
	if (setns(fd, CLONE_NEWNET) < 0)
		e = -errno;
	close(fd);
	return e;
}

/* In the child: the node, the output, the shell. n < 0: where we are. */
static void child_exec(const struct lab *lab, int n, int out, int err,
	const char *script)
{
	int null = open("/dev/null", O_RDWR);

	if (n >= 0 && lab_enter(lab, (enum lab_node)n) < 0)
		_exit(125);
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	execl("/bin/sh", "sh", "-ec", script, (char *)NULL);
	_exit(127);
}

static int wait_status(pid_t pid)
{
	int st;

	while (waitpid(pid, &st, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

static const char *where(int n)
{
	return n < 0 ? "-" : lab_node_name((enum lab_node)n);
}

static int run(const struct lab *lab, int n, const char *script, bool quiet)
{
	int out = quiet ? open("/dev/null", O_WRONLY | O_CLOEXEC) : 2;
	pid_t pid;
	int r;

	pid = fork();
	if (pid == 0)
		child_exec(lab, n, out, out, script);
	r = pid < 0 ? -errno : wait_status(pid);
	if (quiet && out >= 0)
		close(out);
	return r;
}

int lab_run(const struct lab *lab, enum lab_node n, const char *fmt, ...)
{
	cleanup(freep) char *script = NULL;
	va_list ap;

	va_start(ap, fmt);
	script = vformat(fmt, ap);
	va_end(ap);
	lab_echo(lab, where((int)n), script);
	return run(lab, (int)n, script, false);
}

int lab_output(const struct lab *lab, enum lab_node n, struct text *out,
	const char *fmt, ...)
{
	cleanup(freep) char *script = NULL;
	char buf[4096];
	va_list ap;
	ssize_t got;
	int p[2];
	pid_t pid;

	va_start(ap, fmt);
	script = vformat(fmt, ap);
	va_end(ap);
	lab_echo(lab, where((int)n), script);
	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		child_exec(lab, (int)n, p[1], 2, script);
	close(p[1]);
	while ((got = read(p[0], buf, sizeof(buf))) > 0 ||
		(got < 0 && errno == EINTR))
		if (got > 0)
			text_addn(out, buf, (size_t)got);
	close(p[0]);
	return pid < 0 ? -EAGAIN : wait_status(pid);
}

int lab_wait(const struct lab *lab, enum lab_node n, msec_t ms, const char *fmt,
	...)
{
	cleanup(freep) char *script = NULL;
	msec_t end = clock_ms() + ms;
	va_list ap;

	va_start(ap, fmt);
	script = vformat(fmt, ap);
	va_end(ap);
	lab_echo(lab, where((int)n), script);
	while (run(lab, (int)n, script, true) != 0) {
		if (clock_ms() >= end)
			return -ETIMEDOUT;
		lab_sleep(POLL_MS);
	}
	return 0;
}

pid_t lab_spawn(struct lab *lab, enum lab_node n, const char *tag,
	const char *fmt, ...)
{
	cleanup(freep) char *line = NULL, *log = NULL, *script = NULL;
	va_list ap;
	pid_t pid;
	int fd;

	va_start(ap, fmt);
	line = vformat(fmt, ap);
	va_end(ap);
	lab_echo(lab, where((int)n), line);
	script = xasprintf("exec %s", line);
	log = xasprintf("%s/%s.log", lab->dir, tag);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		setsid();
		child_exec(lab, (int)n, fd, fd, script);
	}
	close(fd);
	if (pid < 0)
		return -errno;
	*GROW(lab->kids, lab->kid_n, lab->kid_cap) = pid;
	return pid;
}

static void forget(struct lab *lab, pid_t pid)
{
	for (size_t i = 0; i < lab->kid_n; i++)
		if (lab->kids[i] == pid)
			lab->kids[i] = lab->kids[--lab->kid_n];
}

void lab_stop(struct lab *lab, pid_t pid)
{
	msec_t end = clock_ms() + STOP_MS;

	forget(lab, pid);
	if (pid <= 0 || kill(pid, SIGTERM) < 0)
		return;
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (clock_ms() >= end) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return;
		}
		lab_sleep(5);
	}
}

int lab_socket(const struct lab *lab, enum lab_node n, int domain, int type,
	int protocol)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd, e;

	if (home < 0)
		return -errno;
	e = lab_enter(lab, n);
	if (e < 0) {
		close(home);
		return e;
	}
	fd = socket(domain, type | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		fd = -errno;
	/* to stay in the wrong namespace would be worse than to end */
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
	close(home);
	return fd;
}

int lab_packet_socket(const struct lab *lab, enum lab_node n, const char *ifname,
	bool rx_only)
{
	struct sockaddr_ll sll = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL)};
	int fd, e, size = RCVBUF, one = 1;
	struct ifreq ifr = {0};

	fd = lab_socket(lab, n, AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (rx_only)
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
			sizeof(one));
	if (ioctl(fd, SIOCGIFINDEX, &ifr) < 0)
		goto fail;
	sll.sll_ifindex = ifr.ifr_ifindex;
	if (bind(fd, (struct sockaddr *)&sll, sizeof(sll)) < 0)
		goto fail;
	return fd;
fail:
	e = -errno;
	close(fd);
	return e;
}

int lab_run_root(const struct lab *lab, const char *script)
{
	cleanup(freep) char *rm = xasprintf("rm -rf %s", lab->dir);

	return run(lab, -1, script ? script : rm, false);
}

/* --- namespaces --------------------------------------------------------- */

int lab_ns_make(const struct lab *lab)
{
	struct text t = TEXT_INIT;
	int r;

	for (int n = 0; n < LAB_NODE_MAX; n++)
		text_addf(&t, "ip netns add %s\n", lab->ns[n]);
	lab_echo(lab, "-", text_str(&t));
	r = run(lab, -1, text_str(&t), false);
	text_done(&t);
	return r == 0 ? 0 : -EIO;
}

/*
 * What runs in our own namespaces is ours: end it by process id, asked from the
 * namespace itself, so a lab whose maker died can be cleared by name.
 */
void lab_ns_remove(const struct lab *lab)
{
	struct text t = TEXT_INIT;

	for (int n = 0; n < LAB_NODE_MAX; n++)
		text_addf(&t,
			"if [ -e /run/netns/%s ]; then "
			"for p in $(ip netns pids %s); do kill -9 $p 2>/dev/null || :; done; "
			"ip netns del %s || :; fi\n",
			lab->ns[n], lab->ns[n], lab->ns[n]);
	run(lab, -1, text_str(&t), false);
	text_done(&t);
	for (size_t i = 0; i < lab->kid_n; i++)
		waitpid(lab->kids[i], NULL, 0);
}
