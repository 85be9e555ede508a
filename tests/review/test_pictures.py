"""The pictures of a listing on its page: from our own origin, with what was read, and who else has them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from click.testing import CliRunner

from cli.main import group
from fixtures.builders.forms import read_form
from fixtures.builders.login import entered
from fixtures.builders.store import FULL, NOW, crawl_run, keep_picture, page, use
from store.accounts.users import Role
from store.crawl.pages import SeenListing, record_page
from store.crawl.pictures import PictureCode, PictureLine, PictureReading, record_reading
from store.database import open_database
from store.review.notices import Notice, record_picture_notices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fastapi.testclient import TestClient

    from store.crawl.pictures import Pictured
    from store.database import Database

BOX = (0.25, 0.5, 0.5, 0.125)
SAID = "Call +86 138 1234 5678\nCAS 67-64-1 <b>"


def fill(database: Path) -> list[str]:
    """Add two listings with one picture, of which the first also has one that waits; return their ids."""
    with closing(open_database(database)) as db:
        run_id = crawl_run(db)
        for number, hashes in ((1, ("ab" * 32, "cd" * 32)), (2, ("ab" * 32,))):
            content = replace(FULL, title=f"Pictured goods {number}", item_id=f"P-{number}")
            url = f"https://andes.example/pictured/{number}"
            kept = tuple(keep_picture(db, run_id, sha256) for sha256 in hashes)
            record_page(db, page(run_id, url), [SeenListing(url=url, content=content, pictures=kept)])
        line = PictureLine(text=SAID, box=BOX, confidence=0.99, reader="rapidocr")
        code = PictureCode(format="EAN13", text="4006381333931", box=BOX)
        reading = PictureReading(
            format="JPEG", width=640, height=480, lines=(line,), codes=(code,), unread_lines=2,
            sentence="2 lines.", shown=b"RIFF of a picture",
        )  # fmt: skip
        record_reading(db, "ab" * 32, reading, read_with="tests", now=NOW)
        use(db)
        note(db)
        query = "SELECT listing_id FROM sightings WHERE title LIKE 'Pictured goods %' ORDER BY title"
        return [row[0] for row in db.execute(query)]


def note(db: Database) -> None:
    """Find the number in the pictures of every sighting that has it."""

    def read(batch: Sequence[Pictured]) -> list[list[Notice]]:
        begin = SAID.index("67-64-1")
        found = Notice(
            kind="picture", code="acetone", name="acetone", why="A list", spans=((begin, begin + 7),)
        )
        return [[found] for _ in batch]

    record_picture_notices(db, read, model_id="aaaaaaaaaaaa", run_id=None, now=NOW)
    record_reading(db, "cd" * 32, PictureReading(), read_with="tests", now=NOW)
    record_picture_notices(db, read, model_id="aaaaaaaaaaaa", run_id=None, now=NOW)
    db.execute("DELETE FROM pictures WHERE sha256 = ?", ["cd" * 32])


def test_pictures_are_shown_with_what_was_read(client: TestClient, database: Path) -> None:
    """The evidence is marked in the picture's own text, not in the listing's; the other offer is linked."""
    first, second = fill(database)
    shown = client.get(f"/listings/{first}").text
    assert f'<img src="/pictures/{"ab" * 32}"' in shown
    assert f'<img src="/pictures/{"cd" * 32}"' not in shown
    assert '<rect x="0.25" y="0.5" width="0.5" height="0.125"/>' in shown
    assert 'CAS <mark data-kind="picture"' in shown
    assert "&lt;b&gt;" in shown
    assert "2 lines of text could not be read" in shown
    assert "EAN13" in shown
    assert "This picture was not read yet" in shown
    assert "Evidence in a picture" in shown
    assert f'<a href="/listings/{second}"><bdi>Pictured goods 2</bdi></a>' in shown
    assert shown.count('data-kind="picture"') == 1
    answer = client.get(f"/pictures/{'ab' * 32}")
    assert (answer.content, answer.headers["content-type"]) == (b"RIFF of a picture", "image/webp")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(f"/pictures/{'cd' * 32}").status_code == 404


def test_lead_has_pictures_blurred_until_asked_for(client: TestClient, database: Path) -> None:
    """Every picture then waits behind a box to tick."""
    first, _ = fill(database)
    assert '<label class="veil"><input' not in client.get(f"/listings/{first}").text
    with entered(database, "lea", Role.LEAD) as lead:
        form = read_form(lead.get("/settings").text, "/settings/pictures")
        lead.post(form.action, data=form.values | {"pictures": "blurred"})
    assert '<label class="veil"><input type="checkbox">' in client.get(f"/listings/{first}").text


def test_who_may_see_no_contacts_sees_no_picture(client: TestClient, database: Path) -> None:
    """A picture may show a number; its text is shown with contacts masked."""
    first, _ = fill(database)
    with entered(database, "vic", Role.VIEWER) as viewer:
        shown = viewer.get(f"/listings/{first}").text
        assert "/pictures/" not in shown
        assert "138 1234" not in shown
        assert "Read in the picture" in shown
        assert viewer.get(f"/pictures/{'ab' * 32}").status_code == 403


def test_api_gives_what_was_read_with_its_picture(client: TestClient, database: Path) -> None:
    """The places of evidence are in the text of the one picture; a viewer reads it with contacts masked."""
    first, second = fill(database)
    read, waiting = client.get(f"/api/listings/{first}").json()["pictures"]
    assert (read["sha256"], read["text"]) == ("ab" * 32, SAID)
    assert [line["text"] for line in read["lines"]] == [SAID]
    ((start, end),) = [(each["start"], each["end"]) for each in read["evidence"]]
    assert SAID[start:end] == "67-64-1"
    assert (waiting["sha256"], waiting["text"], waiting["evidence"]) == ("cd" * 32, None, [])
    near = client.get(f"/api/listings/{first}/near").json()
    assert [each["listing_id"] for each in near["same_pictures"]] == [second]
    with entered(database, "vic", Role.VIEWER) as viewer:
        assert "138 1234" not in viewer.get(f"/api/listings/{first}").text


def test_service_page_counts_the_pictures_that_wait(client: TestClient, database: Path) -> None:
    """The page, the API and `status` say how many pictures wait to be read, and how many were read."""
    fill(database)
    with entered(database, "lea", Role.LEAD) as lead:
        said = "<b>1</b><span>pictures wait to be read; read so far: 1</span>"
        assert said in lead.get("/service").text
        found = lead.get("/api/service").json()
    assert (found["unread_pictures"], found["read_pictures"]) == (1, 1)
    shown = CliRunner().invoke(group, ["status", "--db", str(database)]).stdout
    assert "Pictures  1 picture waits to be read; 1 was read\n" in shown
