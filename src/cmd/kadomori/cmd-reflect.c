// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"
#include "reflect-run.h"
#include "resolve.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <grp.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

enum { TURN_MS = 1000, NOBODY = 65534 };

static volatile sig_atomic_t ended;

static int usage(void)
{
	fputs(_("usage: kadomori reflect serve --key FILE --listen ADDRESS [--listen ADDRESS]... [--port PORT]\n"
		"       kadomori reflect ask HOST --key FILE [-4|-6] [--port PORT] [--source ADDRESS]\n"
		"                [--idle SECONDS] [--quick] [--tcp PORT,...] [--udp PORT,...]\n"
		"       kadomori reflect key\n"), stderr);
	return EXIT_USAGE;
}

static int reflect_key(void)
{
	uint8_t b[32];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return EXIT_UNDECIDED;
	for (size_t i = 0; i < sizeof(b); i++)
		printf("%02x", b[i]);
	putchar('\n');
	return EXIT_GOOD;
}

static void on_end(int sig)
{
	(void)sig;
	ended = 1;
}

/* The sockets are open: nothing more is needed from the system. */
static int drop_rights(void)
{
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 ||
		setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int serve(const struct reflect_args *a)
{
	struct sigaction sa = {.sa_handler = on_end};
	const struct reflect_stats *s;
	struct reflector *r;
	char text[ADDR_STR];
	size_t bad = 0;
	int e;

	if (!a->listen_n)
		return usage();
	e = reflector_new(&a->key, a->listen, a->listen_n, &r, &bad);
	if (e < 0) {
		fprintf(stderr, "kadomori: %s: %s\n", addr_format(
			a->listen[bad].fam, &a->listen[bad].addr, text), strerror(-e));
		return e == -EPERM || e == -EACCES ? EXIT_NOT_PERMITTED
						   : EXIT_CHECK_FAILED;
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	e = drop_rights();
	log_info(_("the reflector listens on %zu addresses, UDP port %u"),
		a->listen_n, a->port);
	while (e == 0 && !ended)
		e = reflector_turn(r, TURN_MS);
	s = reflector_stats(r);
	log_info(_("%zu messages, %zu homes, %zu packets sent; refused: %zu without key, %zu too many, %zu without proof, %zu repeated, %zu no room"),
		s->got, s->sessions, s->packets, s->refused_key, s->refused_rate,
		s->refused_cookie, s->refused_replay, s->refused_full);
	reflector_free(r);
	return e == 0 ? EXIT_GOOD : EXIT_UNDECIDED;
}

static const char *came_words(enum came c)
{
	return c == CAME ? _("yes") : c == CAME_NOT ? _("no") : _("not tried");
}

struct line {
	const char *name, *words;
	enum came came;
};

static size_t lines_of(const struct reflect_result *r, struct line l[32])
{
	const struct line all[] = {
		{"esp_unasked", N_("ESP gets in unasked"), r->esp_unasked},
		{"ike_unasked", N_("UDP/500 gets in unasked"), r->ike_unasked},
		{"udp_unasked", N_("any UDP port is reached unasked"), r->udp_unasked},
		{"ike_out", N_("UDP/500 gets out"), r->ike_out},
		{"full_out", N_("UDP/500 of full size gets out"), r->full_out},
		{"big_out", N_("UDP/500 in fragments gets out"), r->big_out},
		{"esp_out", N_("ESP gets out"), r->esp_out},
		{"esp_full_out", N_("ESP of full size gets out"), r->esp_full_out},
		{"esp_big_out", N_("ESP in fragments gets out"), r->esp_big_out},
		{"ike_back", N_("UDP/500 comes back"), r->ike_back},
		{"full_back", N_("UDP/500 of full size comes back"), r->full_back},
		{"big_back", N_("UDP/500 in fragments comes back"), r->big_back},
		{"esp_back", N_("ESP comes back"), r->esp_back},
		{"esp_full_back", N_("ESP of full size comes back"), r->esp_full_back},
		{"esp_big_back", N_("ESP in fragments comes back"), r->esp_big_back},
		{"esp_new_spi", N_("ESP with a new SPI comes back"), r->esp_new_spi},
		{"natt_back", N_("UDP/4500 comes back"), r->natt_back},
		{"natt_idle", N_("UDP/4500 comes back after silence"), r->natt_idle},
		{"ike_idle", N_("UDP/500 comes back after silence"), r->ike_idle},
		{"esp_idle", N_("ESP comes back after silence"), r->esp_idle},
	};

	memcpy(l, all, sizeof(all));
	return ARRAY_LEN(all);
}

static const char *state_name(uint8_t s)
{
	switch ((enum reflect_state)s) {
	case REFLECT_WAITING: return "waiting";
	case REFLECT_SENT:    return "silent";
	case REFLECT_OPEN:    return "open";
	case REFLECT_CLOSED:  return "closed";
	case REFLECT_NOTHING: return "silent";
	case REFLECT_FAILED:  return "failed";
	}
	return "?";
}

/* For people; state_name() is for JSON. */
static const char *state_words(uint8_t s)
{
	switch ((enum reflect_state)s) {
	case REFLECT_OPEN:    return _("OPEN: answers to anybody");
	case REFLECT_CLOSED:  return _("reachable, but nothing listens there");
	case REFLECT_SENT:
	case REFLECT_NOTHING: return _("nothing comes back: shut");
	case REFLECT_WAITING:
	case REFLECT_FAILED:  break;
	}
	return _("not tried");
}

static void print_row(const char *left, const char *right)
{
	printf("  %s%*s %s\n", left, MAX2(10 - text_columns(left, strlen(left)), 0),
		"", right);
}

static void print_port(const char *proto, uint16_t port, uint8_t state)
{
	char name[16];

	snprintf(name, sizeof(name), "%s %u", proto, port);
	print_row(name, state_words(state));
}

static void print_text(const struct reflect_result *r)
{
	enum { UNASKED_N = 3 };
	struct line l[32];
	size_t n = lines_of(r, l);
	char s[ADDR_STR];

	printf(_("seen outside as %s port %u\n"),
		addr_format(r->you.fam, &r->you.addr, s), r->you.port);
	printf("\n%s\n", _("Who can see this machine from outside"));
	for (size_t i = 0; i < UNASKED_N; i++)
		print_row(came_words(l[i].came), _(l[i].words));
	for (size_t i = 0; i < r->tcp_n; i++)
		print_port("TCP", r->tcp[i].port, r->tcp[i].state);
	for (size_t i = 0; i < r->udp_n; i++)
		print_port("UDP", r->udp[i].port, r->udp[i].state);
	printf("\n%s\n", _("What passes when this machine began it"));
	for (size_t i = UNASKED_N; i < n; i++)
		print_row(came_words(l[i].came), _(l[i].words));
}

static json_t *ports_json(const struct reflect_result *r, bool tcp)
{
	json_t *j = json_object();
	char name[8];

	for (size_t i = 0; i < (tcp ? r->tcp_n : r->udp_n); i++) {
		snprintf(name, sizeof(name), "%u",
			tcp ? r->tcp[i].port : r->udp[i].port);
		json_object_set_new(j, name, json_string(state_name(
			tcp ? r->tcp[i].state : r->udp[i].state)));
	}
	return j;
}

static void print_json(const struct reflect_result *r)
{
	struct line l[32];
	size_t n = lines_of(r, l);
	char s[ADDR_STR];
	json_t *j = json_pack("{s:i, s:s, s:i, s:i, s:i, s:i}", "schema", 1,
		"seen_address", addr_format(r->you.fam, &r->you.addr, s),
		"seen_port", (int)r->you.port, "mtu_found", (int)r->mtu_found,
		"idle_ms", (int)r->idle_ms, "seen_ike_port", (int)r->ike_sport);

	for (size_t i = 0; i < n; i++)
		json_object_set_new(j, l[i].name, l[i].came == CAME_UNTRIED
			? json_null() : json_boolean(l[i].came == CAME));
	json_object_set_new(j, "tcp", ports_json(r, true));
	json_object_set_new(j, "udp", ports_json(r, false));
	json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(2));
	putchar('\n');
	json_decref(j);
}

static int ask(const struct reflect_args *a)
{
	struct reflect_ask_want w;
	struct reflect_result r;
	int e;

	if (!a->host)
		return usage();
	e = reflect_args_want(a, &w);
	if (e) {
		fprintf(stderr, "kadomori: %s: %s\n", a->host, resolve_error(e));
		return EXIT_UNDECIDED;
	}
	e = reflect_ask(&w, &r);
	if (e < 0) {
		fprintf(stderr, "kadomori: %s: %s\n", a->host, strerror(-e));
		return EXIT_UNDECIDED;
	}
	if (!r.answered) {
		fprintf(stderr, _("kadomori: the reflector %s does not answer (address, port, key, or a filter on the way)\n"),
			a->host);
		return EXIT_UNDECIDED;
	}
	if (r.busy) {
		fprintf(stderr, _("kadomori: the reflector %s has no room for your home just now: try again in three minutes\n"),
			a->host);
		return EXIT_UNDECIDED;
	}
	if (r.no_raw)
		fputs(_("kadomori: ESP needs root: not tried\n"), stderr);
	if (opt.json)
		print_json(&r);
	else
		print_text(&r);
	return EXIT_GOOD;
}

int cmd_reflect(int argc, char **argv)
{
	struct reflect_args a;

	if (argc == 2 && !strcmp(argv[1], "key"))
		return reflect_key();
	if (argc < 2 || !reflect_args_read(argc - 2, argv + 2, &a))
		return usage();
	if (reflect_key_read(a.key_file, &a.key) < 0)
		return EXIT_USAGE;
	if (!strcmp(argv[1], "serve") && !a.host)
		return serve(&a);
	if (!strcmp(argv[1], "ask"))
		return ask(&a);
	return usage();
}
