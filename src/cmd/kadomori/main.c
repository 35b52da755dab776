// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"
#include "conf.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <unistd.h>

struct options opt = {.conf = "/etc/kadomori/kadomori.conf"};

/* A row without a name is the heading of those below it. */
static const struct command {
	const char *name;
	int (*run)(int, char **);
	bool root;
	const char *args, *help;
} commands[] = {
#define CMD(name, func, root, args, help) {name, func, root, args, help},
#define GROUP(title) {NULL, NULL, false, "", title},
#include "commands.def"
#undef CMD
};

/* commands: names with spaces between; an option of several stands once. */
static const struct option {
	const char *commands, *name, *help;
} all_options[] = {
#define OPT(commands, name, help) {commands, name, help},
#include "options.def"
};

static void usage(FILE *to)
{
	fprintf(to, "%s: kadomori [--json] [--lang ja|en] [--conf FILE] COMMAND ...\n",
		_("usage"));
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const struct command *c = &commands[i];
		int used;

		if (!c->name) {
			fprintf(to, "\n%s\n", _(c->help));
			continue;
		}
		used = fprintf(to, "  %s %s", c->name, c->args);
		if (used >= 34)
			used = fprintf(to, "\n") - 1;
		fprintf(to, "%*s%s%s%s%s\n", 34 - used, "",
			*c->help ? _(c->help) : "", c->root ? " (" : "",
			c->root ? _("needs root") : "", c->root ? ")" : "");
	}
}

static bool asks_help(int argc, char **argv)
{
	return argc == 3 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h"));
}

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; *p; p += strcspn(p, " "), p += *p == ' ')
		if (!strncmp(p, word, n) && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

static void usage_of(const struct command *c)
{
	printf("%s: kadomori %s %s\n%s\n", _("usage"), c->name, c->args,
		_(c->help));
	for (size_t i = 0; i < ARRAY_LEN(all_options); i++) {
		const struct option *o = &all_options[i];
		int used;

		if (!has_word(o->commands, c->name))
			continue;
		used = printf("  %s", o->name);
		if (used >= 30)
			used = printf("\n") - 1;
		printf("%*s%s\n", 30 - used, "", _(o->help));
	}
	printf("  %-28s%s\n  %-28s%s\n%s\n", "--json", _("the result as JSON"),
		"--lang ja|en", _("in Japanese or English"), _("More: man kadomori"));
}

/*
 * Global options may stand anywhere before "--"; they are taken out, so that a
 * command sees only its own words.
 */
static int take_globals(int argc, char **argv, const char **lang)
{
	int n = 1;
	bool rest = false;

	for (int i = 1; i < argc; i++) {
		if (rest)
			argv[n++] = argv[i];
		else if (!strcmp(argv[i], "--json"))
			opt.json = true;
		else if (!strcmp(argv[i], "--lang") && i + 1 < argc)
			*lang = argv[++i];
		else if (!strncmp(argv[i], "--lang=", 7))
			*lang = argv[i] + 7;
		else if (!strcmp(argv[i], "--conf") && i + 1 < argc)
			opt.conf = argv[++i];
		else if (!strncmp(argv[i], "--conf=", 7))
			opt.conf = argv[i] + 7;
		else if (!strcmp(argv[i], "--run") && i + 1 < argc)
			opt.run = argv[++i];
		else {
			rest = !strcmp(argv[i], "--");
			argv[n++] = argv[i];
		}
	}
	argv[n] = NULL;
	return n;
}

static int no_such(const char *word)
{
	const char *names[ARRAY_LEN(commands) + 1] = {0};
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (commands[i].name)
			names[n++] = commands[i].name;
	fprintf(stderr, _("kadomori: there is no command \"%s\"\n"), word);
	near = text_nearest(word, names);
	if (near)
		fprintf(stderr, _("did you mean \"%s\"?\n"), near);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char *lang = NULL;

	argc = take_globals(argc, argv, &lang);
	if (lang && strcmp(lang, "ja") && strcmp(lang, "en")) {
		tr_open(NULL);
		fprintf(stderr, _("kadomori: --lang knows ja and en\n"));
		return EXIT_USAGE;
	}
	tr_open(lang ? lang : conf_language());
	log_open("kadomori", LOG_INFO);
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") ||
		!strcmp(argv[1], "-h")) {
		usage(stdout);
		return EXIT_GOOD;
	}
	if (!strcmp(argv[1], "--version"))
		argv[1] = "version";
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (!commands[i].name || strcmp(commands[i].name, argv[1]))
			continue;
		if (asks_help(argc, argv)) {
			usage_of(&commands[i]);
			return EXIT_GOOD;
		}
		if (commands[i].root && geteuid() != 0) {
			fprintf(stderr, _("kadomori: \"%s\" changes this machine's network and needs root: run it with sudo\n"),
				argv[1]);
			return EXIT_NOT_PERMITTED;
		}
		return commands[i].run(argc - 1, argv + 1);
	}
	return no_such(argv[1]);
}
