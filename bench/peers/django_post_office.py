"""django-post-office, end to end: rendered and queued by `send_many`, sent by `send_queued`, as it is set up.

    python django_post_office.py DATABASE PORT TEMPLATE.json

Runs in a virtual environment of its own (`requirements.txt`), started by `bench.peer`. Says `ready`, then for each
number on a line of stdin sends so many mails and says what it took, as JSON.
"""

import json
import logging
import resource
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings


def set_up(database: str, port: int) -> None:
    """A project of nothing but post_office; all that is not said is its own default."""
    address = urlsplit(database)
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql", "NAME": address.path.lstrip("/"), "HOST": address.hostname,
                "PORT": address.port, "USER": address.username, "PASSWORD": address.password,
            }
        },
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates"},
            {"BACKEND": "post_office.template.backends.post_office.PostOfficeTemplates", "APP_DIRS": True,
             "OPTIONS": {}},
        ],
        EMAIL_BACKEND="post_office.EmailBackend",
        POST_OFFICE={"BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"}},
        EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, USE_TZ=True, SECRET_KEY="of the bench",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    )  # fmt: skip
    django.setup()
    logging.getLogger("post_office").setLevel(logging.WARNING)


def main(database: str, port: str, template: Path) -> None:
    """Set up, then send as often as asked."""
    set_up(database, int(port))
    from django.core.management import call_command
    from post_office.mail import send_many, send_queued
    from post_office.models import STATUS, Email, EmailTemplate

    call_command("migrate", verbosity=0)
    said = json.loads(template.read_text())
    kept = EmailTemplate.objects.create(
        name="a", subject=said["subject"], content=said["text"], html_content=said["html"]
    )
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        send_many([
            {"sender": "News <news@acme.example>", "recipients": [f"lead{n}@buyer.example"], "template": kept,
             "context": {"first_name": "Lead", "company": f"Buyer {n}", "token": f"{n:x}-of-the-bench"}}
            for n in range(count)
        ])  # fmt: skip
        queued = time.perf_counter()
        while send_queued(processes=1)[0]:  # a batch each
            pass
        ended, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        sent = Email.objects.filter(status=STATUS.sent).delete()[1].get("post_office.Email", 0)
        cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        print(json.dumps({"sent": sent, "queueing": queued - began, "seconds": ended - began, "cpu": cpu}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
