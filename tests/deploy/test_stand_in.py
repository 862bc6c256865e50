"""What is kept outside a closed folder goes with it, and what was left behind is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from thidua.local import forget
from thidua.local.stand_in import open_stand_in, orphans, remove_stand_ins


def test_whatever_is_kept_elsewhere_goes_with_the_folder_above_it_and_with_no_other(tmp_path: Path) -> None:
    for folder in ("run/one", "run/two/inner", "other"):
        (tmp_path / folder).mkdir(parents=True)
    one, two, other = (open_stand_in(tmp_path / folder) for folder in ("run/one", "run/two/inner", "other"))
    (one / "postgres").mkdir()

    remove_stand_ins(tmp_path / "run")

    assert not one.exists()
    assert not two.exists()
    assert other.exists()


def test_a_folder_removed_by_hand_is_named_with_what_it_has_left_and_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("kept", "gone"):
        (tmp_path / name).mkdir()
    kept, left = open_stand_in(tmp_path / "kept"), open_stand_in(tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")
    monkeypatch.setenv("THIDUA_DATA", str(tmp_path / "none"))

    with pytest.raises(SystemExit) as ended:
        forget.main()

    said = capsys.readouterr().out
    assert not ended.value.code
    assert f"{left} holds the database of {tmp_path / 'gone'}, which is gone." in said
    assert str(kept) not in said
    assert left.exists()
    assert orphans(tmp_path) == [(left, tmp_path / "gone")]
