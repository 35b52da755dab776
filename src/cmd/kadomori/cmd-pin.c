// SPDX-License-Identifier: GPL-2.0-or-later
/* kadomori pin: from what was observed to the smallest opening. */
#include "command.h"
#include "conf.h"
#include "daemon.h"
#include "observe-cmd.h"
#include "pin-files.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define STATE_DIR "/var/lib/kadomori"
enum { CONFIRM_MAX = 3600 };

struct args {
	struct pin_want w;
	const char *state, *from;
	unsigned confirm;
	bool yes;
};

enum outcome { PROPOSED, NOTHING, APPLIED, WRITTEN, BACK };
static const char *const outcomes[] = {"proposed", "nothing-to-change",
	"applied", "written", "rolled-back"};

static int usage(void)
{
	fputs(_("usage: kadomori pin [DEVICE] [--yes] [--confirm SECONDS] [--widen] [--keep-profile]\n"
		"         [--kind KIND] [--from FILE | --state FOLDER]\n"), stderr);
	return EXIT_USAGE;
}

static bool take_value(struct args *a, const char *name, const char *v)
{
	char *end;
	unsigned long n;

	if (!strcmp(name, "--state")) {
		a->state = v;
	} else if (!strcmp(name, "--from")) {
		a->from = v;
	} else if (!strcmp(name, "--confirm")) {
		n = strtoul(v, &end, 10);
		a->confirm = (unsigned)n;
		return *v >= '0' && *v <= '9' && !*end && n && n <= CONFIRM_MAX;
	} else if (!strcmp(name, "--kind")) {
		for (int i = 0; i < DEVICE_KIND_MAX; i++)
			if (!strcmp(v, device_kind_name((enum device_kind)i))) {
				a->w.kind = (enum device_kind)i;
				return true;
			}
		return false;
	} else
		return false;
	return true;
}

static bool args_read(int argc, char **argv, struct args *a)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--yes"))
			a->yes = true;
		else if (!strcmp(argv[i], "--widen"))
			a->w.widen = true;
		else if (!strcmp(argv[i], "--keep-profile"))
			a->w.keep_profile = true;
		else if (argv[i][0] != '-' && !a->w.only)
			a->w.only = argv[i];
		else if (i + 1 >= argc || !take_value(a, argv[i], argv[i + 1]))
			return false;
		else
			i++;
	}
	return true;
}

/* --- saying it -------------------------------------------------------------------- */

static size_t diff_all(const struct pin *p, struct text *t)
{
	size_t n = 0;

	for (size_t i = 0; i < p->file_n; i++) {
		text_addf(t, "--- %s\n", p->files[i].path);
		n += pin_diff(p->files[i].before, p->files[i].after, t);
	}
	return n;
}

static void show(const struct pin *p)
{
	struct text t = TEXT_INIT;

	puts(_("Why:"));
	for (size_t i = 0; i < p->why_n; i++)
		printf("  - %s\n", p->why[i]);
	putchar('\n');
	if (diff_all(p, &t))
		printf("%s\n%s", _("What changes (- goes, + comes):"), text_str(&t));
	else
		puts(_("Nothing is to be changed: the configuration already opens no more than was needed."));
	text_done(&t);
}

static int tell(const struct pin *p, enum outcome o, const char *sentence)
{
	struct text t = TEXT_INIT;
	json_t *why = json_array(), *j;

	if (opt.json) {
		for (size_t i = 0; i < p->why_n; i++)
			json_array_append_new(why, json_string(p->why[i]));
		(void)diff_all(p, &t);
		j = json_pack("{s:i, s:s, s:I, s:s, s:o, s:s}", "schema", 1,
			"outcome", outcomes[o], "devices", (json_int_t)p->devices,
			"diff", text_str(&t), "why", why, "text", sentence);
		json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
		putchar('\n');
		json_decref(j);
		text_done(&t);
	} else {
		json_decref(why);
		if (*sentence)
			printf("\n%s\n", sentence);
	}
	return o == BACK ? EXIT_CHECK_FAILED : EXIT_GOOD;
}

static bool agreed(const struct args *a)
{
	char line[16] = "";

	if (a->yes)
		return true;
	if (opt.json || !isatty(STDIN_FILENO))
		return false;
	printf("\n%s ", _("Take it? [y/N]"));
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) && (*line == 'y' || *line == 'Y');
}

/* --- doing it ----------------------------------------------------------------------- */

/*
 * Does IPsec still go both ways? 1 yes, 0 it is sent and nothing comes back,
 * -1: nothing was sent, so it cannot be told.
 */
static int session_lives(const struct args *a)
{
	cleanup(facts_seen_done) struct facts_seen f = {0};
	struct watch_want w = {.seconds = a->confirm};
	const struct intent *in = a->w.in;
	const char *what;
	bool out = false, in_too = false;

	for (size_t i = 0; i < in->lan_n && w.if_n < OBS_OWN_MAX; i++)
		w.ifname[w.if_n++] = in->lans[i];
	for (size_t i = 0; i < in->device_n && w.if_n < OBS_OWN_MAX; i++)
		if (in->devices[i].segment)
			w.ifname[w.if_n++] = in->devices[i].segment;
	for (size_t i = 0; i < a->w.n && i < OBS_WANT_MAX; i++)
		if (a->w.d[i].has_mac)
			w.o.mac[w.o.mac_n++] = a->w.d[i].mac;
	if (!w.o.mac_n || observe_watch(&w, &f, &what) < 0)
		return -1;
	for (size_t i = 0; i < f.n; i++)
		for (size_t k = 0; k < f.d[i].peer_n; k++) {
			const struct obs_peer *p = &f.d[i].peer[k];

			out |= p->esp[OBS_OUT] || p->esp_udp[OBS_OUT];
			in_too |= p->esp[OBS_IN] || p->esp_udp[OBS_IN];
			for (size_t m = 0; m < p->kind_n; m++) {
				out |= p->kind[m].dir == OBS_OUT;
				in_too |= p->kind[m].dir == OBS_IN;
			}
		}
	return in_too ? 1 : out ? 0 : -1;
}

static int back(const struct pin *p, const char *sentence, bool running)
{
	int e = pin_files_back(p);

	if (e)
		fprintf(stderr, _("kadomori: the old text could not be put back (%s); it is in FILE.before-pin\n"),
			strerror(-e));
	if (running && (e = gate_apply()) != 0)
		fprintf(stderr, _("kadomori: the gateway did not answer: %s\n"),
			strerror(-e));
	return tell(p, BACK, sentence);
}

static int confirm(const struct args *a, const struct pin *p)
{
	if (!opt.json)
		fprintf(stderr, _("Taken. Looking for %u s whether the session goes on ...\n"),
			a->confirm);
	switch (session_lives(a)) {
	case 1:
		return tell(p, APPLIED, _("The new configuration rules, and IPsec goes on both ways."));
	case 0:
		return back(p, _("IPsec was sent and nothing came back: the old configuration rules again."), true);
	}
	return tell(p, APPLIED, _("The new configuration rules. The device sent no IPsec meanwhile, so whether its session goes on could not be seen."));
}

static int take_it(const struct args *a, const struct pin *p)
{
	cleanup(freep) char *answer = NULL;
	int e = daemon_ask("status", &answer);
	bool running = e == 0;

	if (!running && e != -ENOENT && e != -ECONNREFUSED)
		return daemon_complain(e); /* one that hangs could not be told */
	e = pin_files_put(p);
	if (e == -EINVAL) {
		fprintf(stderr, _("kadomori: the proposed text is refused; nothing was changed\n"));
		return EXIT_CHECK_FAILED;
	}
	if (e) {
		fprintf(stderr, _("kadomori: the configuration could not be written (%s); nothing was changed\n"),
			strerror(-e));
		return e == -EACCES || e == -EPERM ? EXIT_NOT_PERMITTED
						   : EXIT_CHECK_FAILED;
	}
	if (!running)
		return tell(p, WRITTEN, _("Written. The gateway is not running; it takes the new text when it starts (kadomori up)."));
	if (gate_apply() != 0)
		return back(p, _("The gateway did not take the new text: the old one is in place again. Its log says why."), true);
	if (a->confirm)
		return confirm(a, p);
	return tell(p, APPLIED, _("The new configuration rules; running connections go on. The old text is kept as FILE.before-pin."));
}

static int facts_find(const struct args *a, struct facts_seen *f)
{
	cleanup(freep) char *path = a->from ? xstrdup(a->from)
					    : facts_path(a->state);
	int e = facts_load(path, f);

	if (e == -EACCES) {
		fprintf(stderr, _("kadomori: only root may read %s\n"), path);
		return EXIT_NOT_PERMITTED;
	}
	if (e == -EINVAL)
		fprintf(stderr, _("kadomori: %s is damaged: observe again with --fresh\n"), path);
	else if (e)
		fprintf(stderr, _("kadomori: nothing was observed yet (%s): run \"kadomori observe\" first\n"), path);
	return e ? EXIT_CHECK_FAILED : 0;
}

static int propose(struct args *a)
{
	struct pin p = {0};
	int e = pin_propose(&a->w, &p);

	if (e == -ENOENT) {
		fprintf(stderr, _("kadomori: no IPsec of %s was observed: run \"kadomori observe\" and restart the device meanwhile\n"),
			a->w.only ? a->w.only : _("any device"));
		return EXIT_UNDECIDED;
	}
	if (!opt.json)
		show(&p);
	if (!p.file_n)
		e = tell(&p, NOTHING, "");
	else if (agreed(a))
		e = take_it(a, &p);
	else
		e = tell(&p, PROPOSED, _("Nothing was changed yet. Take it: kadomori pin --yes"));
	pin_done(&p);
	return e;
}

int cmd_pin(int argc, char **argv)
{
	const char *env = getenv("STATE_DIRECTORY");
	struct args a = {.state = env && *env ? env : STATE_DIR,
		.w = {.kind = DEVICE_IPSEC}};
	cleanup(intent_freep) struct intent *in = NULL;
	cleanup(facts_seen_done) struct facts_seen f = {0};
	struct complaints c = {0};
	int rc;

	if (!args_read(argc, argv, &a))
		return usage();
	rc = conf_load(&in, &c);
	if (rc)
		conf_print(&c);
	complaints_done(&c);
	rc = rc ? rc : facts_find(&a, &f);
	if (rc)
		return rc;
	a.w.in = in;
	a.w.d = f.d;
	a.w.n = f.n;
	return propose(&a);
}
