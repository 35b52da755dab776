# SPDX-License-Identifier: GPL-2.0-or-later
# A thin face over meson. As root on Debian 12:
#   make try    install what is needed, build, run the house in the lab
#   make check  install what is needed, build, run every test
#   make bench  ratios, side by side
#   make soak   ten minutes of two real IPsec devices behind one address
#   make soak-fast   half an hour of mixed traffic over the fast path (SOAK=seconds)
#   make site   the settings of all routers as pages, in build/site
BUILD ?= build
SAN ?= build-san

.PHONY: all deps try check soak soak-fast bench fuzz site clean install san

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@meson setup $(BUILD) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

deps:
	@tools/deps.sh

try: deps all
	@$(BUILD)/src/cmd/kadomori/kadomori lab try

check: deps
	@tools/check.sh

san:
	@test -f $(SAN)/build.ninja || CC=clang meson setup $(SAN) -Db_sanitize=address,undefined >/dev/null
	@ninja -C $(SAN)

# Ten minutes of two real IPsec devices behind one address, through rekeys of
# both and by the gateway; plain masquerade fails in the same place first.
soak: deps all
	@$(BUILD)/tests/netns/two $(BUILD)/src/cmd/kadomorid/kadomorid 600

soak-fast: deps all
	@tests/netns/fast/soak.py $(BUILD)/src/cmd/kadomori/kadomori native $${SOAK:-1800}

bench: deps all
	@bench/run.sh

site: deps all
	@$(BUILD)/src/cmd/kadomori/kadomori site $(BUILD)/site

# half an hour of real traffic with faults thrown in (SOAK=seconds)
fuzz: deps
	@tools/fuzz.sh

install: all
	@meson install -C $(BUILD)

clean:
	rm -rf $(BUILD) $(SAN) build-*
