// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"
#include "doctor-look.h"
#include "base/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

enum { VERDICT_COLUMNS = 16 };

static int usage(void)
{
	fputs(_("usage: kadomori doctor [--reflect HOST --key FILE] [--peer HOST] [--line CODE] [--gateway]\n"
		"         [-4|-6] [--port PORT] [--source ADDRESS] [--idle SECONDS] [--quick]\n"
		"         [--tcp PORT,...] [--udp PORT,...] [--dns SERVER] [--name NAME]\n"), stderr);
	return EXIT_USAGE;
}

static bool take_own(struct doctor_args *a, const char *name, const char *v)
{
	if (!strcmp(name, "--reflect"))
		a->r.host = v;
	else if (!strcmp(name, "--peer"))
		a->peer = v;
	else if (!strcmp(name, "--dns"))
		a->dns = v;
	else if (!strcmp(name, "--name"))
		a->name = v;
	else if (!strcmp(name, "--line")) {
		a->line_given = true;
		return doctor_line_parse(v, &a->line) == 0;
	}
	else
		return false;
	return true;
}

static bool args_read(int argc, char **argv, struct doctor_args *a)
{
	reflect_args_init(&a->r);
	for (int i = 1; i < argc; i++) {
		int t = reflect_args_take(&a->r, argc, argv, &i);

		if (t < 0)
			return false;
		if (t > 0)
			continue;
		if (!strcmp(argv[i], "--gateway"))
			a->gateway = true;
		else if (i + 1 >= argc || !take_own(a, argv[i], argv[i + 1]))
			return false;
		else
			i++;
	}
	return !a->r.host == !a->r.key_file;
}

static const char *colour(enum doctor_verdict v)
{
	if (!isatty(1) || getenv("NO_COLOR"))
		return "";
	return v == DOCTOR_OK ? "\033[32m" : v == DOCTOR_FAIL ? "\033[31m"
							      : "\033[33m";
}

static void print_row(const char *word, const char *text)
{
	printf("%*s%s%*s %s\n", VERDICT_COLUMNS - 6, "", word,
		6 - text_columns(word, strlen(word)), "", text);
}

static void print_finding(enum doctor_check c, const struct doctor_finding *f)
{
	const char *on = colour(f->verdict);
	const char *why = f->cause ? doctor_why(c, f->cause) : NULL;
	/* a result of its own, in words; the others are the same in all languages */
	const char *verdict = f->verdict == DOCTOR_UNDECIDED
		? _("could not decide") : doctor_verdict_name(f->verdict);

	printf("%s%s%*s%s %s %s\n", on, verdict, VERDICT_COLUMNS -
		text_columns(verdict, strlen(verdict)), "", *on ? "\033[0m" : "",
		doctor_check_id(c), doctor_check_name(c));
	print_row(_("seen"), f->observed);
	if (!why)
		return;
	print_row(_("why"), why);
	print_row(_("do"), doctor_todo(c, f->cause));
}

static unsigned count(const struct doctor_report *r, enum doctor_verdict v)
{
	unsigned n = 0;

	for (int i = 0; i < CHECK_MAX; i++)
		n += r->f[i].verdict == v;
	return n;
}

static void print_text(const struct doctor_obs *o, const struct doctor_report *r,
	const char *code)
{
	for (int i = 0; i < CHECK_MAX; i++)
		print_finding((enum doctor_check)i, &r->f[i]);
	printf(_("\n%u failed, %u OK, %u skipped, %u undecided    line: %s\n"),
		count(r, DOCTOR_FAIL), count(r, DOCTOR_OK),
		count(r, DOCTOR_SKIP), count(r, DOCTOR_UNDECIDED),
		doctor_line_name(o->line));
	printf(_("code for the phone: %s\n"), code);
	if (!count(r, DOCTOR_FAIL))
		return;
	fputs(_("Wi-Fi has nothing to do with it: the device hangs on a cable, and what counts is what the router lets through.\n"
		"An IPv6 bridge is never the answer: it opens every machine at home.\n"), stdout);
}

static void print_json(const struct doctor_obs *o, const struct doctor_report *r,
	const char *code)
{
	json_t *checks = json_array(), *j;
	int first = doctor_first(r);

	for (int i = 0; i < CHECK_MAX; i++) {
		const struct doctor_finding *f = &r->f[i];
		enum doctor_check c = (enum doctor_check)i;
		json_t *k = json_pack("{s:s, s:s, s:s, s:i, s:s}", "id",
			doctor_check_id(c), "name", doctor_check_name(c),
			"verdict", doctor_verdict_name(f->verdict), "cause",
			(int)f->cause, "observed", f->observed);

		if (f->cause && doctor_why(c, f->cause)) {
			json_object_set_new(k, "why",
				json_string(doctor_why(c, f->cause)));
			json_object_set_new(k, "todo",
				json_string(doctor_todo(c, f->cause)));
		}
		json_array_append_new(checks, k);
	}
	j = json_pack("{s:i, s:s, s:s, s:s, s:o}", "schema", 1, "code", code,
		"line", doctor_line_code(o->line), "first",
		first < 0 ? "" : doctor_check_id((enum doctor_check)first),
		"checks", checks);
	json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(2));
	putchar('\n');
	json_decref(j);
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor_args a = {.name = "jprs.jp"};
	struct doctor_report r;
	struct doctor_code c;
	struct doctor_obs o;
	char code[DOCTOR_CODE_STR];
	int e;

	if (!args_read(argc, argv, &a))
		return usage();
	if (a.r.key_file && reflect_key_read(a.r.key_file, &a.r.key) < 0)
		return EXIT_USAGE;
	doctor_look(&a, &o);
	doctor_judge(&o, &r);
	c = doctor_code_of(&o, &r);
	doctor_code_format(&c, code);
	if (opt.json)
		print_json(&o, &r, code);
	else
		print_text(&o, &r, code);
	e = count(&r, DOCTOR_FAIL) ? EXIT_CHECK_FAILED
		: count(&r, DOCTOR_UNDECIDED) ? EXIT_UNDECIDED : EXIT_GOOD;
	doctor_report_done(&r);
	return e;
}

static int explain_bad(const char *s, int e)
{
	cleanup(freep) char *shown = text_printable(s, strlen(s));

	if (e == -EBADMSG)
		fprintf(stderr, _("kadomori: \"%s\" was misread: a character is wrong or two are swapped; ask again\n"), shown);
	else
		fprintf(stderr, _("kadomori: \"%s\" is no code of the doctor (they look like KM-N2-E09-1B)\n"), shown);
	return EXIT_USAGE;
}

static void explain_json(const struct doctor_code *c)
{
	json_t *j = json_pack("{s:i, s:s, s:s, s:b}", "schema", 1, "line",
		doctor_line_code(c->line), "line_name",
		doctor_line_name(c->line), "good", c->good);

	if (!c->good) {
		json_object_set_new(j, "id", json_string(doctor_check_id(c->check)));
		json_object_set_new(j, "name", json_string(doctor_check_name(c->check)));
		json_object_set_new(j, "cause", json_integer(c->cause));
	}
	if (!c->good && c->cause) {
		json_object_set_new(j, "why", json_string(doctor_why(c->check, c->cause)));
		json_object_set_new(j, "todo", json_string(doctor_todo(c->check, c->cause)));
	}
	json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(2));
	putchar('\n');
	json_decref(j);
}

int cmd_explain_code(int argc, char **argv)
{
	struct text t = TEXT_INIT;
	struct doctor_code c;
	int e;

	for (int i = 1; i < argc; i++)
		text_add(&t, argv[i]);
	e = doctor_code_parse(text_str(&t), &c);
	if (e < 0) {
		e = explain_bad(text_str(&t), e);
		text_done(&t);
		return e;
	}
	text_done(&t);
	if (opt.json) {
		explain_json(&c);
		return EXIT_GOOD;
	}
	printf("%-8s %s\n", _("line"), doctor_line_name(c.line));
	if (c.good) {
		puts(_("every check was good"));
		return EXIT_GOOD;
	}
	printf("%-8s %s %s\n", _("check"), doctor_check_id(c.check),
		doctor_check_name(c.check));
	if (!c.cause) {
		puts(_("it could not be decided; ask for the doctor's whole output"));
		return EXIT_GOOD;
	}
	printf("%-8s %s\n", _("why"), doctor_why(c.check, c.cause));
	printf("%-8s %s\n", _("do"), doctor_todo(c.check, c.cause));
	return EXIT_GOOD;
}
