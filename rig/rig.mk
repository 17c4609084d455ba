# Everything that `make` does; the programs are in rig/.
HOTLINE ?= can-tho
FROM ?= 0912345678
NAME ?=
SECONDS ?= 30
KEYS ?= 1
CARRIER ?= yes
PART ?=
SEED ?=
PREFIX ?=
PYTHON := .venv/bin/python
SUDO := $(if $(filter 0,$(shell id -u)),,sudo -E)
export HOTLINE FROM NAME KEYS CARRIER
# (SECONDS itself is a variable that bash counts up)
export CALL_SECONDS := $(SECONDS)

.DEFAULT_GOAL := help
.PHONY: help run call prompts asterisk asterisk-install test check bench torture clean

help:
	@printf '%s\n' \
	'make run                  everything, on loopback; Ctrl-C stops it (CARRIER=no leaves the carrier out)' \
	'make call                 a citizen calls: HOTLINE=can-tho FROM=0912345678 NAME= SECONDS=30 KEYS=1' \
	'make test                 every test, with what they need' \
	'make check                the fast ones' \
	'make bench                measurements, as JSON' \
	'make torture              kill -9 at random: PART=calls|deadlines|ivr|recordings|sms SEED=n' \
	'make prompts              speak the prompts whose text changed' \
	'make asterisk             get Asterisk 22 or later' \
	'make asterisk-install PREFIX=/etc/asterisk   put our configuration into an existing PBX' \
	'make clean                remove what was built (not .run/, not .asterisk/)'

run:
	@rig/install.sh run
	@exec $(SUDO) setpriv --pdeathsig TERM $(PYTHON) -m rig.run

call:
	@test -x $(PYTHON) || { echo 'make call: start "make run" in another terminal first' >&2; exit 1; }
	@exec $(SUDO) $(PYTHON) -m rig.call

prompts:
	@$(PYTHON) -m ivr.prompt_builder

asterisk:
	@rig/install.sh asterisk

asterisk-install:
	@test -x $(PYTHON) || rig/install.sh run
	@$(PYTHON) -m rig.asterisk_install "$(PREFIX)"

test:
	@rig/install.sh test
	@rig/test.sh

check:
	@rig/install.sh test
	@rig/check.sh

bench:
	@rig/install.sh test
	@$(PYTHON) -m benchmarks

torture:
	@rig/install.sh test
	@$(PYTHON) -m tests.torture $(if $(PART),--part $(PART)) $(if $(SEED),--seed $(SEED))

clean:
	rm -rf node_modules web/static build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .test *.egg-info
