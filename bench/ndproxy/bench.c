/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench ndproxy DAEMON COMMAND [--quick] [--row TEXT]: the ten bars, each
 * subject measured on the same namespaces one after the other.
 */
#include "rows.h"

#include <sched.h>
#include <stdio.h>

void stay_on_core(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static void print_head(void)
{
	char load[64] = "?";
	FILE *f = fopen("/proc/loadavg", "re");

	if (f && !fgets(load, sizeof(load), f))
		snprintf(load, sizeof(load), "?");
	if (f)
		fclose(f);
	load[14] = '\0';
	printf("NDP proxy: the ten bars. Generator on core 0, subject on core 1, load %s\n",
		load);
	printf("No MSG_CONFIRM (raw frames), neighbour limits are one per kernel: one subject at a time.\n\n");
	printf("%3s %-44s %-37s %-37s %-34s %s\n", "bar", "",
		subject_name[OURS_BPF], subject_name[OURS], subject_name[NDPPD],
		subject_name[KERNEL]);
	fflush(stdout);
}

static char cells[32][SUBJECTS][CELL];

static void measure(struct net *n, enum subject s, bool quick,
	const char *only)
{
	if (!subject_start(n, s)) {
		for (unsigned i = 0; i < row_n; i++)
			snprintf(cells[i][s], CELL, "not to be had");
		subject_stop(n);
		return;
	}
	warm_up(n);
	for (unsigned i = 0; i < row_n; i++) {
		if ((quick && rows[i].slow) ||
			(only && !strstr(rows[i].name, only))) {
			snprintf(cells[i][s], CELL, "(left out)");
			continue;
		}
		rows[i].run(n, cells[i][s]);
		fprintf(stderr, "%s: %s: %s\n", subject_name[s], rows[i].name,
			cells[i][s]);
	}
	subject_stop(n);
}

int main(int argc, char **argv)
{
	struct net n = {0};
	const char *only = NULL;
	bool quick = false;

	if (argc < 3)
		return 1;
	n.daemon = argv[1];
	n.command = argv[2];
	for (int i = 3; i < argc; i++) {
		quick |= !strcmp(argv[i], "--quick");
		if (!strcmp(argv[i], "--row") && i + 1 < argc)
			only = argv[++i];
	}
	stay_on_core(0);
	net_up(&n);
	for (int s = 0; s < SUBJECTS; s++)
		measure(&n, (enum subject)s, quick, only);
	net_down(&n);
	print_head();
	for (unsigned i = 0; i < row_n; i++)
		printf("%3d %-44s %-37s %-37s %-34s %s\n", rows[i].bar,
			rows[i].name, cells[i][OURS_BPF], cells[i][OURS],
			cells[i][NDPPD], cells[i][KERNEL]);
	return 0;
}
