// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apply's half of the IPsec pass-through: loads the table, opens the sockets,
 * starts the learner, writes what it concludes into the table's maps, keeps
 * its bindings in a file.
 */
#include "daemon.h"
#include "esp.h"
#include "ipc.h"
#include "base/log.h"
#include "base/text.h"
#include "espnat/espnat.h"
#include "kernel/kernel.h"
#include "nft/nft.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COUNT_SECONDS = 5, STATE_MAX = 1 << 20, AGAIN_SECONDS = 1 };

struct esp {
	struct event_base *base;
	const char *run;
	struct ipc *ipc;
	pid_t pid;
	int nflog, raw;
	esp_status_fn status;
	void *arg;
	char *rules, *state;
	struct addrmask *nets;
	size_t net_n, net_cap;
	struct esp_hello hello;
	struct event *count, *again;
};

static char *state_path(const struct esp *e, const char *tail)
{
	/* systemd's StateDirectory= survives a reboot, /run does not */
	const char *dir = getenv("STATE_DIRECTORY");

	return xasprintf("%s/esp.state%s", dir && *dir ? dir : e->run, tail);
}

static void state_read(struct esp *e)
{
	cleanup(freep) char *path = state_path(e, "");
	FILE *f = fopen(path, "re");
	struct text t = TEXT_INIT;
	char buf[4096];
	size_t n;

	while (f && t.len < STATE_MAX && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		text_addn(&t, buf, n);
	if (f)
		fclose(f);
	free(e->state);
	e->state = text_take(&t);
}

/* Whole or not at all: a new file takes the old one's name. */
static void state_write(const struct esp *e)
{
	cleanup(freep) char *path = state_path(e, "");
	cleanup(freep) char *fresh = state_path(e, ".new");
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t n = strlen(e->state);
	bool good;

	if (fd < 0)
		return;
	good = write(fd, e->state, n) == (ssize_t)n;
	close(fd);
	if (!good || rename(fresh, path))
		log_warn(_("cannot write the IPsec bindings to %s: %s"), path,
			strerror(errno));
}

/* ---- maps ---- */

static enum nft_esp_map map_of(enum espnat_change_kind k)
{
	switch (k) {
	case ESPNAT_IN_SET:
	case ESPNAT_IN_DEL:	return NFT_ESP_IN;
	case ESPNAT_OUT_SET:
	case ESPNAT_OUT_DEL:	return NFT_ESP_OUT;
	case ESPNAT_IKE_SET:
	case ESPNAT_IKE_DEL:	return NFT_ESP_IKE;
	case ESPNAT_ERR_SET:
	case ESPNAT_ERR_DEL:	return NFT_ESP_ICMP;
	case ESPNAT_PEER_SET:
	case ESPNAT_PEER_DEL:	return NFT_ESP_PEER;
	}
	return NFT_ESP_PEER;
}

static bool is_set(enum espnat_change_kind k)
{
	return k == ESPNAT_IN_SET || k == ESPNAT_OUT_SET || k == ESPNAT_IKE_SET ||
	       k == ESPNAT_ERR_SET || k == ESPNAT_PEER_SET;
}

static void change_text(const struct esp *e, const struct espnat_change *c,
	struct text *out)
{
	enum nft_esp_map m = map_of(c->kind);
	uint16_t zone = nft_esp_zone(e->nets, e->net_n, c->host);

	/* a host without a zone: the learner passes its packets on itself */
	if (!zone && m != NFT_ESP_PEER && m != NFT_ESP_OUT)
		return;
	nft_esp_element(is_set(c->kind), m, c->peer, c->host, c->spi, c->ike,
		zone, out);
}

static int run_quietly(const struct text *t)
{
	char *said = NULL;
	int rc = t->len ? kernel_nft_run(text_str(t), &said) : 0;

	free(said);
	return rc;
}

/* All at once; if one of them does not fit, each for itself. */
static void changes(struct esp *e, const char *body, size_t len)
{
	struct text all = TEXT_INIT, one = TEXT_INIT;
	size_t n = len / sizeof(struct espnat_change);
	struct espnat_change c;

	for (size_t i = 0; i < n; i++) {
		memcpy(&c, body + i * sizeof(c), sizeof(c));
		if (c.kind < ESPNAT_CHANGE_MAX)
			change_text(e, &c, &all);
	}
	for (size_t i = 0; run_quietly(&all) && i < n; i++) {
		memcpy(&c, body + i * sizeof(c), sizeof(c));
		if (c.kind >= ESPNAT_CHANGE_MAX)
			continue;
		text_clear(&one);
		change_text(e, &c, &one);
		(void)run_quietly(&one);
		text_clear(&all);
	}
	text_done(&all);
	text_done(&one);
}

static void clear_maps(void)
{
	struct text t = TEXT_INIT;

	text_add(&t, "flush map " NFT_ESP_TABLE " espin\n"
		"flush map " NFT_ESP_TABLE " ikein\n"
		"flush map " NFT_ESP_TABLE " espicmp\n"
		"flush set " NFT_ESP_TABLE " espout\n"
		"flush set " NFT_ESP_TABLE " peers\n");
	(void)run_quietly(&t);
	text_done(&t);
}

/* ---- the learner ---- */

static void keep(char **to, const char *body)
{
	free(*to);
	*to = xstrdup(body);
}

static void on_message(void *arg, enum ipc_type t, const char *body, size_t len)
{
	struct esp *e = arg;

	if (t == IPC_ESP_CHANGE) {
		changes(e, body, len);
	} else if (t == IPC_ESP_STATUS) {
		e->status(e->arg, body);
	} else if (t == IPC_ESP_SAVE && len < STATE_MAX) {
		keep(&e->state, body);
		state_write(e);
	}
}

static void hello(struct esp *e, bool flush)
{
	struct text t = TEXT_INIT;

	e->hello.flush = flush;
	text_addn(&t, (const char *)&e->hello, sizeof(e->hello));
	if (!flush && e->state)
		text_add(&t, e->state);
	ipc_send(e->ipc, IPC_ESP_HELLO, text_str(&t), t.len);
	text_done(&t);
}

static void stop(struct esp *e)
{
	ipc_free(e->ipc);
	e->ipc = NULL;
	if (e->pid > 0)
		kill(e->pid, SIGTERM);
	e->pid = 0;
}

static void on_gone(void *arg)
{
	struct timeval tv = {AGAIN_SECONDS, 0};
	struct esp *e = arg;

	stop(e);
	log_warn(_("the process that learns IPsec bindings ended; starting it again"));
	event_add(e->again, &tv);
}

static bool open_sockets(struct esp *e)
{
	if (e->nflog < 0)
		e->nflog = kernel_nflog_open(NFT_ESP_GROUP);
	if (e->raw < 0)
		e->raw = kernel_raw4_open(NFT_ESP_MARK);
	if (e->nflog >= 0 && e->raw >= 0)
		return true;
	log_err(_("IPsec of several devices over IPv4 is off: %s"),
		strerror(e->nflog < 0 ? -e->nflog : -e->raw));
	return false;
}

static void start(struct esp *e)
{
	int fd[2];

	if (e->ipc || !open_sockets(e) ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return;
	e->pid = fork();
	if (!e->pid) {
		close(fd[0]);
		event_reinit(e->base);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		signal(SIGCHLD, SIG_DFL);
		learn_run(fd[1], e->nflog, e->raw);
	}
	close(fd[1]);
	if (e->pid < 0) {
		close(fd[0]);
		return;
	}
	e->ipc = ipc_new(e->base, fd[0], on_message, on_gone, e);
	clear_maps();
	hello(e, false);
}

static void on_again(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start(arg);
}

static void on_count(int fd, short what, void *arg)
{
	struct esp *e = arg;
	char *in = NULL, *out = NULL;
	struct text t = TEXT_INIT;

	(void)fd;
	(void)what;
	if (!e->ipc || kernel_nft_list("map " NFT_ESP_TABLE " espin", &in) ||
		kernel_nft_list("set " NFT_ESP_TABLE " espout", &out)) {
		free(in);
		return;
	}
	text_add(&t, in);
	text_add(&t, out);
	ipc_send(e->ipc, IPC_ESP_COUNT, text_str(&t), t.len);
	text_done(&t);
	free(in);
	free(out);
}

struct esp *esp_new(struct event_base *base, const struct settings *s,
	esp_status_fn status, void *arg)
{
	struct timeval tv = {COUNT_SECONDS, 0};
	struct esp *e = xcalloc(1, sizeof(*e));

	e->base = base;
	e->run = s->run;
	e->status = status;
	e->arg = arg;
	e->nflog = e->raw = -1;
	e->count = event_new(base, -1, EV_PERSIST, on_count, e);
	e->again = evtimer_new(base, on_again, e);
	event_add(e->count, &tv);
	return e;
}

void esp_free(struct esp *e)
{
	if (!e)
		return;
	stop(e);
	event_free(e->count);
	event_free(e->again);
	free(e->rules);
	free(e->state);
	free(e->nets);
	free(e);
}

/* The device that unasked ESP is mapped to. */
static uint32_t mapped_device(const struct intent *in)
{
	for (size_t i = 0; i < in->mapping_n; i++) {
		const struct mapping *m = &in->mappings[i];
		const struct device *d = &in->devices[m->device];

		if ((m->what.kind == WHAT_ESP || m->what.kind == WHAT_IPSEC ||
			    m->what.kind == WHAT_IKE) && d->has_ipv4)
			return addr_to4(&d->ipv4);
	}
	return 0;
}

/* true: the networks inside are others, and with them the zones. */
static bool take_facts(struct esp *e, const struct facts *f,
	const struct intent *in)
{
	bool same = e->net_n == f->lan4_n &&
		!memcmp(e->nets, f->lan4, f->lan4_n * sizeof(*e->nets));

	e->hello.fixed = mapped_device(in);
	if (same || !f->lan4_n)
		return false;
	e->net_n = 0;
	for (size_t i = 0; i < f->lan4_n; i++)
		*GROW(e->nets, e->net_n, e->net_cap) = f->lan4[i];
	return true;
}

void esp_facts(struct esp *e, const struct facts *f, const struct intent *in)
{
	uint32_t wan4 = f->has_wan4 ? addr_to4(&f->wan4) : 0;
	bool moved = e->hello.wan4 && wan4 && wan4 != e->hello.wan4;

	bool others = take_facts(e, f, in);

	if (wan4)
		e->hello.wan4 = wan4;
	if ((moved || others) && e->ipc) {
		log_info(_("the IPv4 addresses changed: IPsec bindings are forgotten"));
		hello(e, true);
	}
}

void esp_table(struct esp *e, const char *rules, const struct facts *f,
	const struct intent *in)
{
	char *said = NULL;
	int rc;

	esp_facts(e, f, in);
	if (!rules || !*rules) {
		stop(e);
		return;
	}
	rc = e->rules && !strcmp(e->rules, rules) ? 0
						   : kernel_nft_run(rules, &said);
	if (rc) {
		log_err(_("nftables refused the IPsec table; several devices to one peer will not work: %s"),
			said ? said : strerror(-rc));
		free(said);
		return;
	}
	free(said);
	keep(&e->rules, rules);
	if (e->ipc)
		return;
	state_read(e);
	start(e);
}
