// SPDX-License-Identifier: GPL-2.0-or-later
/* `kadomori lab try`: every line, gate and bridge, two at a time. */
#include "command.h"
#include "daemon.h"
#include "try.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT_ONCE = 3, JOB_MAX = LAB_LINE_MAX * TRY_HOUSE_MAX };

struct job {
	enum lab_line line;
	enum try_house house;
	char name[32];
	pid_t pid;
	int fd; /* its JSON */
	struct text said;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = sig;
}

/* In the child: run, write the JSON, end. */
_Noreturn static void job_child(const struct job *j, const char *daemon,
	bool verbose, int out)
{
	struct try t = {.line = j->line, .house = j->house, .name = j->name,
		.daemon = daemon, .verbose = verbose};
	json_t *r;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	r = try_run(&t);
	_exit(json_dumpfd(r, out, JSON_COMPACT) < 0);
}

static int job_start(struct job *j, const char *daemon, bool verbose)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL);
	j->pid = fork();
	if (j->pid == 0)
		job_child(j, daemon, verbose, p[1]);
	close(p[1]);
	j->fd = p[0];
	return j->pid < 0 ? -errno : 0;
}

static json_t *job_failed(const struct job *j)
{
	return json_pack("{s:s, s:s, s:b, s:i, s:[s]}", "line",
		lab_line_name(j->line), "house", try_house_name(j->house), "good",
		0, "family", (int)lab_line_family(j->line), "failed",
		_("the try ended before its time"));
}

static void job_end(struct job *j, json_t *results)
{
	json_t *r = json_loads(text_str(&j->said), 0, NULL);

	waitpid(j->pid, NULL, 0);
	close(j->fd);
	j->fd = -1;
	if (!r)
		r = job_failed(j);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s %s: %.1f s   \n", lab_line_name(j->line),
			try_house_name(j->house),
			json_real_value(json_object_get(r, "seconds")));
	json_array_append_new(results, r);
	text_done(&j->said);
}

/* One step: wait for words of the running ones. Number of jobs that ended. */
static int jobs_listen(struct job *jobs, int n, json_t *results)
{
	struct pollfd p[JOB_MAX];
	int ended = 0;

	for (int i = 0; i < n; i++)
		p[i] = (struct pollfd){jobs[i].fd, POLLIN, 0};
	if (poll(p, (nfds_t)n, -1) < 0)
		return 0;
	for (int i = 0; i < n; i++) {
		char buf[4096];
		ssize_t got;

		if (jobs[i].fd < 0 || !p[i].revents)
			continue;
		got = read(jobs[i].fd, buf, sizeof(buf));
		if (got > 0)
			text_addn(&jobs[i].said, buf, (size_t)got);
		else if (got == 0 || errno != EINTR) {
			job_end(&jobs[i], results);
			ended++;
		}
	}
	return ended;
}

/* Interrupted: end the children, then take down what they built. */
static void jobs_stop(struct job *jobs, int n)
{
	for (int i = 0; i < n; i++) {
		struct lab *lab;

		if (jobs[i].fd < 0)
			continue;
		kill(jobs[i].pid, SIGKILL);
		waitpid(jobs[i].pid, NULL, 0);
		if (lab_find(jobs[i].name, false, &lab) == 0)
			lab_down(lab);
	}
}

static json_t *jobs_run(struct job *jobs, int n, bool verbose)
{
	char daemon[PATH_MAX + 64];
	json_t *results = json_array();
	int started = 0, running = 0;

	daemon_path(daemon, sizeof(daemon));
	while (!stopped && (started < n || running > 0)) {
		for (; started < n && running < AT_ONCE; started++, running++)
			if (job_start(&jobs[started], daemon, verbose) < 0)
				stopped = SIGTERM;
		running -= jobs_listen(jobs, started, results);
	}
	if (!stopped)
		return results;
	jobs_stop(jobs, started);
	json_decref(results);
	return NULL;
}

static int jobs_make(struct job *jobs, const enum lab_line *only)
{
	int n = 0;

	for (int l = 0; l < LAB_LINE_MAX; l++)
		for (int h = 0; h < TRY_HOUSE_MAX; h++) {
			if (only && *only != (enum lab_line)l)
				continue;
			/* refused is refused, whatever the profile */
			if (l == LAB_PRIVATE4 && h == TRY_STRICT)
				continue;
			jobs[n] = (struct job){.line = (enum lab_line)l,
				.house = (enum try_house)h, .fd = -1};
			snprintf(jobs[n].name, sizeof(jobs[n].name), "t%d-%d%c",
				(int)getpid(), l, "gsb"[h]);
			n++;
		}
	return n;
}

static bool all_good(const json_t *results)
{
	const json_t *r;
	size_t i;

	json_array_foreach (results, i, r)
		if (!json_is_true(json_object_get(r, "good")))
			return false;
	return true;
}

int lab_try(const enum lab_line *only, bool verbose)
{
	struct job jobs[JOB_MAX];
	struct sigaction sa = {.sa_handler = on_signal};
	int n = jobs_make(jobs, only), rc;
	msec_t start = clock_ms();
	char *why = NULL;
	json_t *results, *all;

	rc = lab_peers_need(&why);
	if (rc < 0) {
		fprintf(stderr, "kadomori: %s\n", why);
		free(why);
		return EXIT_CHECK_FAILED;
	}
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	results = jobs_run(jobs, n, verbose);
	if (!results)
		return EXIT_CHECK_FAILED;
	rc = all_good(results) ? EXIT_GOOD : EXIT_CHECK_FAILED;
	all = json_pack("{s:i, s:f, s:b, s:O}", "schema", 1, "seconds",
		(double)(clock_ms() - start) / 1000, "good", rc == EXIT_GOOD,
		"tries", results);
	if (opt.json)
		json_dumpf(all, stdout, JSON_SORT_KEYS | JSON_INDENT(2)), puts("");
	else
		try_show(results, (double)(clock_ms() - start) / 1000);
	json_decref(all);
	json_decref(results);
	return rc;
}
