/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node's host as a real machine: a QEMU guest in the node's namespace, on a
 * tap bridged to the node's eth0. The guest takes the node's own MAC and
 * addresses, so lab_mac() and lab_addr() stay true; eth0 gets another MAC, as a
 * bridge would otherwise keep the guest's frames for itself.
 *
 * What for: the kernel's own ESP, and openiked with NAT traversal off. No
 * user-space peer does native ESP from behind a NAT.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/text.h"
#include "base/tr.h"
#include "lab/lab-own.h"

#define IMAGE "/var/cache/kadomori/qemu"

enum { BOOT_MS = 120000, SOCKET_MS = 5000 };

static const char *fetcher(void)
{
	static const char *const at_build = KADOMORI_SOURCE "/tools/lab-qemu.sh";

	return access(at_build, F_OK) == 0 ? at_build :
		KADOMORI_LIBEXEC "/lab-qemu.sh";
}

int lab_guests_need(char **why)
{
	cleanup(freep) char *cmd = xasprintf("%s %s >&2", fetcher(), IMAGE);
	int e = lab_lacks("qemu-system-x86_64", why);

	if (e < 0)
		return e;
	if (system(cmd) == 0)
		return 0;
	*why = xasprintf(_("the guests' kernel and programs could not be fetched into %s"),
		IMAGE);
	return -EOPNOTSUPP;
}

static int tap_make(struct lab *lab, enum lab_node n)
{
	struct mac m = lab_mac(lab, n);
	char mac[MAC_STR];

	m.b[0] |= 2; /* locally administered: nobody's real MAC */
	m.b[1] ^= 0x80;
	return lab_run(lab, n, "ip addr flush dev eth0; ip link set eth0 down\n"
		"ip link set eth0 address %s\n"
		"ip link add brq type bridge\nip tuntap add tap0 mode tap\n"
		"for i in brq eth0 tap0; do "
		"sysctl -qw net.ipv6.conf.$i.disable_ipv6=1; done\n"
		"for i in eth0 tap0; do ip link set $i mtu %u master brq up; done\n"
		"ip link set brq up\n", mac_format(&m, mac), lab->mtu) == 0 ? 0 :
		-EIO;
}

/* kd.addr and kd.via of the kernel's command line; IPv6 comes by RA. */
static char *addresses(struct lab *lab, enum lab_node n)
{
	if (lab_line_family(lab->line) == FAM_6 || lab->bridged)
		return xstrdup("");
	return xasprintf("kd.addr=%s/24 kd.via=%s",
		lab_addr_text(lab, n, FAM_4), lab_addr_text(lab, LAB_GW, FAM_4));
}

static pid_t machine(struct lab *lab, enum lab_node n, const char *inner)
{
	cleanup(freep) char *tag = xasprintf("guest-%s", lab_node_name(n));
	cleanup(freep) char *addr = addresses(lab, n);
	struct mac m = lab_mac(lab, n);
	char mac[MAC_STR];

	return lab_spawn(lab, n, tag,
		"qemu-system-x86_64 -accel tcg -cpu max -smp 1 -m 160 "
		"-M pc -nodefaults -display none -no-reboot "
		"-kernel " IMAGE "/vmlinuz -initrd " IMAGE "/initrd.gz "
		"-append 'console=ttyS0 quiet panic=1 mitigations=off "
		"tsc=reliable net.ifnames=0 rdinit=/init %s kd.inner=%s' "
		"-netdev tap,id=n,ifname=tap0,script=no,downscript=no "
		"-device virtio-net-pci,netdev=n,mac=%s,romfile=,csum=off,gso=off,"
		"guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ufo=off,"
		"host_tso4=off,host_tso6=off,host_ufo=off,mrg_rxbuf=off "
		"-chardev file,id=c,path=%s/%s.console -device isa-serial,chardev=c "
		"-chardev socket,id=s,path=%s/%s.sock,server=on,wait=off "
		"-device isa-serial,chardev=s",
		addr, inner ? inner : "", mac_format(&m, mac), lab->dir, tag,
		lab->dir, tag);
}

static int line_open(const struct lab *lab, enum lab_node n)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), e;

	if (fd < 0)
		return -errno;
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/guest-%s.sock", lab->dir,
		lab_node_name(n));
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	e = -errno;
	close(fd);
	return e;
}

int lab_guest_start(struct lab *lab, enum lab_node n, const char *inner,
	char **why)
{
	int e = lab_guests_need(why);
	pid_t pid;

	if (e < 0)
		return e;
	e = tap_make(lab, n);
	pid = e < 0 ? e : machine(lab, n, inner);
	if (pid < 0) {
		*why = xstrdup(strerror(-pid));
		return pid;
	}
	if (lab_wait(lab, n, SOCKET_MS, "test -S %s/guest-%s.sock", lab->dir,
		    lab_node_name(n)) < 0 || (e = line_open(lab, n)) < 0) {
		*why = xasprintf(_("%s did not start (see %s)"), "qemu", lab->dir);
		return -EIO;
	}
	lab->guest[n] = (struct guest){.pid = pid, .fd = e};
	return 0;
}

/*
 * Read lines until one that begins with word; the lines before go to out. What
 * follows the word to *rest. 0 or -ETIMEDOUT, -EPIPE.
 */
static int read_until(struct guest *g, const char *word, msec_t end,
	struct text *out, int *rest)
{
	for (;;) {
		char *nl = memchr(g->line, '\n', g->len);
		struct pollfd p = {g->fd, POLLIN, 0};
		msec_t left = end - clock_ms();
		ssize_t got;

		if (nl || g->len == sizeof(g->line)) {
			size_t n = nl ? (size_t)(nl - g->line) + 1 : g->len;
			bool hit = n > strlen(word) &&
				   !memcmp(g->line, word, strlen(word));

			if (hit && rest)
				*rest = atoi(g->line + strlen(word));
			if (!hit && out)
				text_addn(out, g->line, n);
			g->len -= n;
			memmove(g->line, g->line + n, g->len);
			if (hit)
				return 0;
			continue;
		}
		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return -ETIMEDOUT;
		got = read(g->fd, g->line + g->len, sizeof(g->line) - g->len);
		if (got <= 0)
			return -EPIPE;
		g->len += (size_t)got;
	}
}

int lab_guest_ready(struct lab *lab, enum lab_node n)
{
	struct guest *g = &lab->guest[n];
	int e;

	if (g->pid <= 0)
		return -ESRCH;
	if (g->ready)
		return 0;
	e = read_until(g, "#ready", clock_ms() + BOOT_MS, NULL, NULL);
	g->ready = e == 0;
	return e;
}

int lab_guest_run(struct lab *lab, enum lab_node n, msec_t ms, struct text *out,
	const char *fmt, ...)
{
	cleanup(freep) char *words = NULL, *line = NULL;
	struct guest *g = &lab->guest[n];
	int e = lab_guest_ready(lab, n), status = -EIO;
	char end[32];
	va_list ap;

	if (e < 0)
		return e;
	va_start(ap, fmt);
	if (vasprintf(&words, fmt, ap) < 0)
		abort();
	va_end(ap);
	lab_echo(lab, lab_node_name(n), words);
	if (strchr(words, '\n'))
		return -EINVAL;
	line = xasprintf("%s\n", words);
	if (write(g->fd, line, strlen(line)) != (ssize_t)strlen(line))
		return -EPIPE;
	/* the end of an earlier line that took too long may come first */
	snprintf(end, sizeof(end), "#end %u ", ++g->sent);
	e = read_until(g, end, clock_ms() + ms, out, &status);
	return e < 0 ? e : status;
}

/* --- openiked ----------------------------------------------------------------- */

int lab_guest_iked(struct lab *lab, enum lab_node n, const char *inner,
	unsigned lifetime_s)
{
	const char *me = lab_node_name(n);
	enum family fam = lab_line_family(lab->line);
	int r;

	r = lab_guest_run(lab, n, 10000, NULL,
		"printf '%%s\\n' 'ikev2 \"home\" active esp from %s/32 to %s/32 "
		"peer %s ikesa enc aes-256 prf hmac-sha2-256 auth hmac-sha2-256 "
		"group modp2048 childsa enc aes-128 auth hmac-sha1 "
		"group modp2048 "
		"srcid %s.lab dstid segw.lab lifetime %u psk \"" LAB_PSK "\"' "
		">/etc/iked.conf; chmod 600 /etc/iked.conf; "
		"iked -n -f /etc/iked.conf >/tmp/iked.log 2>&1",
		inner, lab_peer_inner(), lab_addr_text(lab, LAB_SEGW, fam), me,
		lifetime_s);
	if (r)
		return r < 0 ? r : -EIO;
	/* -T: no NAT traversal, so ESP stays protocol 50 behind a NAT */
	r = lab_guest_run(lab, n, 10000, NULL,
		"iked -d -v -T -f /etc/iked.conf >>/tmp/iked.log 2>&1 &");
	return r > 0 ? -EIO : r;
}
