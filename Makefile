# The two commands that matter: `make demo` and `make test`. Each installs what is missing.
SWIFT ?= swift
PREFIX ?= /usr/local
# Where the service's configuration lies; below a prefix of one's own, which may be written without being root.
SYSCONFDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),/etc,$(PREFIX)/etc)
# Where zsh looks for completions; Debian has another place for packages.
ZSH_COMPLETIONS ?= $(PREFIX)/share/zsh/site-functions
BUILD_FLAGS ?= -debug-info-format none
RELEASE_FLAGS ?= -c release --static-swift-stdlib $(BUILD_FLAGS)
# Where `make install` and `make deb` take the programs from; `make release` puts them there.
BINARIES ?= .build/release

.PHONY: demo test api-check build release bench faults soak browse lint format install deb deb-check image clean bootstrap

bootstrap:
	@./scripts/bootstrap build

demo:
	@./scripts/bootstrap build
	@./scripts/demo

test:
	@./scripts/bootstrap test
	@./scripts/test

build: bootstrap
	$(SWIFT) build $(BUILD_FLAGS)

release: bootstrap
	$(SWIFT) build $(RELEASE_FLAGS) --product reconcile
	$(SWIFT) build $(RELEASE_FLAGS) --product odooops

bench: bootstrap
	@./scripts/bench

faults: bootstrap
	@./scripts/faults

soak: bootstrap
	@./scripts/soak

# Every page of the console in a real browser; pictures in .build/screenshots.
browse: bootstrap
	@./scripts/browse

# Slow, and so not part of `make test`: made-up requests against every route (schemathesis, from PyPI).
api-check: bootstrap
	$(SWIFT) build $(BUILD_FLAGS) --product reconcile
	@./scripts/api-check

lint:
	@./scripts/lint

format:
	$(SWIFT) format --in-place --recursive Sources Tests Package.swift

# Where no compiler is on the PATH, as under sudo, what `make release` has made before is installed.
install: $(if $(shell command -v $(SWIFT)),release)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 755 $(BINARIES)/reconcile $(DESTDIR)$(PREFIX)/bin/reconcile
	install -m 755 $(BINARIES)/odooops $(DESTDIR)$(PREFIX)/bin/odooops
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -d $(DESTDIR)$(ZSH_COMPLETIONS)
	for program in reconcile odooops; do \
		$(BINARIES)/$$program man > $(DESTDIR)$(PREFIX)/share/man/man1/$$program.1 && \
		$(BINARIES)/$$program completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$program && \
		$(BINARIES)/$$program completion zsh > $(DESTDIR)$(ZSH_COMPLETIONS)/_$$program || exit 1; \
	done
	install -d $(DESTDIR)$(PREFIX)/share/odooops/errors
	install -m 644 docs/errors/*.md $(DESTDIR)$(PREFIX)/share/odooops/errors
	sed 's|@PREFIX@|$(PREFIX)|g; s|@SYSCONFDIR@|$(SYSCONFDIR)|g' packaging/reconcile.service \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/reconcile.service
	# What somebody has written there stays.
	install -d $(DESTDIR)$(SYSCONFDIR)/odooops
	test -e $(DESTDIR)$(SYSCONFDIR)/odooops/reconciler.yaml || \
		install -m 644 packaging/debian/reconciler.yaml $(DESTDIR)$(SYSCONFDIR)/odooops/reconciler.yaml

deb: release
	@./scripts/package --binaries $(BINARIES)

# What the package, the unit and the image's recipe have to be; with every tool that is there.
deb-check: deb
	@./scripts/package-check

image: deb
	docker build --file packaging/Containerfile --tag odooops:latest .build/package

clean:
	rm -rf .build Benchmarks/.build
