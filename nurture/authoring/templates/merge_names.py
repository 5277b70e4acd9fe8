"""What the names of other programs' merge fields are called here."""

import re

_NAMES = {
    "{{ lead.first_name | default('there') }}": "first_name fname first name user_name username full_name fullname "
    "recipient_name contact_name customer_name your_name",
    "{{ lead.last_name | default('') }}": "last_name lname last surname",
    "{{ lead.email }}": "email email_address user_email recipient recipient_email to",
    "{{ lead.company | default('your company') }}": "company organization organisation account_name",
    "{{ lead.title | default('…') }}": "title job_title jobtitle",
    "{{ lead.country | default('…') }}": "country",
    "{{ company.name }}": "company_name product_name project_name sender_name brand list_company from_name site_name",
    "{{ company.address }}": "address company_address list_address postal_address html_list_address_html delivery_info",
    "{{ unsubscribe_url }}": "unsubscribe unsub unsubscribe_link unsubscribe_url unsubscribeurl",
    "{{ preferences_url }}": "preferences preferences_url preference_center update_profile manage_preferences",
    "{{ subject }}": "subject mc_subject subject_line",
}
_OURS = {name: ours for ours, names in _NAMES.items() for name in names.split()}


def ours(name: str) -> str | None:
    """Give what to write instead of another program's `FNAME`, `first name`, `user.email`; None where it is unknown."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in name).strip("_").lower()
    joined = plain.replace("_", "")
    found = _OURS.get(plain) or next(
        (ours for theirs, ours in _OURS.items() if theirs.replace("_", "") == joined), None
    )
    last = plain.rpartition("_")[2]
    return found or (_OURS.get(last) if "." in name else None)


def hint_for(name: str) -> str:
    """Say what to write instead of another program's field."""
    known = ours(name)
    if known:
        return f"write {known}"
    field = re.sub(r"\W+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())).strip("_").lower() or "field"
    return f"a lead's own field is written {{{{ lead.{field} | default('…') }}}}, what is the same for all, in words"
