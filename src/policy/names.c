// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/policy.h"

const char *role_name(enum role r)
{
	switch (r) {
	case ROLE_WAN:	return "wan";
	case ROLE_LAN:	return "lan";
	case ROLE_SELF:	return "self";
	case ROLE_SEG:	return "segment";
	}
	return "?";
}

const char *ct_state_name(enum ct_state s)
{
	switch (s) {
	case CT_NEW:		return "new";
	case CT_ESTABLISHED:	return "established";
	case CT_RELATED:	return "related";
	case CT_INVALID:	return "invalid";
	case CT_UNTRACKED:	return "untracked";
	}
	return "?";
}

const char *field_name(enum field f)
{
	switch (f) {
	case F_FAMILY:		return "family";
	case F_IN:		return "in";
	case F_OUT:		return "out";
	case F_CT:		return "ct";
	case F_DNAT:		return "dnat";
	case F_SRC:		return "src";
	case F_DST:		return "dst";
	case F_PROTO:		return "proto";
	case F_SPORT:		return "sport";
	case F_DPORT:		return "dport";
	case F_ITYPE:		return "icmp-type";
	case F_ICODE:		return "icmp-code";
	case F_TCPFLAGS:	return "tcp-flags";
	case F_EXTHDR:		return "extension-header";
	case F_FRAG:		return "fragment";
	case F_SPI:		return "spi";
	case F_OPAQUE:		return "opaque";
	}
	return "?";
}

const char *verdict_name(enum verdict v)
{
	switch (v) {
	case V_ACCEPT:		return "accept";
	case V_DROP:		return "drop";
	case V_REJECT:		return "reject";
	case V_RETURN:		return "return";
	case V_JUMP:		return "jump";
	case V_GOTO:		return "goto";
	case V_CONTINUE:	return "continue";
	}
	return "?";
}

const char *path_name(enum path p)
{
	switch (p) {
	case PATH_FORWARD:	return "forward";
	case PATH_INPUT:	return "input";
	case PATH_OUTPUT:	return "output";
	}
	return "?";
}
