// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide: reads the configuration once, locks itself up, then turns facts into
 * rules and answers the command's questions. It changes nothing: rules go to
 * apply as finished text.
 *
 * A reload is a new decide. If its configuration is refused it says so and
 * ends, and the old one stays: the running gate is untouched.
 */
#include "daemon.h"
#include "ipc.h"
#include "base/clock.h"
#include "base/log.h"
#include "nft/nft.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <jansson.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAITING_MAX = 16 };

struct decide {
	struct event_base *base;
	struct ipc *ipc;
	struct intent *in;
	struct facts f;
	struct policy *pol;
	struct text rules;	/* wanted now */
	char *esp;		/* table of the IPsec pass-through */
	unsigned esp_open;	/* times sent and not yet dealt with */
	char *shield;		/* state of the NDP filter, from apply */
	char *esp_status;	/* JSON from learn, newest */
	char *fast_status;	/* JSON of the fast path, newest */
	struct text complaints;	/* of the last compile */
	char *nft_said;		/* apply's last refusal, "" = loaded */
	bool loaded, answered;	/* rules are in; apply has said so or why not */
	pid_t pid;
	bool successor;
	struct event *control;
	msec_t since;
	const char *conf;
	/* clients whose question listen answers; the slot is the number */
	struct bufferevent *waiting[WAITING_MAX];
};

/*
 * What the user should know goes to the log, once, not at each new fact. apply
 * writes it: no file may grow by decide's hand (sandbox.c, RLIMIT_FSIZE), and a
 * log file would end it.
 */
static void say_complaints(struct decide *d, const struct complaints *c)
{
	struct text now = TEXT_INIT;

	complaints_print(c, &now);
	if (!c->errors && now.len &&
		strcmp(text_str(&now), text_str(&d->complaints)) != 0)
		ipc_send(d->ipc, IPC_SAY, text_str(&now), now.len);
	text_done(&d->complaints);
	d->complaints = now;
}

/* Beside the gate's rules: its own table, its own refusal. */
static void compile_esp(struct decide *d)
{
	struct text t = TEXT_INIT;

	nft_emit_esp(d->pol, d->f.lan4, d->f.lan4_n, &t);
	if (!d->esp || strcmp(d->esp, text_str(&t))) {
		free(d->esp);
		d->esp = text_take(&t);
		ipc_send(d->ipc, IPC_ESP_TABLE, d->esp, strlen(d->esp));
		d->esp_open++;
	}
	text_done(&t);
}

static void compile(struct decide *d)
{
	struct complaints c = {0};
	struct policy *p = NULL;
	struct text rules = TEXT_INIT;

	if (policy_compile(d->in, &d->f, &c, &p)) {
		say_complaints(d, &c);
		ipc_send(d->ipc, IPC_REFUSED, text_str(&d->complaints),
			d->complaints.len);
		complaints_done(&c);
		return;
	}
	say_complaints(d, &c);
	complaints_done(&c);
	nft_emit(p, &rules);
	policy_free(d->pol);
	d->pol = p;
	if (d->loaded && !strcmp(text_str(&rules), text_str(&d->rules))) {
		text_done(&rules);
		compile_esp(d);
		return;
	}
	text_done(&d->rules);
	d->rules = rules;
	ipc_send(d->ipc, IPC_RULES, text_str(&d->rules), d->rules.len);
	compile_esp(d);
}

static void on_facts(struct decide *d, const char *body, size_t len)
{
	struct facts f;

	if (facts_unpack(body, len, &f))
		return;
	facts_done(&d->f);
	d->f = f;
	compile(d);
}

/* A successor answers nobody before its rules are in, both tables' (its answer
 * tells "kadomori apply" that they are). */
static void serve(struct decide *d)
{
	if (d->answered && !d->esp_open && (d->loaded || !d->successor))
		event_add(d->control, NULL);
}

static void pass_answer(struct decide *d, const char *body);

static void on_message(void *arg, enum ipc_type t, const char *body, size_t len)
{
	struct decide *d = arg;

	switch (t) {
	case IPC_FACTS:
		on_facts(d, body, len);
		return;
	case IPC_LOADED:
		d->loaded = !len;
		d->answered = true;
		serve(d);
		if (d->loaded && !d->since)
			d->since = clock_ms();
		free(d->nft_said);
		d->nft_said = xstrdup(body);
		return;
	case IPC_ESP_LOADED:
		d->esp_open -= d->esp_open > 0;
		serve(d);
		return;
	case IPC_ESP_STATUS:
		free(d->esp_status);
		d->esp_status = xstrdup(body);
		return;
	case IPC_SHIELD:
		free(d->shield);
		d->shield = xstrdup(body);
		return;
	case IPC_FAST_STATUS:
		free(d->fast_status);
		d->fast_status = xstrdup(body);
		return;
	case IPC_ANSWER:
		pass_answer(d, body);
		return;
	case IPC_RULES:
	case IPC_REFUSED:
	case IPC_RELOAD:
	case IPC_STOP:
	case IPC_SAY:
	case IPC_ACTS:
	case IPC_DONE:
	case IPC_TABLE:
	case IPC_READY:
	case IPC_TALKERS:
	case IPC_ASKED:
	case IPC_ASK:
	case IPC_ESP_TABLE:
	case IPC_ESP_HELLO:
	case IPC_ESP_CHANGE:
	case IPC_ESP_COUNT:
	case IPC_ESP_SAVE:
	case IPC_END_:
		return;
	}
}

static void on_gone(void *arg)
{
	struct decide *d = arg;

	event_base_loopbreak(d->base);
}

/* ---- the command's questions ---- */

static json_t *masks_json(const struct addrmask *m, size_t n)
{
	json_t *a = json_array();
	char buf[ADDRMASK_STR];

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_string(addrmask_format(&m[i], buf)));
	return a;
}

static json_t *devices_json(const struct intent *in)
{
	json_t *a = json_array();
	char id[ADDRMASK_STR], mac[MAC_STR], v4[ADDR_STR];

	for (size_t i = 0; i < in->device_n; i++) {
		const struct device *d = &in->devices[i];
		bool id6 = d->has_id || d->has_mac;

		json_array_append_new(a, json_pack("{s:s, s:s, s:s?, s:s?, s:s?}",
			"name", d->name, "kind", device_kind_name(d->kind),
			"mac", d->has_mac ? mac_format(&d->mac, mac) : NULL, "id",
			id6 ? addr_format(FAM_6, &d->id.value, id) : NULL, "ipv4",
			d->has_ipv4 ? addr_format(FAM_4, &d->ipv4, v4) : NULL));
	}
	return a;
}

static json_t *json_of(const char *s)
{
	json_t *j = s ? json_loads(s, 0, NULL) : NULL;

	return j ? j : json_null();
}

static json_t *status_json(const struct decide *d)
{
	char wan4[ADDR_STR];

	return json_pack("{s:i, s:b, s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s?, s:o, s:s, s:s, s:o, s:s, s:o}",
		"schema", 1, "gate_loaded", d->loaded, "seconds",
		(json_int_t)(d->since ? (clock_ms() - d->since) / 1000 : 0),
		"conf", d->conf, "wan", d->in->wan, "profile",
		profile_name(d->in->profile), "line",
		line_kind_name(d->pol ? d->pol->line : d->in->line), "lan6",
		masks_json(d->f.lan6, d->f.lan6_n), "seg6",
		masks_json(d->f.seg6, d->f.seg6_n), "lan4",
		masks_json(d->f.lan4, d->f.lan4_n), "wan4",
		d->f.has_wan4 ? addr_format(FAM_4, &d->f.wan4, wan4) : NULL,
		"devices", devices_json(d->in), "complaints",
		text_str(&d->complaints), "nft", d->nft_said ? d->nft_said : "",
		"ipsec", json_of(d->esp_status), "ndp_filter",
		d->shield ? d->shield : "", "fast_path",
		json_of(d->fast_status));
}

static char *answer(struct decide *d, const char *question)
{
	json_t *j;
	char *s;

	if (!strcmp(question, "rules"))
		return xstrdup(text_str(&d->rules));
	/* the process is the generation: a reload is a new decide */
	if (!strcmp(question, "generation"))
		return xasprintf("%d %d", (int)d->pid, d->loaded);
	if (!strcmp(question, "reload")) {
		ipc_send(d->ipc, IPC_RELOAD, "", 0);
		return xstrdup("ok");
	}
	if (!strcmp(question, "stop")) {
		ipc_send(d->ipc, IPC_STOP, "", 0);
		return xstrdup("ok");
	}
	if (strcmp(question, "status"))
		return xstrdup("unknown");
	j = status_json(d);
	s = json_dumps(j, JSON_SORT_KEYS | JSON_INDENT(1));
	json_decref(j);
	return s ? s : xstrdup("{}");
}

enum { QUESTION_MAX = 256, CLIENT_SECONDS = 5 };

static void client_done(struct bufferevent *bev, void *arg)
{
	(void)arg;
	if (!evbuffer_get_length(bufferevent_get_output(bev)))
		bufferevent_free(bev);
}

static void client_event(struct bufferevent *bev, short what, void *arg)
{
	struct decide *d = arg;

	(void)what;
	for (int i = 0; i < WAITING_MAX; i++)
		if (d->waiting[i] == bev)
			d->waiting[i] = NULL;
	bufferevent_free(bev);
}

static void client_answer(struct decide *d, struct bufferevent *bev,
	const char *a)
{
	bufferevent_setcb(bev, NULL, client_done, client_event, d);
	bufferevent_write(bev, a, strlen(a));
	if (!*a)
		bufferevent_free(bev);
}

/* "hosts", "host ADDRESS": only listen knows. */
static void ask_listen(struct decide *d, struct bufferevent *bev,
	const char *question)
{
	cleanup(freep) char *s = NULL;
	int i = 0;

	while (i < WAITING_MAX && d->waiting[i])
		i++;
	if (i == WAITING_MAX) {
		client_answer(d, bev, "busy");
		return;
	}
	d->waiting[i] = bev;
	s = xasprintf("%d %s", i, question);
	ipc_send(d->ipc, IPC_ASK, s, strlen(s));
}

static void pass_answer(struct decide *d, const char *body)
{
	struct bufferevent *bev;
	char *rest;
	long i = strtol(body, &rest, 10);

	if (i < 0 || i >= WAITING_MAX || !d->waiting[i] || *rest != ' ')
		return;
	bev = d->waiting[i];
	d->waiting[i] = NULL;
	client_answer(d, bev, rest + 1);
}

static void client_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	char *q = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF);
	char *a;

	if (!q && evbuffer_get_length(in) > QUESTION_MAX)
		bufferevent_free(bev);
	if (!q)
		return;
	if (!strcmp(q, "hosts") || !strncmp(q, "host ", 5)) {
		ask_listen(arg, bev, q);
	} else {
		a = answer(arg, q);
		client_answer(arg, bev, a);
		free(a);
	}
	free(q);
}

static void on_client(int fd, short what, void *arg)
{
	struct timeval patience = {CLIENT_SECONDS, 0};
	struct decide *d = arg;
	struct bufferevent *bev;
	int c = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (c < 0)
		return;
	bev = bufferevent_socket_new(d->base, c, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_set_timeouts(bev, &patience, &patience);
	bufferevent_setcb(bev, client_read, NULL, client_event, d);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

/* Stage 1, still with files: the configuration. */
static struct intent *read_conf(const struct settings *s, struct text *said)
{
	struct intent *in = intent_new();
	struct complaints c = {0};
	int rc = intent_load(in, s->conf, &c);

	complaints_print(&c, said);
	complaints_done(&c);
	if (!rc)
		return in;
	intent_free(in);
	return NULL;
}

void decide_run(const struct settings *s, int ipc_fd, int control_fd,
	bool successor)
{
	struct decide d = {.conf = s->conf, .base = event_base_new(),
		.pid = getpid(), .successor = successor};
	struct text said = TEXT_INIT;
	int rc;

	log_open("kadomorid[decide]", LOG_INFO);
	prctl(PR_SET_NAME, "kadomori-decide");
	d.ipc = ipc_new(d.base, ipc_fd, on_message, on_gone, &d);
	d.in = read_conf(s, &said);
	rc = sandbox_decide();
	if (rc)
		log_warn(_("decide could not give up its rights (%s): going on with fewer walls"),
			strerror(-rc));
	if (!d.in) {
		ipc_send(d.ipc, IPC_REFUSED, text_str(&said), said.len);
		event_base_loop(d.base, EVLOOP_ONCE);
		_exit(2);
	}
	d.control = event_new(d.base, control_fd, EV_READ | EV_PERSIST,
		on_client, &d);
	event_base_dispatch(d.base);
	_exit(0);
}
