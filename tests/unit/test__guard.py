"""The import guard: only one distribution can own the name ``engineio``."""

import pytest

from engineio._guard import refuse_other_distribution


def test_alone_it_says_nothing():
    refuse_other_distribution()


def test_beside_the_other_distribution_it_says_what_to_do(tmp_path, monkeypatch):
    folder = tmp_path / "python_engineio-4.12.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: python-engineio\nVersion: 4.12")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ImportError, match="pip uninstall python-engineio engineio-core"):
        refuse_other_distribution()
