# Every target is one line; the plain commands for systems without make stand in README.md.
PYTHON ?= python3

.PHONY: train test check bench ui lock lock-gpu
train: .venv/ready   ; .venv/bin/logitline train data/penguins.toml
test: .venv/ready    ; .venv/bin/python -m pytest -n 2
check: .venv/ready   ; .venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/python -m pytest tests/test_architecture.py
bench: .venv/ready   ; .venv/bin/python -m benchmarks --short
ui: .venv/ready      ; .venv/bin/logitline ui
lock:                ; uv pip compile pyproject.toml --extra dev --extra runtimes --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade -o requirements.lock
# The same with onnxruntime-gpu in onnxruntime's place, which is left out by a marker that never holds.
lock-gpu:            ; echo "onnxruntime ; python_version < '3'" | uv pip compile pyproject.toml --extra dev --extra runtimes --group gpu --override /dev/stdin --constraint requirements.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade -o requirements.gpu.lock

# uv if it is there, else pip; both install the lock by its hashes and nothing else (--no-deps: it is complete),
# then the project itself.
.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'logitline needs Python 3.11 or newer; name one with: make PYTHON=python3.11')"
	$(PYTHON) -m venv .venv
	if command -v uv >/dev/null; then uv pip install --python .venv/bin/python --require-hashes --no-deps -r requirements.lock; else .venv/bin/python -m pip install --require-hashes --no-deps -r requirements.lock; fi
	if command -v uv >/dev/null; then uv pip install --python .venv/bin/python --no-deps --no-build-isolation -e .; else .venv/bin/python -m pip install --no-deps --no-build-isolation -e .; fi
	touch .venv/ready
