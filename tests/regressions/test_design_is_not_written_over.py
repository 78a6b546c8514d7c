"""`bartizan smt2 -o` leaves the design that it reads, and what that includes, as they are."""

from pathlib import Path

from click.testing import CliRunner

from policy.cli import commands


def test_design_is_not_written_over(tmp_path: Path) -> None:
    """By whatever name it is called; another file may be written over."""
    part, main = tmp_path / "part.policy", tmp_path / "main.policy"
    part.write_text("domain a\ndomain b\n", encoding="utf-8")
    main.write_text('include "part.policy"\ninvariant apart: not a can reach b\n', encoding="utf-8")
    other = tmp_path / "other"
    other.symlink_to(main)
    before = [part.read_bytes(), main.read_bytes()]
    for output in (main, part, other, tmp_path / ".." / tmp_path.name / "main.policy"):
        done = CliRunner().invoke(commands, ["smt2", "apart", str(main), "-o", str(output)])
        assert done.exit_code == 2 and "not written over" in done.stderr
        assert [part.read_bytes(), main.read_bytes()] == before
    for _ in range(2):
        assert CliRunner().invoke(commands, ["smt2", "apart", str(main), "-o", str(tmp_path / "x")]).exit_code == 0
