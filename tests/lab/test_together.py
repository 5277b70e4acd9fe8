"""Lives in several processes, and counts that are joined, come to the same as one life after the other."""

import pickle
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.lab import together
from nurture.lab.letters import Letters
from nurture.lab.rates import Rates
from nurture.lab.running import Aside, Asked
from nurture.lab.tally import Tally
from nurture.lab.together import tallied
from nurture.lab.told import figures
from nurture.workspace import load_workspace
from tests.lab.lives import START, lived, person, tuesdays
from tests.lab.test_simulate_people import crowd, model

ROOT = Path(__file__).parents[2]
END = START + timedelta(weeks=6)
REASONS = ("not_ready", "no_budget", "wrong_person", "")
INDUSTRIES = ("retail", "manufacturing", "education", "")


BOTH = """
import pickle, sys
from pathlib import Path
from nurture.lab import together
from nurture.lab.letters import Letters
from nurture.lab.running import Aside
from nurture.lab.told import figures
from nurture.workspace import load_workspace

together.PART, together.ALONE = 7, 5
workspace, asked, told = load_workspace(Path(sys.argv[1])), pickle.loads(Path(sys.argv[2]).read_bytes()), []
for processes in (1, 2):
    aside, heard = Aside(), []
    tally = together.tallied(workspace, asked, Letters(workspace), aside, heard.append, processes=processes)
    assert tally.leads == len(heard) and tally.offers and aside.bad_row_count == 1
    told.append((tally, figures(tally), list(tally.examples), aside))
assert told[0] == told[1]
print(tally.leads, "leads")
"""

KILLED = """
import pickle, signal, sys
from pathlib import Path
from nurture.errors import NurtureError
from nurture.lab import together
from nurture.lab.letters import Letters
from nurture.lab.running import Aside
from nurture.workspace import load_workspace

together.PART, together.ALONE = 7, 5
workspace, asked = load_workspace(Path(sys.argv[1])), pickle.loads(Path(sys.argv[2]).read_bytes())
parts = together._parts

class Deadly(list):
    def __reduce__(self):  # whoever reads it is killed
        return signal.raise_signal, (signal.SIGKILL,)

def parts_until_killed(people):
    yield next(parts(people))
    yield Deadly()
    yield from parts(people)

together._parts = parts_until_killed
try:
    together.tallied(workspace, asked, Letters(workspace), Aside(), processes=2)
except NurtureError as error:
    print(error.exit_status, error)
"""


def counted(book, lives) -> Tally:
    tally = Tally(book, START, END)
    for life in lives:
        tally.add(life)
    return tally


@pytest.mark.parametrize("size", [1, 7, 13])
def test_counts_joined_in_order_are_the_counts_of_all(size):
    book = tuesdays()
    stuck = (person(f"no{n}@buyer.example", reject_reason="no_budget") for n in range(5))
    lives = list(lived(book, *crowd(30), *stuck, behaviour=model()))
    joined = counted(book, lives[:size])
    for begin in range(size, len(lives), size):
        joined.join(counted(book, lives[begin : begin + size]))
    whole = counted(book, lives)
    assert joined == whole
    assert list(joined.examples) == list(whole.examples)
    assert figures(joined) == figures(whole)


@pytest.fixture
def asked(tmp_path) -> Asked:
    path = tmp_path / "leads.csv"
    rows = [
        f"lead{n}@buyer{n % 7}.example,{INDUSTRIES[n % 4]},{n * 10},{REASONS[n // 4 % 4]},{'' if n % 5 else n}"
        for n in range(60)
    ]
    path.write_text("\n".join(["email,industry,employees,reject_reason,letters", *rows, "no address,,,,", rows[3], ""]))
    often = Rates(open=0.9, click=0.8, reply=0.1, unsubscribe=0.1)
    return Asked(path, START, START + timedelta(weeks=10), seed=3, rates=often)


def test_the_story_is_the_same_in_several_processes(asked, tmp_path):
    (tmp_path / "asked").write_bytes(pickle.dumps(asked))
    # Elsewhere, for the first process keeps one beside it for as long as it lives.
    words = [sys.executable, "-c", BOTH, str(ROOT), str(tmp_path / "asked")]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (0, "60 leads\n"), done.stderr


def test_a_process_that_is_killed_is_told_in_one_line(asked, tmp_path):
    (tmp_path / "asked").write_bytes(pickle.dumps(asked))
    words = [sys.executable, "-c", KILLED, str(ROOT), str(tmp_path / "asked")]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    said = "1 a process that was simulating ended early: the system may have run out of memory; try fewer leads\n"
    assert (done.returncode, done.stdout) == (0, said), done.stderr


def test_a_few_leads_ask_no_other_process_to_help(asked, monkeypatch):
    monkeypatch.setattr(together, "ProcessPoolExecutor", None)
    workspace = load_workspace(ROOT)
    assert tallied(workspace, asked, Letters(workspace), Aside(), processes=2).leads == 60
