// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"
#include "conf.h"
#include "pin-files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A symbolic link stays one: what it leads to is changed. Caller frees. */
static char *real_of(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : xstrdup(path);
}

/* FOLDER/.NAME.TAIL: no glob of an include takes it for a part of the text. */
static char *hidden(const char *real, const char *tail)
{
	const char *slash = strrchr(real, '/');
	int folder = slash ? (int)(slash + 1 - real) : 0;

	return xasprintf("%.*s.%s%s", folder, real, real + folder, tail);
}

/* Owner and mode as the file that is replaced. */
static int write_like(const char *path, const char *like, const char *text)
{
	size_t n = strlen(text);
	struct stat st;
	int fd, e = 0;

	if (stat(like, &st))
		return -errno;
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, n) != (ssize_t)n || fchmod(fd, st.st_mode & 07777) ||
		(geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid)) || fsync(fd))
		e = errno ? -errno : -EIO;
	if (close(fd) && !e)
		e = -errno;
	if (e)
		unlink(path);
	return e;
}

static void folder_sync(const char *path)
{
	cleanup(freep) char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

/* Is this text, as the whole configuration, one that the gate can run? */
static int check(const char *path)
{
	cleanup(intent_freep) struct intent *in = intent_new();
	cleanup(policy_freep) struct policy *p = NULL;
	struct facts f = {.lenient = false}; /* as kadomori apply */
	struct complaints c = {0};
	int e = intent_load(in, path, &c);

	e = e ? e : policy_compile(in, &f, &c, &p);
	if (e && !opt.json)
		conf_print(&c);
	complaints_done(&c);
	return e;
}

/* text beside path under a name of its own, then in its place. */
static int place(const char *path, const char *text, bool judge)
{
	cleanup(freep) char *real = real_of(path);
	cleanup(freep) char *fresh = hidden(real, ".pin-new");
	int e = write_like(fresh, real, text);

	if (e == 0 && judge)
		e = check(fresh);
	if (e == 0 && rename(fresh, real))
		e = -errno;
	if (e)
		unlink(fresh);
	folder_sync(real);
	return e;
}

static int keep_old(const struct pin_file *f)
{
	cleanup(freep) char *real = real_of(f->path);
	/* the main file is not found by globs, and its old text easily by people */
	cleanup(freep) char *old = strcmp(f->path, opt.conf)
		? hidden(real, ".before-pin") : xasprintf("%s.before-pin", real);

	return write_like(old, real, f->before);
}

int pin_files_back(const struct pin *p)
{
	int e = 0;

	for (size_t i = 0; i < p->file_n; i++) {
		int x = place(p->files[i].path, p->files[i].before, false);

		e = e ? e : x;
	}
	return e;
}

int pin_files_put(const struct pin *p)
{
	/* alone and the main file: it can be judged before it is in place */
	bool alone = p->file_n == 1 && !strcmp(p->files[0].path, opt.conf);
	int e = 0;

	for (size_t i = 0; e == 0 && i < p->file_n; i++)
		e = keep_old(&p->files[i]);
	for (size_t i = 0; e == 0 && i < p->file_n; i++)
		e = place(p->files[i].path, p->files[i].after, alone);
	if (e == 0 && !alone)
		e = check(opt.conf);
	if (e)
		(void)pin_files_back(p);
	return e;
}
