// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int open_sysctl(const char *path, int flags)
{
	cleanup(freep) char *full = xasprintf("/proc/sys/%s", path);
	int fd = open(full, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int kernel_sysctl_write(const char *path, const char *value)
{
	int fd = open_sysctl(path, O_WRONLY);
	int rc = 0;

	if (fd < 0)
		return fd;
	if (write(fd, value, strlen(value)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int kernel_sysctl_read(const char *path, char *buf, size_t n)
{
	int fd = open_sysctl(path, O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return fd;
	got = read(fd, buf, n - 1);
	close(fd);
	if (got < 0)
		return -errno;
	buf[got] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int kernel_forwarding(bool on)
{
	const char *v = on ? "1" : "0";
	int rc6 = kernel_sysctl_write("net/ipv6/conf/all/forwarding", v);
	int rc4 = kernel_sysctl_write("net/ipv4/ip_forward", v);

	return rc6 ? rc6 : rc4;
}
