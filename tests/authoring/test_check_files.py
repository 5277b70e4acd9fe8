"""Whatever files there are, `check` says what is wrong with them; it neither fails nor falls asleep."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.authoring.check import check, inspect
from nurture.errors import UsageError
from nurture.workspace import read_workspace
from tests.authoring.examples import WORKSPACE

LATER = (WORKSPACE / "campaigns/later.yaml").read_bytes()
NEW = LATER.replace(b"priority: 20", b"priority: 30")
BROKEN = "name: Broken\nstatus: lve\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WORKSPACE, tmp_path / "workspace"))


def told(root: Path) -> list[tuple[str, int, int, str]]:
    return [(one.file, one.line, one.column, one.code) for one in check([root])]


def binary(path: Path) -> None:
    path.write_bytes(b"name: \xff\xfe\x00")


def huge(path: Path) -> None:
    path.write_bytes(b"a: 1\n" * 300_000)


def deep(path: Path) -> None:
    path.write_text("[" * 300_000)


def not_ours(path: Path) -> None:
    path.write_bytes(NEW)
    path.chmod(0)


def wrong_on_windows(path: Path) -> None:
    path.write_bytes(NEW.replace(b"tue", b"tuu").replace(b"\n", b"\r\n"))


def wrong_behind_a_mark(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbfnome: x\n" + NEW[NEW.index(b"status") :])


KINDS = {
    "binary": (binary, [(1, 7, "N102")]),
    "huge": (huge, [(1, 1, "N103")]),
    "deep": (deep, [(1, 21, "N107")]),
    "a folder": (Path.mkdir, [(1, 1, "N101")]),
    "a link to itself": (lambda path: path.symlink_to(path.name), [(1, 1, "N101")]),
    "a link to nothing": (lambda path: path.symlink_to("nowhere"), [(1, 1, "N101")]),
    "a pipe": (os.mkfifo, [(1, 1, "N101")]),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), [(1, 1, "N101")]),
    "Windows line ends": (lambda path: path.write_bytes(NEW.replace(b"\n", b"\r\n")), []),
    "old Mac line ends": (lambda path: path.write_bytes(NEW.replace(b"\n", b"\r")), []),
    "a byte order mark": (lambda path: path.write_bytes(b"\xef\xbb\xbf" + NEW), []),
    "Windows, and wrong": (wrong_on_windows, [(8, 9, "N121")]),
    "a mark, and wrong": (wrong_behind_a_mark, [(1, 1, "N110")]),
    "tabs": (lambda path: path.write_bytes(b"name: x\n\tstatus: live\n"), [(2, 1, "N105")]),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_of_file_is_said_at_its_place(root: Path, kind: str):
    make, expected = KINDS[kind]
    make(root / "campaigns/xylophone.yaml")
    assert told(root) == [("campaigns/xylophone.yaml", *one) for one in expected]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_and_folders_that_may_not_be_read(root: Path):
    not_ours(root / "campaigns/xylophone.yaml")
    (root / "templates/later").chmod(0)
    try:
        said = told(root)
    finally:
        (root / "templates/later").chmod(0o700)
    assert ("campaigns/xylophone.yaml", 1, 1, "N101") in said
    assert ("templates/later", 1, 1, "N101") in said


def test_two_templates_of_one_name_are_told_of_at_the_second(root: Path):
    hello = root / "templates/warm/hello.md"
    hello.with_suffix(".mjml").write_text("<mjml></mjml>")
    assert ("templates/warm/hello.mjml", 1, 1, "N145") in told(root)


def test_folders_that_hold_themselves_are_not_walked_in_circles(root: Path):
    (root / "campaigns/again").symlink_to("../campaigns")
    (root / "templates/warm/up").symlink_to("../..")
    assert told(root) == []


def test_a_name_of_any_octets_can_be_printed(root: Path):
    Path(root, "campaigns", os.fsdecode(b"\xff\n\x1b.yaml")).write_text("[]")
    (problem,) = check([root])
    assert problem.file == r"campaigns/\udcff\n\x1b.yaml"
    assert problem.file.isascii()


def test_one_broken_file_does_not_hide_what_is_wrong_with_another(root: Path):
    (root / "campaigns/agreement.yaml").write_text("company: [")
    (root / "campaigns/broken.yaml").write_text(BROKEN)
    (root / "campaigns/later.yaml").write_bytes(LATER.replace(b"11:30", b"09:03"))
    (root / "templates/later/news.md").write_text("---\nsubject: News\n---\nHello {{ led.first_name }}\n")
    codes = {one.file: one.code for one in check([root]) if one.severity == "error" or one.code == "N167"}
    assert codes.keys() == {
        "campaigns/agreement.yaml", "campaigns/broken.yaml", "campaigns/later.yaml", "templates/later/news.md",
    }  # fmt: skip
    assert codes["campaigns/later.yaml"] == "N167"
    reading = read_workspace(root)
    assert (reading.agreement, sorted(reading.campaigns)) == (None, ["later", "warm"])


def test_no_path_is_the_workspace(root: Path):
    (root / "campaigns/broken.yaml").write_text(BROKEN)
    assert check(workspace=root) == check([root]) != []


def test_a_part_is_judged_with_the_whole_and_only_its_problems_are_told(root: Path):
    (root / "campaigns/broken.yaml").write_text(BROKEN)
    (root / "campaigns/later.yaml").write_bytes(LATER.replace(b"later/news", b"later/nows"))
    later = check([root / "campaigns/later.yaml"])
    assert [(one.file, one.code, one.hint) for one in later] == [
        ("campaigns/later.yaml", "N141", "did you mean `later/news`?")
    ]
    assert {one.file for one in check([root / "campaigns"])} == {"campaigns/broken.yaml", "campaigns/later.yaml"}
    assert check([root / "templates/warm", root / "campaigns/warm.yaml"]) == []
    both = check([root / "campaigns/later.yaml", root / "campaigns/broken.yaml"])
    assert {one.file for one in both} == {"campaigns/broken.yaml", "campaigns/later.yaml"}
    assert check([root / "campaigns/later.yaml", root]) == check([root])


def test_files_are_named_from_where_one_stands(root: Path, tmp_path: Path):
    (root / "campaigns/broken.yaml").write_text(BROKEN)
    assert {one.file for one in check([root], seen_from=tmp_path)} == {"workspace/campaigns/broken.yaml"}
    assert {one.file for one in check([root], seen_from=root)} == {"campaigns/broken.yaml"}
    assert {one.file for one in check([root], seen_from=Path("/elsewhere"))} == {"campaigns/broken.yaml"}
    twin = Path(shutil.copytree(root, tmp_path / "twin"))
    named = {one.file for one in check([root, twin], seen_from=Path("/elsewhere"))}
    assert named == {f"{root}/campaigns/broken.yaml", f"{twin}/campaigns/broken.yaml"}


def test_a_loose_file_is_judged_by_its_shape(tmp_path: Path):
    campaign = tmp_path / "anything.yml"
    campaign.write_text(BROKEN + 'cadence: {every: 1 week, days: tue, hours: "9-10"}\nsteps: [{id: a, email: x/y}]\n')
    assert [(one.file, one.line, one.column, one.code) for one in check([campaign])] == [
        (str(campaign), 2, 9, "N113"),
        (str(campaign), 3, 44, "N122"),
    ]
    agreement = tmp_path / "draft.yaml"
    agreement.write_text((WORKSPACE / "campaigns/agreement.yaml").read_text().replace("score: 80", "score: 8000"))
    assert [(one.file, one.code) for one in check([agreement])] == [(str(agreement), "N154")]


def test_of_a_loose_folder_only_what_is_ours_is_judged(tmp_path: Path):
    (tmp_path / "compose.yaml").write_text("services: {web: {image: x}}\n")
    (tmp_path / "README.md").write_text("# Read me\n")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/campaign.yaml").write_text(BROKEN)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/campaign.yaml").write_text(BROKEN + "steps: []\n")
    (tmp_path / "letter.md").write_text("---\nsubject: Hello\n---\nHello {{ led.name }}\n")
    found = inspect([tmp_path], seen_from=tmp_path)
    assert {one.file for one in found.problems} == {"letter.md", "sub/campaign.yaml"}
    assert found.templates == 1


def test_parts_beside_a_loose_template_are_known(tmp_path: Path):
    (tmp_path / "_part.md").write_text("and {{ led.name }}\n")
    letter = tmp_path / "letter.md"
    letter.write_text("---\nsubject: Hello\npreheader: You\n---\nHello {% include '_part.md' %}\n")
    found = check([letter], seen_from=tmp_path)
    assert [(one.file, one.line) for one in found if one.severity == "error"] == [("_part.md", 1)]


@pytest.mark.parametrize("name", ["nowhere", "nowhere/at/all", "loop", "pipe"])
def test_a_path_that_is_nothing_is_wrong_usage(tmp_path: Path, name: str):
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match=f"{name}: (there is no such file|is neither a file nor a folder)"):
        check([tmp_path / name])


def test_a_loose_file_of_another_kind_is_wrong_usage(tmp_path: Path):
    (tmp_path / "photo.png").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"files end in yaml, mjml, html, md"):
        check([tmp_path / "photo.png"])


@pytest.mark.parametrize(
    "folder", ["postmark_templates", "mjml_gallery", "html_email_templates", "jinja_mjml_fastapi_template"]
)
def test_other_peoples_templates_are_gone_through(shared_data, folder: str):
    (one, *_) = sorted(path for path in shared_data(folder).rglob("*") if path.suffix in (".html", ".mjml"))
    for problem in check([one]):
        assert problem.line >= 1
        assert problem.column >= 1
        assert "\n" not in problem.message


YAML = st.sampled_from(
    ["name", "steps", "when", "enroll", ":", ": ", "- ", "[", "]", "{", "}", ", ", "'", '"', "&a", "*a", "|", "!", "\\",
     "\n", "\n  ", "\t", "\r", "~", "true", "12", "1 week", "lead.x == 1", "lead.grade", "\x00", "é", "\ud800", "---"]
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(["campaigns/agreement.yaml", "campaigns/warm.yaml", "campaigns/later.yaml"]),
    st.integers(0, 2_000),
    st.integers(0, 40),
    st.lists(YAML, max_size=6).map("".join)
    | st.text(max_size=8)
    | st.binary(max_size=8).map(lambda b: b.decode("latin-1")),
)
def test_no_slip_of_the_hand_makes_it_fail(root: Path, name: str, at: int, gone: int, typed: str):
    path = root / name
    before = (WORKSPACE / name).read_text()
    at = at % len(before)
    text = before[:at] + typed + before[at + gone :]
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        for problem in check([root]):
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.message.strip()
            assert "\n" not in problem.message
    finally:
        path.write_text(before)
