// SPDX-License-Identifier: GPL-2.0-or-later
/* The household's words for our enums, both ways. */
#include "intent/intent.h"

#include <errno.h>

const char *line_kind_name(enum line_kind k)
{
	switch (k) {
	case LINE_AUTO:		return "auto";
	case LINE_FLETS_RA:	return "flets-ra";
	case LINE_FLETS_PD:	return "flets-pd";
	case LINE_HGW:		return "hgw";
	case LINE_DHCP4:	return "dhcp4";
	case LINE_PPPOE4:	return "pppoe4";
	case LINE_MAPE:		return "map-e";
	case LINE_DSLITE:	return "ds-lite";
	case LINE_PRIVATE4:	return "private4";
	case LINE_IPIP:		return "ipip";
	}
	return "?";
}

int line_kind_parse(const char *word, enum line_kind *ret)
{
	for (int k = 0; k < LINE_KIND_MAX; k++) {
		if (strcmp(word, line_kind_name((enum line_kind)k)))
			continue;
		*ret = (enum line_kind)k;
		return 0;
	}
	return -EINVAL;
}

const char *profile_name(enum profile p)
{
	switch (p) {
	case PROFILE_STANDARD:	return "standard";
	case PROFILE_STRICT:	return "strict";
	}
	return "?";
}

const char *ipsec4_name(enum ipsec4 i)
{
	switch (i) {
	case IPSEC4_KEEP:	return "keep-port";
	case IPSEC4_TRANSLATE:	return "translate";
	case IPSEC4_OFF:	return "off";
	}
	return "?";
}

const char *device_kind_name(enum device_kind k)
{
	switch (k) {
	case DEVICE_CASA:	return "rakuten-casa";
	case DEVICE_IPSEC:	return "ipsec";
	case DEVICE_VOWIFI:	return "vowifi";
	case DEVICE_FEMTO:	return "femtocell";
	case DEVICE_VPN:	return "vpn-box";
	case DEVICE_PLAIN:	return "plain";
	}
	return "?";
}

const char *what_kind_name(enum what_kind k)
{
	switch (k) {
	case WHAT_TCP:		return "tcp";
	case WHAT_UDP:		return "udp";
	case WHAT_ESP:		return "esp";
	case WHAT_AH:		return "ah";
	case WHAT_IKE:		return "ike";
	case WHAT_IPSEC:	return "ipsec";
	case WHAT_PROTO:	return "proto";
	}
	return "?";
}
