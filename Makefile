# The two commands of the README are `make demo` and `make test`; both do their own set-up.
.PHONY: test lint format

test:
	swift test

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests
