# `make compare` and `make test` do all the set-up on a fresh machine.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: compare test check docs sweep bench-article bench-causes bench-convert bench-locate \
  bench-overhead bench-overlays bench-scaling bench-smaller bench-transfer clean

compare: .venv/installed
	$(BIN)/isograd compare mnist-mlp

test: .venv/installed check
	$(BIN)/python -m compileall -q src  # for the many processes that tests start
	PYTHONHASHSEED=0 $(BIN)/pytest -n 2 --dist loadfile

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/installed
	$(BIN)/mkdocs build --strict

sweep: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check -r tests/sweeps/requirements.txt
	$(BIN)/pytest tests/sweeps
	$(BIN)/python tests/sweeps/run.py

# DATA_DIR: a folder with MNIST's idx files; without it, MNIST is downloaded, or the embedded
# digits are used.
bench-article: .venv/installed
	$(BIN)/python benchmarks/article.py $(if $(DATA_DIR),--data-dir $(DATA_DIR))

# Known causes, planted in small networks: are they found, and nothing else?
bench-causes: .venv/installed
	$(BIN)/python benchmarks/causes.py

# What a conversion takes, and what its result takes beside a network written by hand.
bench-convert: .venv/installed
	$(BIN)/python benchmarks/convert.py
	$(BIN)/python benchmarks/latency.py

# What finding the place where two networks part takes, in forward and backward passes.
bench-locate: .venv/installed
	$(BIN)/python benchmarks/locate.py

bench-overhead: .venv/installed
	$(BIN)/python benchmarks/overhead.py

# Times and bytes of layers against the whole.
bench-overlays: .venv/installed
	$(BIN)/python benchmarks/overlays.py

# Does the model of several workers predict what slower networks do? Takes root, for namespaces.
bench-scaling: .venv/installed
	$(BIN)/python benchmarks/scaling.py

# What smaller forms cost and buy on three networks. DATA_DIR: as for bench-article.
bench-smaller: .venv/installed
	$(BIN)/python benchmarks/smaller.py $(if $(DATA_DIR),--data-dir $(DATA_DIR))

bench-transfer: .venv/installed
	$(BIN)/python benchmarks/transfer.py

# torch comes first and pinned: the index then gives the CPU build, and nothing else pulls CUDA in.
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[all,dev]'
	touch $@

clean:
	rm -rf .venv build site .pytest_cache .mypy_cache .ruff_cache .hypothesis
