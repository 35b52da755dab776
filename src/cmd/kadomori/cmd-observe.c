// SPDX-License-Identifier: GPL-2.0-or-later
/* kadomori observe: what a device does, learnt without sending a packet. */
#include "command.h"
#include "conf.h"
#include "observe-cmd.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define STATE_DIR "/var/lib/kadomori"

struct args {
	struct watch_want w;
	const char *state, *device;
	bool show, redact, save, no_save, all, fresh;
};

static int usage(void)
{
	fputs(_("usage: kadomori observe [INTERFACE...] [--seconds N] [--device NAME|MAC|ADDRESS | --all] [--fresh] [--no-save]\n"
		"       kadomori observe --pcap FILE|- [--device MAC|ADDRESS] [--save]\n"
		"       kadomori observe --show     (with all: [--redact] [--state FOLDER])\n"), stderr);
	return EXIT_USAGE;
}

static bool take_value(struct args *a, const char *name, const char *v)
{
	char *end;

	if (!strcmp(name, "--pcap"))
		a->w.file = v;
	else if (!strcmp(name, "--state"))
		a->state = v;
	else if (!strcmp(name, "--device"))
		a->device = v;
	else if (!strcmp(name, "--seconds")) {
		unsigned long n = strtoul(v, &end, 10);

		a->w.seconds = (unsigned)n;
		return *v >= '0' && *v <= '9' && !*end && n && n <= 31536000;
	} else
		return false;
	return true;
}

static bool take_flag(struct args *a, const char *name)
{
	const struct {
		const char *name;
		bool *to;
	} all[] = {{"--show", &a->show}, {"--redact", &a->redact},
		{"--save", &a->save}, {"--no-save", &a->no_save},
		{"--all", &a->all}, {"--fresh", &a->fresh}};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (!strcmp(name, all[i].name)) {
			*all[i].to = true;
			return true;
		}
	return false;
}

static bool args_read(int argc, char **argv, struct args *a)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-') {
			if (a->w.if_n >= OBS_OWN_MAX)
				return false;
			a->w.ifname[a->w.if_n++] = argv[i];
		} else if (take_flag(a, argv[i])) {
			continue;
		} else if (i + 1 >= argc || !take_value(a, argv[i], argv[i + 1])) {
			return false;
		} else {
			i++;
		}
	}
	return !(a->w.file && a->w.if_n) && !(a->device && a->all) &&
		!(a->show && (a->w.file || a->w.if_n));
}

/* --device: a MAC, an address, or a name of the configuration. */
static bool device_find(struct args *a, const struct intent *in)
{
	const struct device *d = in ? intent_device(in, a->device) : NULL;
	struct observe_want *o = &a->w.o;

	if (mac_parse(a->device, &o->mac[0]) == 0 ||
		(d && d->has_mac && (o->mac[0] = d->mac, true))) {
		o->mac_n = 1;
		return true;
	}
	if (addr_parse(a->device, &o->fam, &o->addr) == 0)
		return true;
	if (d && d->has_ipv4) {
		o->fam = FAM_4;
		o->addr = d->ipv4;
		return true;
	}
	fprintf(stderr, _("kadomori: \"%s\" is no MAC, no address and no device with a mac or ipv4 in the configuration\n"),
		a->device);
	return false;
}

/* The configuration says where the home is and who the devices are. */
static void from_conf(struct args *a, const struct intent *in)
{
	struct observe_want *o = &a->w.o;

	for (size_t i = 0; !a->w.file && !a->all && !o->mac_n && !o->fam &&
			   i < in->device_n; i++)
		if (in->devices[i].has_mac && in->devices[i].kind != DEVICE_PLAIN &&
			o->mac_n < OBS_WANT_MAX)
			o->mac[o->mac_n++] = in->devices[i].mac;
	if (a->w.file || a->w.if_n)
		return;
	for (size_t i = 0; i < in->lan_n && a->w.if_n < OBS_OWN_MAX; i++)
		a->w.ifname[a->w.if_n++] = in->lans[i];
	for (size_t i = 0; i < in->device_n && a->w.if_n < OBS_OWN_MAX; i++)
		if (in->devices[i].segment)
			a->w.ifname[a->w.if_n++] = in->devices[i].segment;
}

static int watch_failed(int e, const char *what)
{
	if (e == -ENODEV)
		fprintf(stderr, _("kadomori: there is no interface \"%s\" (\"ip link\" lists them)\n"), what);
	else if (e == -EPERM || e == -EACCES) {
		fprintf(stderr, _("kadomori: listening needs root: run it with sudo, or give a capture file with --pcap\n"));
		return EXIT_NOT_PERMITTED;
	} else
		fprintf(stderr, "kadomori: %s: %s\n", what ? what : "observe",
			strerror(-e));
	return EXIT_USAGE;
}

static int print(struct facts_seen *f, const struct intent *in, bool redact)
{
	json_t *j;

	if (redact && !obs_redact(f->d, f->n)) {
		fprintf(stderr, _("kadomori: there are more addresses than stand-ins: the report is not shown\n"));
		return EXIT_CHECK_FAILED;
	}
	if (redact)
		snprintf(f->source, sizeof(f->source), "-");
	if (!opt.json) {
		facts_show(f, redact ? NULL : in);
	} else {
		j = facts_json(f);
		json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
		putchar('\n');
		json_decref(j);
	}
	for (size_t i = 0; i < f->n; i++)
		if (f->d[i].peer_n)
			return EXIT_GOOD;
	return EXIT_UNDECIDED;
}

static int show(const char *path, const struct intent *in, bool redact)
{
	cleanup(facts_seen_done) struct facts_seen f = {0};
	int e = facts_load(path, &f);

	if (e == -EINVAL)
		fprintf(stderr, _("kadomori: %s is damaged: observe again with --fresh\n"), path);
	else if (e == -EACCES)
		fprintf(stderr, _("kadomori: only root may read %s\n"), path);
	else if (e)
		fprintf(stderr, _("kadomori: nothing was observed yet (%s): run \"kadomori observe\" first\n"), path);
	if (e)
		return e == -EACCES ? EXIT_NOT_PERMITTED : EXIT_CHECK_FAILED;
	return print(&f, in, redact);
}

static void hint(const struct args *a, const struct facts_seen *f,
	const char *path)
{
	if (!opt.json && !a->redact && a->w.save && f->n)
		printf(_("\nKept in %s (nothing leaves this machine; \"kadomori observe --show --redact\" makes a copy to hand over).\n"
			"Next: \"kadomori pin\" proposes the smallest opening that this needs.\n"), path);
}

static int watch(struct args *a, const struct intent *in, const char *path)
{
	cleanup(facts_seen_done) struct facts_seen f = {0}, seed = {0};
	const char *what = NULL;
	int e;

	if (!a->w.file && !a->fresh && facts_load(path, &seed) == 0)
		a->w.seed = &seed;
	if (a->w.file ? a->save : !a->no_save)
		a->w.save = path;
	if (!a->w.file && !opt.json && !a->w.seconds && isatty(2))
		fprintf(stderr, _("Observing; restart the device now, and end with Ctrl-C. Let it run for a day to see its keys renewed.\n"));
	e = observe_watch(&a->w, &f, &what);
	if (e && e != -EBADMSG)
		return watch_failed(e, what);
	if (e == -EBADMSG && !f.c.frames) {
		fprintf(stderr, _("kadomori: %s is no capture file (pcap or pcapng)\n"), what);
		return EXIT_USAGE;
	}
	if (e == -EBADMSG)
		fprintf(stderr, _("kadomori: %s breaks off or is damaged; what came before is below\n"), what);
	if (a->w.save && f.n && (e = facts_save(path, &f)) < 0) {
		fprintf(stderr, _("kadomori: cannot keep the facts in %s: %s\n"),
			path, strerror(-e));
		a->w.save = NULL;
	}
	e = print(&f, in, a->redact);
	hint(a, &f, path);
	return e;
}

int cmd_observe(int argc, char **argv)
{
	const char *env = getenv("STATE_DIRECTORY");
	struct args a = {.state = env && *env ? env : STATE_DIR};
	cleanup(intent_freep) struct intent *in = NULL;
	cleanup(freep) char *path = NULL;
	struct complaints c = {0};

	if (!args_read(argc, argv, &a))
		return usage();
	path = facts_path(a.state);
	(void)conf_load(&in, &c); /* without one, names and sides are not known */
	complaints_done(&c);
	if (a.show)
		return show(path, in, a.redact);
	if (a.device && !device_find(&a, in))
		return EXIT_USAGE;
	if (in)
		from_conf(&a, in);
	if (!a.w.file && !a.w.if_n) {
		fprintf(stderr, _("kadomori: which interface is the home's? Name it (\"kadomori observe lan0\"), or write it into the configuration\n"));
		return EXIT_USAGE;
	}
	return watch(&a, in, path);
}
