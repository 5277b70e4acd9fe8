from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.errors import NurtureError
from nurture.sheets.people import Person, Terms
from nurture.sheets.readings import Reject
from tests.rules.examples import make_agreement
from tests.sheets.reading import NOW, person, read, reject


def test_a_row_says_who_somebody_is() -> None:
    said = person(
        "Email,First Name,Last Name,Title,Company,Country,Timezone,Locale,Industry,Employees,Source,Owner,Plan\n"
        ' JO@Buyer.Example , Jo ,Doe,VP  Sales,Buyer,US,America/Chicago,en-US,retail,"1,200",website,me@x.example,pro\n'
    )
    assert said.email == "jo@buyer.example"
    assert said.profile == {
        "first_name": "Jo", "last_name": "Doe", "title": "VP Sales", "company": "Buyer", "country": "US",
        "timezone": "America/Chicago", "locale": "en-US", "industry": "retail", "employees": 1200, "source": "website",
        "owner": "me@x.example",
    }  # fmt: skip
    assert said.attributes == {"Plan": "pro"}
    assert (said.stage, said.reject_reason, said.rejected_at, said.do_not_email) == (None, None, None, False)


def test_an_empty_cell_is_unknown() -> None:
    said = person('email,title,company,plan,visits\njo@x.example,,  ,"",0\n')
    assert said.profile == {}
    assert said.attributes == {"visits": "0"}


def test_a_refusal_has_its_reason_and_its_day() -> None:
    said = person("email,reject_reason,rejected_at,stage\njo@x.example,Not ready,2026-02-27,mql\n")
    assert said.reject_reason == "not_ready"
    assert said.rejected_at == datetime(2026, 2, 27, 6, tzinfo=UTC)
    assert said.stage == "mql"


def test_whoever_is_not_to_be_mailed_is_marked() -> None:
    assert person("email,Do Not Email\njo@x.example,Yes\n").do_not_email
    assert not person("email,Do Not Email\njo@x.example,No\n").do_not_email


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("email,a\n,x\n", "email: an e-mail address is missing"),
        ("email,employees\na@x.example,many\n", "employees: `many` is not a whole number (such as `250` or `1,200`)"),
        ("email,stage\na@x.example,mqll\n", "stage: `mqll` is no stage (did you mean `mql`?)"),
        (
            "email,reject_reason\na@x.example,studnet\n",
            "reject_reason: `studnet` is no reject reason of the agreement (did you mean `student`?)",
        ),
        (
            "email,reject_reason,rejected_at\na@x.example,student,soon\n",
            "rejected_at: `soon` is not a date (such as `2026-03-31` or `2026-03-31T14:05:00+02:00`)",
        ),
        (
            "email,reject_reason,rejected_at\na@x.example,student,2026-03-03\n",
            "rejected_at lies in the future",
        ),
        (
            "email,reject_reason,rejected_at\na@x.example,,2026-03-01\n",
            "reject_reason is empty, but rejected_at says that the lead was rejected",
        ),
        ("email,do_not_email\na@x.example,perhaps\n", "do_not_email: `perhaps` is neither `yes` nor `no`"),
        ("email,a\na@x.example,x,y\n", "the row has 3 cells, the header has 2"),
        ("email,a\na@x.example,x,\n", "the row has 3 cells, the header has 2"),
        ('email,a\na@x.example,"x\n', "a quote is opened and not closed"),
        ("email,title\na@x.example," + "x" * 501 + "\n", "title: it has more than 500 characters"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(text: str, reason: str) -> None:
    said = reject(text)
    assert said.reason == reason
    assert said.line == 2


def test_an_address_that_is_none_is_called_so() -> None:
    assert reject("email,a\nnobody,x\n").reason.startswith("email: an e-mail address ")


def test_a_row_may_leave_out_empty_cells_at_its_end() -> None:
    said = person("email,title,company,plan\njo@x.example,VP\n")
    assert (said.profile, said.attributes) == ({"title": "VP"}, {})


@pytest.mark.parametrize("column", ["do_not_email", "stage", "reject_reason", "rejected_at"])
def test_a_row_may_not_end_before_what_could_forbid_its_mail(column: str) -> None:
    said = reject(f"email,title,{column}\njo@x.example,VP\n")
    assert said.reason == f"the row has 2 cells, the header has 3: it ends before its {column}"


def test_a_short_row_without_its_address_is_rejected_for_that() -> None:
    assert reject("title,email\nVP\n").reason == "email: an e-mail address is missing"


def test_rejected_just_now_is_not_in_the_future() -> None:
    said = person(f"email,reject_reason,rejected_at\na@x.example,student,{NOW.isoformat()}\n")
    assert said.rejected_at == NOW
    late = (NOW + timedelta(seconds=1)).isoformat()
    assert reject(f"email,reject_reason,rejected_at\na@x.example,student,{late}\n").reason.endswith("future")


def test_the_terms_are_those_of_the_agreement_and_of_its_sla() -> None:
    terms = Terms.of(make_agreement(), NOW)
    assert terms.reasons == {"not_ready", "no_follow_up", "unreachable", "no_outcome"}
    assert (terms.zone, terms.now) == ("America/Chicago", NOW)


def test_a_later_row_knows_better_and_takes_nothing_away() -> None:
    first, second, third = read(
        "email,title,company,plan,tier,reject_reason,rejected_at,stage,do_not_email\n"
        "jo@x.example,VP,Old,pro,,not_ready,2026-01-05,nurture,yes\n"
        "jo@x.example,,New,,gold,,,,no\n"
        "jo@x.example,,,,,no_budget,,customer,\n"
    )
    assert isinstance(first, Person)
    assert isinstance(second, Person)
    assert isinstance(third, Person)
    two = first.updated_by(second)
    assert two.profile == {"title": "VP", "company": "New"}
    assert two.attributes == {"plan": "pro", "tier": "gold"}
    assert (two.reject_reason, two.rejected_at) == ("not_ready", first.rejected_at)
    assert two.do_not_email
    assert two.stage == "nurture"
    three = two.updated_by(third)
    assert (three.reject_reason, three.rejected_at, three.stage) == ("no_budget", None, "customer")
    assert three.do_not_email


def test_where_somebody_comes_from_is_kept_for_the_rejects() -> None:
    said = person('a,email\n"x, y",jo@x.example\n')
    assert (said.source.line, said.source.cells, said.source.header) == (2, ("x, y", "jo@x.example"), ("a", "email"))


HEADER = "email,employees,stage,reject_reason,rejected_at,do_not_email,title,anything"


@settings(max_examples=60)
@given(
    st.lists(
        st.text('a@.,"\n\r1-é\0yesno_', max_size=40)
        | st.sampled_from(
            ["jo@x.example", "12", "nurture", "student", "2026-01-01", "9999-12-31", "0001-01-01T00:00-23:59"]
        ),
        max_size=12,
    )
)
def test_any_cells_give_a_person_or_a_reject(cells: list[str]) -> None:
    data = HEADER + "\n" + "\n".join(",".join(cells[n : n + 8]) for n in range(0, len(cells), 8))
    try:
        said = read(data)
    except NurtureError:
        return
    for one in said:
        if isinstance(one, Reject):
            assert one.reason
            assert "\n" not in one.reason
        else:
            assert one.email == one.email.lower()
            assert one.rejected_at is None or one.rejected_at <= NOW
