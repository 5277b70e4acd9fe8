"""How long `nurture check` takes over a thousand campaigns and a thousand templates.

    python -m bench.check [--campaigns 1000] [--templates 1000]

The files are the shipped example's, over and over under other names, so that mails and conditions are of a real size.
Prints seconds of the processor for reading, for what the rules amount to, and for templates.
"""

import argparse
import re
import shutil
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from nurture.authoring.check import workspace_problems
from nurture.authoring.meaning import meaning_problems
from nurture.workspace import read_workspace

ROOT = Path(__file__).parents[1]


def grow(root: Path, campaigns: int, templates: int) -> None:
    """Write so many files below an empty folder."""
    shutil.copytree(ROOT / "templates", root / "templates")
    (root / "campaigns").mkdir()
    shutil.copy(ROOT / "campaigns/agreement.yaml", root / "campaigns")
    mails = sorted(path for path in (ROOT / "templates").glob("*/*.mjml") if path.name[0] != "_")
    for n, mail in enumerate(islice(cycle(mails), templates)):
        path = root / f"templates/bulk{n // 50}/m{n}.mjml"
        path.parent.mkdir(exist_ok=True)
        shutil.copy(mail, path)
    files = sorted(path for path in (ROOT / "campaigns").glob("*.yaml") if path.name != "agreement.yaml")
    numbers = cycle(range(templates))
    for n, file in enumerate(islice(cycle(files), campaigns)):
        text = re.sub(r"priority: \d+", f"priority: {n}", file.read_text())

        def other(_: re.Match[str]) -> str:
            number = next(numbers)
            return f"bulk{number // 50}/m{number}"

        (root / f"campaigns/c{n}.yaml").write_text(re.sub(rf"\b{file.stem}/[a-z-]+", other, text))


def main() -> None:
    """Grow a workspace and check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaigns", type=int, default=1000)
    parser.add_argument("--templates", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        grow(root, given.campaigns, given.templates)
        begun = time.process_time()
        reading = read_workspace(root)
        read = time.process_time()
        meaning = len(list(meaning_problems(reading)))
        judged = time.process_time()
        every = len(workspace_problems(reading))
        done = time.process_time()
    print(f"reading {read - begun:.1f} s, meaning {judged - read:.1f} s ({meaning} problems)")
    templates = (done - judged) - (judged - read)
    print(f"templates {templates:.1f} s; all {read - begun + done - judged:.1f} s, {every} problems")


if __name__ == "__main__":
    main()
