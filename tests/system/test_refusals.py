"""What `make refusals` shows: wrong things tried against a fresh `make up`, each refused in words, nothing changed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from thidua.local.site import Site
from thidua.small_year.refusals import show_refusals, tries
from thidua.small_year.run import played_once


@pytest.mark.timeout(300)
async def test_every_wrong_thing_is_refused_in_words_and_changes_nothing(tmp_path: Path) -> None:
    told = Console(file=io.StringIO(), width=200)
    async with Site(tmp_path / "up", durable=False) as site:
        await site.while_alive(played_once(site, told))
        first = await show_refusals(site.addresses, site.folder, told)
        again = await show_refusals(site.addresses, site.folder, told)
    assert isinstance(told.file, io.StringIO)
    shown = told.file.getvalue()
    assert (first, again) == (0, 0), shown
    assert shown.count("Cần làm:") == 2 * sum(one.problem is not None for one in tries())
    assert "ĐÃ ĐỔI" not in shown
