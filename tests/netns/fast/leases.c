// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The leases of a running kadomorid, read from outside through the descriptors
 * of process PID, one a line:
 *
 *	proto source sport destination dport | the same after translation |
 *	usable|waiting age-ms in out packets
 *
 * ESP: its SPI in place of both ports. First line: how many descriptors,
 * slots in use, bytes of all maps. Exit 1: that process has no such table.
 *
 * usage: leases PID
 */
#include "dataplane/lease.h"
#include "dataplane/lease.skel.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PART = 1024 };

static uint32_t now_ticks(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint32_t)(((uint64_t)ts.tv_sec * 1000000000u +
		(uint64_t)ts.tv_nsec) >> LEASE_TICK_SHIFT);
}

static unsigned map_id(const char *pid, const char *fd)
{
	char path[512], line[256];
	unsigned id = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		(void)sscanf(line, "map_id: %u", &id);
	if (f)
		fclose(f);
	return id;
}

struct found {
	int leases, bss;
	uint32_t sets;
	unsigned fds;
	unsigned long long bytes;
};

static void look_at(unsigned id, struct found *f)
{
	struct bpf_map_info info = {0};
	uint32_t n = sizeof(info);
	int fd = bpf_map_get_fd_by_id(id);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &n))
		return;
	f->bytes += (unsigned long long)info.max_entries * info.value_size;
	if (!strcmp(info.name, "leases") && f->leases < 0) {
		f->leases = fd;
		f->sets = info.max_entries;
	} else if (strstr(info.name, ".bss") && f->bss < 0 &&
		/* the section ends where its last variable does */
		info.value_size <= sizeof(struct lease_bpf__bss) &&
		info.value_size + 64 > sizeof(struct lease_bpf__bss)) {
		f->bss = fd;
	} else {
		close(fd);
	}
}

static void find(const char *pid, struct found *f)
{
	unsigned seen[256], n = 0, id;
	char path[512];
	struct dirent *e;
	DIR *d;

	*f = (struct found){-1, -1, 0, 0, 0};
	snprintf(path, sizeof(path), "/proc/%s/fdinfo", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		bool known = false;

		f->fds += *e->d_name != '.';
		id = map_id(pid, e->d_name);
		for (unsigned i = 0; i < n; i++)
			known |= seen[i] == id;
		if (!id || known || n == 256)
			continue;
		seen[n++] = id;
		look_at(id, f);
	}
	if (d)
		closedir(d);
}

static void print_end(int fam, const void *a, uint32_t port)
{
	char s[INET6_ADDRSTRLEN];

	printf(" %s %u", inet_ntop(fam, a, s, sizeof(s)), port);
}

static void print_lease(const struct lease *l, const struct lease_bpf__bss *b)
{
	const struct lease_hop *h = (const void *)&b->hops[l->head &
		(LEASE_HOPS - 1)];
	const struct lease_conf *c = (const void *)&b->conf;
	uint32_t now = now_ticks(), st = l->head >> 16, p = ntohl(l->ports);
	bool six = (l->meta >> 8 & 0xff) == 6, esp = (uint8_t)l->meta == 50;
	uint32_t q = six ? p : ntohl(l->a[4]);
	int fam = six ? AF_INET6 : AF_INET;

	printf("%s", esp ? "esp" : (uint8_t)l->meta == 6 ? "tcp" : "udp");
	print_end(fam, &l->a[0], esp ? p : p >> 16);
	print_end(fam, six ? &l->a[4] : &l->a[1], esp ? p : p & 0xffff);
	print_end(fam, six ? &l->a[0] : &l->a[2], esp ? q : q >> 16);
	print_end(fam, six ? &l->a[4] : &l->a[3], esp ? q : q & 0xffff);
	printf(" %s %d %u %u %u\n", st >= LEASE_PROVEN && l->stamp == lease_stamp(c)
			? "usable" : "waiting",
		(int)(now - lease_checked(l)), c->l3[l->meta >> 16 & (LEASE_PORTS - 1)],
		c->ports[h->port & (LEASE_PORTS - 1)].ifindex, l->packets);
}

/* All slots: counted, or those of the last LEASE_DEAD_MS printed. */
static unsigned walk(const struct found *f, const struct lease_bpf__bss *b)
{
	static struct lease_set v[PART];
	static uint32_t keys[PART];
	uint32_t at = 0, next = 0, n, now;
	unsigned used = 0;

	for (uint32_t first = 0; first < f->sets; first += n) {
		n = PART < f->sets - first ? PART : f->sets - first;
		if (bpf_map_lookup_batch(f->leases, first ? &at : NULL, &next,
			    keys, v, &n, NULL) && errno != ENOENT)
			break;
		at = next;
		now = now_ticks(); /* after what was read */
		for (size_t i = 0; i < (size_t)n * LEASE_WAYS; i++) {
			const struct lease *l = &v[i / LEASE_WAYS].way[i %
				LEASE_WAYS];

			used += l->head >> 16 != LEASE_FREE;
			if (b && l->head >> 16 >= LEASE_PENDING &&
				now - lease_checked(l) <= LEASE_DEAD_MS)
				print_lease(l, b);
		}
		if (!n)
			break;
	}
	return used;
}

int main(int argc, char **argv)
{
	struct lease_bpf__bss *b = malloc(sizeof(*b));
	struct found f;
	uint32_t zero = 0;

	if (argc != 2 || !b)
		return 1;
	find(argv[1], &f);
	if (f.leases < 0 || f.bss < 0 ||
		bpf_map_lookup_elem(f.bss, &zero, b)) {
		printf("fds %u slots 0 bytes 0\n", f.fds);
		return 1;
	}
	printf("fds %u slots %u bytes %llu\n", f.fds, walk(&f, NULL), f.bytes);
	(void)walk(&f, b);
	free(b);
	return 0;
}
