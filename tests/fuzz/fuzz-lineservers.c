// SPDX-License-Identifier: GPL-2.0-or-later
/* What a hostile server of the line may answer: DHCPv6, DHCPv4, PPPoE, RA. */
#include "wire/dhcp4.h"
#include "wire/dhcp6.h"
#include "wire/pppoe.h"
#include "wire/ra.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct dhcp6_answer a;
	static struct ra ra;
	struct dhcp4_offer o;
	char name[PPPOE_NAME_MAX];

	if (n < 1)
		return 0;
	switch (data[0] & 3) {
	case 0:
		if (dhcp6_parse(data + 1, n - 1, &a) == 0) {
			printable(a.aftr);
			printable(a.search);
		}
		break;
	case 1: (void)dhcp4_parse(data + 1, n - 1, &o); break;
	case 2:
		(void)pppoe_pado(data + 1, n - 1, 0x6b61646f, name);
		printable(name);
		break;
	default: (void)ra_parse(data + 1, n - 1, &ra); break;
	}
	return 0;
}
