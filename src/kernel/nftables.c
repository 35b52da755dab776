// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/kernel.h"
#include "base/text.h"

#include <errno.h>
#include <nftables/libnftables.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLAIN = NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_NUMERIC_PROTO,
	WITH_HANDLES = PLAIN | NFT_CTX_OUTPUT_HANDLE,
	AS_JSON = PLAIN | NFT_CTX_OUTPUT_JSON };

static struct nft_ctx *kept;
static pid_t kept_by;

void kernel_nft_keep(void)
{
	kept_by = getpid();
}

/* A child's network may be another one. */
static bool keeps(void)
{
	return kept_by == getpid();
}

static struct nft_ctx *open_ctx(bool dry, unsigned flags)
{
	struct nft_ctx *ctx = keeps() ? kept : NULL;

	if (!ctx)
		ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!ctx)
		return NULL;
	if (keeps())
		kept = ctx;
	/* used once more, this empties the buffers */
	nft_ctx_buffer_output(ctx);
	nft_ctx_buffer_error(ctx);
	nft_ctx_set_dry_run(ctx, dry);
	nft_ctx_output_set_flags(ctx, flags);
	return ctx;
}

/* After an error nobody knows what the socket still holds; that there is no such
 * table is an answer as others are. */
static void done_ctx(struct nft_ctx *ctx, int rc)
{
	if (keeps() && (!rc || rc == -ENOENT))
		return;
	if (keeps())
		kept = NULL;
	nft_ctx_free(ctx);
}

static int classify(const char *said)
{
	if (strstr(said, "Operation not permitted"))
		return -EPERM;
	if (strstr(said, "No such file or directory"))
		return -ENOENT;
	return -EINVAL;
}

static int run_as(const char *commands, bool dry, unsigned flags, char **out,
	char **said)
{
	struct nft_ctx *ctx = open_ctx(dry, flags);
	int rc;

	if (!ctx)
		return -ENOMEM;
	rc = nft_run_cmd_from_buffer(ctx, commands);
	if (rc) { /* the buffer is empty after it was read once */
		const char *words = nft_ctx_get_error_buffer(ctx);

		rc = classify(words);
		if (said)
			*said = xstrdup(words);
	}
	if (out && !rc)
		*out = xstrdup(nft_ctx_get_output_buffer(ctx));
	done_ctx(ctx, rc);
	return rc;
}

static int run(const char *commands, bool dry, char **out, char **said)
{
	return run_as(commands, dry, PLAIN, out, said);
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

int kernel_nft_list_counted(const char *const *what, size_t n, char **ret)
{
	struct text cmd = TEXT_INIT;
	int rc;

	for (size_t i = 0; i < n; i++)
		text_addf(&cmd, "list %s\n", what[i]);
	rc = run_as(text_str(&cmd), false, NFT_CTX_OUTPUT_NUMERIC_PROTO, ret,
		NULL);
	text_done(&cmd);
	return rc;
}

/* A network namespace of our own; without root, inside a user namespace. */
static int empty_network(void)
{
	if (unshare(CLONE_NEWNET) == 0)
		return 0;
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) ? -errno : 0;
}

static int write_all(int fd, const char *p, size_t left)
{
	while (left) {
		ssize_t n = write(fd, p, left);

		if (n <= 0)
			return -EIO;
		p += n;
		left -= (size_t)n;
	}
	return 0;
}

static int list_as(const char *what, unsigned flags, char **out, char **said)
{
	cleanup(freep) char *list = xasprintf("list %s", what);

	return run_as(list, false, flags, out, said);
}

/* In the child: load, list both ways with a NUL between, to the pipe. */
static int list_elsewhere(const char *commands, const char *what,
	const unsigned flags[2], int fd)
{
	cleanup(freep) char *said = NULL;
	int rc = empty_network();

	if (!rc)
		rc = run(commands, false, NULL, &said);
	for (int i = 0; !rc && i < 2; i++) {
		cleanup(freep) char *out = NULL;

		rc = list_as(what, flags[i], &out, &said);
		if (!rc)
			rc = write_all(fd, out, strlen(out) + (i == 0));
	}
	if (rc && said)
		(void)write_all(fd, said, strlen(said));
	return -rc;
}

static struct text read_all(int fd)
{
	struct text t = TEXT_INIT;
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		text_addn(&t, buf, (size_t)n);
	return t;
}

/* got: two listings with a NUL between, or what nft complained. */
static int elsewhere(const char *commands, const char *what,
	const unsigned flags[2], struct text *got)
{
	int fd[2], status = 0;
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
		_exit(list_elsewhere(commands, what, flags, fd[1]));
	}
	close(fd[1]);
	*got = read_all(fd[0]);
	close(fd[0]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -EIO;
	return -WEXITSTATUS(status);
}

int kernel_nft_canonical(const char *commands, const char *what, char **ret,
	char **said)
{
	static const unsigned flags[2] = {PLAIN, PLAIN};
	struct text got = TEXT_INIT;
	int rc = elsewhere(commands, what, flags, &got);
	char *first = xstrdup(text_str(&got));

	text_done(&got);
	if (rc && said)
		*said = first;
	else if (rc)
		free(first);
	else
		*ret = first;
	return rc;
}

void nft_listing_done(struct nft_listing *l)
{
	free(l->json);
	free(l->handles);
	*l = (struct nft_listing){0};
}

int kernel_nft_listing(const char *commands, const char *what,
	struct nft_listing *ret, char **said)
{
	static const unsigned flags[2] = {AS_JSON, WITH_HANDLES};
	struct text got = TEXT_INIT;
	size_t first;
	int rc;

	*ret = (struct nft_listing){0};
	if (!commands) {
		rc = list_as(what, AS_JSON, &ret->json, said);
		rc = rc ? rc : list_as(what, WITH_HANDLES, &ret->handles, said);
		if (rc)
			nft_listing_done(ret);
		return rc;
	}
	rc = elsewhere(commands, what, flags, &got);
	first = strlen(text_str(&got));
	if (!rc && first < got.len) {
		ret->json = xstrdup(text_str(&got));
		ret->handles = xstrdup(text_str(&got) + first + 1);
	} else if (said) {
		*said = xstrdup(text_str(&got));
	}
	text_done(&got);
	return rc;
}
