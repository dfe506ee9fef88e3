"""What the crate pulls in: licences, number of crates, and the compilers they need.

    python3 tests/dependencies.py --licences --most 30
    python3 tests/dependencies.py --rust-version 1.89
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys

# Permissive, and compatible with MIT OR Apache-2.0 for whoever ships a binary.
ALLOWED = {
    "MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "Zlib", "ISC", "0BSD", "MIT-0",
    "BSL-1.0", "CC0-1.0", "Unicode-3.0", "Unlicense", "Apache-2.0 WITH LLVM-exception",
}  # fmt: skip


def allowed(expression: str) -> bool:
    """Whether an SPDX expression can be satisfied with allowed licences alone."""
    expression = expression.replace("/", " OR ")
    tokens = re.findall(r"\(|\)|\bOR\b|\bAND\b|[\w.+-]+(?: WITH [\w.-]+)?", expression)
    words = []
    for token in tokens:
        if token in "()":
            words.append(token)
        elif token in ("OR", "AND"):
            words.append(token.lower())
        else:
            words.append(str(token in ALLOWED))
    return bool(eval(" ".join(words), {"__builtins__": {}}))  # only True, False, or, and, ( )


def packages() -> list[dict]:
    command = ["cargo", "metadata", "--format-version", "1", "--all-features", "--locked"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["packages"]


def default_tree() -> set[str]:
    """The crates of a default build, the crate itself among them."""
    command = ["cargo", "tree", "-p", "forewarn", "-e", "normal", "--prefix", "none", "--locked"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {" ".join(line.split()[:2]) for line in lines if line.strip()}


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))[:2]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--licences", action="store_true", help="check every licence")
    parser.add_argument("--most", type=int, help="most crates in a default build")
    parser.add_argument("--rust-version", help="no dependency of the crate may need a newer one")
    arguments = parser.parse_args()
    problems = []
    found = packages()
    tree = default_tree()
    if arguments.licences:
        for package in found:
            licence = package["license"] or "none stated"
            if not allowed(licence):
                problems.append(f"{package['name']} {package['version']}: licence {licence}")
        print(f"{len(found)} licences looked at")
    if arguments.most is not None:
        print(f"{len(tree)} crates in a default build, the crate itself included")
        if len(tree) > arguments.most:
            problems.append(f"{len(tree)} crates in a default build, {arguments.most} allowed")
    if arguments.rust_version:
        for package in found:
            name = f"{package['name']} v{package['version']}"
            needs = package["rust_version"]
            if name in tree and needs and version(needs) > version(arguments.rust_version):
                problems.append(f"{name} needs Rust {needs}")
        print(f"no crate of a default build should need Rust > {arguments.rust_version}")
    for problem in problems:
        print("NOT ALLOWED:", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
