// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/kernel.h"
#include "base/text.h"

#include <errno.h>
#include <nftables/libnftables.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static struct nft_ctx *open_ctx(bool dry)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!ctx)
		return NULL;
	nft_ctx_buffer_output(ctx);
	nft_ctx_buffer_error(ctx);
	nft_ctx_set_dry_run(ctx, dry);
	nft_ctx_output_set_flags(ctx,
		NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_NUMERIC_PROTO);
	return ctx;
}

static int classify(const char *said)
{
	if (strstr(said, "Operation not permitted"))
		return -EPERM;
	if (strstr(said, "No such file or directory"))
		return -ENOENT;
	return -EINVAL;
}

static int run(const char *commands, bool dry, char **out, char **said)
{
	struct nft_ctx *ctx = open_ctx(dry);
	int rc;

	if (!ctx)
		return -ENOMEM;
	rc = nft_run_cmd_from_buffer(ctx, commands);
	if (rc)
		rc = classify(nft_ctx_get_error_buffer(ctx));
	if (said && rc)
		*said = xstrdup(nft_ctx_get_error_buffer(ctx));
	if (out && !rc)
		*out = xstrdup(nft_ctx_get_output_buffer(ctx));
	nft_ctx_free(ctx);
	return rc;
}

int kernel_nft_run(const char *commands, char **said)
{
	return run(commands, false, NULL, said);
}

int kernel_nft_check(const char *commands, char **said)
{
	return run(commands, true, NULL, said);
}

int kernel_nft_list(const char *what, char **ret)
{
	cleanup(freep) char *cmd = xasprintf("list %s", what);

	return run(cmd, false, ret, NULL);
}

/* In the child: own namespace, load, list, write to the pipe. */
static int list_elsewhere(const char *commands, const char *what, int fd)
{
	cleanup(freep) char *out = NULL;
	cleanup(freep) char *said = NULL;
	cleanup(freep) char *list = xasprintf("list %s", what);
	int rc = unshare(CLONE_NEWNET) ? -errno : 0;
	const char *p;
	size_t left;

	if (!rc)
		rc = run(commands, false, NULL, &said);
	if (!rc)
		rc = run(list, false, &out, &said);
	p = rc ? said ? said : "" : out;
	for (left = strlen(p); left;) {
		ssize_t n = write(fd, p, left);

		if (n <= 0)
			return EIO;
		p += n;
		left -= (size_t)n;
	}
	return -rc;
}

static char *read_all(int fd)
{
	struct text t = TEXT_INIT;
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		text_addn(&t, buf, (size_t)n);
	return text_take(&t);
}

int kernel_nft_canonical(const char *commands, const char *what, char **ret,
	char **said)
{
	int fd[2], status = 0;
	char *got;
	pid_t pid;

	if (pipe(fd))
		return -errno;
	pid = fork();
	if (pid < 0) {
		close(fd[0]);
		close(fd[1]);
		return -errno;
	}
	if (!pid) {
		close(fd[0]);
		_exit(list_elsewhere(commands, what, fd[1]));
	}
	close(fd[1]);
	got = read_all(fd[0]);
	close(fd[0]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		free(got);
		return -EIO;
	}
	if (WEXITSTATUS(status) == 0)
		*ret = got;
	else if (said)
		*said = got;
	else
		free(got);
	return -WEXITSTATUS(status);
}
