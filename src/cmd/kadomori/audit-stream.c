// SPDX-License-Identifier: GPL-2.0-or-later
#include "audit.h"
#include "command.h"
#include "base/clock.h"

#include <errno.h>
#include <malloc.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS_MAX = 256, LINE_MAX_ = READ_MAX * 2, SHOW_MS = 500 };

static const char *word(json_t *o, const char *key, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : otherwise;
}

static json_t *failed(json_t *id, const char *why)
{
	json_t *r = json_pack("{s:i, s:s, s:s}", "schema", 1, "worst", "error",
		"error", why);

	if (id)
		json_object_set(r, "id", id);
	return r;
}

/* One configuration -> one report. Never NULL. */
static json_t *judge(const struct audit_asked *defaults, json_t *in)
{
	cleanup(pipeline_freep) struct pipeline *pl = NULL;
	cleanup(audit_freep) struct audit *a = NULL;
	struct audit_asked k = *defaults;
	struct audit_request rq = {.line = LINE_AUTO};
	const struct brand *b = NULL;
	json_t *id = json_object_get(in, "id"), *r;
	const char *config = word(in, "config", NULL), *bad = NULL;

	k.mac = word(in, "mac", k.mac);
	k.id = word(in, "device_id", k.id);
	k.ipv4 = word(in, "ipv4", k.ipv4);
	k.line = word(in, "line", k.line);
	k.read.brand = word(in, "kind", k.read.brand);
	k.read.wan = word(in, "wan", k.read.wan);
	k.read.lan = word(in, "lan", k.read.lan);
	if (!config)
		return failed(id, "no \"config\"");
	if (audit_request_of(&k, &rq, &bad))
		return failed(id, bad);
	if (read_text("config", config, &k.read, &pl, &b))
		return failed(id, "not understood as a configuration");
	rq.pl = pl;
	if (audit_run(&rq, &a))
		return failed(id, "could not be judged");
	r = audit_json(a, "config", b);
	if (id)
		json_object_set(r, "id", id);
	return r;
}

static void work(const struct audit_asked *defaults, FILE *in, sem_t *turn)
{
	char *line = NULL;
	size_t cap = 0;

	/* each run wants the same few megabytes: keep them from the kernel */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	while (getline(&line, &cap, in) > 0) {
		json_error_t err;
		json_t *o = json_loads(line, 0, &err);
		json_t *r = o ? judge(defaults, o) : failed(NULL, err.text);
		char *s = json_dumps(r, JSON_COMPACT | JSON_SORT_KEYS);

		while (sem_wait(turn) && errno == EINTR)
			;
		fputs(s ? s : "{}", stdout);
		putchar('\n');
		fflush(stdout);
		sem_post(turn);
		free(s);
		json_decref(r);
		json_decref(o);
	}
	free(line);
}

struct worker {
	pid_t pid;
	FILE *to;
};

static int start(const struct audit_asked *defaults, struct worker *v,
	size_t i, sem_t *turn)
{
	int fd[2];

	if (pipe(fd))
		return -errno;
	v[i].pid = fork();
	if (v[i].pid < 0)
		return -errno;
	if (v[i].pid == 0) {
		/* the others' ends, or their readers would never see the end */
		for (size_t k = 0; k < i; k++)
			close(fileno(v[k].to));
		close(fd[1]);
		work(defaults, fdopen(fd[0], "r"), turn);
		_exit(0);
	}
	close(fd[0]);
	v[i].to = fdopen(fd[1], "w");
	return 0;
}

static void show(size_t n, msec_t since, bool last)
{
	static msec_t before;
	msec_t now = clock_ms();

	if (!isatty(STDERR_FILENO) || (!last && now - before < SHOW_MS))
		return;
	before = now;
	fputc('\r', stderr);
	fprintf(stderr, _("%zu configurations, %.0f a second"), n,
		now > since ? (double)n * 1000 / (double)(now - since) : 0.0);
	if (last)
		fputc('\n', stderr);
}

static size_t deal(struct worker *v, size_t n)
{
	char *line = NULL;
	size_t cap = 0, count = 0;
	msec_t since = clock_ms();
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) > 0) {
		if (len > LINE_MAX_ || strspn(line, " \t\r\n") == (size_t)len)
			continue;
		fwrite(line, 1, (size_t)len, v[count % n].to);
		if (line[len - 1] != '\n')
			putc('\n', v[count % n].to);
		fflush(v[count % n].to);
		count++;
		show(count, since, false);
	}
	for (size_t i = 0; i < n; i++)
		fclose(v[i].to);
	free(line);
	show(count, since, true);
	return count;
}

int audit_stream(const struct audit_asked *defaults)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = cores < 1 ? 1 : cores > WORKERS_MAX ? WORKERS_MAX : (size_t)cores;
	struct worker v[WORKERS_MAX];
	sem_t *turn = mmap(NULL, sizeof(*turn), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int rc = EXIT_GOOD;

	if (turn == MAP_FAILED || sem_init(turn, 1, 1))
		return EXIT_UNDECIDED;
	signal(SIGPIPE, SIG_IGN);
	fflush(stdout);
	for (size_t i = 0; i < n; i++)
		if (start(defaults, v, i, turn)) {
			n = i;
			break;
		}
	if (!n)
		return EXIT_UNDECIDED;
	deal(v, n);
	for (size_t i = 0; i < n; i++) {
		int status = 0;

		/* a worker that died took its lines with it: say so */
		if (waitpid(v[i].pid, &status, 0) != v[i].pid || status) {
			fprintf(stderr, _("kadomori audit: a worker ended early; some lines have no report\n"));
			rc = EXIT_UNDECIDED;
		}
	}
	munmap(turn, sizeof(*turn));
	return rc;
}
