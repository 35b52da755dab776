// SPDX-License-Identifier: GPL-2.0-or-later
/* kadomori status: is the gate up, and for whom? */
#include "command.h"
#include "daemon.h"
#include "status.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>

static const char *str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void print_list(const char *label, const json_t *a)
{
	size_t i;
	json_t *v;

	printf("  %s", label);
	json_array_foreach(a, i, v)
		printf("%s%s", i ? ", " : "", json_string_value(v));
	puts(json_array_size(a) ? "" : "-");
}

static void print_device(const json_t *d)
{
	const char *id = str(d, "id"), *v4 = str(d, "ipv4");

	printf("  %-12s %-13s %s%s%s\n", str(d, "name"), str(d, "kind"), id,
		*id && *v4 ? "  " : "", v4);
}

/* Empty: this line has no NDP proxy. */
static void print_filter(const char *state)
{
	if (!strcmp(state, "on"))
		puts(_("NDP proxy: the filter in the kernel answers for known hosts and drops junk."));
	else if (!strcmp(state, "off"))
		puts(_("NDP proxy: without the filter in the kernel (KADOMORI_NDP_FILTER=off); the daemon answers."));
	else if (*state)
		printf(_("NDP proxy: the kernel refuses the filter (%s); the daemon answers, only a flood costs more.\n"),
			state);
}

static void print_text(const json_t *s)
{
	bool up = json_is_true(json_object_get(s, "gate_loaded"));
	size_t i;
	json_t *d;

	printf("%s\n", up ? _("The gate stands: only what the configuration names comes in.")
			  : _("The gate is not loaded yet."));
	printf(_("  outside %s, line %s, profile %s, for %lld s\n"), str(s, "wan"),
		str(s, "line"), str(s, "profile"),
		(long long)json_integer_value(json_object_get(s, "seconds")));
	print_list(_("home IPv6: "), json_object_get(s, "lan6"));
	print_list(_("home IPv4: "), json_object_get(s, "lan4"));
	printf(_("  outside IPv4: %s\n"), *str(s, "wan4") ? str(s, "wan4") : "-");
	puts(_("Devices:"));
	json_array_foreach(json_object_get(s, "devices"), i, d)
		print_device(d);
	print_filter(str(s, "ndp_filter"));
	status_print_ipsec(s);
	status_print_fast(s);
	if (*str(s, "nft"))
		printf(_("nftables refused the last rules: %s\n"), str(s, "nft"));
	fputs(str(s, "complaints"), stdout);
}

int cmd_status(int argc, char **argv)
{
	cleanup(freep) char *answer = NULL;
	json_error_t e;
	json_t *s;
	int rc;

	(void)argv;
	if (argc > 1) {
		fprintf(stderr, _("usage: kadomori status [--json]\n"));
		return EXIT_USAGE;
	}
	rc = daemon_ask("status", &answer);
	if (rc)
		return daemon_complain(rc);
	s = json_loads(answer, 0, &e);
	if (!s) {
		fprintf(stderr, _("kadomori: the gateway did not answer: %s\n"),
			e.text);
		return EXIT_CHECK_FAILED;
	}
	rc = json_is_true(json_object_get(s, "gate_loaded")) ? EXIT_GOOD
							     : EXIT_CHECK_FAILED;
	if (opt.json)
		puts(answer);
	else
		print_text(s);
	json_decref(s);
	return rc;
}
