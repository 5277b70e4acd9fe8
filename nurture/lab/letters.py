"""What a simulation has to know of templates: their links, the answers that they offer, a mail's subject."""

from collections.abc import Sequence

from nurture.errors import TemplateError
from nurture.lab.records import Delivery
from nurture.mail.compiling import compile_template
from nurture.mail.context import Letterhead, MailContext
from nurture.mail.rendering import fill_subject
from nurture.mail.template import CompiledTemplate
from nurture.workspace import Workspace


class Letters:
    """A workspace's templates, each compiled when it is first asked about.

    Attributes:
        broken: what is wrong with templates that cannot be compiled or filled, by name; each is told of once.
    """

    def __init__(self, workspace: Workspace) -> None:
        """Compile nothing yet."""
        company = workspace.agreement.company
        self.broken: dict[str, str] = {}
        self._workspace = workspace
        self._compiled: dict[str, CompiledTemplate | None] = {}
        self._letterhead = Letterhead(company.name, company.address, company.sender, company.reply_to, "", "")

    def link_count(self, template: str) -> int:
        """The links that people see in a template's mails; 0 where it is gone or broken."""
        compiled = self._template(template)
        return 0 if compiled is None else len(compiled.links) - 1

    def answers(self, template: str) -> Sequence[tuple[str, str]]:
        """The answers that its mails offer, as (question, answer), in order."""
        compiled = self._template(template)
        return () if compiled is None else sorted(compiled.answers)

    def subject(self, mail: Delivery) -> str | None:
        """The subject as this lead sees it; None where the template cannot be filled for it."""
        compiled = self._template(mail.template)
        if compiled is None:
            return None
        campaign, state = self._workspace.campaigns[mail.campaign], mail.state
        context = MailContext(
            letterhead=self._letterhead,
            delivery_id=0,
            lead_id=0,
            lead=state.profile,
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            step_id=mail.step,
            life={"stage": state.stage, "cycle": state.cycle, "grade": state.grade},
        )
        try:
            return fill_subject(compiled.subject, context)
        except TemplateError as error:
            self.broken.setdefault(mail.template, str(error))
            return None

    def _template(self, name: str) -> CompiledTemplate | None:
        if name not in self._compiled:
            self._compiled[name] = self._compile(name)
        return self._compiled[name]

    def _compile(self, name: str) -> CompiledTemplate | None:
        file = self._workspace.templates.get(name)
        if file is None:
            self.broken[name] = f"templates/{name}: there is no such template"
            return None
        try:
            return compile_template(file, self._workspace.partials)
        except TemplateError as error:
            self.broken[name] = str(error)
            return None
