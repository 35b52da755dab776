// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"
#include "lab/lab.h"
#include "try.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct args {
	enum lab_line line;
	bool line_given, verbose;
	const char *name;
	char **rest; /* what follows the options */
	int rest_n;
};

static int usage(void)
{
	fputs(_("usage: kadomori lab try   [--line LINE] [--verbose]\n"
		"       kadomori lab up    [--line LINE] [--name NAME] [--verbose]\n"
		"       kadomori lab down  [--name NAME]\n"
		"       kadomori lab shell [--name NAME] NODE [[--] COMMAND...]\n"
		"LINE: flets-ra flets-pd dhcp4 private4\n"
		"NODE: casa pc casa2 lan gw an segw atkan atkin\n"), stderr);
	return EXIT_USAGE;
}

/* Options up to the first word that is none. 0 or EXIT_USAGE. */
static int args_read(int argc, char **argv, struct args *a)
{
	int i = 0;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		} else if (!strcmp(argv[i], "--verbose") || !strcmp(argv[i], "-v")) {
			a->verbose = true;
		} else if (!strcmp(argv[i], "--name") && i + 1 < argc) {
			a->name = argv[++i];
		} else if (!strcmp(argv[i], "--line") && i + 1 < argc) {
			if (lab_line_parse(argv[++i], &a->line) < 0)
				return usage();
			a->line_given = true;
		} else {
			return usage();
		}
	}
	a->rest = argv + i;
	a->rest_n = argc - i;
	return 0;
}

static const char *name_or(const struct args *a)
{
	return a->name ? a->name : "lab";
}

static int complain_errno(int e, char *why)
{
	fprintf(stderr, "kadomori: %s\n", why ? why : strerror(-e));
	free(why);
	return e == -EPERM ? EXIT_NOT_PERMITTED : EXIT_CHECK_FAILED;
}

static void nodes_print(const struct lab *lab)
{
	for (int n = 0; n < LAB_NODE_MAX; n++)
		printf("%-6s %-18s %s %s\n", lab_node_name((enum lab_node)n),
			lab_ns(lab, (enum lab_node)n),
			lab_addr_text(lab, (enum lab_node)n, FAM_4),
			lab_addr_text(lab, (enum lab_node)n, FAM_6));
}

static void nodes_json(const struct lab *lab)
{
	json_t *list = json_array(), *all;

	for (int n = 0; n < LAB_NODE_MAX; n++) {
		struct mac m = lab_mac(lab, (enum lab_node)n);
		char mac[MAC_STR];

		json_array_append_new(list, json_pack(
			"{s:s, s:s, s:s, s:s, s:s}", "node",
			lab_node_name((enum lab_node)n), "netns",
			lab_ns(lab, (enum lab_node)n), "mac",
			mac_format(&m, mac), "ipv4",
			lab_addr_text(lab, (enum lab_node)n, FAM_4), "ipv6",
			lab_addr_text(lab, (enum lab_node)n, FAM_6)));
	}
	all = json_pack("{s:i, s:s, s:s, s:s, s:o}", "schema", 1, "name",
		lab_name(lab), "line", lab_line_name(lab_line_of(lab)),
		"folder", lab_dir(lab), "nodes", list);
	json_dumpf(all, stdout, JSON_SORT_KEYS | JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static int lab_cmd_up(const struct args *a)
{
	struct lab_want w = {.line = a->line, .name = name_or(a),
		.verbose = a->verbose};
	struct lab *lab = NULL;
	char *why = NULL;
	int e = lab_up(&w, &lab, &why);

	if (e < 0)
		return complain_errno(e, why);
	if (opt.json)
		nodes_json(lab);
	else
		nodes_print(lab);
	lab_leave(lab);
	return EXIT_GOOD;
}

static int lab_need(const struct args *a, struct lab **lab)
{
	if (lab_find(name_or(a), a->verbose, lab) == 0)
		return 0;
	fprintf(stderr, _("kadomori: no lab named %s is up\n"), name_or(a));
	return EXIT_CHECK_FAILED;
}

static int lab_cmd_down(const struct args *a)
{
	struct lab *lab;
	int r = lab_need(a, &lab);

	if (r == 0)
		lab_down(lab);
	if (opt.json)
		printf("{\"down\": %s, \"schema\": 1}\n",
			r == 0 ? "true" : "false");
	return r;
}

static int lab_cmd_shell(const struct args *a)
{
	char *sh[] = {(char *)"/bin/sh", NULL};
	enum lab_node n;
	char **words = a->rest + 1;
	struct lab *lab;
	int r = lab_need(a, &lab), e;

	if (r)
		return r;
	if (a->rest_n < 1 || lab_node_parse(a->rest[0], &n) < 0) {
		lab_leave(lab);
		return usage();
	}
	e = lab_enter(lab, n);
	lab_leave(lab);
	if (e < 0)
		return complain_errno(e, NULL);
	/* behind "--" the command's own --conf and --json are left alone */
	if (*words && !strcmp(*words, "--"))
		words++;
	words = *words ? words : sh;
	execvp(words[0], words);
	return complain_errno(-errno, NULL);
}

static int lab_cmd_try(const struct args *a)
{
	if (a->name || a->rest_n)
		return usage();
	if (geteuid() != 0) {
		fprintf(stderr, "kadomori: %s\n",
			_("the lab makes network namespaces and needs root"));
		return EXIT_NOT_PERMITTED;
	}
	return lab_try(a->line_given ? &a->line : NULL, a->verbose);
}

int cmd_lab(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct args *a);
	} subs[] = {{"try", lab_cmd_try}, {"up", lab_cmd_up}, {"down", lab_cmd_down},
		{"shell", lab_cmd_shell}};
	struct args a = {0};

	if (argc < 2 || args_read(argc - 2, argv + 2, &a) != 0)
		return usage();
	for (size_t i = 0; i < ARRAY_LEN(subs); i++)
		if (!strcmp(argv[1], subs[i].name))
			return subs[i].run(&a);
	return usage();
}
