// SPDX-License-Identifier: GPL-2.0-or-later
/* Codes as heard on the phone. */
#include "doctor/doctor.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct doctor_code c, again;
	char s[64], b[DOCTOR_CODE_STR];

	if (n >= sizeof(s))
		return 0;
	memcpy(s, p, n);
	s[n] = 0;
	if (doctor_code_parse(s, &c) < 0)
		return 0;
	doctor_code_format(&c, b);
	if (doctor_code_parse(b, &again) < 0 || again.line != c.line ||
		again.good != c.good || again.check != c.check)
		abort();
	return 0;
}
