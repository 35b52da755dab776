// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The check character is ISO/IEC 7064 MOD 37,36: it finds every single wrong
 * character and every swap of neighbours.
 */
#include "doctor/doctor.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

enum { BODY = 6, ALL = 2 + BODY + 1 };	/* KM, line, check, cause, check */
static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/*
 * The cause is a digit, or the letter for it where the digit would make the
 * check character an O or I, which are taken for 0 and 1.
 */
static const char other_causes[] = "ABCDEFGHJK";

static unsigned value_of(char c)
{
	return (unsigned)(strchr(alphabet, c) - alphabet);
}

static char check_char(const char *s, size_t n)
{
	unsigned p = 36;

	for (size_t i = 0; i < n; i++) {
		p = (p + value_of(s[i])) % 36;
		p = (p ? p : 36) * 2 % 37;
	}
	return alphabet[(37 - p) % 36];
}

char *doctor_code_format(const struct doctor_code *c, char buf[DOCTOR_CODE_STR])
{
	unsigned cause = c->good ? 0 : c->cause % CAUSES_MAX;
	char body[BODY + 1];

	snprintf(body, sizeof(body), "%s%s%u", doctor_line_code(c->line),
		c->good ? "000" : doctor_check_id(c->check), cause);
	if (strchr("OI", check_char(body, BODY)))
		body[BODY - 1] = other_causes[cause];
	snprintf(buf, DOCTOR_CODE_STR, "KM-%.2s-%.3s-%c%c", body, body + 2,
		body[5], check_char(body, BODY));
	return buf;
}

/* Letters and digits of s, upper case. False when they are not ALL many. */
static bool squeeze(const char *s, char ret[ALL + 1])
{
	size_t n = 0;

	for (; *s; s++) {
		if (*s == '-' || *s == ' ')
			continue;
		if (n == ALL || !isalnum((unsigned char)*s))
			return false;
		ret[n++] = (char)toupper((unsigned char)*s);
	}
	ret[n] = 0;
	return n == ALL;
}

/* What is heard or read for a digit where only a digit can stand. */
static void digit(char *c)
{
	*c = *c == 'O' ? '0' : *c == 'I' ? '1' : *c;
}

static int find_check(const char *b, struct doctor_code *c)
{
	if (!strncmp(b, "000", 3)) {
		c->good = true;
		return 0;
	}
	for (int i = 0; i < CHECK_MAX; i++)
		if (!strncmp(b, doctor_check_id((enum doctor_check)i), 3)) {
			c->check = (enum doctor_check)i;
			return 0;
		}
	return -EINVAL;
}

int doctor_code_parse(const char *s, struct doctor_code *ret)
{
	struct doctor_code c = {0};
	char b[ALL + 1], line[3], want;
	const char *other;

	if (!squeeze(s, b) || strncmp(b, "KM", 2))
		return -EINVAL;
	for (size_t i = 3; i < ALL - 1; i++)
		if (i != 4) /* the check's letter */
			digit(&b[i]);
	if (b[4] == 'O')
		b[4] = '0';
	want = check_char(b + 2, BODY);
	digit(&b[ALL - 1]); /* it is never O or I */
	if (want != b[ALL - 1])
		return -EBADMSG;
	snprintf(line, sizeof(line), "%.2s", b + 2);
	other = strchr(other_causes, b[7]);
	if (doctor_line_parse(line, &c.line) < 0 || find_check(b + 4, &c) < 0 ||
		(!other && (b[7] < '0' || b[7] > '9')))
		return -EINVAL;
	c.cause = (unsigned)(other ? other - other_causes : b[7] - '0');
	if (!c.good && c.cause && !doctor_why(c.check, c.cause))
		return -EINVAL;
	*ret = c;
	return 0;
}

struct doctor_code doctor_code_of(const struct doctor_obs *o,
	const struct doctor_report *r)
{
	struct doctor_code c = {.line = o->line};
	int first = doctor_first(r);

	if (first < 0) {
		c.good = true;
		return c;
	}
	c.check = (enum doctor_check)first;
	c.cause = r->f[first].cause;
	return c;
}
