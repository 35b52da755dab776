// SPDX-License-Identifier: GPL-2.0-or-later
/* kadomorid: the gateway. main() reads as the list of its steps. */
#include "daemon.h"
#include "fast.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { EXIT_GOOD = 0, EXIT_USAGE = 1, EXIT_CHECK_FAILED = 2,
	EXIT_NOT_PERMITTED = 5 };

static int usage(FILE *to, int rc)
{
	fprintf(to, _("usage: kadomorid [--conf FILE] [--run FOLDER] [--lang ja|en]\n"
		      "                 [--fast-path auto|native|tc|off]\n"
		      "Runs in the foreground. See kadomorid(8).\n"));
	return rc;
}

static int fast_of(const char *s)
{
	static const char *const names[] = {[FAST_AUTO] = "auto",
		[FAST_OFF] = "off", [FAST_TC] = "tc", [FAST_NATIVE] = "native"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(s, names[i]))
			return (int)i;
	return -1;
}

static int options(int argc, char **argv, struct settings *s, const char **lang)
{
	static const struct option longs[] = {
		{"conf", required_argument, NULL, 'c'},
		{"run", required_argument, NULL, 'r'},
		{"lang", required_argument, NULL, 'l'},
		{"fast-path", required_argument, NULL, 'p'},
		{"foreground", no_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int o;

	while ((o = getopt_long(argc, argv, "c:r:l:fh", longs, NULL)) != -1) {
		switch (o) {
		case 'c': s->conf = optarg; break;
		case 'r': s->run = optarg; break;
		case 'l': *lang = optarg; break;
		case 'p':
			s->fast = fast_of(optarg);
			if (s->fast < 0)
				return -1;
			break;
		case 'f': break;
		case 'h': return 'h';
		default: return -1;
		}
	}
	return optind < argc ? -1 : 0;
}

/* One daemon a folder. The lock lives as long as the process. */
static int take_lock(const char *run)
{
	cleanup(freep) char *path = xasprintf("%s/lock", run);
	int fd;

	if (mkdir(run, 0755) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return -EBUSY;
	}
	return fd;
}

static int control_socket(const char *run)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int n = snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/kadomori.sock",
		run);

	if (fd < 0 || n >= (int)sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	unlink(sa.sun_path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) ||
		chmod(sa.sun_path, 0600) || listen(fd, 16)) {
		close(fd);
		return -errno;
	}
	return fd;
}

static struct intent *read_conf(const char *conf)
{
	struct intent *in = intent_new();
	struct complaints c = {0};
	struct text t = TEXT_INIT;
	int rc = intent_load(in, conf, &c);

	complaints_print(&c, &t);
	fputs(text_str(&t), stderr);
	text_done(&t);
	complaints_done(&c);
	if (!rc)
		return in;
	intent_free(in);
	return NULL;
}

bool ndp_filter_wanted(void)
{
	const char *s = getenv("KADOMORI_NDP_FILTER");

	return !s || strcmp(s, "off") != 0;
}

static void check_interface(const char *name)
{
	if (!if_nametoindex(name))
		log_warn(_("there is no interface \"%s\" now; the gate works for it as soon as it appears"),
			name);
}

int main(int argc, char **argv)
{
	struct settings s = {.conf = "/etc/kadomori/kadomori.conf",
		.run = "/run/kadomori"};
	const char *lang = NULL;
	struct intent *in;
	int rc = options(argc, argv, &s, &lang), control;

	tr_open(lang);
	log_open("kadomorid", LOG_INFO);
	if (rc)
		return rc == 'h' ? usage(stdout, EXIT_GOOD)
				 : usage(stderr, EXIT_USAGE);
	if (geteuid() != 0) {
		log_err(_("the gateway changes this machine's network and needs root"));
		return EXIT_NOT_PERMITTED;
	}
	in = read_conf(s.conf);
	if (!in)
		return EXIT_CHECK_FAILED;
	if (!lang && *in->language)
		tr_open(in->language);
	rc = take_lock(s.run);
	if (rc < 0) {
		if (rc == -EBUSY)
			log_err(_("another kadomorid is running (%s/lock is taken); this one ends and changes nothing"),
				s.run);
		else
			log_err(_("cannot use the folder %s: %s"), s.run,
				strerror(-rc));
		return EXIT_CHECK_FAILED;
	}
	control = control_socket(s.run);
	if (control < 0) {
		log_err(_("cannot open %s/kadomori.sock: %s"), s.run,
			strerror(-control));
		return EXIT_CHECK_FAILED;
	}
	check_interface(in->wan);
	for (size_t i = 0; i < in->lan_n; i++)
		check_interface(in->lans[i]);
	auto_line(in);
	return apply_run(&s, in, control);
}
