# The two commands of the README are `make demo` and `make test`; each does its own set-up.
.PHONY: help demo test readers gates api memory build install bench bench-queue origins lint format
PREFIX ?= /usr/local
headers = /usr/include/openssl/ssl.h:libssl-dev /usr/include/sqlite3.h:libsqlite3-dev
SOURCES = Package.swift Sources Tests Examples Benchmarks/Package.swift Benchmarks/Sources \
	Origins/HummingbirdOrigin/Package.swift Origins/HummingbirdOrigin/Sources
# Of the commands' tests those that use the library itself, over TLS.
secure = ^FletchCommandTests\.(SecureClientTests|NginxSessionTests)/

help:
	@sed -n 's/^#: //p' Makefile

#: make demo      build, watch requests being fired and forgotten, and a queue that is killed lose nothing
demo: build
	@scripts/demo

#: make test      every test, the library's once more under the thread sanitizer; installs the servers it needs
# In parts, so that few have to share the processors: on two slow ones a thousand of the queue's tests at once exceed their times.
# Those of the commands, and all under the sanitizer, run one after the other, as they starve each other.
test:
	@scripts/install-missing $(headers) openssl:openssl nginx:nginx-light apache2:apache2-bin node:nodejs \
		python3:python3 ip:iproute2 nft:nftables sysctl:procps script:bsdutils cc:gcc curl:curl unshare:util-linux mount:mount
	scripts/python-packages
	scripts/run-tests --filter '^FletchTests|^FletchTargetTests'
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8 \
		scripts/run-tests --filter '^FletchQueue|^StoreConformance|^FletchServerTests'
	scripts/run-tests --no-parallel --filter '^FletchCommandTests|^FletchDaemonTests'
	scripts/test-sanitized --no-parallel --filter '^FletchTests|^FletchQueue|^StoreConformance|^FletchServerTests|$(secure)' --skip Exhaustion
	FLETCH_MANY_FIRES=1 scripts/test-sanitized --filter everyOneOfMany

#: make readers   the activity feed of fletchd with 1,000 readers, of which 10 are stuck, for half a minute
readers:
	@scripts/install-missing $(headers) python3:python3
	scripts/python-packages
	FLETCH_MANY_READERS=1 scripts/run-tests --filter ActivityLoadTests

#: make gates     the gates of the queue against a naive model: a million random steps
gates:
	@scripts/install-missing $(headers)
	FLETCH_MANY_STEPS=1 scripts/run-tests --filter GatekeeperModelTests

#: make api       the API of fletchd against its OpenAPI document, by schemathesis
api: build
	@python3 -c 'import ensurepip' 2>/dev/null || scripts/install-missing ensurepip:python3-venv
	scripts/check-api

#: make memory    the library's tests under the address sanitizer, but for those that bound times
memory:
	@scripts/install-missing $(headers)
	ASAN_OPTIONS=detect_leaks=0 scripts/run-tests --sanitize=address --scratch-path .build-address \
		--filter '^FletchTests' --skip PiecesTests

#: make build     the commands, in .build/release
build:
	@scripts/install-missing $(headers)
	scripts/build-release

#: make install   the commands, into PREFIX/bin
install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 .build/release/fletch .build/release/fletch-target .build/release/fletchd $(DESTDIR)$(PREFIX)/bin

#: make bench     measure against curl, wrk, Node, async-http-client and C; writes docs/benchmarks.md, unless it is told to
#:                measure only a few sections: SECTIONS="pipeline kept"
bench: build
	@scripts/install-missing node:nodejs python3:python3 curl:curl wrk:wrk ip:iproute2 ethtool:ethtool nginx:nginx-light openssl:openssl
	Benchmarks/run $(SECTIONS)

#: make bench-queue  measure fletchd against RQ, Celery, Dramatiq, Huey and procrastinate; writes
#:                docs/benchmarks-queue.md, or only a few sections of it: SECTIONS="lateness isolation"
initdb = $(firstword $(wildcard /usr/lib/postgresql/*/bin/initdb) initdb)
bench-queue: build
	@scripts/install-missing wrk:wrk nginx:nginx-light python3:python3 redis-server:redis-server $(initdb):postgresql
	@python3 -c 'import ensurepip' 2>/dev/null || scripts/install-missing ensurepip:python3-venv
	Benchmarks/run-queue $(SECTIONS)

#: make origins   try who aborts the work of a client that leaves; writes docs/origins.md, takes root
origins: build
	Origins/run

#: make lint      what CI says about the format, and about which file names which
lint:
	@scripts/install-missing python3:python3
	scripts/test-check-floors
	scripts/check-floors
	swift format lint --strict --recursive --parallel $(SOURCES)

#: make format    apply it
format:
	swift format --in-place --recursive --parallel $(SOURCES)
