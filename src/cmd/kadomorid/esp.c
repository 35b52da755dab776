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
#include "base/rd.h"
#include "base/text.h"
#include "espnat/espnat.h"
#include "kernel/kernel.h"
#include "nft/nft.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Before the kernel's counts are in a busy SA looks silent and may have to give
 * way (espnat's FIRM_MS): they come often. */
enum { COUNT_MS = 500, STATE_MAX = 1 << 20, AGAIN_SECONDS = 1 };

struct esp {
	struct event_base *base;
	const char *run;
	struct ipc *ipc;
	pid_t pid;
	int nflog, raw, nfnl;
	esp_status_fn status;
	esp_binding_fn binding;
	esp_fast_fn fast;
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

/* What each kind of change is in which map; keys are as packets have them. */
static const struct {
	const char *map;
	bool add, zone, host, peer, spi, ike, to;
} kinds[ESPNAT_CHANGE_MAX] = {
	[ESPNAT_IN_SET] = {"espin", .add = true, .zone = true, .peer = true,
		.spi = true},
	[ESPNAT_IN_DEL] = {"espin", .peer = true, .spi = true},
	[ESPNAT_OUT_SET] = {"espout", .add = true, .host = true, .peer = true,
		.spi = true},
	[ESPNAT_OUT_DEL] = {"espout", .host = true, .peer = true, .spi = true},
	[ESPNAT_IKE_SET] = {"ikein", .add = true, .zone = true, .ike = true},
	[ESPNAT_IKE_DEL] = {"ikein", .ike = true},
	[ESPNAT_ERR_SET] = {"espicmp", .add = true, .zone = true, .peer = true,
		.spi = true},
	[ESPNAT_ERR_DEL] = {"espicmp", .peer = true, .spi = true},
	[ESPNAT_PEER_SET] = {"peers", .add = true, .peer = true},
	[ESPNAT_PEER_DEL] = {"peers", .peer = true},
	[ESPNAT_COPY_SET] = {"espcopy", .add = true, .to = true, .peer = true,
		.spi = true},
	[ESPNAT_COPY_DEL] = {"espcopy", .peer = true, .spi = true},
	[ESPNAT_OPEN_SET] = {"espopen", .add = true, .peer = true, .spi = true},
	[ESPNAT_OPEN_DEL] = {"espopen", .peer = true, .spi = true},
};

/* One map for each place in the list of candidates. */
static const char *const copy_maps[ESPNAT_COPIES_MAX] = {"espcopy1", "espcopy2",
	"espcopy3", "espcopy4", "espcopy5", "espcopy6", "espcopy7", "espcopy8"};

static void value_of(const struct esp *e, const struct espnat_change *c,
	struct kernel_map_element *ret)
{
	struct wr w = wr_of(ret->value, sizeof(ret->value));
	uint16_t zone = nft_esp_zone(e->nets, e->net_n, c->host);

	ret->value_len = 0;
	if (kinds[c->kind].zone) {
		memcpy(ret->value, &zone, sizeof(zone));
		ret->value_len = sizeof(zone);
	} else if (kinds[c->kind].to) {
		wr_be32(&w, c->host);
		ret->value_len = wr_len(&w);
	}
}

/* false: nothing to do. A host without a zone stays with the learner. */
static bool element_of(const struct esp *e, const struct espnat_change *c,
	struct kernel_map_element *ret)
{
	struct wr w = wr_of(ret->key, sizeof(ret->key));

	if (c->kind >= ESPNAT_CHANGE_MAX || c->at >= ESPNAT_COPIES_MAX)
		return false;
	ret->set = kinds[c->kind].map;
	if (c->kind == ESPNAT_COPY_SET || c->kind == ESPNAT_COPY_DEL)
		ret->set = copy_maps[c->at];
	ret->add = kinds[c->kind].add;
	value_of(e, c, ret);
	if (kinds[c->kind].host)
		wr_be32(&w, c->host);
	if (kinds[c->kind].peer)
		wr_be32(&w, c->peer);
	if (kinds[c->kind].spi)
		wr_be32(&w, c->spi);
	if (kinds[c->kind].ike)
		wr_be64(&w, c->ike);
	ret->key_len = wr_len(&w);
	return !kinds[c->kind].zone ||
	       nft_esp_zone(e->nets, e->net_n, c->host);
}

static int run(struct esp *e, const struct kernel_map_element *v, size_t n)
{
	return kernel_nft_map(e->nfnl, NFPROTO_IPV4, NFT_ESP_NAME, v, n);
}

/* All at once; if one of them does not fit, each for itself. */
static void changes(struct esp *e, const char *body, size_t len)
{
	static struct kernel_map_element v[KERNEL_ELEMENTS_MAX];
	struct espnat_change c;
	size_t n = 0;

	for (; len >= sizeof(c); len -= sizeof(c), body += sizeof(c)) {
		memcpy(&c, body, sizeof(c));
		e->binding(e->arg, &c);
		n += element_of(e, &c, &v[n]);
		if (n < KERNEL_ELEMENTS_MAX && len >= 2 * sizeof(c))
			continue;
		if (n && run(e, v, n))
			for (size_t i = 0; i < n; i++)
				(void)run(e, &v[i], 1);
		n = 0;
	}
}

static void clear_maps(struct esp *e)
{
	static const char *const lists[] = {"set " NFT_ESP_TABLE " espopen",
		"map " NFT_ESP_TABLE " espin", "map " NFT_ESP_TABLE " ikein",
		"map " NFT_ESP_TABLE " espicmp", "set " NFT_ESP_TABLE " espout",
		"set " NFT_ESP_TABLE " peers"};
	struct text t = TEXT_INIT;
	char *said = NULL;

	e->binding(e->arg, NULL);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		text_addf(&t, "flush %s\n", lists[i]);
	for (size_t i = 0; i < ARRAY_LEN(copy_maps); i++)
		text_addf(&t, "flush map " NFT_ESP_TABLE " %s\n", copy_maps[i]);
	(void)kernel_nft_run(text_str(&t), &said);
	text_done(&t);
	free(said);
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
	if (e->nfnl < 0)
		e->nfnl = kernel_nfnl_open();
	if (e->nflog >= 0 && e->raw >= 0 && e->nfnl >= 0)
		return true;
	log_err(_("IPsec of several devices over IPv4 is off: %s"),
		strerror(e->nflog < 0 ? -e->nflog : e->raw < 0 ? -e->raw : -e->nfnl));
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
	clear_maps(e);
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
	static const char *const lists[] = {"map " NFT_ESP_TABLE " espin",
		"map " NFT_ESP_TABLE " ikein", "set " NFT_ESP_TABLE " espout",
		"set " NFT_ESP_TABLE " espopen"};
	cleanup(freep) char *s = NULL;
	struct text t = TEXT_INIT;

	(void)fd;
	(void)what;
	if (!e->ipc)
		return;
	/* at once: each socket of libnftables' waits, when it is closed, for
	 * what was deleted lately, and hosts wait for apply */
	if (!kernel_nft_list_counted(lists, ARRAY_LEN(lists), &s))
		text_add(&t, s);
	e->fast(e->arg, &t);
	if (t.len)
		ipc_send(e->ipc, IPC_ESP_COUNT, text_str(&t), t.len);
	text_done(&t);
}

struct esp *esp_new(struct event_base *base, const struct settings *s,
	esp_status_fn status, esp_binding_fn binding, esp_fast_fn fast,
	void *arg)
{
	struct timeval tv = {COUNT_MS / 1000, COUNT_MS % 1000 * 1000};
	struct esp *e = xcalloc(1, sizeof(*e));

	e->base = base;
	e->run = s->run;
	e->status = status;
	e->binding = binding;
	e->fast = fast;
	e->arg = arg;
	e->nflog = e->raw = e->nfnl = -1;
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

/* true: the networks inside are others, and with them the zones. */
static bool take_facts(struct esp *e, const struct facts *f)
{
	bool same = e->net_n == f->lan4_n &&
		!memcmp(e->nets, f->lan4, f->lan4_n * sizeof(*e->nets));

	if (same || !f->lan4_n)
		return false;
	e->net_n = 0;
	for (size_t i = 0; i < f->lan4_n; i++)
		*GROW(e->nets, e->net_n, e->net_cap) = f->lan4[i];
	return true;
}

void esp_facts(struct esp *e, const struct facts *f)
{
	uint32_t wan4 = f->has_wan4 ? addr_to4(&f->wan4) : 0;
	bool moved = e->hello.wan4 && wan4 && wan4 != e->hello.wan4;

	bool others = take_facts(e, f);

	if (wan4)
		e->hello.wan4 = wan4;
	if ((moved || others) && e->ipc) {
		log_info(_("the IPv4 addresses changed: IPsec bindings are forgotten"));
		hello(e, true);
	}
}

void esp_table(struct esp *e, const char *rules, const struct facts *f)
{
	char *said = NULL;
	int rc;

	esp_facts(e, f);
	if (!rules || !*rules) {
		stop(e);
		keep(&e->rules, "");
		(void)kernel_nft_run("add table " NFT_ESP_TABLE
			"\ndelete table " NFT_ESP_TABLE "\n", &said);
		free(said);
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
