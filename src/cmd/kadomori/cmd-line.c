// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kadomori line: which line is this, how is that known, and what does it mean
 * for the device? On the gateway's WAN interface, or on any host of the home.
 */
#include "command.h"
#include "line-show.h"

#include <errno.h>
#include <stdio.h>

enum { QUIET_MS = 3000, MOST_MS = 12000 };

static int complain(const char *ifname, int rc)
{
	if (rc == -ENODEV)
		fprintf(stderr, _("kadomori line: there is no interface \"%s\"\n"),
			ifname);
	else
		fprintf(stderr, "kadomori line: %s: %s\n", ifname,
			strerror(-rc));
	return EXIT_USAGE;
}

static int usage(void)
{
	fprintf(stderr, _("usage: kadomori line [INTERFACE] [--host] [--stun HOST[:PORT]] [--ca FILE] [--local]\n"
		"       kadomori line --prefix ADDRESS\n"
		"  INTERFACE: where the line comes in (without: where this machine's way out is); with --host: this machine is a host behind somebody's router\n"
		"  --stun: a STUN server outside, which tells how we are seen; --ca: authorities for the provisioning server\n"
		"  --local: ask nothing beyond the wire; --prefix: what an IPv6 address alone tells, without asking anybody\n"));
	return EXIT_USAGE;
}

/* What the address tells by the tables: for the phone, on any machine. */
static int by_prefix(const char *text)
{
	static struct line_evidence e;
	struct line_verdict v;
	enum family fam;
	struct addr a;

	if (addr_parse(text, &fam, &a) || fam != FAM_6) {
		fprintf(stderr, _("kadomori line: \"%s\" is no IPv6 address\n"),
			text);
		return EXIT_USAGE;
	}
	e.link = true;
	e.at = AT_HOST;
	e.own6[0] = a;
	e.own6_n = 1;
	line_judge(&e, &v);
	line_show(&e, &v, opt.json);
	line_verdict_done(&v);
	return v.service == SVC_NONE ? EXIT_UNDECIDED : EXIT_GOOD;
}

static bool take_args(struct line_want *w, const char **prefix, int argc,
	char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char **to = !strcmp(argv[i], "--stun")   ? &w->stun
				  : !strcmp(argv[i], "--ca")	 ? &w->ca
				  : !strcmp(argv[i], "--prefix") ? prefix
								 : NULL;

		if (to) {
			if (++i == argc)
				return false;
			*to = argv[i];
		} else if (!strcmp(argv[i], "--host"))
			w->at = AT_HOST;
		else if (!strcmp(argv[i], "--local"))
			w->local_only = true;
		else if (!w->ifname && *argv[i] != '-')
			w->ifname = argv[i];
		else
			return false;
	}
	return !(w->ifname && *prefix);
}

/* Nobody needs to know how his interface is called. */
static bool choose(struct line_want *w)
{
	static char name[16];
	enum vantage at;

	if (line_way_out(name, &at)) {
		fputs(_("kadomori line: this machine has no way out; name the interface where the line comes in\n"), stderr);
		return false;
	}
	w->ifname = name;
	w->at = at;
	fprintf(stderr, at == AT_HOST
		? _("looking at %s, as a host of the home\n")
		: _("looking at %s, as the gateway\n"), name);
	return true;
}

int cmd_line(int argc, char **argv)
{
	static struct line_evidence e;
	struct line_want w = {.quiet = QUIET_MS, .most = MOST_MS};
	struct line_verdict v;
	const char *prefix = NULL;
	int rc;

	if (!take_args(&w, &prefix, argc, argv))
		return usage();
	if (prefix)
		return by_prefix(prefix);
	if (!w.ifname && !choose(&w))
		return EXIT_UNDECIDED;
	rc = line_look(&w, &e);
	if (rc)
		return complain(w.ifname, rc);
	line_judge(&e, &v);
	line_show(&e, &v, opt.json);
	rc = v.kind			? EXIT_GOOD
	     : !e.raw && w.at == AT_GATEWAY ? EXIT_NOT_PERMITTED
					    : EXIT_UNDECIDED;
	line_verdict_done(&v);
	return rc;
}
