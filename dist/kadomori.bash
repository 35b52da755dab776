# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for kadomori(1): commands as the program itself lists them.
_kadomori() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	case $prev in
	--lang) mapfile -t COMPREPLY < <(compgen -W "ja en" -- "$cur"); return ;;
	line) mapfile -t COMPREPLY < <(compgen -W "--host --stun --ca --local --prefix $(ls /sys/class/net 2>/dev/null)" -- "$cur"); return ;;
	--conf|--run|--pcap|--ca) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--router) mapfile -t COMPREPLY < <(compgen -W "$(kadomori routers --json 2>/dev/null | sed -n 's/.*"id": "\([^"]*\)".*/\1/p')" -- "$cur"); return ;;
	--line) mapfile -t COMPREPLY < <(compgen -W "auto flets-ra flets-pd hgw dhcp4 pppoe4 ipip map-e ds-lite private4" -- "$cur"); return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "--json --lang --conf $(kadomori --lang en help 2>/dev/null | awk '/^  [a-z]/ {print $1}')" -- "$cur")
}
complete -o default -F _kadomori kadomori
