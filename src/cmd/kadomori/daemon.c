// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"
#include "daemon.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX = 8 << 20, PATIENCE_S = 5 };

const char *daemon_folder(void)
{
	const char *env = getenv("KADOMORI_RUN");

	return opt.run ? opt.run : env && *env ? env : "/run/kadomori";
}

static int dial(void)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct timeval tv = {PATIENCE_S, 0};
	int n = snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/kadomori.sock",
		daemon_folder());
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (n >= (int)sizeof(sa.sun_path) ||
		connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		int rc = n >= (int)sizeof(sa.sun_path) ? -ENAMETOOLONG : -errno;

		close(fd);
		return rc;
	}
	return fd;
}

int daemon_ask(const char *question, char **ret)
{
	cleanup(freep) char *line = xasprintf("%s\n", question);
	struct text t = TEXT_INIT;
	char buf[8192];
	ssize_t n = 0;
	int fd = dial();

	if (fd < 0)
		return fd;
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0) {
		close(fd);
		return -EPIPE;
	}
	while (t.len < ANSWER_MAX && (n = read(fd, buf, sizeof(buf))) > 0)
		text_addn(&t, buf, (size_t)n);
	close(fd);
	if (n < 0) {
		text_done(&t);
		return -ETIMEDOUT;
	}
	*ret = text_take(&t);
	return 0;
}

int daemon_complain(int rc)
{
	if (rc == -EACCES || rc == -EPERM) {
		fprintf(stderr, _("kadomori: only root may ask the gateway: run it with sudo\n"));
		return EXIT_NOT_PERMITTED;
	}
	if (rc == -ENOENT || rc == -ECONNREFUSED) {
		fprintf(stderr, _("kadomori: the gateway is not running (no answer at %s/kadomori.sock). Start it: kadomori up\n"),
			daemon_folder());
		return EXIT_CHECK_FAILED;
	}
	fprintf(stderr, _("kadomori: the gateway did not answer: %s\n"),
		strerror(-rc));
	return EXIT_CHECK_FAILED;
}
