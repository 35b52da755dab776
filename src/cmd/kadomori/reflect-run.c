// SPDX-License-Identifier: GPL-2.0-or-later
#include "reflect-run.h"
#include "resolve.h"
#include "base/tr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a home should not show: remote logins, files, printers, cameras, pages. */
static const uint16_t tcp_ports[] = {22, 23, 80, 139, 443, 445, 548, 554, 631,
	3389, 5000, 5555, 8080, 8443, 9100};
static const uint16_t udp_ports[] = {53, 123, 161, 1900, 5353};

void reflect_args_init(struct reflect_args *a)
{
	*a = (struct reflect_args){.port = REFLECT_PORT, .idle_ms = IDLE_MS,
		.tcp_n = ARRAY_LEN(tcp_ports), .udp_n = ARRAY_LEN(udp_ports)};
	memcpy(a->tcp, tcp_ports, sizeof(tcp_ports));
	memcpy(a->udp, udp_ports, sizeof(udp_ports));
}

static bool take_ports(const char *s, uint16_t *p, size_t *n)
{
	char *end;

	for (*n = 0; *s; s = *end ? end + 1 : end) {
		unsigned long v = strtoul(s, &end, 10);

		if (end == s || (*end && *end != ',') || !v || v > 65535 ||
			*n == REFLECT_PORTS_MAX)
			return false;
		p[(*n)++] = (uint16_t)v;
	}
	return true;
}

static bool take_addr(const char *s, struct endpoint *e)
{
	return addr_parse(s, &e->fam, &e->addr) == 0;
}

static bool take_number(const char *s, unsigned long max, unsigned long *ret)
{
	char *end;

	*ret = strtoul(s, &end, 10);
	return *s >= '0' && *s <= '9' && !*end && *ret && *ret <= max;
}

static bool take_value(struct reflect_args *a, const char *name, const char *v)
{
	unsigned long n;

	if (!strcmp(name, "--key"))
		return (a->key_file = v);
	if (!strcmp(name, "--source"))
		return take_addr(v, &a->source);
	if (!strcmp(name, "--listen"))
		return a->listen_n < REFLECT_PLACES_MAX &&
			take_addr(v, &a->listen[a->listen_n++]);
	if (!strcmp(name, "--tcp"))
		return take_ports(v, a->tcp, &a->tcp_n);
	if (!strcmp(name, "--udp"))
		return take_ports(v, a->udp, &a->udp_n);
	if (!strcmp(name, "--port") && take_number(v, 65535, &n)) {
		a->port = (uint16_t)n;
		return true;
	}
	if (!strcmp(name, "--idle") && take_number(v, 600, &n)) {
		a->idle_ms = (unsigned)n * 1000;
		return true;
	}
	return false;
}

int reflect_args_take(struct reflect_args *a, int argc, char **argv, int *i)
{
	static const char *const valued[] = {"--key", "--source", "--listen",
		"--tcp", "--udp", "--port", "--idle"};
	const char *s = argv[*i];

	if (!strcmp(s, "-4") || !strcmp(s, "-6")) {
		a->fam = s[1] == '4' ? FAM_4 : FAM_6;
		return 1;
	}
	if (!strcmp(s, "--quick")) {
		a->quick = true;
		return 1;
	}
	for (size_t k = 0; k < ARRAY_LEN(valued); k++)
		if (!strcmp(s, valued[k])) {
			if (++*i >= argc || !take_value(a, s, argv[*i]))
				return -1;
			return 1;
		}
	return 0;
}

bool reflect_args_read(int argc, char **argv, struct reflect_args *a)
{
	reflect_args_init(a);
	for (int i = 0; i < argc; i++) {
		int t = reflect_args_take(a, argc, argv, &i);

		if (t < 0 || (t == 0 && (a->host || argv[i][0] == '-')))
			return false;
		if (t == 0)
			a->host = argv[i];
	}
	for (size_t i = 0; i < a->listen_n; i++)
		a->listen[i].port = a->port;
	return a->key_file;
}

int reflect_key_read(const char *file, struct reflect_key *ret)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	*ret = (struct reflect_key){0};
	if (fd < 0 || fstat(fd, &st) < 0) {
		fprintf(stderr, "kadomori: %s: %s\n", file, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -EINVAL;
	}
	n = read(fd, ret->b, sizeof(ret->b));
	close(fd);
	ret->n = n < 0 ? 0 : (size_t)n;
	while (ret->n && (ret->b[ret->n - 1] == '\n' || ret->b[ret->n - 1] == '\r'))
		ret->n--;
	if (st.st_mode & (S_IRWXG | S_IRWXO)) {
		fprintf(stderr, _("kadomori: %s: others can read this key (chmod 600)\n"),
			file);
		return -EINVAL;
	}
	if (ret->n < REFLECT_KEY_MIN) {
		fprintf(stderr, _("kadomori: %s: a key has at least %d bytes (kadomori reflect key makes one)\n"),
			file, REFLECT_KEY_MIN);
		return -EINVAL;
	}
	return 0;
}

int reflect_args_want(const struct reflect_args *a, struct reflect_ask_want *ret)
{
	*ret = (struct reflect_ask_want){.self = a->source, .key = a->key,
		.tcp = a->tcp, .tcp_n = a->tcp_n, .udp = a->udp,
		.udp_n = a->udp_n, .idle_ms = a->idle_ms, .quick = a->quick};
	return resolve(a->host, a->source.fam ? a->source.fam : a->fam, a->port,
		&ret->server);
}
