// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kadomori hosts: who lives at home, as the NDP proxy knows it.
 * kadomori explain host ADDRESS: why is this host (not) reachable?
 */
#include "command.h"
#include "daemon.h"
#include "hosts.h"
#include "base/addr.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>

static const char *str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static long long num(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

/* The answer as JSON; NULL with the exit code in *rc. */
static json_t *ask(const char *question, char **raw, int *rc)
{
	json_error_t e;
	json_t *o;

	*rc = daemon_ask(question, raw);
	if (*rc) {
		*rc = daemon_complain(*rc);
		return NULL;
	}
	o = json_loads(*raw, 0, &e);
	if (!o) {
		fprintf(stderr, _("kadomori: the gateway did not answer: %s\n"),
			e.text);
		*rc = EXIT_CHECK_FAILED;
	}
	return o;
}

static bool no_table(const json_t *o)
{
	if (!json_is_true(json_object_get(o, "none")))
		return false;
	puts(_("This line needs no NDP proxy: the gateway keeps no table of hosts."));
	return true;
}

static void sets_text(const json_t *h, struct text *out)
{
	const json_t *sets = json_object_get(h, "sets");
	size_t i;
	json_t *v;

	json_array_foreach(sets, i, v)
		text_addf(out, "%s%s", i ? "," : "", json_string_value(v));
	if (!json_array_size(sets))
		text_add(out, "-");
}

static void print_host(const json_t *h)
{
	struct text sets = TEXT_INIT;

	sets_text(h, &sets);
	printf("%-39s %-17s %-8s %-9s %-6s %6lld %6lld  %s\n", str(h, "address"),
		*str(h, "mac") ? str(h, "mac") : "-", str(h, "port"),
		str(h, "state"), str(h, "evidence"), num(h, "heard_s"),
		num(h, "asked"), text_str(&sets));
	text_done(&sets);
}

static void print_counters(const json_t *o)
{
	const json_t *c = json_object_get(o, "counters");
	const char *key;
	json_t *v;
	int n = 0;

	json_object_foreach((json_t *)(uintptr_t)c, key, v)
		if (json_integer_value(v))
			printf("%s%s %lld", n++ ? ", " : _("counters: "), key,
				(long long)json_integer_value(v));
	if (n)
		putchar('\n');
}

static void print_text(const json_t *o)
{
	const json_t *hosts = json_object_get(o, "hosts");
	const json_t *p = json_object_get(o, "prefixes");
	size_t i;
	json_t *v;

	printf(_("router %s, prefixes"), *str(o, "router") ? str(o, "router")
							    : "-");
	json_array_foreach(p, i, v)
		printf(" %s/64", json_string_value(v));
	puts(json_array_size(p) ? "" : " -");
	if (json_is_true(json_object_get(o, "loop")))
		puts(_("Home and line are one wire: our own advertisement came back. The proxy is off."));
	if (json_array_size(hosts))
		printf("%-39s %-17s %-8s %-9s %-6s %6s %6s  %s\n", _("address"),
			_("MAC"), _("port"), _("state"), _("by"), _("heard"),
			_("asked"), _("sets"));
	json_array_foreach(hosts, i, v)
		print_host(v);
	print_counters(o);
}

int cmd_hosts(int argc, char **argv)
{
	cleanup(freep) char *raw = NULL;
	json_t *o;
	int rc;

	(void)argv;
	if (argc > 1) {
		fprintf(stderr, _("usage: kadomori hosts [--json]\n"));
		return EXIT_USAGE;
	}
	o = ask("hosts", &raw, &rc);
	if (!o)
		return rc;
	if (opt.json)
		puts(raw);
	else if (!no_table(o))
		print_text(o);
	json_decref(o);
	return EXIT_GOOD;
}

/* ---- explain host ---- */

struct reason {
	const char *state;
	bool reachable;
	const char *say;
};

static const struct reason reasons[] = {
	{"live", true, N_("It answered within the last half minute. The gateway answers for it on the line.")},
	{"idle", true, N_("It answered before and has been silent since. The gateway answers for it on the line and asks it again as soon as somebody wants it.")},
	{"check", true, N_("It is being asked whether it is still there; meanwhile the gateway answers for it.")},
	{"contest", true, N_("Two machines claim this address; the old owner is being asked. The gateway answers for it.")},
	{"tentative", false, N_("A machine is about to take this address (duplicate address detection). It is reachable when it answers, in about a second.")},
	{"probing", false, N_("Somebody outside wants it and it was never seen: the gateway is asking for it at home now.")},
	{"gone", false, N_("It does not answer: switched off, asleep without answering, unplugged, or its address changed. The gateway asks for it again when somebody wants it.")},
};

static const struct reason *reason_of(const char *state)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (!strcmp(reasons[i].state, state))
			return &reasons[i];
	return NULL;
}

static void explain_known(const json_t *h, const struct reason *r)
{
	struct text sets = TEXT_INIT;

	sets_text(h, &sets);
	printf(_("%s (%s, on %s) is %s.\n"), str(h, "address"),
		*str(h, "mac") ? str(h, "mac") : _("MAC unknown"),
		str(h, "port"), r->reachable ? _("reachable") : _("not reachable"));
	printf("  %s\n", _(r->say));
	printf(_("  last sign %lld s ago (%s); asked for %lld times from the other side; firewall sets: %s\n"),
		num(h, "heard_s"), str(h, "evidence"), num(h, "asked"),
		text_str(&sets));
	if (r->reachable && !strstr(text_str(&sets), "wanhosts"))
		printf(_("  A new packet from outside passes the gate's neighbour check and meets the rules:\n  kadomori explain esp from PEER to %s in wan\n"),
			str(h, "address"));
	text_done(&sets);
}

static void explain_unknown(const json_t *o, const char *a)
{
	printf(_("%s is not reachable.\n"), a);
	if (json_is_true(json_object_get(o, "loop")))
		printf("  %s\n", _("Home and line are one wire: our own advertisement came back. The proxy is off."));
	else if (!json_array_size(json_object_get(o, "prefixes")))
		puts(_("  The line has not given a prefix yet: no router advertisement was heard."));
	else if (!json_is_true(json_object_get(o, "in_prefix")))
		puts(_("  It lies in none of the home's prefixes: this gateway does not answer for it."));
	else
		puts(_("  Nobody at home was ever heard with this address. Is it spelt right, is the machine on and connected to the LAN?"));
}

static int explain(const json_t *o, const char *a)
{
	const json_t *h = json_object_get(o, "host");
	const struct reason *r = h ? reason_of(str(h, "state")) : NULL;

	if (no_table(o))
		return EXIT_UNDECIDED;
	if (r)
		explain_known(h, r);
	else
		explain_unknown(o, a);
	return r && r->reachable ? EXIT_GOOD : EXIT_CHECK_FAILED;
}

int explain_host(int argc, char **argv)
{
	cleanup(freep) char *raw = NULL;
	cleanup(freep) char *q = NULL;
	const json_t *h;
	enum family f;
	struct addr a;
	json_t *o;
	int rc;

	if (argc != 2 || addr_parse(argv[1], &f, &a) || f != FAM_6) {
		fprintf(stderr, _("usage: kadomori explain host IPV6-ADDRESS [--json]\n"));
		return EXIT_USAGE;
	}
	q = xasprintf("host %s", argv[1]);
	o = ask(q, &raw, &rc);
	if (!o)
		return rc;
	if (opt.json) {
		const struct reason *r;

		puts(raw);
		h = json_object_get(o, "host");
		r = h ? reason_of(str(h, "state")) : NULL;
		rc = r && r->reachable ? EXIT_GOOD : EXIT_CHECK_FAILED;
	} else {
		rc = explain(o, argv[1]);
	}
	json_decref(o);
	return rc;
}
