// SPDX-License-Identifier: GPL-2.0-or-later
/* kadomori up, down, apply, diff: the gate's life. */
#include "command.h"
#include "conf.h"
#include "daemon.h"
#include "base/text.h"
#include "dataplane/dataplane.h"
#include "intent/intent.h"
#include "kernel/kernel.h"
#include "nft/nft.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 10000, STEP_MS = 50 };

/* One sentence, or with --json what it says as a word. */
static int say(const char *state, const char *sentence)
{
	json_t *j;

	if (!opt.json) {
		puts(sentence);
		return EXIT_GOOD;
	}
	j = json_pack("{s:i, s:s, s:s}", "schema", 1, "state", state, "text",
		sentence);
	json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(j);
	return EXIT_GOOD;
}

static void sleep_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
}

static bool gate_is_loaded(void)
{
	cleanup(freep) char *a = NULL;
	bool up;
	json_t *s;

	if (daemon_ask("status", &a))
		return false;
	s = json_loads(a, 0, NULL);
	up = json_is_true(json_object_get(s, "gate_loaded"));
	json_decref(s);
	return up;
}

void daemon_path(char *buf, size_t n)
{
	static const char *const tails[] = {"/kadomorid",
		"/../kadomorid/kadomorid", "/../sbin/kadomorid"};
	char exe[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	snprintf(buf, n, "kadomorid");
	if (len <= 0)
		return;
	exe[len] = '\0';
	slash = strrchr(exe, '/');
	if (!slash)
		return;
	*slash = '\0';
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		cleanup(freep) char *p = xasprintf("%s%s", exe, tails[i]);
		struct stat st;

		if (!stat(p, &st) && S_ISREG(st.st_mode) && !access(p, X_OK)) {
			snprintf(buf, n, "%s", p);
			return;
		}
	}
}

/* The daemon in the background, its words in RUN/kadomorid.log. */
static pid_t spawn_daemon(const char *log, const char *fast)
{
	char path[PATH_MAX + 64];
	pid_t pid;
	int fd;

	daemon_path(path, sizeof(path));
	pid = fork();
	if (pid)
		return pid;
	setsid();
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		dup2(fd, STDIN_FILENO);
	execlp(path, "kadomorid", "--conf", opt.conf, "--run", daemon_folder(),
		"--lang", tr_lang(), "--fast-path", fast, (char *)NULL);
	_exit(127);
}

static void print_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char buf[4096];
	size_t n;

	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		fwrite(buf, 1, n, stderr);
	if (f)
		fclose(f);
}

/* The configuration is judged here first, so that errors come to the terminal. */
static int check_first(void)
{
	cleanup(intent_freep) struct intent *in = NULL;
	cleanup(policy_freep) struct policy *p = NULL;
	struct facts f = {.lenient = false};
	struct complaints c = {0};
	int rc = conf_compile(&f, &in, &p, &c);

	if (!rc)
		conf_interfaces(in, &c);
	conf_print(&c);
	complaints_done(&c);
	return rc;
}

/* "--no-fast-path", "--fast-path WAY"; NULL: something else. */
static const char *fast_path_of(int argc, char **argv)
{
	static const char *const ways[] = {"auto", "native", "tc", "off"};

	if (argc == 1)
		return "auto";
	if (argc == 2 && !strcmp(argv[1], "--no-fast-path"))
		return "off";
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		if (argc == 3 && !strcmp(argv[1], "--fast-path") &&
			!strcmp(argv[2], ways[i]))
			return ways[i];
	return NULL;
}

int cmd_up(int argc, char **argv)
{
	const char *fast = fast_path_of(argc, argv);
	cleanup(freep) char *log = xasprintf("%s/kadomorid.log", daemon_folder());
	cleanup(freep) char *a = NULL;
	int rc = fast ? check_first() : EXIT_USAGE;
	int status = 0;
	pid_t pid;

	if (!fast)
		fprintf(stderr, _("usage: kadomori up [--conf FILE] [--no-fast-path | --fast-path auto|native|tc|off]\n"));
	if (rc)
		return rc;
	if (!daemon_ask("status", &a)) {
		return say("up", _("The gateway is running already."));
	}
	mkdir(daemon_folder(), 0755);
	pid = spawn_daemon(log, fast);
	for (int ms = 0; pid > 0 && ms < WAIT_MS; ms += STEP_MS) {
		if (gate_is_loaded()) {
			return say("up", _("The gate stands."));
		}
		if (waitpid(pid, &status, WNOHANG) == pid)
			break;
		sleep_ms(STEP_MS);
	}
	fprintf(stderr, _("kadomori: the gateway did not start; it said:\n"));
	print_file(log);
	return EXIT_CHECK_FAILED;
}

/* Forwarding goes off before the rules go: the gate is never open. */
/* A daemon that was killed could take nothing away: routes, neighbours and
 * addresses with our mark, the NDP filter on the WAN. */
static void sweep_after_the_dead(void)
{
	cleanup(intent_freep) struct intent *in = intent_new();
	struct complaints c = {0};
	int fd = kernel_rtnl_open(false);

	if (fd >= 0) {
		(void)kernel_rtnl_sweep(fd, NULL, NULL);
		close(fd);
	}
	if (!intent_load(in, opt.conf, &c) && in->wan)
		nd_filter_detach((int)if_nametoindex(in->wan));
	complaints_done(&c);
}

int cmd_down(int argc, char **argv)
{
	cleanup(freep) char *a = NULL;
	cleanup(freep) char *said = NULL;
	cleanup(freep) char *list = NULL;
	int rc;

	(void)argv;
	if (argc > 1) {
		fprintf(stderr, _("usage: kadomori down\n"));
		return EXIT_USAGE;
	}
	rc = daemon_ask("stop", &a);
	if (rc && rc != -ENOENT && rc != -ECONNREFUSED)
		return daemon_complain(rc);
	for (int ms = 0; !rc && ms < WAIT_MS; ms += STEP_MS) {
		cleanup(freep) char *again = NULL;

		if (daemon_ask("status", &again))
			break;
		sleep_ms(STEP_MS);
	}
	(void)kernel_forwarding(false);
	if (rc)
		sweep_after_the_dead();
	if (kernel_nft_list("table " NFT_TABLE, &list) == 0 &&
		kernel_nft_run("delete table " NFT_TABLE, &said)) {
		fprintf(stderr, "kadomori: %s\n", said ? said : "");
		return EXIT_CHECK_FAILED;
	}
	(void)kernel_nft_run("add table " NFT_ESP_TABLE "\ndelete table " NFT_ESP_TABLE, NULL);
	return say("down", _("The gate is down: nothing is forwarded any more."));
}

static char *reply_wanted(int *rc)
{
	cleanup(freep) char *rules = NULL;
	cleanup(freep) char *said = NULL;
	char *canonical = NULL;

	*rc = daemon_ask("rules", &rules);
	if (*rc) {
		*rc = daemon_complain(*rc);
		return NULL;
	}
	if (kernel_nft_canonical(rules, "table " NFT_TABLE, &canonical, &said)) {
		fprintf(stderr, "kadomori: nft: %s\n", said ? said : "");
		*rc = EXIT_CHECK_FAILED;
		return NULL;
	}
	return canonical;
}

static int print_diff(size_t n, const char *text)
{
	json_t *j;

	if (opt.json) {
		j = json_pack("{s:i, s:b, s:I, s:s}", "schema", 1, "equal", n == 0,
			"lines", (json_int_t)n, "diff", text);
		json_dumpf(j, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
		putchar('\n');
		json_decref(j);
	} else if (n) {
		fputs(text, stdout);
		printf(_("%zu line(s) differ: - is loaded but not wanted, + is wanted but not loaded. \"kadomori apply\" mends it.\n"),
			n);
	} else {
		puts(_("What is loaded is what is wanted."));
	}
	return n ? EXIT_CHECK_FAILED : EXIT_GOOD;
}

int cmd_diff(int argc, char **argv)
{
	cleanup(freep) char *wanted = NULL;
	cleanup(freep) char *running = NULL;
	cleanup(freep) char *nw = NULL;
	cleanup(freep) char *nr = NULL;
	struct text out = TEXT_INIT;
	int rc = EXIT_USAGE;
	size_t n;

	(void)argv;
	if (argc > 1)
		fprintf(stderr, _("usage: kadomori diff [--json]\n"));
	else
		wanted = reply_wanted(&rc);
	if (!wanted)
		return rc;
	if (kernel_nft_list("table " NFT_TABLE, &running))
		running = xstrdup("");
	nw = nft_normalise(wanted);
	nr = nft_normalise(running);
	n = nft_diff(nr, nw, &out);
	rc = print_diff(n, text_str(&out));
	text_done(&out);
	return rc;
}

/* Did the daemon take the new text? It runs the same file, so "rules" tells. */
int gate_apply(void)
{
	cleanup(freep) char *a = NULL;
	cleanup(freep) char *before = NULL;
	int rc = daemon_ask("generation", &before);

	if (!rc)
		rc = daemon_ask("reload", &a);
	if (rc)
		return rc;
	for (int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		cleanup(freep) char *now = NULL;

		sleep_ms(STEP_MS);
		if (!daemon_ask("generation", &now) && strcmp(now, before) != 0)
			return 0;
	}
	return -ETIMEDOUT;
}

int cmd_apply(int argc, char **argv)
{
	int rc = argc > 1 ? EXIT_USAGE : check_first();

	(void)argv;
	if (argc > 1)
		fprintf(stderr, _("usage: kadomori apply [--conf FILE]\n"));
	if (rc)
		return rc;
	rc = gate_apply();
	if (rc == 0)
		return say("applied", _("The new configuration rules; running connections go on."));
	if (rc != -ETIMEDOUT)
		return daemon_complain(rc);
	fprintf(stderr, _("kadomori: the gateway did not take the new configuration; its log says why. The old one goes on.\n"));
	return EXIT_CHECK_FAILED;
}
