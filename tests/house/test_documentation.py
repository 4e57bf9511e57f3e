"""What stands in docs/using/operating.md is what the product knows, no more and no less."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
from flask import Flask

from tests.house import tree

OPERATING = tree.ROOT / "docs" / "using" / "operating.md"

# Flask's own commands, which nobody needs to run this product.
NOT_OURS = {"run", "shell", "routes"}
# Told to the processes by bin/serve, never by an operator.
INTERNAL = {"BOUND_HOST", "DEMO"}


def _settings_read() -> set[str]:
    source = (tree.ROOT / "config.py").read_text()
    return set(re.findall(r"env\.get\(\"([A-Z_]+)\"", source)) | set(
        re.findall(r"\(\"([A-Z_]{6,})\",", source)
    )


def test_every_setting_is_documented_and_every_documented_one_is_read():
    told = set(re.findall(r"^\| `([A-Z_]+)`", OPERATING.read_text(), re.MULTILINE))
    assert told == _settings_read() - INTERNAL


def test_only_config_reads_the_environment():
    """One place knows every setting."""
    wrong = [
        tree.name(path)
        for path in tree.modules()
        if re.search(r"os\.environ|os\.getenv", path.read_text())
        and tree.name(path) != "app/kernel/supervisor.py"
    ]
    assert wrong == []


def _commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _commands(command, f"{before}{name} ")
        elif before or name not in NOT_OURS:
            yield before + name, command


def test_every_command_is_documented_and_every_documented_one_exists(plain_app: Flask):
    section = OPERATING.read_text().split("## Commands", 1)[1]
    told = set(re.findall(r"^\| `bin/flask ([a-z]+(?: [a-z]+)?)", section, re.MULTILINE))
    assert told == {name for name, _command in _commands(plain_app.cli)}


def test_every_command_explains_itself(plain_app: Flask):
    for name, command in _commands(plain_app.cli):
        assert command.help, f"{name} has no help"
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.help, f"{name} {option.opts[0]} has no help"


def test_every_link_between_documents_leads_somewhere():
    broken = []
    for path in tree.files():
        if path.suffix != ".md" or tree.name(path).startswith("courses/"):
            continue
        text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text("utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            place = target.split("#")[0]
            if not place or "://" in place or place.startswith("mailto:"):
                continue
            if not (path.parent / place).exists():
                broken.append(f"{tree.name(path)}: {target}")
    assert broken == []
