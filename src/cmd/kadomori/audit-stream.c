// SPDX-License-Identifier: GPL-2.0-or-later
#include "audit.h"
#include "command.h"
#include "tar.h"
#include "base/clock.h"
#include "proof/proof.h"

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

enum { WORKERS_MAX = 256, LINE_MAX_ = READ_MAX * 2, SHOW_MS = 500,
	NODES_MAX = 1 << 16 };

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

/* What all configurations have in common is thought once a process. */
static struct proof *workbench(void)
{
	static struct proof *pr;

	if (pr && proof_nodes(pr) > NODES_MAX) {
		proof_free(pr);
		pr = NULL;
	}
	if (!pr)
		pr = proof_new();
	return pr;
}

static json_t *report_on(const struct audit_asked *k, json_t *id,
	const char *config)
{
	cleanup(pipeline_freep) struct pipeline *pl = NULL;
	cleanup(audit_freep) struct audit *a = NULL;
	struct audit_request rq = {.line = LINE_AUTO, .pr = workbench()};
	const struct brand *b = NULL;
	const char *bad = NULL;
	json_t *r;

	if (audit_request_of(k, &rq, &bad))
		return failed(id, bad);
	if (read_text("config", config, &k->read, &pl, &b))
		return failed(id, "not understood as a configuration");
	rq.pl = pl;
	if (audit_run(&rq, &a))
		return failed(id, "could not be judged");
	r = audit_json(a, "config", b, config);
	if (id)
		json_object_set(r, "id", id);
	return r;
}

/* One line -> one report. Never NULL. */
static json_t *judge(const struct audit_asked *defaults, json_t *in)
{
	struct audit_asked k = *defaults;
	json_t *id = json_object_get(in, "id");
	const char *config = word(in, "config", NULL);

	k.mac = word(in, "mac", k.mac);
	k.id = word(in, "device_id", k.id);
	k.ipv4 = word(in, "ipv4", k.ipv4);
	k.line = word(in, "line", k.line);
	k.read.brand = word(in, "kind", k.read.brand);
	k.read.wan = word(in, "wan", k.read.wan);
	k.read.lan = word(in, "lan", k.read.lan);
	return config ? report_on(&k, id, config) : failed(id, "no \"config\"");
}

/*
 * "T NAME-LENGTH LENGTH\n", both as they are: a configuration may be in any
 * encoding, JSON may not.
 */
static json_t *judge_raw(const struct audit_asked *defaults, const char *line,
	FILE *in)
{
	cleanup(freep) char *name = NULL;
	cleanup(freep) char *body = NULL;
	cleanup(freep) char *shown = NULL;
	size_t name_n, n;
	json_t *id, *r;

	if (sscanf(line, "T %zu %zu", &name_n, &n) != 2)
		return failed(NULL, "lost");
	name = xcalloc(1, name_n + 1);
	body = xcalloc(1, n + 1);
	if (fread(name, 1, name_n, in) != name_n || fread(body, 1, n, in) != n)
		return failed(NULL, "lost");
	shown = text_printable(name, name_n);
	id = json_string(shown);
	r = !n ? failed(id, "empty, or larger than 16 MiB")
	    : strlen(body) != n ? failed(id, "not a text")
				: report_on(defaults, id, body);
	json_decref(id);
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
		bool raw = *line == 'T';
		json_t *o = raw ? NULL : json_loads(line, 0, &err);
		json_t *r = raw ? judge_raw(defaults, line, in)
			    : o ? judge(defaults, o) : failed(NULL, err.text);
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

static size_t deal_lines(struct worker *v, size_t n, msec_t since)
{
	char *line = NULL;
	size_t cap = 0, count = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) > 0) {
		FILE *to = v[count % n].to;

		if (strspn(line, " \t\r\n") == (size_t)len)
			continue;
		if (len > LINE_MAX_) { /* said, not swallowed */
			fputs("{}\n", to);
		} else {
			fwrite(line, 1, (size_t)len, to);
			if (line[len - 1] != '\n')
				putc('\n', to);
		}
		fflush(to);
		show(++count, since, false);
	}
	free(line);
	return count;
}

/* Returns how many, and whether the tar was whole. */
static size_t deal_tar(struct worker *v, size_t n, msec_t since, bool *whole)
{
	struct tar_file t = {0};
	size_t count = 0;
	int rc;

	while ((rc = tar_next(stdin, READ_MAX, &t)) > 0) {
		FILE *to = v[count % n].to;

		fprintf(to, "T %zu %zu\n", t.name.len, t.body.len);
		fwrite(text_str(&t.name), 1, t.name.len, to);
		fwrite(text_str(&t.body), 1, t.body.len, to);
		fflush(to);
		show(++count, since, false);
	}
	tar_done(&t);
	*whole = rc == 0;
	return count;
}

/* A tar begins with a file's name, a line of JSON with a brace. */
static bool deal(struct worker *v, size_t n)
{
	msec_t since = clock_ms();
	int c = getc(stdin);
	bool whole = true;
	size_t count;

	if (c != EOF)
		ungetc(c, stdin);
	if (c == EOF || strchr("{ \t\r\n", c))
		count = deal_lines(v, n, since);
	else
		count = deal_tar(v, n, since, &whole);
	for (size_t i = 0; i < n; i++)
		fclose(v[i].to);
	show(count, since, true);
	if (!whole)
		fprintf(stderr, _("kadomori audit: what comes in is no whole tar and no JSON; it was read as far as possible\n"));
	return whole;
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
	if (!deal(v, n))
		rc = EXIT_UNDECIDED;
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
