// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The watching itself. This process opens the packet sockets (or the file) and
 * waits; a child without rights, files and new sockets looks at the packets and
 * hands the facts back as JSON, which is checked again.
 *
 *	parent ── control ──▶ child (nobody, empty root, seccomp)
 *	       ◀── JSON lines ──
 *
 * Frames are taken through a ring, which copies them as they arrive: an
 * ordinary packet socket shares bytes with the stack, and IPv6 defragmentation
 * strips fragment headers in place (src/lab/tap.c).
 */
#include "observe-cmd.h"
#include "base/tr.h"
#include "base/text.h"
#include "cmd/kadomorid/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RING_FRAME = 2048, RING_N = 4096, RING_BLOCK = 1 << 16,
	SNAPSHOT_MS = 30000, SAVE_MS = 600000, LINE_MAX_BYTES = 16 << 20, PIECE = 65536,
	FILTER_MAX = OBS_WANT_MAX * 10 + 8, SNAP = RING_FRAME };

struct tap {
	int fd;
	uint8_t *ring;
	unsigned at;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = sig;
}

/* --- the sockets -------------------------------------------------------------- */

#define STMT(c, k) (struct sock_filter)BPF_STMT((c), (k))
#define JEQ(k, t, f) (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (t), (f))

/* A MAC at offset at of the frame: taken, or on to the next. */
static unsigned filter_mac(struct sock_filter *f, const struct mac *m, unsigned at)
{
	const uint8_t *b = m->b;

	f[0] = STMT(BPF_LD | BPF_H | BPF_ABS, at);
	f[1] = JEQ((unsigned)(b[0] << 8 | b[1]), 0, 3);
	f[2] = STMT(BPF_LD | BPF_W | BPF_ABS, at + 2);
	f[3] = JEQ((uint32_t)b[2] << 24 | (uint32_t)b[3] << 16 |
			   (uint32_t)b[4] << 8 | b[5], 0, 1);
	f[4] = STMT(BPF_RET | BPF_K, SNAP);
	return 5;
}

/* Only frames of and to the devices; without any MAC IPv4, IPv6 and ARP. */
static int filter_set(int fd, const struct observe_want *w)
{
	struct sock_filter f[FILTER_MAX];
	struct sock_fprog prog = {.filter = f};
	unsigned n = 0;
	int on = 1;

	for (size_t i = 0; i < w->mac_n; i++) {
		n += filter_mac(f + n, &w->mac[i], 6);
		n += filter_mac(f + n, &w->mac[i], 0);
	}
	if (!w->mac_n) {
		f[n++] = STMT(BPF_LD | BPF_H | BPF_ABS, 12);
		f[n++] = JEQ(ETH_P_IP, 3, 0);
		f[n++] = JEQ(ETH_P_IPV6, 2, 0);
		f[n++] = JEQ(ETH_P_ARP, 1, 0);
		f[n++] = JEQ(ETH_P_8021Q, 0, 1);
		f[n++] = STMT(BPF_RET | BPF_K, SNAP);
	}
	f[n++] = STMT(BPF_RET | BPF_K, 0);
	prog.len = (unsigned short)n;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ||
		setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)))
		return -errno;
	return 0;
}

static int ring_make(struct tap *t)
{
	struct tpacket_req req = {.tp_frame_size = RING_FRAME,
		.tp_frame_nr = RING_N, .tp_block_size = RING_BLOCK,
		.tp_block_nr = RING_N * RING_FRAME / RING_BLOCK};
	int v2 = TPACKET_V2;

	if (setsockopt(t->fd, SOL_PACKET, PACKET_VERSION, &v2, sizeof(v2)) ||
		setsockopt(t->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return -errno;
	t->ring = mmap(NULL, RING_N * RING_FRAME, PROT_READ | PROT_WRITE,
		MAP_SHARED, t->fd, 0);
	return t->ring == MAP_FAILED ? -errno : 0;
}

/* The filter stands before the socket hears anything. */
static int tap_open(struct tap *t, const char *ifname,
	const struct observe_want *w)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htobe16(ETH_P_ALL)};
	int e;

	at.sll_ifindex = (int)if_nametoindex(ifname);
	if (!at.sll_ifindex)
		return -ENODEV;
	t->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		return -errno;
	e = filter_set(t->fd, w);
	e = e ? e : ring_make(t);
	if (!e && bind(t->fd, (struct sockaddr *)&at, sizeof(at)))
		e = -errno;
	return e;
}

/* By ioctl: /sys shows the interfaces of the namespace it was mounted in. */
static bool own_mac(const char *ifname, struct mac *ret)
{
	struct ifreq r = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", ifname);
	good = fd >= 0 && ioctl(fd, SIOCGIFHWADDR, &r) == 0;
	if (fd >= 0)
		close(fd);
	if (good)
		memcpy(ret->b, r.ifr_hwaddr.sa_data, sizeof(ret->b));
	return good;
}

/* --- the child -------------------------------------------------------------------- */

struct child {
	struct observe *o;
	struct tap tap[OBS_OWN_MAX];
	size_t tap_n;
	int control, out, file;
	const char *source;
};

static void tap_read(struct child *c, struct tap *t)
{
	for (unsigned i = 0; i < RING_N; i++) {
		uint8_t *slot = t->ring + (size_t)t->at * RING_FRAME;
		struct tpacket2_hdr *h = (struct tpacket2_hdr *)(void *)slot;
		size_t room;

		if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) &
			    TP_STATUS_USER))
			return;
		room = RING_FRAME - MIN2((size_t)h->tp_mac, (size_t)RING_FRAME);
		observe_frame(c->o, LINKTYPE_ETHERNET,
			(int64_t)h->tp_sec * 1000 + h->tp_nsec / 1000000,
			slot + h->tp_mac, MIN2(room, (size_t)h->tp_snaplen),
			h->tp_len);
		__atomic_store_n(&h->tp_status, TP_STATUS_KERNEL,
			__ATOMIC_RELEASE);
		t->at = (t->at + 1) % RING_N;
	}
}

static bool tell(struct child *c)
{
	json_t *j = seen_json(c->o, c->source);
	char *s = json_dumps(j, JSON_COMPACT);
	size_t n = s ? strlen(s) : 0, at = 0;
	ssize_t put = 0;

	if (s)
		s[n++] = '\n'; /* in place of the end */
	while (at < n && (put = write(c->out, s + at, n - at)) > 0)
		at += (size_t)put;
	free(s);
	json_decref(j);
	return n && at == n;
}

static bool child_live(struct child *c)
{
	struct pollfd p[OBS_OWN_MAX + 1];
	msec_t next = clock_ms() + SNAPSHOT_MS;

	for (size_t i = 0; i < c->tap_n; i++)
		p[i] = (struct pollfd){c->tap[i].fd, POLLIN, 0};
	p[c->tap_n] = (struct pollfd){c->control, POLLIN, 0};
	for (;;) {
		msec_t left = next - clock_ms();

		poll(p, (nfds_t)c->tap_n + 1, (int)MAX2(left, 0));
		for (size_t i = 0; i < c->tap_n; i++)
			tap_read(c, &c->tap[i]);
		if (p[c->tap_n].revents)
			return tell(c);
		if (clock_ms() < next)
			continue;
		if (!tell(c))
			return false;
		next = clock_ms() + SNAPSHOT_MS;
	}
}

static void on_frame(void *arg, uint32_t linktype, int64_t ms, const uint8_t *p,
	size_t n, size_t wire_n)
{
	observe_frame(arg, linktype, ms, p, n, wire_n);
}

/* 1 there is something to read, 0 enough is read. */
static int file_wait(const struct child *c)
{
	struct pollfd p[2] = {{c->file, POLLIN, 0}, {c->control, POLLIN, 0}};

	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			return 0;
	return !p[1].revents;
}

/* Exit status: 0 read to its end, 1 damaged, 2 it could not be told. */
static int child_file(struct child *c)
{
	cleanup(capture_freep) struct capture *cap = capture_new(on_frame, c->o);
	static uint8_t buf[PIECE];
	ssize_t n = 0;
	int e = 0, more;

	while ((more = file_wait(c)) && !e &&
		(n = read(c->file, buf, sizeof(buf))) > 0)
		e = capture_feed(cap, buf, (size_t)n);
	e = n < 0 ? -EIO : e || !more ? e : capture_end(cap);
	return !tell(c) ? 2 : e ? 1 : 0;
}

_Noreturn static void child_run(struct child *c)
{
	int e;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* -EPERM without the right to a mount namespace: a smaller box then */
	e = geteuid() == 0 ? sandbox_listen() : sandbox_user();
	if (e)
		_exit(3);
	_exit(c->file >= 0 ? child_file(c) : child_live(c) ? 0 : 2);
}

/* --- the parent ---------------------------------------------------------------------- */

struct parent {
	const struct watch_want *w;
	struct facts_seen *ret;
	struct text line;
	msec_t saved;	/* flash wears: not with every snapshot */
	bool any;
};

static void line_take(struct parent *p, const char *s, size_t n)
{
	struct facts_seen f;
	json_t *j = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL);

	if (j && facts_of_json(j, &f) == 0) {
		facts_seen_done(p->ret);
		*p->ret = f;
		p->any = true;
		if (p->w->save && f.n && (!p->saved ||
			clock_ms() - p->saved >= SAVE_MS)) {
			(void)facts_save(p->w->save, p->ret);
			p->saved = clock_ms();
		}
	}
	json_decref(j);
}

/* False: the child is done. */
static bool parent_read(struct parent *p, int fd)
{
	char buf[8192], *nl;
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR;
	if (n == 0 || p->line.len > LINE_MAX_BYTES)
		return false;
	text_addn(&p->line, buf, (size_t)n);
	while (p->line.s && (nl = memchr(p->line.s, '\n', p->line.len))) {
		struct text rest = TEXT_INIT;

		line_take(p, p->line.s, (size_t)(nl - p->line.s));
		text_addn(&rest, nl + 1, p->line.len - (size_t)(nl + 1 - p->line.s));
		text_done(&p->line);
		p->line = rest;
	}
	return true;
}

static void parent_wait(struct parent *p, int from, int *control)
{
	msec_t end = clock_ms() + (msec_t)p->w->seconds * 1000;
	struct pollfd pf = {from, POLLIN, 0};

	for (;;) {
		msec_t left = p->w->seconds && *control >= 0 ? end - clock_ms() : 1000;

		if (*control >= 0 && (stopped ||
			(p->w->seconds && !p->w->file && left <= 0))) {
			close(*control); /* the child tells and ends */
			*control = -1;
		}
		if (poll(&pf, 1, (int)MAX2(MIN2(left, 1000), 0)) > 0 &&
			!parent_read(p, from))
			return;
	}
}

static int open_all(const struct watch_want *w, struct child *c,
	struct observe_want *o, const char **what)
{
	int e = 0;

	c->file = -1;
	if (w->file) {
		c->file = strcmp(w->file, "-") ? open(w->file, O_RDONLY | O_CLOEXEC)
					       : STDIN_FILENO;
		*what = w->file;
		return c->file < 0 ? -errno : 0;
	}
	for (size_t i = 0; i < w->if_n && o->own_n < OBS_OWN_MAX; i++)
		o->own_n += own_mac(w->ifname[i], &o->own[o->own_n]);
	for (size_t i = 0; e == 0 && i < w->if_n; i++) {
		*what = w->ifname[i];
		e = tap_open(&c->tap[c->tap_n++], w->ifname[i], o);
	}
	return e;
}

static char *source_text(const struct watch_want *w)
{
	struct text t = TEXT_INIT;

	if (w->file)
		return text_printable(w->file, strlen(w->file));
	for (size_t i = 0; i < w->if_n; i++)
		text_addf(&t, "%s%s", i ? " " : "", w->ifname[i]);
	return text_take(&t);
}

static void catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Fork and wait. The child's exit status, or -errno. */
static int run(struct parent *p, struct child *c)
{
	int out[2], control[2], status = 0;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(control, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	catch_signals();
	pid = fork();
	if (pid == 0) {
		close(out[0]);
		close(control[1]);
		c->control = control[0];
		c->out = out[1];
		child_run(c);
	}
	close(out[1]);
	close(control[0]);
	if (pid > 0)
		parent_wait(p, out[0], &control[1]);
	if (control[1] >= 0)
		close(control[1]);
	close(out[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

int observe_watch(const struct watch_want *w, struct facts_seen *ret,
	const char **what)
{
	cleanup(freep) char *source = source_text(w);
	struct parent p = {.w = w, .ret = ret};
	struct child c = {.file = -1, .source = source};
	struct observe_want o = w->o;
	int e = open_all(w, &c, &o, what);

	memset(ret, 0, sizeof(*ret));
	if (e == 0) {
		c.o = observe_new(&o);
		for (size_t i = 0; w->seed && i < w->seed->n; i++)
			(void)observe_seed(c.o, &w->seed->d[i]);
		e = run(&p, &c);
	}
	for (size_t i = 0; i < c.tap_n; i++)
		if (c.tap[i].fd >= 0)
			close(c.tap[i].fd);
	observe_free(c.o);
	text_done(&p.line);
	return e < 0 ? e : e == 1 ? -EBADMSG : e || !p.any ? -EIO : 0;
}
