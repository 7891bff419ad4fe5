"""Turn the `.proto` files into Python: ``python -m protos.generate [--check]``.

``--check`` generates into a scratch folder and fails, naming the files, when what is committed
differs. Needs grpcio-tools, mypy-protobuf (the `dev` extra).
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ("mypy", "mypy_grpc")
SOURCES = sorted((ROOT / "protos").rglob("*.proto"))


def generate(into: Path) -> None:
    """Write every generated module below `into`, at its import path."""
    services = [path for path in SOURCES if path.name.endswith("_service.proto")]
    protoc(SOURCES, f"--python_out={into}", f"--mypy_out=quiet:{into}")
    protoc(services, f"--grpc_python_out={into}", f"--mypy_grpc_out=quiet:{into}")


def protoc(sources: list[Path], *outputs: str) -> None:
    scripts = Path(sys.executable).parent
    plugins = [f"--plugin=protoc-gen-{kind}={scripts}/protoc-gen-{kind}" for kind in PLUGINS]
    names = [str(source.relative_to(ROOT)) for source in sources]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT}", *plugins, *outputs, *names]
    subprocess.run(command, cwd=ROOT, check=True)


def stale(fresh: Path) -> list[str]:
    """Name every generated file that differs from the committed one."""
    made = {path.relative_to(fresh) for path in fresh.rglob("*_pb2*.py*")}
    kept = {path.relative_to(ROOT) for path in (ROOT / "protos").rglob("*_pb2*.py*")}
    differs = {
        name for name in made & kept if (fresh / name).read_bytes() != (ROOT / name).read_bytes()
    }
    return sorted(str(name) for name in (made ^ kept) | differs if "__pycache__" not in str(name))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when committed code is stale")
    if not parser.parse_args().check:
        generate(ROOT)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        names = stale(Path(scratch))
    for name in names:
        print(f"{name} is stale: run `python -m protos.generate`", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
