import gzip
import re
from pathlib import Path

import pytest

from nurture.web import tracker
from nurture.web.tracker import squeezed, takes_gzip

SOURCE = Path(tracker.__file__).with_name("static") / "nurture.js"


def served(client, **headers):
    """The answer as it comes over the wire, which httpx would have unpacked."""
    with client.stream("GET", "/nurture.js", headers=headers) as response:
        response.raw = b"".join(response.iter_raw())
    return response


def test_it_is_under_three_kilobytes_as_it_is_sent(client):
    response = served(client, **{"accept-encoding": "gzip, deflate, br"})
    assert response.headers["content-encoding"] == "gzip"
    assert 0 < int(response.headers["content-length"]) == len(response.raw) < 3000


def test_who_takes_no_gzip_gets_the_same_script(client):
    plain = served(client, **{"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed = served(client, **{"accept-encoding": "gzip"})
    assert gzip.decompress(packed.raw) == plain.raw
    assert plain.headers["vary"] == packed.headers["vary"] == "accept-encoding"
    assert plain.headers["etag"] != packed.headers["etag"]


def test_any_page_may_embed_it_and_a_mended_one_is_soon_everywhere(client):
    headers = client.get("/nurture.js").headers
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["access-control-allow-origin"] == "*"
    age = re.search(r"max-age=(\d+)", headers["cache-control"])
    assert age
    assert 0 < int(age[1]) <= 3600


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_who_has_it_is_not_sent_it_again(client, encoding):
    first = served(client, **{"accept-encoding": encoding})
    etag = first.headers["etag"]
    for known in (etag, f'"x", W/{etag}', "*"):
        again = served(client, **{"accept-encoding": encoding, "if-none-match": known})
        assert (again.status_code, again.raw, again.headers["etag"]) == (304, b"", etag)
        assert again.headers["cache-control"] == first.headers["cache-control"]
    assert served(client, **{"accept-encoding": encoding, "if-none-match": '"x"'}).status_code == 200


def test_head_says_the_same_and_other_methods_are_refused(client):
    assert client.head("/nurture.js").headers["etag"] == client.get("/nurture.js").headers["etag"]
    assert client.post("/nurture.js").status_code == 405


def test_only_comments_and_blanks_are_missing(client):
    lines = [line for line in SOURCE.read_text("utf-8").splitlines() if not line.strip().startswith("//")]
    assert "".join(client.get("/nurture.js").text.split()) == "".join("".join(lines).split())


def test_the_source_keeps_to_what_squeezing_takes_for_granted():
    code = [line for line in SOURCE.read_text("utf-8").splitlines() if not line.strip().startswith("//")]
    assert not [line for line in code if '"' in line or line.count("'") % 2 or line.count("`") % 2 or "/*" in line]
    expressions = [found for line in code for found in re.findall(r"(?<=[(=!?:] )/\S.*?/|(?<=\()/\S.*?/", line)]
    assert len(expressions) >= 5
    assert not [found for found in expressions if re.search(r"['`]| [-=+,:?{}<>*]|[-=+,:?{}<>*] ", found)]


def test_squeezing_leaves_texts_alone():
    source = "// a\n\n  if (x === 1 && y) {\n    // b\n    z('a = b, c', `http://c ? d : ${e}`)\n  }\n"
    assert squeezed(source) == "if (x===1&&y){\nz('a = b, c',`http://c ? d : ${e}`)\n}\n"


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip, deflate, br, zstd", True),
        ("GZIP", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("x-gzip", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
    ],
)
def test_gzip_is_sent_to_who_says_that_it_may_be(accepted, takes):
    assert takes_gzip(accepted) is takes
